/** Recurrent layers and cells: layers, directions, projections, given states, packed sequences. */
import { nn, tensor } from '../../../extension/lib/index';
import { f, module, op, within, type Input, type Result, type Row } from '../table';

const R = nn.utils.rnn;
type Any = (...x: unknown[]) => Result;
const o = { ulps: 32, gradUlps: 256 };
const flat = (r: unknown): Result => r as Result;
const layer = (py: string, make: () => nn.Module, ...inputs: Input[]): Row => module(`${py} of ${inputs.map((i) => `[${i.shape}]`).join(' ')}`, make, inputs, `nn.${py}`, { ...o, noDouble: true });
/** States are given after x, an LSTM's two. */
const lstm = (py: string, make: () => nn.Module, ...inputs: Input[]): Row => module(`${py} with states`, make, inputs, `nn.${py}`, { ...o, noDouble: true, call: (m, x, h, c) => flat((m as unknown as Any)(x, [h, c])), pyCall: 'm(x, (y, z))' });
/** x [T, N, in] with lengths 4 2 1 (or 2 4 1 unsorted), packed, run, unpacked. */
const packed = (py: string, make: () => nn.Module, lengths: number[], sorted = true): Row => module(`${py} packed ${lengths}`, make, [f(4, 3, 3)], `nn.${py}`, {
  ...o, noDouble: true,
  call: (m, x) => { const [y, h] = (m as unknown as (p: nn.utils.rnn.PackedSequence) => [nn.utils.rnn.PackedSequence, Result])(R.packPaddedSequence(x!, lengths, { enforceSorted: sorted })); return [...R.padPackedSequence(y), h]; },
  pyCall: `P = torch.nn.utils.rnn; y, h = m(P.pack_padded_sequence(x, [${lengths}], enforce_sorted=${sorted ? 'True' : 'False'})); out = [*P.pad_packed_sequence(y), h]`,
});
const cell = (py: string, make: () => nn.Module, ...inputs: Input[]): Row => module(`${py} of ${inputs.map((i) => `[${i.shape}]`).join(' ')}`, make, inputs, `nn.${py}`, { ...o, noDouble: true });
const kinds = [['RNN', nn.RNN, 1], ['GRU', nn.GRU, 1], ['LSTM', nn.LSTM, 2]] as const;

