#include <cmath>
#include <limits>

#include "ops/ops.h"

namespace weightroom::ops {

Tensor empty(const Dims& sizes, DType dtype, Device device) { return backend(device).empty(sizes, dtype); }

Tensor full(const Dims& sizes, Scalar value, DType dtype, Device device) {
  Tensor out = empty(sizes, dtype, device);
  backend(device).fill(out, value);
  return out;
}

void check_fits(const Scalar& v, DType type) {
  if (type == DType::boolean || v.kind == Scalar::Kind::boolean) return;
  bool fits = true;
  const char* name = "";
  auto within = [&](double low, double high, const char* called) {
    fits = std::isinf(v.d) || std::isnan(v.d) || (v.d >= low && v.d <= high);
    name = called;
  };
  auto whole = [&]<typename T>(const char* called) {
    double low = double(std::numeric_limits<T>::lowest()), high = double(std::numeric_limits<T>::max());
    // Negative whole numbers wrap around in an unsigned type.
    fits = v.kind == Scalar::Kind::integer ? (v.d >= (low == 0 ? -high : low) && v.d <= high) : v.d >= low && v.d <= high;
    name = called;
  };
  switch (type) {
    case DType::float16: within(-65504, 65504, "c10::Half"); break;
    case DType::bfloat16: within(-3.3895313892515355e38, 3.3895313892515355e38, "c10::BFloat16"); break;
    case DType::float32: within(-double(std::numeric_limits<float>::max()), double(std::numeric_limits<float>::max()), "float"); break;
    case DType::int64: whole.operator()<int64_t>("int64_t"); break;
    case DType::int32: whole.operator()<int32_t>("int"); break;
    case DType::int16: whole.operator()<int16_t>("int16_t"); break;
    case DType::int8: whole.operator()<int8_t>("int8_t"); break;
    case DType::uint8: whole.operator()<uint8_t>("uint8_t"); break;
    default: break;
  }
  if (!fits) fail("value cannot be converted to type ", name, " without overflow");
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
  if (!is_floating(dtype) && step.i == 0) fail_value("step must be nonzero");
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
      // From both ends, in the element's own precision: one rounding in float32 and float64, one after every operation in halves, as PyTorch computes it.
      using C = compute_t<T>;
      auto own = [](C v) { return C(T(v)); };
      const C a = own(C(start)), b = steps > 1 ? own(C(end)) : a, step = steps > 1 ? own(own(b - a) / own(C(steps - 1))) : C(0);
      auto from = [&](C base, C by, int64_t times) {
        if constexpr (sizeof(T) < sizeof(C)) return T(base + own(by * own(C(times))));
        else return std::fma(by, C(times), base);
      };
      for (int64_t i = 0; i < steps; ++i) o[i] = i < steps / 2 ? from(a, step, i) : from(b, -step, steps - i - 1);
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
