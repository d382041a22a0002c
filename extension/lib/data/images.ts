/** Image classification sets from files on disk: idx (MNIST's format, also gzipped) and npz. */
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { float32, float64, int16, int32, int64, int8, uint8, type DType } from '../dtype';
import { ValueError } from '../errors';
import { fromBytes } from '../ops';
import { load } from '../serialization';
import { Tensor } from '../tensor';
import { TensorDataset } from './dataset';

const kinds: Record<number, DType> = { 0x08: uint8, 0x09: int8, 0x0b: int16, 0x0c: int32, 0x0d: float32, 0x0e: float64 };
const MOST = 2 ** 31;

/** An idx file as a tensor of its own dtype and shape. Throws ValueError, naming the file, for anything else. */
export function readIdx(path: string): Tensor {
  let bytes = fs.readFileSync(path);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    try { bytes = gunzipSync(bytes, { maxOutputLength: MOST }); } catch (e) { throw new ValueError(`${path}: is no whole gzip file: ${(e as Error).message}`); }
  }
  const dtype = bytes.length >= 4 && bytes[0] === 0 && bytes[1] === 0 ? kinds[bytes[2]!] : undefined;
  if (dtype === undefined) throw new ValueError(`${path}: is no idx file: it must begin with 0, 0 and a known element type`);
  const rank = bytes[3]!;
  const head = 4 + 4 * rank;
  if (bytes.length < head) throw new ValueError(`${path}: ends inside its header of ${head} bytes`);
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const want = shape.reduce((a, b) => a * b, 1) * dtype.itemsize;
  if (bytes.length - head !== want) throw new ValueError(`${path}: a shape of [${shape.join(', ')}] ${dtype} takes ${want} bytes, but ${bytes.length - head} follow the header`);
  const body = Buffer.from(bytes.subarray(head));
  if (dtype.itemsize === 2) body.swap16();
  else if (dtype.itemsize === 4) body.swap32();
  else if (dtype.itemsize === 8) body.swap64();
  return fromBytes(new Uint8Array(body.buffer, body.byteOffset, body.length), dtype).reshape(shape);
}
/** Images as float32 [n, channels, height, width], bytes scaled to [0, 1], with int64 labels [n]. */
function dataset(images: Tensor, labels: Tensor, where: string): TensorDataset {
  if (images.dim() !== 3 && images.dim() !== 4) throw new ValueError(`${where}: images must be [n, height, width] or [n, channels, height, width], got [${[...images.shape].join(', ')}]`);
  if (labels.numel() !== images.size(0)) throw new ValueError(`${where}: ${images.size(0)} images but ${labels.numel()} labels`);
  const x = images.dtype === uint8 ? images.float().div(255) : images.float();
  return new TensorDataset(x.dim() === 3 ? x.unsqueeze(1) : x, labels.reshape(-1).to(int64));
}
/** Images and labels of two idx files (MNIST): float32 [n, 1, height, width] in [0, 1] and int64 [n]. Throws ValueError, naming the file. */
export function imagesFromIdx(images: string, labels: string): TensorDataset { return dataset(readIdx(images), readIdx(labels), images); }
/** Arrays of an npz file; `images` and `labels` name them. */
export function imagesFromNpz(path: string, names: { images?: string; labels?: string } = {}): TensorDataset {
  const file = load(path);
  const pick = (name: string): Tensor => {
    const t = file instanceof Map ? file.get(name) ?? file.get(`${name}.npy`) : undefined;
    if (!(t instanceof Tensor)) throw new ValueError(`${path}: has no array '${name}'${file instanceof Map ? `; it has ${[...file.keys()].join(', ')}` : ''}`);
    return t;
  };
  return dataset(pick(names.images ?? 'x_train'), pick(names.labels ?? 'y_train'), path);
}
