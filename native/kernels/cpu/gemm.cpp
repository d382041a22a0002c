#include <dnnl.h>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"

namespace weightroom {
namespace {

// A matrix as BLAS sees it: row-major with a leading dimension, perhaps transposed.
struct Matrix {
  const float* p;
  char trans;
  int64_t ld;
};

bool as_matrix(const float* p, int64_t rows, int64_t cols, int64_t s0, int64_t s1, Matrix& m) {
  if ((s1 == 1 || cols == 1) && (s0 >= cols || rows == 1)) { m = {p, 'N', std::max(s0, cols)}; return true; }
  if ((s0 == 1 || rows == 1) && (s1 >= rows || cols == 1)) { m = {p, 'T', std::max(s1, rows)}; return true; }
  return false;
}

Tensor contiguous_as(const Tensor& t, DType dtype) {
  if (t.dtype() == dtype && t.is_contiguous()) return t;
  Tensor c = empty_cpu(t.sizes(), dtype);
  cpu_backend().copy(c, t);
  return c;
}

void sgemm(const float* a, const float* b, float* c, int64_t m, int64_t n, int64_t k, const Matrix& A, const Matrix& B, float alpha, float beta, int64_t ldc) {
  (void)a; (void)b;
  if (m == 0 || n == 0) return;
  dnnl_status_t st = dnnl_sgemm(A.trans, B.trans, m, n, k, alpha, A.p, A.ld, B.p, B.ld, beta, c, ldc);
  check(st == dnnl_success, "oneDNN sgemm failed with status ", int(st), " for ", m, "x", k, " and ", k, "x", n);
}

// Row vector times matrix, and outer products: memory-bound, oneDNN's packing would cost more than the arithmetic.
bool small_product(float* c, int64_t m, int64_t n, int64_t k, const Matrix& A, const Matrix& B, float alpha, float beta) {
  if (alpha != 1.f) return false;
  if (m == 1 && B.trans == 'T' && beta == 0.f) {
    // c = x @ w^T: dot products with contiguous rows; x must be contiguous.
    if (k > 1 && A.trans == 'T' && A.ld != 1) return false;
    parallel_for(n, std::max<int64_t>(4, 4 * kGrain / std::max<int64_t>(k, 1)), [&](int64_t b, int64_t e) { vec::gemv(c + b, A.p, B.p + b * B.ld, B.ld, nullptr, e - b, k); });
    return true;
  }
  if (m == 1 && B.trans == 'N') {
    int64_t sa = A.trans == 'T' ? A.ld : 1;
    if (k == 1) sa = 0;
    parallel_for(n, std::max<int64_t>(64, 4 * kGrain / std::max<int64_t>(k, 1)), [&](int64_t b, int64_t e) {
      if (beta == 0.f) std::fill(c + b, c + e, 0.f);
      else if (beta != 1.f) for (int64_t i = b; i < e; ++i) c[i] *= beta;
      for (int64_t i = 0; i < k; ++i) if (A.p[i * sa] != 0.f || true) vec::axpy(c + b, A.p[i * sa], B.p + i * B.ld + b, e - b);
    });
    return true;
  }
  if (k == 1 && beta == 0.f) {
    int64_t sa = A.trans == 'N' ? A.ld : 1, sb = B.trans == 'N' ? 1 : B.ld;
    if (sb != 1 && n > 1) return false;
    parallel_for(m, std::max<int64_t>(1, kGrain / n), [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e; ++i) vec::binary(BinaryOp::mul, c + i * n, A.p + i * sa, B.p, n, 0, 1, 1.f);
    });
    return true;
  }
  return false;
}

template <typename T> void plain_gemm(const Tensor& out, const Tensor& a0, const Tensor& b0, double alpha, double beta) {
  using C = compute_t<T>;
  Tensor a = contiguous_as(a0, a0.dtype()), b = contiguous_as(b0, b0.dtype());
  int64_t batch = out.size(0), m = out.size(1), n = out.size(2), k = a.size(2);
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
  Matrix ma, mb;
  if (!as_matrix(A.data<float>(), m, k, A.stride(1), A.stride(2), ma)) A = contiguous_as(A, DType::float32);
  if (!as_matrix(B.data<float>(), k, n, B.stride(1), B.stride(2), mb)) B = contiguous_as(B, DType::float32);
  auto one = [&](int64_t i) {
    Matrix x, y;
    as_matrix(A.data<float>() + i * A.stride(0), m, k, A.stride(1), A.stride(2), x);
    as_matrix(B.data<float>() + i * B.stride(0), k, n, B.stride(1), B.stride(2), y);
    float* c = out.data<float>() + i * m * n;
    if (!small_product(c, m, n, k, x, y, float(alpha), float(beta))) sgemm(x.p, y.p, c, m, n, k, x, y, float(alpha), float(beta), n);
  };
  if (batch == 1) return one(0);
  // Many small products run one to a thread; few large ones each use all threads.
  if (m * n * k < 64 * 64 * 64) parallel_for(batch, std::max<int64_t>(1, 8 * kGrain / (m * n * k)), [&](int64_t s, int64_t e) { for (int64_t i = s; i < e; ++i) one(i); });
  else for (int64_t i = 0; i < batch; ++i) one(i);
}

void CpuBackend::linear(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias, bool relu) {
  int64_t m = out.size(0), n = out.size(1), k = w.size(1);
  if (out.numel() == 0) return;
  auto as3 = [](const Tensor& t, bool transpose) {
    return transpose ? make_view(t.impl()->storage, {1, t.size(1), t.size(0)}, {0, t.stride(1), t.stride(0)}, t.offset(), t.dtype())
                     : make_view(t.impl()->storage, {1, t.size(0), t.size(1)}, {0, t.stride(0), t.stride(1)}, t.offset(), t.dtype());
  };
  bool f32 = out.dtype() == DType::float32;
  if (f32 && m == 1 && x.stride(1) == 1 && w.stride(1) == 1 && (!bias || bias.is_contiguous())) {
    float* o = out.data<float>();
    const float* b = bias ? bias.data<float>() : nullptr;
    parallel_for(n, std::max<int64_t>(4, 4 * kGrain / std::max<int64_t>(k, 1)), [&](int64_t s, int64_t e) {
      vec::gemv(o + s, x.data<float>(), w.data<float>() + s * w.stride(0), w.stride(0), b ? b + s : nullptr, e - s, k);
    });
  } else {
    if (bias) copy(out, make_view(bias.impl()->storage, out.sizes(), {0, bias.stride(0)}, bias.offset(), bias.dtype()));
    gemm(as3(out, false), as3(x, false), as3(w, true), 1, bias ? 1 : 0);
  }
  if (relu) unary(UnaryOp::relu, out, out, 0, 0);
}

Backend& cpu_backend() {
  static CpuBackend b;
  return b;
}

}  // namespace weightroom
