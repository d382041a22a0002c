#include <cmath>
#include <map>
#include <mutex>

#include "kernels/webgpu/launch.h"
#include "kernels/webgpu/webgpu.h"

namespace weightroom {
namespace {

using namespace gpu;

// Buffers given back by finalizers wait here for the next tensor of their size: commands run in order, so reuse is safe.
class Memory : public DeviceMemory, public std::enable_shared_from_this<Memory> {
 public:
  uint32_t take(uint64_t bytes) {
    {
      std::lock_guard guard(lock_);
      auto it = free_.find(bytes);
      if (it != free_.end() && !it->second.empty()) {
        uint32_t id = it->second.back();
        it->second.pop_back();
        cached_ -= bytes;
        return id;
      }
    }
    return Queue::get().create(bytes);
  }
  void release(uint64_t buffer, size_t bytes) override {
    {
      std::lock_guard guard(lock_);
      if (cached_ + bytes <= kMaxCached) {
        free_[bytes].push_back(uint32_t(buffer));
        cached_ += bytes;
        return;
      }
    }
    Queue::get().destroy(uint32_t(buffer));
  }

 private:
  static constexpr uint64_t kMaxCached = 256ull << 20;
  std::mutex lock_;
  std::map<uint64_t, std::vector<uint32_t>> free_;
  uint64_t cached_ = 0;
};
std::shared_ptr<Memory>& memory() { static auto* m = new std::shared_ptr<Memory>(std::make_shared<Memory>()); return *m; }

// Few distinct sizes, so that buffers are found again: quarters of a power of two.
uint64_t size_class(uint64_t n) {
  if (n <= 256) return 256;
  uint64_t step = 64;
  while (step * 8 < n) step *= 2;
  return (n + step - 1) / step * step;
}

int64_t rows_of(const Tensor& t) { return t.dim() && t.size(-1) ? t.numel() / t.size(-1) : 0; }
std::vector<uint32_t> at(std::initializer_list<int64_t> v) { return std::vector<uint32_t>(v.begin(), v.end()); }
int64_t off(const Tensor& t) { return t ? t.offset() : 0; }

// Workgroup-wide reduction of `v` over 64 lanes; the result stands in red[0].
std::string tree(const std::string& combine) {
  return "red[lane] = v;\nworkgroupBarrier();\nfor (var s = 32u; s > 0u; s = s >> 1u) { if (lane < s) { let x = red[lane]; let y = red[lane + s]; red[lane] = " + combine + "; } workgroupBarrier(); }\n";
}
std::string shared(const char* type = "f32") { return std::string("var<workgroup> red: array<") + type + ", 64>;\n"; }

class WebgpuBackend : public Backend {
 public:
  const char* name() const override { return "webgpu:0"; }

  Tensor empty(const Dims& sizes, DType dtype) override {
    if (dtype == DType::float64) fail_type("Cannot convert a webgpu Tensor to float64 dtype as the WebGPU framework doesn't support float64. Please use float32 instead.");
    if (dtype == DType::float16 || dtype == DType::bfloat16) fail_type("Cannot convert a webgpu Tensor to ", dtype_name(dtype), " dtype: the webgpu device holds float32, int64, int32, int16, int8, uint8 and bool.");
    uint64_t wanted = uint64_t(checked_numel(sizes)) * element_bytes(dtype), bytes = size_class(wanted);
    if (bytes > Queue::get().limits().buffer_bytes) bytes = (wanted + 255) / 256 * 256;
    check(bytes <= Queue::get().limits().buffer_bytes, "webgpu out of memory. Tried to allocate ", wanted, " bytes; one buffer of this adapter holds at most ", Queue::get().limits().buffer_bytes, ".");
    auto storage = Ref<Storage>(new Storage(bytes, Device{DeviceType::webgpu}, memory()->take(bytes), memory()));
    return make_view(storage, sizes, contiguous_strides(sizes), 0, dtype);
  }

  void read(void* to, const Tensor& from) override {
    size_t n = size_t(from.numel()), small = itemsize(from.dtype());
    if (n == 0) return;
    uint32_t buffer = uint32_t(from.impl()->storage->buffer);
    if (small >= 4) return Queue::get().read(buffer, to, n * element_bytes(from.dtype()));
    std::vector<int32_t> wide(n);
    Queue::get().read(buffer, wide.data(), n * 4);
    for (size_t i = 0; i < n; ++i) {
      if (small == 1) static_cast<uint8_t*>(to)[i] = uint8_t(wide[i]);
      else static_cast<int16_t*>(to)[i] = int16_t(wide[i]);
    }
  }

