/** The repository's root, found from wherever the compiled test lies. */
import fs from 'node:fs';
import path from 'node:path';

export const repoRoot = ((): string => {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    if (fs.existsSync(path.join(dir, 'package.json')) && fs.existsSync(path.join(dir, 'native'))) return dir;
    if (dir === path.dirname(dir)) throw new Error(`no repository above ${__dirname}`);
  }
})();
export const golden = (name: string): string => fs.readFileSync(path.join(repoRoot, 'test', 'golden', name), 'utf8');
