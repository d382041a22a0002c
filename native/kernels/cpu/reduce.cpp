#include <cmath>
#include <limits>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/tiles.h"
#include "kernels/cpu/vec.h"

namespace weightroom {
namespace {

// Splits `in` into dims kept in `out` and dims reduced away; strides in elements.
struct Split {
  Dims kept, kept_in, kept_out, red, red_in;
  int64_t kept_n = 1, red_n = 1;
  Split(const Tensor& out, const Tensor& in) {
    for (int64_t d = 0; d < in.dim(); ++d) {
      if (in.size(d) == 1) continue;
      if (out.size(d) == 1) {
        red_n *= in.size(d);
        if (!red.empty() && red_in.back() == in.stride(d) * in.size(d)) { red.back() *= in.size(d); red_in.back() = in.stride(d); }
        else { red.push_back(in.size(d)); red_in.push_back(in.stride(d)); }
      } else {
        kept_n *= in.size(d);
        kept.push_back(in.size(d));
        kept_in.push_back(in.stride(d));
        kept_out.push_back(out.stride(d));
      }
    }
  }
  // f(input offset, output offset) for every kept position in [begin, end).
  template <typename F> void each_kept(int64_t begin, int64_t end, F&& f) const {
    Dims index(kept.size());
    int64_t rest = begin;
    for (size_t d = kept.size(); d-- > 0;) { index[d] = rest % kept[d]; rest /= kept[d]; }
    for (int64_t i = begin; i < end; ++i) {
      int64_t pi = 0, po = 0;
      for (size_t d = 0; d < kept.size(); ++d) { pi += index[d] * kept_in[d]; po += index[d] * kept_out[d]; }
      f(pi, po);
      for (size_t d = kept.size(); d-- > 0;) {
        if (++index[d] < kept[d]) break;
        index[d] = 0;
      }
    }
  }
  // f(n, offset, stride) for every inner run of the reduced dims.
  template <typename F> void each_run(F&& f) const {
    if (red.empty()) return f(int64_t(1), int64_t(0), int64_t(0));
    size_t r = red.size();
    int64_t runs = red_n / red[r - 1];
    Dims index(r, 0);
    for (int64_t i = 0; i < runs; ++i) {
      int64_t off = 0;
      for (size_t d = 0; d + 1 < r; ++d) off += index[d] * red_in[d];
      f(red[r - 1], off, red_in[r - 1]);
      for (size_t d = r - 1; d-- > 0;) {
        if (++index[d] < red[d]) break;
        index[d] = 0;
      }
    }
  }
};

template <typename A> A identity(ReduceOp op) {
  switch (op) {
    case ReduceOp::prod: case ReduceOp::all: return A(1);
    case ReduceOp::max: return std::is_floating_point_v<A> ? -std::numeric_limits<A>::infinity() : std::numeric_limits<A>::lowest();
    case ReduceOp::min: return std::is_floating_point_v<A> ? std::numeric_limits<A>::infinity() : std::numeric_limits<A>::max();
    default: return A(0);
  }
}
// What the loops leave of two parts; norms are sums until they are finished.
template <typename A> A combine(ReduceOp op, A a, A b) {
  switch (op) {
    case ReduceOp::prod: return A(a * b);
    case ReduceOp::max: return b > a || b != b ? b : a;
    case ReduceOp::min: return b < a || b != b ? b : a;
    case ReduceOp::any: return A(a != A(0) || b != A(0));
    case ReduceOp::all: return A(a != A(0) && b != A(0));
    default: return A(a + b);
  }
}

// A: double or int64_t, as the loops accumulate.
template <typename A, typename Store> void fold(ReduceOp op, const Tensor& in, const Split& s, Store store) {
  const DType type = compute_dtype(in.dtype());
  const char* base = in.bytes();
  const int64_t size = int64_t(itemsize(in.dtype()));
  const ReduceLoop row = loops::reduce(op, type), columns = loops::reduce_columns(op, type);
  auto take = [&](TileInput& input, const char* p, int64_t st, int64_t n, ReduceLoop loop, A* acc) {
    input.start(p, st, n);
    for (int64_t i = 0; i < n; i += kTile) loop(std::min(kTile, n - i), input.next(std::min(kTile, n - i)), acc);
  };
  // Everything: in fixed chunks, so that the result does not depend on the number of threads.
  if (s.kept_n == 1 && s.red.size() == 1 && s.red_n > 2 * kGrain) {
    const int64_t chunks = (s.red_n + kGrain - 1) / kGrain;
    std::vector<A> part(size_t(chunks), identity<A>(op));
    parallel_for(chunks, 1, [&](int64_t b, int64_t e) {
      TileInput input(in.dtype());
      for (int64_t c = b; c < e; ++c) take(input, base + c * kGrain * s.red_in[0] * size, s.red_in[0] * size, std::min(kGrain, s.red_n - c * kGrain), row, &part[size_t(c)]);
    });
    A total = identity<A>(op);
    for (A p : part) total = combine(op, total, p);
    return store(0, total);
  }
  // Short or scattered runs beside a long kept dim: many results at a time.
  const int64_t kept = s.kept.empty() ? 1 : s.kept.back(), run = s.red.empty() ? 1 : s.red.back();
  if (kept >= 16 && (run < 16 || s.red_in.back() != 1)) {
    const int64_t blocks = (kept + kTile - 1) / kTile, from = s.kept_in.back(), to = s.kept_out.back();
    Split outer = s;
    outer.kept.back() = blocks;
    outer.kept_in.back() = from * kTile;
    outer.kept_out.back() = to * kTile;
    parallel_for(s.kept_n / kept * blocks, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, s.red_n * std::min(kept, kTile))), [&](int64_t b, int64_t e) {
      TileInput input(in.dtype());
      std::array<A, size_t(kTile)> acc;
      int64_t at = b;
      outer.each_kept(b, e, [&](int64_t pi, int64_t po) {
        const int64_t n = std::min(kTile, kept - at++ % blocks * kTile);
        std::fill_n(acc.begin(), n, identity<A>(op));
        s.each_run([&](int64_t m, int64_t off, int64_t st) {
          for (int64_t i = 0; i < m; ++i) take(input, base + (pi + off + i * st) * size, from * size, n, columns, acc.data());
        });
        for (int64_t i = 0; i < n; ++i) store(po + i * to, acc[size_t(i)]);
      });
    });
    return;
  }
  parallel_for(s.kept_n, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, s.red_n)), [&](int64_t b, int64_t e) {
    TileInput input(in.dtype());
    s.each_kept(b, e, [&](int64_t pi, int64_t po) {
      A acc = identity<A>(op);
      s.each_run([&](int64_t n, int64_t off, int64_t st) { take(input, base + (pi + off) * size, st * size, n, row, &acc); });
      store(po, acc);
    });
  });
}

