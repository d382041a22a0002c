/** A process that saves: over and over until it is killed, or once as somebody else. argv: loop|shards|once|before|after, file, [uid]. `before` and
 *  `after` end it at the moment that the index of its shards takes its place. */
import fs from 'node:fs';

import { openCheckpoint, save, full, type Tensor } from '../../extension/lib/index';

export const SIZE = 1 << 20;
/** Each of the two tensors gets a file of its own. */
export const shards = { maxShardBytes: 4 * SIZE };
/** Two tensors whose values tell which save they are of. */
export const content = (n: number): Record<string, Tensor> => ({ a: full([SIZE], n), b: full([3], n + 0.5) });

if (require.main === module) {
  const [mode, file, uid] = process.argv.slice(2) as [string, string, string?];
  if (uid !== undefined) process.setuid!(Number(uid));
  if (mode === 'loop' || mode === 'shards') {
    process.send!('ready');
    for (let n = 1; ; n++) save(content(n), file, mode === 'shards' ? shards : {});
  } else if (mode === 'before' || mode === 'after') {
    const rename = fs.renameSync;
    fs.renameSync = (from, to) => {
      if (mode === 'after') rename(from, to);
      process.kill(process.pid, 'SIGKILL');
    };
    save(content(7), file, shards);
  } else {
    try {
      save(content(9), file);
      openCheckpoint(file).close();
      console.log('saved');
    } catch (error) {
      console.log(`${(error as Error).name}: ${(error as Error).message}`);
    }
  }
}
