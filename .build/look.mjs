/**
 * A look at the extension in the real workbench, for developers: `node .build/look.mjs steps.mjs [folder]`.
 * steps.mjs exports `default async (workbench, themes) => { … }`; `workbench` is test/ui/workbench.ts's Workbench on a copy of
 * media/samples (or `folder`). Screenshots land in out/screenshots. Build first. Example:
 *   export default async (wb) => { await wb.openFile('mlp.ts'); await wb.command('Weightroom: Run Model File'); await wb.screenshot('mlp'); };
 */
import path from 'node:path';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { root } from './run.mjs';

const [steps, folder = path.join(root, 'media', 'samples')] = process.argv.slice(2);
if (!steps) {
  console.error('usage: node .build/look.mjs steps.mjs [folder]');
  process.exit(2);
}
const { Workbench, themes } = createRequire(import.meta.url)(path.join(root, 'out', 'test', 'ui', 'workbench.js'));
const wb = await Workbench.open({ folder: path.resolve(folder) });
try {
  await (await import(pathToFileURL(path.resolve(steps)).href)).default(wb, themes);
} catch (error) {
  await wb.screenshot('failure');
  throw error;
} finally {
  await wb.close();
}
process.exit(0);
