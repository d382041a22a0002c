/** A page asks only about the files and models it was opened on, whatever it says. Pure. */
import type { Side } from '../protocol/checkpoint';

/** Throws when `params` name another file or model, at any depth. */
export function onlyOwn(params: unknown, own: readonly Side[]): void {
  if (typeof params !== 'object' || params === null) return;
  for (const [key, value] of Object.entries(params)) {
    if (key === 'file' && !own.some((s) => 'file' in s && s.file === value)) throw new Error(`This page is not about ${JSON.stringify(value)}.`);
    if (key === 'model' && !own.some((s) => 'model' in s && s.model === value)) throw new Error(`This page is not about the model ${JSON.stringify(value)}.`);
    onlyOwn(value, own);
  }
}
