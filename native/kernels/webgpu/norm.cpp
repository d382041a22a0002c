// Normalization: over the last dims (layer norm), over all but the channels (batch norm).
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

const std::string kShared = shared_of("f32", 64);
const std::string kSum = tree("x + y", 64);

// `at`: a row's elements, lane by lane.
std::string each(const std::string& body) { return "for (var i = lane; i < word(0); i += 64u) { let at = group * word(0) + i; " + body + " }\n"; }

// One value a channel, beside every element of x [N, C, inner].
Tensor beside(const Tensor& channel, const Tensor& x) { return seen(channel, x.sizes(), {0, channel.stride(0), 0}); }
Tensor kept(const Tensor& channel) { return seen(channel, {1, channel.size(0), 1}, {0, channel.stride(0), 0}); }

}  // namespace

void WebgpuBackend::batch_stats(const Tensor& mean, const Tensor& var, const Tensor& x) {
  Tensor m = empty(mean.sizes(), DType::float32), d = empty(x.sizes(), DType::float32);
  reduce(ReduceOp::mean, kept(m), x);
  map(*queue_, {"batch_norm", "squares", {out("o", d), in("a", x), in("m", beside(m, x))}, {}, [] { return "let d = load_a(i_a) - load_m(i_m); store_o(i_o, d * d);"; }, "", {}}, x.sizes());
  reduce(ReduceOp::mean, kept(var), d);
  copy(mean, m);
}

void WebgpuBackend::batch_norm(const Tensor& o, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, const Tensor& bias) {
  Kernel k{"batch_norm", std::string(weight ? "w" : "") + (bias ? "b" : ""), {out("o", o), in("a", x), in("m", beside(mean, x)), in("r", beside(rstd, x))}, {}, {}, "", {}};
  if (weight) k.operands.push_back(in("w", beside(weight, x)));
  if (bias) k.operands.push_back(in("b", beside(bias, x)));
  k.body = [&] { return std::string("store_o(i_o, (load_a(i_a) - load_m(i_m)) * load_r(i_r)") + (weight ? " * load_w(i_w)" : "") + (bias ? " + load_b(i_b)" : "") + ");"; };
  map(*queue_, std::move(k), x.sizes());
}

void WebgpuBackend::batch_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool train) {
  Dims channels{x.size(1)};
  Tensor sum = empty(channels, DType::float32), dot = empty(channels, DType::float32);
  if (gb || (gin && train)) reduce(ReduceOp::sum, kept(sum), g);
  if (gw || (gin && train)) {
    Tensor t = empty(x.sizes(), DType::float32);
    map(*queue_, {"batch_norm_backward", "dot", {out("o", t), in("g", g), in("a", x), in("m", beside(mean, x)), in("r", beside(rstd, x))}, {}, [] { return "store_o(i_o, load_g(i_g) * (load_a(i_a) - load_m(i_m)) * load_r(i_r));"; }, "", {}}, x.sizes());
    reduce(ReduceOp::sum, kept(dot), t);
  }
  if (gb) copy(gb, sum);
  if (gw) copy(gw, dot);
  if (!gin) return;
  // A kernel may bind eight buffers: what is one number a channel comes joined.
  Tensor scale = empty(channels, DType::float32);
  if (weight) binary(BinaryOp::mul, scale, rstd, weight, 1);
  else copy(scale, rstd);
  if (train) binary(BinaryOp::mul, dot, dot, rstd, 1);
  Kernel k{"batch_norm_backward", train ? "t" : "", {out("o", gin), in("g", g), in("w", beside(scale, x))}, {word(double(x.size(0) * x.size(2)))}, {}, "", {}};
  if (train) for (Operand t : {in("a", x), in("m", beside(mean, x)), in("s", beside(sum, x)), in("d", beside(dot, x))}) k.operands.push_back(t);
  k.body = [&] {
    return std::string("var v = load_g(i_g);\n") + (train ? "v = v - load_s(i_s) / number(0) - (load_a(i_a) - load_m(i_m)) * load_d(i_d) / number(0);\n" : "") + "store_o(i_o, v * load_w(i_w));";
  };
  map(*queue_, std::move(k), x.sizes());
}

