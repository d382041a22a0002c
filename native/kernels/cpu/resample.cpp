#include "kernels/resample.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/runs.h"

namespace weightroom::cpu {
namespace {

// A dim and what lies around it: in [outer, from, inner], out [outer, to, inner].
struct Along {
  Along(const Tensor& in, const Tensor& out, int64_t dim) : from(in.size(dim)), to(out.size(dim)) {
    for (int64_t d = 0; d < in.dim(); ++d) (d < dim ? outer : inner) *= d == dim ? 1 : in.size(d);
  }
  int64_t outer = 1, from, to, inner = 1;
};

template <typename C> std::vector<C> as(const Tensor& weights) {
  const double* w = weights.data<double>();
  return std::vector<C>(w, w + weights.numel());
}

// Rows of a: o[i] = the weighted sum, taps one after the other.
template <typename T, typename C> void weighted(T* o, const T* a, const int64_t* at, const C* w, int64_t taps, int64_t n) {
  if (taps == 2) {
    const T *a0 = a + at[0] * n, *a1 = a + at[1] * n;
    const C w0 = w[0], w1 = w[1];
    for (int64_t i = 0; i < n; ++i) o[i] = T(C(a0[i]) * w0 + C(a1[i]) * w1);
  } else if (taps == 4) {
    const T *a0 = a + at[0] * n, *a1 = a + at[1] * n, *a2 = a + at[2] * n, *a3 = a + at[3] * n;
    const C w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
    for (int64_t i = 0; i < n; ++i) o[i] = T(C(a0[i]) * w0 + C(a1[i]) * w1 + C(a2[i]) * w2 + C(a3[i]) * w3);
  } else {
    for (int64_t i = 0; i < n; ++i) {
      C sum = C(a[at[0] * n + i]) * w[0];
      for (int64_t k = 1; k < taps; ++k) sum += C(a[at[k] * n + i]) * w[k];
      o[i] = T(sum);
    }
  }
}

// f(first, end) of the outputs along a row whose input lies inside.
std::pair<int64_t, int64_t> inside(int64_t start, int64_t stride, int64_t size, int64_t count) {
  const int64_t first = start >= 0 ? 0 : (-start + stride - 1) / stride, end = start >= size ? 0 : (size - 1 - start) / stride + 1;
  return {std::min(first, count), std::clamp(end, std::min(first, count), count)};
}

}  // namespace

void resize(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& at, const Tensor& weights) {
  const Along s(in, out, dim);
  const int64_t taps = at.size(1), *p = at.data<int64_t>();
  if (taps == 1)
    return dispatch_width(itemsize(in.dtype()), [&]<typename T>() {
      parallel_for(s.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, s.to * s.inner)), [&](int64_t b, int64_t e) {
        for (int64_t r = b; r < e; ++r) {
          const T* a = reinterpret_cast<const T*>(in.bytes()) + r * s.from * s.inner;
          T* o = reinterpret_cast<T*>(out.bytes()) + r * s.to * s.inner;
          if (s.inner == 1) for (int64_t i = 0; i < s.to; ++i) o[i] = a[p[i]];
          else for (int64_t i = 0; i < s.to; ++i) std::copy_n(a + p[i] * s.inner, s.inner, o + i * s.inner);
        }
      });
    });
  dispatch_floating(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const std::vector<C> w = as<C>(weights);
    parallel_for(s.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, s.to * s.inner)), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; ++r) {
        const T* a = in.data<T>() + r * s.from * s.inner;
        T* o = out.data<T>() + r * s.to * s.inner;
        if (s.inner > 1) for (int64_t i = 0; i < s.to; ++i) weighted(o + i * s.inner, a, p + i * taps, w.data() + i * taps, taps, s.inner);
        else if (taps == 2) for (int64_t i = 0; i < s.to; ++i) o[i] = T(C(a[p[2 * i]]) * w[size_t(2 * i)] + C(a[p[2 * i + 1]]) * w[size_t(2 * i + 1)]);
        else for (int64_t i = 0; i < s.to; ++i) weighted(o + i, a, p + i * taps, w.data() + i * taps, taps, 1);
      }
    });
  });
}