  void write(const Tensor& to, const void* from) override {
    size_t n = size_t(to.numel());
    if (n == 0) return;
    uint32_t buffer = uint32_t(to.impl()->storage->buffer);
    if (itemsize(to.dtype()) >= 4) return Queue::get().write(buffer, from, n * element_bytes(to.dtype()));
    std::vector<int32_t> wide(n);
    for (size_t i = 0; i < n; ++i)
      wide[i] = to.dtype() == DType::int16 ? static_cast<const int16_t*>(from)[i] : to.dtype() == DType::int8 ? static_cast<const int8_t*>(from)[i] : static_cast<const uint8_t*>(from)[i];
    Queue::get().write(buffer, wide.data(), n * 4);
  }

  void fill(const Tensor& t, Scalar value) override {
    bool f = is_floating(t.dtype());
    map("fill", t.sizes(), {out(t)}, {f ? word(value.to<double>()) : uint32_t(int32_t(value.to<int64_t>()))}, [&](auto& b) {
      return f ? store(b[0], t.dtype(), "i0", "number(0)", Compute::f32) : store(b[0], t.dtype(), "i0", "bitcast<i32>(word(0))", Compute::i32);
    });
  }

  void copy(const Tensor& to, const Tensor& from) override {
    Compute c = domain_of(from.dtype());
    map("copy", to.sizes(), {out(to), in(from)}, {}, [&](auto& b) { return store(b[0], to.dtype(), "i0", load(b[1], from.dtype(), "i1", c), c); });
  }

  void unary(UnaryOp op, const Tensor& o, const Tensor& a, double p, double q) override {
    Compute c = domain_of(a.dtype());
    std::string e = unary_expression(op, c);
    if (e.empty()) missing(unary_name(op), a);
    map(std::string("unary ") + unary_name(op), o.sizes(), {out(o), in(a)}, {word(p), word(q)}, [&](auto& b) {
      return "let a = " + load(b[1], a.dtype(), "i1", c) + ";\nlet p = number(0); let q = number(1);\nlet r = " + e + ";\n" + store(b[0], o.dtype(), "i0", "r", c);
    });
  }

  void binary(BinaryOp op, const Tensor& o, const Tensor& a, const Tensor& b0, double alpha) override {
    Compute c = domain_of(a.dtype());
    std::string e = binary_expression(op, c);
    if (e.empty()) missing(binary_name(op), a);
    map(std::string("binary ") + binary_name(op), o.sizes(), {out(o), in(a), in(b0)}, {word(alpha)}, [&](auto& b) {
      return "let a = " + load(b[1], a.dtype(), "i1", c) + ";\nlet b = " + load(b[2], b0.dtype(), "i2", c) + ";\nlet p = number(0);\nlet r = " + e + ";\n" + store(b[0], o.dtype(), "i0", "r", c);
    });
  }

  void where(const Tensor& o, const Tensor& cond, const Tensor& x, const Tensor& y) override {
    Compute c = domain_of(o.dtype());
    map("where", o.sizes(), {out(o), in(cond), in(x), in(y)}, {}, [&](auto& b) {
      return "let r = select(" + load(b[3], y.dtype(), "i3", c) + ", " + load(b[2], x.dtype(), "i2", c) + ", " + b[1] + "[i1] != 0u);\n" + store(b[0], o.dtype(), "i0", "r", c);
    });
  }

  void arange(const Tensor& o, double start, double step) override {
    bool f = is_floating(o.dtype());
    map("arange", o.sizes(), {out(o)}, f ? std::vector<uint32_t>{word(start), word(step)} : std::vector<uint32_t>{uint32_t(int32_t(start)), uint32_t(int32_t(step))}, [&](auto& b) {
      return f ? store(b[0], o.dtype(), "i0", "number(0) + f32(i) * number(1)", Compute::f32) : store(b[0], o.dtype(), "i0", "bitcast<i32>(word(0)) + i32(i) * bitcast<i32>(word(1))", Compute::i32);
    });
  }