void WebgpuBackend::layer_norm(const Tensor& o, const Tensor& mean, const Tensor& rstd, const Tensor& a, const Tensor& weight, const Tensor& bias, double eps) {
  int64_t rows = mean.numel(), n = rows ? a.numel() / rows : 0;
  Kernel k{"layer_norm", std::string(weight ? "w" : "") + (bias ? "b" : ""), {out("o", o), out("mean", mean), out("rstd", rstd), in("a", a)}, {uint32_t(n), word(eps)}, {}, kShared, {}};
  if (weight) k.operands.push_back(in("w", weight));
  if (bias) k.operands.push_back(in("b", bias));
  k.body = [&] {
    return "var v = 0.0;\n" + each("v += load_a(at);") + kSum + "let m = red[0] / f32(word(0));\nv = 0.0;\n" + each("let d = load_a(at) - m; v += d * d;") + kSum +
           "let s = 1.0 / sqrt(red[0] / f32(word(0)) + number(1));\n" + each(std::string("store_o(at, (load_a(at) - m) * s") + (weight ? " * load_w(i)" : "") + (bias ? " + load_b(i)" : "") + ");") +
           "if (lane == 0u) { store_mean(group, m); store_rstd(group, s); }";
  };
  launch(*queue_, std::move(k), uint64_t(rows), 64);
}

void WebgpuBackend::layer_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& a, const Tensor& mean, const Tensor& rstd, const Tensor& weight) {
  int64_t rows = mean.numel(), n = rows ? a.numel() / rows : 0;
  if (gin) {
    Kernel k{"layer_norm_backward", weight ? "w" : "", {out("o", gin), in("g", g), in("a", a), in("mean", mean), in("rstd", rstd)}, words({n}), {}, kShared, {}};
    if (weight) k.operands.push_back(in("w", weight));
    k.body = [&] {
      std::string q = weight ? "let q = load_g(at) * load_w(i);" : "let q = load_g(at);", hat = "let hat = (load_a(at) - m) * s;";
      return "let m = load_mean(group); let s = load_rstd(group);\nvar v = 0.0; var second = 0.0;\n" + each(q + hat + " v += q; second += q * hat;") + kSum + "let s1 = red[0] / f32(word(0));\nv = second;\n" + kSum +
             "let s2 = red[0] / f32(word(0));\n" + each(q + hat + " store_o(at, s * (q - s1 - hat * s2));");
    };
    launch(*queue_, std::move(k), uint64_t(rows), 64);
  }
  // Down the columns: neighbours read side by side, sixteen rows at once.
  auto columns = [&](const char* name, const Tensor& to, bool scaled) {
    std::vector<Operand> operands{out("o", to), in("g", g)};
    if (scaled) for (Operand x : {in("a", a), in("mean", mean), in("rstd", rstd)}) operands.push_back(x);
    launch(*queue_, {name, "", operands, words({rows, n}), [&] {
      return std::string("let col = group * 16u + lane % 16u; let part = lane / 16u;\nvar v = 0.0;\nif (col < word(1)) { for (var row = part; row < word(0); row += 16u) { let at = row * word(1) + col; v += load_g(at)") +
             (scaled ? " * (load_a(at) - load_mean(row)) * load_rstd(row)" : "") + "; } }\nred[lane] = v;\nworkgroupBarrier();\n"
             "for (var s = 128u; s >= 16u; s = s >> 1u) { if (lane < s) { red[lane] = red[lane] + red[lane + s]; } workgroupBarrier(); }\nif (lane < 16u && col < word(1)) { store_o(col, red[lane]); }";
    }, shared_of("f32", 256), {}}, uint64_t(n + 15) / 16, 256);
  };
  if (gw) columns("layer_norm_backward_weight", gw, true);
  if (gb) columns("layer_norm_backward_bias", gb, false);
}

}  // namespace weightroom
