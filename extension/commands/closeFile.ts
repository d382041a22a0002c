/** Takes a file's models out of memory and out of the tree. */
import { CloseFile } from '../protocol/model';
import type { FileRow } from '../views/rows';
import type { Services } from './services';
import { tell } from './task';

export async function closeFile(services: Services, arg?: unknown): Promise<void> {
  const file = typeof arg === 'string' ? arg : (arg as FileRow | null)?.kind === 'file' ? (arg as FileRow).file : undefined;
  if (file === undefined) return;
  try {
    await services.engine.request(CloseFile, { file });
    services.problems.clear(file);
    services.store.closed(file);
  } catch (error) {
    tell(services, error, null);
  }
}