  void reduce(ReduceOp op, const Tensor& o, const Tensor& a) override {
    Compute c = domain_of(a.dtype());
    bool f = c == Compute::f32;
    Dims kept, kept_in, kept_out, red, red_in;
    int64_t n = 1;
    for (int64_t d = 0; d < a.dim(); ++d) {
      if (o.size(d) == a.size(d)) { kept.push_back(a.size(d)); kept_in.push_back(a.stride(d)); kept_out.push_back(o.stride(d)); }
      else { red.push_back(a.size(d)); red_in.push_back(a.stride(d)); n *= a.size(d); }
    }
    std::vector<uint32_t> p{uint32_t(n), uint32_t(a.offset()), uint32_t(o.offset())};
    for (auto* v : {&kept, &kept_in, &kept_out, &red, &red_in}) for (int64_t x : *v) p.push_back(uint32_t(x));
    size_t rk = kept.size(), rr = red.size();
    const char* type = compute_name(c);
    std::string start, take, combine = "x + y", finish = "red[0]";
    switch (op) {
      case ReduceOp::sum: case ReduceOp::mean: start = f ? "0.0" : "0"; take = "v + e"; break;
      case ReduceOp::prod: start = f ? "1.0" : "1"; take = "v * e"; combine = "x * y"; break;
      case ReduceOp::max: start = f ? "-inf_()" : "-2147483647"; take = f ? "max_(v, e)" : "max(v, e)"; combine = f ? "max_(x, y)" : "max(x, y)"; break;
      case ReduceOp::min: start = f ? "inf_()" : "2147483647"; take = f ? "min_(v, e)" : "min(v, e)"; combine = f ? "min_(x, y)" : "min(x, y)"; break;
      case ReduceOp::any: start = f ? "0.0" : "0"; take = f ? "max(v, f32(e != 0.0))" : "max(v, i32(e != 0))"; combine = "max(x, y)"; break;
      case ReduceOp::all: start = f ? "1.0" : "1"; take = f ? "min(v, f32(e != 0.0))" : "min(v, i32(e != 0))"; combine = "min(x, y)"; break;
      case ReduceOp::norm1: start = "0.0"; take = "v + abs(e)"; break;
      case ReduceOp::norm2: start = "0.0"; take = "v + e * e"; finish = "sqrt(red[0])"; break;
    }
    if (op == ReduceOp::mean) finish = "red[0] / f32(P[0])";
    launch(std::string("reduce ") + reduce_name(op) + std::to_string(int(op)) + ":" + std::to_string(rk) + "," + std::to_string(rr), uint64_t(o.numel()), 64, {out(o), in(a)}, p, shared(type), [&](auto& b) {
      auto P = [](size_t k) { return "P[" + std::to_string(k) + "u]"; };
      std::string s = "var at = P[1]; var to = P[2]; var rest = group;\n";
      for (size_t d = rk; d-- > 0;) s += "{ let x = rest % " + P(3 + d) + "; rest = rest / " + P(3 + d) + "; at += x * " + P(3 + rk + d) + "; to += x * " + P(3 + 2 * rk + d) + "; }\n";
      s += std::string("var v: ") + type + " = " + start + ";\nfor (var i = lane; i < P[0]; i += 64u) {\nvar j = at; var left = i;\n";
      for (size_t d = rr; d-- > 0;) s += "j += (left % " + P(3 + 3 * rk + d) + ") * " + P(3 + 3 * rk + rr + d) + "; left = left / " + P(3 + 3 * rk + d) + ";\n";
      s += "let e = " + load(b[1], a.dtype(), "j", c) + ";\nv = " + take + ";\n}\n" + tree(combine);
      return s + "if (lane == 0u) { " + store(b[0], o.dtype(), "to", finish, c) + " }";
    });
  }

  void arg_reduce(bool max, const Tensor& values, const Tensor& indices, const Tensor& a, int64_t dim) override {
    Compute c = domain_of(a.dtype());
    int64_t n = a.dim() ? a.size(dim) : 1, st = a.dim() ? a.stride(dim) : 0;
    Dims strides = a.strides();
    if (a.dim()) strides[size_t(dim)] = 0;
    Tensor base = make_view(a.impl()->storage, values.sizes(), strides, a.offset(), a.dtype());
    std::string better = c == Compute::f32 ? (max ? "!is_nan(best) && (e > best || is_nan(e))" : "!is_nan(best) && (e < best || is_nan(e))") : max ? "e > best" : "e < best";
    map(max ? "argmax" : "argmin", values.sizes(), {out(values), out(indices), in(base)}, at({n, st}), [&](auto& b) {
      return "var best = " + load(b[2], a.dtype(), "i2", c) + "; var where_ = 0u;\nfor (var j = 1u; j < word(0); j++) { let e = " + load(b[2], a.dtype(), "i2 + j * word(1)", c) + "; if (" + better + ") { best = e; where_ = j; } }\n" +
             store(b[0], values.dtype(), "i0", "best", c) + "\n" + store(b[1], indices.dtype(), "i1", "i32(where_)", Compute::i32);
    });
  }

