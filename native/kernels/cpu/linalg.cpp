// By Eigen, in double for both types: one set of templates to compile, and float32 results good to the last digit. One thread a
// matrix: batches are cut up by parallel_for, as everything else here is.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_MPL2_ONLY
#include <Eigen/Dense>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"
#include "kernels/linalg.h"

namespace weightroom::linalg {
namespace {

using Matrix = Eigen::MatrixXd;
template <typename T> using Rows = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// The b-th block of rows x columns.
Matrix block(const Tensor& t, int64_t b, int64_t rows, int64_t columns) {
  if (t.dtype() == DType::float64) return Rows<double>(t.data<double>() + b * rows * columns, rows, columns);
  return Rows<float>(t.data<float>() + b * rows * columns, rows, columns).cast<double>();
}
Matrix load(const Tensor& t, int64_t b) { return block(t, b, t.size(-2), t.size(-1)); }
void store(const Tensor& t, int64_t b, const Matrix& m) {
  int64_t n = m.rows() * m.cols();
  if (t.dtype() == DType::float64) Rows<double>(t.data<double>() + b * n, m.rows(), m.cols()) = m;
  else Rows<float>(t.data<float>() + b * n, m.rows(), m.cols()) = m.cast<float>();
}
void store(const Tensor& t, int64_t b, double v) {
  if (t.dtype() == DType::float64) t.data<double>()[b] = v;
  else t.data<float>()[b] = float(v);
}

// f(b) for every matrix of a.
template <typename F> void each(const Tensor& a, F&& f) {
  int64_t n = 1, work = std::max<int64_t>(1, a.size(-2) * a.size(-1) * std::min(a.size(-2), a.size(-1)));
  for (int64_t d = 0; d < a.dim() - 2; ++d) n *= a.size(d);
  parallel_for(n, std::max<int64_t>(1, kGrain / work), [&](int64_t from, int64_t to) { for (int64_t b = from; b < to; ++b) f(b); });
}
bool nothing(const Tensor& a) { return a.size(-2) == 0 || a.size(-1) == 0; }

int32_t zero_pivot(const Matrix& lu) {
  for (Eigen::Index i = 0; i < lu.rows(); ++i) if (lu(i, i) == 0) return int32_t(i + 1);
  return 0;
}

// The first leading minor that is not positive-definite.
int32_t failing_minor(const Matrix& a) {
  Matrix l = Matrix::Zero(a.rows(), a.cols());
  for (Eigen::Index i = 0; i < a.rows(); ++i) {
    for (Eigen::Index j = 0; j <= i; ++j) {
      double s = a(i, j) - l.row(i).head(j).dot(l.row(j).head(j));
      if (i == j && !(s > 0)) return int32_t(i + 1);
      l(i, j) = i == j ? std::sqrt(s) : s / l(j, j);
    }
  }
  return int32_t(a.rows());
}

}  // namespace

void inverse(const Tensor& out, const Tensor& info, const Tensor& a) {
  if (a.numel() == 0) return;
  each(a, [&](int64_t b) {
    Eigen::PartialPivLU<Matrix> lu(load(a, b));
    info.data<int32_t>()[b] = zero_pivot(lu.matrixLU());
    store(out, b, lu.inverse());
  });
}

void solve(const Tensor& out, const Tensor& info, const Tensor& a, const Tensor& y) {
  if (a.numel() == 0) return;
  each(a, [&](int64_t b) {
    Eigen::PartialPivLU<Matrix> lu(load(a, b));
    info.data<int32_t>()[b] = zero_pivot(lu.matrixLU());
    if (y.size(-1)) store(out, b, lu.solve(load(y, b)));
  });
}

void cholesky(const Tensor& out, const Tensor& info, const Tensor& a) {
  if (a.numel() == 0) return;
  each(a, [&](int64_t b) {
    Matrix x = load(a, b);
    Eigen::LLT<Matrix> llt(x);
    Matrix l = llt.matrixL();
    info.data<int32_t>()[b] = llt.info() == Eigen::Success && l.diagonal().allFinite() ? 0 : failing_minor(x);
    store(out, b, l);
  });
}

void determinant(const Tensor& det, const Tensor& sign, const Tensor& logabs, const Tensor& a) {
  each(a, [&](int64_t b) {
    double d = 1, s = 1, l = 0;
    if (a.size(-1)) {
      Eigen::PartialPivLU<Matrix> lu(load(a, b));
      for (Eigen::Index i = 0; i < lu.matrixLU().rows(); ++i) {
        double p = lu.matrixLU()(i, i);
        d *= p;
        s *= (p > 0) - (p < 0);
        l += std::log(std::abs(p));
      }
      double swaps = double(lu.permutationP().determinant());
      d *= swaps;
      s *= swaps;
    }
    store(det, b, d);
    store(sign, b, s);
    store(logabs, b, l);
  });
}

void qr(const Tensor& q, const Tensor& r, const Tensor& a) {
  each(a, [&](int64_t b) {
    if (nothing(a)) {
      if (q) store(q, b, Matrix::Identity(q.size(-2), q.size(-1)));
      return;
    }
    Eigen::HouseholderQR<Matrix> h(load(a, b));
    if (q) store(q, b, h.householderQ() * Matrix::Identity(q.size(-2), q.size(-1)));
    Matrix upper = Matrix::Zero(r.size(-2), r.size(-1));
    Eigen::Index k = std::min(upper.rows(), upper.cols());
    upper.topRows(k) = Matrix(h.matrixQR().topRows(k).triangularView<Eigen::Upper>());
    store(r, b, upper);
  });
}

void eigh(const Tensor& values, const Tensor& vectors, const Tensor& info, const Tensor& a) {
  if (a.numel() == 0) return;
  each(a, [&](int64_t b) {
    Matrix lower = load(a, b).triangularView<Eigen::Lower>();
    info.data<int32_t>()[b] = 0;
    if (!lower.allFinite()) {
      store(values, b, Matrix::Constant(lower.rows(), 1, NAN));
      if (vectors) store(vectors, b, Matrix::Constant(lower.rows(), lower.cols(), NAN));
      return;
    }
    Eigen::SelfAdjointEigenSolver<Matrix> e(lower, vectors ? Eigen::ComputeEigenvectors : Eigen::EigenvaluesOnly);
    if (e.info() != Eigen::Success) { info.data<int32_t>()[b] = 1; return; }
    store(values, b, Matrix(e.eigenvalues()));
    if (vectors) store(vectors, b, e.eigenvectors());
  });
}

void svd(const Tensor& u, const Tensor& s, const Tensor& vh, const Tensor& info, const Tensor& a) {
  bool whole = u && (u.size(-1) != s.size(-1) || vh.size(-2) != s.size(-1));
  each(a, [&](int64_t b) {
    info.data<int32_t>()[b] = 0;
    if (nothing(a)) {
      if (u) { store(u, b, Matrix::Identity(u.size(-2), u.size(-1))); store(vh, b, Matrix::Identity(vh.size(-2), vh.size(-1))); }
      return;
    }
    Matrix x = load(a, b);
    if (!x.allFinite()) { info.data<int32_t>()[b] = 1; return; }
    Eigen::BDCSVD<Matrix> d(x, !u ? 0u : whole ? unsigned(Eigen::ComputeFullU | Eigen::ComputeFullV) : unsigned(Eigen::ComputeThinU | Eigen::ComputeThinV));
    if (d.info() != Eigen::Success) { info.data<int32_t>()[b] = 2; return; }
    store(s, b, Matrix(d.singularValues()));
    if (u) { store(u, b, d.matrixU()); store(vh, b, d.matrixV().transpose()); }
  });
}

void lstsq(const Tensor& out, const Tensor& rank, const Tensor& a, const Tensor& y, double rcond) {
  each(a, [&](int64_t b) {
    rank.data<int64_t>()[b] = 0;
    if (nothing(a)) { if (out.numel()) store(out, b, Matrix::Zero(out.size(-2), out.size(-1))); return; }
    Eigen::CompleteOrthogonalDecomposition<Matrix> c;
    c.setThreshold(rcond);
    c.compute(load(a, b));
    rank.data<int64_t>()[b] = c.rank();
    if (y.size(-1)) store(out, b, c.solve(load(y, b)));
  });
}

void triangular(const Tensor& out, const Tensor& a, const Tensor& y, bool upper, bool unit) {
  if (out.numel() == 0) return;
  each(a, [&](int64_t b) {
    Matrix x = load(y, b), m = load(a, b);
    if (upper) unit ? m.triangularView<Eigen::UnitUpper>().solveInPlace(x) : m.triangularView<Eigen::Upper>().solveInPlace(x);
    else unit ? m.triangularView<Eigen::UnitLower>().solveInPlace(x) : m.triangularView<Eigen::Lower>().solveInPlace(x);
    store(out, b, x);
  });
}

}  // namespace weightroom::linalg
