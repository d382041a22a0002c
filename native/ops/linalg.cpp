#include "ops/linalg.h"

#include <cmath>

#include "kernels/linalg.h"

namespace weightroom::ops {
namespace {

Tensor mT(const Tensor& a) { return transpose(a, -2, -1); }
Tensor tril_of(const Tensor& a, int64_t diagonal = 0) { return tril(a, diagonal, false); }
Tensor triu_of(const Tensor& a, int64_t diagonal = 0) { return tril(a, diagonal, true); }
// Each column, each row of a matrix multiplied by one element of v.
Tensor columns_by(const Tensor& a, const Tensor& v) { return mul(a, unsqueeze(v, -2)); }
Tensor rows_by(const Tensor& a, const Tensor& v) { return mul(a, unsqueeze(v, -1)); }
Tensor plus(const Tensor& a, const Tensor& b) { return !a ? b : !b ? a : add(a, b); }

Dims batch(const Tensor& a) { return Dims(a.sizes().begin(), a.sizes().end() - 2); }
Dims with(Dims lead, std::initializer_list<int64_t> last) {
  for (int64_t n : last) lead.push_back(n);
  return lead;
}
Tensor like(const Tensor& a, const Dims& sizes) { return empty(sizes, a.dtype()); }
Tensor no_info(const Tensor& a) { return zeros(batch(a), DType::int32); }
// What the kernels read.
Tensor plain(const Tensor& a) {
  NoGrad guard;
  return contiguous(a);
}

void check_on_cpu(const char* name, const Tensor& a) {
  if (!a.device().is_cpu()) fail_not_implemented("The operator '", name, "' is not currently implemented for ", dtype_name(a.dtype()), " on the webgpu device. Take the tensor to the cpu for it: x.cpu()");
}
// PyTorch's checks in its order. `kernel`: the name under which it misses half types; none: it says so itself.
void check_matrix(const char* name, const char* kernel, const Tensor& a, bool square) {
  check(a.dim() >= 2, name, ": The input tensor A must have at least 2 dimensions.");
  if (square) check(a.size(-1) == a.size(-2), name, ": A must be batches of square matrices, but they are ", a.size(-2), " by ", a.size(-1), " matrices");
  if (std::string(name) == "linalg.eigh" && a.dtype() != DType::float32 && a.dtype() != DType::float64) fail_not_implemented("\"linalg_eigh_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
  check(is_floating(a.dtype()), name, ": Expected a floating point or complex tensor as input. Got ", scalar_type_name(a.dtype()));
  if (a.dtype() != DType::float32 && a.dtype() != DType::float64) {
    check(kernel != nullptr, name, ": Low precision dtypes not supported. Got ", scalar_type_name(a.dtype()));
    fail_not_implemented("\"", kernel, "\" not implemented for '", scalar_type_name(a.dtype()), "'");
  }
  check_on_cpu(name, a);
}

// 1 / (column's value - row's value) off the diagonal, 1 on it.
Tensor gaps(const Tensor& v) {
  Tensor e = sub(unsqueeze(v, -2), unsqueeze(v, -1));
  Tensor eye_ = eye(v.size(-1), v.size(-1), DType::boolean);
  return where(eye_, full({}, 1.0, v.dtype()), e);
}
Tensor skew(const Tensor& a) { return sub(a, mT(a)); }
Tensor off_diagonal(const Tensor& a) { return where(eye(a.size(-1), a.size(-1), DType::boolean), zeros({}, a.dtype()), a); }

// The gradient of a determinant of singular matrices, where PyTorch says zero: cofactors by the singular values, all products but one.
Tensor cofactors(const Tensor& a) {
  TensorList parts = svd(a, false, true);
  int64_t n = a.size(-1);
  Tensor s = expand(unsqueeze(parts[1], -2), with(batch(a), {n, n}));
  Tensor others = prod(where(eye(n, n, DType::boolean), full({}, 1.0, a.dtype()), s), {-1}, false);
  Tensor sign = mul(det(parts[0]), det(parts[2]));
  return mul(matmul(columns_by(parts[0], others), parts[2]), unsqueeze(unsqueeze(sign, -1), -1));
}

Tensor qr_square_back(const Tensor& q, const Tensor& r, const Tensor& gq, const Tensor& gr) {
  Tensor m = gr ? matmul(gr, mT(r)) : Tensor();
  if (gq) m = plus(m, neg(matmul(mT(q), gq)));
  // Upper triangle, mirrored, the diagonal once.
  Tensor u = triu_of(m);
  Tensor ga = plus(matmul(q, add(u, mT(triu_of(m, 1)))), gq);
  return mT(solve_triangular(r, mT(ga), true, false));
}

}  // namespace

TensorList inv_ex(const Tensor& a) {
  check_matrix("linalg.inv", nullptr, a, true);
  Tensor out = like(a, a.sizes()), info = no_info(a);
  linalg::inverse(out, info, plain(a));
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgInvExBackward0", {a}, {}, [](Context& c, const TensorList& g) {
      Tensor y = mT(c.saved(0));
      return TensorList{neg(matmul(y, matmul(g[0], y)))};
    });
    save_output(node, out);
  }
  return {out, info};
}

