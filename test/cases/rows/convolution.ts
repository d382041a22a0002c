/** Convolutions and their transposes: as functions (gradients of gradients too), and as layers with initial values. */
import { nn, type Tensor } from '../../../extension/lib/index';
import type { ConvOptions, ConvTransposeOptions } from '../../../extension/lib/functionalLayers';
import { f, module, op, within, type Options, type Row } from '../table';

const F = nn.functional;
const convs = [F.conv1d, F.conv2d, F.conv3d], transposes = [F.convTranspose1d, F.convTranspose2d, F.convTranspose3d];
const kw = (o: ConvOptions | ConvTransposeOptions): string => Object.entries(o).map(([k, v]) => `, ${k === 'outputPadding' ? 'output_padding' : k}=${Array.isArray(v) ? `(${v.join(', ')},)` : typeof v === 'string' ? `'${v}'` : String(v)}`).join('');
const floats: Options = { dtypes: ['float64', 'bfloat16'], ulps: 16, gradUlps: 64 };
function conv(n: number, x: number[], w: number[], o: ConvOptions = {}, bias = true): Row {
  const run = convs[n - 1]!, py = `F.conv${n}d(x, y, ${bias ? 'z' : 'None'}${kw(o)})`;
  return op(`${py} of ${x} by ${w}`, bias ? [f(...x), within(-1, 1, ...w), within(-1, 1, w[0]!)] : [f(...x), within(-1, 1, ...w)], (a, b, c) => run(a, b!, c ?? null, o), py, n === 3 || o.padding === 'same' ? { ...floats, anyFn: true, dtypes: ['float64'] } : floats);
}
function convT(n: number, x: number[], w: number[], o: ConvTransposeOptions = {}, bias = true): Row {
  const run = transposes[n - 1]!, py = `F.conv_transpose${n}d(x, y, ${bias ? 'z' : 'None'}${kw(o)})`;
  return op(`${py} of ${x} by ${w}`, bias ? [f(...x), within(-1, 1, ...w), within(-1, 1, w[1]! * (o.groups ?? 1))] : [f(...x), within(-1, 1, ...w)], (a, b, c) => run(a, b!, c ?? null, o), py, { ...floats, dtypes: ['float64'] });
}
const layer = (py: string, make: () => nn.Module, ...shape: number[]): Row => module(py, make, [f(...shape)], `nn.${py}`, { ulps: 16 });
const sized = (py: string, make: () => nn.Module, size: number[], ...shape: number[]): Row => module(`${py} to ${size}`, make, [f(...shape)], `nn.${py}`, { ulps: 16, call: (m, x) => (m as unknown as (x: Tensor, s: number[]) => Tensor)(x!, size), pyCall: `m(x, output_size=[${size}])` });

