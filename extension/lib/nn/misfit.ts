/** Why a state dict does not fit a module, in PyTorch's words. */
import { Size } from '../size';

type Shape = readonly number[];

/**
 * '' when it fits. `given` is what stands under each key: a tensor's shape, or the Python type's name of what is no tensor.
 * Not `strict`: missing and unexpected keys are no error.
 */
export function misfit(owner: string, own: ReadonlyMap<string, { shape: Shape }>, given: ReadonlyMap<string, Shape | string>, strict: boolean): string {
  const errors: string[] = [];
  if (strict) {
    const quoted = (keys: string[]): string => keys.map((k) => `"${k}"`).join(', ');
    const missing = [...own.keys()].filter((k) => !given.has(k));
    const unexpected = [...given.keys()].filter((k) => !own.has(k));
    if (missing.length > 0) errors.push(`Missing key(s) in state_dict: ${quoted(missing)}. `);
    if (unexpected.length > 0) errors.push(`Unexpected key(s) in state_dict: ${quoted(unexpected)}. `);
  }
  for (const [key, to] of own) {
    const from = given.get(key);
    if (from === undefined) continue;
    if (typeof from === 'string') errors.push(`While copying the parameter named "${key}", expected torch.Tensor or Tensor-like object from checkpoint but received <class '${from}'>`);
    else if (String(Size.of_(from)) !== String(Size.of_(to.shape))) errors.push(`size mismatch for ${key}: copying a param with shape ${Size.of_(from)} from checkpoint, the shape in current model is ${Size.of_(to.shape)}.`);
  }
  return errors.length === 0 ? '' : `Error(s) in loading state_dict for ${owner}:\n\t${errors.join('\n\t')}`;
}