TensorList solve_ex(const Tensor& a, const Tensor& b) {
  check_matrix("linalg.solve", nullptr, a, true);
  check_same_device(a, b);
  Tensor out = like(b, b.sizes()), info = no_info(a);
  linalg::solve(out, info, plain(a), plain(b));
  if (any_requires_grad({a, b})) {
    auto node = record(TensorList{out}, "LinalgSolveExBackward0", {a, b}, {SavedTensor(a)}, [](Context& c, const TensorList& g) {
      Tensor gb = solve_ex(mT(c.saved(0)), g[0])[0];
      return TensorList{c.needs(0) ? neg(matmul(gb, mT(c.saved(1)))) : Tensor(), gb};
    });
    save_output(node, out);
  }
  return {out, info};
}

namespace {
// Where each row of a matrix of m rows came to by the swaps, as int64 [..., m].
Tensor places_after(const Tensor& pivots, int64_t m) {
  const int64_t k = pivots.size(-1);
  Dims sizes(pivots.sizes().begin(), pivots.sizes().end() - 1);
  sizes.push_back(m);
  Tensor out = empty(sizes, DType::int64);
  const int64_t matrices = m ? out.numel() / m : 0;
  std::vector<int64_t> rows(static_cast<size_t>(m));
  for (int64_t b = 0; b < matrices; ++b) {
    for (int64_t i = 0; i < m; ++i) rows[size_t(i)] = i;
    for (int64_t j = 0; j < k; ++j) std::swap(rows[size_t(j)], rows[size_t(pivots.data<int32_t>()[b * k + j] - 1)]);
    for (int64_t i = 0; i < m; ++i) out.data<int64_t>()[b * m + rows[size_t(i)]] = i;
  }
  return out;
}
// Gradient of the factors by the matrix with its rows swapped. Source: torch's linalg_lu_backward.
Tensor lu_back(const Tensor& lu, const Tensor& g) {
  const int64_t m = lu.size(-2), n = lu.size(-1), k = std::min(m, n);
  auto block = [](const Tensor& t, int64_t r0, int64_t r1, int64_t c0, int64_t c1) { return slice(slice(t, -2, r0, r1, 1), -1, c0, c1, 1); };
  Tensor square = block(lu, 0, k, 0, k), gs = block(g, 0, k, 0, k);
  Tensor l = tril_of(square, -1), u = triu_of(square);
  Tensor unit = add(l, eye(k, k, lu.dtype()));
  Tensor low = matmul(mT(unit), tril_of(gs, -1)), high = matmul(triu_of(gs), mT(u));
  auto by_l = [&](const Tensor& t) { return solve_triangular(mT(unit), t, true, true); };          // L^-T t
  auto by_u = [&](const Tensor& t) { return mT(solve_triangular(u, mT(t), true, false)); };         // t U^-T
  if (m == n) return by_u(by_l(add(tril_of(low, -1), triu_of(high))));
  if (m < n) {
    Tensor rest = block(lu, 0, m, k, n), gr = block(g, 0, m, k, n);
    Tensor inner = add(tril_of(sub(low, matmul(gr, mT(rest))), -1), triu_of(high));
    return cat({by_u(by_l(inner)), by_l(gr)}, -1);
  }
  Tensor rest = block(lu, k, m, 0, n), gr = block(g, k, m, 0, n);
  Tensor inner = add(triu_of(sub(high, matmul(mT(rest), gr))), tril_of(low, -1));
  return cat({by_u(by_l(inner)), by_u(gr)}, -2);
}
}  // namespace

