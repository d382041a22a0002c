#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/ops.h"
#include "random/distributions.h"

namespace weightroom::ops {
namespace {

// In-place draws: `fill` gets a contiguous CPU buffer of `draw` type, in the order in which self lies in memory.
template <typename F> void land(const Tensor& self, const char* history, DType draw, F&& fill) {
  check_inplace(self);
  bool direct = self.device().is_cpu() && self.is_contiguous() && self.dtype() == draw;
  {
    NoGrad guard;
    Tensor target = self;
    if (!self.is_contiguous()) {
      Dims order(size_t(self.dim()));
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return self.stride(a) > self.stride(b); });
      target = permute(self, order);
    }
    Tensor buffer = direct ? self : empty(target.sizes(), draw);
    fill(buffer);
    if (!direct) backend(self).copy(target, to_device(to_dtype(buffer, self.dtype()), self.device()));
  }
  record_inplace(self, history, {self}, {}, [](Context&, const TensorList& g) { return TensorList{zeros(g[0].sizes(), g[0].dtype(), g[0].device())}; });
}
template <typename T> float rounded(float x) { return float(T(x)); }
DType draw_type(const Tensor& t) { return t.dtype() == DType::float64 ? DType::float64 : DType::float32; }

void floating_only(const Tensor& t, const char* name) {
  if (!is_floating(t.dtype())) fail_not_implemented("\"", name, "\" not implemented for '", scalar_type_name(t.dtype()), "'");
}

// One double a draw, cast to self's type at the end.
template <typename F> void each(const Tensor& self, const char* history, F&& sample) {
  land(self, history, DType::float64, [&](const Tensor& b) {
    double* p = b.data<double>();
    for (int64_t i = 0; i < b.numel(); ++i) p[i] = sample();
  });
}

Tensor drawn_like(const Tensor& t) { return empty(t.sizes(), t.dtype(), t.device()); }

}  // namespace

void uniform_(const Tensor& self, double from, double to, Generator& gen) {
  floating_only(self, "check_uniform_bounds");
  check(from <= to, "uniform_ expects to return a [from, to) range, but found from=", from, " > to=", to);
  land(self, "UniformBackward0", draw_type(self), [&](const Tensor& b) {
    if (b.dtype() == DType::float64) fill_uniform(gen, b.data<double>(), b.numel(), from, to);
    else fill_uniform(gen, b.data<float>(), b.numel(), from, to);
    // A half type may round up to the end that is left out.
    float (*half)(float) = self.dtype() == DType::float16 ? rounded<half_t> : self.dtype() == DType::bfloat16 ? rounded<bfloat16_t> : nullptr;
    if (half) for (int64_t i = 0; i < b.numel(); ++i) if (float& v = b.data<float>()[i]; half(v) == half(float(to))) v = float(from);
  });
}

void normal_(const Tensor& self, double mean, double std, Generator& gen) {
  floating_only(self, "normal_kernel_cpu");
  check(std >= 0, "normal expects std >= 0.0, but found std ", std);
  // Without gaps and 16 or more: in vectors; else one by one.
  if (self.is_contiguous() && self.numel() >= 16)
    return land(self, "NormalBackward0", draw_type(self), [&](const Tensor& b) {
      if (b.dtype() == DType::float64) fill_normal(gen, b.data<double>(), b.numel(), mean, std);
      else if (self.dtype() == DType::float32) fill_normal(gen, b.data<float>(), b.numel(), mean, std);
      else fill_normal(gen, b.data<float>(), b.numel(), mean, std, self.dtype() == DType::float16 ? rounded<half_t> : rounded<bfloat16_t>);
    });
  each(self, "NormalBackward0", [&] { return gen.normal() * std + mean; });
}

void bernoulli_(const Tensor& self, double p, Generator& gen) {
  check(p >= 0 && p <= 1, "bernoulli_ expects p to be in [0, 1], but got p=", p);
  each(self, "BernoulliBackward2", [&] { return gen.uniform53() < p ? 1.0 : 0.0; });
}

