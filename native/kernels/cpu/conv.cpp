// Convolutions: oneDNN in float32 and halves (its primitives kept by shape), products where those are quicker and in float64.
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/halves.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/vec.h"

namespace weightroom {
namespace {

constexpr int64_t kPointwise = 128;  // places, from which on products are quicker than oneDNN and its two reorders

using onednn::engine, onednn::stream, onednn::Memory;

Dims weight_dims(const Tensor& w, int64_t groups) {
  Dims d = w.sizes();
  if (groups == 1) return d;
  d[0] /= groups;
  d.insert(d.begin(), groups);
  return d;
}
Memory::dims list(const Dims& d) { return {d.begin(), d.end()}; }
Memory::desc plain(const Dims& d) { return {list(d), Memory::data_type::f32, list(contiguous_strides(d))}; }
Memory::desc any(const Dims& d) { return {list(d), Memory::data_type::f32, Memory::format_tag::any}; }

// One convolution's primitive with the layouts it chose.
struct Primitive {
  dnnl::primitive op;
  Memory::desc src, weights, dst;
};

enum class Kind { forward, input, weight };

Primitive make(Kind kind, const Dims& x, const Dims& w, const Dims& y, bool bias, const ConvOptions& o) {
  Memory::dims dilation = list(o.dilation), stride = list(o.stride), padding = list(o.padding);
  for (auto& d : dilation) --d;
  Dims b{y[1]};
  auto algorithm = dnnl::algorithm::convolution_direct;
  auto forward = [&](bool with_bias) {
    auto d = with_bias ? dnnl::convolution_forward::desc(dnnl::prop_kind::forward_training, algorithm, any(x), any(w), plain(b), any(y), stride, dilation, padding, padding)
                       : dnnl::convolution_forward::desc(dnnl::prop_kind::forward_training, algorithm, any(x), any(w), any(y), stride, dilation, padding, padding);
    return dnnl::convolution_forward::primitive_desc(d, engine());
  };
  auto hint = forward(kind == Kind::forward && bias);
  if (kind == Kind::forward) return {dnnl::convolution_forward(hint), hint.src_desc(), hint.weights_desc(), hint.dst_desc()};
  if (kind == Kind::input) {
    dnnl::convolution_backward_data::desc d(algorithm, any(x), any(w), any(y), stride, dilation, padding, padding);
    dnnl::convolution_backward_data::primitive_desc p(d, engine(), hint);
    return {dnnl::convolution_backward_data(p), p.diff_src_desc(), p.weights_desc(), p.diff_dst_desc()};
  }
  dnnl::convolution_backward_weights::desc d(algorithm, any(x), any(w), any(y), stride, dilation, padding, padding);
  dnnl::convolution_backward_weights::primitive_desc p(d, engine(), hint);
  return {dnnl::convolution_backward_weights(p), p.src_desc(), p.diff_weights_desc(), p.diff_dst_desc()};
}

Primitive& primitive(Kind kind, const Dims& x, const Dims& w, const Dims& y, bool bias, const ConvOptions& o) {
  Dims key{int64_t(kind), bias, int64_t(omp_get_max_threads()), int64_t(x.size())};
  for (const Dims* d : {&x, &w, &y, &o.stride, &o.padding, &o.dilation}) key.insert(key.end(), d->begin(), d->end());
  return onednn::kept<Primitive>(key, [&] { return make(kind, x, w, y, bias, o); });
}

// A tensor in the layout a primitive wants; written back when it is a result.
class Operand {
 public:
  Operand(const Tensor& t, const Dims& dims, const Memory::desc& wanted, bool result) : own_(plain(dims), engine(), t.data<float>()), used_(own_), result_(result) {
    if (wanted == own_.get_desc()) return;
    buffer_ = empty_cpu({int64_t(wanted.get_size() / 4)}, DType::float32);
    used_ = Memory(wanted, engine(), buffer_.data<float>());
    if (!result) dnnl::reorder(own_, used_).execute(stream(), own_, used_);
  }
  const Memory& memory() const { return used_; }
  void finish() {
    if (result_ && buffer_) dnnl::reorder(used_, own_).execute(stream(), used_, own_);
  }