// Whole rows or everything of a contiguous float32 tensor.
bool fast_float_sum(ReduceOp op, const Tensor& out, const Tensor& in, const Split& s) {
  bool squares = op == ReduceOp::norm2;
  if (in.dtype() != DType::float32 || s.red_n == 0 || s.kept_n == 0) return false;
  double scale = op == ReduceOp::mean ? 1.0 / double(s.red_n) : 1.0;
  if (s.red.size() == 1 && s.red_in[0] == 1) {
    float* o = out.data<float>();
    const float* a = in.data<float>();
    auto row = [&](const float* p, int64_t n) { return squares ? vec::sum_squares(p, n) : vec::sum(p, n); };
    auto done = [&](double v) { return float(squares ? std::sqrt(v) : op == ReduceOp::mean ? v / double(s.red_n) : v); };
    if (s.kept_n == 1 && s.red_n > 2 * kGrain) {
      // Fixed chunks: the result does not depend on the number of threads.
      int64_t chunks = (s.red_n + kGrain - 1) / kGrain;
      std::vector<float> part(size_t(chunks), 0.f);
      parallel_for(chunks, 1, [&](int64_t b, int64_t e) {
        for (int64_t c = b; c < e; ++c) part[size_t(c)] = row(a + c * kGrain, std::min(kGrain, s.red_n - c * kGrain));
      });
      double total = 0;
      for (float p : part) total += double(p);
      *o = done(total);
      return true;
    }
    parallel_for(s.kept_n, std::max<int64_t>(1, kGrain / s.red_n), [&](int64_t b, int64_t e) {
      s.each_kept(b, e, [&](int64_t pi, int64_t po) { o[po] = done(double(row(a + pi, s.red_n))); });
    });
    return true;
  }
  // Columns of a matrix: add row by row.
  if (!squares && s.red.size() == 1 && s.kept.size() == 1 && s.kept_in[0] == 1 && s.kept_out[0] == 1) {
    float* o = out.data<float>();
    const float* a = in.data<float>();
    parallel_for(s.kept_n, std::max<int64_t>(64, kGrain / s.red_n), [&](int64_t b, int64_t e) {
      std::fill(o + b, o + e, 0.f);
      std::vector<double> total;
      constexpr int64_t kBlock = 512;  // float sums of at most this many rows, then double
      bool blocked = s.red_n > kBlock;
      if (blocked) total.assign(size_t(e - b), 0.0);
      for (int64_t r0 = 0; r0 < s.red_n; r0 += kBlock) {
        int64_t r1 = std::min(s.red_n, r0 + kBlock);
        for (int64_t r = r0; r < r1; ++r) vec::binary(BinaryOp::add, o + b, o + b, a + r * s.red_in[0] + b, e - b, 1, 1, 1.f);
        if (blocked) for (int64_t i = b; i < e; ++i) { total[size_t(i - b)] += double(o[i]); o[i] = 0; }
      }
      for (int64_t i = b; i < e; ++i) o[i] = float((blocked ? total[size_t(i - b)] : double(o[i])) * scale);
    });
    return true;
  }
  return false;
}

}  // namespace

