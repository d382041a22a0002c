// Order: sort, top k, places of what is not zero, unique values, search.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {
// (x at place ix) comes before (y at iy): NaN is the largest, equals keep their order.
std::string before(Compute c, bool descending) {
  std::string type = type_of(c), x = descending ? "y" : "x", y = descending ? "x" : "y";
  std::string less = c == Compute::f32 ? "((is_nan(" + y + ") && !is_nan(" + x + ")) || " + x + " < " + y + ")" : c == Compute::i64 ? "lt64(" + x + ", " + y + ")" : "(" + x + " < " + y + ")";
  std::string same = c == Compute::f32 ? "((is_nan(x) && is_nan(y)) || x == y)" : c == Compute::i64 ? "all(x == y)" : "(x == y)";
  return "fn before(x: " + type + ", ix: i32, y: " + type + ", iy: i32) -> bool { return " + less + " || (" + same + " && ix < iy); }\n";
}
}  // namespace

// Batcher's odd-even merge sort: a fixed sequence of exchanges for any n, all rows at once.
void WebgpuBackend::sort(const Tensor& values, const Tensor& indices, const Tensor& a, bool descending) {
  int64_t n = a.dim() ? a.size(-1) : 1, rows = n ? a.numel() / n : 0;
  copy(values, a);
  map(*queue_, {"sort", "places", {out("x", seen(indices, {rows, n}, {n, 1}), Compute::i32)}, words({n}), [] { return "store_x(i_x, i32(i % word(0)));"; }, "", {}}, {rows, n});
  Compute c = domain_of(a.dtype());
  for (int64_t p = 1; p < n; p *= 2)
    for (int64_t k = p; k >= 1; k /= 2)
      launch(*queue_, {"sort", descending ? "down" : "up", {out("v", values), out("x", indices, Compute::i32)}, words({n, p, k, rows}), [&] {
        return std::string("let job = group * 64u + lane;\nif (job >= word(0) * word(3)) { return; }\nlet i = job % word(0); let row = job - i; let j = i + word(2);\n"
               "let first = word(2) % word(1);\nif (j >= word(0) || i < first || ((i - first) / word(2)) % 2u == 1u || i / (2u * word(1)) != j / (2u * word(1))) { return; }\n"
               "let x = load_v(row + i); let y = load_v(row + j); let ix = load_x(row + i); let iy = load_x(row + j);\n"
               "if (before(y, iy, x, ix)) { store_v(row + i, y); store_v(row + j, x); store_x(row + i, iy); store_x(row + j, ix); }");
      }, before(c, descending), {}}, uint64_t(rows * n + 63) / 64, 64);
}

void WebgpuBackend::topk(const Tensor& values, const Tensor& indices, const Tensor& a, bool largest, bool) {
  int64_t n = a.dim() ? a.size(-1) : 1, k = values.dim() ? values.size(-1) : 1, rows = n ? a.numel() / n : 0;
  Tensor v = empty({rows, n}, a.dtype()), x = empty({rows, n}, DType::int64);
  sort(v, x, seen(a, {rows, n}, {n, 1}), largest);
  copy(seen(values, {rows, k}, {k, 1}), seen(v, {rows, k}, {n, 1}));
  copy(seen(indices, {rows, k}, {k, 1}), seen(x, {rows, k}, {n, 1}));
}

void WebgpuBackend::longest_run(const Tensor& places, const Tensor& a) {
  int64_t n = a.dim() ? a.size(-1) : 1, rows = places.numel();
  std::string same = domain_of(a.dtype()) == Compute::i64 ? "all(e == before)" : "e == before";
  map(*queue_, {"mode", "", {out("x", seen(places, {rows}, {1}), Compute::i32), in("a", seen(a, {rows}, {n}))}, words({n}), [&] {
    return "var most = 0u; var best = 0u; var start = 0u; var before = load_a(i_a);\n"
           "for (var j = 0u; j < word(0); j++) { let e = load_a(i_a + j); if (j > 0u && !(" + same + ")) { start = j; } before = e; if (j - start + 1u > most) { most = j - start + 1u; best = j; } }\nstore_x(i_x, i32(best));";
  }, "", {}}, {rows});
}

// The last of running counts: how many there are. Waits.
int64_t WebgpuBackend::last_of(const Tensor& counts) {
  Tensor one = empty({1}, DType::int64);
  int64_t n = counts.numel(), value = 0;
  copy(one, make_view(counts.impl()->storage, {1}, {1}, n - 1, counts.dtype()));
  read(&value, one);
  return value;
}

