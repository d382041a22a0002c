// Reductions over any dims, arguments of extremes, running results.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

// Elements that one invocation, or one workgroup, takes before the work is split in two passes.
constexpr int64_t kSerial = 512, kGroup = 16384;

// How elements enter the running value v, how two running values join, and what is stored of the last one.
struct Fold {
  Compute acc;
  std::string start, take, join, finish;
};

Fold fold_of(ReduceOp op, Compute c) {
  bool f = c == Compute::f32, w = c == Compute::i64;
  // Sums and products of integers are int64's.
  auto wide = [&] { return f ? Compute::f32 : Compute::i64; };
  switch (op) {
    case ReduceOp::sum: return f ? Fold{c, "0.0", "v + e", "x + y", "v"} : Fold{wide(), zero_of(Compute::i64), "add64(v, e)", "add64(x, y)", "v"};
    case ReduceOp::mean: return {Compute::f32, "0.0", "v + e", "x + y", "v / number(0)"};
    case ReduceOp::prod: return f ? Fold{c, "1.0", "v * e", "x * y", "v"} : Fold{wide(), one_of(Compute::i64), "mul64(v, e)", "mul64(x, y)", "v"};
    case ReduceOp::max: return {c, f ? "-inf_()" : w ? "vec2<u32>(0u, 0x80000000u)" : "i32(-2147483648)", f ? "max_(v, e)" : w ? "max64(v, e)" : "max(v, e)", f ? "max_(x, y)" : w ? "max64(x, y)" : "max(x, y)", "v"};
    case ReduceOp::min: return {c, f ? "inf_()" : w ? "vec2<u32>(0xffffffffu, 0x7fffffffu)" : "2147483647", f ? "min_(v, e)" : w ? "min64(v, e)" : "min(v, e)", f ? "min_(x, y)" : w ? "min64(x, y)" : "min(x, y)", "v"};
    case ReduceOp::any: return {Compute::i32, "0", "v | i32(IS)", "x | y", "v"};
    case ReduceOp::all: return {Compute::i32, "1", "v & i32(IS)", "x & y", "v"};
    case ReduceOp::norm1: return {Compute::f32, "0.0", "v + abs(e)", "x + y", "v"};
    default: return {Compute::f32, "0.0", "v + e * e", "x + y", "sqrt_(v)"};
  }
}

DType type_for(Compute c) { return c == Compute::f32 ? DType::float32 : c == Compute::i64 ? DType::int64 : DType::int32; }

}  // namespace

