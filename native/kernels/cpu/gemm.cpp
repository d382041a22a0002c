#include "kernels/cpu/cpu.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/outer_product.h"

namespace weightroom {
namespace cpu {
namespace {

// A matrix as BLAS sees it: row-major with a leading dimension, perhaps transposed.
struct Blas {
  const float* p;
  char trans;
  int64_t ld;
};

Blas blas(Matrix<float> m, int64_t rows, int64_t cols) {
  if ((m.cs == 1 || cols == 1) && (m.rs >= cols || rows == 1)) return {m.p, 'N', std::max(m.rs, cols)};
  return {m.p, 'T', std::max(m.cs, rows)};
}

// Row vector times matrix, and outer products: memory-bound, oneDNN's packing would cost more than the arithmetic.
bool small_product(int64_t m, int64_t n, int64_t k, const Matrix<float>& a, const Matrix<float>& b, float beta, float* c, int64_t ldc) {
  if (m == 1 && b.rs == 1 && (k == 1 || a.cs == 1) && beta == 0.f) {
    parallel_for(n, std::max<int64_t>(4, 4 * kGrain / k), [&](int64_t s, int64_t e) { vec::gemv(c + s, a.p, b.p + s * b.cs, b.cs, nullptr, e - s, k); });
    return true;
  }
  if (m == 1 && b.cs == 1) {
    parallel_for(n, std::max<int64_t>(64, 4 * kGrain / k), [&](int64_t s, int64_t e) {
      if (beta == 0.f) std::fill(c + s, c + e, 0.f);
      else if (beta != 1.f) for (int64_t i = s; i < e; ++i) c[i] *= beta;
      for (int64_t i = 0; i < k; ++i) vec::axpy(c + s, a.p[i * a.cs], b.p + i * b.rs + s, e - s);
    });
    return true;
  }
  if (k == 1 && beta == 0.f && (b.cs == 1 || n == 1)) {
    parallel_for(m, std::max<int64_t>(1, 4 * kGrain / n), [&](int64_t s, int64_t e) {
      for (int64_t i = s; i < e; ++i) vec::binary(BinaryOp::mul, c + i * ldc, a.p + i * a.rs, b.p, n, 0, 1, 1.f);
    });
    return true;
  }
  return false;
}

// Rows whole multiples of 2 KiB apart share a few lines of the first cache, and oneDNN packs such a matrix across its rows: up to half again as slow
// where the product is too small to make up for it. A copy with rows a little further apart is cheaper.
constexpr int64_t kCrowded = 512, kApart = 16;
Tensor spread(Blas& x, int64_t rows, int64_t cols) {
  Tensor copy = empty_cpu({rows, x.ld + kApart}, DType::float32);
  float* to = copy.data<float>();
  parallel_for(rows, std::max<int64_t>(1, kGrain / cols), [&](int64_t b, int64_t e) { for (int64_t r = b; r < e; ++r) std::copy_n(x.p + r * x.ld, cols, to + r * (x.ld + kApart)); });
  x.p = to;
  x.ld += kApart;
  return copy;
}

}  // namespace

void product(int64_t m, int64_t n, int64_t k, float alpha, Matrix<float> a, Matrix<float> b, float beta, float* c, int64_t ldc) {
  if (m == 0 || n == 0) return;
  if (k > 0 && alpha == 1.f && small_product(m, n, k, a, b, beta, c, ldc)) return;
  Blas x = blas(a, m, k), y = blas(b, k, n);
  Tensor spread_x, spread_y;
  if (x.trans == 'T' && x.ld % kCrowded == 0 && m >= kCrowded && std::min(n, k) <= 256 && n >= 32) spread_x = spread(x, k, m);
  if (y.trans == 'N' && y.ld % kCrowded == 0 && n >= kCrowded && std::min(m, k) <= 256 && m >= 32) spread_y = spread(y, k, n);
  dnnl_status_t st = dnnl_sgemm(x.trans, y.trans, m, n, k, alpha, x.p, x.ld, y.p, y.ld, beta, c, ldc);
  check(st == dnnl_success, "oneDNN sgemm failed with status ", int(st), " for ", m, "x", k, " and ", k, "x", n);
}

}  // namespace cpu

namespace {

bool has_unit_stride(const Tensor& t) {
  auto ok = [](int64_t unit, int64_t units, int64_t other, int64_t others) { return (unit == 1 || units == 1) && (other >= units || others == 1); };
  return ok(t.stride(2), t.size(2), t.stride(1), t.size(1)) || ok(t.stride(1), t.size(1), t.stride(2), t.size(2));
}
cpu::Matrix<float> matrix(const Tensor& t, int64_t batch) { return {t.data<float>() + batch * t.stride(0), t.stride(1), t.stride(2)}; }

Tensor contiguous_as(const Tensor& t, DType dtype) {
  if (t.dtype() == dtype && t.is_contiguous()) return t;
  Tensor c = empty_cpu(t.sizes(), dtype);
  cpu_backend().copy(c, t);
  return c;
}

template <typename T> void plain_gemm(const Tensor& out, const Tensor& a0, const Tensor& b0, double alpha, double beta) {
  using C = compute_t<T>;
  Tensor a = contiguous_as(a0, a0.dtype()), b = contiguous_as(b0, b0.dtype());
  int64_t batch = out.size(0), m = out.size(1), n = out.size(2), k = a.size(2);
  if constexpr (std::is_same_v<T, double>) {
    for (int64_t i = 0; i < batch; ++i) vec::gemm(out.data<T>() + i * m * n, a.data<T>() + i * m * k, b.data<T>() + i * k * n, m, n, k, alpha, beta);
    return;
  }
  parallel_for(batch * m, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n * k)), [&](int64_t begin, int64_t end) {
    std::vector<C> row(static_cast<size_t>(n));
    for (int64_t r = begin; r < end; ++r) {
      const T* ar = a.data<T>() + r * k;
      const T* bb = b.data<T>() + (r / m) * k * n;
      T* o = out.data<T>() + r * n;
      std::fill(row.begin(), row.end(), C(0));
      for (int64_t i = 0; i < k; ++i) {
        C x = C(ar[i]);
        const T* br = bb + i * n;
        for (int64_t j = 0; j < n; ++j) row[size_t(j)] = C(row[size_t(j)] + x * C(br[j]));
      }
      for (int64_t j = 0; j < n; ++j) o[j] = T(beta == 0 ? C(C(alpha) * row[size_t(j)]) : C(C(alpha) * row[size_t(j)] + C(beta) * C(o[j])));
    }
  });
}

}  // namespace

