// Pooling over one to three spatial dims: spread to three for the kernels.
#include <algorithm>
#include <optional>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

// Inputs as [N, C, d, h, w], whatever their number of spatial dims and whether batched.
Tensor spread(const Tensor& x, int64_t spatial) {
  Dims s{x.dim() == spatial + 2 ? x.size(0) : 1, x.dim() == spatial + 2 ? x.size(1) : x.size(0), 1, 1, 1};
  for (int64_t d = 0; d < spatial; ++d) s[size_t(5 - spatial + d)] = x.size(x.dim() - spatial + d);
  return reshape(x, s);
}

int64_t extent(int64_t in, int64_t k, int64_t stride, int64_t pad, int64_t dilation, bool ceil) {
  int64_t span = in + 2 * pad - dilation * (k - 1) - 1;
  int64_t whole = ceil ? span + stride - 1 : span;
  // Rounded down, also below zero.
  int64_t out = (whole >= 0 ? whole / stride : (whole - stride + 1) / stride) + 1;
  // The last window starts inside the input or its left padding.
  return ceil && (out - 1) * stride >= in + pad ? out - 1 : out;
}

// kT: 1 kH: 2 kW: 3
std::string each(const char* name, const Dims& d) {
  std::string s;
  for (size_t i = 0; i < d.size(); ++i) s += (i ? " " : "") + std::string(name) + "THW"[3 - d.size() + i] + ": " + std::to_string(d[i]);
  return s;
}
bool positive(const Dims& d) { return std::all_of(d.begin(), d.end(), [](int64_t v) { return v > 0; }); }

// What max_pool1d checks, in its own words.
void check_max_pool1d(const Tensor& x, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation, bool ceil) {
  auto above = [](const char* name, int64_t v) { check(v > 0, "max_pool1d() ", name, " must be greater than zero, but got ", v); };
  above("kernel_size", kernel);
  above("stride", stride);
  check(padding >= 0, "max_pool1d() padding must be non-negative, but got ", padding);
  check(padding <= kernel / 2, "max_pool1d() padding should be at most half of kernel size, but got padding=", padding, " and kernel_size=", kernel);
  above("dilation", dilation);
  int64_t n = extent(x.size(-1), kernel, stride, padding, dilation, ceil);
  check(n > 0, "max_pool1d() Invalid computed output size: ", n);
}

// The number of dims, and that none but the batch is empty.
void check_dims(bool average, int64_t spatial, const Tensor& x) {
  bool right = x.dim() == spatial + 1 || x.dim() == spatial + 2;
  if (average && spatial == 1) check(right, "Expected 2 to 3 dimensions, but got ", x.dim(), "-dimensional tensor for argument #1 'self' (while checking arguments for avg_pool1d)");
  if (average && spatial == 2 && x.dim() < 3) fail_index("Dimension out of range (expected to be in range of [", -std::max<int64_t>(1, x.dim()), ", ", std::max<int64_t>(1, x.dim()) - 1, "], but got -3)");
  if (spatial == 3 || (!average && spatial == 2)) check(right, "non-empty ", spatial + 1, "D or ", spatial + 2, "D (batch mode) tensor expected for input");
  bool full = right;
  for (int64_t d = 1; right && d <= spatial + 1; ++d) full = full && x.size(-d) > 0 && (d <= spatial || x.dim() == spatial + 2 || x.size(0) > 0);
  if (full) return;
  Dims s = x.sizes();
  if (average && spatial == 1) s.insert(s.end() - 1, 1);
  int64_t shown = average ? std::max<int64_t>(2, spatial) : spatial;
  fail(spatial == 1 && !average ? "max_pool1d: " : "", "Expected ", shown + 1, "D or ", shown + 2, "D (batch mode) tensor with optional 0 dim batch size for input, but got:", shape_str(s));
}

