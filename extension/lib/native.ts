/** Loads the addon, once an environment, and says what is wrong when it cannot. */
import fs from 'node:fs';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';

import { IndexError, NotImplementedError, RuntimeError, ValueError } from './errors';

/** The addon's functions take Tensor objects as opaque handles; tensor.ts and nn give them their types. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Native { readonly unaryCodes: Record<string, number>; readonly binaryCodes: Record<string, number>; [name: string]: any }

function findAddon(): string {
  for (let dir = __dirname; ; dir = path.dirname(dir)) {
    const file = path.join(dir, 'dist', 'native', 'weightroom.node');
    if (fs.existsSync(file)) return file;
    if (path.dirname(dir) === dir) break;
  }
  throw new Error('Weightroom: the native engine (dist/native/weightroom.node) is not there. In a clone, run "npm run build"; an installed extension should be installed again for this platform.');
}

function load(): Native {
  const file = findAddon();
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    return require(file) as Native;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Weightroom: the native engine could not be loaded (${process.platform}-${process.arch}, Node ${process.versions.node}): ${reason}`);
  }
}

export const native: Native = load();

/**
 * V8 collects by the pressure of its own heap; tensors weigh nothing there. With this the addon has the young generation
 * collected (some 40 µs) when native memory has grown, so that results nobody holds are reused while still in the cache.
 */
function youngCollector(): (() => void) | null {
  type Collect = (options: { type: 'minor' }) => void;
  let gc = (globalThis as { gc?: Collect }).gc;
  if (gc === undefined) {
    v8.setFlagsFromString('--expose-gc');
    gc = vm.runInNewContext('globalThis.gc') as Collect | undefined;
    v8.setFlagsFromString('--no-expose-gc');
  }
  return typeof gc === 'function' ? () => gc({ type: 'minor' }) : null;
}
const collector = youngCollector();
if (collector !== null) native['setCollect'](collector);

/** Called by tensor.ts with the class whose instances the addon makes. */
export function registerTensorClass(tensorClass: unknown): void {
  native['setClasses'](tensorClass, [RuntimeError, IndexError, ValueError, TypeError, NotImplementedError]);
}