Tensor permutation_of(const Tensor& pivots, int64_t m) {
  check(pivots.dtype() == DType::int32 && pivots.device().is_cpu() && pivots.dim() >= 1 && pivots.size(-1) <= m, "lu_unpack: Expected LU_pivots to be a contiguous tensor of int32");
  Tensor p = contiguous(pivots);
  for (int64_t i = 0; i < p.numel(); ++i) check(p.data<int32_t>()[i] >= 1 && p.data<int32_t>()[i] <= m, "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive.Did you properly pass the result of lu_factor?");
  return binary(BinaryOp::eq, unsqueeze(places_after(p, m), -1), arange(0, m, 1, DType::int64));
}
TensorList lu_ex(const Tensor& a) {
  if (a.dtype() != DType::float32 && a.dtype() != DType::float64) fail_not_implemented("\"lu_cpu\" not implemented for '", scalar_type_name(a.dtype()), "'");
  check_on_cpu("linalg.lu", a);
  const int64_t m = a.size(-2), n = a.size(-1);
  Tensor out = like(a, a.sizes()), pivots = empty(with(batch(a), {std::min(m, n)}), DType::int32), info = no_info(a);
  linalg::lu(out, pivots, info, plain(a));
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgLuFactorExBackward0", {a}, {SavedTensor(pivots)}, [m, n](Context& c, const TensorList& g) {
      Tensor place = places_after(c.saved(0), m);
      return TensorList{gather(lu_back(c.saved(1), g[0]), -2, expand(unsqueeze(place, -1), with(batch(g[0]), {m, n})))};
    });
    save_output(node, out);
  }
  return {out, pivots, info};
}

TensorList cholesky_ex(const Tensor& a) {
  check_matrix("linalg.cholesky", "cholesky_cpu", a, true);
  Tensor out = like(a, a.sizes()), info = no_info(a);
  linalg::cholesky(out, info, plain(a));
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgCholeskyExBackward0", {a}, {}, [](Context& c, const TensorList& g) {
      Tensor l = c.saved(0), m = matmul(mT(l), g[0]);
      Tensor both = add(tril_of(m), mT(tril_of(m, -1)));
      Tensor x = solve_triangular(mT(l), both, true, false);
      return TensorList{mul(mT(solve_triangular(mT(l), mT(x), true, false)), 0.5)};
    });
    save_output(node, out);
  }
  return {out, info};
}

Tensor det(const Tensor& a) {
  check_matrix("linalg.det", "lu_cpu", a, true);
  Dims b = batch(a);
  Tensor out = like(a, b), sign = like(a, b), logabs = like(a, b);
  linalg::determinant(out, sign, logabs, plain(a));
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgDetBackward0", {a}, {SavedTensor(a)}, [](Context& c, const TensorList& g) {
      Tensor x = c.saved(0), d = c.saved(1);
      if (x.numel() == 0) return TensorList{zeros(x.sizes(), x.dtype())};
      auto wide = [](const Tensor& t) { return unsqueeze(unsqueeze(t, -1), -1); };
      bool singular = [&] {
        NoGrad guard;
        return *any_all(binary(BinaryOp::eq, detach(d), wrapped(0)), {}, false, false).data<bool>();
      }();
      return TensorList{singular ? mul(wide(g[0]), cofactors(x)) : mul(wide(mul(g[0], d)), mT(inv_ex(x)[0]))};
    });
    save_output(node, out);
  }
  return out;
}

TensorList slogdet(const Tensor& a) {
  check_matrix("linalg.slogdet", nullptr, a, true);
  Dims b = batch(a);
  Tensor out = like(a, b), sign = like(a, b), logabs = like(a, b);
  linalg::determinant(out, sign, logabs, plain(a));
  if (any_requires_grad({a}))
    record(TensorList{sign, logabs}, "LinalgSlogdetBackward0", {a}, {SavedTensor(a)}, [](Context& c, const TensorList& g) {
      Tensor x = c.saved(0);
      if (!g[1] || x.numel() == 0) return TensorList{zeros(x.sizes(), x.dtype())};
      return TensorList{mul(unsqueeze(unsqueeze(g[1], -1), -1), mT(inv_ex(x)[0]))};
    });
  return {sign, logabs};
}

