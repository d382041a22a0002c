// Scatter with a reduction other than the sum.
#include "kernels/cpu/cpu.h"

namespace weightroom {

void CpuBackend::scatter_reduce(ReduceOp op, const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src) {
  int64_t n = out.dim() ? out.size(dim) : 1, st = out.dim() ? out.stride(dim) : 0, total = index.numel();
  Dims at(size_t(index.dim()), 0);
  dispatch_all(out.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    for (int64_t i = 0; i < total; ++i) {
      int64_t pi = index.offset(), po = out.offset(), ps = src.offset();
      for (size_t d = 0; d < at.size(); ++d) {
        pi += at[d] * index.strides()[d];
        ps += at[d] * src.strides()[d];
        if (int64_t(d) != dim) po += at[d] * out.strides()[d];
      }
      int64_t j = static_cast<int64_t*>(index.impl()->storage->data())[pi];
      if (j < 0 || j >= n) fail("index ", j, " is out of bounds for dimension ", dim, " with size ", n);
      T& o = static_cast<T*>(out.impl()->storage->data())[po + j * st];
      C a = C(o), b = C(static_cast<T*>(src.impl()->storage->data())[ps]);
      if (op == ReduceOp::prod) o = T(a * b);
      else if (op == ReduceOp::max) o = T(a != a ? a : b != b ? b : std::max(a, b));
      else o = T(a != a ? a : b != b ? b : std::min(a, b));
      for (size_t d = at.size(); d-- > 0;) {
        if (++at[d] < index.sizes()[d]) break;
        at[d] = 0;
      }
    }
  });
}

}  // namespace weightroom
