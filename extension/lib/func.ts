/** torch.func: a module as a function of its parameters. */
import { RuntimeError, ValueError } from './errors';
import { Module } from './nn/module';
import { pyType } from './nn/pyType';
import { stateOf } from './nn/moduleCall';
import { Tensor, type Parameter } from './tensor';

/** Tensors under the dotted names of parameters and buffers. */
export type NamedTensors = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;
const entries = (d: NamedTensors): [string, Tensor][] => (d instanceof Map ? [...(d as Map<string, Tensor>)] : Object.entries(d as Record<string, Tensor>));
const list = (names: Iterable<string>): string => [...names].map((n) => `'${n}'`).join(', ');

interface Place { name: string; module: Module; key: string; tensor: Tensor; kind: 'parameters' | 'buffers' }
/** Every place of a parameter or buffer, shared ones too. */
function* places(m: Module, prefix = ''): IterableIterator<Place> {
  const s = stateOf(m);
  for (const kind of ['parameters', 'buffers'] as const) for (const [key, tensor] of s[kind]) if (tensor !== null) yield { name: prefix + key, module: m, key, tensor, kind };
  for (const [name, child] of s.modules) if (child !== null) yield* places(child, `${prefix}${name}.`);
}

/**
 * Calls the module with other tensors in the place of its parameters and buffers, which are back afterwards: gradients go to
 * those given, so that a training step can be differentiated (MAML). `args`: one tensor, or all arguments in an array. Tied tensors change together
 * unless `tieWeights: false`; `strict` throws RuntimeError for names that are missing or too many. Source: torch.func.functional_call.
 */
export function functionalCall<M extends Module>(module: M, parametersAndBuffers: NamedTensors | readonly NamedTensors[], args: Tensor | Readonly<Parameters<M['forward']>>, options: { tieWeights?: boolean; strict?: boolean } = {}): ReturnType<M['forward']> {
  const dicts = Array.isArray(parametersAndBuffers) ? (parametersAndBuffers as NamedTensors[]) : [parametersAndBuffers as NamedTensors];
  if (dicts.some((d) => typeof d !== 'object' || d === null)) throw new ValueError(`Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got <class '${pyType(parametersAndBuffers)}'>`);
  const given = new Map<string, Tensor>(), twice = new Set<string>();
  for (const [name, t] of dicts.flatMap(entries)) {
    if (given.has(name)) twice.add(name);
    if (!(t instanceof Tensor)) throw new TypeError(`${String(t)} is not an instance of torch.Tensor`);
    given.set(name, t);
  }
  if (twice.size > 0) throw new ValueError(`[${list(twice)}] appeared in multiple dictionaries; behavior of functional call is ambiguous`);
  const all = [...places(module)], byTensor = new Map<Tensor, string[]>();
  if (options.tieWeights !== false) for (const p of all) byTensor.set(p.tensor, [...(byTensor.get(p.tensor) ?? []), p.name]);
  const valueOf = (p: Place): Tensor | undefined => {
    const named = (byTensor.get(p.tensor) ?? []).filter((n) => given.has(n));
    if (new Set(named.map((n) => given.get(n))).size > 1) throw new ValueError(`functional_call got multiple values for keys [${list(named)}], which are tied. Consider using tie_weights=False`);
    return given.get(p.name) ?? given.get(named[0] ?? '');
  };
  const swaps = all.flatMap((p) => { const to = valueOf(p); return to === undefined ? [] : [{ ...p, to }]; });
  if (options.strict === true) {
    const names = new Set(all.map((p) => p.name)), set = new Set(swaps.map((s) => s.name));
    const extra = [...given.keys()].filter((n) => !names.has(n)), missing = [...names].filter((n) => !set.has(n));
    if (extra.length + missing.length > 0) throw new RuntimeError(`Error(s) in reparametrizing for ${module.constructor.name}:${extra.length > 0 ? `\n\tUnexpected key(s): ${list(extra)}.` : ''}${missing.length > 0 ? `\n\tMissing key(s): ${list(missing)}.` : ''}`);
  }
  try {
    // An accessor does not register, unlike assignment.
    for (const { module: m, key, kind, to } of swaps) { (stateOf(m)[kind] as Map<string, Tensor>).set(key, to as Parameter); Object.defineProperty(m, key, { get: () => to, configurable: true, enumerable: true }); }
    return (module as (...a: unknown[]) => ReturnType<M['forward']>)(...(args instanceof Tensor ? [args] : (args as readonly unknown[])));
  } finally {
    for (const { module: m, key, kind, tensor } of swaps) { (stateOf(m)[kind] as Map<string, Tensor>).set(key, tensor as Parameter); Object.defineProperty(m, key, { value: tensor, writable: true, configurable: true, enumerable: true }); }
  }
}