void resize_add(const Tensor& gin, const Tensor& gout, int64_t dim, const Tensor& at, const Tensor& weights) {
  const Along s(gin, gout, dim);
  const int64_t taps = at.size(1), *p = at.data<int64_t>();
  dispatch_floating(gin.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const std::vector<C> w = as<C>(weights);
    parallel_for(s.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, s.to * s.inner)), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; ++r) {
        T* a = gin.data<T>() + r * s.from * s.inner;
        const T* g = gout.data<T>() + r * s.to * s.inner;
        if (s.inner == 1 && taps == 2) {
          for (int64_t i = 0; i < s.to; ++i) {
            const C gi = C(g[i]);
            T &o0 = a[p[2 * i]], &o1 = a[p[2 * i + 1]];
            o0 = T(C(o0) + w[size_t(2 * i)] * gi);
            o1 = T(C(o1) + w[size_t(2 * i + 1)] * gi);
          }
          continue;
        }
        for (int64_t i = 0; i < s.to; ++i, g += s.inner)
          for (int64_t k = 0; k < taps; ++k) {
            T* o = a + p[i * taps + k] * s.inner;
            const C wk = taps == 1 ? C(1) : w[size_t(i * taps + k)];
            for (int64_t j = 0; j < s.inner; ++j) o[j] = T(C(o[j]) + wk * C(g[j]));
          }
      }
    });
  });
}

void im2col(const Tensor& out, const Tensor& x, const Windows& w) {
  const int64_t taps = w.kernel[0] * w.kernel[1], area = w.size[0] * w.size[1], wide = w.count[1], length = w.count[0] * wide;
  dispatch_width(itemsize(x.dtype()), [&]<typename T>() {
    parallel_for(x.size(0) * x.size(1) * taps, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, length)), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; ++r) {
        const T* a = reinterpret_cast<const T*>(x.bytes()) + r / taps * area;
        T* o = reinterpret_cast<T*>(out.bytes()) + r * length;
        const int64_t y0 = r % taps / w.kernel[1] * w.dilation[0] - w.padding[0], x0 = r % w.kernel[1] * w.dilation[1] - w.padding[1], step = w.stride[1];
        const auto [first, end] = inside(x0, step, w.size[1], wide);
        for (int64_t i = 0; i < w.count[0]; ++i, o += wide) {
          const int64_t y = y0 + i * w.stride[0];
          if (y < 0 || y >= w.size[0]) {
            std::fill_n(o, wide, T(0));
            continue;
          }
          std::fill_n(o, first, T(0));
          const T* row = a + y * w.size[1] + x0;
          if (step == 1) for (int64_t j = first; j < end; ++j) o[j] = row[j];
          else for (int64_t j = first; j < end; ++j) o[j] = row[j * step];
          std::fill_n(o + end, wide - end, T(0));
        }
      }
    });
  });
}

void col2im(const Tensor& image, const Tensor& columns, const Windows& w) {
  const int64_t taps = w.kernel[0] * w.kernel[1], area = w.size[0] * w.size[1], wide = w.count[1], length = w.count[0] * wide;
  dispatch_all(image.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    parallel_for(image.size(0) * image.size(1), std::max<int64_t>(1, kGrain / std::max<int64_t>(1, length * taps)), [&](int64_t b, int64_t e) {
      for (int64_t r = b * taps; r < e * taps; ++r) {
        T* a = image.data<T>() + r / taps * area;
        const T* g = columns.data<T>() + r * length;
        const int64_t y0 = r % taps / w.kernel[1] * w.dilation[0] - w.padding[0], x0 = r % w.kernel[1] * w.dilation[1] - w.padding[1], step = w.stride[1];
        const auto [first, end] = inside(x0, step, w.size[1], wide);
        for (int64_t i = 0; i < w.count[0]; ++i, g += wide) {
          const int64_t y = y0 + i * w.stride[0];
          if (y < 0 || y >= w.size[0]) continue;
          T* row = a + y * w.size[1] + x0;
          if (step == 1) for (int64_t j = first; j < end; ++j) row[j] = T(C(row[j]) + C(g[j]));
          else for (int64_t j = first; j < end; ++j) row[j * step] = T(C(row[j * step]) + C(g[j]));
        }
      }
    });
  });
}

}  // namespace weightroom::cpu
