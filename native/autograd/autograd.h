// Reverse-mode automatic differentiation: nodes, saved tensors, the backward pass.
// Backward formulas are written in differentiable ops, so that gradients of gradients come for free.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "core/tensor.h"

namespace weightroom {

using TensorList = std::vector<Tensor>;

struct Node;
struct Edge {
  std::shared_ptr<Node> node;
  uint32_t input = 0;
};

// A tensor kept for backward: detects in-place changes, and keeps an output of its own node without a cycle.
class SavedTensor {
 public:
  SavedTensor() = default;
  // `is_output`: the tensor is the result of the node that saves it.
  SavedTensor(const Tensor& t, bool is_output = false, uint32_t output_nr = 0);
  // Takes a copy of the values if they lie in `storage`, which is about to be overwritten.
  void secede(const Ref<Storage>& storage);
  // Moves the nodes it keeps alive into `out`, so that a long chain is not freed recursively.
  void surrender(std::vector<std::shared_ptr<Node>>& out);
  // Throws RuntimeError with PyTorch's text when the values have changed since.
  Tensor unpack(const std::shared_ptr<Node>& owner) const;
  bool defined() const { return tensor_.defined(); }
  const Dims& sizes() const { return tensor_.sizes(); }

 private:
  Tensor tensor_;
  uint32_t version_ = 0;
  bool is_output_ = false;
  std::shared_ptr<Node> made_by_;  // of tensors that are no leaves
  uint32_t output_nr_ = 0;
};

// What an op's backward sees: saved tensors and which inputs need a gradient.
class Context {
 public:
  Context(Node& node, std::shared_ptr<Node> self) : node_(node), self_(std::move(self)) {}
  Tensor saved(size_t i) const;
  bool needs(size_t input) const;