TensorList qr(const Tensor& a, const std::string& mode) {
  check(mode == "reduced" || mode == "complete" || mode == "r", "qr received unrecognized mode '", mode, "' but expected one of 'reduced' (default), 'r', or 'complete'");
  check_matrix("linalg.qr", "geqrf_cpu", a, false);
  int64_t m = a.size(-2), n = a.size(-1), k = mode == "complete" ? m : std::min(m, n);
  Tensor q = mode == "r" ? Tensor() : like(a, with(batch(a), {m, k})), r = like(a, with(batch(a), {k, n}));
  linalg::qr(q, r, plain(a));
  if (any_requires_grad({a})) {
    bool whole = k > std::min(m, n), only_r = mode == "r";
    Tensor first = only_r ? empty({0}, a.dtype()) : q;
    auto node = record(TensorList{first, r}, "LinalgQrBackward0", {a}, {SavedTensor(a)}, [whole, only_r, m, n](Context& c, const TensorList& g) {
      check(!only_r, "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please use linalg.qr(A, mode='reduced') if you are going to differentiate through linalg.qr.");
      check(!whole, "The QR decomposition is not differentiable when mode='complete' and nrows > ncols.");
      Tensor x = c.saved(0), q = c.saved(1), r = c.saved(2), gq = g[0], gr = g[1];
      if (m >= n) return TensorList{qr_square_back(q, r, gq, gr)};
      // A wide matrix: r's right part is q' times the right part of it.
      Tensor gl = gr ? slice(gr, -1, 0, m, 1) : Tensor(), gright = gr ? slice(gr, -1, m, n, 1) : zeros(with(batch(x), {m, n - m}), x.dtype());
      gq = plus(gq, matmul(slice(x, -1, m, n, 1), mT(gright)));
      return TensorList{cat({qr_square_back(q, slice(r, -1, 0, m, 1), gq, gl), matmul(q, gright)}, -1)};
    });
    node->saved.emplace_back(first, true, 0);
    node->saved.emplace_back(r, true, 1);
    return {first, r};
  }
  return {q ? q : empty({0}, a.dtype()), r};
}

TensorList eigh(const Tensor& a, bool vectors0) {
  check_matrix("linalg.eigh", "linalg_eigh_cpu", a, true);
  bool grad = any_requires_grad({a}), vectors = vectors0 || grad;
  Tensor values = like(a, with(batch(a), {a.size(-1)})), v = vectors ? like(a, a.sizes()) : Tensor(), info = no_info(a);
  linalg::eigh(values, v, info, plain(a));
  if (grad) {
    auto node = record(TensorList{values, v}, "LinalgEighBackward0", {a}, {}, [](Context& c, const TensorList& g) {
      Tensor l = c.saved(0), v = c.saved(1);
      Tensor inner = g[1] ? off_diagonal(div(matmul(mT(v), g[1]), gaps(l))) : Tensor();
      if (g[0]) inner = plus(inner, diag_embed(g[0], 0, -2, -1));
      return TensorList{matmul(v, matmul(inner, mT(v)))};
    });
    node->saved.emplace_back(values, true, 0);
    node->saved.emplace_back(v, true, 1);
  }
  return {values, vectors0 ? v : empty({0}, a.dtype()), info};
}

TensorList svd(const Tensor& a, bool full, bool vectors0) {
  check_matrix("linalg.svd", "linalg_svd_cpu", a, false);
  bool grad = any_requires_grad({a}), vectors = vectors0 || grad;
  int64_t m = a.size(-2), n = a.size(-1), k = std::min(m, n);
  Tensor s = like(a, with(batch(a), {k})), info = no_info(a);
  Tensor u = vectors ? like(a, with(batch(a), {m, full ? m : k})) : Tensor(), vh = vectors ? like(a, with(batch(a), {full ? n : k, n})) : Tensor();
  linalg::svd(u, s, vh, info, plain(a));
  if (grad) {
    auto node = record(TensorList{u, s, vh}, "LinalgSvdBackward0", {a}, {}, [m, n, k](Context& c, const TensorList& g) {
      // Vectors beyond the k-th are arbitrary: they have no gradient.
      Tensor u = slice(c.saved(0), -1, 0, k, 1), s = c.saved(1), vh = slice(c.saved(2), -2, 0, k, 1);
      Tensor gu = g[0] ? slice(g[0], -1, 0, k, 1) : Tensor(), gvh = g[2] ? slice(g[2], -2, 0, k, 1) : Tensor(), inner;
      if (g[1]) inner = diag_embed(g[1], 0, -2, -1);
      Tensor e = gu || gvh ? gaps(mul(s, s)) : Tensor();
      if (gu) inner = plus(inner, columns_by(off_diagonal(div(skew(matmul(mT(u), gu)), e)), s));
      if (gvh) inner = plus(inner, rows_by(off_diagonal(div(skew(matmul(vh, mT(gvh))), e)), s));
      if (m > k && gu) {
        Tensor scaled = div(gu, unsqueeze(s, -2));
        return TensorList{matmul(add(matmul(u, inner), sub(scaled, matmul(u, matmul(mT(u), scaled)))), vh)};
      }
      if (n > k && gvh) {
        Tensor scaled = div(gvh, unsqueeze(s, -1));
        return TensorList{matmul(u, add(matmul(inner, vh), sub(scaled, matmul(matmul(scaled, mT(vh)), vh))))};
      }
      return TensorList{matmul(u, matmul(inner, vh))};
    });
    node->saved.emplace_back(u, true, 0);
    node->saved.emplace_back(s, true, 1);
    node->saved.emplace_back(vh, true, 2);
  }
  return {vectors0 ? u : empty({0}, a.dtype()), s, vectors0 ? vh : empty({0}, a.dtype()), info};
}

