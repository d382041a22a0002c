/** Operations as free functions. Most are Tensor's methods with the tensor as first argument: `exp(x)` is `x.exp()`. */
import { DType, float32, int64 } from './dtype';
import { NotImplementedError, RuntimeError, ValueError } from './errors';
import { arange, full, linspace, tensor } from './create';
import { native } from './native';
import { Tensor, wrapDim, type Operand, type Picked } from './tensor';
import type { Distinct, DistinctOptions, RunOptions } from './tensor/distinct';
import { quotient, scalarType, type DivOptions } from './tensor/binary';

export * from './create';
export * from './windows';
export { slice } from './tensor';

type Methods = { [K in keyof Tensor]: Tensor[K] extends (...args: infer A) => infer R ? (input: Tensor, ...args: A) => R : never };

/** The free form of a method. */
function of<K extends keyof Tensor>(name: K): Methods[K] {
  return ((input: Tensor, ...args: unknown[]) => {
    if (!(input instanceof Tensor)) throw new TypeError(`${String(name)}(): argument 'input' (position 1) must be Tensor, not ${input === null ? 'null' : typeof input}`);
    return (input[name] as (...a: unknown[]) => unknown)(...args);
  }) as unknown as Methods[K];
}

// one input, element by element
export const neg = of('neg'), negative = of('negative'), abs = of('abs'), absolute = of('absolute'), sign = of('sign'), sgn = of('sgn'), square = of('square');
export const sqrt = of('sqrt'), rsqrt = of('rsqrt'), reciprocal = of('reciprocal'), exp = of('exp'), exp2 = of('exp2'), expm1 = of('expm1'), log = of('log');
export const log2 = of('log2'), log10 = of('log10'), log1p = of('log1p'), sin = of('sin'), cos = of('cos'), tan = of('tan'), asin = of('asin'), arcsin = of('arcsin');
export const acos = of('acos'), arccos = of('arccos'), atan = of('atan'), arctan = of('arctan'), sinh = of('sinh'), cosh = of('cosh'), tanh = of('tanh');
export const asinh = of('asinh'), arcsinh = of('arcsinh'), acosh = of('acosh'), arccosh = of('arccosh'), atanh = of('atanh'), arctanh = of('arctanh');
export const sigmoid = of('sigmoid'), relu = of('relu'), erf = of('erf'), erfc = of('erfc'), erfinv = of('erfinv'), lgamma = of('lgamma'), digamma = of('digamma');
export const i0 = of('i0'), sinc = of('sinc'), floor = of('floor'), ceil = of('ceil'), round = of('round'), trunc = of('trunc'), fix = of('fix'), frac = of('frac');
export const bitwiseNot = of('bitwiseNot'), logicalNot = of('logicalNot'), isnan = of('isnan'), isinf = of('isinf'), isfinite = of('isfinite');
export const isposinf = of('isposinf'), isneginf = of('isneginf'), signbit = of('signbit'), logit = of('logit'), nanToNum = of('nanToNum'), deg2rad = of('deg2rad');
export const rad2deg = of('rad2deg'), positive = of('positive'), clamp = of('clamp'), clip = of('clip'), clampMin = of('clampMin'), clampMax = of('clampMax');

// two inputs, element by element
export const floorDivide = of('floorDivide'), remainder = of('remainder'), fmod = of('fmod'), fmax = of('fmax'), fmin = of('fmin'), maximum = of('maximum');
export const minimum = of('minimum'), atan2 = of('atan2'), arctan2 = of('arctan2'), hypot = of('hypot'), copysign = of('copysign'), nextafter = of('nextafter');
export const logaddexp = of('logaddexp'), logaddexp2 = of('logaddexp2'), heaviside = of('heaviside'), gcd = of('gcd'), lcm = of('lcm'), bitwiseAnd = of('bitwiseAnd');
export const bitwiseOr = of('bitwiseOr'), bitwiseXor = of('bitwiseXor'), bitwiseLeftShift = of('bitwiseLeftShift'), bitwiseRightShift = of('bitwiseRightShift');
export const eq = of('eq'), ne = of('ne'), lt = of('lt'), le = of('le'), gt = of('gt'), ge = of('ge'), notEqual = of('notEqual'), less = of('less');
export const lessEqual = of('lessEqual'), greater = of('greater'), greaterEqual = of('greaterEqual'), logicalAnd = of('logicalAnd'), logicalOr = of('logicalOr');
export const logicalXor = of('logicalXor'), isclose = of('isclose'), floatPower = of('floatPower'), ldexp = of('ldexp'), lerp = of('lerp'), addcmul = of('addcmul');
export const addcdiv = of('addcdiv'), rsub = of('rsub'), igamma = of('igamma'), igammac = of('igammac');

