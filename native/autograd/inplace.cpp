// Tensors changed in place, and views of them: what may be changed, and whose history that becomes.
#include "autograd/history.h"
#include "core/error.h"

namespace weightroom {
namespace {
// A base's geometry, and a view's inside it, over flat memory that starts with the base.
struct Frame {
  Dims base_sizes, base_strides, sizes, strides;
  int64_t offset, extent = 1;
  Frame(const Tensor& base, const Tensor& view)
      : base_sizes(base.sizes()), base_strides(base.strides()), sizes(view.sizes()), strides(view.strides()), offset(view.offset() - base.offset()) {
    for (size_t i = 0; i < base_sizes.size(); ++i) extent = base_sizes[i] == 0 ? 0 : extent == 0 ? 0 : extent + (base_sizes[i] - 1) * base_strides[i];
  }
  Tensor whole(const Tensor& flat) const { return autograd_ops().as_strided(flat, base_sizes, base_strides, 0); }
  Tensor part(const Tensor& flat) const { return autograd_ops().as_strided(flat, sizes, strides, extent ? offset : 0); }
};

// Why a view may not be changed in place, or, when its base was, may not be used any more.
void refuse_view(const Tensor& view, bool through_base) {
  const AutogradMeta& m = *meta(view);
  std::string what = m.grad_fn ? concat("Output ", m.output_nr, " of ", maker_name(m.grad_fn->name), " is a view and ") : "A view ";
  std::string done = through_base ? "its base or another view of its base has been modified inplace. " : "is being modified inplace. ";
  switch (m.view_kind) {
    case ViewKind::no_grad:
    case ViewKind::inference: {
      bool inference = m.view_kind == ViewKind::inference;
      fail("A view was created in ", inference ? "inference mode" : "no_grad mode", " and is being modified inplace",
           inference ? " in normal mode" : " with grad mode enabled",
           ". Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both inside the ",
           inference ? "inference_mode" : "no_grad", " block (if you don't want the inplace to be tracked) or both outside (if you want the inplace to be tracked).");
    }
    case ViewKind::one_of_many:
      fail(what, done, "This view is the output of a function that returns multiple views. Such functions do not allow the output views to be modified inplace. You should replace the inplace operation by an out-of-place one.");
    case ViewKind::custom:
      fail(what, done, "This view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function.");
    default: return;
  }
}

// Whether the history of `self` may be rewritten.
void check_rewrite(const Tensor& self, std::initializer_list<Tensor> others) {
  if (self.impl()->storage->inference && !inference_mode())
    fail("Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details.");
  if (!grad_enabled()) return;
  AutogradMeta* m = meta(self);
  if (!m) return;
  if (m->base.defined() && requires_grad(self)) {
    if (m->view_kind != ViewKind::plain) refuse_view(self, false);
    if (is_leaf(m->base)) fail("a view of a leaf Variable that requires grad is being used in an in-place operation.");
  }
  if (m->requires_grad && !m->grad_fn) fail("a leaf Variable that requires grad is being used in an in-place operation.");
  if (!m->base.defined() || !any_requires_grad(others)) return;
  if (m->view_kind != ViewKind::plain) refuse_view(self, false);
  if (is_leaf(m->base) && requires_grad(m->base)) fail("a view of a leaf Variable that requires grad is being used in an in-place operation.");
}

// Gives self, whose values have just changed through `node`, its new history; a view's goes into its base's.
void rebase(const Tensor& self, const std::shared_ptr<Node>& node) {
  AutogradMeta& m = ensure_meta(self);
  if (!m.base.defined()) return set_history(self, node, 0);
  // The base's new history: the gradient of the changed slice goes through `node`, the rest to the old history.
  Tensor base = m.base;
  auto copy = std::allocate_shared<Node>(RecyclingAllocator<Node>());
  copy->name = "torch::autograd::CopySlices";
  copy->sequence = take_sequence();
  copy->next.push_back(gradient_edge(base));
  for (size_t i = 1; i < node->next.size(); ++i) copy->next.push_back(node->next[i]);
  copy->inner = node;
  copy->backward = [inner = node.get(), frame = Frame(base, self)](Context&, const TensorList& g) {
    const AutogradOps ops = autograd_ops();
    Tensor flat = ops.zeros({frame.extent}, g[0].dtype(), g[0].device());
    ops.copy_(frame.whole(flat), g[0]);
    Context context(*inner, inner->shared_from_this());
    TensorList r = inner->backward(context, {ops.clone(frame.part(flat))});
    ops.copy_(frame.part(flat), !r.empty() && r[0].defined() ? r[0] : ops.zeros(frame.sizes, g[0].dtype(), g[0].device()));
    TensorList result{frame.whole(flat)};
    for (size_t i = 1; i < r.size(); ++i) result.push_back(r[i]);
    return result;
  };
  set_history(base, copy, 0);
  m.grad_fn = nullptr;
  m.view_version = self.version() - 1;  // regenerated on next use
  (void)grad_fn(self);
}
}  // namespace

void renew_view(const Tensor& t) {
  AutogradMeta* m = meta(t);
  AutogradMeta* b = meta(m->base);
  if (!b || !b->grad_fn) return;
  if (m->view_kind != ViewKind::plain) refuse_view(t, true);
  Tensor base = m->base;
  m->grad_fn = make_node("AsStridedBackward0", {base}, {}, [frame = Frame(base, t)](Context&, const TensorList& g) {
    const AutogradOps ops = autograd_ops();
    Tensor flat = ops.zeros({frame.extent}, g[0].dtype(), g[0].device());
    ops.copy_(frame.part(flat), g[0]);
    return TensorList{frame.whole(flat)};
  });
  m->output_nr = 0;
  m->view_version = t.version();
  m->grad_fn->output_meta = {{t.sizes(), t.dtype(), t.device()}};
}

void check_overlap(const Tensor& written, const Tensor& read) {
  for (int64_t d = 0; written.numel() > 0 && d < written.dim(); ++d)
    if (written.size(d) > 1 && written.stride(d) == 0)
      fail("unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() the tensor before performing the operation.");
  if (!read.defined() || written.same(read) || !(written.impl()->storage == read.impl()->storage) || !written.numel() || !read.numel()) return;
  // Only tensors that fill their range without gaps can be judged by it, as PyTorch does.
  auto span = [](const Tensor& t) { int64_t n = 1; for (int64_t d = 0; d < t.dim(); ++d) n += (t.size(d) - 1) * t.stride(d); return n; };
  if (span(written) != written.numel() || span(read) != read.numel()) return;
  int64_t wb = written.offset() * int64_t(itemsize(written.dtype())), rb = read.offset() * int64_t(itemsize(read.dtype()));
  int64_t we = wb + span(written) * int64_t(itemsize(written.dtype())), re = rb + span(read) * int64_t(itemsize(read.dtype()));
  if (wb == rb && we == re && written.strides() == read.strides()) return;
  if (wb < re && rb < we)
    fail("unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.");
}

void check_inplace(const Tensor& self, std::initializer_list<Tensor> others) {
  check_overlap(self);
  check_rewrite(self, others);
}

void record_inplace(const Tensor& self, const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn) {
  if (!any_requires_grad(inputs)) return self.bump_version();
  auto node = make_node(name, inputs, std::move(saved), std::move(fn));
  self.bump_version();
  rebase(self, node);
}

void become(const Tensor& self, const Tensor& result) {
  check_inplace(self, {result});
  if (result.sizes() != self.sizes()) fail("output with shape ", shape_str(self.sizes()), " doesn't match the broadcast shape ", shape_str(result.sizes()));
  bool narrows = (is_floating(result.dtype()) && !is_floating(self.dtype())) || (result.dtype() != DType::boolean && self.dtype() == DType::boolean);
  if (narrows) fail("result type ", scalar_type_name(result.dtype()), " can't be cast to the desired output type ", scalar_type_name(self.dtype()));
  Tensor r = result.dtype() == self.dtype() ? result : autograd_ops().to_dtype(result, self.dtype());
  auto node = grad_enabled() ? grad_fn(r) : nullptr;
  // What the op saved of self is its old value; of a result that was converted, the op stands before the conversion.
  for (const auto& n : {node, grad_enabled() ? grad_fn(result) : nullptr})
    if (n) for (SavedTensor& s : n->saved) s.secede(self.impl()->storage);
  {
    NoGrad guard;
    autograd_ops().copy_(self, r);
  }
  if (node) rebase(self, node);
}

void become_view(const Tensor& self, const Tensor& view) {
  check_rewrite(self, {});
  auto node = grad_enabled() ? grad_fn(view) : nullptr;
  TensorImpl &to = *self.impl(), &from = *view.impl();
  to.sizes = from.sizes;
  to.strides = from.strides;
  to.offset = from.offset;
  to.numel = from.numel;
  to.contiguous = from.contiguous;
  self.bump_version();
  if (!node) return;
  // PyTorch numbers the nodes of in-place forms after those of the others: squeeze has three of them.
  node->name.back() = char(node->name.back() + (node->name.starts_with("Squeeze") ? 3 : 1));
  AutogradMeta& m = ensure_meta(self);
  m.grad_fn = node;
  m.output_nr = 0;
  m.view_version = self.version();
}

void mark_view(const Tensor& view, const Tensor& base, ViewKind kind) {
  AutogradMeta* m = meta(base);
  bool of_view = m && m->base.defined();
  Tensor root = of_view ? m->base : base;
  AutogradMeta& v = ensure_meta(view);
  v.base = root;
  v.view_version = view.version();
  if (inference_mode()) kind = ViewKind::inference;
  // A plain view of a special one is as special.
  v.view_kind = of_view && kind == ViewKind::plain ? m->view_kind : kind;
}

}  // namespace weightroom