 private:
  Memory own_, used_;
  Tensor buffer_;
  bool result_;
};

void run(Kind kind, const Tensor& x, const Tensor& w, const Tensor& y, const Tensor& bias, const ConvOptions& o) {
  Dims wd = weight_dims(w, o.groups);
  try {
    Primitive& p = primitive(kind, x.sizes(), wd, y.sizes(), bool(bias), o);
    Operand src(x, x.sizes(), p.src, kind == Kind::input), weights(w, wd, p.weights, kind == Kind::weight), dst(y, y.sizes(), p.dst, kind == Kind::forward);
    std::unordered_map<int, Memory> args;
    switch (kind) {
      case Kind::forward:
        args = {{DNNL_ARG_SRC, src.memory()}, {DNNL_ARG_WEIGHTS, weights.memory()}, {DNNL_ARG_DST, dst.memory()}};
        if (bias) args.insert({DNNL_ARG_BIAS, Memory(plain({y.size(1)}), engine(), bias.data<float>())});
        break;
      case Kind::input: args = {{DNNL_ARG_DIFF_SRC, src.memory()}, {DNNL_ARG_WEIGHTS, weights.memory()}, {DNNL_ARG_DIFF_DST, dst.memory()}}; break;
      case Kind::weight: args = {{DNNL_ARG_SRC, src.memory()}, {DNNL_ARG_DIFF_WEIGHTS, weights.memory()}, {DNNL_ARG_DIFF_DST, dst.memory()}}; break;
    }
    p.op.execute(stream(), args);
    src.finish();
    weights.finish();
    dst.finish();
    stream().wait();
  } catch (const dnnl::error& e) {
    fail("oneDNN convolution failed: ", e.what());
  }
}

// A kernel of one place at every place: products of the layout that is there.
bool pointwise(const Tensor& x, const Tensor& w, const ConvOptions& o) {
  auto all = [](const Dims& d, int64_t v) { return std::all_of(d.begin(), d.end(), [v](int64_t e) { return e == v; }); };
  return o.groups == 1 && w.numel() == w.size(0) * w.size(1) && all(o.stride, 1) && all(o.padding, 0) && x.numel() >= x.size(0) * x.size(1) * kPointwise;
}

void run_pointwise(Kind kind, const Tensor& x, const Tensor& w, const Tensor& y, const Tensor& bias) {
  const int64_t images = x.size(0), in = x.size(1), out = y.size(1), places = x.numel() / (images * in);
  const cpu::Matrix<float> weights{w.data<float>(), in, 1};
  for (int64_t i = 0; i < images; ++i) {
    const cpu::Matrix<float> xs{x.data<float>() + i * in * places, places, 1}, ys{y.data<float>() + i * out * places, places, 1};
    switch (kind) {
      case Kind::forward:
        if (bias) for (int64_t c = 0; c < out; ++c) std::fill_n(y.data<float>() + (i * out + c) * places, places, bias.data<float>()[c]);
        cpu::product(out, places, in, 1.f, weights, xs, bias ? 1.f : 0.f, y.data<float>() + i * out * places, places);
        break;
      case Kind::input: cpu::product(in, places, out, 1.f, weights.t(), ys, 0.f, x.data<float>() + i * in * places, places); break;
      case Kind::weight: cpu::product(out, in, places, 1.f, ys, xs.t(), i == 0 ? 0.f : 1.f, w.data<float>(), in); break;
    }
  }
}

// float64, which oneDNN has no convolution for: products of a matrix whose columns are the patches of an image.
struct Patches {
  int64_t groups, cg, og;
  std::array<int64_t, 3> in, out, k, stride{1, 1, 1}, pad{0, 0, 0}, dil{1, 1, 1};  // spatial dims filled up to three
  Patches(const Dims& x, const Dims& w, const Dims& y, const ConvOptions& o) : groups(o.groups), cg(x[1] / groups), og(y[1] / groups) {
    const size_t dims = x.size() - 2;
    in = out = k = {1, 1, 1};
    for (size_t d = 0; d < dims; ++d) {
      const size_t at = 3 - dims + d;
      in[at] = x[2 + d]; out[at] = y[2 + d]; k[at] = w[2 + d];
      stride[at] = o.stride[d]; pad[at] = o.padding[d]; dil[at] = o.dilation[d];
    }
  }
  static int64_t volume(const std::array<int64_t, 3>& d) { return d[0] * d[1] * d[2]; }
  int64_t rows() const { return cg * volume(k); }
  int64_t places() const { return volume(out); }
  int64_t inputs() const { return cg * volume(in); }

