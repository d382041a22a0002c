#include <thread>

#include "tools.h"

using namespace weightroom;
using namespace weightroom::test;

TEST_SUITE_BEGIN("core");

TEST_CASE("promotion is PyTorch's") {
  CHECK(promote_types(DType::uint8, DType::int8) == DType::int16);
  CHECK(promote_types(DType::float16, DType::bfloat16) == DType::float32);
  CHECK(promote_types(DType::int64, DType::float16) == DType::float16);
  CHECK(promote_types(DType::boolean, DType::uint8) == DType::uint8);
}

TEST_CASE("bfloat16 rounds to nearest even and keeps NaN") {
  CHECK(float(bfloat16_t(1.00390625f)) == 1.0f);
  CHECK(float(bfloat16_t(1.01171875f)) == 1.015625f);
  CHECK(std::isnan(float(bfloat16_t(NAN))));
}

TEST_CASE("element counts refuse what overflows") {
  CHECK(checked_numel({3, 0, 5}) == 0);
  CHECK_THROWS_AS(checked_numel({int64_t(1) << 40, int64_t(1) << 40}), Error);
  CHECK_THROWS_AS(checked_numel({-1}), Error);
  CHECK(checked_numel({int64_t(1) << 62, 0, int64_t(1) << 62}) == 0);
}

TEST_CASE("views stay inside their storage") {
  Tensor t = some({4, 4});
  CHECK_THROWS_AS(make_view(t.impl()->storage, {4, 5}, {4, 1}, 0, DType::float32), Error);
  CHECK_THROWS_AS(make_view(t.impl()->storage, {2}, {INT64_MAX}, 0, DType::float32), Error);
  CHECK_THROWS_AS(make_view(t.impl()->storage, {1}, {1}, -1, DType::float32), Error);
  CHECK(make_view(t.impl()->storage, {4, 4}, {1, 4}, 0, DType::float32).is_contiguous() == false);
}

TEST_CASE("the pool gives memory back and is shared by threads") {
  int64_t before = memory_stats().live;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([] { for (int i = 1; i < 500; ++i) { Tensor t = empty_cpu({i * 7}, DType::float32); t.data<float>()[0] = 1; } });
  for (auto& t : threads) t.join();
  CHECK(memory_stats().live == before);
}

TEST_SUITE_END();
