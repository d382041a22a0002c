/** Rows below a checkpoint in the Checkpoints view: its tensors as a tree of dotted names. Pure. */
import type { CheckpointInfo, TensorInfo } from '../protocol/checkpoint';

export interface TensorGroup { kind: 'group'; name: string; path: string; children: TensorRow[] }
export interface TensorLeaf { kind: 'tensor'; name: string; tensor: TensorInfo }
export type TensorRow = TensorGroup | TensorLeaf;

/** `layers.0.weight` stands under layers, then 0. A group with one child group joins it: `model.encoder`. */
export function tensorRows(tensors: TensorInfo[]): TensorRow[] {
  const root: TensorGroup = { kind: 'group', name: '', path: '', children: [] };
  const groups = new Map<string, TensorGroup>([['', root]]);
  for (const tensor of tensors) {
    const parts = tensor.name.split('.');
    let at = root;
    let path = '';
    for (const part of parts.slice(0, -1)) {
      path = path === '' ? part : `${path}.${part}`;
      let next = groups.get(path);
      if (next === undefined) {
        next = { kind: 'group', name: part, path, children: [] };
        groups.set(path, next);
        at.children.push(next);
      }
      at = next;
    }
    at.children.push({ kind: 'tensor', name: parts.at(-1)!, tensor });
  }
  return root.children.map(join);
}

function join(row: TensorRow): TensorRow {
  if (row.kind === 'tensor') return row;
  const children = row.children.map(join);
  const [only] = children;
  return children.length === 1 && only!.kind === 'group' ? { ...only, name: `${row.name}.${only.name}` } : { ...row, children };
}

export function leafCount(row: TensorRow): number {
  return row.kind === 'tensor' ? 1 : row.children.reduce((sum, c) => sum + leafCount(c), 0);
}

const formats: Record<CheckpointInfo['format'], string> = {
  'torch-zip': 'PyTorch', 'torch-legacy': 'PyTorch (legacy)', 'torch-tar': 'PyTorch (tar)', torchscript: 'TorchScript', pickle: 'Pickle',
  safetensors: 'safetensors', 'safetensors-sharded': 'safetensors (sharded)', npy: 'NumPy', npz: 'NumPy archive', gguf: 'GGUF', unknown: '?',
};
export function formatName(format: CheckpointInfo['format']): string { return formats[format]; }

export const checkpointGlob = '**/*.{pt,pth,safetensors,safetensors.index.json,npz,npy,gguf,ckpt}';
export const checkpointFile = /\.(pt|pth|safetensors|npz|npy|gguf|bin|ckpt|pkl)$|\.safetensors\.index\.json$/i;
