#include <cmath>

#include "ops/ops.h"
#include "random/distributions.h"

namespace weightroom::ops {
namespace {

// Draws on the CPU in memory order, then lands in `self` whatever its device, dtype or strides.
template <typename F> void land(const Tensor& self, F&& fill) {
  check_inplace(self);
  DType draw = self.dtype() == DType::float64 ? DType::float64 : DType::float32;
  bool direct = self.device().is_cpu() && self.is_contiguous() && self.dtype() == draw;
  NoGrad guard;
  Tensor buffer = direct ? self : empty(self.sizes(), draw);
  fill(buffer);
  if (!direct) backend(self).copy(self, to_device(to_dtype(buffer, self.dtype()), self.device()));
  self.bump_version();
}

void floating_only(const Tensor& t, const char* name) {
  if (!is_floating(t.dtype())) fail("\"", name, "\" not implemented for '", scalar_type_name(t.dtype()), "'");
}

}  // namespace

void uniform_(const Tensor& self, double from, double to, Generator& gen) {
  floating_only(self, "check_uniform_bounds");
  check(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from, " > to=", to);
  land(self, [&](const Tensor& b) {
    if (b.dtype() == DType::float64) fill_uniform(gen, b.data<double>(), b.numel(), from, to);
    else fill_uniform(gen, b.data<float>(), b.numel(), from, to);
  });
}

void normal_(const Tensor& self, double mean, double std, Generator& gen) {
  floating_only(self, "normal_kernel_cpu");
  check(std >= 0, "normal expects std >= 0.0, but found std ", std);
  land(self, [&](const Tensor& b) {
    if (b.dtype() == DType::float64) fill_normal(gen, b.data<double>(), b.numel(), mean, std);
    else if (self.is_contiguous()) fill_normal(gen, b.data<float>(), b.numel(), mean, std);
    else fill_normal_scalar(gen, b.data<float>(), b.numel(), mean, std);
  });
}

void bernoulli_(const Tensor& self, double p, Generator& gen) {
  check(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  land(self, [&](const Tensor& b) {
    if (b.dtype() == DType::float64) for (int64_t i = 0; i < b.numel(); ++i) b.data<double>()[i] = gen.uniform53() < p;
    else fill_bernoulli(gen, b.data<float>(), b.numel(), p);
  });
}

void randint_(const Tensor& self, int64_t low, int64_t high, Generator& gen) {
  check(low < high, "random_ expects 'from' to be less than 'to', but got from=", low, " >= to=", high);
  check_inplace(self);
  NoGrad guard;
  Tensor b = empty(self.sizes(), DType::int64);
  fill_randint(gen, b.data<int64_t>(), b.numel(), low, high);
  backend(self).copy(self, to_device(to_dtype(b, self.dtype()), self.device()));
  self.bump_version();
}

Tensor randperm(int64_t n, Generator& gen) {
  check(n >= 0, "n must be non-negative, got ", n);
  Tensor out = empty({n}, DType::int64);
  fill_randperm(gen, out.data<int64_t>(), n);
  return out;
}

Tensor dropout(const Tensor& a, double p, Generator& gen) {
  if (p == 0) return mul(a, 1.0);
  if (p == 1) return mul(a, zeros(a.sizes(), a.dtype(), a.device()));
  Tensor mask = empty(a.sizes(), is_floating(a.dtype()) ? a.dtype() : DType::float32, a.device());
  bernoulli_(mask, 1 - p, gen);
  return mul(a, div(mask, wrapped(1 - p)));
}

}  // namespace weightroom::ops
