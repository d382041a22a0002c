// Convolution as matrix products: each output position's receptive field becomes a row of `columns` [N, positions, C * kernel].
// The input's gradient is the way back; a group has its own share of the rows.
#include "kernels/webgpu/impl.h"

namespace weightroom {

using namespace gpu;

namespace {

// Most bytes of columns at once; more images are taken in turns.
constexpr int64_t kMostBytes = 16 << 20;

// Three spatial dims, the first ones of size 1 where there are fewer.
struct Plan {
  int64_t n, c, o, groups, input = 1, positions = 1, kernel = 1;
  std::vector<uint32_t> params;  // kernel, stride, padding, dilation, input, output; each depth, height, width

  Plan(const Tensor& x, const Tensor& w, const Tensor& y, const ConvOptions& options) : n(x.size(0)), c(x.size(1)), o(w.size(0)), groups(options.groups) {
    auto three = [&](auto&& at, int64_t missing) { for (int64_t d = 5 - x.dim(); d-- > 0;) params.push_back(uint32_t(missing)); for (int64_t d = 2; d < x.dim(); ++d) params.push_back(uint32_t(at(d))); };
    three([&](int64_t d) { return w.size(d); }, 1);
    three([&](int64_t d) { return options.stride[size_t(d - 2)]; }, 1);
    three([&](int64_t d) { return options.padding[size_t(d - 2)]; }, 0);
    three([&](int64_t d) { return options.dilation[size_t(d - 2)]; }, 1);
    three([&](int64_t d) { return x.size(d); }, 1);
    three([&](int64_t d) { return y.size(d); }, 1);
    for (int64_t d = 2; d < x.dim(); ++d) { input *= x.size(d); positions *= y.size(d); kernel *= w.size(d); }
  }
  int64_t fan() const { return c * kernel; }
  int64_t images() const { return std::max<int64_t>(1, std::min(n, kMostBytes / std::max<int64_t>(4, 4 * positions * fan()))); }
  // f(first image, how many), as many at once as the columns may hold.
  template <typename F> void in_turns(F&& f) const {
    if (n == 0 || c == 0 || o == 0 || positions == 0) return;
    for (int64_t at = 0; at < n; at += images()) f(at, std::min(images(), n - at));
  }
};

Tensor at(const Tensor& t, int64_t offset, Dims sizes, Dims strides) { return make_view(t.impl()->storage, std::move(sizes), std::move(strides), t.offset() + offset, t.dtype()); }

// The place of kernel tap k at output position l: word(0..2) kernel, (3..5) stride, (6..8) padding, (9..11) dilation, (12..14) input, (15..17) output.
const char* const kPlace = R"(
let kw = k % word(2); let kh = (k / word(2)) % word(1); let kd = k / (word(2) * word(1));
let ow = l % word(17); let oh = (l / word(17)) % word(16); let od = l / (word(17) * word(16));
let d = od * word(3) + kd * word(9) - word(6); let h = oh * word(4) + kh * word(10) - word(7); let w = ow * word(5) + kw * word(11) - word(8);
)";

}  // namespace

// A place before the input wraps to a huge number: beyond it, as those after it.
void WebgpuBackend::to_columns(const Tensor& columns, const Tensor& x, int64_t kernel, const std::vector<uint32_t>& params) {
  int64_t n = columns.size(0), positions = columns.size(1), c = x.size(1), input = x.numel() / std::max<int64_t>(1, x.size(0) * c);
  map(*queue_, {"convolution", "columns", {out("o", seen(columns, {n, positions, c, kernel}, {positions * c * kernel, c * kernel, kernel, 1})), in("x", seen(x, {n, positions, c, kernel}, {c * input, 0, input, 0}))}, params, [] {
    return std::string("let k = i % (word(0) * word(1) * word(2)); let l = (i / (word(18) * word(0) * word(1) * word(2))) % (word(15) * word(16) * word(17));") + kPlace +
           "var v = 0.0;\nif (d < word(12) && h < word(13) && w < word(14)) { v = load_x(i_x + (d * word(13) + h) * word(14) + w); }\nstore_o(i_o, v);";
  }, "", {}}, {n, positions, c, kernel});
}

