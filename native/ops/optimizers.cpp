// Update rules of the optimizers without a kernel of their own, written in ops: they run on every device, one native call
// a step. Each says which states `s` and settings `o` it takes, in order. Sources: torch.optim.<name>.
#include <algorithm>
#include <cmath>
#include <map>

#include "ops/optimizers.h"

namespace weightroom::ops {
namespace {

void mul_(const Tensor& t, double x) { binary_(BinaryOp::mul, t, wrapped(x)); }
void mul_(const Tensor& t, const Tensor& x) { binary_(BinaryOp::mul, t, x); }
void add_(const Tensor& t, const Tensor& x, double alpha = 1) { binary_(BinaryOp::add, t, x, alpha); }
void add_(const Tensor& t, double x) { binary_(BinaryOp::add, t, wrapped(x)); }
Tensor root(const Tensor& t) { return unary(UnaryOp::sqrt, t); }
// t moves the share w of its way to x.
void approach(const Tensor& t, const Tensor& x, double w) {
  Tensor span = sub(x, t);
  if (w < 0.5) return add_(t, span, w);
  backend(t).copy(t, binary(BinaryOp::sub, x, span, 1 - w));
}
// The gradient to go by: its sign, and the decay of the weights.
Tensor gradient(const Tensor& p, const Tensor& g, double decay, double maximize) {
  Tensor d = maximize != 0 ? neg(g) : g;
  return decay != 0 ? binary(BinaryOp::add, d, p, decay) : d;
}
// Running means of the gradient and its square.
void moments(const Tensor& m, const Tensor& v, const Tensor& d, double beta1, double beta2) {
  approach(m, d, 1 - beta1);
  mul_(v, beta2);
  add_(v, mul(d, d), 1 - beta2);
}

using Rule = void (*)(const Tensor& p, const Tensor& g, const TensorList& s, const double* o);

// s: exp_avg, exp_avg_sq, max_exp_avg_sq. o: step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize
void amsgrad(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  if (o[6] != 0) mul_(p, 1 - o[1] * o[5]);
  Tensor d = gradient(p, g, o[6] != 0 ? 0 : o[5], o[7]);
  moments(s[0], s[1], d, o[2], o[3]);
  backend(p).binary(BinaryOp::maximum, s[2], s[2], s[1], 1);
  double c1 = 1 - std::pow(o[2], o[0]), c2 = std::sqrt(1 - std::pow(o[3], o[0]));
  Tensor under = div(root(s[2]), wrapped(c2));
  add_(under, o[4]);
  add_(p, div(s[0], under), -o[1] / c1);
}

// s: square_avg, grad_avg if centered, momentum_buffer if momentum. o: lr, alpha, eps, weight_decay, momentum, centered, maximize
void rmsprop(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, o[3], o[6]);
  mul_(s[0], o[1]);
  add_(s[0], mul(d, d), 1 - o[1]);
  Tensor under;
  if (o[5] != 0) {
    approach(s[1], d, 1 - o[1]);
    under = root(binary(BinaryOp::sub, s[0], mul(s[1], s[1])));
  } else under = root(s[0]);
  add_(under, o[2]);
  Tensor step = div(d, under);
  if (o[4] != 0) {
    const Tensor& buffer = s[o[5] != 0 ? 2 : 1];
    mul_(buffer, o[4]);
    add_(buffer, step);
    step = buffer;
  }
  add_(p, step, -o[0]);
}

// s: sum. o: step, lr, lr_decay, eps, weight_decay, maximize
void adagrad(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, o[4], o[5]);
  add_(s[0], mul(d, d));
  Tensor under = root(s[0]);
  add_(under, o[3]);
  add_(p, div(d, under), -o[1] / (1 + (o[0] - 1) * o[2]));
}