// reductions, running results, order
export const sum = of('sum'), nansum = of('nansum'), mean = of('mean'), nanmean = of('nanmean'), prod = of('prod'), std = of('std'), norm = of('norm');
export const any = of('any'), all = of('all'), countNonzero = of('countNonzero'), logsumexp = of('logsumexp'), amax = of('amax'), amin = of('amin');
export const aminmax = of('aminmax'), argmax = of('argmax'), argmin = of('argmin'), cumsum = of('cumsum'), cumprod = of('cumprod'), logcumsumexp = of('logcumsumexp');
export const cummax = of('cummax'), cummin = of('cummin'), diff = of('diff'), sort = of('sort'), argsort = of('argsort'), msort = of('msort'), topk = of('topk');
export const quantile = of('quantile'), nanquantile = of('nanquantile'), cov = of('cov'), corrcoef = of('corrcoef');
export const kthvalue = of('kthvalue'), mode = of('mode'), bincount = of('bincount'), histc = of('histc'), softmax = of('softmax'), logSoftmax = of('logSoftmax');
export const trace = of('trace');

// shapes
export const reshape = of('reshape'), flatten = of('flatten'), ravel = of('ravel'), unflatten = of('unflatten'), permute = of('permute'), transpose = of('transpose');
export const swapaxes = of('swapaxes'), swapdims = of('swapdims'), t = of('t'), movedim = of('movedim'), moveaxis = of('moveaxis'), broadcastTo = of('broadcastTo');
export const squeeze = of('squeeze'), unsqueeze = of('unsqueeze'), asStrided = of('asStrided'), diagonal = of('diagonal'), diagEmbed = of('diagEmbed');
export const diag = of('diag'), diagflat = of('diagflat'), tril = of('tril'), triu = of('triu'), flip = of('flip'), fliplr = of('fliplr'), flipud = of('flipud');
export const roll = of('roll'), rot90 = of('rot90'), tile = of('tile'), repeatInterleave = of('repeatInterleave'), split = of('split'), chunk = of('chunk');
export const hsplit = of('hsplit'), vsplit = of('vsplit'), dsplit = of('dsplit'), selectScatter = of('selectScatter'), sliceScatter = of('sliceScatter');
export const diagonalScatter = of('diagonalScatter'), tensorSplit = of('tensorSplit'), unbind = of('unbind'), select = of('select'), narrow = of('narrow'), clone = of('clone'), numel = of('numel');

// picking and placing
export const gather = of('gather'), scatter = of('scatter'), scatterAdd = of('scatterAdd'), scatterReduce = of('scatterReduce'), indexAdd = of('indexAdd');
export const indexCopy = of('indexCopy'), indexFill = of('indexFill'), indexSelect = of('indexSelect'), indexPut = of('indexPut'), take = of('take');
export const takeAlongDim = of('takeAlongDim'), maskedSelect = of('maskedSelect'), maskedFill = of('maskedFill'), maskedScatter = of('maskedScatter');
export const argwhere = of('argwhere'), indexReduce = of('indexReduce'), put = of('put');

// products
export const mm = of('mm'), bmm = of('bmm'), matmul = of('matmul'), mv = of('mv'), dot = of('dot'), vdot = of('vdot'), inner = of('inner'), outer = of('outer');
export const kron = of('kron'), cross = of('cross'), tensordot = of('tensordot'), addmm = of('addmm'), addmv = of('addmv'), addr = of('addr');
export const baddbmm = of('baddbmm'), addbmm = of('addbmm'), dist = of('dist'), renorm = of('renorm'), ger = of('ger');
export const inverse = of('inverse'), pinverse = of('pinverse'), det = of('det'), logdet = of('logdet'), slogdet = of('slogdet'), matrixPower = of('matrixPower');
export const matrixExp = of('matrixExp'), choleskySolve = of('choleskySolve'), choleskyInverse = of('choleskyInverse'), adjoint = of('adjoint'), detach = of('detach');

// arithmetic, with a number or tensor on either side

