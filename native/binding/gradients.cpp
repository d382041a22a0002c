// Autograd as JavaScript sees it: flags, backward, hooks.
#include "binding/call.h"

namespace weightroom::binding {
namespace {

napi_value requires_grad(Call& c) { return c.value(weightroom::requires_grad(c.tensor(0))); }
napi_value set_requires_grad(Call& c) { weightroom::set_requires_grad(c.tensor(0), c.boolean(1)); return c.undefined(); }
napi_value is_leaf(Call& c) { return c.value(weightroom::is_leaf(c.tensor(0))); }
// nameGradFn(t, name): the op that made t shows as `name`. For compositions that PyTorch knows as one op.
napi_value name_grad_fn(Call& c) {
  if (auto node = weightroom::grad_fn(c.tensor(0))) node->name = c.string(1);
  return c.argv[0];
}
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
    if (g.sizes() != t.sizes())
      fail("attempting to assign a gradient of size '", shape_str(g.sizes()), "' to a tensor of size '", shape_str(t.sizes()), "'. Please ensure that the gradient and the tensor are the same size");
    if (g.dtype() != t.dtype())
      fail("attempting to assign a gradient with dtype '", c_type_name(g.dtype()), "' to a tensor with grad_dtype '", scalar_type_name(t.dtype()), "'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems that assume they match.");
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

// The JavaScript function `argument` of this call, to be called later on the same thread.
std::function<napi_value(Call&, std::initializer_list<napi_value>)> callback(Call& c, size_t argument) {
  napi_valuetype t;
  c.ok(napi_typeof(c.env, c.argv[argument], &t));
  if (t != napi_function) fail_type("argument ", argument, " must be a function");
  auto held = std::make_shared<FunctionRef>();
  held->data = c.data;
  c.ok(napi_create_reference(c.env, c.argv[argument], 1, &held->ref));
  return [held](Call& call, std::initializer_list<napi_value> args) {
    napi_value fn, global, result;
    call.ok(napi_get_reference_value(call.env, held->ref, &fn));
    call.ok(napi_get_global(call.env, &global));
    call.ok(napi_call_function(call.env, global, fn, args.size(), args.begin(), &result));
    return result;
  };
}

// registerHook(t, fn, name)
napi_value register_hook(Call& c) {
  uint64_t id = add_hook(c.tensor(0), [call_back = callback(c, 1), name = c.string(2), env = c.env, data = c.data](const Tensor& g) -> std::optional<Tensor> {
    Call call(env, data);
    napi_value result = call_back(call, {call.wrap(g)});
    napi_valuetype t;
    call.ok(napi_typeof(env, result, &t));
    if (t == napi_undefined || t == napi_null) return std::nullopt;
    Tensor r = call.to_tensor(result);
    if (r.sizes() != g.sizes()) fail("hook '", name, "' has changed the size of value");
    return r;
  });
  return c.value(double(id));
}
napi_value register_after_hook(Call& c) {
  uint64_t id = add_after_hook(c.tensor(0), [call_back = callback(c, 1), env = c.env, data = c.data](const Tensor& t) {
    Call call(env, data);
    call_back(call, {call.wrap(t)});
  });
  return c.value(double(id));
}

// customFunction(name, inputs, outputs, saved, flags, fn): gives `outputs`, made from `inputs` without history, the
// history of a user's function. flags, one an output: 1 changed in place, 2 not differentiable. fn(grads, saved) gives
// the gradients by the inputs. Returns the outputs, aliased where they were inputs.
napi_value custom_function(Call& c) {
  std::string name = c.string(0);
  TensorList inputs = c.tensors(1), outputs = c.tensors(2), kept = c.tensors(3);
  Dims flags = c.dims(4);
  auto is_input = [&](const Tensor& t) { for (const Tensor& i : inputs) if (i && i.same(t)) return true; return false; };
  for (size_t i = 0; i < outputs.size(); ++i)
    if ((flags[i] & 1) && is_input(outputs[i])) {
      if (is_leaf(outputs[i]) && weightroom::requires_grad(outputs[i])) fail("a leaf Variable that requires grad has been used in an in-place operation.");
      check_inplace(outputs[i]);
    }
  std::vector<SavedTensor> saved;
  for (const Tensor& t : kept) {
    // A result is saved as such, so that it does not hold its own history.
    size_t nr = outputs.size();
    for (size_t i = 0; i < outputs.size() && t; ++i)
      if (outputs[i].same(t) && (!is_input(t) || (flags[i] & 1))) nr = i;
    saved.push_back(!t ? SavedTensor() : nr < outputs.size() ? SavedTensor(t, true, uint32_t(nr)) : SavedTensor(t));
  }
  TensorList result;
  for (size_t i = 0; i < outputs.size(); ++i) {
    Tensor t = outputs[i];
    bool dirty = flags[i] & 1;
    if (is_input(t) && !dirty) { t = alias(t, true); mark_view(t, outputs[i], ViewKind::custom); }
    else if (!dirty) {
      for (const Tensor& in : inputs)
        if (in && in.impl()->storage == t.impl()->storage) mark_view(t, in, ViewKind::custom);
    }
    result.push_back(t);
  }
  size_t n = kept.size();
  auto back = [call_back = callback(c, 5), env = c.env, data = c.data, n](Context& context, const TensorList& grads) {
    Call call(env, data);
    TensorList list;
    for (size_t i = 0; i < n; ++i) list.push_back(context.saved(i));
    napi_value r = call_back(call, {call.list(grads), call.list(list)});
    call.argv[0] = r;
    call.count = 1;
    return call.tensors(0);
  };
  // An output that was changed in place takes the history itself; with one output only, as PyTorch's rebase_history.
  if (result.size() == 1 && (flags[0] & 1)) {
    record_inplace(result[0], name.c_str(), inputs, std::move(saved), back);
    result[0].impl()->version->value--;  // the change itself has counted already
    return c.list(result);
  }
  TensorList differentiable;
  for (size_t i = 0; i < result.size(); ++i) differentiable.push_back(flags[i] & 2 ? Tensor() : result[i]);
  record(differentiable, name.c_str(), inputs, std::move(saved), back);
  return c.list(result);
}

napi_value detach_(Call& c) { weightroom::detach_(c.tensor(0)); return c.argv[0]; }
napi_value retains_grad(Call& c) { AutogradMeta* m = meta(c.tensor(0)); return c.value(m && m->retained); }
napi_value set_inference_mode(Call& c) {
  bool before = inference_mode();
  weightroom::set_inference_mode(c.boolean(0));
  return c.value(before);
}
napi_value is_inference(Call& c) { return c.value(c.tensor(0).impl()->storage->inference); }
// setAnomaly(on, checkNan, capture): capture() gives the user's place as text. Returns what it was: 0 off, 1 on, 3 on with NaN check.
napi_value set_anomaly(Call& c) {
  Anomaly& a = anomaly();
  double before = a.on ? a.check_nan ? 3 : 1 : 0;
  a.on = c.boolean(0);
  a.check_nan = c.boolean(1);
  if (!a.on) a.capture = nullptr;
  else if (!c.missing(2))
    a.capture = [call_back = callback(c, 2), env = c.env, data = c.data] {
      Call call(env, data);
      call.argv[0] = call_back(call, {});
      call.count = 1;
      return call.string(0);
    };
  return c.value(before);
}
napi_value remove_hook(Call& c) { weightroom::remove_hook(c.tensor(0), uint64_t(c.integer(1))); return c.undefined(); }

}  // namespace

const std::vector<Entry> autograd_entries = {
    {"requiresGrad", requires_grad}, {"setRequiresGrad", set_requires_grad}, {"isLeaf", is_leaf}, {"gradFn", grad_fn}, {"nameGradFn", name_grad_fn}, {"grad", grad}, {"gradId", grad_id},
    {"setGrad", set_grad}, {"zeroGrad", zero_grad}, {"gradEnabled", grad_enabled}, {"setGradEnabled", set_grad_enabled}, {"retainGrad", retain_grad},
    {"backward", backward}, {"autogradGrad", autograd_grad}, {"registerHook", register_hook}, {"registerAfterHook", register_after_hook}, {"removeHook", remove_hook},
    {"customFunction", custom_function}, {"detach_", detach_}, {"retainsGrad", retains_grad}, {"setInferenceMode", set_inference_mode}, {"isInference", is_inference},
    {"setAnomaly", set_anomaly},
};

}  // namespace weightroom::binding
