#include <cmath>

#include "ops/optimizers.h"

namespace weightroom::ops {
namespace {

// The gradient as the kernels want it: of the parameter's geometry. Undefined when there is none.
Tensor gradient(const Tensor& p) {
  Tensor g = grad_of(p);
  if (!g) return g;
  check_same_device(p, g);
  return contiguous(to_dtype(g, p.dtype()));
}

}  // namespace

void each_parameter(const TensorList& params, const std::function<void(size_t, const Tensor&, const Tensor&)>& f) {
  NoGrad guard;
  for (size_t i = 0; i < params.size(); ++i) {
    Tensor g = gradient(params[i]);
    if (!g) continue;
    // Kernels walk flat memory; a strided parameter is updated through a copy.
    bool flat = params[i].is_contiguous();
    Tensor p = flat ? params[i] : clone(params[i]);
    f(i, p, g);
    if (!flat) backend(p).copy(params[i], p);
    params[i].bump_version();
  }
}

void sgd_step(const TensorList& params, TensorList& buffers, const SgdOptions& o) {
  each_parameter(params, [&](size_t i, const Tensor& p, const Tensor& g) {
    Tensor buf;
    bool first = false;
    if (o.momentum != 0) {
      first = !buffers[i];
      if (first) buffers[i] = empty(p.sizes(), p.dtype(), p.device());
      buf = buffers[i];
    }
    check_same_device(p, {buf});
    backend(p).sgd(p, g, buf, first, o);
  });
}

void adam_step(const TensorList& params, const TensorList& m, const TensorList& v, const AdamOptions& o) {
  each_parameter(params, [&](size_t i, const Tensor& p, const Tensor& g) {
    check_same_device(p, {m[i], v[i]});
    backend(p).adam(p, g, m[i], v[i], o);
  });
}

Tensor clip_grad_norm(const TensorList& params, double max_norm, double norm_type) {
  NoGrad guard;
  TensorList norms, grads;
  for (const Tensor& p : params) {
    Tensor g = grad_of(p);
    if (!g) continue;
    grads.push_back(g);
    norms.push_back(norm(g, norm_type, {}, false));
  }
  if (norms.empty()) return zeros({}, DType::float32);
  Tensor total = norm(stack(norms, 0), norm_type, {}, false);
  Tensor scale = unary(UnaryOp::clamp, div(full({}, max_norm, total.dtype(), total.device()), add(total, 1e-6)), -INFINITY, 1.0);
  for (const Tensor& g : grads) binary_(BinaryOp::mul, g, scale);
  return total;
}

void init() {
  set_autograd_ops({
      [](const Tensor& a, const Tensor& b) { return add(a, b); },
      [](const Tensor& a) { return full(a.sizes(), 1.0, a.dtype(), a.device()); },
      [](const Dims& s, DType t, Device d) { return zeros(s, t, d); },
      [](const Tensor& a) { return clone(a); },
      [](const Tensor& a, const Dims& s, const Dims& st, int64_t o) { return as_strided(a, s, st, o); },
      [](const Tensor& a, const Tensor& b) { copy_(a, b); },
      [](const Tensor& g, const Dims& s) { return sum_to(g, s); },
      [](const Tensor& a, DType t) { return to_dtype(a, t); },
      [](const Tensor& a) { NoGrad guard; Tensor any = to_device(any_all(unary(UnaryOp::isnan, a), {}, false, false), {}); return *any.data<bool>(); },
  });
}

}  // namespace weightroom::ops
