// The vector loops against the scalar functors: long enough for every kind of tail, at every layout and type, with the numbers that are not numbers.
#include "kernels/cpu/functors.h"
#include "tools.h"

using namespace weightroom;
using namespace weightroom::test;

TEST_SUITE_BEGIN("kernels");

namespace {

constexpr int64_t kRows = 53, kCols = 41, kAll = kRows * kCols;  // beyond two tiles

template <typename T> Tensor numbers(uint32_t seed, bool special) {
  std::mt19937 gen(seed);
  Tensor t = empty_cpu({kRows, kCols}, dtype_of<T>::value);
  constexpr double inf = std::numeric_limits<double>::infinity();
  const double odd[] = {std::nan(""), inf, -inf, 0.0, -0.0, 1.0, -1.0, 2.0, 1e30, -1e30, 1e-30, 88.9, -104.5, 3.0};
  for (int64_t i = 0; i < kAll; ++i) {
    double v = (double(gen()) / 2147483648.0 - 1) * (i % 3 ? 1 : 12);
    if constexpr (std::is_floating_point_v<compute_t<T>>) t.data<T>()[i] = T(compute_t<T>(special && i % 7 == 3 ? odd[size_t(i / 7) % std::size(odd)] : v));
    else t.data<T>()[i] = T(int64_t(v * 4));
  }
  return t;
}

// Within `ulps` units of the type's last place, or both NaN; digits of the compute type where the type is a half.
template <typename T> bool near(T a, T b, double ulps) {
  const double x = double(compute_t<T>(a)), y = double(compute_t<T>(b));
  if (std::isnan(x) || std::isnan(y)) return std::isnan(x) && std::isnan(y);
  if (x == y) return ulps > 0 || std::signbit(x) == std::signbit(y);
  const double unit = std::is_same_v<T, double> ? 2.3e-16 : std::is_same_v<T, float> ? 1.2e-7 : std::is_same_v<T, bfloat16_t> ? 7.9e-3 : 9.8e-4;
  return std::abs(x - y) <= ulps * unit * std::max(std::abs(x), std::abs(y)) + (ulps >= 1e3 ? 1e-6 : 1e-37);
}

template <typename T> int64_t differing(const Tensor& got, const std::vector<T>& want, double ulps) {
  auto g = values<T>(got);
  int64_t n = 0;
  for (size_t i = 0; i < g.size(); ++i) n += !near(g[i], want[i], ulps);
  return n;
}

// The same elements as t, otherwise laid out.
std::vector<Tensor> layouts(const Tensor& t) {
  Tensor columns = ops::t(ops::contiguous(ops::t(t))), wide = empty_cpu({kRows, 2 * kCols}, t.dtype());
  Tensor every = ops::slice(wide, 1, 1, 2 * kCols, 2);
  cpu_backend().copy(every, t);
  return {t, columns, every};
}

double tolerance(UnaryOp op) {
  switch (op) {
    case UnaryOp::exp: case UnaryOp::exp2: case UnaryOp::expm1: case UnaryOp::log: case UnaryOp::log2: case UnaryOp::log10: case UnaryOp::log1p:
    case UnaryOp::sin: case UnaryOp::cos: case UnaryOp::tan: case UnaryOp::asin: case UnaryOp::acos: case UnaryOp::atan: case UnaryOp::sinh: case UnaryOp::cosh:
    case UnaryOp::tanh: case UnaryOp::asinh: case UnaryOp::acosh: case UnaryOp::atanh: case UnaryOp::erf: case UnaryOp::erfc: case UnaryOp::lgamma:
    case UnaryOp::sigmoid: case UnaryOp::silu: case UnaryOp::softplus: case UnaryOp::elu: return 6;
    case UnaryOp::gelu: case UnaryOp::gelu_tanh: return 1e3;  // 1 + erf(x) of a very negative x is what cancellation leaves
    default: return 0;
  }
}

template <typename T, size_t I> void check_unary() {
  constexpr UnaryOp op = UnaryOp(I);
  using C = compute_t<T>;
  if constexpr (op != UnaryOp::polygamma && op != UnaryOp::digamma && op != UnaryOp::erfinv && (std::is_floating_point_v<C> || op == UnaryOp::neg || op == UnaryOp::abs || op == UnaryOp::sign || op == UnaryOp::square || op == UnaryOp::relu || op == UnaryOp::clamp || op == UnaryOp::bitwise_not || is_predicate(op)) &&
                !(std::is_floating_point_v<C> && op == UnaryOp::bitwise_not)) {
    CAPTURE(std::string(unary_name(op))); CAPTURE(std::string(dtype_name(dtype_of<T>::value)));
    const double p = op == UnaryOp::softplus ? 1.5 : op == UnaryOp::clamp ? -2 : 0.3, q = op == UnaryOp::softplus ? 20 : 2;
    Tensor a = numbers<T>(uint32_t(I) + 1, true);
    std::vector<std::conditional_t<is_predicate(op), bool, T>> want;
    std::vector<std::conditional_t<is_predicate(op), uint8_t, T>> flat;
    for (T v : values<T>(a)) {
      if constexpr (is_predicate(op)) flat.push_back(predicate<op>(C(v)));
      else if constexpr (std::is_floating_point_v<C>) flat.push_back(T(unary_float<op>(C(v), C(p), C(q))));
      else flat.push_back(unary_int<op>(v, T(p), T(q)));
    }
    for (const Tensor& in : layouts(a)) {
      Tensor out = empty_cpu(in.sizes(), is_predicate(op) ? DType::boolean : in.dtype());
      cpu_backend().unary(op, out, in, p, q);
      if constexpr (is_predicate(op)) {
        int64_t n = 0;
        for (int64_t i = 0; i < kAll; ++i) n += out.data<bool>()[i] != bool(flat[size_t(i)]);
        CHECK(n == 0);
      } else if constexpr (std::is_floating_point_v<C>) CHECK(differing<T>(out, flat, sizeof(T) == 2 ? std::min(1.0, tolerance(op)) : tolerance(op)) == 0);
      else CHECK(values<T>(out) == flat);
    }
    // In place, and into every second element.
    if constexpr (!is_predicate(op) && std::is_floating_point_v<C>) {
      Tensor self = ops::contiguous(ops::mul(a, 1.0)), odd = layouts(a)[2];
      cpu_backend().unary(op, self, self, p, q);
      cpu_backend().unary(op, odd, odd, p, q);
      CHECK(differing<T>(odd, values<T>(self), 0.01) == 0);
      CHECK(differing<T>(self, flat, sizeof(T) == 2 ? std::min(1.0, tolerance(op)) : tolerance(op)) == 0);
    }
  }
}
template <typename T, size_t... I> void check_unaries(std::index_sequence<I...>) { (check_unary<T, I>(), ...); }

double tolerance(BinaryOp op) {
  switch (op) {
    case BinaryOp::pow: case BinaryOp::atan2: case BinaryOp::hypot: return 4;
    case BinaryOp::silu_backward: case BinaryOp::elu_backward: case BinaryOp::softplus_backward: return 16;
    case BinaryOp::gelu_backward: case BinaryOp::gelu_tanh_backward: return 1e4;
    default: return 0;
  }
}

template <typename T, size_t I> void check_binary() {
  constexpr BinaryOp op = BinaryOp(I);
  using C = compute_t<T>;
  constexpr bool whole = op == BinaryOp::gcd || op == BinaryOp::lcm || (op >= BinaryOp::bitwise_and && op <= BinaryOp::bitwise_right_shift);
  if constexpr (!whole && !(sizeof(T) == 2 && (op == BinaryOp::nextafter || op == BinaryOp::trunc_divide))) {
    CAPTURE(std::string(binary_name(op))); CAPTURE(std::string(dtype_name(dtype_of<T>::value)));
    const double alpha = op == BinaryOp::leaky_relu_backward ? 0.2 : 1;
    Tensor a = numbers<T>(uint32_t(I) + 1, true), b = numbers<T>(uint32_t(I) + 100, true);
    Tensor row = ops::expand(ops::contiguous(ops::slice(b, 0, 2, 3, 1)), a.sizes()), column = ops::expand(ops::contiguous(ops::slice(b, 1, 2, 3, 1)), a.sizes()), one = ops::expand(ops::contiguous(ops::slice(ops::slice(b, 0, 1, 2, 1), 1, 1, 2, 1)), a.sizes());
    for (const Tensor& second : {b, layouts(b)[1], layouts(b)[2], row, column, one})
      for (const Tensor& first : layouts(a)) {
        Tensor out = empty_cpu(a.sizes(), is_comparison(op) ? DType::boolean : a.dtype());
        cpu_backend().binary(op, out, first, second, alpha);
        auto x = values<T>(first), y = values<T>(second);
        int64_t wrong = 0;
        for (size_t i = 0; i < x.size(); ++i) {
          if constexpr (is_comparison(op)) wrong += out.data<bool>()[i] != compare_value<op>(C(x[i]), C(y[i]));
          else wrong += !near(out.data<T>()[i], T(binary_float<op>(C(x[i]), C(y[i]), C(alpha))), sizeof(T) == 2 ? std::min(1.0, tolerance(op)) : tolerance(op));
        }
        CHECK(wrong == 0);
      }
  }
}
template <typename T, size_t... I> void check_binaries(std::index_sequence<I...>) { (check_binary<T, I>(), ...); }

template <typename T> void check_reductions() {
  using C = compute_t<T>;
  using A = std::conditional_t<std::is_floating_point_v<C>, double, int64_t>;
  for (int hole : {-1, 0, 5, 40, 1000, int(kAll) - 1}) {
    Tensor a = numbers<T>(7, false);
    if (hole >= 0) {
      if constexpr (std::is_floating_point_v<C>) a.data<T>()[hole] = T(std::numeric_limits<float>::quiet_NaN());
      else continue;
    }
    for (ReduceOp op : {ReduceOp::max, ReduceOp::min, ReduceOp::any, ReduceOp::all, ReduceOp::sum, ReduceOp::norm1, ReduceOp::prod})
      for (const Tensor& in : layouts(a))
        for (int over : {0, 1, 2}) {
          CAPTURE(std::string(reduce_name(op))); CAPTURE(std::string(dtype_name(dtype_of<T>::value))); CAPTURE(hole); CAPTURE(over);
          const bool flag = op == ReduceOp::any || op == ReduceOp::all;
          Tensor out = empty_cpu({over == 1 ? kRows : 1, over == 0 ? kCols : 1}, flag ? DType::boolean : std::is_floating_point_v<C> || op == ReduceOp::max || op == ReduceOp::min ? dtype_of<T>::value : DType::int64);
          cpu_backend().reduce(op, out, in);
          auto x = values<T>(in);
          auto got = values<double>(ops::to_dtype(out, DType::float64));
          int64_t wrong = 0;
          for (int64_t k = 0; k < out.numel(); ++k) {
            A acc = op == ReduceOp::prod || op == ReduceOp::all ? A(1) : A(0);
            bool first = true;
            for (int64_t r = 0; r < kRows; ++r)
              for (int64_t c = 0; c < kCols; ++c) {
                if ((over == 0 && c != k) || (over == 1 && r != k)) continue;
                const A v = A(C(x[size_t(r * kCols + c)]));
                switch (op) {
                  case ReduceOp::max: acc = first || v > acc || v != v ? (acc != acc ? acc : v) : acc; break;
                  case ReduceOp::min: acc = first || v < acc || v != v ? (acc != acc ? acc : v) : acc; break;
                  case ReduceOp::any: acc = A(acc != A(0) || v != A(0)); break;
                  case ReduceOp::all: acc = A(acc != A(0) && v != A(0)); break;
                  case ReduceOp::sum: acc = A(acc + v); break;
                  case ReduceOp::norm1: acc = A(acc + (v < A(0) ? -v : v)); break;
                  default: acc = A(acc * v);
                }
                first = false;
              }
            const bool rounded = std::is_floating_point_v<C> && (op == ReduceOp::sum || op == ReduceOp::norm1 || op == ReduceOp::prod);
            const double want = flag ? double(acc != A(0)) : rounded ? double(C(T(C(acc)))) : double(acc);
            const double slack = std::is_floating_point_v<C> && !flag && op != ReduceOp::max && op != ReduceOp::min ? (sizeof(T) == 8 ? 1e-13 : sizeof(T) == 4 ? 2e-5 : 1e-2) : 0;
            if (std::isnan(want) || std::isnan(got[size_t(k)])) wrong += std::isnan(want) != std::isnan(got[size_t(k)]);
            else wrong += std::abs(want - got[size_t(k)]) > slack * std::max(1.0, std::abs(want));
          }
          CHECK(wrong == 0);
        }
  }
}

}  // namespace

