// Matrix products, with what a linear layer adds to them.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

void WebgpuBackend::gemm(const Tensor& o, const Tensor& a, const Tensor& b, double alpha, double beta) { product(o, a, b, Tensor(), alpha, beta); }

void WebgpuBackend::linear(const Tensor& o, const Tensor& x, const Tensor& w, const Tensor& bias) {
  product(seen(o, {1, o.size(0), o.size(1)}, {0, o.stride(0), o.stride(1)}), seen(x, {1, x.size(0), x.size(1)}, {0, x.stride(0), x.stride(1)}),
          seen(w, {1, w.size(1), w.size(0)}, {0, w.stride(1), w.stride(0)}), bias, 1, 0);
}

// o[i] = alpha a[i] @ b[i] + bias + beta o[i]; 3-D, any strides; bias a vector along columns.
void WebgpuBackend::product(const Tensor& o, const Tensor& a, const Tensor& b, const Tensor& bias, double alpha, double beta) {
  int64_t batch = o.size(0), m = o.size(1), n = o.size(2), k = a.size(2);
  if (o.numel() == 0) return;
  Compute c = domain_of(o.dtype());
  std::string type = type_of(c), zero = zero_of(c);
  auto mul = [&](const std::string& x, const std::string& y, const std::string& s) {
    return c == Compute::f32 ? "fma(" + x + ", " + y + ", " + s + ")" : c == Compute::i64 ? "add64(" + s + ", mul64(" + x + ", " + y + "))" : s + " + " + x + " * " + y;
  };
  std::vector<uint32_t> p = words({m, n, k, a.stride(0), a.stride(1), a.stride(2), b.stride(0), b.stride(1), b.stride(2), o.stride(0), o.stride(1), o.stride(2), bias ? bias.stride(0) : 0});
  bool plain = c != Compute::f32 || alpha == 1, over = beta != 0;
  check(c == Compute::f32 || (alpha == 1 && beta == 0), "webgpu: products of integers take no factors");
  p.push_back(word(alpha));
  p.push_back(word(beta));
  std::string variant = std::string(bias ? "b" : "") + (plain ? "" : "a") + (over ? "o" : "");
  std::vector<Operand> operands{out("o", o), in("a", a), in("b", b)};
  if (bias) operands.push_back(in("bias", bias));
  // Stores `sum` at (row, col) of matrix `z`.
  std::string finish = std::string("{ let to = z * word(9) + row * word(10) + col * word(11); var r = ") + (plain ? "sum" : "number(13) * sum") + ";" + (bias ? " r = r + load_bias(col * word(12));" : "") +
                       (over ? " r = r + number(14) * load_o(to);" : "") + " store_o(to, r); }\n";
  std::string pa = "load_a(z * word(3) + row * word(4) + i * word(5))", pb = "load_b(z * word(6) + i * word(7) + col * word(8))";

  if (k >= 128 && batch * m * n <= 4096) {
    // Few outputs, much to add: a workgroup each.
    launch(*queue_, {"matmul", "dot" + variant, operands, p, [&] {
      return "let col = group % word(1); let row = (group / word(1)) % word(0); let z = group / (word(0) * word(1));\nvar v: " + type + " = " + zero + ";\n"
             "for (var i = lane; i < word(2); i += 64u) { v = " + mul(pa, pb, "v") + "; }\n" + tree(c == Compute::i64 ? "add64(x, y)" : "x + y", 64) + "if (lane == 0u) { let sum = red[0]; " + finish + " }";
    }, shared_of(type.c_str(), 64), {}}, uint64_t(batch * m * n), 64);
    return;
  }
  if (m < 16 || n < 16 || k < 8 || c != Compute::f32) {
    launch(*queue_, {"matmul", "plain" + variant, operands, [&] { auto q = p; q.push_back(uint32_t(batch * m * n)); return q; }(), [&] {
      return "let job = group * 64u + lane;\nif (job >= word(15)) { return; }\nlet col = job % word(1); let row = (job / word(1)) % word(0); let z = job / (word(0) * word(1));\nvar sum: " + type + " = " + zero + ";\n"
             "for (var i = 0u; i < word(2); i++) { sum = " + mul(pa, pb, "sum") + "; }\n" + finish;
    }, "", {}}, uint64_t(batch * m * n + 63) / 64, 64);
    return;
  }
  // Tiles of 32 x 32 with 16 of k in shared memory, 4 x 4 outputs to each of 64 invocations.
  int64_t tm = (m + 31) / 32, tn = (n + 31) / 32;
  p.push_back(uint32_t(tm));
  p.push_back(uint32_t(tn));
  launch(*queue_, {"matmul", "tiled" + variant, operands, p, [&] {
    std::string s = R"(let M = word(0); let N = word(1); let K = word(2); let tiles = word(15) * word(16);
let z = group / tiles; let tile = group % tiles;
let row0 = (tile / word(16)) * 32u; let col0 = (tile % word(16)) * 32u;
let za = z * word(3); let ra = word(4); let ca = word(5); let zb = z * word(6); let rb = word(7); let cb = word(8);
// The faster index runs along the operand's own faster dimension.
let a_by_row = ra == 1u; let b_by_row = rb == 1u;
let y = (lane / 8u) * 4u; let x = (lane % 8u) * 4u;
var s0 = vec4<f32>(); var s1 = vec4<f32>(); var s2 = vec4<f32>(); var s3 = vec4<f32>();
for (var k0 = 0u; k0 < K; k0 += 16u) {
  for (var q = lane; q < 512u; q += 64u) {
    let ar = select(q / 16u, q % 32u, a_by_row); let ak = select(q % 16u, q / 32u, a_by_row);
    var e = 0.0;
    if (row0 + ar < M && k0 + ak < K) { e = load_a(za + (row0 + ar) * ra + (k0 + ak) * ca); }
    A[ak * 33u + ar] = e;
    let bc = select(q % 32u, q / 16u, b_by_row); let bk = select(q / 32u, q % 16u, b_by_row);
    var g = 0.0;
    if (col0 + bc < N && k0 + bk < K) { g = load_b(zb + (k0 + bk) * rb + (col0 + bc) * cb); }
    W[bk * 33u + bc] = g;
  }
  workgroupBarrier();
  for (var j = 0u; j < 16u; j++) {
    let w = j * 33u + x; let v = vec4<f32>(W[w], W[w + 1u], W[w + 2u], W[w + 3u]); let r = j * 33u + y;
    s0 = fma(vec4<f32>(A[r]), v, s0); s1 = fma(vec4<f32>(A[r + 1u]), v, s1); s2 = fma(vec4<f32>(A[r + 2u]), v, s2); s3 = fma(vec4<f32>(A[r + 3u]), v, s3);
  }
  workgroupBarrier();
}
)";
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j)
        s += "{ let row = row0 + y + " + std::to_string(i) + "u; let col = col0 + x + " + std::to_string(j) + "u; let sum = s" + std::to_string(i) + "[" + std::to_string(j) + "]; if (row < word(0) && col < word(1)) " + finish + "}\n";
    return s;
  }, "var<workgroup> A: array<f32, 528>;\nvar<workgroup> W: array<f32, 528>;\n", {}}, uint64_t(batch * tm * tn), 64);
}

}  // namespace weightroom