void WebgpuBackend::reduce(ReduceOp op, const Tensor& o, const Tensor& a) {
  if (o.numel() == 0) return;
  if (a.numel() == 0) {
    double v = op == ReduceOp::prod || op == ReduceOp::all ? 1 : op == ReduceOp::mean ? std::numeric_limits<double>::quiet_NaN() : 0;
    return fill(o, is_floating(o.dtype()) ? Scalar(v) : Scalar(int64_t(v)));
  }
  Dims kept, red;
  std::vector<Dims> kept_st(2), red_st(1);
  int64_t n = 1;
  for (int64_t d = 0; d < a.dim(); ++d) {
    if (o.size(d) == a.size(d)) { kept.push_back(a.size(d)); kept_st[0].push_back(a.stride(d)); kept_st[1].push_back(o.stride(d)); }
    else { red.push_back(a.size(d)); red_st[0].push_back(a.stride(d)); n *= a.size(d); }
  }
  coalesce(kept, kept_st);
  coalesce(red, red_st);
  int64_t m = o.numel();
  bool norm = op == ReduceOp::norm1 || op == ReduceOp::norm2;
  Compute c = op == ReduceOp::mean || norm ? Compute::f32 : domain_of(a.dtype());
  Fold f = fold_of(op, c);
  if (f.acc == Compute::i64) c = Compute::i64;
  if (size_t at = f.take.find("IS"); at != std::string::npos) f.take.replace(at, 2, c == Compute::f32 ? "e != 0.0" : c == Compute::i64 ? "!is_zero64(e)" : "e != 0");

  // One invocation an output where neighbours read side by side or there is little to read; else a workgroup.
  bool side_by_side = !red.empty() && red_st[0].back() != 1 && m >= 256;
  bool serial = n <= 64 || (side_by_side && n <= 8 * kSerial) || (side_by_side && m >= 4096);
  int64_t most = serial ? kSerial : kGroup;
  int64_t chunks = n <= most || (serial && m >= 65536) ? 1 : std::min<int64_t>((n + most - 1) / most, 1024);
  int64_t per = (n + chunks - 1) / chunks;
  chunks = (n + per - 1) / per;
  bool last = chunks == 1;
  Tensor to = last ? o : empty({chunks, m}, type_for(f.acc));
  uint32_t width = serial ? 64 : per < 1024 ? 64 : 256;

  std::vector<uint32_t> p{word(double(n)), uint32_t(n), uint32_t(per), uint32_t(m), uint32_t(chunks)};
  for (const Dims* v : {&kept, &kept_st[0], &kept_st[1], &red, &red_st[0]}) for (int64_t x : *v) p.push_back(uint32_t(x));
  size_t rk = kept.size(), rr = red.size();
  std::string variant = std::to_string(int(op)) + (serial ? "s" : "g") + (last ? "" : "p") + std::to_string(rk) + "," + std::to_string(rr);
  launch(*queue_, {reduce_name(op), variant, {out("o", to, f.acc), in("a", a, c)}, p, [&] {
    auto at = [](size_t k) { return "word(" + std::to_string(5 + k) + "u)"; };
    std::string s = serial ? "let job = group * 64u + lane;\nif (job >= word(3) * word(4)) { return; }\n" : "let job = group;\n";
    s += "var rest = job % word(3); let chunk = job / word(3);\nvar base = 0u; var to = 0u;\n";
    for (size_t d = rk; d-- > 0;) s += "{ let x = rest % " + at(d) + "; rest = rest / " + at(d) + "; base += x * " + at(rk + d) + "; to += x * " + at(2 * rk + d) + "; }\n";
    s += std::string("var v: ") + type_of(f.acc) + " = " + f.start + ";\nlet end = min(word(1), (chunk + 1u) * word(2));\n";
    s += serial ? "for (var i = chunk * word(2); i < end; i++) {\n" : "for (var i = chunk * word(2) + lane; i < end; i += " + std::to_string(width) + "u) {\n";
    s += "var j = base; var left = i;\n";
    for (size_t d = rr; d-- > 0;) s += d ? "j += (left % " + at(3 * rk + d) + ") * " + at(3 * rk + rr + d) + "; left = left / " + at(3 * rk + d) + ";\n" : "j += left * " + at(3 * rk + rr) + ";\n";
    s += "let e = load_a(j);\nv = " + f.take + ";\n}\n";
    std::string place = last ? "to" : "chunk * word(3) + job % word(3)", value = last ? f.finish : "v";
    if (serial) return s + "store_o(" + place + ", " + value + ");";
    return s + tree(f.join, width) + "if (lane == 0u) { v = red[0]; store_o(" + place + ", " + value + "); }";
  }, serial ? "" : shared_of(type_of(f.acc), width), {}}, uint64_t(serial ? (m * chunks + 63) / 64 : m * chunks), width);
  if (last) return;

  // The parts of each output lie `m` apart.
  Tensor flat = o.is_contiguous() ? seen(o, {m}, {1}) : empty({m}, o.dtype());
  bool few = chunks <= 64;
  launch(*queue_, {reduce_name(op), "join" + std::to_string(int(op)) + (few ? "s" : "g"), {out("o", flat, f.acc), in("a", to)}, {word(double(n)), uint32_t(m), uint32_t(chunks)}, [&] {
    std::string s = std::string(few ? "let job = group * 64u + lane;\nif (job >= word(1)) { return; }\n" : "let job = group;\n") + "var v: " + type_of(f.acc) + " = " + f.start + ";\n";
    s += few ? "for (var i = 0u; i < word(2); i++) {\n" : "for (var i = lane; i < word(2); i += 64u) {\n";
    s += "let x = v; let y = load_a(i * word(1) + job);\nv = " + f.join + ";\n}\n";
    if (few) return s + "store_o(job, " + f.finish + ");";
    return s + tree(f.join, 64) + "if (lane == 0u) { v = red[0]; store_o(job, " + f.finish + "); }";
  }, few ? "" : shared_of(type_of(f.acc), 64), {}}, uint64_t(few ? (m + 63) / 64 : m), 64);
  if (!o.is_contiguous()) copy(o, seen(flat, o.sizes(), contiguous_strides(o.sizes())));
}