const B = native.binaryCodes;
export function add(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor { return native['binary'](B['add'], a, b, options.alpha); }
export function sub(a: Operand, b: Operand, options: { alpha?: number } = {}): Tensor { return native['binary'](B['sub'], a, b, options.alpha); }
export function mul(a: Operand, b: Operand): Tensor { return native['binary'](B['mul'], a, b); }
export function div(a: Operand, b: Operand, options: DivOptions = {}): Tensor { return native['binary'](quotient(options), a, b); }
export function pow(a: Operand, b: Operand): Tensor { return native['binary'](B['pow'], a, b); }
export function xlogy(a: Operand, b: Operand): Tensor { return native['binary'](B['xlogy'], a, b); }
export const subtract = sub, multiply = mul, divide = div, trueDivide = (a: Tensor, b: Operand): Tensor => a.div(b);

// methods with several forms

export function max(input: Tensor): Tensor;
export function max(input: Tensor, other: Tensor): Tensor;
export function max(input: Tensor, dim: number, keepdim?: boolean): Picked;
export function max(input: Tensor, dim?: number | Tensor, keepdim?: boolean): Tensor | Picked { return (input.max as (d?: unknown, k?: boolean) => Tensor | Picked)(dim, keepdim); }
export function min(input: Tensor): Tensor;
export function min(input: Tensor, other: Tensor): Tensor;
export function min(input: Tensor, dim: number, keepdim?: boolean): Picked;
export function min(input: Tensor, dim?: number | Tensor, keepdim?: boolean): Tensor | Picked { return (input.min as (d?: unknown, k?: boolean) => Tensor | Picked)(dim, keepdim); }
export function median(input: Tensor): Tensor;
export function median(input: Tensor, dim: number, keepdim?: boolean): Picked;
export function median(input: Tensor, dim?: number, keepdim?: boolean): Tensor | Picked { return dim === undefined ? input.median() : input.median(dim, keepdim); }
export function nanmedian(input: Tensor): Tensor;
export function nanmedian(input: Tensor, dim: number, keepdim?: boolean): Picked;
export function nanmedian(input: Tensor, dim?: number, keepdim?: boolean): Tensor | Picked { return dim === undefined ? input.nanmedian() : input.nanmedian(dim, keepdim); }
export function nonzero(input: Tensor): Tensor;
export function nonzero(input: Tensor, options: { asTuple: true }): Tensor[];
export function nonzero(input: Tensor, options: { asTuple?: boolean } = {}): Tensor | Tensor[] { return input.nonzero(options as { asTuple: true }); }
export function unique<const O extends DistinctOptions = Record<never, never>>(input: Tensor, options?: O): Distinct<O> { return input.unique(options); }
export function uniqueConsecutive<const O extends RunOptions = Record<never, never>>(input: Tensor, options?: O): Distinct<O> { return input.uniqueConsecutive(options); }
/** Elements of a where condition is true, of b elsewhere; with a condition alone, the positions where it is. */
export function where(condition: Tensor): Tensor[];
export function where(condition: Tensor, a: Operand, b: Operand): Tensor;
export function where(condition: Tensor, a?: Operand, b?: Operand): Tensor | Tensor[] { return a === undefined || b === undefined ? condition.nonzero({ asTuple: true }) : native['where'](condition, a, b); }

interface SpreadOptions { dim?: number | readonly number[]; correction?: number; keepdim?: boolean }
const spread = (input: Tensor, o: SpreadOptions, root: boolean): [Tensor, Tensor] => native['varMean'](input, o.dim ?? [], o.correction ?? 1, o.keepdim ?? false, root);
/** Variance of a sample; `var` is no name in JavaScript, but `torch.var(x)` is good. */
function variance(input: Tensor, dim?: number | readonly number[] | SpreadOptions, keepdim?: boolean): Tensor { return input.var(dim, keepdim); }
export { variance as var };
/** Variance and mean in one pass. */
export function varMean(input: Tensor, options: SpreadOptions = {}): [Tensor, Tensor] { return spread(input, options, false); }
/** Standard deviation and mean in one pass. */
export function stdMean(input: Tensor, options: SpreadOptions = {}): [Tensor, Tensor] { return spread(input, options, true); }

// --- joining

/** Joined along a dim that is there. Throws RuntimeError where the other sizes differ. */
export function cat(tensors: readonly Tensor[], dim = 0): Tensor { return native['cat'](tensors, dim); }
/** The same as cat. */
export const concat = cat;
/** The same as cat. */
export const concatenate = cat;
/** Joined along a new dim. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor { return native['stack'](tensors, dim); }
/** Numbers as vectors; tensors of one dim or more as they are. */
export function atleast1d(t: Tensor): Tensor { return t.dim() === 0 ? t.reshape(1) : t; }
/** Numbers as [1, 1], vectors as one row [1, n]; others as they are. */
export function atleast2d(t: Tensor): Tensor { return t.dim() >= 2 ? t : t.dim() === 1 ? t.unsqueeze(0) : t.reshape(1, 1); }
/** Numbers as [1, 1, 1], vectors [n] as [1, n, 1], matrices [n, m] as [n, m, 1]; others as they are. */
export function atleast3d(t: Tensor): Tensor { return t.dim() >= 3 ? t : t.dim() === 2 ? t.unsqueeze(-1) : t.dim() === 1 ? t.unsqueeze(0).unsqueeze(-1) : t.reshape(1, 1, 1); }
/** Side by side: along the first dim of vectors, the second of others. */
export function hstack(tensors: readonly Tensor[]): Tensor { const ts = tensors.map(atleast1d); return cat(ts, ts[0] !== undefined && ts[0].dim() === 1 ? 0 : 1); }
/** One below the other: along dim 0, vectors as rows. */
export function vstack(tensors: readonly Tensor[]): Tensor { return cat(tensors.map(atleast2d), 0); }
/** The same as vstack. */
export const rowStack = vstack;
/** One behind the other: along dim 2, after atleast3d. */
export function dstack(tensors: readonly Tensor[]): Tensor { return cat(tensors.map(atleast3d), 2); }
/** Side by side along dim 1; vectors as columns. */
export function columnStack(tensors: readonly Tensor[]): Tensor { return hstack(tensors.map((t) => (t.dim() <= 1 ? t.reshape(t.numel(), 1) : t))); }
/** Matrices along the diagonal of one large matrix. */
export function blockDiag(...tensors: Tensor[]): Tensor {
  // Tensors without dims have less of a say in the type.
  const common = (list: Tensor[]): Tensor[] => (list.length === 0 ? [] : [list.slice(1).reduce((a, t) => (resultType(a, t) === a.dtype ? a : t.to(resultType(a, t))), list[0]!)]);
  const [first, second] = [...common(tensors.filter((t) => t.dim() > 0)), ...common(tensors.filter((t) => t.dim() === 0))];
  const type = first === undefined ? float32 : second === undefined ? first.dtype : resultType(first, second), ms = tensors.map((t) => atleast2d(t.to(type)));
  const cols = ms.reduce((n, m) => n + m.size(1), 0);
  let at = 0;
  return cat(ms.map((m) => { const left = at; at += m.size(1); return cat([full([m.size(0), left], 0, { dtype: m.dtype, device: m.device }), m, full([m.size(0), cols - at], 0, { dtype: m.dtype, device: m.device })], 1); }), 0);
}

// --- broadcasting and types

/** The shape that all of them broadcast to. Throws RuntimeError where there is none. */
export function broadcastShapes(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  return Array.from({ length: rank }, (_, i) => {
    let n = 1;
    for (const s of shapes) {
      const v = s[s.length - rank + i] ?? 1;
      if (v !== 1 && n !== 1 && v !== n) throw new RuntimeError('Shape mismatch: objects cannot be broadcast to a single shape');
      if (v !== 1) n = v;
    }
    return n;
  });
}
/** The tensors as views of their common shape. Throws RuntimeError where the shapes do not broadcast. */
export function broadcastTensors(...tensors: Tensor[]): Tensor[] { const s = broadcastShapes(...tensors.map((t) => t.shape)); return tensors.map((t) => (t.shape.join() === s.join() ? t : t.expand(s))); }
/** The dtype of an operation on the two. */
export function resultType(a: Operand, b: Operand): DType { return DType.all[native['resultType'](a, b)]!; }
/** The dtype of an operation on tensors of the two: int64 and float16 give float16. */
export function promoteTypes(a: DType, b: DType): DType { return DType.all[native['promoteTypes'](a.code, b.code)]!; }
/** Whether PyTorch lets a value of one dtype be stored in the other. */
export function canCast(from: DType, to: DType): boolean { return !(from.isFloatingPoint && !to.isFloatingPoint) && !(from.name !== 'bool' && to.name === 'bool'); }
/** Whether a value is a Tensor. */
export function isTensor(x: unknown): x is Tensor { return x instanceof Tensor; }
/** Whether the dtype is a floating one. */
export function isFloatingPoint(x: Tensor): boolean { return x.isFloatingPoint(); }
/** All elements close: |a - b| <= atol + rtol · |b|. */
export function allclose(a: Tensor, b: Tensor, options: number | { rtol?: number; atol?: number; equalNan?: boolean } = {}, atol?: number): boolean {
  return a.allclose(b, typeof options === 'number' ? { rtol: options, ...(atol === undefined ? {} : { atol }) } : options);
}
/** Same shape, all elements equal. */
export function equal(a: Tensor, b: Tensor): boolean { return a.equal(b); }

// --- products

/** Einstein summation: `einsum('bij,bjk->bik', a, b)`. Letters, '...' for other dims. Throws RuntimeError with PyTorch's texts. */
export function einsum(equation: string, ...operands: Tensor[] | [readonly Tensor[]]): Tensor { return native['einsum'](equation, operands.length === 1 && Array.isArray(operands[0]) ? operands[0] : operands); }
/** All pairwise p-distances: [.., n, d] and [.., m, d] give [.., n, m]. */
export function cdist(a: Tensor, b: Tensor, p = 2): Tensor { return native['cdist'](a, b, p); }
/** A product of several matrices, from left to right. */
export function chainMatmul(...matrices: Tensor[]): Tensor { return matrices.reduce((a, b) => a.mm(b)); }

// --- grids and sequences

/** A grid: the i-th result varies along dim i. `indexing: 'xy'` swaps the first two dims. */
export function meshgrid(tensors: readonly Tensor[], options: { indexing?: 'ij' | 'xy' } = {}): Tensor[] {
  if (tensors.length === 0) throw new RuntimeError('meshgrid expects a non-empty TensorList');
  const swap = options.indexing === 'xy' && tensors.length >= 2;
  const ts = swap ? [tensors[1]!, tensors[0]!, ...tensors.slice(2)] : tensors;
  if (ts.some((t) => t.dtype !== ts[0]!.dtype)) throw new RuntimeError('meshgrid expects all tensors to have the same dtype');
  const shape = ts.map((t) => { if (t.dim() > 1) throw new RuntimeError(`torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: ${String(t)}`); return t.numel(); });
  const grids = ts.map((t, i) => t.reshape(shape.map((s, k) => (k === i ? s : 1))).expand(shape));
  return swap ? [grids[1]!, grids[0]!, ...grids.slice(2)] : grids;
}
/** Every combination of one element of each vector, as rows. */
export function cartesianProd(...tensors: Tensor[]): Tensor { return tensors.length === 1 ? tensors[0]! : stack(meshgrid(tensors).map((t) => t.reshape(-1)), 1); }
/** All choices of r elements of a vector, as rows. */
export function combinations(input: Tensor, r = 2, options: { withReplacement?: boolean } = {}): Tensor {
  if (input.dim() !== 1) throw new RuntimeError(`Expect a 1D vector, but got shape [${[...input.shape].join(', ')}]`);
  const n = input.numel(), top = options.withReplacement === true ? n + r - 1 : n;
  let many = 1;
  for (let i = 0; i < Math.min(r, top - r); i++) many = (many * (top - i)) / (i + 1);
  if (many * r > 1e8) throw new RuntimeError(`[enforce fail at alloc_cpu] DefaultCPUAllocator: can't allocate memory: ${many} rows`);
  const rows: number[][] = [];
  const walk = (row: number[], from: number): void => { if (row.length === r) rows.push(row); else for (let i = from; i < n; i++) walk([...row, i], options.withReplacement === true ? i : i + 1); };
  walk([], 0);
  return input.indexSelect(0, tensor(rows.flat(), { dtype: int64, device: input.device })).reshape(rows.length, r);
}
/** Places at which values would keep `sorted` in order: int64. */
export function searchsorted(sorted: Tensor, values: Operand, options: { right?: boolean; side?: 'left' | 'right' } = {}): Tensor { return native['searchsorted'](sorted, values, options.right === true || options.side === 'right'); }
/** Which interval of the sorted vector `boundaries` each element lies in: int64 of input's shape. `right`: a boundary belongs to the interval above it. */
export function bucketize(input: Operand, boundaries: Tensor, options: { right?: boolean } = {}): Tensor { return native['searchsorted'](boundaries, input, options.right ?? false); }
/** Where elements are among testElements; `invert`: where they are not. */
export function isin(elements: Operand, testElements: Operand, options: { invert?: boolean } = {}): Tensor {
  for (const v of [elements, testElements]) if (v instanceof Tensor && v.dtype.name === 'bool') throw new RuntimeError('Unsupported input type encountered for isin(): Bool');
  const type = resultType(elements, testElements), { device } = (elements instanceof Tensor ? elements : testElements) as Tensor;
  const at = (v: Operand): Tensor => (v instanceof Tensor ? v.to(type) : full([], v, { dtype: type, device }));
  const x = at(elements), known = at(testElements).reshape(-1).sort().values, n = known.numel();
  const found = n === 0 ? full(x.shape, false, { device: x.device }) : known.gather(0, searchsorted(known, x).clamp(0, n - 1).reshape(-1)).reshape(x.shape).eq(x);
  return options.invert === true ? found.logicalNot() : found;
}
/** The integral of y along dim by the trapezoid rule, at places x or `dx` apart. */
export function trapezoid(y: Tensor, x: Tensor | null = null, options: { dx?: number; dim?: number } = {}): Tensor {
  const along = wrapDim(options.dim ?? -1, y.dim());
  if (y.size(along) === 0) return full(y.shape.filter((_, i) => i !== along), 0, { dtype: y.dtype, device: y.device });
  const [areas, dim] = trapezoids('trapezoid', y, x, options);
  if (x !== null) return areas.sum(dim);
  return y.sum(dim).sub(y.select(dim, 0).add(y.select(dim, -1)).mul(0.5)).mul(options.dx ?? 1);
}
/** The same as trapezoid. */
export const trapz = trapezoid;
/** The running integral: one less than y along dim. */
export function cumulativeTrapezoid(y: Tensor, x: Tensor | null = null, options: { dx?: number; dim?: number } = {}): Tensor {
  const [areas, dim] = trapezoids('cumulative_trapezoid', y, x, options);
  return areas.cumsum(dim);
}
function trapezoids(name: string, y: Tensor, x: Tensor | null, options: { dx?: number; dim?: number }): [Tensor, number] {
  const { dx = 1, dim = -1 } = options, d = wrapDim(dim, y.dim()), n = y.size(d);
  if (y.dtype.name === 'bool' || x?.dtype.name === 'bool') throw new RuntimeError(`${name}: received a bool input for ${x === null ? '' : '`x` or '}\`y\`, but bool is not supported`);
  const sums = y.slice(d, 1).add(y.slice(d, 0, Math.max(0, n - 1)));
  if (x === null) return [sums.mul(dx / 2), d];
  // One vector of places goes along dim.
  const places = x.dim() === 1 && y.dim() !== 1 ? x.reshape(y.shape.map((_, i) => (i === d ? x.size(0) : 1))) : x, at = places.dim() - y.dim() + d;
  return [places.slice(at, 1).sub(places.slice(at, 0, Math.max(0, places.size(at) - 1))).mul(sums).div(2), d];
}
/** Derivatives of samples along dims, by central differences, one tensor a dim of input's shape: `[d0, d1] = gradient(x)`. `spacing`: a step for all, or a step or a vector of places a dim.
 * `edgeOrder` 2: differences at both ends are of second order, too. Throws RuntimeError for dims of fewer than edgeOrder + 1 elements. Source: torch.gradient. */
export function gradient(input: Tensor, options: { spacing?: number | readonly (number | Tensor)[]; dim?: number | readonly number[]; edgeOrder?: 1 | 2 } = {}): Tensor[] {
  const { spacing = 1, dim, edgeOrder = 1 } = options, given = dim === undefined ? null : typeof dim === 'number' ? [dim] : dim;
  if (input.dtype.name === 'uint8') throw new RuntimeError('torch.gradient does not support uint8 input.');
  if (typeof spacing !== 'number' && given === null && spacing.length !== input.dim()) throw new RuntimeError(`torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = ${input.dim()}', since dim argument was not given, but got a list of length ${spacing.length}`);
  if (typeof spacing !== 'number' && given !== null && spacing.length !== given.length) throw new RuntimeError(`torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same length, but got a spacing argument of length ${spacing.length} and a dim argument of length ${given.length}.`);
  if (edgeOrder !== 1 && edgeOrder !== 2) throw new RuntimeError('torch.gradient only supports edge_order=1 and edge_order=2.');
  const dims = (given ?? [...input.shape].map((_, i) => i)).map((d) => wrapDim(d, input.dim()));
  dims.forEach((d, i) => { if (dims.indexOf(d) !== i) throw new RuntimeError(`dim ${d} appears multiple times in the list of dims`); });
  if (dims.some((d) => input.dim() === 0 || input.size(d) < edgeOrder + 1)) throw new RuntimeError('torch.gradient expected each dimension size to be at least edge_order+1');
  return dims.map((d, i) => slope(input, d, typeof spacing === 'number' ? spacing : spacing[i]!, edgeOrder));
}
/** One derivative: the three-point formula for unequal steps inside, one- or two-sided differences of the ends. */
function slope(x: Tensor, d: number, spacing: number | Tensor, edgeOrder: 1 | 2): Tensor {
  const n = x.size(d), at = (i: number): Tensor => x.slice(d, i < 0 ? n + i : i, (i < 0 ? n + i : i) + 1), part = (from: number, to: number): Tensor => x.slice(d, from, Math.max(from, n + to));
  if (typeof spacing === 'number') {
    const inside = part(2, 0).sub(part(0, -2)).div(spacing).div(2);
    if (edgeOrder === 1) return cat([at(1).sub(at(0)).div(spacing), inside, at(-1).sub(at(-2)).div(spacing)], d);
    return cat([at(0).mul(-1.5).add(at(1).mul(2)).sub(at(2).mul(0.5)).div(spacing), inside, at(-1).mul(1.5).sub(at(-2).mul(2)).add(at(-3).mul(0.5)).div(spacing)], d);
  }
  if (spacing.dim() !== 1) throw new RuntimeError(`torch.gradient expected each element of spacing to have one dimension, but got an element with ${spacing.dim()} dimensions!`);
  const apart = spacing.diff(), m = apart.numel(), steps = apart.reshape(x.shape.map((_, i) => (i === d ? -1 : 1))), step = (i: number): Tensor => apart.select(0, i);
  // Weights of three neighbours, p and q apart, for the slope at the middle one and at the first.
  const middle = (a: Tensor, b: Tensor, c: Tensor, p: Tensor, q: Tensor): Tensor => a.mul(q.neg().div(p.mul(p.add(q)))).add(b.mul(q.sub(p).div(p.mul(q)))).add(c.mul(p.div(q.mul(p.add(q)))));
  const end = (a: Tensor, b: Tensor, c: Tensor, p: Tensor, q: Tensor): Tensor[] => [a.mul(p.mul(2).add(q).neg().div(p.mul(p.add(q)))), b.mul(p.add(q).div(p.mul(q))), c.mul(p.neg().div(q.mul(p.add(q))))];
  const added = (terms: readonly Tensor[]): Tensor => terms.reduce((u, v) => u.add(v));
  const inside = middle(part(0, -2), part(1, -1), part(2, 0), steps.slice(d, 0, m - 1), steps.slice(d, 1, m));
  if (edgeOrder === 1) return cat([at(1).sub(at(0)).div(step(0)), inside, at(-1).sub(at(-2)).div(step(-1))], d);
  return cat([added(end(at(0), at(1), at(2), step(0), step(1))), inside, added(end(at(-1), at(-2), at(-3), step(-1), step(-2)).reverse()).neg()], d);
}
/** The coordinates, one tensor a dim, of positions in the flattened tensor of that shape. */
export function unravelIndex(indices: Tensor, shape: number | readonly number[]): Tensor[] {
  if (indices.isFloatingPoint() || indices.dtype.name === 'bool') throw new TypeError(`expected 'indices' to be integer dtype, but got ${String(indices.dtype)}`);
  const sizes = typeof shape === 'number' ? [shape] : shape;
  for (const n of sizes) if (!(n >= 0)) throw new ValueError(`'shape' cannot have negative values, but got (${sizes.join(', ')})`);
  let step = sizes.reduce((a, b) => a * b, 1);
  return sizes.map((n) => { step /= Math.max(1, n); return indices.long().floorDivide(step).remainder(n); });
}
/** How many values (or what sum of `weight`) lie in each bin, and the bins' edges: `[hist, binEdges]`. `bins`: edges, or how many of equal width. */
export function histogram(input: Tensor, bins: number | Tensor, options: { range?: readonly [number, number]; weight?: Tensor; density?: boolean } = {}): [Tensor, Tensor] {
  if (!input.isFloatingPoint()) throw new NotImplementedError(`"histogramdd" not implemented for '${scalarType(input.dtype.name)}'`);
  if (typeof bins === 'number' && !(bins > 0)) throw new RuntimeError(`torch.histogram(): bins must be > 0, but got ${bins} for dimension 0`);
  if (typeof bins !== 'number' && bins.dtype !== input.dtype) throw new RuntimeError(`torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype ${cType(input)} and bins for dimension 0 with dtype ${cType(bins)}`);
  if (options.weight !== undefined && String(options.weight.shape) !== String(input.shape)) throw new RuntimeError(`torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its innermost dimension, but got input with shape [${input.numel()}, 1] and weight with shape [${options.weight.shape.join(', ')}]`);
  const x = input.detach().reshape(-1), edges = typeof bins === 'number' ? even(x, bins, options.range) : bins, n = edges.numel() - 1;
  const place = searchsorted(edges.contiguous(), x, { right: true }).sub(1), last = edges.select(0, n), at = where(x.eq(last), full([], n - 1, { dtype: int64, device: x.device }), place);
  const inside = x.ge(edges.select(0, 0)).logicalAnd(x.le(last)), weight = options.weight?.detach().reshape(-1) ?? x.newOnes([x.numel()]);
  const hist = x.newZeros([n]).indexAdd(0, at.maskedSelect(inside), weight.maskedSelect(inside));
  return [options.density === true ? hist.div(hist.sum()).div(edges.slice(0, 1).sub(edges.slice(0, 0, n))) : hist, edges];
}
const cType = (t: Tensor): string => (t.dtype.name === 'float64' ? 'double' : t.dtype.name === 'float32' ? 'float' : scalarType(t.dtype.name));
function even(x: Tensor, bins: number, range?: readonly [number, number]): Tensor {
  let [low, high] = range ?? (x.numel() === 0 ? [0, 1] : [x.min().item(), x.max().item()]);
  const text = (v: number): string => (Number.isNaN(v) ? 'nan' : Number.isFinite(v) ? String(v) : v > 0 ? 'inf' : '-inf');
  if (!Number.isFinite(low) || !Number.isFinite(high)) throw new RuntimeError(`torch.histogramdd: dimension 0's range [${text(low)}, ${text(high)}] is not finite`);
  if (low > high) throw new RuntimeError(`torch.histogramdd: min should not exceed max, but got min ${low} max ${high} for dimension 0`);
  if (low === high) { low -= 0.5; high += 0.5; }
  return linspace(low, high, bins + 1, { dtype: x.dtype, device: x.device });
}
/** Powers of a vector's elements, as columns from the highest. */
export function vander(x: Tensor, n: number = x.numel(), options: { increasing?: boolean } = {}): Tensor {
  if (n < 0) throw new ValueError('N must be non-negative.');
  const powers = arange(n, { dtype: int64, device: x.device });
  return x.unsqueeze(-1).pow(options.increasing === true ? powers : powers.flip(0));
}
/** Limits of a floating dtype: eps, max, tiny. */
export function finfo(dtype: DType): { bits: number; eps: number; max: number; min: number; tiny: number } {
  const table: Record<string, [number, number, number]> = { float32: [2 ** -23, 3.4028234663852886e38, 2 ** -126], float64: [Number.EPSILON, Number.MAX_VALUE, 2.2250738585072014e-308], float16: [2 ** -10, 65504, 2 ** -14], bfloat16: [2 ** -7, 3.3895313892515355e38, 2 ** -126] };
  const row = table[dtype.name];
  if (row === undefined) throw new TypeError(`torch.finfo() requires a floating point input type. Use torch.iinfo to handle '${dtype}'`);
  return { bits: dtype.itemsize * 8, eps: row[0], max: row[1], min: -row[1], tiny: row[2] };
}
/** Limits of an integer dtype. */
export function iinfo(dtype: DType): { bits: number; max: bigint; min: bigint } {
  if (dtype.isFloatingPoint || dtype.name === 'bool') throw new TypeError(`torch.iinfo() requires an integer input type. Use torch.finfo to handle '${dtype}'`);
  const bits = dtype.itemsize * 8;
  return dtype.name === 'uint8' ? { bits, max: 255n, min: 0n } : { bits, max: 2n ** BigInt(bits - 1) - 1n, min: -(2n ** BigInt(bits - 1)) };
}
