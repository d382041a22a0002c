// Linear algebra, one entry each.
#include "ops/linalg.h"

#include "binding/call.h"

namespace weightroom::binding {
namespace {

napi_value inv(Call& c) { return c.list(ops::inv_ex(c.tensor(0))); }
napi_value solve(Call& c) { return c.list(ops::solve_ex(c.tensor(0), c.tensor(1))); }
napi_value cholesky(Call& c) { return c.list(ops::cholesky_ex(c.tensor(0))); }
napi_value lu(Call& c) { return c.list(ops::lu_ex(c.tensor(0))); }
napi_value permutation(Call& c) { return c.wrap(ops::permutation_of(c.tensor(0), c.integer(1))); }
napi_value det(Call& c) { return c.wrap(ops::det(c.tensor(0))); }
napi_value slogdet(Call& c) { return c.list(ops::slogdet(c.tensor(0))); }
napi_value qr(Call& c) { return c.list(ops::qr(c.tensor(0), c.string(1))); }
napi_value eigh(Call& c) { return c.list(ops::eigh(c.tensor(0), c.boolean(1))); }
napi_value svd(Call& c) { return c.list(ops::svd(c.tensor(0), c.boolean(1), c.boolean(2))); }
napi_value pinv(Call& c) { return c.list(ops::pinv(c.tensor(0), c.number(1), c.number(2))); }
napi_value lstsq(Call& c) { return c.list(ops::lstsq(c.tensor(0), c.tensor(1), c.number(2))); }
napi_value solve_triangular(Call& c) { return c.wrap(ops::solve_triangular(c.tensor(0), c.tensor(1), c.boolean(2), c.boolean(3))); }

}  // namespace

const std::vector<Entry> linalg_entries = {
    {"linalgInv", inv}, {"linalgSolve", solve}, {"linalgCholesky", cholesky}, {"linalgLu", lu}, {"linalgPermutation", permutation}, {"linalgDet", det}, {"linalgSlogdet", slogdet}, {"linalgQr", qr},
    {"linalgEigh", eigh}, {"linalgSvd", svd}, {"linalgPinv", pinv}, {"linalgLstsq", lstsq}, {"linalgSolveTriangular", solve_triangular},
};

}  // namespace weightroom::binding
