#include "autograd/autograd.h"

#include <atomic>

#include "core/error.h"

namespace weightroom {
namespace {
thread_local bool enabled = true;
thread_local Anomaly anomaly_;
std::atomic<uint64_t> next_sequence{1};
std::atomic<uint64_t> next_hook{1};
AutogradOps ops_{};

// PyTorch names a saved output's maker without "Backward0".
std::string maker_name(const std::string& node) {
  size_t at = node.find("Backward");
  return at == std::string::npos ? node : node.substr(0, at);
}

std::shared_ptr<Node> accumulator_of(const Tensor& t) {
  AutogradMeta& m = ensure_meta(t);
  if (auto n = m.accumulator.lock()) return n;
  auto n = std::allocate_shared<Node>(RecyclingAllocator<Node>());
  n->name = "AccumulateGrad";
  n->leaf = t.ref();
  n->sequence = UINT64_MAX;
  m.accumulator = n;
  return n;
}

std::shared_ptr<Node> make_node(const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn) {
  auto node = std::allocate_shared<Node>(RecyclingAllocator<Node>());
  node->name = name;
  node->sequence = next_sequence++;
  node->next.reserve(inputs.size());
  for (const Tensor& t : inputs) node->next.push_back(gradient_edge(t));
  node->saved = std::move(saved);
  node->backward = std::move(fn);
  if (anomaly_.on && anomaly_.capture) node->trace = anomaly_.capture();
  return node;
}

void set_history(const Tensor& out, const std::shared_ptr<Node>& node, uint32_t nr) {
  AutogradMeta& m = ensure_meta(out);
  m.grad_fn = node;
  m.output_nr = nr;
  m.view_version = out.version();
  if (node->output_meta.size() <= nr) node->output_meta.resize(nr + 1);
  node->output_meta[nr] = {out.sizes(), out.dtype(), out.device()};
  // Hooks of a tensor changed in place stay with its old value, as PyTorch has it; retain_grad() follows the tensor.
  m.hooks.clear();
  if (m.retained) {
    m.retained = nullptr;
    retain_grad(out);
  }
}

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
}  // namespace

Anomaly& anomaly() { return anomaly_; }

namespace {
// A base's geometry, and a view's inside it, over flat memory that starts with the base.
struct Frame {
  Dims base_sizes, base_strides, sizes, strides;
  int64_t offset, extent = 1;
  Frame(const Tensor& base, const Tensor& view)
      : base_sizes(base.sizes()), base_strides(base.strides()), sizes(view.sizes()), strides(view.strides()), offset(view.offset() - base.offset()) {
    for (size_t i = 0; i < base_sizes.size(); ++i) extent = base_sizes[i] == 0 ? 0 : extent == 0 ? 0 : extent + (base_sizes[i] - 1) * base_strides[i];
  }
  Tensor whole(const Tensor& flat) const { return ops_.as_strided(flat, base_sizes, base_strides, 0); }
  Tensor part(const Tensor& flat) const { return ops_.as_strided(flat, sizes, strides, extent ? offset : 0); }
};
}  // namespace

Edge gradient_edge(const Tensor& t) {
  if (!t.defined() || !requires_grad(t)) return {};
  if (auto fn = grad_fn(t)) return {fn, meta(t)->output_nr};
  return {accumulator_of(t), 0};
}

void set_autograd_ops(const AutogradOps& o) { ops_ = o; }
AutogradOps autograd_ops() { return ops_; }

// Long chains must not be freed recursively: whatever a node keeps alive is taken out of it first.
Node::~Node() {
  std::vector<std::shared_ptr<Node>> stack;
  auto take = [&stack](Node& n) {
    for (Edge& e : n.next) if (e.node) stack.push_back(std::move(e.node));
    for (SavedTensor& s : n.saved) s.surrender(stack);
    if (n.inner) stack.push_back(std::move(n.inner));
    n.next.clear();
  };
  take(*this);
  while (!stack.empty()) {
    auto n = std::move(stack.back());
    stack.pop_back();
    if (n.use_count() == 1) take(*n);
  }
}

void SavedTensor::secede(const Ref<Storage>& storage) {
  if (!tensor_.defined() || !(tensor_.impl()->storage == storage)) return;
  NoGrad guard;
  tensor_ = ops_.clone(tensor_);
  version_ = tensor_.version();
}

void SavedTensor::surrender(std::vector<std::shared_ptr<Node>>& out) {
  if (made_by_) out.push_back(std::move(made_by_));
  if (!tensor_.defined() || tensor_.ref().use_count() != 1) return;
  if (AutogradMeta* m = meta(tensor_); m && m->grad_fn) out.push_back(std::move(m->grad_fn));
}

SavedTensor::SavedTensor(const Tensor& t, bool is_output, uint32_t output_nr) : output_nr_(output_nr) {
  if (!t.defined()) return;
  if (t.impl()->storage->inference && !inference_mode())
    fail("Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of `torch.inference_mode()`.");
  is_output_ = is_output;
  version_ = t.version();
  if (!is_output) {
    made_by_ = grad_fn(t);
    if (made_by_) output_nr_ = meta(t)->output_nr;
  }
  // A view would hold its base, whose history may hold this: keep the values and where they came from instead.
  bool view = meta(t) && meta(t)->base.defined() && !(is_leaf(t) && requires_grad(t));
  tensor_ = is_output || view ? alias(t, true) : t;
}

Tensor SavedTensor::unpack(const std::shared_ptr<Node>& owner) const {
  if (!tensor_.defined()) return tensor_;
  std::shared_ptr<Node> maker = is_output_ ? owner : made_by_;
  if (tensor_.version() != version_) {
    // The tensor's maker as it is now, where the tensor itself was kept.
    if (!is_output_ && meta(tensor_) && meta(tensor_)->grad_fn) maker = meta(tensor_)->grad_fn;
    fail("one of the variables needed for gradient computation has been modified by an inplace operation: [torch.",
         scalar_type_name(tensor_.dtype()), "Tensor ", shape_str(tensor_.sizes()), "]",
         maker ? concat(", which is output ", output_nr_, " of ", maker_name(maker->name), ",") : std::string(), " is at version ", tensor_.version(),
         "; expected version ", version_,
         " instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).");
  }
  // Itself, or the values with the history they had when saved.
  if (!maker || (meta(tensor_) && meta(tensor_)->grad_fn == maker)) return tensor_;
  Tensor t = alias(tensor_, true);
  AutogradMeta& m = ensure_meta(t);
  m.grad_fn = maker;
  m.output_nr = output_nr_;
  m.view_version = t.version();
  return t;
}

Tensor Context::saved(size_t i) const { return node_.saved[i].unpack(self_); }
bool Context::needs(size_t i) const { return bool(node_.next[i].node); }

AutogradMeta* meta(const Tensor& t) { return static_cast<AutogradMeta*>(t.impl()->autograd.get()); }
AutogradMeta& ensure_meta(const Tensor& t) {
  auto& p = t.impl()->autograd;
  if (!p) p = std::make_unique<AutogradMeta>();
  return static_cast<AutogradMeta&>(*p);
}

bool requires_grad(const Tensor& t) {
  if (!t.defined()) return false;
  AutogradMeta* m = meta(t);
  if (!m) return false;
  return m->requires_grad || grad_fn(t) != nullptr;
}

bool is_leaf(const Tensor& t) {
  AutogradMeta* m = meta(t);
  return !m || !grad_fn(t);
}

void set_requires_grad(const Tensor& t, bool value) {
  if (!is_leaf(t)) {
    if (value) return;
    fail("you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph that doesn't require differentiation use var_no_grad = var.detach().");
  }
  if (value && !is_floating(t.dtype())) fail("only Tensors of floating point dtype can require gradients");
  if (value && t.impl()->storage->inference && !inference_mode()) fail("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.");
  if (!value && !meta(t)) return;
  ensure_meta(t).requires_grad = value;
}

std::shared_ptr<Node> grad_fn(const Tensor& t) {
  AutogradMeta* m = meta(t);
  if (!m) return nullptr;
  // A view whose base changed in place since: its history is a slice of the base's new one.
  if (m->base.defined() && m->view_version != t.version()) {
    AutogradMeta* b = meta(m->base);
    if (b && b->grad_fn) {
      if (m->view_kind != ViewKind::plain) refuse_view(t, true);
      Tensor base = m->base;
      m->grad_fn = make_node("AsStridedBackward0", {base}, {}, [frame = Frame(base, t)](Context&, const TensorList& g) {
        Tensor flat = ops_.zeros({frame.extent}, g[0].dtype(), g[0].device());
        ops_.copy_(frame.part(flat), g[0]);
        return TensorList{frame.whole(flat)};
      });
      m->output_nr = 0;
      m->view_version = t.version();
      m->grad_fn->output_meta = {{t.sizes(), t.dtype(), t.device()}};
    }
  }
  return m->grad_fn;
}

uint64_t add_hook(const Tensor& t, Hook hook) {
  check(requires_grad(t), "cannot register a hook on a tensor that doesn't require gradient");
  uint64_t id = next_hook++;
  if (auto fn = grad_fn(t)) fn->pre_hooks.push_back({meta(t)->output_nr, id, std::move(hook)});
  else ensure_meta(t).hooks.emplace_back(id, std::move(hook));
  return id;
}

void remove_hook(const Tensor& t, uint64_t id) {
  if (!meta(t)) return;
  std::erase_if(meta(t)->hooks, [id](auto& h) { return h.first == id; });
  std::erase_if(meta(t)->after_hooks, [id](auto& h) { return h.first == id; });
  if (auto fn = grad_fn(t)) std::erase_if(fn->pre_hooks, [id](auto& h) { return h.id == id; });
}

uint64_t add_after_hook(const Tensor& t, std::function<void(const Tensor&)> hook) {
  check(requires_grad(t), "cannot register a hook on a tensor that doesn't require gradient");
  check(is_leaf(t), "post accumulate grad hooks cannot be registered on non-leaf tensors");
  uint64_t id = next_hook++;
  ensure_meta(t).after_hooks.emplace_back(id, std::move(hook));
  return id;
}

void retain_grad(const Tensor& t) {
  check(requires_grad(t), "can't retain_grad on Tensor that has requires_grad=False");
  auto fn = grad_fn(t);
  if (!fn || meta(t)->retained) return;
  auto slot = std::make_shared<Tensor>();
  meta(t)->retained = slot;
  fn->retain_hooks.push_back({meta(t)->output_nr, next_hook++, [slot](const Tensor& g) -> std::optional<Tensor> {
    *slot = slot->defined() ? ops_.add(*slot, g) : g;
    return std::nullopt;
  }});
}

Tensor grad_of(const Tensor& t) {
  AutogradMeta* m = meta(t);
  if (!m) return {};
  return m->retained ? *m->retained : m->grad;
}

bool grad_enabled() { return enabled; }
void set_grad_enabled(bool on) { enabled = on; }

bool any_requires_grad(std::initializer_list<Tensor> inputs) {
  if (!enabled) return false;
  for (const Tensor& t : inputs)
    if (requires_grad(t)) return true;
  return false;
}
bool any_requires_grad(const TensorList& inputs) {
  if (!enabled) return false;
  for (const Tensor& t : inputs)
    if (requires_grad(t)) return true;
  return false;
}

std::shared_ptr<Node> record(const TensorList& outputs, const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn) {
  auto node = make_node(name, inputs, std::move(saved), std::move(fn));
  node->outputs = uint32_t(outputs.size());
  for (uint32_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].defined() && is_floating(outputs[i].dtype())) set_history(outputs[i], node, i);
  return node;
}

