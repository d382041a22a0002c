#include "ops/ops.h"
#include "kernels/transfer.h"

namespace weightroom::ops {

Tensor to_dtype(const Tensor& a, DType dtype) {
  if (a.dtype() == dtype) return a;
  Tensor out = empty(a.sizes(), dtype, a.device());
  backend(a).copy(out, a);
  if (is_floating(dtype) && any_requires_grad({a}))
    record(out, "ToCopyBackward0", {a}, {}, [from = a.dtype()](Context&, const TensorList& g) { return TensorList{to_dtype(g[0], from)}; });
  return out;
}

Tensor to_device(const Tensor& a, Device device) {
  if (a.device() == device) return a;
  Tensor out = transfer(a, device);
  if (any_requires_grad({a}))
    record(out, "ToCopyBackward0", {a}, {}, [from = a.device()](Context&, const TensorList& g) { return TensorList{to_device(g[0], from)}; });
  return out;
}

Tensor clone(const Tensor& a) {
  Tensor out = empty(a.sizes(), a.dtype(), a.device());
  backend(a).copy(out, a);
  if (any_requires_grad({a})) record(out, "CloneBackward0", {a}, {}, [](Context&, const TensorList& g) { return g; });
  return out;
}

Tensor contiguous(const Tensor& a) { return a.is_contiguous() ? a : clone(a); }

void copy_(const Tensor& self, const Tensor& src) {
  check_inplace(self, {src});
  check_overlap(self, src);
  if (src.sizes() != self.sizes())
    if (Dims sizes = broadcast_shapes(self.sizes(), src.sizes()); sizes != self.sizes()) fail("output with shape ", shape_str(self.sizes()), " doesn't match the broadcast shape ", shape_str(sizes));
  Tensor from = src;
  // Converted on the CPU's side: it knows every dtype.
  if (src.device() != self.device()) from = self.device().is_cpu() ? to_dtype(to_device(src, {}), self.dtype()) : to_device(to_dtype(src, self.dtype()), self.device());
  Tensor expanded = from.sizes() == self.sizes() ? from : expand(from, self.sizes());
  if (self.numel() && expanded.impl()->storage == self.impl()->storage && !self.same(expanded)) { NoGrad guard; expanded = clone(expanded); }
  backend(self).copy(self, expanded);
  record_inplace(self, "torch::autograd::CopyBackwards", {self, src}, {}, [sizes = src.sizes(), dtype = src.dtype(), dev = src.device()](Context& c, const TensorList& g) {
    return TensorList{c.needs(0) ? zeros(g[0].sizes(), g[0].dtype(), g[0].device()) : Tensor(), c.needs(1) ? (dev.is_cpu() ? to_dtype(to_device(sum_to(g[0], sizes), dev), dtype) : to_device(to_dtype(sum_to(g[0], sizes), dtype), dev)) : Tensor()};
  });
}

void fill_(const Tensor& self, Scalar value, const char* name) {
  check_inplace(self);
  check_fits(value, self.dtype());
  backend(self).fill(self, value);
  record_inplace(self, name, {self}, {}, [](Context&, const TensorList& g) { return TensorList{zeros(g[0].sizes(), g[0].dtype(), g[0].device())}; });
}

void fill_(const Tensor& self, const Tensor& value) {
  check(value.dim() == 0, "fill_ only supports 0-dimension value tensor but got tensor with ", value.dim(), " dimensions.");
  check_inplace(self, {value});
  {
    NoGrad guard;
    Tensor v = to_device(to_dtype(value, self.dtype()), self.device());
    if (v.impl()->storage == self.impl()->storage) v = clone(v);
    backend(self).copy(self, expand(v, self.sizes()));
  }
  record_inplace(self, "FillBackward1", {self, value}, {}, [dtype = value.dtype(), dev = value.device()](Context& c, const TensorList& g) {
    return TensorList{zeros(g[0].sizes(), g[0].dtype(), g[0].device()), c.needs(1) ? to_device(to_dtype(sum(g[0], {}, false), dtype), dev) : Tensor()};
  });
}

}  // namespace weightroom::ops
