// Convolution. Its gradients by input and by weight are convolutions of the same family: the three are each other's
// derivatives, so gradients of gradients come for free; the transposed convolution is the gradient by input.
#include <algorithm>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

Tensor input_gradient(const Tensor& g, const Tensor& w, const Dims& input, const ConvOptions& o);
Tensor weight_gradient(const Tensor& x, const Tensor& g, const Dims& weight, const ConvOptions& o);

Dims output_size(const Dims& x, const Dims& w, const ConvOptions& o) {
  Dims out{x[0], w[0]};
  for (size_t d = 0; d + 2 < x.size(); ++d) out.push_back((x[d + 2] + 2 * o.padding[d] - o.dilation[d] * (w[d + 2] - 1) - 1) / o.stride[d] + 1);
  return out;
}

Tensor bias_gradient(const Tensor& g) {
  Dims rows{g.size(0), g.size(1), 1}, dims{0};
  for (int64_t d = 2; d < g.dim(); ++d) {
    rows[2] *= g.size(d);
    dims.push_back(d);
  }
  // Along the memory as it lies, then over the batch; half types keep one sum, which rounds once.
  return itemsize(g.dtype()) < 4 ? sum(g, dims, false) : sum(sum(reshape(g, rows), {2}, false), {0}, false);
}

Tensor forward(const Tensor& x0, const Tensor& w0, const Tensor& bias, const ConvOptions& o) {
  Tensor x = contiguous(x0), w = contiguous(w0);
  Tensor out = empty(output_size(x.sizes(), w.sizes(), o), x.dtype(), x.device());
  {
    NoGrad guard;
    backend(x).conv(out, x, w, bias ? contiguous(bias) : bias, o);
  }
  if (any_requires_grad({x, w, bias}))
    record(out, "ConvolutionBackward0", {x, w, bias}, {SavedTensor(x), SavedTensor(w)}, [o](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), w = c.saved(1);
      return TensorList{c.needs(0) ? input_gradient(g[0], w, x.sizes(), o) : Tensor(), c.needs(1) ? weight_gradient(x, g[0], w.sizes(), o) : Tensor(), c.needs(2) ? bias_gradient(g[0]) : Tensor()};
    });
  return out;
}

Tensor input_gradient(const Tensor& g0, const Tensor& w0, const Dims& input, const ConvOptions& o) {
  Tensor g = contiguous(g0), w = contiguous(w0);
  Tensor out = empty(input, g.dtype(), g.device());
  {
    NoGrad guard;
    backend(g).conv_input(out, g, w, o);
  }
  if (any_requires_grad({g, w}))
    record(out, "ConvolutionBackward0", {g, w}, {SavedTensor(g), SavedTensor(w)}, [o](Context& c, const TensorList& gg) {
      Tensor g = c.saved(0), w = c.saved(1);
      return TensorList{c.needs(0) ? forward(gg[0], w, Tensor(), o) : Tensor(), c.needs(1) ? weight_gradient(gg[0], g, w.sizes(), o) : Tensor()};
    });
  return out;
}

Tensor weight_gradient(const Tensor& x0, const Tensor& g0, const Dims& weight, const ConvOptions& o) {
  Tensor x = contiguous(x0), g = contiguous(g0);
  Tensor out = empty(weight, x.dtype(), x.device());
  {
    NoGrad guard;
    backend(x).conv_weight(out, x, g, o);
  }
  if (any_requires_grad({x, g}))
    record(out, "ConvolutionBackward0", {x, g}, {SavedTensor(x), SavedTensor(g)}, [o](Context& c, const TensorList& gw) {
      Tensor x = c.saved(0), g = c.saved(1);
      return TensorList{c.needs(0) ? input_gradient(g, gw[0], x.sizes(), o) : Tensor(), c.needs(1) ? forward(x, gw[0], Tensor(), o) : Tensor()};
    });
  return out;
}

std::string joined(const Dims& d) {
  std::string s;
  for (int64_t v : d) s += (s.empty() ? "" : " x ") + std::to_string(v);
  return s;
}

// name_height: 1 name_width: 2
std::string each_side(const char* name, const Dims& d, const char* between) {
  static const char* sides[] = {"depth", "height", "width"};
  std::string s;
  for (size_t i = 0; i < d.size(); ++i) s += (i ? between : "") + std::string(name) + "_" + sides[3 - d.size() + i] + ": " + std::to_string(d[i]);
  return s;
}