// s: square_avg, acc_delta. o: lr, rho, eps, weight_decay, maximize
void adadelta(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, o[3], o[4]);
  mul_(s[0], o[1]);
  add_(s[0], mul(d, d), 1 - o[1]);
  Tensor delta = div(root(add(s[1], o[2])), root(add(s[0], o[2])));
  mul_(delta, d);
  mul_(s[1], o[1]);
  add_(s[1], mul(delta, delta), 1 - o[1]);
  add_(p, delta, -o[0]);
}

// s: exp_avg, exp_inf. o: step, lr, beta1, beta2, eps, weight_decay, maximize
void adamax(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, o[5], o[6]);
  approach(s[0], d, 1 - o[2]);
  mul_(s[1], o[3]);
  backend(p).binary(BinaryOp::maximum, s[1], s[1], add(unary(UnaryOp::abs, d), o[4]), 1);
  add_(p, div(s[0], s[1]), -o[1] / (1 - std::pow(o[2], o[0])));
}

// s: exp_avg, exp_avg_sq. o: step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize, mu, mu_next, mu_product
void nadam(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  if (o[6] != 0) mul_(p, 1 - o[1] * o[5]);
  Tensor d = gradient(p, g, o[6] != 0 ? 0 : o[5], o[7]);
  moments(s[0], s[1], d, o[2], o[3]);
  Tensor under = root(div(s[1], wrapped(1 - std::pow(o[3], o[0]))));
  add_(under, o[4]);
  add_(p, div(d, under), -o[1] * (1 - o[8]) / (1 - o[10]));
  add_(p, div(s[0], under), -o[1] * o[9] / (1 - o[10] * o[9]));
}

// s: exp_avg, exp_avg_sq. o: step, lr, beta1, beta2, eps, weight_decay, decoupled, maximize
void radam(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  if (o[6] != 0) mul_(p, 1 - o[1] * o[5]);
  Tensor d = gradient(p, g, o[6] != 0 ? 0 : o[5], o[7]);
  moments(s[0], s[1], d, o[2], o[3]);
  double c1 = 1 - std::pow(o[2], o[0]), c2 = 1 - std::pow(o[3], o[0]);
  Tensor step = mul(div(s[0], wrapped(c1)), o[1]);
  // The variance of the adaptive rate is known only after some steps; until then it is plain momentum.
  double most = 2 / (1 - o[3]) - 1, length = most - 2 * o[0] * std::pow(o[3], o[0]) / c2;
  if (length > 5) {
    Tensor under = root(s[1]);
    add_(under, o[4]);
    mul_(step, div(wrapped(std::sqrt(c2)), under));
    mul_(step, std::sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)));
  }
  add_(p, step, -1);
}

// s: prev, step_size. o: eta_minus, eta_plus, step_min, step_max, maximize
void rprop(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, 0, o[4]);
  Tensor agreement = mul(d, s[0]);
  auto number = [&](double v) { return full({}, v, p.dtype(), p.device()); };
  Tensor turned = binary(BinaryOp::lt, agreement, wrapped(0));
  Tensor factor = where(turned, number(o[0]), where(binary(BinaryOp::gt, agreement, wrapped(0)), number(o[1]), number(1)));
  mul_(s[1], factor);
  backend(p).unary(UnaryOp::clamp, s[1], s[1], o[2], o[3]);
  // Where the sign turned, this step is left out.
  d = where(turned, number(0), d);
  add_(p, mul(unary(UnaryOp::sign, d), s[1]), -1);
  backend(p).copy(s[0], d);
}

// s: ax. o: lambd, weight_decay, maximize, eta, mu
void asgd(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, o[1], o[2]);
  mul_(p, 1 - o[0] * o[3]);
  add_(p, d, -o[3]);
  if (o[4] == 1) backend(p).copy(s[0], p);
  else add_(s[0], sub(p, s[0]), o[4]);
}