void CpuBackend::gemm(const Tensor& out, const Tensor& a, const Tensor& b, double alpha, double beta) {
  int64_t batch = out.size(0), m = out.size(1), n = out.size(2), k = a.size(2);
  if (out.numel() == 0) return;
  if (k == 0) {
    if (beta == 0) fill(out, Scalar(0));
    else if (beta != 1) binary(BinaryOp::mul, out, out, [&] { Tensor s = empty_cpu({1, 1, 1}, out.dtype()); fill(s, beta); return make_view(s.impl()->storage, out.sizes(), {0, 0, 0}, 0, out.dtype()); }(), 1);
    return;
  }
  if (out.dtype() == DType::float16 || out.dtype() == DType::bfloat16) {
    Tensor wide = contiguous_as(out, DType::float32);
    gemm(wide, contiguous_as(a, DType::float32), contiguous_as(b, DType::float32), alpha, beta);
    return copy(out, wide);
  }
  if (out.dtype() != DType::float32) {
    return dispatch_all(out.dtype(), [&]<typename T>() { plain_gemm<T>(out, a, b, alpha, beta); });
  }
  Tensor A = a, B = b;
  if (!has_unit_stride(A)) A = contiguous_as(A, DType::float32);
  if (!has_unit_stride(B)) B = contiguous_as(B, DType::float32);
  auto one = [&](int64_t i) { cpu::product(m, n, k, float(alpha), matrix(A, i), matrix(B, i), float(beta), out.data<float>() + i * m * n, n); };
  if (batch == 1) return one(0);
  // Many small products run one to a thread; few large ones each use all threads.
  if (m * n * k < 64 * 64 * 64) parallel_for(batch, std::max<int64_t>(1, 8 * kGrain / (m * n * k)), [&](int64_t s, int64_t e) { for (int64_t i = s; i < e; ++i) one(i); });
  else for (int64_t i = 0; i < batch; ++i) one(i);
}

namespace {
// float32 rows and columns that products can take as they are.
bool plain(const Tensor& t) { return t.dtype() == DType::float32 && t.stride(1) == 1 && t.stride(0) >= t.size(1) && t.numel() > 0; }
cpu::Matrix<float> matrix(const Tensor& t) { return {t.data<float>(), t.stride(0), t.stride(1)}; }

// x [m, k] @ w [n, k]ᵀ + bias in one pass. A tenth quicker than sgemm, whose packing suits two such sides less, and which leaves the bias to a pass of its own.
class LinearPrimitive {
 public:
  // Below this sgemm is as quick, and a primitive of each shape dear.
  static bool pays(int64_t m, int64_t n, int64_t k) { return m >= 32 && m * n * k >= int64_t(1) << 22; }

