/** The runner's side of checkpoints: what a live model holds, its bytes, and loading into it. */
import { LoadInto } from '../protocol/checkpoint';
import type { ParamsOf, ResultOf } from '../protocol/rpc';
import { internal, nn, openCheckpoint, type CheckpointTensor, type Tensor } from '../lib/index';
import { renamed } from './checkpointNames';
import { LiveBytes, LiveTensors } from './runnerMessages';
import { fail } from './userError';

export function liveTensors(module: nn.Module): ResultOf<typeof LiveTensors> {
  return [...module.stateDict()].map(([name, t]) => ({ name, dtype: t.dtype.name, shape: [...t.shape], bytes: t.numel() * t.dtype.itemsize, storage: String(t.storageId()), requiresGrad: t.requiresGrad }));
}

/** Bytes of the values, contiguous, whatever the tensor's device and strides. */
export function liveBytes(net: nn.Module, p: ParamsOf<typeof LiveBytes>): ResultOf<typeof LiveBytes> {
  const t = (net.stateDict() as Map<string, Tensor>).get(p.name) ?? fail('user', 'KeyError', `the model no longer has a tensor '${p.name}'`);
  const c = t.detach().cpu().contiguous();
  const bytes = new Uint8Array(p.length);
  internal.native['copyOut'](c, c.storageOffset() * c.dtype.itemsize + p.offset, bytes);
  return { bytes };
}

/** Loads a file's tensors under their new names. Not partial: all must fit, or nothing changes. */
export function loadInto(module: nn.Module, p: ParamsOf<typeof LoadInto>): ResultOf<typeof LoadInto> {
  const file = openCheckpoint(p.file);
  try {
    if (file.error !== undefined) fail('file', 'CheckpointError', `${p.file} is damaged, so nothing is loaded from it: ${file.error}`);
    const own = module.stateDict() as Map<string, Tensor>;
    const given = new Map<string, CheckpointTensor>();
    const mismatched: string[] = [];
    for (const [name, t] of file.tensors) {
      const target = renamed(name, p.root, p.rename);
      if (target === null) continue;
      const fits = own.has(target) && String(own.get(target)!.shape) === String(t.shape) && t.problem === undefined;
      if (p.partial && own.has(target) && !fits) mismatched.push(target);
      if (!p.partial || fits || !own.has(target)) given.set(target, t);
    }
    const result = module.loadStateDict(given, { strict: !p.partial });
    const loaded = [...given.keys()].filter((k) => own.has(k));
    const missing = result.missingKeys.filter((k) => !mismatched.includes(k));
    const rest = [missing.length > 0 ? `${missing.length} missing` : '', result.unexpectedKeys.length > 0 ? `${result.unexpectedKeys.length} unexpected` : '', mismatched.length > 0 ? `${mismatched.length} of another shape` : ''].filter((s) => s !== '');
    return { message: rest.length === 0 ? String(result) : `Loaded ${loaded.length} tensors; left out: ${rest.join(', ')}.`, loaded, missing, unexpected: result.unexpectedKeys, mismatched };
  } finally {
    file.close();
  }
}