namespace {
// `in` with `dim` standing still, over `shape`.
Tensor at_start(const Tensor& in, int64_t dim, const Dims& shape) {
  Dims strides = in.strides();
  if (in.dim()) strides[size_t(dim)] = 0;
  return seen(in, shape, strides);
}
}  // namespace

void WebgpuBackend::arg_reduce(bool max, const Tensor& values, const Tensor& indices, const Tensor& a, int64_t dim) {
  Compute c = domain_of(a.dtype());
  int64_t n = a.dim() ? a.size(dim) : 1, st = a.dim() ? a.stride(dim) : 0, m = values.numel();
  if (m == 0) return;
  // e beats best: NaN beats everything but an earlier NaN.
  std::string beats = c == Compute::f32 ? (max ? "!is_nan(best) && (e > best || is_nan(e))" : "!is_nan(best) && (e < best || is_nan(e))")
                      : c == Compute::i64 ? (max ? "lt64(best, e)" : "lt64(e, best)") : max ? "e > best" : "e < best";
  std::vector<uint32_t> p = words({n, st});
  const char* name = max ? "max" : "min";
  Tensor base = at_start(a, dim, values.sizes());
  if (n <= 128) {
    map(*queue_, {name, "of few", {out("v", values), out("x", indices, Compute::i32), in("a", base)}, p, [&] {
      return "var best = load_a(i_a); var at = 0;\nfor (var j = 1u; j < word(0); j++) { let e = load_a(i_a + j * word(1)); if (" + beats + ") { best = e; at = i32(j); } }\nstore_v(i_v, best); store_x(i_x, at);";
    }, "", {}}, values.sizes());
    return;
  }
  // A workgroup an output; lanes meet in order, so that the first of equals stays. Values and indices are contiguous.
  Dims kept = values.sizes();
  std::vector<Dims> st_in{base.strides()};
  coalesce(kept, st_in);
  size_t r = kept.size();
  for (const Dims* v : {&kept, &st_in[0]}) for (int64_t x : *v) p.push_back(uint32_t(x));
  std::string type = type_of(c);
  launch(*queue_, {name, "of many" + std::to_string(r), {out("v", values), out("x", indices, Compute::i32), in("a", base)}, p, [&] {
    auto at = [](size_t k) { return "word(" + std::to_string(2 + k) + "u)"; };
    std::string s = "var rest = group; var base = 0u;\n";
    for (size_t d = r; d-- > 0;) s += "base += (rest % " + at(d) + ") * " + at(r + d) + "; rest = rest / " + at(d) + ";\n";
    // Each lane has a run of its own, so that lanes are in the order of places.
    s += "let run = (word(0) + 255u) / 256u; let begin = min(lane * run, word(0) - 1u); let end = min(begin + run, word(0));\nvar best = load_a(base + begin * word(1)); var at = i32(begin);\n"
         "for (var j = begin + 1u; j < end; j++) { let e = load_a(base + j * word(1)); if (" + beats + ") { best = e; at = i32(j); } }\n"
         "red[lane] = best; where_[lane] = at;\nworkgroupBarrier();\n"
         "for (var s = 1u; s < 256u; s = s << 1u) { if ((lane & (2u * s - 1u)) == 0u) { let best = red[lane]; let e = red[lane + s]; if (" + beats + ") { red[lane] = e; where_[lane] = where_[lane + s]; } } workgroupBarrier(); }\n"
         "if (lane == 0u) { store_v(group, red[0]); store_x(group, where_[0]); }";
    return s;
  }, shared_of(type.c_str(), 256) + "var<workgroup> where_: array<i32, 256>;\n", {}}, uint64_t(m), 256);
}