  void gemm(const Tensor& o, const Tensor& a, const Tensor& b0, double alpha, double beta) override {
    if (o.dtype() != DType::float32) missing("addmm", o);
    int64_t batch = o.size(0), m = o.size(1), n = o.size(2), k = a.size(2);
    if (o.numel() == 0) return;
    int64_t tm = (m + 15) / 16, tn = (n + 15) / 16;
    std::vector<uint32_t> p = at({m, n, k, tm, tn, a.offset(), a.stride(0), a.stride(1), a.stride(2), b0.offset(), b0.stride(0), b0.stride(1), b0.stride(2), o.offset()});
    p.push_back(word(alpha));
    p.push_back(word(beta));
    launch("gemm", uint64_t(batch * tm * tn), 256, {out(o), in(a), in(b0)}, p, "var<workgroup> A: array<f32, 272>;\nvar<workgroup> Bt: array<f32, 272>;\n", [&](auto& b) {
      return "let tile = group % (P[3] * P[4]); let batch = group / (P[3] * P[4]);\nlet y = lane / 16u; let x = lane % 16u;\n"
             "let row = (tile / P[4]) * 16u + y; let col = (tile % P[4]) * 16u + x;\nvar sum = 0.0;\n"
             "for (var k0 = 0u; k0 < P[2]; k0 += 16u) {\n"
             "var va = 0.0; if (row < P[0] && k0 + x < P[2]) { va = " + b[1] + "[P[5] + batch * P[6] + row * P[7] + (k0 + x) * P[8]]; }\n"
             "var vb = 0.0; if (col < P[1] && k0 + y < P[2]) { vb = " + b[2] + "[P[9] + batch * P[10] + (k0 + y) * P[11] + col * P[12]]; }\n"
             "A[y * 17u + x] = va; Bt[y * 17u + x] = vb;\nworkgroupBarrier();\n"
             "for (var j = 0u; j < 16u; j++) { sum = fma(A[y * 17u + j], Bt[j * 17u + x], sum); }\nworkgroupBarrier();\n}\n"
             "if (row < P[0] && col < P[1]) { let to = P[13] + (batch * P[0] + row) * P[1] + col; var r = number(14u) * sum; if (number(15u) != 0.0) { r += number(15u) * " + b[0] + "[to]; } " + b[0] + "[to] = r; }";
    });
  }

  void linear(const Tensor& o, const Tensor& x, const Tensor& w, const Tensor& bias, bool relu) override {
    auto three = [](const Tensor& t, bool turned) {
      return make_view(t.impl()->storage, {1, t.size(turned), t.size(!turned)}, {0, t.stride(turned), t.stride(!turned)}, t.offset(), t.dtype());
    };
    if (bias) copy(o, make_view(bias.impl()->storage, o.sizes(), {0, bias.stride(0)}, bias.offset(), bias.dtype()));
    gemm(three(o, false), three(x, false), three(w, true), 1, bias ? 1 : 0);
    if (relu) unary(UnaryOp::relu, o, o, 0, 0);
  }

  void softmax(const Tensor& o, const Tensor& a, bool log) override {
    launch(log ? "log_softmax" : "softmax", uint64_t(rows_of(a)), 64, {out(o), in(a)}, at({a.size(-1), off(a), off(o)}), shared(), [&](auto& b) {
      std::string e = b[1] + "[P[1] + group * P[0] + i]", to = b[0] + "[P[2] + group * P[0] + i]";
      return "var v = -inf_();\nfor (var i = lane; i < P[0]; i += 64u) { v = max_(v, " + e + "); }\n" + tree("max_(x, y)") + "let top = red[0];\nworkgroupBarrier();\n"
             "v = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) { v += exp(" + e + " - top); }\n" + tree("x + y") + "let total = red[0];\n"
             "for (var i = lane; i < P[0]; i += 64u) { let z = " + e + " - top; " + to + " = " + (log ? "z - log(total)" : "exp(z) / total") + "; }";
    });
  }
  void softmax_backward(const Tensor& gin, const Tensor& g, const Tensor& y, bool log) override {
    launch(log ? "log_softmax_backward" : "softmax_backward", uint64_t(rows_of(y)), 64, {out(gin), in(g), in(y)}, at({y.size(-1), off(gin), off(g), off(y)}), shared(), [&](auto& b) {
      std::string at_ = "group * P[0] + i", gi = b[1] + "[P[2] + " + at_ + "]", yi = b[2] + "[P[3] + " + at_ + "]";
      return "var v = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) { v += " + gi + (log ? "" : " * " + yi) + "; }\n" + tree("x + y") + "let dot = red[0];\nfor (var i = lane; i < P[0]; i += 64u) { let r = " +
             (log ? gi + " - exp(" + yi + ") * dot" : yi + " * (" + gi + " - dot)") + "; " + b[0] + "[P[1] + " + at_ + "] = r; }";
    });
  }