// s: row_var and col_var, or variance of a vector. o: step, lr, beta2_decay, eps1, eps2, d, weight_decay, maximize
void adafactor(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  Tensor d = gradient(p, g, 0, o[7]);
  double share = std::pow(o[0], o[2]), rho = std::min(o[1], 1 / std::sqrt(o[0]));
  auto rms = [](const Tensor& t) { return mul(norm(t, 2, {}, false), 1 / std::sqrt(double(t.numel()))); };
  auto at_least = [](const Tensor& t, double low) { return clamp(t, Scalar(low), {}); };
  Tensor rate = mul(at_least(rms(p), o[4]), rho);
  if (o[6] != 0) mul_(p, 1 - o[1] * o[6]);
  Tensor estimate;
  if (s.size() == 2) {
    // Means of the squares along the last two dims stand for the whole.
    auto mean_square = [&](int64_t dim) { Tensor n = norm(d, 2, {dim}, true); return mul(mul(n, n), 1 / double(d.size(dim))); };
    approach(s[0], mean_square(-1), share);
    approach(s[1], mean_square(-2), share);
    estimate = div(matmul(s[0], s[1]), at_least(mean(s[0], {-2}, true), o[3]));
  } else {
    approach(s[0], mul(d, d), share);
    estimate = s[0];
  }
  Tensor update = mul(unary(UnaryOp::rsqrt, at_least(estimate, o[3] * o[3])), d);
  add_(p, mul(update, div(rate, at_least(mul(rms(update), 1 / o[5]), 1))), -1);
}

// s: momentum_buffer. o: lr, weight_decay, momentum, nesterov, a, b, c, eps, ns_steps, adjust_lr_fn (0 original, 1 match_rms_adamw)
void muon(const Tensor& p, const Tensor& g, const TensorList& s, const double* o) {
  approach(s[0], g, 1 - o[2]);
  Tensor update = s[0];
  if (o[3] != 0) {
    update = clone(g);
    approach(update, s[0], o[2]);
  }
  // Newton and Schulz towards the nearest orthogonal matrix, in bfloat16 as PyTorch does.
  bool high = p.size(0) > p.size(1);
  Tensor x = to_dtype(update, DType::bfloat16);
  if (high) x = transpose(x, 0, 1);
  x = div(x, clamp(norm(x, 2, {}, false), Scalar(o[7]), {}));
  for (int k = 0; k < int(o[8]); ++k) {
    Tensor gram = matmul(x, transpose(x, 0, 1));
    x = addmm(x, addmm(gram, gram, gram, o[5], o[6]), x, o[4], 1);
  }
  if (high) x = transpose(x, 0, 1);
  double m = double(p.size(0)), n = double(p.size(1)), ratio = o[9] != 0 ? 0.2 * std::sqrt(std::max(m, n)) : std::sqrt(std::max(1.0, m / n));
  mul_(p, 1 - o[0] * o[1]);
  add_(p, to_dtype(x, p.dtype()), -o[0] * ratio);
}

const std::map<std::string, Rule>& rules() {
  static const std::map<std::string, Rule> table{{"amsgrad", amsgrad}, {"rmsprop", rmsprop}, {"adagrad", adagrad}, {"adadelta", adadelta}, {"adamax", adamax},
                                                 {"nadam", nadam}, {"radam", radam}, {"rprop", rprop}, {"asgd", asgd}, {"adafactor", adafactor}, {"muon", muon}};
  return table;
}

}  // namespace

void optimizer_step(const std::string& rule, const TensorList& params, const std::vector<TensorList>& states, const std::vector<double>& settings) {
  auto it = rules().find(rule);
  check(it != rules().end(), "no optimizer is called ", rule);
  each_parameter(params, [&](size_t i, const Tensor& p, const Tensor& g) {
    TensorList s;
    for (const TensorList& list : states) {
      check_same_device(p, {list[i]});
      s.push_back(list[i]);
    }
    it->second(p, g, s, settings.data());
  });
}

}  // namespace weightroom::ops
