// The backward pass: each node once, when all its gradients are in; of those ready, the one made last comes first.
#include <queue>
#include <unordered_map>
#include <unordered_set>

#include "autograd/history.h"
#include "core/error.h"

namespace weightroom {

namespace {

struct Task {
  Node* node;
  uint64_t sequence;
  bool operator<(const Task& o) const { return sequence < o.sequence; }
};

Tensor apply_hooks(const std::vector<std::pair<uint64_t, Hook>>& hooks, Tensor g) {
  auto copy = hooks;
  for (auto& [id, hook] : copy)
    if (auto r = hook(g)) g = *r;
  return g;
}

// Adds to the leaf's .grad; the hooks have run.
void accumulate(const Ref<TensorImpl>& leaf, Tensor g, bool create_graph) {
  Tensor t(leaf);
  AutogradMeta& m = ensure_meta(t);
  // Frozen since the graph was made: nothing is added, as in PyTorch.
  if (!m.requires_grad) return;
  const AutogradOps ops = autograd_ops();
  if (!m.grad.defined()) {
    // Nobody else holds a fresh contiguous gradient: keep it as it is.
    bool steal = !create_graph && g.is_contiguous() && g.impl()->refs.load() == 1 && g.impl()->storage.use_count() == 1;
    m.grad = steal ? std::move(g) : ops.clone(g);
  } else if (create_graph) m.grad = ops.add(m.grad, g);
  else {
    // In place for whoever holds .grad, as PyTorch accumulates.
    ops.copy_(m.grad, ops.add(m.grad, g));
  }
  for (auto& [id, hook] : std::vector(m.after_hooks)) hook(t);
}

bool expands_to(const Dims& from, const Dims& to) {
  if (from.size() > to.size()) return false;
  for (size_t i = 0; i < from.size(); ++i) {
    int64_t a = from[from.size() - 1 - i], b = to[to.size() - 1 - i];
    if (a != b && a != 1) return false;
  }
  return true;
}

// A gradient as the receiving output wants it: summed to its shape, in its dtype; an error where that cannot be.
Tensor fitted(Tensor g, const Edge& to, const Node& from, size_t index) {
  Node::Output leaf;
  if (to.node->leaf) { Tensor t(to.node->leaf); leaf = {t.sizes(), t.dtype(), t.device()}; }
  else if (to.input >= to.node->output_meta.size()) return g;
  const Node::Output& want = to.node->leaf ? leaf : to.node->output_meta[to.input];
  if (g.sizes() != want.sizes) {
    if (!expands_to(want.sizes, g.sizes()))
      fail("Function ", from.name, " returned an invalid gradient at index ", index, " - got ", shape_str(g.sizes()), " but expected shape compatible with ", shape_str(want.sizes));
    g = autograd_ops().sum_to(g, want.sizes);
  }
  if (g.dtype() != want.dtype) g = autograd_ops().to_dtype(g, want.dtype);
  if (!(g.device() == want.device) && g.dim() > 0)
    fail("Function ", from.name, " returned an invalid gradient at index ", index, " - expected device ", want.device.str(), " but got ", g.device().str());
  return g;
}

// Calls the node's formula; without retain_graph its saved tensors are freed at once.
TensorList evaluate(const std::shared_ptr<Node>& node, const TensorList& grads, bool retain_graph) {
  if (node->released)
    fail("Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.");
  Context context(*node, node);
  TensorList result;
  try {
    result = node->backward(context, grads);
    if (anomaly().on && anomaly().check_nan)
      for (size_t i = 0; i < result.size(); ++i)
        if (result[i].defined() && is_floating(result[i].dtype()) && autograd_ops().has_nan(result[i])) fail("Function '", node->name, "' returned nan values in its ", i, "th output.");
  } catch (const Error& e) {
    if (node->trace.empty()) throw;
    throw Error(e.kind, concat(e.what(), "\n\nThe forward call of ", node->name, " that this belongs to:\n", node->trace));
  }
  if (!retain_graph) {
    node->saved.clear();
    node->backward = nullptr;
    node->inner = nullptr;
    node->released = true;
  }
  return result;
}

// Ops whose gradient PyTorch computes from an input that it is flat in: differentiated again it is zero, not missing.
bool flat_in_input(const std::string& node) {
  static const std::unordered_set<std::string> names = {
      "Relu", "Hardtanh", "Hardsigmoid", "Hardshrink", "Softshrink", "Threshold", "LeakyRelu", "RreluWithNoise", "Copysign", "NllLoss", "NllLoss2D",
      "MaxPool2DWithIndices", "MaxPool3DWithIndices", "AvgPool2D", "AvgPool3D", "AdaptiveAvgPool2D", "AdaptiveAvgPool3D", "AdaptiveMaxPool2D", "AdaptiveMaxPool3D",
      "MaxUnpool2D", "MaxUnpool3D", "FractionalMaxPool2D", "FractionalMaxPool3D",
      "ReflectionPad1D", "ReflectionPad2D", "ReflectionPad3D", "ReplicationPad1D", "ReplicationPad2D", "ReplicationPad3D"};
  const size_t end = node.rfind("Backward");
  return end != std::string::npos && names.count(node.substr(0, end)) > 0;
}

// g with a history that leads to the input it belongs to, with zeros.
Tensor with_zeros_to(const Edge& input, const Tensor& g, const std::string& name) {
  auto node = make_node((name.substr(0, name.rfind("Backward")) + "BackwardBackward0").c_str(), {}, {}, [sizes = g.sizes(), type = g.dtype(), device = g.device()](Context&, const TensorList&) {
    return TensorList{autograd_ops().zeros(sizes, type, device)};
  });
  node->next = {input};
  Tensor out = alias(g, true);
  set_history(out, node, 0);
  return out;
}

}  // namespace

TensorList run_backward(const TensorList& roots, const TensorList& root_grads, bool retain_graph, bool create_graph, const TensorList& inputs, bool allow_unused, bool accumulate_leaves) {
  struct State { TensorList grads; int64_t waiting = 0; bool needed = true; };
  std::unordered_map<Node*, State> states;

  // Where captured gradients of `inputs` arrive.
  struct Capture { uint32_t nr; size_t index; };
  std::unordered_map<Node*, std::vector<Capture>> captures;
  TensorList captured(inputs.size());
  std::vector<Edge> targets;  // keeps accumulators of unused leaves alive
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (!requires_grad(inputs[i])) fail("One of the differentiated Tensors does not require grad");
    Edge e = gradient_edge(inputs[i]);
    captures[e.node.get()].push_back({e.input, i});
    targets.push_back(std::move(e));
  }