TEST_CASE("element-wise loops equal the scalar functors, whatever the layout") {
  check_unaries<float>(std::make_index_sequence<kUnaryOps>());
  check_unaries<double>(std::make_index_sequence<kUnaryOps>());
  check_unaries<half_t>(std::make_index_sequence<kUnaryOps>());
  check_unaries<bfloat16_t>(std::make_index_sequence<kUnaryOps>());
  check_unaries<int64_t>(std::make_index_sequence<kUnaryOps>());
  check_unaries<int8_t>(std::make_index_sequence<kUnaryOps>());
  check_binaries<float>(std::make_index_sequence<kBinaryOps>());
  check_binaries<double>(std::make_index_sequence<kBinaryOps>());
  check_binaries<half_t>(std::make_index_sequence<kBinaryOps>());
}

TEST_CASE("reductions equal the definition, along rows, columns and over everything, NaN included") {
  check_reductions<float>();
  check_reductions<double>();
  check_reductions<bfloat16_t>();
  check_reductions<int64_t>();
  check_reductions<uint8_t>();
}

TEST_CASE("halves widen and narrow as their types do") {
  Tensor bits = empty_cpu({65536}, DType::int16);
  for (int64_t i = 0; i < 65536; ++i) bits.data<int16_t>()[i] = int16_t(i);
  auto all = [&]<typename H>(H) {
    Tensor h = make_view(bits.impl()->storage, bits.sizes(), bits.strides(), 0, dtype_of<H>::value), f = ops::to_dtype(h, DType::float32);
    int64_t wrong = 0;
    for (int64_t i = 0; i < 65536; ++i) wrong += !near(f.data<float>()[i], float(h.data<H>()[i]), 0);
    CHECK(wrong == 0);
    Tensor x = numbers<float>(3, true), n = ops::to_dtype(ops::mul(x, 1e-4), dtype_of<H>::value), m = ops::mul(x, 1e-4);
    for (int64_t i = 0; i < kAll; ++i) wrong += !near(n.data<H>()[i], H(m.data<float>()[i]), 0);
    CHECK(wrong == 0);
  };
  all(half_t());
  all(bfloat16_t());
}

TEST_CASE("products of float64 equal the definition at sizes that no strip divides") {
  for (auto [m, n, k] : {std::array<int64_t, 3>{1, 1, 1}, {5, 13, 7}, {4, 12, 64}, {33, 47, 29}, {3, 100, 200}}) {
    Tensor a = some<double>({2, m, k}), b = some<double>({2, k, n}, 2), c = some<double>({2, m, n}, 3), was = ops::mul(c, 1.0);
    cpu_backend().gemm(c, a, b, 1.5, 0.5);
    for (int64_t s = 0; s < 2; ++s)
      for (int64_t i = 0; i < m; ++i)
        for (int64_t j = 0; j < n; ++j) {
          double v = 0;
          for (int64_t l = 0; l < k; ++l) v += a.data<double>()[(s * m + i) * k + l] * b.data<double>()[(s * k + l) * n + j];
          const double want = 1.5 * v + 0.5 * was.data<double>()[(s * m + i) * n + j];
          REQUIRE(c.data<double>()[(s * m + i) * n + j] == doctest::Approx(want).epsilon(1e-12));
        }
  }
}

TEST_SUITE_END();
