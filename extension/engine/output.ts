/** What user code prints: sent on at once, but never more often than a person can read. */
import { Console } from 'node:console';
import { Writable } from 'node:stream';

const MAX_KEPT = 256 * 1024;
const FLUSH_MS = 20;
const FLUSH_CHARS = 16 * 1024;

export class UserOutput {
  private waiting = '';
  private last = 0;
  /** Everything printed since `begin`, cut at the front when long. */
  private kept = '';

  constructor(private readonly send: (text: string) => void) {
    const sink = new Writable({ decodeStrings: false, write: (chunk, _encoding, done) => { this.write(String(chunk)); done(); } });
    const write = (chunk: string | Uint8Array): boolean => { this.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()); return true; };
    process.stdout.write = write as typeof process.stdout.write;
    process.stderr.write = write as typeof process.stderr.write;
    globalThis.console = new Console({ stdout: sink, stderr: sink, inspectOptions: { depth: 4, breakLength: 80 } });
  }

  begin(): void { this.flush(); this.kept = ''; }
  text(): string { this.flush(); return this.kept; }

  private write(text: string): void {
    this.waiting += text;
    this.kept += text;
    if (this.kept.length > 2 * MAX_KEPT) this.kept = `…\n${this.kept.slice(-MAX_KEPT)}`;
    const now = Date.now();
    if (this.waiting.length >= FLUSH_CHARS || now - this.last >= FLUSH_MS) this.flush(now);
    else setImmediate(() => this.flush());
  }
  flush(now = Date.now()): void {
    if (this.waiting === '') return;
    this.last = now;
    const text = this.waiting;
    this.waiting = '';
    this.send(text);
  }
}
