/** User code runs one at a time. What waits for its turn is not yet with the engine: it can be given up without stopping what runs. */
import type { CancellationToken } from 'vscode';

export class Turns {
  /** The first has its turn. */
  private readonly line: { label: string; go: () => void }[] = [];

  /** What runs now. */
  get now(): string | undefined { return this.line[0]?.label; }

  /** Resolves when it is its turn, with what ends the turn; with null when `token` gave it up before. */
  take(label: string, token: CancellationToken): Promise<(() => void) | null> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.line.splice(this.line.indexOf(mine), 1);
        this.line[0]?.go();
      };
      const mine = { label, go: () => resolve(end) };
      this.line.push(mine);
      token.onCancellationRequested(() => {
        const at = this.line.indexOf(mine);
        if (at <= 0) return;
        this.line.splice(at, 1);
        resolve(null);
      });
      if (this.line.length === 1) mine.go();
    });
  }
}
