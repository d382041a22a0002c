/** From a model file to one CommonJS text with a source map: local imports inlined, packages and 'weightroom' left to require. */
import fs from 'node:fs';
import path from 'node:path';
import { build, type BuildFailure } from 'esbuild';

import { fail, ReportedError, syntaxError } from './userError';

export interface Bundle {
  file: string;
  /** Where the code would stand: beside the model file, so that relative paths and source maps mean what they say. */
  name: string;
  code: string;
  /** The user's own files that went in, the model file first. */
  inputs: string[];
}

/** Throws ReportedError: the file is not there, does not parse, or imports what is not there. */
export async function bundleFile(file: string, contents?: string): Promise<Bundle> {
  if (contents === undefined && !fs.existsSync(file)) fail('user', 'FileNotFoundError', `No such file: ${file}`);
  const dir = path.dirname(file);
  const name = path.join(dir, `.${path.basename(file)}.weightroom.cjs`);
  try {
    const result = await build({
      ...(contents === undefined ? { entryPoints: [file] } : { stdin: { contents, resolveDir: dir, sourcefile: file, loader: 'ts' as const } }),
      absWorkingDir: dir, bundle: true, platform: 'node', format: 'cjs', target: 'node20', packages: 'external', external: ['weightroom'], sourcemap: 'inline',
      sourcesContent: false, write: false, metafile: true, outfile: name, logLevel: 'silent', keepNames: true,
      // The user's own tsconfig may say otherwise; class fields must define, or registration misses them.
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: true } },
    });
    const inputs = Object.keys(result.metafile.inputs).map((f) => path.resolve(dir, f)).filter((f) => f !== file);
    return { file, name, code: result.outputFiles[0]!.text, inputs: [file, ...inputs] };
  } catch (error) {
    if (Array.isArray((error as Partial<BuildFailure>).errors)) throw new ReportedError(syntaxError(error as BuildFailure, file));
    throw error;
  }
}