Tensor WebgpuBackend::nonzero(const Tensor& a) {
  int64_t n = a.numel(), rank = a.dim();
  if (n == 0) return empty({0, rank}, DType::int64);
  Tensor flags = empty(a.sizes(), DType::boolean), counts = empty({n}, DType::int32);
  copy(flags, a);
  Tensor line = seen(flags, {n}, {1}), ones = empty({n}, DType::int32);
  copy(ones, line);
  scan(ScanOp::cumsum, counts, ones, 0);
  int64_t m = last_of(counts);
  Tensor o = empty({m, rank}, DType::int64);
  if (m == 0 || rank == 0) return o;
  std::vector<uint32_t> p = words({rank});
  for (int64_t s : a.sizes()) p.push_back(uint32_t(s));
  map(*queue_, {"nonzero", "", {out("o", seen(o, {n}, {0}), Compute::i32), in("f", line), in("c", counts)}, p, [] {
    return "if (load_f(i_f) == 0) { return; }\nlet to = u32(load_c(i_c) - 1) * word(0); var rest_ = i;\nfor (var d = word(0); d > 0u; d--) { let s = word(d); store_o(to + d - 1u, i32(rest_ % s)); rest_ = rest_ / s; }";
  }, "", {}}, {n});
  return o;
}

std::array<Tensor, 3> WebgpuBackend::unique(const Tensor& a, bool sorted) {
  int64_t n = a.numel();
  Tensor inverse = empty({n}, DType::int64);
  if (n == 0) return {empty({0}, a.dtype()), inverse, empty({0}, DType::int64)};
  Tensor v = seen(a, {n}, {1}), x;
  if (sorted) {
    v = empty({n}, a.dtype());
    x = empty({n}, DType::int64);
    sort(v, x, a, false);
  }
  Tensor starts = empty({n}, DType::int32), numbers = empty({n}, DType::int32);
  const char* same = domain_of(a.dtype()) == Compute::i64 ? "all(load_v(i) == load_v(i - 1u))" : "load_v(i) == load_v(i - 1u)";
  map(*queue_, {"unique", "starts", {out("o", starts), in("v", v)}, {}, [&] { return std::string("var fresh = 1;\nif (i > 0u) { fresh = i32(!(") + same + ")); }\nstore_o(i_o, fresh);"; }, "", {}}, {n});
  scan(ScanOp::cumsum, numbers, starts, 0);
  int64_t m = last_of(numbers);
  Tensor values = empty({m}, a.dtype()), counts = empty({m}, DType::int64);
  fill(counts, Scalar(0));
  Kernel k{"unique", sorted ? "sorted" : "runs", {out("o", seen(values, {n}, {0})), out("r", seen(inverse, {n}, {0}), Compute::i32), update("c", seen(counts, {n}, {0})), in("v", v), in("k", numbers), in("s", starts)}, {}, {}, "", {}};
  if (sorted) k.operands.push_back(in("x", x, Compute::i32));
  k.body = [&] {
    return std::string("let at = u32(load_k(i_k) - 1);\nif (load_s(i_s) == 1) { store_o(at, load_v(i_v)); }\nupdate_c(at, vec2<u32>(1u, 0u));\nstore_r(") + (sorted ? "u32(load_x(i_x))" : "i") + ", i32(at));";
  };
  map(*queue_, std::move(k), {n});
  return {values, inverse, counts};
}

void WebgpuBackend::searchsorted(const Tensor& o, const Tensor& sorted, const Tensor& values, bool right) {
  int64_t n = sorted.size(-1), per_row = values.dim() && sorted.dim() > 1 ? values.size(-1) : values.numel();
  Compute c = domain_of(sorted.dtype());
  std::string on = c == Compute::i64 ? (right ? "!lt64(v, x)" : "lt64(x, v)") : right ? "!(x > v)" : "!(x >= v)";
  map(*queue_, {"searchsorted", right ? "right" : "left", {out("o", o, Compute::i32), in("v", values), in("s", seen(sorted, o.sizes(), Dims(size_t(o.dim()), 0)))}, words({n, std::max<int64_t>(per_row, 1), sorted.dim() > 1}), [&] {
    return "let v = load_v(i_v); let row = select(0u, i / word(1), word(2) == 1u) * word(0);\nvar low = 0u; var high = word(0);\n"
           "while (low < high) { let mid = low + (high - low) / 2u; let x = load_s(row + mid); if (" + on + ") { low = mid + 1u; } else { high = mid; } }\nstore_o(i_o, i32(low));";
  }, "", {}}, o.sizes());
}

}  // namespace weightroom