TensorList pinv(const Tensor& a, double atol, double rtol) {
  int64_t m = a.size(-2), n = a.size(-1);
  Tensor out, info;
  {
    NoGrad guard;
    TensorList parts = svd(a, false, true);
    info = parts[3];
    Tensor s = parts[1];
    if (a.numel() == 0) out = zeros(with(batch(a), {n, m}), a.dtype());
    else {
      Tensor least = binary(BinaryOp::maximum, mul(amax_amin(s, true, {-1}, true), rtol), full({}, atol, a.dtype()));
      Tensor inverse = where(binary(BinaryOp::gt, s, least), unary(UnaryOp::reciprocal, s), zeros({}, a.dtype()));
      out = matmul(columns_by(mT(parts[2]), inverse), mT(parts[0]));
    }
  }
  if (any_requires_grad({a})) {
    auto node = record(TensorList{out}, "LinalgPinvBackward0", {a}, {SavedTensor(a)}, [m, n](Context& c, const TensorList& g) {
      // Golub and Pereyra's formula: good for equal singular values too.
      Tensor a = c.saved(0), p = c.saved(1), ph = mT(p), gh = mT(g[0]);
      if (m <= n) {
        Tensor k = matmul(gh, p), kph = matmul(k, ph);
        Tensor r = sub(kph, mT(matmul(p, k)));
        r = sub(r, matmul(matmul(a, p), kph));
        return TensorList{add(r, matmul(matmul(ph, p), sub(gh, matmul(k, a))))};
      }
      Tensor k = matmul(p, gh), phk = matmul(ph, k);
      Tensor r = sub(matmul(sub(gh, matmul(a, k)), matmul(p, ph)), mT(matmul(k, p)));
      return TensorList{sub(add(r, phk), matmul(matmul(phk, p), a))};
    });
    save_output(node, out);
  }
  return {out, info};
}

TensorList lstsq(const Tensor& a, const Tensor& b, double rcond) {
  check_matrix("torch.linalg.lstsq", nullptr, a, false);
  check_same_device(a, b);
  Tensor out = like(a, with(batch(a), {a.size(-1), b.size(-1)})), rank = zeros(batch(a), DType::int64);
  linalg::lstsq(out, rank, plain(a), plain(b), rcond);
  return {out, rank};
}

Tensor solve_triangular(const Tensor& a, const Tensor& b, bool upper, bool unit) {
  check_matrix("linalg.solve_triangular", "triangular_solve_cpu", a, true);
  check_same_device(a, b);
  Tensor out = like(b, b.sizes());
  linalg::triangular(out, plain(a), plain(b), upper, unit);
  if (any_requires_grad({a, b})) {
    auto node = record(TensorList{out}, "LinalgSolveTriangularBackward0", {a, b}, {SavedTensor(a)}, [upper, unit](Context& c, const TensorList& g) {
      Tensor gb = solve_triangular(mT(c.saved(0)), g[0], !upper, unit);
      Tensor ga = c.needs(0) ? neg(matmul(gb, mT(c.saved(1)))) : Tensor();
      if (ga) ga = tril(ga, unit ? (upper ? 1 : -1) : 0, upper);
      return TensorList{ga, gb};
    });
    save_output(node, out);
  }
  return out;
}

}  // namespace weightroom::ops
