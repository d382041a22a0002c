// Pooling over three spatial dims: an invocation an output, or an input for the gradient.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

// word(0..2) kernel, (3..5) stride, (6..8) padding, (9..11) dilation, (12..14) input, (15..17) output; each depth, height, width.
std::vector<uint32_t> params_of(const PoolOptions& o, const Tensor& in, const Tensor& out) {
  std::vector<uint32_t> p;
  for (const auto* a : {&o.kernel, &o.stride, &o.padding, &o.dilation}) for (int64_t v : *a) p.push_back(uint32_t(v));
  for (const Tensor* t : {&in, &out}) for (int64_t d = 2; d < 5; ++d) p.push_back(uint32_t(t->size(d)));
  return p;
}
// Channels of `large` standing still over the shape of `small`.
Tensor whole(const Tensor& large, const Tensor& small) { return seen(large, small.sizes(), {large.stride(0), large.stride(1), 0, 0, 0}); }

// The place of output (or input) `i` in its channel.
std::string place(const char* first) {
  std::string w = first;
  auto n = [&](int d) { return "word(" + w + " + " + std::to_string(d) + "u)"; };
  return "let p2 = i % " + n(2) + "; let p1 = (i / " + n(2) + ") % " + n(1) + "; let p0 = (i / (" + n(2) + " * " + n(1) + ")) % " + n(0) + ";\n";
}

// start_, first_ and end_ of the window in dim d: as the mean counts it, with the padding, and cut at the input.
std::string mean_window(const std::string& d, const std::string& p) {
  std::string k = d + "u";
  return "let s" + d + " = i32(" + p + " * word(3u + " + k + ")) - i32(word(6u + " + k + ")); let t" + d + " = min(s" + d + " + i32(word(" + k + ")), i32(word(12u + " + k + ") + word(6u + " + k + ")));\n"
         "let a" + d + " = max(s" + d + ", 0); let b" + d + " = min(t" + d + ", i32(word(12u + " + k + ")));\n";
}
// What a window's sum is divided by.
std::string divisor(const PoolOptions& o) {
  return o.divisor ? "f32(bitcast<i32>(word(18)))" : o.count_padding ? "f32((t0 - s0) * (t1 - s1) * (t2 - s2))" : "f32(max(b0 - a0, 0) * max(b1 - a1, 0) * max(b2 - a2, 0))";
}
std::string variant(const PoolOptions& o) { return o.divisor ? "given" : o.count_padding ? "padded" : "inside"; }

}  // namespace

void WebgpuBackend::max_pool(const Tensor& o, const Tensor& indices, const Tensor& x, const PoolOptions& options) {
  Compute c = domain_of(x.dtype());
  // NaN is the largest; the last one wins.
  std::string beats = c == Compute::f32 ? "e > best || is_nan(e)" : c == Compute::i64 ? "lt64(best, e)" : "e > best";
  map(*queue_, {"max_pool", "", {out("o", o), out("x", indices, Compute::i32), in("a", whole(x, o))}, params_of(options, x, o), [=] {
    auto loop = [](const std::string& d) {
      std::string k = d + "u";
      return "let s" + d + " = i32(p" + d + " * word(3u + " + k + ")) - i32(word(6u + " + k + "));\nfor (var k" + d + " = 0; k" + d + " < i32(word(" + k + ")); k" + d + "++) {\nlet e" + d + " = s" + d + " + k" + d + " * i32(word(9u + " + k + ")); if (e" + d + " < 0 || e" + d + " >= i32(word(12u + " + k + "))) { continue; }\n";
    };
    return place("15u") + "var best: " + type_of(c) + " = " + (c == Compute::f32 ? "-inf_()" : zero_of(c)) + "; var at = 0; var fresh = true;\n" + loop("0") + loop("1") + loop("2") +
           "let here = (e0 * i32(word(13)) + e1) * i32(word(14)) + e2; let e = load_a(i_a + u32(here));\nif (fresh || " + beats + ") { best = e; at = here; fresh = false; }\n}\n}\n}\nstore_o(i_o, best); store_x(i_x, at);";
  }, "", {}}, o.sizes());
}

void WebgpuBackend::avg_pool(const Tensor& o, const Tensor& x, const PoolOptions& options) {
  if (!is_floating(x.dtype())) missing("avg_pool", x);
  auto p = params_of(options, x, o);
  p.push_back(uint32_t(options.divisor));
  map(*queue_, {"avg_pool", variant(options), {out("o", o), in("a", whole(x, o))}, p, [&] {
    return place("15u") + mean_window("0", "p0") + mean_window("1", "p1") + mean_window("2", "p2") +
           "var v = 0.0;\nfor (var u = a0; u < b0; u++) { for (var w = a1; w < b1; w++) { for (var q = a2; q < b2; q++) { v += load_a(i_a + u32((u * i32(word(13)) + w) * i32(word(14)) + q)); } } }\n"
           "store_o(i_o, v / " + divisor(options) + ");";
  }, "", {}}, o.sizes());
}

// Each input element adds up the shares of the windows over it.
void WebgpuBackend::avg_pool_backward(const Tensor& gin, const Tensor& gout, const PoolOptions& options) {
  if (!is_floating(gin.dtype())) missing("avg_pool_backward", gin);
  if (gout.numel() == 0) return fill(gin, Scalar(0.0));
  auto p = params_of(options, gin, gout);
  p.push_back(uint32_t(options.divisor));
  map(*queue_, {"avg_pool_backward", variant(options), {out("o", gin), in("g", whole(gout, gin))}, p, [&] {
    auto loop = [](const std::string& d) {
      std::string k = d + "u", at = "(p" + d + " + word(6u + " + k + "))";
      // From the first window that reaches this place to the last that starts before it.
      return "let f" + d + " = select(0u, (" + at + " - word(" + k + ")) / word(3u + " + k + ") + 1u, " + at + " >= word(" + k + "));\nfor (var w" + d + " = f" + d + "; w" + d + " <= min(" + at + " / word(3u + " + k + "), word(15u + " + k + ") - 1u); w" + d + "++) {\n" + mean_window(d, "w" + d);
    };
    return place("12u") + "var v = 0.0;\n" + loop("0") + loop("1") + loop("2") + "v += load_g(i_g + (w0 * word(16) + w1) * word(17) + w2) / " + divisor(options) + ";\n}\n}\n}\nstore_o(i_o, v);";
  }, "", {}}, gin.sizes());
}

}  // namespace weightroom
