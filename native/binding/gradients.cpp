// Autograd as JavaScript sees it: flags, backward, hooks.
#include "binding/call.h"

namespace weightroom::binding {
namespace {

napi_value requires_grad(Call& c) { return c.value(weightroom::requires_grad(c.tensor(0))); }
napi_value set_requires_grad(Call& c) { weightroom::set_requires_grad(c.tensor(0), c.boolean(1)); return c.undefined(); }
napi_value is_leaf(Call& c) { return c.value(weightroom::is_leaf(c.tensor(0))); }
napi_value grad_fn(Call& c) {
  auto fn = weightroom::grad_fn(c.tensor(0));
  if (!fn) return c.null();
  size_t at = fn->name.rfind("::");
  return c.value(at == std::string::npos ? fn->name : fn->name.substr(at + 2));
}
napi_value grad(Call& c) { return c.wrap(grad_of(c.tensor(0))); }
// implId of .grad, 0 when there is none: lets JavaScript keep one object a gradient.
napi_value grad_id(Call& c) {
  Tensor g = grad_of(c.tensor(0));
  return c.value(double(reinterpret_cast<uintptr_t>(g ? g.impl() : nullptr)));
}
napi_value set_grad(Call& c) {
  Tensor t = c.tensor(0), g = c.maybe_tensor(1);
  if (g) {
    if (g.sizes() != t.sizes()) fail("assigned grad has data of a different size");
    if (g.dtype() != t.dtype()) fail("assigned grad has data of a different type");
    if (!(g.device() == t.device())) fail("assigned grad has data located on a different device");
  }
  if (g || meta(t)) ensure_meta(t).grad = g;
  if (meta(t)) meta(t)->retained = nullptr;
  return c.undefined();
}
// zeroGrad(params, setToNone)
napi_value zero_grad(Call& c) {
  bool none = c.boolean(1);
  for (const Tensor& t : c.tensors(0)) {
    if (!t || !meta(t) || !meta(t)->grad) continue;
    if (none) meta(t)->grad = Tensor();
    else backend(t).fill(meta(t)->grad, Scalar(0));
  }
  return c.undefined();
}
napi_value grad_enabled(Call& c) { return c.value(weightroom::grad_enabled()); }
napi_value set_grad_enabled(Call& c) {
  bool before = weightroom::grad_enabled();
  weightroom::set_grad_enabled(c.boolean(0));
  return c.value(before);
}
napi_value retain_grad(Call& c) { weightroom::retain_grad(c.tensor(0)); return c.undefined(); }

// backward(roots, grads, retainGraph, createGraph)
napi_value backward(Call& c) {
  run_backward(c.tensors(0), c.missing(1) ? TensorList{} : c.tensors(1), c.boolean(2), c.boolean(3));
  report_memory(c.env, c.data);
  return c.undefined();
}
// autogradGrad(outputs, inputs, grads, retainGraph, createGraph, allowUnused)
napi_value autograd_grad(Call& c) {
  return c.list(run_backward(c.tensors(0), c.missing(2) ? TensorList{} : c.tensors(2), c.boolean(3), c.boolean(4), c.tensors(1), c.boolean(5)));
}

// A JavaScript function held by the graph. The graph may be freed during a collection: the reference is only queued.
struct FunctionRef {
  napi_ref ref;
  Environment* data;
  ~FunctionRef() { data->dropped.push_back(ref); }
};

napi_value register_hook(Call& c) {
  auto held = std::make_shared<FunctionRef>();
  held->data = c.data;
  c.ok(napi_create_reference(c.env, c.argv[1], 1, &held->ref));
  napi_env env = c.env;
  Environment* data = c.data;
  uint64_t id = add_hook(c.tensor(0), [held, env, data](const Tensor& g) -> std::optional<Tensor> {
    Call call(env, data);
    napi_value fn, global, arg = call.wrap(g), result;
    call.ok(napi_get_reference_value(env, held->ref, &fn));
    call.ok(napi_get_global(env, &global));
    call.ok(napi_call_function(env, global, fn, 1, &arg, &result));
    napi_valuetype t;
    call.ok(napi_typeof(env, result, &t));
    if (t == napi_undefined || t == napi_null) return std::nullopt;
    return call.to_tensor(result);
  });
  return c.value(double(id));
}
napi_value remove_hook(Call& c) { weightroom::remove_hook(c.tensor(0), uint64_t(c.integer(1))); return c.undefined(); }

}  // namespace

const std::vector<Entry> autograd_entries = {
    {"requiresGrad", requires_grad}, {"setRequiresGrad", set_requires_grad}, {"isLeaf", is_leaf}, {"gradFn", grad_fn}, {"grad", grad}, {"gradId", grad_id},
    {"setGrad", set_grad}, {"zeroGrad", zero_grad}, {"gradEnabled", grad_enabled}, {"setGradEnabled", set_grad_enabled}, {"retainGrad", retain_grad},
    {"backward", backward}, {"autogradGrad", autograd_grad}, {"registerHook", register_hook}, {"removeHook", remove_hook},
};

}  // namespace weightroom::binding
