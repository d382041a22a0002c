#include <cmath>

#include "kernels/cpu/halves.h"
#include "kernels/cpu/loops.h"
#include "kernels/cpu/outer_product.h"

namespace weightroom {

using cpu::is_half, cpu::Rounded, cpu::wide;

namespace {

void check_target(int64_t t, int64_t classes) {
  if (t < 0 || t >= classes) fail_index("Target ", t, " is out of bounds.");
}

}  // namespace

void CpuBackend::nll(const Tensor& loss, const Tensor& total_weight, const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore, int reduction) {
  const int64_t* t = target.data<int64_t>();
  int64_t n = target.numel(), c = logp.size(-1);
  for (int64_t i = 0; i < n; ++i) if (t[i] != ignore) check_target(t[i], c);
  dispatch_floating(logp.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const T* p = logp.data<T>();
    double sum = 0, total = 0;
    for (int64_t i = 0; i < n; ++i) {
      C v = 0;
      if (t[i] != ignore) {
        C w = weight ? C(weight.data<T>()[t[i]]) : C(1);
        v = -w * C(p[i * c + t[i]]);
        total += double(w);
      }
      if (reduction == 0) loss.data<T>()[i] = T(v);
      sum += double(v);
    }
    if (reduction == 1) *loss.data<T>() = T(C(sum / total));
    if (reduction == 2) *loss.data<T>() = T(C(sum));
    *total_weight.data<T>() = T(C(total));
  });
}

void CpuBackend::nll_backward(const Tensor& gin, const Tensor& gout, const Tensor& target, const Tensor& weight, const Tensor& total_weight, int64_t ignore, int reduction) {
  fill(gin, Scalar(0));
  const int64_t* t = target.data<int64_t>();
  int64_t n = target.numel(), c = gin.size(-1);
  dispatch_floating(gin.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    for (int64_t i = 0; i < n; ++i) {
      if (t[i] == ignore) continue;
      C g = C(gout.data<T>()[reduction == 0 ? i : 0]);
      if (reduction == 1) g /= C(*total_weight.data<T>());
      gin.data<T>()[i * c + t[i]] = T(-g * (weight ? C(weight.data<T>()[t[i]]) : C(1)));
    }
  });
}

void CpuBackend::cross_entropy_backward(const Tensor& gin, const Tensor& gout, const Tensor& logp, const Tensor& target, const Tensor& total_weight, int64_t ignore, int reduction) {
  if (is_half(gin)) return cross_entropy_backward(Rounded(gin), wide(gout), wide(logp), target, wide(total_weight), ignore, reduction);
  const int64_t* t = target.data<int64_t>();
  cpu::dispatch_wide(gin.dtype(), [&]<typename T>() {
    for_rows(gin, [&](int64_t r, int64_t n) {
      T* o = gin.data<T>() + r * n;
      if (t[r] == ignore) {
        std::fill_n(o, n, T(0));
        return;
      }
      const T* p = logp.data<T>() + r * n;
      T g = gout.data<T>()[reduction == 0 ? r : 0];
      if (reduction == 1) g /= *total_weight.data<T>();
      if constexpr (std::is_same_v<T, float>) {
        vec::exp_shifted(o, p, 0.f, n);
        vec::binary(BinaryOp::mul, o, o, &g, n, 1, 0, 1.f);
      } else {
        for (int64_t i = 0; i < n; ++i) o[i] = T(std::exp(p[i]) * g);
      }
      o[t[r]] = T(o[t[r]] - g);
    });
  });
}

void CpuBackend::layer_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& in, const Tensor& weight, const Tensor& bias, double eps) {
  if (is_half(in)) return layer_norm(Rounded(out), Rounded(mean), Rounded(rstd), wide(in), wide(weight), wide(bias), eps);
  int64_t n = mean.numel() ? in.numel() / mean.numel() : 0;
  cpu::dispatch_wide(in.dtype(), [&]<typename T>() {
    const T *scale = weight ? weight.data<T>() : nullptr, *shift = bias ? bias.data<T>() : nullptr;
    parallel_for(mean.numel(), std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; ++r) {
        const T* a = in.data<T>() + r * n;
        T* o = out.data<T>() + r * n;
        if constexpr (std::is_same_v<T, float>) {
          vec::layer_norm(o, mean.data<T>() + r, rstd.data<T>() + r, a, scale, shift, n, eps);
          continue;
        }
        double m = 0, v = 0;
        for (int64_t i = 0; i < n; ++i) m += double(a[i]);
        m /= double(n);
        for (int64_t i = 0; i < n; ++i) { double x = double(a[i]) - m; v += x * x; }
        T s = T(1 / std::sqrt(v / double(n) + eps));
        mean.data<T>()[r] = T(m);
        rstd.data<T>()[r] = T(s);
        for (int64_t i = 0; i < n; ++i) {
          T y = (a[i] - T(m)) * s;
          if (scale) y *= scale[i];
          if (shift) y += shift[i];
          o[i] = T(y);
        }
      }
    });
  });
}