void WebgpuBackend::scan(ScanOp op, const Tensor& o, const Tensor& a, int64_t dim) {
  if (a.numel() == 0) return;
  Compute c = domain_of(a.dtype());
  bool f = c == Compute::f32;
  const char* name = op == ScanOp::cumsum ? "cumsum" : op == ScanOp::cumprod ? "cumprod" : "logcumsumexp";
  if (op == ScanOp::logcumsumexp && !f) missing(name, a);
  int64_t n = a.dim() ? a.size(dim) : 1, da = a.dim() ? a.stride(dim) : 0, d_o = o.dim() ? o.stride(dim) : 0;
  std::string start = op == ScanOp::cumsum ? zero_of(c) : op == ScanOp::cumprod ? one_of(c) : "-inf_()";
  std::string join = op == ScanOp::cumsum ? (c == Compute::i64 ? "add64(x, y)" : "x + y") : op == ScanOp::cumprod ? (c == Compute::i64 ? "mul64(x, y)" : "x * y") : "logaddexp_(x, y)";
  Dims shape = a.sizes();
  if (a.dim()) shape[size_t(dim)] = 1;
  std::string type = type_of(c), declare = "fn join(x: " + type + ", y: " + type + ") -> " + type + " { return " + join + "; }\n";
  int64_t lines = a.numel() / n;
  if (n <= 1024 || lines >= 1024) {
    map(*queue_, {name, "", {out("o", seen(o, shape, o.strides())), in("a", seen(a, shape, a.strides()))}, words({n, da, d_o}), [&] {
      return "var v: " + type + " = " + start + ";\nfor (var j = 0u; j < word(0); j++) { v = join(v, load_a(i_a + j * word(1))); store_o(i_o + j * word(2), v); }";
    }, declare, {}}, shape);
    return;
  }
  // A workgroup a line: each lane sums a run, learns what stands before it, and goes through its run again.
  Dims kept = shape;
  std::vector<Dims> st{a.strides(), o.strides()};
  coalesce(kept, st);
  size_t r = kept.size();
  std::vector<uint32_t> p = words({n, da, d_o});
  for (const Dims* v : {&kept, &st[0], &st[1]}) for (int64_t x : *v) p.push_back(uint32_t(x));
  launch(*queue_, {name, "long" + std::to_string(r), {out("o", o), in("a", a)}, p, [&] {
    auto at = [](size_t k) { return "word(" + std::to_string(3 + k) + "u)"; };
    std::string s = "var rest = group; var base = 0u; var to = 0u;\n";
    for (size_t d = r; d-- > 0;) s += "{ let x = rest % " + at(d) + "; rest = rest / " + at(d) + "; base += x * " + at(r + d) + "; to += x * " + at(2 * r + d) + "; }\n";
    return s + "let run = (word(0) + 255u) / 256u; let begin = min(lane * run, word(0)); let end = min(begin + run, word(0));\nvar v: " + type + " = " + start + ";\n"
           "for (var j = begin; j < end; j++) { v = join(v, load_a(base + j * word(1))); }\nred[lane] = v;\nworkgroupBarrier();\n"
           "for (var s = 1u; s < 256u; s = s << 1u) { var x = red[lane]; if (lane >= s) { x = join(red[lane - s], x); } workgroupBarrier(); red[lane] = x; workgroupBarrier(); }\n"
           "v = " + start + "; if (lane > 0u) { v = red[lane - 1u]; }\nfor (var j = begin; j < end; j++) { v = join(v, load_a(base + j * word(1))); store_o(to + j * word(2), v); }";
  }, declare + shared_of(type.c_str(), 256), {}}, uint64_t(lines), 256);
}

void WebgpuBackend::scan_extreme(bool max, const Tensor& values, const Tensor& indices, const Tensor& a, int64_t dim) {
  if (a.numel() == 0) return;
  Compute c = domain_of(a.dtype());
  int64_t n = a.dim() ? a.size(dim) : 1, da = a.dim() ? a.stride(dim) : 0, dv = values.dim() ? values.stride(dim) : 0;
  Dims shape = a.sizes();
  if (a.dim()) shape[size_t(dim)] = 1;
  // The last of equals stays.
  std::string beats = c == Compute::f32 ? (max ? "is_nan(e) || (!is_nan(best) && e >= best)" : "is_nan(e) || (!is_nan(best) && e <= best)")
                      : c == Compute::i64 ? (max ? "!lt64(e, best)" : "!lt64(best, e)") : max ? "e >= best" : "e <= best";
  map(*queue_, {max ? "cummax" : "cummin", "", {out("v", seen(values, shape, values.strides())), out("x", seen(indices, shape, indices.strides()), Compute::i32), in("a", seen(a, shape, a.strides()))}, words({n, da, dv}), [&] {
    return "var best = load_a(i_a); var at = 0;\nfor (var j = 0u; j < word(0); j++) { let e = load_a(i_a + j * word(1)); if (" + beats + ") { best = e; at = i32(j); } store_v(i_v + j * word(2), best); store_x(i_x + j * word(2), at); }";
  }, "", {}}, shape);
}

}  // namespace weightroom
