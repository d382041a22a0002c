/** The runner's side of checkpoints: what a live model holds, its bytes, and loading into it. */
import { LoadInto } from '../protocol/checkpoint';
import type { ParamsOf, ResultOf } from '../protocol/rpc';
import { internal, nn, openCheckpoint, type CheckpointTensor, type Tensor } from '../lib/index';
import { targetNames } from './checkpointNames';
import { LiveBytes, LiveTensors } from './runnerMessages';
import { fail } from './userError';

export function liveTensors(module: nn.Module): ResultOf<typeof LiveTensors> {
  const tensors = [...module.stateDict()].map(([name, t]) => ({ name, dtype: t.dtype.name, shape: [...t.shape], bytes: t.numel() * t.dtype.itemsize, storage: String(t.storageId()), requiresGrad: t.requiresGrad }));
  return { module: module.constructor.name, tensors };
}

/** Bytes of the values, contiguous, whatever the tensor's device and strides. */
export function liveBytes(net: nn.Module, p: ParamsOf<typeof LiveBytes>): ResultOf<typeof LiveBytes> {
  const t = (net.stateDict() as Map<string, Tensor>).get(p.name) ?? fail('user', 'KeyError', `the model no longer has a tensor '${p.name}'`);
  const c = t.detach().cpu().contiguous();
  const bytes = new Uint8Array(p.length);
  internal.native['copyOut'](c, c.storageOffset() * c.dtype.itemsize + p.offset, bytes);
  return { bytes };
}

/** Loads a file's tensors under their new names. Not partial: all must fit, or nothing changes. `change` runs what changes the module's tensors named. */
export function loadInto(module: nn.Module, p: ParamsOf<typeof LoadInto>, change: (names: string[], fn: () => nn.IncompatibleKeys) => { result: nn.IncompatibleKeys; undoable: boolean }): ResultOf<typeof LoadInto> {
  const file = openCheckpoint(p.file);
  try {
    if (file.error !== undefined) fail('file', 'CheckpointError', `${p.file} is damaged, so nothing is loaded from it: ${file.error}`);
    const own = module.stateDict() as Map<string, Tensor>;
    const given = new Map<string, CheckpointTensor>();
    const mismatched: string[] = [];
    for (const [target, source] of targetNames(file.tensors.keys(), p.root, p.rename)) {
      const t = file.tensors.get(source)!;
      if (!p.partial || !own.has(target) || (String(own.get(target)!.shape) === String(t.shape) && canRead(t))) given.set(target, t);
      else mismatched.push(target);
    }
    const loaded = [...given.keys()].filter((k) => own.has(k));
    const { result, undoable } = change(loaded, () => module.loadStateDict(given, { strict: !p.partial }));
    const missing = result.missingKeys.filter((k) => !mismatched.includes(k));
    const rest = [missing.length > 0 ? `${missing.length} missing` : '', result.unexpectedKeys.length > 0 ? `${result.unexpectedKeys.length} unexpected` : '', mismatched.length > 0 ? `${mismatched.length} that do not fit` : ''].filter((s) => s !== '');
    return { message: rest.length === 0 ? String(result) : `Loaded ${loaded.length} tensors; left out: ${rest.join(', ')}.`, loaded, missing, unexpected: result.unexpectedKeys, mismatched, undoable };
  } finally {
    file.close();
  }
}
function canRead(t: CheckpointTensor): boolean {
  try {
    t.check();
    return true;
  } catch {
    return false;
  }
}
