import assert from 'node:assert/strict';
import { tensor, zeros, ones, arange, float64, float16, bfloat16, int64, uint8, bool, type DType, type Tensor } from '../../extension/lib/index';
import { golden } from './paths';

interface Case { input: string; repr: string }
const dtypes: Record<string, DType> = { float64, float16, bfloat16, int64, uint8, bool };

/** The inputs are Python expressions of a small shape: a list with an optional dtype, or a few constructors. */
function build(input: string): Tensor | null {
  const m = /^tensor\((.*?)(?:,(float64|float16|bfloat16|int64|uint8|bool))?\)$/.exec(input.replace(/\s/g, ''));
  if (m !== null && /^[[\]\d.,e+\-nanifTrueFls]*$/.test(m[1]!)) {
    const isFloat = /[.]|e-|nan|inf/.test(m[1]!) || m[1] === '[]';
    const isBool = /True|False/.test(m[1]!);
    const js = m[1]!.replace(/True/g, 'true').replace(/False/g, 'false').replace(/-inf/g, '-Infinity').replace(/\binf/g, 'Infinity').replace(/nan/g, 'NaN').replace(/(\d)\.(?=[,\]\)]|$)/g, '$1.0');
    // eslint-disable-next-line no-eval
    const value = (0, eval)(`(${js})`) as never;
    const dtype = m[2] !== undefined ? dtypes[m[2]] : isFloat || isBool ? undefined : int64;
    return tensor(value, dtype === undefined ? {} : { dtype });
  }
  return null;
}

describe('printing', () => {
  const cases = JSON.parse(golden('print_cases.json')) as Case[];
  let tried = 0;
  for (const c of cases) {
    const t = build(c.input);
    if (t === null) continue;
    tried++;
    it(c.input, () => assert.equal(String(t), c.repr));
  }
  it('reads most of the golden file', () => assert.ok(tried > cases.length / 3, `${tried} of ${cases.length}`));
  it('prints arange(8).view(2, 2, 2)', () => assert.equal(String(arange(8).view(2, 2, 2)), 'tensor([[[0., 1.],\n         [2., 3.]],\n\n        [[4., 5.],\n         [6., 7.]]])'));
  it('summarises beyond 1000 elements', () => assert.equal(String(arange(1001, { dtype: int64 })), 'tensor([   0,    1,    2,  ...,  998,  999, 1000])'));
  it('prints empty shapes', () => assert.equal(String(zeros(0, 3)), 'tensor([], size=(0, 3))'));
  it('prints grad_fn', () => assert.equal(String(ones(2, { requiresGrad: true }).mul(2)), 'tensor([2., 2.], grad_fn=<MulBackward0>)'));
  it('breaks before a suffix that does not fit', () => assert.equal(String(arange(7).div(7).requiresGrad_().exp()), 'tensor([1.0000, 1.1536, 1.3307, 1.5351, 1.7708, 2.0427, 2.3564],\n       grad_fn=<ExpBackward0>)'));
  // A single line counts one more than it is long (PyTorch's rfind gives -1): 80 fit with SliceBackward0, SelectBackward0 goes to the next line.
  it('breaks a single line where PyTorch does', () => {
    const row = tensor([[0.3824, -0.07, 0.8897, 0.2238, -0.0845]], { requiresGrad: true });
    assert.equal(String(row.get(0)), 'tensor([ 0.3824, -0.0700,  0.8897,  0.2238, -0.0845],\n       grad_fn=<SelectBackward0>)');
    assert.equal(String(row.get(0).detach().requiresGrad_().at('0:5')), 'tensor([ 0.3824, -0.0700,  0.8897,  0.2238, -0.0845], grad_fn=<SliceBackward0>)');
  });
  it('prints sizes', () => assert.equal(String(zeros(3, 4).size()), 'torch.Size([3, 4])'));
});

describe('item', () => {
  it('gives int64 as numbers that add up, and as bigints where a number would lose digits', () => {
    let correct = 0;
    for (const guesses of [[1n, 2n], [3n, 4n]]) correct += tensor(guesses).eq(tensor([1n, 4n])).sum().item();
    assert.equal(correct / 4, 0.5);
    assert.deepEqual([2n ** 53n - 1n, -(2n ** 53n), 2n ** 62n].map((v) => tensor(v).item()), [Number.MAX_SAFE_INTEGER, -(2n ** 53n), 2n ** 62n]);
  });
});
