// Pooling over one to three spatial dims: spread to three for the kernels.
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

PoolOptions options(const char* name, const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, const Dims& dilation, bool ceil, Dims& out) {
  int64_t spatial = int64_t(kernel.size());
  check(x.dim() == spatial + 1 || x.dim() == spatial + 2, name, "(): Expected ", spatial + 1, "D or ", spatial + 2, "D input, but got input of size ", shape_str(x.sizes()));
  PoolOptions o{{1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}};
  out = Dims(x.sizes().begin(), x.sizes().end() - spatial);
  for (size_t d = 0; d < kernel.size(); ++d) {
    size_t at = 3 - kernel.size() + d;
    o.kernel[at] = kernel[d]; o.stride[at] = stride[d]; o.padding[at] = padding[d]; o.dilation[at] = dilation[d];
    check(kernel[d] > 0 && dilation[d] > 0, name, "(): kernel size should be greater than zero, but got kernel_size: ", kernel[d]);
    check(stride[d] > 0, "stride should not be zero");
    check(padding[d] >= 0, "pad must be non-negative, but got pad: ", padding[d]);
    check(padding[d] <= ((kernel[d] - 1) * dilation[d] + 1) / 2, "pad should be at most half of effective kernel size, but got pad=", padding[d], ", kernel_size=", kernel[d], " and dilation=", dilation[d]);
    int64_t in = x.sizes()[x.sizes().size() - kernel.size() + d], n = extent(in, kernel[d], stride[d], padding[d], dilation[d], ceil);
    check(n >= 1, "Given input size: ", shape_str(x.sizes()), ". Calculated output size along a dimension: ", n, ". Output size is too small");
    out.push_back(n);
  }
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
  Dims size;
  PoolOptions o = options("max_pool", x, kernel, stride, padding, dilation, ceil, size);
  Tensor x5 = contiguous(spread(x, int64_t(kernel.size())));
  Dims s5 = spread_size(x5, size, kernel.size());
  Tensor out = empty(s5, x.dtype(), x.device()), indices = empty(s5, DType::int64, x.device());
  backend(x5).max_pool(out, indices, x5, o);
  if (any_requires_grad({x5}))
    record(out, "MaxPool2DWithIndicesBackward0", {x5}, {SavedTensor(indices)}, [from = x5.sizes()](Context& c, const TensorList& g) {
      Tensor ix = c.saved(0);
      Dims flat{from[0], from[1], from[2] * from[3] * from[4]}, few{from[0], from[1], ix.numel() / std::max<int64_t>(1, from[0] * from[1])};
      return TensorList{reshape(scatter(zeros(flat, g[0].dtype(), g[0].device()), 2, reshape(ix, few), reshape(g[0], few), true), from)};
    });
  return {reshape(out, size), reshape(indices, size)};
}

Tensor avg_pool(const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, bool ceil, bool count_padding, int64_t divisor) {
  Dims size;
  PoolOptions o = options("avg_pool", x, kernel, stride, padding, Dims(kernel.size(), 1), ceil, size);
  o.count_padding = count_padding;
  o.divisor = divisor;
  Tensor x5 = spread(x, int64_t(kernel.size()));
  return reshape(avg5(x5, spread_size(x5, size, kernel.size()), o), size);
}

}  // namespace weightroom::ops
