#include "autograd/autograd.h"

#include <atomic>

#include "core/error.h"

namespace weightroom {
namespace {
thread_local bool enabled = true;
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
  auto n = std::make_shared<Node>();
  n->name = "AccumulateGrad";
  n->leaf = t.ref();
  n->sequence = UINT64_MAX;
  m.accumulator = n;
  return n;
}

std::shared_ptr<Node> make_node(const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn) {
  auto node = std::make_shared<Node>();
  node->name = name;
  node->sequence = next_sequence++;
  node->next.reserve(inputs.size());
  for (const Tensor& t : inputs) node->next.push_back(gradient_edge(t));
  node->saved = std::move(saved);
  node->backward = std::move(fn);
  return node;
}

void set_history(const Tensor& out, const std::shared_ptr<Node>& node, uint32_t nr) {
  AutogradMeta& m = ensure_meta(out);
  m.grad_fn = node;
  m.output_nr = nr;
  m.view_version = out.version();
  // Hooks of a tensor changed in place stay with its old value, as PyTorch has it.
  m.hooks.clear();
}
}  // namespace

Edge gradient_edge(const Tensor& t) {
  if (!t.defined() || !requires_grad(t)) return {};
  if (auto fn = grad_fn(t)) return {fn, meta(t)->output_nr};
  return {accumulator_of(t), 0};
}

void set_autograd_ops(const AutogradOps& o) { ops_ = o; }
AutogradOps autograd_ops() { return ops_; }

// Long chains must not be freed recursively.
Node::~Node() {
  std::vector<std::shared_ptr<Node>> stack;
  auto take = [&stack](Node& n) {
    for (Edge& e : n.next)
      if (e.node && e.node.use_count() == 1) stack.push_back(std::move(e.node));
    n.next.clear();
  };
  take(*this);
  while (!stack.empty()) {
    auto n = std::move(stack.back());
    stack.pop_back();
    if (n.use_count() == 1) take(*n);
  }
}

SavedTensor::SavedTensor(const Tensor& t, bool is_output) {
  if (!t.defined()) return;
  is_output_ = is_output;
  version_ = t.version();
  tensor_ = is_output ? alias(t, true) : t;
  if (!is_output && !is_leaf(t)) {
    made_by_ = maker_name(grad_fn(t)->name);
    output_nr_ = meta(t)->output_nr;
  }
}

Tensor SavedTensor::unpack(const std::shared_ptr<Node>& owner) const {
  if (!tensor_.defined()) return tensor_;
  if (tensor_.version() != version_) {
    std::string made = is_output_ ? maker_name(owner->name) : made_by_;
    fail("one of the variables needed for gradient computation has been modified by an inplace operation: [torch.",
         scalar_type_name(tensor_.dtype()), "Tensor ", shape_str(tensor_.sizes()), "]",
         made.empty() ? std::string() : concat(", which is output ", output_nr_, " of ", made, ","), " is at version ", tensor_.version(),
         "; expected version ", version_,
         " instead. Hint: enable anomaly detection to find the operation that failed to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).");
  }
  if (is_output_ && owner) {
    Tensor t = alias(tensor_, true);
    AutogradMeta& m = ensure_meta(t);
    m.grad_fn = owner;
    m.output_nr = output_nr_;
    m.view_version = t.version();
    return t;
  }
  return tensor_;
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
      Tensor base = m->base;
      Dims sizes = t.sizes(), strides = t.strides();
      int64_t offset = t.offset();
      m->grad_fn = make_node("AsStridedBackward0", {base}, {}, [base_sizes = base.sizes(), base_strides = base.strides(), base_offset = base.offset(), sizes, strides, offset](Context&, const TensorList& g) {
        Tensor full = ops_.zeros(base_sizes, g[0].dtype(), g[0].device());
        NoGrad guard;
        ops_.copy_(ops_.as_strided(full, sizes, strides, offset - base_offset), g[0]);
        return TensorList{full};
      });
      m->output_nr = 0;
      m->view_version = t.version();
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
  if (auto fn = grad_fn(t)) std::erase_if(fn->pre_hooks, [id](auto& h) { return h.id == id; });
}

void retain_grad(const Tensor& t) {
  check(requires_grad(t), "can't retain_grad on Tensor that has requires_grad=False");
  auto fn = grad_fn(t);
  if (!fn || meta(t)->retained) return;
  auto slot = std::make_shared<Tensor>();
  meta(t)->retained = slot;
  add_hook(t, [slot](const Tensor& g) -> std::optional<Tensor> {
    *slot = slot->defined() ? ops_.add(*slot, g) : g;
    return std::nullopt;
  });
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

void check_inplace(const Tensor& self) {
  if (!enabled) return;
  AutogradMeta* m = meta(self);
  if (!m) return;
  if (m->requires_grad && !m->grad_fn) fail("a leaf Variable that requires grad is being used in an in-place operation.");
  if (m->base.defined() && is_leaf(m->base) && requires_grad(m->base))
    fail("a view of a leaf Variable that requires grad is being used in an in-place operation.");
}

void record_inplace(const Tensor& self, const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn) {
  bool grad = any_requires_grad(inputs);
  if (!grad) {
    self.bump_version();
    if (enabled && meta(self) && !meta(self)->base.defined() && !meta(self)->requires_grad) {
      // Overwritten by values without history (fill_, copy_ of constants).
      bool self_is_input = false;
      for (const Tensor& t : inputs) self_is_input |= t.defined() && t.same(self);
      if (!self_is_input) meta(self)->grad_fn = nullptr;
    }
    return;
  }
  auto node = make_node(name, inputs, std::move(saved), std::move(fn));
  AutogradMeta& m = ensure_meta(self);
  self.bump_version();
  if (!m.base.defined()) return set_history(self, node, 0);
  // The base's new history: the gradient of the changed slice goes through `node`, the rest to the old history.
  Tensor base = m.base;
  auto copy = std::make_shared<Node>();
  copy->name = "CopySlices";
  copy->sequence = next_sequence++;
  copy->next.push_back(gradient_edge(base));
  for (size_t i = 1; i < node->next.size(); ++i) copy->next.push_back(node->next[i]);
  Dims sizes = self.sizes(), strides = self.strides();
  int64_t offset = self.offset() - base.offset();
  copy->backward = [node, sizes, strides, offset](Context&, const TensorList& g) {
    Tensor full = ops_.clone(g[0]);
    Tensor slice = ops_.as_strided(full, sizes, strides, offset);
    Context inner(*node, node);
    TensorList r = node->backward(inner, {ops_.clone(slice)});
    {
      NoGrad guard;
      ops_.copy_(slice, !r.empty() && r[0].defined() ? r[0] : ops_.zeros(sizes, full.dtype(), full.device()));
    }
    TensorList result{full};
    for (size_t i = 1; i < r.size(); ++i) result.push_back(r[i]);
    return result;
  };
  set_history(base, copy, 0);
  m.grad_fn = nullptr;
  m.view_version = self.version() - 1;  // regenerated on next use
  (void)grad_fn(self);
}

void mark_view(const Tensor& view, const Tensor& base) {
  AutogradMeta* m = meta(base);
  Tensor root = m && m->base.defined() ? m->base : base;
  AutogradMeta& v = ensure_meta(view);
  v.base = root;
  v.view_version = view.version();
}

}  // namespace weightroom