void WebgpuBackend::conv(const Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& options) {
  Plan p(x, w, y, options);
  p.params.push_back(uint32_t(p.c));
  int64_t g = p.groups, og = p.o / g, fan = p.fan(), fg = fan / g, L = p.positions;
  p.in_turns([&](int64_t first, int64_t n) {
    Tensor columns = empty({n, L, fan}, DType::float32);
    to_columns(columns, at(x, first * p.c * p.input, {n, p.c, p.input}, {p.c * p.input, p.input, 1}), p.kernel, p.params);
    for (int64_t k = 0; k < std::min(g, n); ++k) {
      bool by_group = g <= n;  // else by image, all groups at once
      int64_t yo = by_group ? k * og * L : k * p.o * L, co = by_group ? k * fg : k * L * fan, wo = by_group ? k * og * fg : 0;
      Dims sizes{by_group ? n : g, L, og};
      product(at(y, first * p.o * L + yo, sizes, {by_group ? p.o * L : og * L, 1, L}), at(columns, co, {sizes[0], L, fg}, {by_group ? L * fan : fg, fan, 1}),
              at(w, wo, {sizes[0], fg, og}, {by_group ? 0 : og * fg, 1, fg}), g == 1 ? bias : Tensor(), 1, 0);
    }
  });
  if (bias && (g > 1 || L == 0 || p.c == 0)) {
    Tensor flat = seen(y, {p.n, p.o, L}, {p.o * L, L, 1});
    if (p.c == 0) fill(y, Scalar(0.0));
    binary(BinaryOp::add, flat, flat, seen(bias, flat.sizes(), {0, bias.stride(0), 0}), 1);
  }
}

void WebgpuBackend::conv_input(const Tensor& gin, const Tensor& gout, const Tensor& w, const ConvOptions& options) {
  Plan p(gin, w, gout, options);
  if (p.o == 0 || p.positions == 0) return fill(gin, Scalar(0.0));
  int64_t g = p.groups, og = p.o / g, fan = p.fan(), fg = fan / g, L = p.positions;
  p.in_turns([&](int64_t first, int64_t n) {
    Tensor columns = empty({n, L, fan}, DType::float32);
    for (int64_t k = 0; k < std::min(g, n); ++k) {
      bool by_group = g <= n;
      int64_t yo = by_group ? k * og * L : k * p.o * L, co = by_group ? k * fg : k * L * fan, wo = by_group ? k * og * fg : 0;
      Dims sizes{by_group ? n : g, L, fg};
      product(at(columns, co, sizes, {by_group ? L * fan : fg, fan, 1}), at(gout, first * p.o * L + yo, {sizes[0], L, og}, {by_group ? p.o * L : og * L, 1, L}),
              at(w, wo, {sizes[0], og, fg}, {by_group ? 0 : og * fg, fg, 1}), Tensor(), 1, 0);
    }
    // Each input element adds up what the positions that saw it send back.
    Dims shape{n, p.c, p.input};
    auto params = p.params;
    params.push_back(uint32_t(fan));
    map(*queue_, {"convolution_backward", "input", {out("o", at(gin, first * p.c * p.input, shape, {p.c * p.input, p.input, 1})), in("c", at(columns, 0, shape, {L * fan, p.kernel, 0}))}, params, [] {
      return R"(let at = i % (word(12) * word(13) * word(14));
let w = at % word(14) + word(8); let h = (at / word(14)) % word(13) + word(7); let d = at / (word(14) * word(13)) + word(6);
var v = 0.0;
for (var kd = 0u; kd < word(0); kd++) {
  let pd = d - kd * word(9); if (d < kd * word(9) || pd % word(3) != 0u || pd / word(3) >= word(15)) { continue; }
  for (var kh = 0u; kh < word(1); kh++) {
    let ph = h - kh * word(10); if (h < kh * word(10) || ph % word(4) != 0u || ph / word(4) >= word(16)) { continue; }
    for (var kw = 0u; kw < word(2); kw++) {
      let pw = w - kw * word(11); if (w < kw * word(11) || pw % word(5) != 0u || pw / word(5) >= word(17)) { continue; }
      v += load_c(i_c + ((pd / word(3) * word(16) + ph / word(4)) * word(17) + pw / word(5)) * word(18) + (kd * word(1) + kh) * word(2) + kw);
    }
  }
}
store_o(i_o, v);)";
    }, "", {}}, shape);
  });
}

void WebgpuBackend::conv_weight(const Tensor& gw, const Tensor& x, const Tensor& gout, const ConvOptions& options) {
  Plan p(x, gw, gout, options);
  p.params.push_back(uint32_t(p.c));
  int64_t g = p.groups, og = p.o / g, fan = p.fan(), fg = fan / g, L = p.positions;
  fill(gw, Scalar(0.0));
  p.in_turns([&](int64_t first, int64_t n) {
    Tensor columns = empty({n, L, fan}, DType::float32), rows = empty({n, L, p.o}, DType::float32);
    to_columns(columns, at(x, first * p.c * p.input, {n, p.c, p.input}, {p.c * p.input, p.input, 1}), p.kernel, p.params);
    copy(rows, at(gout, first * p.o * L, {n, L, p.o}, {p.o * L, 1, L}));
    product(seen(gw, {g, og, fg}, {og * fg, fg, 1}), at(rows, 0, {g, og, n * L}, {og, 1, p.o}), at(columns, 0, {g, n * L, fg}, {fg, fan, 1}), Tensor(), 1, 1);
  });
}

}  // namespace weightroom
