/**
 * What a save keeps beside its file while it works, and what a killed one left of it. A temporary says by its name whose it is: the next
 * save into the folder removes those of processes that are gone. A shard stands under its own name and as a temporary until an index names
 * it, and an old one again once it is to go: so a shard that nobody names is known to be ours by being the same file as a temporary.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Of another machine one cannot know what runs there: what is this old was left by a crash. */
const STALE = 24 * 3600 * 1000;
const temporaryName = /^\.weightroom-(?:([0-9a-f]{8})-)?(\d+)-[0-9a-f]{12}(\.old)?\.tmp$/;
const shardName = /^(.*?)(-\d+)?-\d+-of-\d+\.safetensors$/;

let ownPlace: string | undefined;
/** Where process ids mean what they mean here: this system, on this machine, in this container. */
function place(): string {
  const read = (f: () => string): string => { try { return f(); } catch { return ''; } };
  const cards = Object.values(os.networkInterfaces()).flatMap((all) => all ?? []).map((a) => a.mac).filter((m) => !/^(00:)+00$/.test(m)).sort();
  const said = [os.hostname(), read(() => fs.readFileSync('/etc/machine-id', 'utf8')), read(() => fs.readlinkSync('/proc/self/ns/pid')), ...new Set(cards)];
  return (ownPlace ??= crypto.createHash('sha256').update(said.join('\n')).digest('hex').slice(0, 8));
}

export function temporaryIn(folder: string, old = false): string {
  return path.join(folder, `.weightroom-${place()}-${process.pid}-${crypto.randomBytes(6).toString('hex')}${old ? '.old' : ''}.tmp`);
}

/** Marks a shard that is to go as soon as the new index is in its place. Returns the mark, or null where a file has one name only. */
export function markOld(shard: string): string | null {
  const mark = temporaryIn(path.dirname(shard), true);
  try { fs.linkSync(shard, mark); return mark; } catch { return null; }
}

export function removeLeftOvers(folder: string): void {
  try {
    const names = fs.readdirSync(folder);
    for (const name of names) {
      const [, where, pid, old] = temporaryName.exec(name) ?? [];
      if (pid === undefined) continue;
      const file = path.join(folder, name);
      const stat = fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
      if (stat === undefined) continue;
      const gone = where === place() && !runs(Number(pid));
      if (!gone && Date.now() - Number(stat.mtimeMs) <= STALE) continue;
      if (gone && stat.isFile() && stat.nlink > 1n) removeUnnamed(folder, names, stat, old !== undefined);
      fs.rmSync(file, { force: true });
    }
  } catch {
    // Another save is cleaning up, or the folder cannot be listed: nothing depends on it.
  }
}

function runs(pid: number): boolean {
  try { process.kill(pid, 0); return true; } catch (error) { return (error as NodeJS.ErrnoException).code !== 'ESRCH'; }
}

/** Removes the shard that is the same file as a temporary, unless an index of the folder names it; an old one only where its index is. */
function removeUnnamed(folder: string, names: readonly string[], same: fs.BigIntStats, old: boolean): void {
  for (const name of names) {
    const stem = shardName.exec(name)?.[1];
    if (stem === undefined || (old && !names.includes(`${stem}.safetensors.index.json`))) continue;
    const file = path.join(folder, name);
    const stat = fs.lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (stat?.ino === same.ino && stat.dev === same.dev && !names.some((n) => n.endsWith('.index.json') && mayName(path.join(folder, n), name))) fs.rmSync(file, { force: true });
  }
}
/** An index that cannot be read may name anything. */
function mayName(index: string, shard: string): boolean {
  try {
    const { weight_map: map } = JSON.parse(fs.readFileSync(index, 'utf8')) as { weight_map: Record<string, string> };
    return Object.values(map).includes(shard);
  } catch {
    return true;
  }
}
