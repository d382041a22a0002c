// Small makers and comparers for the units.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <random>
#include <vector>

#include "ops/ops.h"

namespace weightroom::test {

template <typename T = float> Tensor of(const Dims& sizes, const std::vector<T>& values) {
  Tensor t = empty_cpu(sizes, dtype_of<T>::value);
  REQUIRE(int64_t(values.size()) == t.numel());
  std::copy(values.begin(), values.end(), t.data<T>());
  return t;
}

// Repeatable values in [-1, 1).
template <typename T = float> Tensor some(const Dims& sizes, uint32_t seed = 1) {
  std::mt19937 gen(seed);
  Tensor t = empty_cpu(sizes, dtype_of<T>::value);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<T>()[i] = T(double(gen()) / 2147483648.0 - 1.0);
  return t;
}

template <typename T = float> std::vector<T> values(const Tensor& t) {
  Tensor c = ops::contiguous(t);
  return std::vector<T>(c.data<T>(), c.data<T>() + c.numel());
}

inline void close(const Tensor& a, const Tensor& b, double tolerance) {
  REQUIRE(a.sizes() == b.sizes());
  auto x = values<double>(ops::to_dtype(a, DType::float64)), y = values<double>(ops::to_dtype(b, DType::float64));
  for (size_t i = 0; i < x.size(); ++i) {
    double scale = std::max({1.0, std::abs(x[i]), std::abs(y[i])});
    if (!(std::abs(x[i] - y[i]) <= tolerance * scale) && !(std::isnan(x[i]) && std::isnan(y[i]))) {
      CAPTURE(i);
      REQUIRE(x[i] == doctest::Approx(y[i]).epsilon(tolerance));
    }
  }
}

}  // namespace weightroom::test