void CpuBackend::reduce(ReduceOp op, const Tensor& out, const Tensor& in) {
  Split s(out, in);
  for (int64_t n : in.sizes()) if (n == 0) { s.red_n = 0; break; }
  if (out.numel() == 0) return;
  if (s.red_n == 0) {
    // Empty input: every output is the identity.
    Split o(out, out);
    double v = op == ReduceOp::prod || op == ReduceOp::all ? 1 : op == ReduceOp::mean ? std::numeric_limits<double>::quiet_NaN() : 0;
    fill(out, is_floating(out.dtype()) ? Scalar(v) : Scalar(int64_t(v)));
    return;
  }
  if ((op == ReduceOp::sum || op == ReduceOp::mean || op == ReduceOp::norm2) && fast_float_sum(op, out, in, s)) return;
  dispatch_all(out.dtype(), [&]<typename O>() {
    O* o = out.data<O>();
    auto run = [&]<typename A>(A) {
      fold<A>(op, in, s, [&](int64_t at, A a) {
        if constexpr (std::is_same_v<O, bool>) o[at] = a != A(0);
        else if (op == ReduceOp::mean) o[at] = O(compute_t<O>(double(a) / double(s.red_n)));
        else if (op == ReduceOp::norm2) o[at] = O(compute_t<O>(std::sqrt(double(a))));
        else o[at] = O(compute_t<O>(a));
      });
    };
    if (is_floating(in.dtype())) run(double());
    else run(int64_t());
  });
}

void CpuBackend::arg_reduce(bool want_max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim) {
  int64_t n = in.dim() ? in.size(dim) : 1, st = in.dim() ? in.stride(dim) : 0;
  // values and indices are contiguous with `dim` kept as 1: walk `in` with that dim fixed at 0.
  Dims sizes = in.sizes(), strides = in.strides();
  if (in.dim()) sizes[size_t(dim)] = 1;
  Tensor first = make_view(in.impl()->storage, sizes, strides, in.offset(), in.dtype());
  dispatch_all(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    Walk<3>({&values, &indices, &first}).run([&](int64_t m, std::array<char*, 3> p, std::array<int64_t, 3> s) {
      for (int64_t i = 0; i < m; ++i) {
        const T* a = reinterpret_cast<const T*>(p[2]);
        C best = C(a[0]);
        int64_t where = 0;
        for (int64_t j = 1; j < n && best == best; ++j) {
          C x = C(a[j * st]);
          if (x != x || (want_max ? x > best : x < best)) { best = x; where = j; }
        }
        *reinterpret_cast<T*>(p[0]) = T(best);
        *reinterpret_cast<int64_t*>(p[1]) = where;
        for (size_t k = 0; k < 3; ++k) p[k] += s[k];
      }
    });
  });
}

}  // namespace weightroom