void bernoulli_(const Tensor& self, const Tensor& p0, Generator& gen) {
  if (!is_floating(p0.dtype())) fail("expected probabilities tensor to have floating type, got ", scalar_type_name(p0.dtype()));
  NoGrad off;
  Tensor p = contiguous(expand(to_device(p0, {}), self.sizes()));
  DType t = p.dtype() == DType::float64 ? DType::float64 : DType::float32;
  p = to_dtype(p, t);
  NoGrad on(off.before);
  int64_t i = 0;
  dispatch_floating(t, [&]<typename T>() {
    const T* q = p.data<T>();
    for (int64_t k = 0; k < p.numel(); ++k) check(compute_t<T>(q[k]) >= 0 && compute_t<T>(q[k]) <= 1, "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement request to PyTorch.)");
    each(self, "BernoulliBackward1", [&] {
      double u = sizeof(T) == 8 ? gen.uniform53() : double(gen.uniform24());
      return u < double(compute_t<T>(q[i++])) ? 1.0 : 0.0;
    });
  });
}

void exponential_(const Tensor& self, double lambda, Generator& gen) {
  floating_only(self, "exponential_cpu");
  check(lambda > 0, "exponential_ expects lambda > 0.0, but found lambda=", lambda);
  each(self, "ExponentialBackward0", [&] { return -1 / lambda * std::log1p(-gen.uniform53()); });
}

void geometric_(const Tensor& self, double p, Generator& gen) {
  check(p > 0 && p < 1, "geometric_ expects p to be in (0, 1), but got p=", p);
  each(self, "GeometricBackward0", [&] { return std::ceil(std::log(gen.uniform53()) / std::log1p(-p)); });
}

void cauchy_(const Tensor& self, double median, double sigma, Generator& gen) {
  check(sigma > 0, "cauchy_ expects sigma > 0.0, but found sigma=", sigma);
  floating_only(self, "cauchy_cpu");
  each(self, "CauchyBackward0", [&] { return median + sigma * std::tan(M_PI * (gen.uniform53() - 0.5)); });
}

void log_normal_(const Tensor& self, double mean, double std, Generator& gen) {
  check(std > 0, "log_normal_ expects std > 0.0, but found std=", std);
  floating_only(self, "log_normal_cpu");
  each(self, "LogNormalBackward0", [&] { return std::exp(gen.normal() * std + mean); });
}

void randint_(const Tensor& self, int64_t low, int64_t high, Generator& gen) {
  if (self.dtype() != DType::float32 && self.dtype() != DType::float64) {
    // What the type cannot hold is refused.
    constexpr double tops[] = {0, 0, 65504, 3.3895313892515355e38, 9223372036854775807.0, 2147483647, 32767, 127, 255, 1};
    double top = tops[size_t(self.dtype())], bottom = is_floating(self.dtype()) ? -top : self.dtype() == DType::uint8 || self.dtype() == DType::boolean ? 0 : -top - 1;
    if (double(low) < bottom || double(low) > top) fail("from is out of bounds for ", c_type_name(self.dtype()));
    if (double(high) - 1 < bottom || double(high) - 1 > top) fail("to - 1 is out of bounds for ", c_type_name(self.dtype()));
  }
  check(low < high, "random_ expects 'from' to be less than 'to', but got from=", low, " >= to=", high);
  land(self, "RandomBackward0", DType::int64, [&](const Tensor& b) { fill_randint(gen, b.data<int64_t>(), b.numel(), low, high); });
}

void random_(const Tensor& self, Generator& gen) {
  // As many values as the type holds exactly.
  constexpr int digits[] = {24, 53, 11, 8, 63, 31, 15, 7, 8, 1};
  int d = digits[size_t(self.dtype())];
  bool wide = self.dtype() == DType::int64 || self.dtype() == DType::float64;
  uint64_t range = is_floating(self.dtype()) ? (uint64_t(1) << d) + 1 : uint64_t(1) << d;
  land(self, "RandomBackward2", DType::int64, [&](const Tensor& b) {
    for (int64_t i = 0; i < b.numel(); ++i) b.data<int64_t>()[i] = int64_t((wide ? gen.random64() : uint64_t(gen.random32())) % range);
  });
}

Tensor randperm(int64_t n, DType dtype, Generator& gen) {
  if (n < 0) fail("Trying to create tensor with negative dimension ", n, ": [", n, "]");
  Tensor out = empty({n}, DType::int64);
  fill_randperm(gen, out.data<int64_t>(), n);
  return to_dtype(out, dtype);
}