  // A target outside the classes gives NaN: a kernel cannot throw.
  void nll(const Tensor& loss, const Tensor& total, const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore, int reduction) override {
    std::vector<Operand> ops{out(loss), out(total), in(logp), in(target)};
    if (weight) ops.push_back(in(weight));
    launch("nll" + std::to_string(reduction) + (weight ? "w" : ""), 1, 64, ops, at({target.numel(), logp.size(-1), ignore, off(logp), off(target), off(weight)}), shared() + "var<workgroup> sums: array<f32, 64>;\n", [&](auto& b) {
      return "var v = 0.0; var w_total = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) {\nlet t = " + b[3] + "[P[4] + i].x; var r = 0.0;\n"
             "if (t != bitcast<i32>(P[2])) { if (t < 0 || t >= i32(P[1])) { r = nan_(); } else { " + std::string(weight ? "let w = " + b[4] + "[P[5] + u32(t)];" : "let w = 1.0;") +
             " r = -w * " + b[2] + "[P[3] + i * P[1] + u32(t)]; w_total += w; } }\n" + (reduction == 0 ? b[0] + "[i] = r;\n" : "") + "v += r;\n}\n" + tree("x + y") +
             "sums[0] = red[0];\nworkgroupBarrier();\nv = w_total;\n" + tree("x + y") + "if (lane == 0u) { " + b[1] + "[0] = red[0]; " + (reduction == 1 ? b[0] + "[0] = sums[0] / red[0];" : reduction == 2 ? b[0] + "[0] = sums[0];" : "") + " }";
    });
  }
  void nll_backward(const Tensor& gin, const Tensor& g, const Tensor& target, const Tensor& weight, const Tensor& total, int64_t ignore, int reduction) override {
    std::vector<Operand> ops{out(gin), in(g), in(target), in(total)};
    if (weight) ops.push_back(in(weight));
    class_gradient("nll_backward" + std::string(weight ? "w" : ""), gin, g, target, ignore, reduction, ops, off(weight), [&](auto& b) {
      return "var r = 0.0; if (c == t) { r = -scale" + std::string(weight ? " * " + b[4] + "[P[6] + c]" : "") + "; }\n";
    });
  }
  void cross_entropy_backward(const Tensor& gin, const Tensor& g, const Tensor& logp, const Tensor& target, const Tensor& total, int64_t ignore, int reduction) override {
    class_gradient("cross_entropy_backward", gin, g, target, ignore, reduction, {out(gin), in(g), in(target), in(total), in(logp)}, off(logp), [&](auto& b) {
      return "let r = (exp(" + b[4] + "[P[6] + i]) - select(0.0, 1.0, c == t)) * scale;\n";
    });
  }