void check_arguments(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o, bool transposed) {
  int64_t spatial = w.dim() - 2;
  if (x.dim() != w.dim()) fail("Expected ", spatial + 1, "D (unbatched) or ", spatial + 2, "D (batched) input to conv", transposed ? "_transpose" : "", spatial, "d, but got input of size: ", shape_str(x.sizes()));
  if (!transposed && bias && bias.dtype() != x.dtype()) fail("Input type (", c_type_name(x.dtype()), ") and bias type (", c_type_name(bias.dtype()), ") should be the same");
  check_same_device(x, {w, bias});
  check(o.groups > 0, "non-positive groups is not supported");
  for (int64_t v : o.stride) check(v > 0, "non-positive stride is not supported");
  for (int64_t v : o.padding) check(v >= 0, "negative padding is not supported");
  // One spatial dim is the last of two in PyTorch's words.
  auto two = [&](const Dims& d, int64_t first) { return d.size() == 1 ? Dims{first, d[0]} : d; };
  if (std::any_of(o.dilation.begin(), o.dilation.end(), [](int64_t v) { return v <= 0; }))
    fail("dilation should be greater than zero, but got ", transposed ? each_side("dilation", two(o.dilation, 1), ", ") : shape_str(two(o.dilation, 1)));
  check(w.size(0) >= o.groups, "Given groups=", o.groups, ", expected weight to be at least ", o.groups, " at dimension 0, but got weight of size ", shape_str(w.sizes()), " instead");
  check(w.size(0) % o.groups == 0, "Given groups=", o.groups, ", expected weight to be divisible by ", o.groups, " at dimension 0, but got weight of size [", shape_str(w.sizes()), "] instead");
  if (transposed) {
    if (x.size(1) != w.size(0)) fail("Given transposed=1, weight of size ", shape_str(w.sizes()), ", expected input", shape_str(x.sizes()), " to have ", w.size(0), " channels, but got ", x.size(1), " channels instead");
  } else if (x.size(1) != w.size(1) * o.groups) {
    fail("Given groups=", o.groups, ", weight of size ", shape_str(w.sizes()), ", expected input", shape_str(x.sizes()), " to have ", w.size(1) * o.groups, " channels, but got ", x.size(1), " channels instead");
  }
  int64_t channels = transposed ? w.size(1) * o.groups : w.size(0);
  if (bias && (bias.dim() != 1 || bias.size(0) != channels))
    fail("Given ", transposed ? "transposed=1, " : "", "weight of size ", shape_str(w.sizes()), ", expected bias to be 1-dimensional with ", channels, " elements, but got bias of size ", shape_str(bias.sizes()), " instead");
  if (x.dtype() != w.dtype() || (bias && bias.dtype() != x.dtype())) fail("expected scalar type ", scalar_type_name(x.dtype()), " but found ", scalar_type_name(x.dtype() != w.dtype() ? w.dtype() : bias.dtype()));
  if (!is_floating(x.dtype())) fail_not_implemented("\"convolution\" not implemented for '", scalar_type_name(x.dtype()), "'");
}

}  // namespace

Tensor convolution(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) {
  check_arguments(x, w, bias, o, false);
  Dims padded, kernel;
  bool small = false;
  for (size_t d = 0; d + 2 < x.sizes().size(); ++d) {
    padded.push_back(x.sizes()[d + 2] + 2 * o.padding[d]);
    kernel.push_back(o.dilation[d] * (w.sizes()[d + 2] - 1) + 1);
    small = small || padded.back() < kernel.back();
  }
  if (small) fail("Calculated padded input size per channel: (", joined(padded), "). Kernel size: (", joined(kernel), "). Kernel size can't be greater than actual input size");
  return forward(x, w, bias, o);
}

Tensor convolution_transpose(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o, const Dims& output_padding) {
  check_arguments(x, w, bias, o, true);
  Dims size{x.size(0), w.size(1) * o.groups};
  Dims from, to;
  bool wide = false, small = false;
  for (size_t d = 0; d + 2 < x.sizes().size(); ++d) {
    wide = wide || output_padding[d] >= std::max(o.stride[d], o.dilation[d]);
    size.push_back((x.sizes()[d + 2] - 1) * o.stride[d] - 2 * o.padding[d] + o.dilation[d] * (w.sizes()[d + 2] - 1) + output_padding[d] + 1);
    small = small || size.back() < (x.size(0) == 0 ? 0 : 1);
    from.push_back(x.sizes()[d + 2]);
    to.push_back(size.back());
  }
  // One spatial dim is the last of two in PyTorch's words.
  auto two = [](const Dims& d, int64_t first) { return d.size() == 1 ? Dims{first, d[0]} : d; };
  if (wide) fail("output padding must be smaller than either stride or dilation, but got ", each_side("output_padding", two(output_padding, 0), " "), " ", each_side("stride", two(o.stride, 1), " "), " ", each_side("dilation", two(o.dilation, 1), " "));
  if (small) fail("Given input size per channel: (", joined(two(from, 1)), "). Calculated output size per channel: (", joined(two(to, 1)), "). Output size is too small");
  Tensor out = input_gradient(x, w, size, o);
  if (!bias) return out;
  Dims shape(size.size(), 1);
  shape[1] = bias.size(0);
  Tensor shifted = add(out, reshape(bias, shape));
  if (auto node = grad_fn(shifted)) node->name = "ConvolutionBackward0";
  return shifted;
}

}  // namespace weightroom::ops