PoolOptions options(bool average, const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, const Dims& dilation, bool ceil, Dims& out) {
  int64_t spatial = int64_t(kernel.size());
  check_dims(average, spatial, x);
  if (!average && spatial == 1) check_max_pool1d(x, kernel[0], stride[0], padding[0], dilation[0], ceil);
  for (int64_t v : stride) check(v != 0, "stride should not be zero");
  PoolOptions o{{1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
  out = Dims(x.sizes().begin(), x.sizes().end() - spatial);
  for (size_t d = 0; d < kernel.size(); ++d) {
    size_t at = 3 - kernel.size() + d;
    o.kernel[at] = kernel[d]; o.stride[at] = stride[d]; o.padding[at] = padding[d]; o.dilation[at] = dilation[d];
    check(padding[d] >= 0, "pad must be non-negative, but got pad: ", padding[d]);
    check(padding[d] <= ((kernel[d] - 1) * dilation[d] + 1) / 2, "pad should be at most half of effective kernel size, but got pad=", padding[d], ", kernel_size=", kernel[d], " and dilation=", dilation[d]);
  }
  if (!positive(kernel)) fail("kernel size should be greater than zero, but got ", each("k", kernel));
  if (!positive(stride)) fail("stride should be greater than zero, but got ", each("d", stride));
  if (!positive(dilation)) fail("dilation should be greater than zero, but got ", each("dilation", dilation));
  Dims from(x.sizes().end() - spatial, x.sizes().end()), to;
  for (size_t d = 0; d < kernel.size(); ++d) to.push_back(extent(from[d], kernel[d], stride[d], padding[d], dilation[d], ceil));
  if (!positive(to)) {
    if (average && spatial == 3) fail("input image (", each("", from), ") smaller than kernel size (", each("k", kernel), ")");
    std::string lead = std::to_string(x.size(x.dim() - spatial - 1)) + (spatial == 1 ? "x1" : "");
    auto joined = [&](const Dims& d) { std::string s = lead; for (int64_t v : d) s += "x" + std::to_string(v); return s; };
    fail("Given input size: (", joined(from), "). Calculated output size: (", joined(to), "). Output size is too small");
  }
  out.insert(out.end(), to.begin(), to.end());
  return o;
}

Dims spread_size(const Tensor& x5, const Dims& out, size_t spatial) {
  Dims s{x5.size(0), x5.size(1), 1, 1, 1};
  for (size_t d = 0; d < spatial; ++d) s[5 - spatial + d] = out[out.size() - spatial + d];
  return s;
}

Tensor avg5(const Tensor& x0, const Dims& size, const PoolOptions& o);
Tensor avg5_backward(const Tensor& g0, const Dims& size, const PoolOptions& o) {
  Tensor g = contiguous(g0), out = empty(size, g.dtype(), g.device());
  backend(g).avg_pool_backward(out, g, o);
  if (any_requires_grad({g})) record(out, "AvgPool2DBackwardBackward0", {g}, {}, [o, from = g.sizes()](Context&, const TensorList& gg) { return TensorList{avg5(gg[0], from, o)}; });
  return out;
}
Tensor avg5(const Tensor& x0, const Dims& size, const PoolOptions& o) {
  Tensor x = contiguous(x0), out = empty(size, x.dtype(), x.device());
  backend(x).avg_pool(out, x, o);
  if (any_requires_grad({x})) record(out, "AvgPool2DBackward0", {x}, {}, [o, from = x.sizes()](Context&, const TensorList& g) { return TensorList{avg5_backward(g[0], from, o)}; });
  return out;
}

}  // namespace

std::pair<Tensor, Tensor> max_pool(const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, const Dims& dilation, bool ceil) {
  if (x.dtype() == DType::boolean) fail_not_implemented("\"max_pool2d\" not implemented for 'Bool'");
  Dims size;
  PoolOptions o = options(false, x, kernel, stride, padding, dilation, ceil, size);
  Tensor x5 = contiguous(spread(x, int64_t(kernel.size())));
  Dims s5 = spread_size(x5, size, kernel.size());
  Tensor out = empty(s5, x.dtype(), x.device()), indices = empty(s5, DType::int64, x.device());
  backend(x5).max_pool(out, indices, x5, o);
  if (any_requires_grad({x5}))
    record(out, "MaxPool2DWithIndicesBackward0", {x5}, {SavedTensor(indices)}, [from = x5.sizes()](Context& c, const TensorList& g) {
      Tensor ix = c.saved(0);
      Dims flat{from[0], from[1], from[2] * from[3] * from[4]}, few{from[0], from[1], ix.numel() / std::max<int64_t>(1, from[0] * from[1])};
      Tensor rows = reshape(ix, few), gradient = reshape(g[0], few), into = zeros(flat, g[0].dtype(), g[0].device());
      if (any_requires_grad({gradient})) into = scatter(into, 2, rows, gradient, true);
      else if (rows.numel()) backend(into).scatter(into, 2, rows, gradient, true);
      return TensorList{reshape(into, from)};
    });
  return {reshape(out, size), reshape(indices, size)};
}

Tensor avg_pool(const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, bool ceil, bool count_padding, std::optional<int64_t> divisor) {
  check(divisor != 0, "divisor must be not zero");
  if (!is_floating(x.dtype()) && x.dtype() != DType::int64) fail_not_implemented("\"avg_pool2d\" not implemented for '", scalar_type_name(x.dtype()), "'");
  Dims size;
  PoolOptions o = options(true, x, kernel, stride, padding, Dims(kernel.size(), 1), ceil, size);
  o.count_padding = count_padding;
  o.divisor = divisor.value_or(0);
  Tensor x5 = spread(x, int64_t(kernel.size()));
  return reshape(avg5(x5, spread_size(x5, size, kernel.size()), o), size);
}

}  // namespace weightroom::ops
