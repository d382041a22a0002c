// Element by element: fills, casts, unary and binary ops, where, ranges, optimizer steps.
#include <cmath>

#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

// A number as parameters of domain c, and the expression that reads it back from word `at`.
void push_number(std::vector<uint32_t>& to, double v, Compute c) {
  auto whole = [&]() -> int64_t {
    if (std::isnan(v)) return 0;
    double low = c == Compute::i32 ? -2147483648.0 : -9.2233720368547758e18, high = c == Compute::i32 ? 2147483647.0 : 9.2233720368547758e18;
    if (v <= low) return c == Compute::i32 ? INT32_MIN : INT64_MIN;
    if (v >= high) return c == Compute::i32 ? INT32_MAX : INT64_MAX;
    return int64_t(v);
  };
  if (c == Compute::f32) { to.push_back(word(v)); to.push_back(0); }
  else push64(to, whole());
}
std::string number_at(size_t at, Compute c) {
  std::string k = std::to_string(at) + "u";
  return c == Compute::f32 ? "number(" + k + ")" : c == Compute::i64 ? "whole(" + k + ")" : "bitcast<i32>(word(" + k + "))";
}

bool divides(BinaryOp op) { return op == BinaryOp::floor_divide || op == BinaryOp::trunc_divide || op == BinaryOp::remainder || op == BinaryOp::fmod; }

}  // namespace

void WebgpuBackend::fill(const Tensor& t, Scalar value) {
  Compute c = domain_of(t.dtype());
  std::vector<uint32_t> p;
  if (c == Compute::f32) { p.push_back(word(value.to<double>())); p.push_back(0); }
  else push64(p, value.to<int64_t>());
  map(*queue_, {"fill", "", {out("o", t)}, p, [c] { return "store_o(i_o, " + number_at(0, c) + ");"; }, "", {}}, t.sizes());
}

void WebgpuBackend::copy(const Tensor& to, const Tensor& from) {
  map(*queue_, {"copy", "", {out("o", to, domain_of(from.dtype())), in("a", from)}, {}, [] { return "store_o(i_o, load_a(i_a));"; }, "", {}}, to.sizes());
}

void WebgpuBackend::unary(UnaryOp op, const Tensor& o, const Tensor& a, double p, double q) {
  Compute c = domain_of(a.dtype());
  const char* e = op == UnaryOp::polygamma && p == 0 ? unary_expression(UnaryOp::digamma, c) : unary_expression(op, c);
  if (op == UnaryOp::bitwise_not && a.dtype() == DType::boolean) e = "1 - a";
  if (!e) missing(unary_name(op), a);
  if (op == UnaryOp::polygamma) q = (std::fmod(p, 2) == 0 ? -1 : 1) * std::tgamma(p + 1);
  bool predicate = is_predicate(op);
  std::vector<uint32_t> params;
  push_number(params, p, c);
  push_number(params, q, c);
  map(*queue_, {unary_name(op), op == UnaryOp::polygamma && p == 0 ? "0" : "", {out("o", o, predicate ? Compute::i32 : c), in("a", a)}, params, [=] {
    return "let a = load_a(i_a);\nlet p = " + number_at(0, c) + "; let q = " + number_at(2, c) + ";\nstore_o(i_o, " + (predicate ? "i32(" : "(") + e + "));";
  }, "", {}}, o.sizes());
}

void WebgpuBackend::binary(BinaryOp op, const Tensor& o, const Tensor& a, const Tensor& b, double alpha) {
  Compute c = domain_of(a.dtype());
  const char* e = binary_expression(op, c);
  if (!e) missing(binary_name(op), a);
  bool compares = is_comparison(op), whole = c != Compute::f32 && divides(op);
  std::vector<uint32_t> params;
  push_number(params, alpha, c);
  push_number(params, double(8 * itemsize(a.dtype())), c);
  std::optional<Site> site;
  if (whole) site = Site{ErrorKind::runtime, binary_name(op), "ZeroDivisionError", ""};
  map(*queue_, {binary_name(op), "", {out("o", o, compares ? Compute::i32 : c), in("a", a), in("b", b)}, params, [=] {
    std::string s = "let a = load_a(i_a);\nlet b = load_b(i_b);\nlet p = " + number_at(0, c) + "; let q = " + number_at(2, c) + ";\n";
    if (whole) s += std::string("if (") + (c == Compute::i64 ? "is_zero64(b)" : "b == 0") + ") { complain(vec2<u32>(0u, 0u)); return; }\n";
    return s + "store_o(i_o, " + (compares ? "i32(" : "(") + e + "));";
  }, "", site}, o.sizes());
}

