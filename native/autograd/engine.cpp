// The backward pass: nodes in order of decreasing sequence number, each once, when all its gradients are in.
#include <queue>
#include <unordered_map>

#include "autograd/autograd.h"
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

void accumulate(const Ref<TensorImpl>& leaf, Tensor g, bool create_graph) {
  Tensor t(leaf);
  AutogradMeta& m = ensure_meta(t);
  g = apply_hooks(m.hooks, g);
  if (!m.grad.defined()) {
    // Nobody else holds a fresh contiguous gradient: keep it as it is.
    bool steal = !create_graph && g.is_contiguous() && g.impl()->refs.load() == 1 && g.impl()->storage.use_count() == 1;
    if (!create_graph) {
      NoGrad guard;
      m.grad = steal ? g : autograd_ops().clone(g);
    } else m.grad = autograd_ops().clone(g);
    return;
  }
  if (create_graph) m.grad = autograd_ops().add(m.grad, g);
  else {
    NoGrad guard;
    Tensor sum = autograd_ops().add(m.grad, g);
    // In place for whoever holds .grad, as PyTorch accumulates.
    autograd_ops().copy_(m.grad, sum);
    m.grad.bump_version();
  }
}

}  // namespace

TensorList run_backward(const TensorList& roots, const TensorList& root_grads, bool retain_graph, bool create_graph, const TensorList& inputs, bool allow_unused, bool accumulate_leaves) {
  std::unordered_map<Node*, TensorList> pending;
  std::unordered_map<Node*, std::shared_ptr<Node>> alive;
  std::priority_queue<Task> queue;

  // Where captured gradients of `inputs` arrive.
  struct Capture { uint32_t nr; size_t index; };
  std::unordered_map<Node*, std::vector<Capture>> captures;
  TensorList captured(inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    check(requires_grad(inputs[i]), "One of the differentiated Tensors does not require grad");
    auto fn = grad_fn(inputs[i]);
    if (fn) captures[fn.get()].push_back({meta(inputs[i])->output_nr, i});
    else if (auto acc = meta(inputs[i])->accumulator.lock()) captures[acc.get()].push_back({0, i});
  }

  NoGrad mode(create_graph);
  auto send = [&](const std::shared_ptr<Node>& node, uint32_t nr, const Tensor& g) {
    auto [it, fresh] = pending.try_emplace(node.get());
    if (fresh) {
      it->second.resize(node->outputs);
      alive[node.get()] = node;
      queue.push({node.get(), node->sequence});
    }
    Tensor& slot = it->second[nr];
    slot = slot.defined() ? autograd_ops().add(slot, g) : g;
  };

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
    if (auto fn = grad_fn(r)) {
      send(fn, meta(r)->output_nr, g);
    } else {
      auto acc = meta(r)->accumulator.lock();
      if (acc && captures.count(acc.get())) { for (auto& c : captures[acc.get()]) captured[c.index] = g; }
      else if (inputs.empty() && accumulate_leaves) accumulate(r.ref(), g, create_graph);
    }
  }

  while (!queue.empty()) {
    Task task = queue.top();
    queue.pop();
    std::shared_ptr<Node> node = alive[task.node];
    TensorList grads = std::move(pending[task.node]);
    alive.erase(task.node);
    pending.erase(task.node);
    if (!node->leaf)
      for (auto& h : std::vector(node->pre_hooks))
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
      continue;
    }
    if (node->released)
      fail("Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.");
    Context context(*node, node);
    TensorList result = node->backward(context, grads);
    grads.clear();
    if (!retain_graph) {
      node->saved.clear();
      node->backward = nullptr;
      node->released = true;
    }
    for (size_t i = 0; i < node->next.size() && i < result.size(); ++i) {
      if (!node->next[i].node || !result[i].defined()) continue;
      Tensor g = std::move(result[i]);
      send(node->next[i].node, node->next[i].input, std::move(g));
    }
  }
  for (size_t i = 0; i < captured.size(); ++i)
    if (!captured[i].defined() && !allow_unused)
      fail("One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior.");
  return captured;
}

}  // namespace weightroom