  void layer_norm(const Tensor& o, const Tensor& mean, const Tensor& rstd, const Tensor& a, const Tensor& weight, const Tensor& bias, double eps) override {
    int64_t n = mean.numel() ? a.numel() / mean.numel() : 0;
    std::vector<Operand> ops{out(o), out(mean), out(rstd), in(a)};
    if (weight) ops.push_back(in(weight));
    if (bias) ops.push_back(in(bias));
    auto p = at({n, off(a), off(weight), off(bias)});
    p.push_back(word(eps));
    launch(std::string("layer_norm") + (weight ? "w" : "") + (bias ? "b" : ""), uint64_t(mean.numel()), 64, ops, p, shared(), [&](auto& b) {
      std::string e = b[3] + "[P[1] + group * P[0] + i]";
      std::string y = "(" + e + " - m) * s";
      if (weight) y += " * " + b[4] + "[P[2] + i]";
      if (bias) y += " + " + b[weight ? 5 : 4] + "[P[3] + i]";
      return "var v = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) { v += " + e + "; }\n" + tree("x + y") + "let m = red[0] / f32(P[0]);\nworkgroupBarrier();\n"
             "v = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) { let z = " + e + " - m; v += z * z; }\n" + tree("x + y") + "let s = 1.0 / sqrt(red[0] / f32(P[0]) + number(4u));\n"
             "for (var i = lane; i < P[0]; i += 64u) { let r = " + y + "; " + b[0] + "[group * P[0] + i] = r; }\nif (lane == 0u) { " + b[1] + "[group] = m; " + b[2] + "[group] = s; }";
    });
  }
  void layer_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& a, const Tensor& mean, const Tensor& rstd, const Tensor& weight) override {
    int64_t rows = mean.numel(), n = rows ? a.numel() / rows : 0;
    if (gin) {
      std::vector<Operand> ops{out(gin), in(g), in(a), in(mean), in(rstd)};
      if (weight) ops.push_back(in(weight));
      launch(std::string("layer_norm_backward") + (weight ? "w" : ""), uint64_t(rows), 64, ops, at({n, off(g), off(a), off(weight), off(mean), off(rstd)}), shared() + "var<workgroup> sums: array<f32, 64>;\n", [&](auto& b) {
        std::string gi = b[1] + "[P[1] + group * P[0] + i]" + (weight ? " * " + b[5] + "[P[3] + i]" : ""), xh = "(" + b[2] + "[P[2] + group * P[0] + i] - m) * s";
        return "let m = " + b[3] + "[P[4] + group]; let s = " + b[4] + "[P[5] + group];\nvar v = 0.0; var second = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) { let q = " + gi + "; v += q; second += q * " + xh + "; }\n" + tree("x + y") +
               "sums[0] = red[0];\nworkgroupBarrier();\nv = second;\n" + tree("x + y") + "let s1 = sums[0] / f32(P[0]); let s2 = red[0] / f32(P[0]);\nfor (var i = lane; i < P[0]; i += 64u) { let r = s * (" + gi + " - s1 - " + xh + " * s2); " + b[0] + "[group * P[0] + i] = r; }";
      });
    }
    auto columns = [&](const Tensor& to, bool scaled) {
      launch(scaled ? "layer_norm_gw" : "layer_norm_gb", uint64_t(n), 64, {out(to), in(g), in(a), in(mean), in(rstd)}, at({rows, n, off(g), off(a), off(mean), off(rstd)}), shared(), [&](auto& b) {
        std::string at_ = "i * P[1] + group";
        return "var v = 0.0;\nfor (var i = lane; i < P[0]; i += 64u) { v += " + b[1] + "[P[2] + " + at_ + "]" + (scaled ? " * (" + b[2] + "[P[3] + " + at_ + "] - " + b[3] + "[P[4] + i]) * " + b[4] + "[P[5] + i]" : "") + "; }\n" + tree("x + y") +
               "if (lane == 0u) { " + b[0] + "[group] = red[0]; }" + (scaled ? "" : "\n_ = " + b[2] + "[0]; _ = " + b[3] + "[0]; _ = " + b[4] + "[0];");
      });
    };
    if (gw) columns(gw, true);
    if (gb) columns(gb, false);
  }

  // Indices outside the dimension read element 0 and write nothing: a kernel cannot throw.
  void gather(const Tensor& o, const Tensor& a, int64_t dim, const Tensor& index) override {
    int64_t n = a.dim() ? a.size(dim) : 1, st = a.dim() ? a.stride(dim) : 0;
    Dims strides = a.strides();
    if (a.dim()) strides[size_t(dim)] = 0;
    Tensor base = make_view(a.impl()->storage, o.sizes(), strides, a.offset(), a.dtype());
    map("gather", o.sizes(), {out(o), in(index), in(base)}, at({n, st}), [&](auto& b) {
      return "let j = " + b[1] + "[i1].x;\nif (j < 0 || j >= i32(word(0))) { return; }\n" + b[0] + "[i0] = " + b[2] + "[i2 + u32(j) * word(1)];";
    });
  }
  void scatter(const Tensor& o, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate) override {
    int64_t n = o.dim() ? o.size(dim) : 1, st = o.dim() ? o.stride(dim) : 0;
    Dims strides = o.strides();
    if (o.dim()) strides[size_t(dim)] = 0;
    scatter_to("scatter", o, make_view(o.impl()->storage, index.sizes(), strides, o.offset(), o.dtype()), index, src, n, st, accumulate);
  }
  void index_rows(const Tensor& o, const Tensor& a, const Tensor& index) override {
    int64_t width = index.numel() ? o.numel() / index.numel() : 0;
    Tensor ix = expand_rows(index, width);
    Tensor to = make_view(o.impl()->storage, {index.numel(), width}, {width, 1}, o.offset(), o.dtype());
    Tensor base = make_view(a.impl()->storage, {index.numel(), width}, {0, 1}, a.offset(), a.dtype());
    map("index_rows", to.sizes(), {out(to), in(ix), in(base)}, at({a.size(0), width}), [&](auto& b) {
      return "let j = " + b[1] + "[i1].x;\nif (j < 0 || j >= i32(word(0))) { return; }\n" + b[0] + "[i0] = " + b[2] + "[i2 + u32(j) * word(1)];";
    });
  }
  void index_rows_add(const Tensor& o, const Tensor& g, const Tensor& index) override {
    int64_t width = o.size(0) ? o.numel() / o.size(0) : 0;
    Tensor src = make_view(g.impl()->storage, {index.numel(), width}, {width, 1}, g.offset(), g.dtype());
    Tensor base = make_view(o.impl()->storage, src.sizes(), {0, 1}, o.offset(), o.dtype());
    scatter_to("index_add", o, base, expand_rows(index, width), src, o.size(0), width, true);
  }