  LinearPrimitive(int64_t m, int64_t n, int64_t k, int64_t ldx, int64_t ldw, bool bias) {
    using Desc = dnnl::memory::desc;
    constexpr auto f32 = dnnl::memory::data_type::f32;
    const Desc x({m, k}, f32, {ldx, 1}), w({k, n}, f32, {1, ldw}), b({1, n}, f32, {n, 1}), y({m, n}, f32, {n, 1});
    auto d = bias ? dnnl::matmul::desc(x, w, b, y) : dnnl::matmul::desc(x, w, y);
    op_ = dnnl::matmul(dnnl::matmul::primitive_desc(d, onednn::engine()));
    for (auto& [arg, desc] : {std::pair{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_BIAS, b}, {DNNL_ARG_DST, y}})
      if (bias || arg != DNNL_ARG_BIAS) args_.emplace(arg, dnnl::memory(desc, onednn::engine(), nullptr));
  }
  void run(const float* x, const float* w, const float* b, float* y) {
    set(DNNL_ARG_SRC, x);
    set(DNNL_ARG_WEIGHTS, w);
    if (b) set(DNNL_ARG_BIAS, b);
    set(DNNL_ARG_DST, y);
    op_.execute(onednn::stream(), args_);
    onednn::stream().wait();
  }

 private:
  void set(int arg, const float* p) { args_.at(arg).set_data_handle(const_cast<float*>(p)); }

  dnnl::matmul op_;
  std::unordered_map<int, dnnl::memory> args_;
};

void linear_primitive(int64_t m, int64_t n, int64_t k, cpu::Matrix<float> x, cpu::Matrix<float> w, const float* b, float* y) {
  try {
    const Dims key{m, n, k, x.rs, w.rs, b != nullptr, int64_t(omp_get_max_threads())};
    onednn::kept<LinearPrimitive>(key, [&] { return LinearPrimitive(m, n, k, x.rs, w.rs, b != nullptr); }).run(x.p, w.p, b, y);
  } catch (const dnnl::error& e) {
    fail("oneDNN matmul failed for ", m, "x", k, " and ", k, "x", n, ": ", e.what());
  }
}
}  // namespace

void CpuBackend::linear(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias) {
  int64_t m = out.size(0), n = out.size(1), k = w.size(1);
  if (out.numel() == 0) return;
  bool flat = plain(x) && plain(w) && (!bias || bias.is_contiguous());
  float* o = out.data<float>();
  const float* b = bias ? bias.data<float>() : nullptr;
  if (flat && m == 1) {
    parallel_for(n, std::max<int64_t>(4, 4 * kGrain / k), [&](int64_t s, int64_t e) { vec::gemv(o + s, x.data<float>(), w.data<float>() + s * w.stride(0), w.stride(0), b ? b + s : nullptr, e - s, k); });
  } else if (flat && LinearPrimitive::pays(m, n, k)) {
    return linear_primitive(m, n, k, matrix(x), matrix(w), b, o);
  } else if (flat) {
    if (b) for (int64_t i = 0; i < m; ++i) std::copy_n(b, n, o + i * n);
    cpu::product(m, n, k, 1.f, matrix(x), matrix(w).t(), b ? 1.f : 0.f, o, n);
  } else {
    auto as3 = [](const Tensor& t, int r, int c) { return make_view(t.impl()->storage, {1, t.size(r), t.size(c)}, {0, t.stride(r), t.stride(c)}, t.offset(), t.dtype()); };
    if (bias) copy(out, make_view(bias.impl()->storage, out.sizes(), {0, bias.stride(0)}, bias.offset(), bias.dtype()));
    gemm(as3(out, 0, 1), as3(x, 0, 1), as3(w, 1, 0), 1, bias ? 1 : 0);
  }
}

void CpuBackend::linear_backward(const Tensor& gx, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& x, const Tensor& w) {
  if (!plain(g) || !plain(w) || !plain(x)) return Backend::linear_backward(gx, gw, gb, g, x, w);
  int64_t m = g.size(0), n = g.size(1), k = w.size(1);
  if (gx) cpu::product(m, k, n, 1.f, matrix(g), matrix(w), 0.f, gx.data<float>(), k);
  // With one row, most training steps never need the product in memory.
  if (gw && m == 1 && cpu::OuterProduct::pays(n, k)) gw.impl()->storage->defer(std::make_unique<cpu::OuterProduct>(g.data<float>(), n, x.data<float>(), k));
  else if (gw) cpu::product(n, k, m, 1.f, matrix(g).t(), matrix(x), 0.f, gw.data<float>(), k);
  if (gb) vec::column_sums(gb.data<float>(), g.data<float>(), g.stride(0), m, n);
}

Backend& cpu_backend() {
  static CpuBackend b;
  return b;
}

}  // namespace weightroom
