#include "tools.h"

using namespace weightroom;
using namespace weightroom::test;

namespace {
Tensor leaf(const Dims& sizes, const std::vector<double>& v) {
  Tensor t = of<double>(sizes, v);
  set_requires_grad(t, true);
  return t;
}
}  // namespace

TEST_SUITE_BEGIN("autograd");

TEST_CASE("gradients reach leaves and add up") {
  Tensor x = leaf({2}, {2, 3});
  run_backward({ops::sum(ops::mul(x, x), {}, false)}, {}, false, false);
  CHECK(values<double>(grad_of(x)) == std::vector<double>{4, 6});
  run_backward({ops::sum(ops::mul(x, x), {}, false)}, {}, false, false);
  CHECK(values<double>(grad_of(x)) == std::vector<double>{8, 12});
}

TEST_CASE("gradients of gradients") {
  Tensor x = leaf({}, {3});
  Tensor y = ops::mul(ops::mul(x, x), x);
  Tensor g = run_backward({y}, {}, true, true, {x})[0];
  CHECK(values<double>(g)[0] == 27);
  CHECK(values<double>(run_backward({g}, {}, false, false, {x})[0])[0] == 18);
}

TEST_CASE("a changed saved tensor is an error, not a wrong gradient") {
  Tensor x = leaf({2}, {1, 2});
  Tensor y = ops::unary(UnaryOp::exp, x);
  Tensor z = ops::sum(y, {}, false);
  { NoGrad guard; ops::fill_(y, 1.0); }
  CHECK_THROWS_AS(run_backward({z}, {}, false, false), Error);
}

TEST_CASE("a second backward through a freed graph is an error") {
  Tensor x = leaf({2}, {1, 2});
  Tensor z = ops::sum(ops::mul(x, x), {}, false);
  run_backward({z}, {}, false, false);
  CHECK_THROWS_AS(run_backward({z}, {}, false, false), Error);
}

TEST_CASE("a graph of 200,000 nodes is walked and freed without recursion") {
  Tensor x = leaf({1}, {1});
  Tensor y = x;
  for (int i = 0; i < 200000; ++i) y = ops::add(y, 1.0);
  run_backward({y}, {ops::full({1}, 1.0, DType::float64)}, false, false);
  CHECK(values<double>(grad_of(x))[0] == 1);
  Tensor unused = x;
  for (int i = 0; i < 200000; ++i) unused = ops::add(unused, 1.0);
}

TEST_SUITE_END();
