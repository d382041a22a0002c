#include "autograd/autograd.h"

#include <atomic>

#include "autograd/history.h"
#include "core/error.h"

namespace weightroom {
namespace {
thread_local bool enabled = true;
thread_local Anomaly anomaly_;
std::atomic<uint64_t> next_sequence{1};
std::atomic<uint64_t> next_hook{1};
AutogradOps ops_{};

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

}  // namespace

// PyTorch names a saved output's maker without "Backward0".
std::string maker_name(const std::string& node) {
  size_t at = node.find("Backward");
  return at == std::string::npos ? node : node.substr(0, at);
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

uint64_t take_sequence() { return next_sequence++; }

Anomaly& anomaly() { return anomaly_; }

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
  if (m->base.defined() && m->view_version != t.version()) renew_view(t);
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

}  // namespace weightroom
