/** What Set Up Types writes: text edits of a tsconfig. Pure, so that it is tested in plain Node. */
import * as path from 'node:path';

import { applyEdits, modify, parse, type ParseError } from 'jsonc-parser';

/** Relative to the folder that is set up. Not for version control: `.weightroom/.gitignore` says so. */
export const typesEntry = '.weightroom/types/lib/index.d.ts';

export const newTsconfig = `{
  "compilerOptions": {
    "target": "es2022",
    "module": "esnext",
    "moduleResolution": "bundler",
    "lib": ["es2022", "dom"],
    "types": [],
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "paths": { "weightroom": ["./${typesEntry}"] }
  }
}
`;

export type Edited = { text: string; changed: boolean; /** Inherited `paths` no longer apply. */ hidesInherited: boolean } | { problem: string };

/** Adds `paths.weightroom` to a tsconfig or jsconfig; comments, order and indentation stay. */
export function editTsconfig(text: string): Edited {
  const errors: ParseError[] = [];
  const config = parse(text, errors, { allowTrailingComma: true }) as { extends?: unknown; compilerOptions?: { baseUrl?: string; paths?: Record<string, string[]> } } | undefined;
  if (errors.length > 0 || typeof config !== 'object' || config === null) return { problem: `line ${text.slice(0, errors[0]?.offset ?? 0).split('\n').length}` };
  const { baseUrl, paths } = config.compilerOptions ?? {};
  const relative = path.posix.relative(path.posix.normalize(baseUrl ?? '.'), typesEntry);
  const value = [relative.startsWith('.') && !relative.startsWith('.weightroom') ? relative : `./${relative}`];
  if (JSON.stringify(paths?.['weightroom']) === JSON.stringify(value)) return { text, changed: false, hidesInherited: false };
  const indent = /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';
  const edits = modify(text, ['compilerOptions', 'paths', 'weightroom'], value, { formattingOptions: { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' } });
  return { text: applyEdits(text, edits), changed: true, hidesInherited: config.extends !== undefined && paths === undefined };
}