void CpuBackend::layer_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& in, const Tensor& mean, const Tensor& rstd, const Tensor& weight) {
  if (is_half(in)) return layer_norm_backward(Rounded(gin), Rounded(gw), Rounded(gb), wide(gout), wide(in), wide(mean), wide(rstd), wide(weight));
  int64_t m = mean.numel(), n = in.numel() / m;
  // A few blocks of rows, however many threads: the sums over rows are always the same.
  const int64_t blocks = std::min<int64_t>(16, (m + 63) / 64), per = (m + blocks - 1) / blocks;
  cpu::dispatch_wide(in.dtype(), [&]<typename T>() {
    const T* scale = weight ? weight.data<T>() : nullptr;
    std::vector<double> dw(gw ? size_t(blocks * n) : 0), db(gb ? size_t(blocks * n) : 0);
    auto row = [&](int64_t r, double* w, double* b) {
      const T *a = in.data<T>() + r * n, *g = gout.data<T>() + r * n;
      if constexpr (std::is_same_v<T, float>) {
        return vec::layer_norm_backward(gin ? gin.data<T>() + r * n : nullptr, w, b, g, a, scale, mean.data<T>()[r], rstd.data<T>()[r], n);
      }
      double mu = double(mean.data<T>()[r]), s = double(rstd.data<T>()[r]), s1 = 0, s2 = 0;
      for (int64_t i = 0; i < n; ++i) {
        double xhat = (double(a[i]) - mu) * s, gi = double(g[i]);
        if (w) w[i] += gi * xhat;
        if (b) b[i] += gi;
        if (scale) gi *= double(scale[i]);
        s1 += gi;
        s2 += gi * xhat;
      }
      if (!gin) return;
      T* o = gin.data<T>() + r * n;
      for (int64_t i = 0; i < n; ++i) {
        double xhat = (double(a[i]) - mu) * s, gi = double(g[i]);
        if (scale) gi *= double(scale[i]);
        o[i] = T(s * (gi - s1 / double(n) - xhat * s2 / double(n)));
      }
    };
    parallel_for(blocks, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, per * n)), [&](int64_t first, int64_t last) {
      for (int64_t k = first; k < last; ++k)
        for (int64_t r = k * per; r < std::min(m, (k + 1) * per); ++r) row(r, gw ? &dw[size_t(k * n)] : nullptr, gb ? &db[size_t(k * n)] : nullptr);
    });
    auto total = [&](const Tensor& to, const std::vector<double>& parts) {
      for (int64_t i = 0; i < n; ++i) {
        double sum = 0;
        for (int64_t k = 0; k < blocks; ++k) sum += parts[size_t(k * n + i)];
        to.data<T>()[i] = T(sum);
      }
    };
    if (gw) total(gw, dw);
    if (gb) total(gb, db);
  });
}

void CpuBackend::gather(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& index) {
  int64_t n = in.dim() ? in.size(dim) : 1, st = in.dim() ? in.stride(dim) : 0;
  Dims strides = in.strides();
  if (in.dim()) strides[size_t(dim)] = 0;
  // `in` walked over index's shape with the gathered dim standing still.
  Tensor base = make_view(in.impl()->storage, out.sizes(), strides, in.offset(), in.dtype());
  dispatch_all(in.dtype(), [&]<typename T>() {
    Walk<3>({&out, &index, &base}).run([&](int64_t m, std::array<char*, 3> p, std::array<int64_t, 3> s) {
      for (int64_t i = 0; i < m; ++i) {
        int64_t j = *reinterpret_cast<int64_t*>(p[1]);
        if (j < 0 || j >= n) fail("index ", j, " is out of bounds for dimension ", dim, " with size ", n);
        *reinterpret_cast<T*>(p[0]) = reinterpret_cast<T*>(p[2])[j * st];
        for (size_t k = 0; k < 3; ++k) p[k] += s[k];
      }
    });
  });
}