 private:
  Node& node_;
  std::shared_ptr<Node> self_;
};

// Gradient by every input, undefined where none flows. One incoming gradient for each output.
using BackwardFn = std::function<TensorList(Context&, const TensorList& grads)>;
using Hook = std::function<std::optional<Tensor>(const Tensor&)>;

struct Node : std::enable_shared_from_this<Node> {
  std::string name;
  std::vector<Edge> next;
  std::vector<SavedTensor> saved;
  BackwardFn backward;
  uint64_t sequence = 0;
  uint32_t outputs = 1;
  bool released = false;
  // What a gradient of each output must look like.
  struct Output { Dims sizes; DType dtype = DType::float32; Device device; };
  std::vector<Output> output_meta;
  // Where the user's code made it; only in anomaly mode.
  std::string trace;
  // The op whose gradient goes through a slice of the base's (in-place changes of views).
  std::shared_ptr<Node> inner;
  // Leaf accumulation: the tensor whose .grad this node adds to.
  Ref<TensorImpl> leaf;
  struct PreHook { uint32_t output; uint64_t id; Hook hook; };
  std::vector<PreHook> pre_hooks;     // on the gradient of one output
  std::vector<PreHook> retain_hooks;  // of retain_grad(): after all others
  ~Node();
};

// How a view came about; decides whether it may be changed in place.
enum class ViewKind : uint8_t { plain, no_grad, inference, one_of_many, custom };

struct AutogradMeta : AutogradMetaBase, Recycled<AutogradMeta> {
  bool requires_grad = false;  // leaves only
  Tensor grad;
  std::shared_ptr<Tensor> retained;  // retain_grad(): filled by a hook of the node, without a cycle
  std::shared_ptr<Node> grad_fn;
  uint32_t output_nr = 0;
  std::weak_ptr<Node> accumulator;
  std::vector<std::pair<uint64_t, Hook>> hooks;
  std::vector<std::pair<uint64_t, std::function<void(const Tensor&)>>> after_hooks;  // after accumulation into .grad
  // Views: the tensor whose history an in-place change of this one must rewrite.
  Tensor base;
  uint32_t view_version = 0;
  ViewKind view_kind = ViewKind::plain;
};

AutogradMeta* meta(const Tensor& t);        // null when autograd knows nothing of it
AutogradMeta& ensure_meta(const Tensor& t);
bool requires_grad(const Tensor& t);
void set_requires_grad(const Tensor& t, bool value);
bool is_leaf(const Tensor& t);
// The node that made `t`, regenerated for views whose base was changed in place; null for leaves.
std::shared_ptr<Node> grad_fn(const Tensor& t);
// Where a gradient of `t` goes: the node that made it, or the one that adds to a leaf's .grad. Null node when t needs none.
Edge gradient_edge(const Tensor& t);
// Calls `hook` with the gradient of `t`; its result, when given, replaces it. Returns an id for remove_hook.
uint64_t add_hook(const Tensor& t, Hook hook);
void remove_hook(const Tensor& t, uint64_t id);
// Calls `hook` with a leaf after its .grad was added to.
uint64_t add_after_hook(const Tensor& t, std::function<void(const Tensor&)> hook);
// Keeps the gradient of a non-leaf in grad_of().
void retain_grad(const Tensor& t);
Tensor grad_of(const Tensor& t);

// Grad mode of this thread.
bool grad_enabled();
void set_grad_enabled(bool on);
struct NoGrad {
  bool before = grad_enabled();
  explicit NoGrad(bool on = false) { set_grad_enabled(on); }
  ~NoGrad() { set_grad_enabled(before); }
};

bool any_requires_grad(std::initializer_list<Tensor> inputs);
bool any_requires_grad(const TensorList& inputs);

// Gives `outputs` the history `name`(inputs). Call only when any_requires_grad(inputs).
std::shared_ptr<Node> record(const TensorList& outputs, const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn);
inline void record(const Tensor& out, const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn) {
  record(TensorList{out}, name, inputs, std::move(saved), std::move(fn));
}
// `out` is the result of the node being recorded now: saved without a cycle.
void save_output(const std::shared_ptr<Node>& node, const Tensor& out);

// The written-to tensor must not hold one element twice, nor share part of its memory with what is read.
void check_overlap(const Tensor& written, const Tensor& read = {});
// In-place: throws PyTorch's errors before anything is written. `others`: what flows in beside self.
void check_inplace(const Tensor& self, std::initializer_list<Tensor> others = {});
// Forgets the history, in place.
void detach_(const Tensor& self);
// After writing: bumps the version and, when gradients flow, gives self (and its base) the new history.
void record_inplace(const Tensor& self, const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn);
// `self` takes the values and the history of `result`, an op whose first input is self: any op, done in place.
void become(const Tensor& self, const Tensor& result);
// `self` takes the shape and the history of `view`, which shares its memory: transpose_() and the like. Values and base stay.
void become_view(const Tensor& self, const Tensor& view);
// Marks `view` as a view of `base`, for in-place histories.
void mark_view(const Tensor& view, const Tensor& base, ViewKind kind = ViewKind::plain);

// Anomaly mode of this thread: nodes remember where they were made, backward looks for NaN. `capture` gives the place.
struct Anomaly { bool on = false, check_nan = true; std::function<std::string()> capture; };
Anomaly& anomaly();

// Runs backward from `roots`. Accumulates into leaves' .grad, or returns gradients of `inputs` when given.
TensorList run_backward(const TensorList& roots, const TensorList& root_grads, bool retain_graph, bool create_graph, const TensorList& inputs = {}, bool allow_unused = false, bool accumulate = true);

// Ops that autograd itself needs; ops/ provides them.
struct AutogradOps {
  Tensor (*add)(const Tensor&, const Tensor&);
  Tensor (*ones_like)(const Tensor&);
  Tensor (*zeros)(const Dims&, DType, Device);
  Tensor (*clone)(const Tensor&);
  Tensor (*as_strided)(const Tensor&, const Dims&, const Dims&, int64_t);
  void (*copy_)(const Tensor&, const Tensor&);
  Tensor (*sum_to)(const Tensor&, const Dims&);
  Tensor (*to_dtype)(const Tensor&, DType);
  bool (*has_nan)(const Tensor&);
};
void set_autograd_ops(const AutogradOps& ops);
AutogradOps autograd_ops();

}  // namespace weightroom