void save_output(const std::shared_ptr<Node>& node, const Tensor& out) { node->saved.emplace_back(out, true); }

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

// Whether the history of `self` may be rewritten.
static void check_rewrite(const Tensor& self, std::initializer_list<Tensor> others) {
  if (self.impl()->storage->inference && !inference_mode())
    fail("Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details.");
  if (!enabled) return;
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

void check_inplace(const Tensor& self, std::initializer_list<Tensor> others) {
  check_overlap(self);
  check_rewrite(self, others);
}

void detach_(const Tensor& self) {
  AutogradMeta* m = meta(self);
  if (!m) return;
  if (m->base.defined())
    fail("Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in torch/optim/optimizer.py as the solution.");
  m->requires_grad = false;
  m->grad_fn = nullptr;
  m->output_nr = 0;
  m->retained = nullptr;
  m->hooks.clear();
}

namespace {
// Gives self, whose values have just changed through `node`, its new history; a view's goes into its base's.
void rebase(const Tensor& self, const std::shared_ptr<Node>& node) {
  AutogradMeta& m = ensure_meta(self);
  if (!m.base.defined()) return set_history(self, node, 0);
  // The base's new history: the gradient of the changed slice goes through `node`, the rest to the old history.
  Tensor base = m.base;
  auto copy = std::allocate_shared<Node>(RecyclingAllocator<Node>());
  copy->name = "torch::autograd::CopySlices";
  copy->sequence = next_sequence++;
  copy->next.push_back(gradient_edge(base));
  for (size_t i = 1; i < node->next.size(); ++i) copy->next.push_back(node->next[i]);
  copy->inner = node;
  copy->backward = [inner = node.get(), frame = Frame(base, self)](Context&, const TensorList& g) {
    Tensor flat = ops_.zeros({frame.extent}, g[0].dtype(), g[0].device());
    ops_.copy_(frame.whole(flat), g[0]);
    Context context(*inner, inner->shared_from_this());
    TensorList r = inner->backward(context, {ops_.clone(frame.part(flat))});
    ops_.copy_(frame.part(flat), !r.empty() && r[0].defined() ? r[0] : ops_.zeros(frame.sizes, g[0].dtype(), g[0].device()));
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
  Tensor r = result.dtype() == self.dtype() ? result : ops_.to_dtype(result, self.dtype());
  auto node = enabled ? grad_fn(r) : nullptr;
  if (node) for (SavedTensor& s : node->saved) s.secede(self.impl()->storage);
  {
    NoGrad guard;
    ops_.copy_(self, r);
  }
  if (node) rebase(self, node);
}

void become_view(const Tensor& self, const Tensor& view) {
  check_rewrite(self, {});
  auto node = enabled ? grad_fn(view) : nullptr;
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
