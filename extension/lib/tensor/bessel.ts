/** The modified Bessel function of the first kind, order 0. Source: Cephes (Moshier), i0.c: Chebyshev series for |x| up to 8 and beyond. */
import { native } from '../native';
import type { Tensor } from '../tensor';

const near = [-4.41534164647933937950e-18, 3.33079451882223809783e-17, -2.43127984654795469359e-16, 1.71539128555513303061e-15, -1.16853328779934516808e-14, 7.67618549860493561688e-14, -4.85644678311192946090e-13, 2.95505266312963983461e-12, -1.72682629144155570723e-11, 9.67580903537323691224e-11,
  -5.18979560163526290666e-10, 2.65982372468238665035e-9, -1.30002500998624804212e-8, 6.04699502254191894932e-8, -2.67079385394061173391e-7, 1.11738753912010371815e-6, -4.41673835845875056359e-6, 1.64484480707288970893e-5, -5.75419501008210370398e-5, 1.88502885095841655729e-4,
  -5.76375574538582365885e-4, 1.63947561694133579842e-3, -4.32430999505057594430e-3, 1.05464603945949983183e-2, -2.37374148058994688156e-2, 4.93052842396707084878e-2, -9.49010970480476444210e-2, 1.71620901522208775349e-1, -3.04682672343198398683e-1, 6.76795274409476084995e-1];
const far = [-7.23318048787475395456e-18, -4.83050448594418207126e-18, 4.46562142029675999901e-17, 3.46122286769746109310e-17, -2.82762398051658348494e-16, -3.42548561967721913462e-16, 1.77256013305652638360e-15, 3.81168066935262242075e-15, -9.55484669882830764870e-15, -4.15056934728722208663e-14,
  1.54008621752140982691e-14, 3.85277838274214270114e-13, 7.18012445138366623367e-13, -1.79417853150680611778e-12, -1.32158118404477131188e-11, -3.14991652796324136454e-11, 1.18891471078464383424e-11, 4.94060238822496958910e-10, 3.39623202570838634515e-9, 2.26666899049817806459e-8,
  2.04891858946906374183e-7, 2.89137052083475648297e-6, 6.88975834691682398426e-5, 3.36911647825569408990e-3, 8.04490411014108831608e-1];

/** The series at x and its slope there. */
function chebyshev(x: Tensor, coefficients: readonly number[]): [Tensor, Tensor] {
  const zero = x.mul(0);
  let b0 = zero.add(coefficients[0]!), b1 = zero, b2 = zero, d0 = zero, d1 = zero, d2 = zero;
  for (const c of coefficients.slice(1)) {
    [b2, b1, d2, d1] = [b1, b0, d1, d0];
    b0 = x.mul(b1).sub(b2).add(c);
    d0 = x.mul(d1).sub(d2).add(b1);
  }
  return [b0.sub(b2).mul(0.5), d0.sub(d2).mul(0.5)];
}
const where = (condition: Tensor, a: Tensor, b: Tensor): Tensor => native['where'](condition, a, b);
/** exp(-|x|)·I₀(x) for x ≥ 0 and its slope. Each series sees only what it is for: beyond, it would overflow and its gradient be NaN. */
function scaled(size: Tensor): [Tensor, Tensor] {
  const low = size.clampMax(8), high = size.clampMin(8), beyond = size.gt(8);
  const [near0, near1] = chebyshev(low.mul(0.5).sub(2), near), [far0, far1] = chebyshev(high.reciprocal().mul(32).sub(2), far);
  return [where(beyond, far0.div(high.sqrt()), near0), where(beyond, far1.mul(high.square().reciprocal().mul(-32)).sub(far0.mul(high.reciprocal().mul(0.5))).div(high.sqrt()), near1.mul(0.5))];
}
const wide = (x: Tensor): Tensor => (x.isWebgpu ? x.float() : x.double());
/** I₁(x), the derivative of I₀. Its own way: the one through I₀'s product ends in infinity minus infinity where exp overflows. */
function besselI1(x: Tensor): Tensor {
  const t = wide(x), sign = t.detach().ge(0).to(t.dtype).mul(2).sub(1), size = t.mul(sign), few = size.clampMax(1).square().mul(0.25);
  let small = few.mul(0);
  for (let k = 9; k >= 1; k--) small = small.add(1).mul(few).div(k * (k + 1));
  const [value, slope] = scaled(size);
  return where(size.le(1), small.add(1).mul(t.clamp(-1, 1)).mul(0.5), value.add(slope).mul(size.exp()).mul(sign)).to(x.dtype);
}
/** I₀(x), computed in float64 (on webgpu float32): of x's dtype, float32 for integers. */
export function besselI0(x: Tensor): Tensor {
  const size = wide(x.detach()).abs(), y = scaled(size)[0].mul(size.exp());
  if (!x.isFloatingPoint()) return y.float();
  const result = y.to(x.dtype);
  if (!x.requiresGrad || native['gradEnabled']() !== true) return result;
  return (native['customFunction']('I0Backward0', [x], [result], [x], [0], ([g]: Tensor[], [kept]: Tensor[]) => [g!.mul(besselI1(kept!))]) as Tensor[])[0]!;
}