  // f(row, place, offset into the group's channels) for what lies in the image.
  template <typename F> void each(F&& f) const {
    int64_t row = 0;
    for (int64_t c = 0; c < cg; ++c)
      for (int64_t p = 0; p < k[0]; ++p) for (int64_t q = 0; q < k[1]; ++q) for (int64_t r = 0; r < k[2]; ++r, ++row)
        for (int64_t a = 0; a < out[0]; ++a) for (int64_t b = 0; b < out[1]; ++b) {
          const int64_t z = a * stride[0] - pad[0] + p * dil[0], y = b * stride[1] - pad[1] + q * dil[1];
          if (z < 0 || z >= in[0] || y < 0 || y >= in[1]) continue;
          for (int64_t e = 0; e < out[2]; ++e) {
            const int64_t x = e * stride[2] - pad[2] + r * dil[2];
            if (x >= 0 && x < in[2]) f(row, (a * out[1] + b) * out[2] + e, ((c * in[0] + z) * in[1] + y) * in[2] + x);
          }
        }
  }
};

void run_patches(Kind kind, const Tensor& x, const Tensor& w, const Tensor& y, const Tensor& bias, const ConvOptions& o) {
  const Patches g(x.sizes(), w.sizes(), y.sizes(), o);
  const int64_t rows = g.rows(), places = g.places(), og = g.og;
  std::vector<double> patches(size_t(rows * places)), turned(size_t(rows * og));
  for (int64_t i = 0; i < x.size(0) * g.groups; ++i) {
    double *xs = x.data<double>() + i * g.inputs(), *ws = w.data<double>() + i % g.groups * og * rows, *ys = y.data<double>() + i * og * places;
    switch (kind) {
      case Kind::forward:
        std::fill(patches.begin(), patches.end(), 0.0);
        g.each([&](int64_t row, int64_t place, int64_t at) { patches[size_t(row * places + place)] = xs[at]; });
        for (int64_t c = 0; c < og; ++c) std::fill_n(ys + c * places, places, bias ? bias.data<double>()[i % g.groups * og + c] : 0.0);
        vec::gemm(ys, ws, patches.data(), og, places, rows, 1, 1);
        break;
      case Kind::input:
        for (int64_t c = 0; c < og; ++c) for (int64_t r = 0; r < rows; ++r) turned[size_t(r * og + c)] = ws[c * rows + r];
        vec::gemm(patches.data(), turned.data(), ys, rows, places, og, 1, 0);
        std::fill_n(xs, g.inputs(), 0.0);
        g.each([&](int64_t row, int64_t place, int64_t at) { xs[at] += patches[size_t(row * places + place)]; });
        break;
      case Kind::weight:
        std::fill(patches.begin(), patches.end(), 0.0);
        g.each([&](int64_t row, int64_t place, int64_t at) { patches[size_t(place * rows + row)] = xs[at]; });
        vec::gemm(ws, ys, patches.data(), og, rows, places, 1, i < g.groups ? 0 : 1);
        break;
    }
  }
}

void convolve(Kind kind, const Tensor& x, const Tensor& w, const Tensor& y, const Tensor& bias, const ConvOptions& o) {
  const Tensor& result = kind == Kind::forward ? y : kind == Kind::input ? x : w;
  if (result.numel() == 0) return;
  if (x.numel() == 0 || y.numel() == 0 || w.numel() == 0) {
    if (!bias) return cpu_backend().fill(result, Scalar(0));
    Dims along_channels(y.sizes().size());
    along_channels[1] = 1;
    return cpu_backend().copy(y, make_view(bias.impl()->storage, y.sizes(), along_channels, bias.offset(), bias.dtype()));
  }
  if (result.dtype() == DType::float64) return run_patches(kind, x, w, y, bias, o);
  if (cpu::is_half(result)) {
    // Sums of float32, rounded once.
    auto operand = [&](const Tensor& t) { return t.impl() == result.impl() ? empty_cpu(t.sizes(), DType::float32) : cpu::wide(t); };
    const Tensor wx = operand(x), ww = operand(w), wy = operand(y);
    convolve(kind, wx, ww, wy, cpu::wide(bias), o);
    return cpu_backend().copy(result, kind == Kind::forward ? wy : kind == Kind::input ? wx : ww);
  }
  if (pointwise(x, w, o)) run_pointwise(kind, x, w, y, bias);
  else run(kind, x, w, y, bias, o);
}

}  // namespace

void CpuBackend::conv(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) { convolve(Kind::forward, x, w, out, bias, o); }
void CpuBackend::conv_input(const Tensor& gin, const Tensor& gout, const Tensor& w, const ConvOptions& o) { convolve(Kind::input, gin, w, gout, Tensor(), o); }
void CpuBackend::conv_weight(const Tensor& gw, const Tensor& x, const Tensor& gout, const ConvOptions& o) { convolve(Kind::weight, x, gw, gout, Tensor(), o); }

}  // namespace weightroom
