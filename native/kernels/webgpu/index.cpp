// Picking by index, and its transposes. An index outside its dimension is reported by the next read.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

Site index_site(const char* op, int64_t dim, int64_t n) { return {ErrorKind::runtime, op, "index ", concat(" is out of bounds for dimension ", dim, " with size ", n)}; }
Site row_site(const char* op) { return {ErrorKind::index, op, "index out of range in self", ""}; }

// index[i] for every column of a matrix of rows.
Tensor by_row(const Tensor& index, int64_t width) { return seen(index, {index.numel(), width}, {1, 0}); }

const char* const kPick = "let j = load_x(i_x);\nif (!inside(j, word(0))) { complain(j); return; }\nstore_o(i_o, load_a(i_a + j.x * word(1)));";
const char* const kPut = "let j = load_x(i_x);\nif (!inside(j, word(0))) { complain(j); return; }\n";

Tensor still(const Tensor& t, int64_t dim, const Dims& shape) {
  Dims strides = t.strides();
  if (t.dim()) strides[size_t(dim)] = 0;
  return seen(t, shape, strides);
}
int64_t size_at(const Tensor& t, int64_t dim) { return t.dim() ? t.size(dim) : 1; }
int64_t stride_at(const Tensor& t, int64_t dim) { return t.dim() ? t.stride(dim) : 0; }

}  // namespace

void WebgpuBackend::gather(const Tensor& o, const Tensor& a, int64_t dim, const Tensor& index) {
  int64_t n = size_at(a, dim);
  map(*queue_, {"gather", "", {out("o", o), in("x", index), in("a", still(a, dim, o.sizes()))}, words({n, stride_at(a, dim)}), [] { return kPick; }, "", index_site("gather", dim, n)}, o.sizes());
}

void WebgpuBackend::index_rows(const Tensor& o, const Tensor& a, const Tensor& index) {
  int64_t width = index.numel() ? o.numel() / index.numel() : 0;
  Dims shape{index.numel(), width};
  map(*queue_, {"index_select", "", {out("o", seen(o, shape, {width, 1})), in("x", by_row(index, width)), in("a", seen(a, shape, {0, 1}))}, words({a.size(0), width}), [] { return kPick; }, "", row_site("index_select")}, shape);
}

// out[.., index, ..] = or combine= src; several sources may meet in one place.
void WebgpuBackend::scatter_with(const char* name, const Tensor& base, int64_t n, int64_t step, const Tensor& index, const Tensor& src, const char* combine, const std::string& before) {
  Compute c = domain_of(base.dtype());
  Site site = before == "row" ? row_site(name) : Site{ErrorKind::runtime, name, "index ", before};
  std::string type = type_of(c), f = combine ? combine : "";
  map(*queue_, {name, f, {combine ? update("o", base) : out("o", base), in("x", index), in("s", src)}, words({n, step}), [&] {
    return std::string(kPut) + (combine ? "update_o(i_o + j.x * word(1), load_s(i_s));" : "store_o(i_o + j.x * word(1), load_s(i_s));");
  }, combine ? "fn combine_o(x: " + type + ", y: " + type + ") -> " + type + " { return " + f + "; }\n" : "", site}, index.sizes());
}

void WebgpuBackend::scatter(const Tensor& o, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate) {
  int64_t n = size_at(o, dim);
  const char* add = domain_of(o.dtype()) == Compute::i64 ? "add64(x, y)" : "x + y";
  scatter_with("scatter", still(o, dim, index.sizes()), n, stride_at(o, dim), index, seen(src, index.sizes(), src.strides()), accumulate ? add : nullptr, index_site("", dim, n).after);
}

void WebgpuBackend::scatter_reduce(ReduceOp op, const Tensor& o, int64_t dim, const Tensor& index, const Tensor& src) {
  Compute c = domain_of(o.dtype());
  // Two words cannot be exchanged at once.
  if (c == Compute::i64) missing("scatter_reduce", o);
  int64_t n = size_at(o, dim);
  bool f = c == Compute::f32;
  const char* combine = op == ReduceOp::prod ? "x * y" : op == ReduceOp::max ? (f ? "max_(x, y)" : "max(x, y)") : f ? "min_(x, y)" : "min(x, y)";
  scatter_with("scatter_reduce", still(o, dim, index.sizes()), n, stride_at(o, dim), index, seen(src, index.sizes(), src.strides()), combine, index_site("", dim, n).after);
}

void WebgpuBackend::index_rows_add(const Tensor& o, const Tensor& g, const Tensor& index) {
  int64_t width = o.size(0) ? o.numel() / o.size(0) : 0;
  Dims shape{index.numel(), width};
  scatter_with("index_add", seen(o, shape, {0, 1}), o.size(0), width, by_row(index, width), seen(g, shape, {width, 1}), domain_of(o.dtype()) == Compute::i64 ? "add64(x, y)" : "x + y", "row");
}

void WebgpuBackend::bincount(const Tensor& o, const Tensor& a, const Tensor& weights) {
  if (weights) missing("bincount with weights", weights);
  fill(o, Scalar(0));
  map(*queue_, {"bincount", "", {update("o", seen(o, a.sizes(), Dims(size_t(a.dim()), 0))), in("a", a)}, {}, [] { return "update_o(load_a(i_a).x, vec2<u32>(1u, 0u));"; }, "", {}}, a.sizes());
}

void WebgpuBackend::histc(const Tensor& o, const Tensor& a, double low, double high) {
  fill(o, Scalar(0));
  map(*queue_, {"histc", "", {update("o", seen(o, a.sizes(), Dims(size_t(a.dim()), 0))), in("a", a)}, {word(low), word(high), uint32_t(o.numel())}, [] {
    return "let x = load_a(i_a);\nif (!(x >= number(0) && x <= number(1))) { return; }\nupdate_o(min(u32((x - number(0)) / (number(1) - number(0)) * f32(word(2))), word(2) - 1u), 1.0);";
  }, "fn combine_o(x: f32, y: f32) -> f32 { return x + y; }\n", {}}, a.sizes());
}

}  // namespace weightroom
