#include <cmath>

#include "ops/ops.h"

namespace weightroom::ops {

Tensor empty(const Dims& sizes, DType dtype, Device device) { return backend(device).empty(sizes, dtype); }

Tensor full(const Dims& sizes, Scalar value, DType dtype, Device device) {
  Tensor out = empty(sizes, dtype, device);
  backend(device).fill(out, value);
  return out;
}

Tensor zeros(const Dims& sizes, DType dtype, Device device) { return full(sizes, Scalar(0), dtype, device); }
Tensor scalar_tensor(Scalar value, DType dtype, Device device) { return full({}, value, dtype, device); }

Tensor wrapped(Scalar value, Device device) {
  DType dtype = value.kind == Scalar::Kind::floating ? DType::float64 : value.kind == Scalar::Kind::integer ? DType::int64 : DType::boolean;
  Tensor out = scalar_tensor(value, dtype, device);
  out.impl()->wrapped_number = true;
  return out;
}

Tensor arange(Scalar start, Scalar end, Scalar step, DType dtype, Device device) {
  check(step.d != 0, "step must be nonzero");
  check(std::isfinite(start.d) && std::isfinite(end.d), "unsupported range: ", start.d, " -> ", end.d);
  check((step.d > 0 && end.d >= start.d) || (step.d < 0 && end.d <= start.d), "upper bound and lower bound inconsistent with step sign");
  double n = std::ceil((end.d - start.d) / step.d);
  check(n < 1e15, "invalid size, possible overflow?");
  Tensor out = empty({int64_t(n)}, dtype, device);
  backend(device).arange(out, start.d, step.d);
  return out;
}

Tensor linspace(double start, double end, int64_t steps, DType dtype, Device device) {
  check(steps >= 0, "number of steps must be non-negative");
  Tensor out = empty({steps}, dtype);
  dispatch_all(dtype, [&]<typename T>() {
    T* o = out.data<T>();
    if constexpr (std::is_integral_v<T>) {
      if (steps == 1) end = start;
      double step = steps > 1 ? (double(int64_t(end)) - double(int64_t(start))) / double(steps - 1) : 0;
      for (int64_t i = 0; i < steps; ++i) o[i] = T(int64_t(i < steps / 2 ? double(int64_t(start)) + step * double(i) : double(int64_t(end)) - step * double(steps - i - 1)));
    } else {
      // From both ends, in the element's own precision, as PyTorch computes it.
      using C = compute_t<T>;
      C a = C(start), b = steps > 1 ? C(end) : a, step = steps > 1 ? (b - a) / C(steps - 1) : C(0);
      for (int64_t i = 0; i < steps; ++i) o[i] = T(i < steps / 2 ? a + step * C(i) : b - step * C(steps - i - 1));
    }
  });
  return to_device(out, device);
}

Tensor eye(int64_t n, int64_t m, DType dtype, Device device) {
  check(n >= 0, "n must be greater or equal to 0, got ", n);
  check(m >= 0, "m must be greater or equal to 0, got ", m);
  Tensor out = zeros({n, m}, dtype, device);
  int64_t k = std::min(n, m);
  if (k) backend(device).fill(make_view(out.impl()->storage, {k}, {m + 1}, 0, dtype), Scalar(1));
  return out;
}

void check_same_device(const Tensor& a, const Tensor& b) {
  if (a.device() == b.device()) return;
  fail("Expected all tensors to be on the same device, but found at least two devices, ", a.device().is_cpu() ? b.device().str() : a.device().str(), " and ",
       a.device().is_cpu() ? a.device().str() : b.device().str(), "!");
}
void check_same_device(const Tensor& a, std::initializer_list<Tensor> others) {
  for (const Tensor& b : others) if (b) check_same_device(a, b);
}

}  // namespace weightroom::ops
