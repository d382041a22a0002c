// Softmax, losses over classes.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

int64_t rows_of(const Tensor& t) { return t.dim() == 0 ? 1 : t.size(-1) ? t.numel() / t.size(-1) : 0; }
int64_t width_of(const Tensor& t) { return t.dim() ? t.size(-1) : 1; }
const std::string kShared = shared_of("f32", 64);
const std::string kSum = tree("x + y", 64);

// `at`: a row's elements, lane by lane.
std::string each(const std::string& body) { return "for (var i = lane; i < word(0); i += 64u) { let at = group * word(0) + i; " + body + " }\n"; }

Site target_site(const char* op) { return {ErrorKind::index, op, "Target ", " is out of bounds."}; }

}  // namespace

void WebgpuBackend::softmax(const Tensor& o, const Tensor& a, bool log) {
  launch(*queue_, {log ? "log_softmax" : "softmax", "", {out("o", o), in("a", a)}, words({width_of(a)}), [&] {
    return "var v = -inf_();\n" + each("v = max_(v, load_a(at));") + tree("max_(x, y)", 64) + "let top = red[0];\nv = 0.0;\n" + each("v += exp_(load_a(at) - top);") + kSum + "let total = red[0];\n" +
           (log ? "let rest = log_(total);\n" + each("store_o(at, load_a(at) - top - rest);") : each("store_o(at, exp_(load_a(at) - top) / total);"));
  }, kShared, {}}, uint64_t(rows_of(a)), 64);
}

void WebgpuBackend::softmax_backward(const Tensor& gin, const Tensor& g, const Tensor& y, bool log) {
  launch(*queue_, {log ? "log_softmax_backward" : "softmax_backward", "", {out("o", gin), in("g", g), in("y", y)}, words({width_of(y)}), [&] {
    return "var v = 0.0;\n" + each(log ? "v += load_g(at);" : "v += load_g(at) * load_y(at);") + kSum + "let dot = red[0];\n" +
           each(log ? "store_o(at, load_g(at) - exp_(load_y(at)) * dot);" : "store_o(at, load_y(at) * (load_g(at) - dot));");
  }, kShared, {}}, uint64_t(rows_of(y)), 64);
}

void WebgpuBackend::nll(const Tensor& loss, const Tensor& total, const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore, int reduction) {
  Kernel k{"nll_loss", std::to_string(reduction) + (weight ? "w" : ""), {out("loss", loss), out("total", total), in("p", logp), in("t", target)}, words({target.numel(), logp.size(-1)}), {}, shared_of("f32", 256), target_site("nll_loss")};
  push64(k.params, ignore);
  if (weight) { k.operands.push_back(in("w", weight)); k.params.push_back(uint32_t(weight.stride(0))); }
  std::string sum = tree("x + y", 256);
  k.body = [&] {
    return std::string("var v = 0.0; var weights = 0.0;\nfor (var i = lane; i < word(0); i += 256u) {\nlet t = load_t(i); var r = 0.0;\n"
           "if (any(t != whole(2))) { if (!inside(t, word(1))) { complain(t); } else { let w = ") + (weight ? "load_w(t.x * word(4))" : "1.0") +
           "; r = -w * load_p(i * word(1) + t.x); weights += w; } }\n" + (reduction == 0 ? "store_loss(i, r);\n" : "") + "v += r;\n}\n" + sum + "let total = red[0];\nv = weights;\n" + sum +
           "if (lane == 0u) { store_total(0u, red[0]); " + (reduction == 1 ? "store_loss(0u, select(total / red[0], nan_(), red[0] == 0.0));" : reduction == 2 ? "store_loss(0u, total);" : "") + " }";
  };
  launch(*queue_, std::move(k), 1, 256);
}

// Gradient of a loss over classes; `expression` over the class c, the row's target t and what arrives, scale.
void WebgpuBackend::class_gradient(const char* name, const Tensor& gin, const Tensor& g, const Tensor& target, const Tensor& total, const Tensor& more, const char* expression, int64_t ignore, int reduction) {
  Kernel k{name, std::to_string(reduction) + (more ? "m" : ""), {out("o", gin), in("g", g), in("t", target), in("total", total)}, words({gin.numel(), gin.size(-1)}), {}, "", {}};
  push64(k.params, ignore);
  if (more) k.operands.push_back(in("m", more));
  k.body = [&] {
    return std::string("let i = group * 64u + lane;\nif (i >= word(0)) { return; }\nlet row = i / word(1); let c = i % word(1); let t = load_t(row);\n"
           "if (all(t == whole(2))) { store_o(i, 0.0); return; }\nlet hit = t.y == 0u && t.x == c;\nlet scale = load_g(") + (reduction == 0 ? "row" : "0u") + ")" + (reduction == 1 ? " / load_total(0u)" : "") + ";\nstore_o(i, " + expression + ");";
  };
  launch(*queue_, std::move(k), uint64_t(gin.numel() + 63) / 64, 64);
}

void WebgpuBackend::nll_backward(const Tensor& gin, const Tensor& g, const Tensor& target, const Tensor& weight, const Tensor& total, int64_t ignore, int reduction) {
  class_gradient("nll_loss_backward", gin, g, target, total, weight, weight ? "select(0.0, -scale * load_m(c), hit)" : "select(0.0, -scale, hit)", ignore, reduction);
}

void WebgpuBackend::cross_entropy_backward(const Tensor& gin, const Tensor& g, const Tensor& logp, const Tensor& target, const Tensor& total, int64_t ignore, int reduction) {
  class_gradient("cross_entropy_backward", gin, g, target, total, logp, "(exp_(load_m(i)) - f32(hit)) * scale", ignore, reduction);
}

}  // namespace weightroom
