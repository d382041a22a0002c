// Convolution. Its gradients by input and by weight are convolutions of the same family: the three are each other's
// derivatives, so gradients of gradients come for free; the transposed convolution is the gradient by input.
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
  Dims dims{0};
  for (int64_t d = 2; d < g.dim(); ++d) dims.push_back(d);
  return sum(g, dims, false);
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

void check_arguments(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o, bool transposed) {
  int64_t spatial = w.dim() - 2;
  if (x.dim() != w.dim()) fail("Expected ", spatial + 1, "D (unbatched) or ", spatial + 2, "D (batched) input to conv", transposed ? "_transpose" : "", spatial, "d, but got input of size: ", shape_str(x.sizes()));
  if (x.dtype() != w.dtype()) fail("Input type (", scalar_type_name(x.dtype()), ") and weight type (", scalar_type_name(w.dtype()), ") should be the same");
  if (!is_floating(x.dtype())) fail_not_implemented("\"convolution\" not implemented for '", scalar_type_name(x.dtype()), "'");
  check_same_device(x, w);
  check(o.groups > 0, "non-positive groups is not supported");
  for (int64_t v : o.stride) check(v > 0, "non-positive stride is not supported");
  for (int64_t v : o.padding) check(v >= 0, "negative padding is not supported");
  for (int64_t v : o.dilation) check(v > 0, "dilation should be greater than zero");
  check(w.size(0) >= o.groups && w.size(0) % o.groups == 0, "Given groups=", o.groups, ", expected weight to be at least ", o.groups, " at dimension 0, but got weight of size ", shape_str(w.sizes()), " instead");
  if (transposed) {
    if (x.size(1) != w.size(0)) fail("Given transposed=1, weight of size ", shape_str(w.sizes()), ", expected input", shape_str(x.sizes()), " to have ", w.size(0), " channels, but got ", x.size(1), " channels instead");
  } else if (x.size(1) != w.size(1) * o.groups) {
    fail("Given groups=", o.groups, ", weight of size ", shape_str(w.sizes()), ", expected input", shape_str(x.sizes()), " to have ", w.size(1) * o.groups, " channels, but got ", x.size(1), " channels instead");
  }
  int64_t channels = transposed ? w.size(1) * o.groups : w.size(0);
  if (bias && (bias.dim() != 1 || bias.size(0) != channels))
    fail("Given ", transposed ? "transposed=1, " : "", "weight of size ", shape_str(w.sizes()), ", expected bias to be 1-dimensional with ", channels, " elements, but got bias of size ", shape_str(bias.sizes()), " instead");
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
  for (size_t d = 0; d + 2 < x.sizes().size(); ++d) {
    check(output_padding[d] < std::max(o.stride[d], o.dilation[d]), "output padding must be smaller than either stride or dilation, but got output_padding: ", output_padding[d], " stride: ", o.stride[d], " dilation: ", o.dilation[d]);
    size.push_back((x.sizes()[d + 2] - 1) * o.stride[d] - 2 * o.padding[d] + o.dilation[d] * (w.sizes()[d + 2] - 1) + output_padding[d] + 1);
    check(size.back() > 0, "Given input size per channel: (", x.sizes()[d + 2], "). Calculated output size per channel: (", size.back(), "). Output size is too small");
  }
  Tensor out = input_gradient(x, w, size, o);
  if (!bias) return out;
  Dims shape(size.size(), 1);
  shape[1] = bias.size(0);
  Tensor shifted = add(out, reshape(bias, shape));
  if (auto node = grad_fn(shifted)) node->name = "ConvolutionBackward0";
  return shifted;
}

}  // namespace weightroom::ops