export const rows: Row[] = [
  ...kinds.flatMap(([name, Type]) => [
    layer(`${name}(3, 4)`, () => new Type(3, 4), f(4, 2, 3)), layer(`${name}(3, 4, num_layers=2, batch_first=True)`, () => new Type(3, 4, { numLayers: 2, batchFirst: true }), f(2, 4, 3)), layer(`${name}(3, 4, bidirectional=True)`, () => new Type(3, 4, { bidirectional: true }), f(4, 2, 3)), layer(`${name}(3, 2, 2, bidirectional=True, bias=False)`, () => new Type(3, 2, { numLayers: 2, bidirectional: true, bias: false }), f(3, 2, 3)),
    layer(`${name}(3, 4)`, () => new Type(3, 4), f(4, 3)), layer(`${name}(3, 4, 2, dropout=0.4)`, () => new Type(3, 4, { numLayers: 2, dropout: 0.4 }), f(4, 2, 3)), layer(`${name}(3, 4)`, () => new Type(3, 4), f(1, 1, 3)),
    packed(`${name}(3, 4)`, () => new Type(3, 4), [4, 2, 1]), packed(`${name}(3, 2, 2, bidirectional=True)`, () => new Type(3, 2, { numLayers: 2, bidirectional: true }), [4, 4, 2]), packed(`${name}(3, 2, bidirectional=True)`, () => new Type(3, 2, { bidirectional: true }), [2, 4, 1], false), packed(`${name}(3, 2, 2, dropout=0.5)`, () => new Type(3, 2, { numLayers: 2, dropout: 0.5 }), [4, 3, 1]),
  ]),
  layer("RNN(3, 4, nonlinearity='relu')", () => new nn.RNN(3, 4, { nonlinearity: 'relu' }), f(4, 2, 3)), layer('RNN(3, 4)', () => new nn.RNN(3, 4), f(4, 2, 3), within(-1, 1, 1, 2, 4)), layer('GRU(3, 4, 2)', () => new nn.GRU(3, 4, { numLayers: 2 }), f(4, 2, 3), within(-1, 1, 2, 2, 4)), layer('GRU(3, 4)', () => new nn.GRU(3, 4), f(4, 3), within(-1, 1, 1, 4)),
  lstm('LSTM(3, 4)', () => new nn.LSTM(3, 4), f(4, 2, 3), within(-1, 1, 1, 2, 4), f(1, 2, 4)), lstm('LSTM(3, 4, bidirectional=True, batch_first=True)', () => new nn.LSTM(3, 4, { bidirectional: true, batchFirst: true }), f(2, 4, 3), within(-1, 1, 2, 2, 4), f(2, 2, 4)), lstm('LSTM(3, 4, proj_size=2)', () => new nn.LSTM(3, 4, { projSize: 2 }), f(4, 2, 3), within(-1, 1, 1, 2, 2), f(1, 2, 4)),
  layer('LSTM(3, 4, 2, proj_size=2, bidirectional=True)', () => new nn.LSTM(3, 4, { numLayers: 2, projSize: 2, bidirectional: true }), f(4, 2, 3)), packed('LSTM(3, 4, proj_size=2)', () => new nn.LSTM(3, 4, { projSize: 2 }), [3, 3, 1]),
  cell('RNNCell(3, 4)', () => new nn.RNNCell(3, 4), f(2, 3), within(-1, 1, 2, 4)), cell("RNNCell(3, 4, bias=False, nonlinearity='relu')", () => new nn.RNNCell(3, 4, { bias: false, nonlinearity: 'relu' }), f(2, 3)), cell('GRUCell(3, 4)', () => new nn.GRUCell(3, 4), f(2, 3), within(-1, 1, 2, 4)), cell('GRUCell(3, 4, bias=False)', () => new nn.GRUCell(3, 4, { bias: false }), f(3)), cell('LSTMCell(3, 4)', () => new nn.LSTMCell(3, 4), f(2, 3)), lstm('LSTMCell(3, 4)', () => new nn.LSTMCell(3, 4), f(2, 3), within(-1, 1, 2, 4), f(2, 4)),
  op('gradients of gradients of an LSTM', [f(3, 2, 3), within(-1, 1, 1, 2, 2), f(1, 2, 2)], (x, h, c) => flat(new nn.LSTM(3, 2).to(x.dtype).to(x.device)(x, [h!, c!])), 'torch.nn.LSTM(3, 2).to(x.dtype)(x, (y, z))', { dtypes: [], anyFn: true, strided: false, kink: true, ulps: 32, gradUlps: 256 }),
  op('pack_padded_sequence', [f(4, 3, 2)], (x) => { const p = R.packPaddedSequence(x, tensor([2n, 4n, 1n]), { enforceSorted: false }); return [p.data, p.batchSizes, p.sortedIndices!, p.unsortedIndices!, ...R.padPackedSequence(p, { batchFirst: true, paddingValue: 7, totalLength: 5 })]; }, 'P = torch.nn.utils.rnn; p = P.pack_padded_sequence(x, torch.tensor([2, 4, 1]), enforce_sorted=False); out = [p.data, p.batch_sizes, p.sorted_indices, p.unsorted_indices, *P.pad_packed_sequence(p, True, 7, 5)]', { dtypes: ['float64'], anyFn: true }),
  op('pad_sequence', [f(4, 2), within(-1, 1, 2, 2), f(1, 2)], (x, y, z) => [R.padSequence([x, y!, z!]), R.padSequence([y!, x], { batchFirst: true, paddingValue: -1 }), R.padSequence([y!, x], { paddingSide: 'left' }), R.packSequence([x, y!, z!]).data, ...R.unpadSequence(R.padSequence([x, y!]), [4, 2]), ...R.unpackSequence(R.packSequence([y!, x], { enforceSorted: false }))], "P = torch.nn.utils.rnn; out = [P.pad_sequence([x, y, z]), P.pad_sequence([y, x], True, -1), P.pad_sequence([y, x], padding_side='left'), P.pack_sequence([x, y, z]).data, *P.unpad_sequence(P.pad_sequence([x, y]), torch.tensor([4, 2])), *P.unpack_sequence(P.pack_sequence([y, x], enforce_sorted=False))]", { dtypes: ['float64'], anyFn: true }),
];