export const rows: Row[] = [
  conv(1, [2, 3, 8], [4, 3, 3]), conv(1, [2, 3, 8], [4, 3, 3], {}, false), conv(1, [3, 8], [4, 3, 3]), conv(1, [2, 3, 9], [4, 3, 3], { stride: 2, padding: 1 }), conv(1, [2, 4, 9], [6, 2, 3], { dilation: 2, groups: 2 }), conv(1, [2, 3, 8], [4, 3, 1]), conv(1, [1, 3, 8], [4, 3, 4], { padding: 'same' }), conv(1, [1, 3, 8], [4, 3, 3], { padding: 'valid' }), conv(1, [0, 3, 8], [4, 3, 3]),
  conv(2, [2, 2, 4, 5], [3, 2, 3, 3]), conv(2, [2, 2, 4, 5], [3, 2, 3, 3], {}, false), conv(2, [3, 5, 6], [4, 3, 3, 3]), conv(2, [1, 2, 7, 6], [3, 2, 3, 3], { stride: 2, padding: 1 }), conv(2, [1, 3, 7, 4], [2, 3, 3, 2], { stride: [2, 1], padding: [1, 0], dilation: [1, 2] }), conv(2, [2, 4, 5, 5], [4, 1, 3, 3], { groups: 4, padding: 1 }), conv(2, [1, 4, 5, 5], [6, 2, 2, 2], { groups: 2 }),
  conv(2, [2, 3, 4, 4], [5, 3, 1, 1]), conv(2, [2, 3, 12, 11], [5, 3, 1, 1]), conv(1, [1, 3, 130], [4, 3, 1], {}, false), convT(2, [2, 3, 12, 11], [3, 4, 1, 1]), conv(2, [1, 2, 5, 5], [3, 2, 3, 3], { padding: 'same', dilation: 2 }), conv(2, [1, 2, 5, 5], [3, 2, 4, 3], { padding: 'same' }), conv(2, [1, 2, 4, 4], [3, 2, 4, 4]), conv(2, [1, 1, 3, 3], [1, 1, 3, 3], { padding: 2 }),
  conv(3, [1, 2, 3, 4, 4], [3, 2, 2, 3, 3]), conv(3, [2, 2, 4, 3, 4], [2, 1, 2, 2, 2], { stride: [2, 1, 2], padding: [1, 0, 1], groups: 2 }), conv(3, [2, 3, 4, 4], [3, 2, 2, 3, 3]),
  convT(1, [2, 3, 5], [3, 4, 3]), convT(1, [2, 3, 5], [3, 4, 3], { stride: 2, padding: 1, outputPadding: 1 }), convT(1, [3, 5], [3, 4, 2], { stride: 3 }), convT(1, [2, 4, 5], [4, 3, 3], { groups: 2, dilation: 2 }),
  convT(2, [2, 3, 4, 3], [3, 4, 3, 3]), convT(2, [2, 3, 4, 3], [3, 4, 3, 3], {}, false), convT(2, [1, 3, 4, 3], [3, 4, 3, 2], { stride: [2, 3], padding: [1, 0], outputPadding: [1, 2] }), convT(2, [1, 4, 3, 3], [4, 1, 3, 3], { groups: 4, stride: 2 }), convT(2, [3, 4, 3], [3, 2, 2, 2], { stride: 2 }), convT(3, [1, 2, 2, 3, 3], [2, 3, 2, 2, 2], { stride: 2, padding: 1 }),
  layer('Conv1d(3, 8, 3)', () => new nn.Conv1d(3, 8, 3), 2, 3, 8), layer('Conv1d(4, 8, 3, stride=2, padding=1, groups=2, bias=False)', () => new nn.Conv1d(4, 8, 3, { stride: 2, padding: 1, groups: 2, bias: false }), 2, 4, 8), layer("Conv1d(3, 4, 4, padding='same', dilation=2)", () => new nn.Conv1d(3, 4, 4, { padding: 'same', dilation: 2 }), 2, 3, 8),
  layer('Conv2d(3, 8, 3, padding=1)', () => new nn.Conv2d(3, 8, 3, { padding: 1 }), 2, 3, 5, 5), layer('Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=4, bias=False)', () => new nn.Conv2d(4, 8, [3, 2], { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 4, bias: false }), 2, 4, 5, 6),
  ...(['reflect', 'replicate', 'circular'] as const).map((mode) => layer(`Conv2d(2, 3, 3, padding=(2, 1), padding_mode='${mode}')`, () => new nn.Conv2d(2, 3, 3, { padding: [2, 1], paddingMode: mode }), 2, 2, 5, 4)),
  layer("Conv2d(2, 3, 2, padding='same', padding_mode='reflect')", () => new nn.Conv2d(2, 3, 2, { padding: 'same', paddingMode: 'reflect' }), 2, 2, 5, 4), layer("Conv2d(2, 3, 3, padding='valid')", () => new nn.Conv2d(2, 3, 3, { padding: 'valid' }), 2, 2, 5, 4),
  layer('Conv3d(2, 3, 2)', () => new nn.Conv3d(2, 3, 2), 1, 2, 3, 3, 3), layer('Conv3d(2, 4, (1, 2, 2), stride=(1, 2, 1), padding=(0, 1, 1), groups=2)', () => new nn.Conv3d(2, 4, [1, 2, 2], { stride: [1, 2, 1], padding: [0, 1, 1], groups: 2 }), 2, 3, 3, 3),
  layer('ConvTranspose1d(3, 4, 3, stride=2)', () => new nn.ConvTranspose1d(3, 4, 3, { stride: 2 }), 2, 3, 5), layer('ConvTranspose2d(3, 8, 3, stride=2, output_padding=1)', () => new nn.ConvTranspose2d(3, 8, 3, { stride: 2, outputPadding: 1 }), 1, 3, 3, 4), layer('ConvTranspose2d(4, 6, 3, padding=1, groups=2, bias=False, dilation=2)', () => new nn.ConvTranspose2d(4, 6, 3, { padding: 1, groups: 2, bias: false, dilation: 2 }), 2, 4, 3, 3),
  layer('ConvTranspose3d(2, 3, 2, stride=2)', () => new nn.ConvTranspose3d(2, 3, 2, { stride: 2 }), 1, 2, 2, 2, 2), sized('ConvTranspose1d(3, 2, 3, stride=2)', () => new nn.ConvTranspose1d(3, 2, 3, { stride: 2 }), [12], 1, 3, 5), sized('ConvTranspose2d(2, 3, 3, stride=2, padding=1)', () => new nn.ConvTranspose2d(2, 3, 3, { stride: 2, padding: 1 }), [6, 8], 1, 2, 3, 4),
];