void CpuBackend::scatter(const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate) {
  int64_t n = out.dim() ? out.size(dim) : 1, st = out.dim() ? out.stride(dim) : 0;
  if (index.numel() == 0) return;
  // By rows of the last dim: steps along it, and where each row starts.
  size_t outer = index.dim() ? size_t(index.dim()) - 1 : 0;
  auto along = [&](const Tensor& t) { return index.dim() ? t.stride(index.dim() - 1) : 0; };
  int64_t width = index.dim() ? index.size(-1) : 1, wi = along(index), ws = along(src), wo = dim == int64_t(outer) ? 0 : along(out);
  Dims at(outer, 0);
  dispatch_all(out.dtype(), [&]<typename T>() {
    // One thread: indices may repeat.
    for (int64_t row = index.numel() / width; row > 0; --row) {
      int64_t pi = index.offset(), po = out.offset(), ps = src.offset();
      for (size_t d = 0; d < outer; ++d) {
        pi += at[d] * index.strides()[d];
        ps += at[d] * src.strides()[d];
        if (int64_t(d) != dim) po += at[d] * out.strides()[d];
      }
      const int64_t* ix = static_cast<int64_t*>(index.impl()->storage->data()) + pi;
      const T* from = static_cast<T*>(src.impl()->storage->data()) + ps;
      T* to = static_cast<T*>(out.impl()->storage->data()) + po;
      for (int64_t i = 0; i < width; ++i) {
        int64_t j = ix[i * wi];
        if (j < 0 || j >= n) fail("index ", j, " is out of bounds for dimension ", dim, " with size ", n);
        T& o = to[i * wo + j * st];
        o = accumulate ? T(compute_t<T>(o) + compute_t<T>(from[i * ws])) : from[i * ws];
      }
      for (size_t d = outer; d-- > 0;) {
        if (++at[d] < index.sizes()[d]) break;
        at[d] = 0;
      }
    }
  });
}

namespace {
// f(begin, end, values, factor) over elements [begin, end) of contiguous float32 g, each factor * values[...]: all at once, or by the rows of a deferred product.
template <typename F> void each_run(const Tensor& g, int64_t begin, int64_t end, F&& f) {
  if (auto* product = dynamic_cast<const cpu::OuterProduct*>(g.impl()->storage->deferred())) {
    const int64_t at = g.offset();
    return product->runs(at + begin, at + end, [&](int64_t from, int64_t to, const float* values, float factor) { f(from - at, to - at, values, factor); });
  }
  f(begin, end, g.data<float>() + begin, 1.f);
}
}  // namespace

void CpuBackend::sgd(const Tensor& p, const Tensor& g, const Tensor& buf, bool first, const SgdOptions& o) {
  if (p.dtype() != DType::float32) {
    return dispatch_floating(p.dtype(), [&]<typename T>() {
      using C = compute_t<T>;
      T *w = p.data<T>(), *b = buf ? buf.data<T>() : nullptr;
      const T* gr = g.data<T>();
      for (int64_t i = 0; i < p.numel(); ++i) {
        C d = o.maximize ? -C(gr[i]) : C(gr[i]);
        d += C(o.weight_decay) * C(w[i]);
        if (b) {
          b[i] = T(first ? d : C(o.momentum) * C(b[i]) + C(1 - o.dampening) * d);
          d = o.nesterov ? d + C(o.momentum) * C(b[i]) : C(b[i]);
        }
        w[i] = T(C(w[i]) - C(o.lr) * d);
      }
    });
  }
  float *w = p.data<float>(), *b = buf ? buf.data<float>() : nullptr;
  parallel_for(p.numel(), kGrain, [&](int64_t begin, int64_t end) {
    each_run(g, begin, end, [&](int64_t s, int64_t e, const float* d, float factor) { vec::sgd(w + s, d, factor, b ? b + s : nullptr, first, e - s, o); });
  });
}

void CpuBackend::adam(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& v, const AdamOptions& o) {
  if (p.dtype() != DType::float32) {
    return dispatch_floating(p.dtype(), [&]<typename T>() {
      using C = compute_t<T>;
      double c1 = 1 - std::pow(o.beta1, double(o.step)), c2 = 1 - std::pow(o.beta2, double(o.step));
      T *ps = p.data<T>(), *ms = m.data<T>(), *vs = v.data<T>();
      const T* gs = g.data<T>();
      for (int64_t i = 0; i < p.numel(); ++i) {
        C w = C(ps[i]), d = C(gs[i]);
        if (o.maximize) d = -d;
        if (o.decoupled) w *= C(1 - o.lr * o.weight_decay);
        else d += C(o.weight_decay) * w;
        C mi = C(ms[i]), vi = C(vs[i]);
        mi += (d - mi) * C(1 - o.beta1);
        vi = vi * C(o.beta2) + d * d * C(1 - o.beta2);
        ms[i] = T(mi);
        vs[i] = T(vi);
        ps[i] = T(w - C(o.lr / c1) * mi / (std::sqrt(vi) / C(std::sqrt(c2)) + C(o.eps)));
      }
    });
  }
  float *w = p.data<float>(), *mean = m.data<float>(), *square = v.data<float>();
  parallel_for(p.numel(), kGrain, [&](int64_t begin, int64_t end) {
    each_run(g, begin, end, [&](int64_t s, int64_t e, const float* d, float factor) { vec::adam(w + s, d, factor, mean + s, square + s, e - s, o); });
  });
}

}  // namespace weightroom
