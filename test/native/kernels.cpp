#include <omp.h>

#include "kernels/cpu/tiles.h"
#include "kernels/cpu/vec.h"
#include "tools.h"

using namespace weightroom;
using namespace weightroom::test;

namespace {

// The product by its definition, in double.
Tensor plain_mm(const Tensor& a, const Tensor& b) {
  Tensor out = empty_cpu({a.size(0), b.size(1)}, DType::float64);
  auto at = [](const Tensor& t, int64_t i, int64_t j) { return double(t.data<float>()[i * t.stride(0) + j * t.stride(1)]); };
  for (int64_t i = 0; i < a.size(0); ++i)
    for (int64_t j = 0; j < b.size(1); ++j) {
      double s = 0;
      for (int64_t k = 0; k < a.size(1); ++k) s += at(a, i, k) * at(b, k, j);
      out.data<double>()[i * b.size(1) + j] = s;
    }
  return out;
}

}  // namespace

TEST_SUITE_BEGIN("kernels");

TEST_CASE("products of every shape and layout equal the definition") {
  for (int64_t m : {1, 2, 5, 13, 32, 67})
    for (int64_t n : {1, 3, 10, 16, 33, 130})
      for (int64_t k : {1, 2, 7, 31, 300}) {
        Tensor a = some({m, k}, 1), b = some({k, n}, 2), at = some({k, m}, 3), bt = some({n, k}, 4);
        CAPTURE(m); CAPTURE(n); CAPTURE(k);
        close(ops::mm(a, b), plain_mm(a, b), 1e-5);
        close(ops::mm(ops::t(at), b), plain_mm(ops::t(at), b), 1e-5);
        close(ops::mm(a, ops::t(bt)), plain_mm(a, ops::t(bt)), 1e-5);
        close(ops::mm(ops::t(at), ops::t(bt)), plain_mm(ops::t(at), ops::t(bt)), 1e-5);
      }
}

TEST_CASE("products of slices with steps equal the definition") {
  Tensor a = ops::slice(some({20, 30}), 1, 1, 30, 3), b = ops::slice(some({40, 22}, 2), 0, 0, 40, 4);
  close(ops::mm(a, b), plain_mm(a, b), 1e-5);
}

TEST_CASE("linear with bias equals product and sum") {
  for (int64_t m : {1, 4, 33})
    for (int64_t n : {1, 10, 64}) {
      Tensor x = some({m, 37}), w = some({n, 37}, 2), b = some({n}, 3);
      close(ops::linear(x, w, b), ops::add(ops::mm(x, ops::t(w)), b), 1e-5);
    }
}

TEST_CASE("large linear layers equal the definition, with and without bias, of slices, in sizes that no block divides") {
  for (auto [m, n, k] : {std::array<int64_t, 3>{64, 256, 300}, {131, 97, 401}, {5000, 1, 900}}) {
    CAPTURE(m); CAPTURE(n); CAPTURE(k);
    Tensor wide = some({m, k + 5}, 1), w = some({n, k}, 2), b = some({n}, 3), x = ops::slice(wide, 1, 2, k + 2, 1);
    REQUIRE(m * n * k >= int64_t(1) << 22);  // where oneDNN's primitive computes it
    Tensor product = plain_mm(x, ops::t(w));
    close(ops::linear(x, w, Tensor()), product, 5e-5);
    close(ops::linear(ops::contiguous(x), w, Tensor()), product, 5e-5);
    close(ops::linear(x, w, b), ops::add(product, ops::to_dtype(b, DType::float64)), 5e-5);
  }
}

TEST_CASE("vector loops treat tails like the rest") {
  for (int64_t n : {0, 1, 15, 16, 17, 63, 100}) {
    Tensor a = some({n}), b = some({n}, 2);
    auto sum = values(ops::add(a, b)), x = values(a), y = values(b);
    for (size_t i = 0; i < sum.size(); ++i) CHECK(sum[i] == x[i] + y[i]);
    auto e = values(ops::unary(UnaryOp::exp, a));
    for (size_t i = 0; i < e.size(); ++i) CHECK(e[i] == doctest::Approx(std::exp(x[i])).epsilon(1e-6));
  }
}

TEST_CASE("results written past the caches are those of small ones, whatever the alignment and threads") {
  const int before = omp_get_max_threads();
  for (int threads : {1, 3})
    for (int64_t n : {kStreamBytes / 4 - 1, kStreamBytes / 4, kStreamBytes / 4 + 11}) {
      omp_set_num_threads(threads);
      CAPTURE(n); CAPTURE(threads);
      Tensor a = some({n}), b = some({n}, 2), one = some({1}, 3), r = empty_cpu({n + 3}, DType::float32);
      auto x = values(a), y = values(b);
      const float c = values(one)[0];
      auto wrong = [n](const Tensor& t, auto f) { int64_t k = 0; for (int64_t i = 0; i < n; ++i) k += t.data<float>()[i] != f(size_t(i)); return k; };
      CHECK(wrong(ops::add(a, b), [&](size_t i) { return x[i] + y[i]; }) == 0);
      CHECK(wrong(ops::mul(a, one), [&](size_t i) { return x[i] * c; }) == 0);
      CHECK(wrong(ops::sub(one, b), [&](size_t i) { return c - y[i]; }) == 0);
      CHECK(wrong(ops::neg(a), [&](size_t i) { return -x[i]; }) == 0);
      Tensor odd = ops::slice(r, 0, 3, n + 3, 1);
      backend(odd).binary(BinaryOp::mul, odd, a, b, 1);
      CHECK(wrong(odd, [&](size_t i) { return x[i] * y[i]; }) == 0);
      ops::binary_(BinaryOp::add, a, b);  // read and written: not past the caches
      CHECK(wrong(a, [&](size_t i) { return x[i] + y[i]; }) == 0);
    }
  omp_set_num_threads(before);
}

TEST_CASE("sums do not depend on the number of threads or the layout") {
  Tensor a = some({300, 401});
  double whole = values(ops::sum(a, {}, false))[0];
  CHECK(double(values(ops::sum(ops::contiguous(ops::t(a)), {}, false))[0]) == doctest::Approx(whole).epsilon(1e-5));
  close(ops::sum(a, {0}, false), ops::sum(ops::contiguous(ops::t(a)), {1}, false), 1e-5);
}

TEST_SUITE_END();