  std::vector<std::pair<Edge, Tensor>> starts;  // the nodes stay in it: they hold the graph
  for (size_t i = 0; i < roots.size(); ++i) {
    const Tensor& r = roots[i];
    if (!requires_grad(r)) fail("element ", i, " of tensors does not require grad and does not have a grad_fn");
    Tensor g = i < root_grads.size() ? root_grads[i] : Tensor();
    if (!g.defined()) {
      check(r.numel() == 1, "grad can be implicitly created only for scalar outputs");
      g = autograd_ops().ones_like(r);
    } else if (g.sizes() != r.sizes()) {
      fail("Mismatch in shape: grad_output[", i, "] has a shape of torch.Size(", shape_str(g.sizes()), ") and output[", i, "] has a shape of torch.Size(", shape_str(r.sizes()), ").");
    }
    starts.emplace_back(gradient_edge(r), g);
  }

  // How many gradients each node waits for; in post-order, so that `needed` (leads to one of `inputs`) is known bottom up.
  {
    struct Visit { Node* node; size_t next; };
    std::vector<Visit> stack;
    auto enter = [&](Node* n) {
      auto [it, fresh] = states.try_emplace(n);
      if (!fresh) return;
      it->second.needed = inputs.empty() || captures.count(n);
      stack.push_back({n, 0});
    };
    for (auto& [edge, g] : starts) {
      enter(edge.node.get());
      while (!stack.empty()) {
        Visit& v = stack.back();
        if (v.next < v.node->next.size()) {
          Node* child = v.node->next[v.next++].node.get();
          if (!child) continue;
          enter(child);
          ++states[child].waiting;
        } else {
          Node* done = v.node;
          stack.pop_back();
          State& s = states[done];
          if (!s.needed) for (Edge& e : done->next) if (e.node && states[e.node.get()].needed) s.needed = true;
        }
      }
    }
  }