void WebgpuBackend::where(const Tensor& o, const Tensor& cond, const Tensor& x, const Tensor& y) {
  map(*queue_, {"where", "", {out("o", o), in("c", cond), in("x", x), in("y", y)}, {}, [] {
    return "if (load_c(i_c) != 0) { store_o(i_o, load_x(i_x)); } else { store_o(i_o, load_y(i_y)); }";
  }, "", {}}, o.sizes());
}

void WebgpuBackend::arange(const Tensor& o, double start, double step) {
  Compute c = domain_of(o.dtype());
  std::vector<uint32_t> p;
  push_number(p, c == Compute::f32 ? start : std::trunc(start), c);
  push_number(p, c == Compute::f32 ? step : std::trunc(step), c);
  map(*queue_, {"arange", "", {out("o", o)}, p, [=] {
    std::string s = number_at(0, c), d = number_at(2, c);
    return "store_o(i_o, " + (c == Compute::f32 ? "fma(f32(i), " + d + ", " + s + ")" : c == Compute::i32 ? s + " + i32(i) * " + d : "add64(" + s + ", mul64(vec2<u32>(i, 0u), " + d + "))") + ");";
  }, "", {}}, o.sizes());
}

void WebgpuBackend::sgd(const Tensor& p, const Tensor& g, const Tensor& buf, bool first, const SgdOptions& o) {
  Kernel k{"sgd", std::string(buf ? first ? "1" : "2" : "0") + (o.nesterov ? "n" : "") + (o.maximize ? "m" : ""), {out("w", p), in("g", g)}, {word(o.lr), word(o.momentum), word(1 - o.dampening), word(o.weight_decay)}, {}, "", {}};
  if (buf) k.operands.push_back(out("m", buf));
  k.body = [&] {
    std::string s = std::string("let w = load_w(i_w);\nvar d = ") + (o.maximize ? "-" : "") + "load_g(i_g) + number(3) * w;\n";
    if (buf) s += std::string("let m = ") + (first ? "d" : "number(1) * load_m(i_m) + number(2) * d") + ";\nstore_m(i_m, m);\nd = " + (o.nesterov ? "d + number(1) * m" : "m") + ";\n";
    return s + "store_w(i_w, w - number(0) * d);";
  };
  map(*queue_, std::move(k), p.sizes());
}

void WebgpuBackend::adam(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& v, const AdamOptions& o) {
  double c1 = 1 - std::pow(o.beta1, double(o.step)), c2 = 1 - std::pow(o.beta2, double(o.step));
  map(*queue_, {"adam", std::string(o.decoupled ? "w" : "") + (o.maximize ? "m" : ""), {out("w", p), in("g", g), out("m", m), out("v", v)},
    {word(o.lr / c1), word(1 - o.beta1), word(o.beta2), word(1 - o.beta2), word(o.eps), word(std::sqrt(c2)), word(o.weight_decay), word(1 - o.lr * o.weight_decay)}, [&] {
      return std::string("var w = load_w(i_w);\nvar d = ") + (o.maximize ? "-" : "") + "load_g(i_g);\n" + (o.decoupled ? "w = w * number(7);\n" : "d += number(6) * w;\n") +
             "var m = load_m(i_m); m += (d - m) * number(1);\nlet v = load_v(i_v) * number(2) + d * d * number(3);\nstore_m(i_m, m); store_v(i_v, v);\n"
             "store_w(i_w, w - number(0) * m / (sqrt(v) / number(5) + number(4)));";
    }, "", {}}, p.sizes());
}

}  // namespace weightroom
