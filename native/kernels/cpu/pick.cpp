// Padding, flips, rolls, repeats and nearest neighbours: every dim a list of runs of the input's positions.
#include <algorithm>

#include "kernels/arrange.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/runs.h"

namespace weightroom::cpu {
namespace {

// The inner dim with its runs, `unit` elements each position; the outer dims by position.
struct Plan {
  std::vector<std::vector<int64_t>> outer;  // positions of each output index, -1 to fill
  Dims in_strides;                          // of the outer dims, in elements
  std::vector<Run> runs;
  int64_t rows = 1, n = 0, unit = 1, step = 0;
  int64_t apart = 1;  // rows of the outer dims before the first that is rearranged: nothing crosses them
};

std::vector<Run> whole(const std::vector<Run>& runs, int64_t n) { return runs.empty() ? std::vector<Run>{{0, n, 1}} : runs; }
bool same(const std::vector<Run>& runs, int64_t n) { return runs.empty() || (runs.size() == 1 && runs[0].from == 0 && runs[0].n == n && (runs[0].step == 1 || n == 1)); }

Plan plan(const Dims& in_sizes, const Dims& in_strides, const Dims& out_sizes, const Runs& runs) {
  Plan p;
  size_t last = in_sizes.size() - 1;
  // Trailing dims that stay as they are, and lie together, move as one.
  int64_t unit = 1;
  while (last > 0 && same(runs[last], in_sizes[last]) && (in_strides[last] == unit || in_sizes[last] == 1)) unit *= in_sizes[last--];
  p.unit = unit;
  p.n = out_sizes[last];
  p.step = in_strides[last];
  p.runs = whole(runs[last], in_sizes[last]);
  bool untouched = true;
  for (size_t d = 0; d < last; ++d) {
    std::vector<int64_t> at;
    for (const Run& r : whole(runs[d], in_sizes[d])) for (int64_t i = 0; i < r.n; ++i) at.push_back(r.from < 0 ? -1 : r.from + i * r.step);
    untouched = untouched && same(runs[d], in_sizes[d]);
    if (untouched) p.apart *= out_sizes[d];
    p.rows *= out_sizes[d];
    p.outer.push_back(std::move(at));
    p.in_strides.push_back(in_strides[d]);
  }
  return p;
}

// f(row, offset of the input row in elements, or -1 where it is filled) for rows [b, e).
template <typename F> void each_row(const Plan& p, int64_t b, int64_t e, F&& f) {
  Dims i(p.outer.size(), 0);
  int64_t rest = b;
  for (size_t d = i.size(); d-- > 0;) { i[d] = rest % int64_t(p.outer[d].size()); rest /= int64_t(p.outer[d].size()); }
  for (int64_t row = b; row < e; ++row) {
    int64_t off = 0;
    for (size_t d = 0; d < i.size(); ++d) {
      const int64_t at = p.outer[d][size_t(i[d])];
      if (at < 0) { off = -1; break; }
      off += at * p.in_strides[d];
    }
    f(row, off);
    for (size_t d = i.size(); d-- > 0;) {
      if (++i[d] < int64_t(p.outer[d].size())) break;
      i[d] = 0;
    }
  }
}

template <typename T> void copy_row(const Plan& p, T* o, const T* a, T fill, bool stream) {
  const int64_t u = p.unit, s = p.step;
  for (const Run& r : p.runs) {
    const int64_t n = r.n;
    if (r.from < 0) {
      std::fill_n(o, n * u, fill);
    } else if (u == 1) {
      const T* v = a + r.from * s;
      if (r.step == 0) {
        const T one = *v;
        for (int64_t i = 0; i < n; ++i) o[i] = one;
      } else if (s == 1 && r.step == 1) {
        if (n < 16) for (int64_t i = 0; i < n; ++i) o[i] = v[i];
        else copy_run(reinterpret_cast<char*>(o), reinterpret_cast<const char*>(v), size_t(n) * sizeof(T), stream);
      } else if (s == 1) {
        for (int64_t i = 0; i < n; ++i) o[i] = v[-i];
      } else {
        for (int64_t i = 0; i < n; ++i) o[i] = v[i * s * r.step];
      }
    } else if (r.step == 1 && s == u) {
      copy_run(reinterpret_cast<char*>(o), reinterpret_cast<const char*>(a + r.from * s), size_t(n * u) * sizeof(T), stream);
    } else {
      for (int64_t i = 0; i < n; ++i) copy_run(reinterpret_cast<char*>(o + i * u), reinterpret_cast<const char*>(a + (r.from + i * r.step) * s), size_t(u) * sizeof(T), stream);
    }
    o += n * u;
  }
}

}  // namespace

void pick(const Tensor& out, const Tensor& in, const Runs& runs, Scalar fill) {
  if (out.numel() == 0) return;
  const Plan p = plan(in.sizes(), in.strides(), out.sizes(), runs);
  const bool stream = streams(out);
  // The fill's bits in an element of its type.
  uint64_t bits = 0;
  dispatch_all(out.dtype(), [&]<typename T>() { const T v = fill.to<T>(); std::memcpy(&bits, &v, sizeof(T)); });
  dispatch_width(itemsize(out.dtype()), [&]<typename T>() {
    const T* a = reinterpret_cast<const T*>(in.bytes());
    const int64_t wide = p.n * p.unit;
    // A single row is divided where its runs are long.
    if (p.rows == 1 && wide > kGrain) {
      T* o = reinterpret_cast<T*>(out.bytes());
      for (const Run& r : p.runs) {
        parallel_for(r.n, std::max<int64_t>(1, kGrain / p.unit), [&](int64_t b, int64_t e) {
          Plan part = p;
          part.runs = {{r.from < 0 ? -1 : r.from + b * r.step, e - b, r.step}};
          bool blank = false;
          each_row(p, 0, 1, [&](int64_t, int64_t off) { blank = off < 0; });
          if (blank) std::fill_n(o + b * p.unit, (e - b) * p.unit, T(bits));
          else each_row(p, 0, 1, [&](int64_t, int64_t off) { copy_row(part, o + b * p.unit, a + off, T(bits), stream); });
          flush_runs(stream);
        });
        o += r.n * p.unit;
      }
      return;
    }
    parallel_for(p.rows, std::max<int64_t>(1, kGrain / wide), [&](int64_t b, int64_t e) {
      each_row(p, b, e, [&](int64_t row, int64_t off) {
        T* o = reinterpret_cast<T*>(out.bytes()) + row * wide;
        if (off < 0) std::fill_n(o, wide, T(bits));
        else copy_row(p, o, a + off, T(bits), stream);
      });
      flush_runs(stream);
    });
  });
}

void pick_add(const Tensor& gin, const Tensor& gout, const Runs& runs) {
  if (gin.numel() == 0 || gout.numel() == 0) return;
  const Plan p = plan(gin.sizes(), gin.strides(), gout.sizes(), runs);
  dispatch_all(gin.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const int64_t wide = p.n * p.unit, u = p.unit, per = p.rows / p.apart;
    parallel_for(p.apart, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, per * wide)), [&](int64_t b, int64_t e) {
      each_row(p, b * per, e * per, [&](int64_t row, int64_t off) {
        if (off < 0) return;
        const T* g = gout.data<T>() + row * wide;
        T* to = gin.data<T>() + off;
        for (const Run& r : p.runs) {
          if (r.from >= 0 && r.step == 0 && u == 1) {
            C sum = C(to[r.from * p.step]);
            for (int64_t i = 0; i < r.n; ++i) sum = C(T(sum + C(g[i])));
            to[r.from * p.step] = T(sum);
          } else if (r.from >= 0 && r.step == 1 && p.step == u) {
            T* o = to + r.from * u;
            for (int64_t i = 0; i < r.n * u; ++i) o[i] = T(C(o[i]) + C(g[i]));
          } else if (r.from >= 0) {
            for (int64_t i = 0; i < r.n; ++i) {
              T* o = to + (r.from + i * r.step) * p.step;
              for (int64_t j = 0; j < u; ++j) o[j] = T(C(o[j]) + C(g[i * u + j]));
            }
          }
          g += r.n * u;
        }
      });
    });
  });
}

}  // namespace weightroom::cpu
