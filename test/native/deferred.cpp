// Deferred values: whoever looks, however, sees what would have been there.
#include <omp.h>

#include <cstring>
#include <thread>

#include "kernels/backend.h"
#include "tools.h"

using namespace weightroom;
using namespace weightroom::test;

namespace {

// The gradient of w [n, k] when one row x went through linear(x, w) and g came back.
Tensor weight_gradient(const Tensor& x, int64_t n, const Tensor& g) {
  Tensor w = some<float>({n, x.size(1)}, 5);
  set_requires_grad(w, true);
  run_backward({ops::linear(x, w, {})}, {g}, false, false);
  return grad_of(w);
}
bool deferred(const Tensor& t) { return t.impl()->storage->deferred(); }

std::vector<float> product(const std::vector<float>& g, const std::vector<float>& x) {
  std::vector<float> out;
  for (float a : g)
    for (float b : x) out.push_back(a * b);
  return out;
}
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) { return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0; }

}  // namespace

TEST_SUITE_BEGIN("kernels");

TEST_CASE("the weight gradient of one row waits until it is read, and has the product's bits") {
  for (auto [n, k] : {std::pair<int64_t, int64_t>{256, 784}, {333, 517}, {17, 4001}}) {
    CAPTURE(n); CAPTURE(k);
    Tensor x = some({1, k}), g = some({1, n}, 2);
    x.data<float>()[0] = INFINITY;
    g.data<float>()[1] = 1e-42f;
    g.data<float>()[2] = -0.f;
    auto expected = product(values(g), values(x));
    Tensor w = weight_gradient(x, n, g);
    CHECK(deferred(w));
    // Sources that change meanwhile change nothing.
    backend(x).fill(x, Scalar(7));
    backend(g).fill(g, Scalar(7));
    CHECK(same_bits(values(w), expected));
    CHECK(!deferred(w));
    w.data<float>()[0] = 3;
    CHECK(values(w)[0] == 3);
  }
}

TEST_CASE("what would gain nothing is not deferred") {
  CHECK(!deferred(weight_gradient(some({1, 256}), 10, some({1, 10}, 2))));
  CHECK(!deferred(weight_gradient(some({1, 100000}), 1, some({1, 1}, 2))));
  CHECK(!deferred(weight_gradient(some({1, 17}), 4001, some({1, 4001}, 2))));
  CHECK(!deferred(weight_gradient(some({2, 784}), 256, some({2, 256}, 2))));
}

TEST_CASE("a write is no less a look") {
  Tensor x = some({1, 784}), g = some({1, 256}, 2);
  auto expected = product(values(g), values(x));
  Tensor w = weight_gradient(x, 256, g);
  Tensor row = alias(ops::select(w, 0, 3), true);
  CHECK(deferred(w));
  backend(row).fill(row, Scalar(5));
  std::fill_n(expected.begin() + 3 * 784, 784, 5.f);
  CHECK(same_bits(values(w), expected));
}

TEST_CASE("optimizers take deferred gradients by rows, to the same bits") {
  const int64_t n = 333, k = 517;
  for (int threads : {1, 3}) {
    const int before = omp_get_max_threads();
    omp_set_num_threads(threads);
    auto pair = [&](uint32_t seed) {
      Tensor x = some({1, k}, seed), g = some({1, n}, seed + 1), read = weight_gradient(x, n, g);
      (void)read.bytes();
      return std::pair{weight_gradient(x, n, g), read};
    };
    for (const SgdOptions& o : {SgdOptions{0.1, 0, 0, 0, false, false}, {1e-3, 0, 0, 0, false, true}, {0.3, 0, 0, 0.01, false, false}, {0.01, 0.9, 0.1, 0, false, false}, {0.01, 0.9, 0, 0.1, true, false}}) {
      Tensor p = some({n, k}), q = some({n, k}), b = o.momentum != 0 ? some({n, k}, 3) : Tensor(), c = o.momentum != 0 ? some({n, k}, 3) : Tensor();
      for (uint32_t round = 0; round < 3; ++round) {
        auto [later, now] = pair(10 + round);
        backend(p).sgd(p, later, b, round == 0, o);
        backend(q).sgd(q, now, c, round == 0, o);
        CHECK(deferred(later));
        CHECK(!deferred(now));
        CHECK(same_bits(values(later), values(now)));
      }
      CHECK(same_bits(values(p), values(q)));
      if (b) CHECK(same_bits(values(b), values(c)));
    }
    Tensor p = some({n, k}), q = some({n, k}), m = some({n, k}, 3), m2 = some({n, k}, 3), v = ops::full({n, k}, 0.5, DType::float32), v2 = ops::full({n, k}, 0.5, DType::float32);
    for (uint32_t round = 0; round < 3; ++round) {
      auto [later, now] = pair(20 + round);
      AdamOptions o{1e-2, 0.9, 0.999, 1e-8, 0.1, round % 2 == 1, round == 2, round + 1};
      backend(p).adam(p, later, m, v, o);
      backend(q).adam(q, now, m2, v2, o);
      CHECK(deferred(later));
    }
    CHECK(same_bits(values(p), values(q)));
    CHECK(same_bits(values(m), values(m2)));
    CHECK(same_bits(values(v), values(v2)));
    omp_set_num_threads(before);
  }
}

TEST_CASE("many threads may be the first to look, while one uses the values") {
  Tensor x = some({1, 784}), g = some({1, 256}, 2);
  const auto expected = product(values(g), values(x));
  for (int round = 0; round < 20; ++round) {
    Tensor w = weight_gradient(x, 256, g);
    const DeferredValues* put_off = w.impl()->storage->deferred();
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([&] { if (std::memcmp(w.bytes(), expected.data(), expected.size() * 4)) ++wrong; });
    threads.emplace_back([&] {
      std::vector<float> own(expected.size());
      put_off->write(own.data());
      if (own != expected) ++wrong;
    });
    for (auto& t : threads) t.join();
    CHECK(wrong == 0);
  }
}

TEST_CASE("a deferred storage counts the same before and after, and is freed either way") {
  Tensor x = some({1, 784}), g = some({1, 256}, 2);
  (void)weight_gradient(x, 256, g);
  const int64_t before = memory_stats().live;
  {
    Tensor w = weight_gradient(x, 256, g), unread = weight_gradient(x, 256, g);
    const int64_t with = memory_stats().live;
    CHECK(with >= before + 2 * 256 * 784 * 4);
    (void)w.bytes();
    CHECK(memory_stats().live == with);
  }
  CHECK(memory_stats().live == before);
}

TEST_SUITE_END();
