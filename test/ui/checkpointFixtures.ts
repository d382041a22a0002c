/** A workspace of checkpoints as people have them: two versions of a network in two formats, one of many small tensors, one of 20 GB, a malicious one. */
import fs from 'node:fs';
import path from 'node:path';

import { manualSeed, nn, OrderedDict, randn, save, tensor, zeros, type Tensor } from '../../extension/lib/index';
import { corpus } from '../unit/checkpointData';

export const manyTensors = 50_000;
/** The size of huge.safetensors as it says of itself; it takes no space. */
export const hugeBytes = 20 * 1024 ** 3;

class Net extends nn.Module {
  conv1 = new nn.Conv2d(3, 24, 5);
  conv2 = new nn.Conv2d(24, 32, 3);
  norm = new nn.BatchNorm2d(32);
  hidden = new nn.Linear(800, 120);
  output = new nn.Linear(120, 10);
}

/** The live model that files are loaded into. */
class Model extends nn.Module {
  encoder = new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Linear(16, 16));
  head = new nn.Linear(16, 4);
}
const netSource = `import { nn, type Tensor } from 'weightroom';
export class Model extends nn.Module {
  encoder = new nn.Sequential(new nn.Linear(8, 16), new nn.ReLU(), new nn.Linear(16, 16));
  head = new nn.Linear(16, 4);
  forward(x: Tensor): Tensor { return this.head(this.encoder(x) as Tensor); }
}
export const model = new Model();
`;

export function writeCheckpoints(folder: string): void {
  const file = (name: string): string => path.join(folder, name);
  fs.mkdirSync(folder, { recursive: true });
  manualSeed(7);
  const state = new Net().stateDict() as Map<string, Tensor>;
  save(new OrderedDict<unknown>([['epoch', 3], ['state_dict', new OrderedDict(state)], ['broken', tensor([1, NaN, Infinity, -0.5])]]), file('net.pt'));
  const later = new OrderedDict<Tensor>();
  for (const [name, t] of state) {
    if (name === 'output.bias') continue;
    later.set(`module.${name}`, name === 'conv2.weight' ? t.detach().add(randn(32, 24, 3, 3).mul(0.01)) : name === 'hidden.bias' ? zeros(121) : t.detach());
  }
  later.set('module.extra.weight', randn(4, 4));
  save(later, file('later.safetensors'));
  // What a wrapper and an older head leave of net.ts's names.
  const wrapped = new Model().stateDict() as Map<string, Tensor>;
  const rows = new OrderedDict<Tensor>([...wrapped].map(([name, t]): [string, Tensor] => [`module.${name}`, name === 'head.weight' ? zeros(7, 16) : name === 'encoder.0.bias' ? zeros(16).add(0.5) : t.detach()]));
  rows.delete('module.head.bias');
  save({ epoch: 3, state_dict: rows }, file('wrapped.pt'));
  save(wrapped, file('fits.pt'));
  fs.writeFileSync(file('net.ts'), netSource);
  const many = new OrderedDict<Tensor>();
  for (let i = 0; i < manyTensors; i++) many.set(`layer${i >> 3}.weight${i & 7}`, zeros(8));
  save(many, file('many.pt'));
  many.set('layer4321.weight3', zeros(8).add(1));
  save(many, file('many-after.pt'));
  fs.copyFileSync(corpus('hostile/mal_reduce_os_system.pt'), file('evil.pt'));
  // Damaged ones: a payload before a stream that breaks, two downloads cut short, a page saved under a checkpoint's name.
  fs.copyFileSync(corpus('hostile/mal_payload_then_garbage.pt'), file('garbage.pt'));
  for (const name of ['net.pt', 'later.safetensors']) fs.writeFileSync(file(`cut-${name}`), fs.readFileSync(file(name)).subarray(0, 200_000));
  fs.copyFileSync(corpus('hostile/misc_html.pt'), file('download.pt'));
}

/** huge.safetensors: counting one of its tensors takes long enough to be cancelled. */
export function writeHuge(folder: string): void { writeHoles(path.join(folder, 'huge.safetensors'), hugeBytes); }

/** A file of four tensors of holes: it says that it has so many bytes, and takes none. */
export function writeHoles(file: string, bytes: number): void {
  const each = bytes / 4;
  const header: Record<string, unknown> = {};
  for (let i = 0; i < 4; i++) header[`blocks.${i}.weight`] = { dtype: 'F32', shape: [8192, each / 4 / 8192], data_offsets: [i * each, (i + 1) * each] };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  fs.writeFileSync(file, Buffer.concat([length, json]));
  fs.truncateSync(file, 8 + json.length + bytes);
}