  void scan(ScanOp op, const Tensor& o, const Tensor& a, int64_t dim) override {
    Compute c = domain_of(a.dtype());
    bool f = c == Compute::f32;
    if (op == ScanOp::logcumsumexp && !f) missing("logcumsumexp", a);
    Dims shape = a.sizes();
    int64_t n = a.dim() ? a.size(dim) : 1, da = a.dim() ? a.stride(dim) : 0, d_o = o.dim() ? o.stride(dim) : 0;
    if (a.dim()) shape[size_t(dim)] = 1;
    Tensor x = make_view(a.impl()->storage, shape, a.strides(), a.offset(), a.dtype()), y = make_view(o.impl()->storage, shape, o.strides(), o.offset(), o.dtype());
    if (n == 0) return;
    const char* name = op == ScanOp::cumsum ? "cumsum" : op == ScanOp::cumprod ? "cumprod" : "logcumsumexp";
    std::string start = op == ScanOp::cumsum ? (f ? "0.0" : "0") : op == ScanOp::cumprod ? (f ? "1.0" : "1") : "-inf_()";
    std::string step = op == ScanOp::cumsum ? "v + e" : op == ScanOp::cumprod ? "v * e" : "logaddexp_(v, e)";
    map(name, shape, {out(y), in(x)}, at({n, da, d_o}), [&](auto& b) {
      return std::string("var v: ") + compute_name(c) + " = " + start + ";\nfor (var j = 0u; j < word(0); j++) { let e = " + load(b[1], a.dtype(), "i1 + j * word(1)", c) + "; v = " + step + "; " +
             store(b[0], o.dtype(), "i0 + j * word(2)", "v", c) + " }";
    });
  }

  void sgd(const Tensor& p, const Tensor& g, const Tensor& buf, bool first, const SgdOptions& o) override {
    if (p.dtype() != DType::float32) missing("sgd", p);
    std::vector<Operand> ops{out(p), in(g)};
    if (buf) ops.push_back(out(buf));
    map(std::string("sgd") + (buf ? (first ? "1" : "2") : "0") + (o.nesterov ? "n" : "") + (o.maximize ? "m" : ""), p.sizes(), ops, {word(o.lr), word(o.momentum), word(1 - o.dampening), word(o.weight_decay)}, [&](auto& b) {
      std::string s = "var d = " + std::string(o.maximize ? "-" : "") + b[1] + "[i1] + number(3) * " + b[0] + "[i0];\n";
      if (buf) s += "let m = " + std::string(first ? "d" : "number(1) * " + b[2] + "[i2] + number(2) * d") + "; " + b[2] + "[i2] = m; d = " + (o.nesterov ? "d + number(1) * m" : "m") + ";\n";
      return s + b[0] + "[i0] = " + b[0] + "[i0] - number(0) * d;";
    });
  }
  void adam(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& v, const AdamOptions& o) override {
    if (p.dtype() != DType::float32) missing("adam", p);
    double c1 = 1 - std::pow(o.beta1, double(o.step)), c2 = 1 - std::pow(o.beta2, double(o.step));
    map(std::string("adam") + (o.decoupled ? "w" : "") + (o.maximize ? "m" : ""), p.sizes(), {out(p), in(g), out(m), out(v)},
        {word(o.lr / c1), word(1 - o.beta1), word(o.beta2), word(1 - o.beta2), word(o.eps), word(std::sqrt(c2)), word(o.weight_decay), word(1 - o.lr * o.weight_decay)}, [&](auto& b) {
      return "var w = " + b[0] + "[i0]; var d = " + std::string(o.maximize ? "-" : "") + b[1] + "[i1];\n" + (o.decoupled ? "w = w * number(7);\n" : "d += number(6) * w;\n") +
             "let m = " + b[2] + "[i2] + (d - " + b[2] + "[i2]) * number(1); let v = " + b[3] + "[i3] * number(2) + d * d * number(3);\n" + b[2] + "[i2] = m; " + b[3] + "[i3] = v;\n" +
             b[0] + "[i0] = w - number(0) * m / (sqrt(v) / number(5) + number(4));";
    });
  }