Tensor multinomial(const Tensor& weights, int64_t n, bool replacement, Generator& gen) {
  check(weights.dim() > 0 && weights.dim() <= 2, "prob_dist must be 1 or 2 dim");
  if (!is_floating(weights.dtype())) fail("multinomial only supports floating-point dtypes for input, got: ", scalar_type_name(weights.dtype()));
  check(n > 0, "cannot sample n_sample <= 0 samples");
  check(replacement || n <= weights.size(-1), "cannot sample n_sample > prob_dist.size(-1) samples without replacement");
  NoGrad guard;
  Tensor w = contiguous(to_device(weights, {}));
  int64_t classes = w.size(-1), rows = w.dim() == 2 ? w.size(0) : 1;
  Tensor wide = to_dtype(w, DType::float64);
  const double* p = wide.data<double>();
  auto finite = [&](double v) { return v >= 0 && std::isfinite(v); };
  for (int64_t i = 0; i < w.numel(); ++i) check(finite(p[i]), "probability tensor contains either `inf`, `nan` or element < 0");
  for (int64_t r = 0; r < rows; ++r) {
    double total = 0;
    for (int64_t i = 0; i < classes; ++i) total += p[r * classes + i];
    check(total > 0, "invalid multinomial distribution (sum of probabilities <= 0)");
  }
  Tensor out;
  if (!replacement || n == 1) {
    // The largest of weight / exponential: a draw in proportion to the weights.
    Tensor q = empty(w.sizes(), w.dtype());
    exponential_(q, 1, gen);
    q = div(w, q);
    out = n == 1 ? max_min_dim(q, true, -1, true).second : topk(q, n, -1, true, true).second;
  } else {
    Dims sizes = w.sizes();
    sizes.back() = n;
    out = empty(sizes, DType::int64);
    dispatch_floating(w.dtype(), [&]<typename T>() {
      using C = compute_t<T>;
      std::vector<C> below(static_cast<size_t>(classes));
      for (int64_t r = 0; r < rows; ++r) {
        const T* v = w.data<T>() + r * classes;
        C sum = 0;
        for (int64_t i = 0; i < classes; ++i) { sum += C(v[i]); below[size_t(i)] = sum; }
        if (sum > 0) for (C& b : below) b /= sum;
        below.back() = 1;
        for (int64_t k = 0; k < n; ++k) {
          double u = gen.uniform53();
          int64_t left = 0, right = classes;
          while (right - left > 0) {
            int64_t mid = left + (right - left) / 2;
            if (double(below[size_t(mid)]) < u) left = mid + 1;
            else right = mid;
          }
          out.data<int64_t>()[r * n + k] = left;
        }
      }
    });
  }
  return to_device(out, weights.device());
}

Tensor poisson(const Tensor& rate, Generator& gen) {
  floating_only(rate, "poisson_cpu");
  NoGrad guard;
  Tensor r = contiguous(to_dtype(to_device(rate, {}), DType::float64)), out = empty(r.sizes(), DType::float64);
  for (int64_t i = 0; i < r.numel(); ++i) {
    check(r.data<double>()[i] >= 0, "invalid Poisson rate, expected rate to be non-negative");
    out.data<double>()[i] = double(sample_poisson(gen, r.data<double>()[i]));
  }
  return to_device(to_dtype(out, rate.dtype()), rate.device());
}

Tensor normal(const Tensor& mean, const Tensor& std, Generator& gen) {
  NoGrad guard;
  if (std.numel()) {
    Tensor low = to_dtype(to_device(max_min(std, false), {}), DType::float64);
    check(!(*low.data<double>() < 0), "normal expects all elements of std >= 0.0");
  }
  Tensor out = empty(broadcast_shapes(mean.sizes(), std.sizes()), std.impl()->wrapped_number ? mean.dtype() : mean.impl()->wrapped_number ? std.dtype() : result_type(mean, std), std.impl()->wrapped_number ? mean.device() : std.device());
  normal_(out, 0, 1, gen);
  binary_(BinaryOp::mul, out, std);
  binary_(BinaryOp::add, out, mean);
  return out;
}

Tensor dropout(const Tensor& a, double p, Generator& gen) {
  if (p == 0) return mul(a, 1.0);
  if (p == 1) return mul(a, zeros(a.sizes(), a.dtype(), a.device()));
  Tensor mask = is_floating(a.dtype()) ? drawn_like(a) : empty(a.sizes(), DType::float32, a.device());
  bernoulli_(mask, 1 - p, gen);
  return mul(a, div(mask, wrapped(1 - p)));
}

}  // namespace weightroom::ops