  std::unordered_map<Node*, std::shared_ptr<Node>> alive;
  std::priority_queue<Task> ready;
  auto deliver = [&](const Edge& edge, Tensor g) {
    State& s = states[edge.node.get()];
    if (s.grads.empty()) s.grads.resize(edge.node->outputs);
    alive[edge.node.get()] = edge.node;
    Tensor& slot = s.grads[edge.input];
    slot = slot.defined() ? autograd_ops().add(slot, g) : std::move(g);
  };

  NoGrad mode(create_graph);
  for (auto& [edge, g] : starts) deliver(edge, std::move(g));
  for (auto& [edge, g] : starts)
    if (states[edge.node.get()].waiting == 0) { states[edge.node.get()].waiting = -1; ready.push({edge.node.get(), edge.node->sequence}); }

  while (!ready.empty()) {
    Task task = ready.top();
    ready.pop();
    State state = std::move(states[task.node]);
    TensorList grads = std::move(state.grads);
    std::shared_ptr<Node> node;
    if (auto it = alive.find(task.node); it != alive.end()) { node = std::move(it->second); alive.erase(it); }
    TensorList result;
    bool any = false;
    for (const Tensor& g : grads) any |= g.defined();
    if (node && any && state.needed) {
      if (node->leaf) grads[0] = apply_hooks(ensure_meta(Tensor(node->leaf)).hooks, std::move(grads[0]));
      else if (!node->pre_hooks.empty() || !node->retain_hooks.empty())
        for (auto& list : {node->pre_hooks, node->retain_hooks})
          for (auto& h : list)
            if (grads[h.output].defined())
              if (auto r = h.hook(grads[h.output])) grads[h.output] = *r;
      auto cap = captures.find(task.node);
      if (cap != captures.end())
        for (auto& c : cap->second) captured[c.index] = grads[c.nr];
      if (node->leaf) {
        if (inputs.empty() && accumulate_leaves) {
          Tensor g = std::move(grads[0]);
          grads.clear();
          accumulate(node->leaf, std::move(g), create_graph);
        }
      } else {
        bool onward = inputs.empty();
        for (const Edge& e : node->next) onward |= e.node && states[e.node.get()].needed;
        if (onward) result = evaluate(node, grads, retain_graph);
        if (create_graph && flat_in_input(node->name))
          for (size_t i = 0; i < result.size(); ++i)
            if (result[i].defined() && !requires_grad(result[i]) && i < node->next.size() && node->next[i].node) result[i] = with_zeros_to(node->next[i], result[i], node->name);
      }
      grads.clear();
    }
    for (size_t i = 0; i < task.node->next.size(); ++i) {
      const Edge& e = task.node->next[i];
      if (!e.node) continue;
      if (i < result.size() && result[i].defined() && states[e.node.get()].needed) {
        deliver(e, fitted(std::move(result[i]), e, *task.node, i));
      }
      State& s = states[e.node.get()];
      if (--s.waiting == 0) ready.push({e.node.get(), e.node->sequence});
    }
  }
  for (size_t i = 0; i < captured.size(); ++i)
    if (!captured[i].defined() && !allow_unused)
      fail("The differentiated Tensor at index ", i, " appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.");
  return captured;
}

}  // namespace weightroom