 private:
  static Tensor expand_rows(const Tensor& index, int64_t width) {
    return make_view(index.impl()->storage, {index.numel(), width}, {1, 0}, index.offset(), index.dtype());
  }

  // Gradient of a loss over classes: one invocation an element, `t` its row's target, `scale` what arrives.
  template <typename F> void class_gradient(const std::string& key, const Tensor& gin, const Tensor& g, const Tensor& target, int64_t ignore, int reduction, const std::vector<Operand>& ops, int64_t extra_offset, F&& body) {
    launch(key + std::to_string(reduction), uint64_t(gin.numel() + 63) / 64, 64, ops, at({gin.numel(), gin.size(-1), ignore, off(gin), off(g), off(target), extra_offset}), "", [&](auto& b) {
      return "let i = group * 64u + lane;\nif (i >= P[0]) { return; }\nlet row = i / P[1]; let c = i % P[1]; let target_ = " + b[2] + "[P[5] + row].x;\n"
             "if (target_ == bitcast<i32>(P[2])) { " + b[0] + "[P[3] + i] = 0.0; return; }\nlet t = u32(target_);\nlet scale = " + b[1] + "[P[4]" + (reduction == 0 ? " + row" : "") + "]" + (reduction == 1 ? " / " + b[3] + "[0]" : " + 0.0 * " + b[3] + "[0]") + ";\n" +
             body(b) + b[0] + "[P[3] + i] = r;";
    });
  }

  // Several sources may meet in one place: sums go through atomics (floats by comparing and exchanging their bits).
  void scatter_to(const char* name, const Tensor& o, const Tensor& base, const Tensor& index, const Tensor& src, int64_t n, int64_t st, bool accumulate) {
    if (accumulate && o.dtype() != DType::float32 && o.dtype() != DType::int32) missing(name, o);
    int64_t total = index.numel();
    if (total == 0) return;
    std::string pick = "let j = ";
    if (!accumulate) {
      map(name, index.sizes(), {out(base), in(index), in(src)}, at({n, st}), [&](auto& b) {
        return pick + b[1] + "[i1].x;\nif (j < 0 || j >= i32(word(0))) { return; }\n" + b[0] + "[i0 + u32(j) * word(1)] = " + b[2] + "[i2];";
      });
      return;
    }
    // Indices and source laid out plainly first: the atomic kernel then needs one geometry only.
    Tensor ix = index.is_contiguous() ? index : plain(index), s = src.is_contiguous() && src.sizes() == index.sizes() ? src : plain(make_view(src.impl()->storage, index.sizes(), src.strides(), src.offset(), src.dtype()));
    std::vector<uint32_t> p = at({total, n, st, base.offset(), ix.offset(), s.offset(), index.dim()});
    for (int64_t d = 0; d < index.dim(); ++d) { p.push_back(uint32_t(index.size(d))); p.push_back(uint32_t(base.stride(d))); }
    bool f = o.dtype() == DType::float32;
    launch(std::string(name) + "+", uint64_t(total + 63) / 64, 64, {out(o), in(ix), in(s)}, p, "", [&](auto& b) {
      return "let i = group * 64u + lane;\nif (i >= P[0]) { return; }\n" + pick + b[1] + "[P[4] + i].x;\nif (j < 0 || j >= i32(P[1])) { return; }\n"
             "var to = P[3] + u32(j) * P[2]; var rest = i;\nfor (var d = P[6]; d > 0u; d--) { let size = P[5u + 2u * d]; to += (rest % size) * P[6u + 2u * d]; rest = rest / size; }\nlet v = " + b[2] + "[P[5] + i];\n" +
             (f ? "loop { let was = atomicLoad(&" + b[0] + "[to]); let r = atomicCompareExchangeWeak(&" + b[0] + "[to], was, bitcast<u32>(bitcast<f32>(was) + v)); if (r.exchanged) { break; } }" : "atomicAdd(&" + b[0] + "[to], v);");
    }, true);
  }
  Tensor plain(const Tensor& t) {
    Tensor c = empty(t.sizes(), t.dtype());
    copy(c, t);
    return c;
  }
};

}  // namespace

Backend& webgpu_backend() {
  static auto* b = new WebgpuBackend;
  return *b;
}

}  // namespace weightroom
