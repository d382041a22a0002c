// Convolutions: oneDNN in float32 (its primitives kept by shape), plain loops in every other type.
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/onednn.h"

namespace weightroom {
namespace {

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

// The same arithmetic in any type: spatial dims filled up to three.
struct Geometry {
  int64_t n, c, oc, groups, cg, og;
  std::array<int64_t, 3> in, out, k, stride{1, 1, 1}, pad{0, 0, 0}, dil{1, 1, 1};
  Geometry(const Dims& x, const Dims& w, const Dims& y, const ConvOptions& o) : n(x[0]), c(x[1]), oc(y[1]), groups(o.groups), cg(c / groups), og(oc / groups) {
    size_t dims = x.size() - 2;
    in = out = k = {1, 1, 1};
    for (size_t d = 0; d < dims; ++d) {
      size_t at = 3 - dims + d;
      in[at] = x[2 + d]; out[at] = y[2 + d]; k[at] = w[2 + d];
      stride[at] = o.stride[d]; pad[at] = o.padding[d]; dil[at] = o.dilation[d];
    }
  }
  // f(x index, w index, y index) for every product of one output channel group.
  template <typename F> void each(int64_t image, int64_t o, F&& f) const {
    int64_t g = o / og;
    for (int64_t a = 0; a < out[0]; ++a) for (int64_t b = 0; b < out[1]; ++b) for (int64_t e = 0; e < out[2]; ++e) {
      int64_t yi = (((image * oc + o) * out[0] + a) * out[1] + b) * out[2] + e;
      for (int64_t i = 0; i < cg; ++i)
        for (int64_t p = 0; p < k[0]; ++p) for (int64_t q = 0; q < k[1]; ++q) for (int64_t r = 0; r < k[2]; ++r) {
          int64_t z = a * stride[0] - pad[0] + p * dil[0], y = b * stride[1] - pad[1] + q * dil[1], x = e * stride[2] - pad[2] + r * dil[2];
          if (z < 0 || z >= in[0] || y < 0 || y >= in[1] || x < 0 || x >= in[2]) continue;
          f((((image * c + g * cg + i) * in[0] + z) * in[1] + y) * in[2] + x, (((o * cg + i) * k[0] + p) * k[1] + q) * k[2] + r, yi);
        }
    }
  }
};

template <typename F> void loops(const Tensor& x, const Tensor& w, const Tensor& y, const ConvOptions& o, F&& f) {
  Geometry g(x.sizes(), w.sizes(), y.sizes(), o);
  for (int64_t i = 0; i < g.n; ++i) for (int64_t oc = 0; oc < g.oc; ++oc) g.each(i, oc, f);
}

}  // namespace

void CpuBackend::conv(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) {
  if (out.numel() == 0) return;
  if (out.dtype() == DType::float32 && x.numel() > 0) return run(Kind::forward, x, w, out, bias, o);
  fill(out, Scalar(0));
  dispatch_floating(out.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    std::vector<C> sum(size_t(out.numel()), C(0));
    const T *xs = x.data<T>(), *ws = w.data<T>();
    loops(x, w, out, o, [&](int64_t xi, int64_t wi, int64_t yi) { sum[size_t(yi)] += C(xs[xi]) * C(ws[wi]); });
    int64_t inner = out.numel() / (out.size(0) * out.size(1));
    for (int64_t i = 0; i < out.numel(); ++i) out.data<T>()[i] = T(sum[size_t(i)] + (bias ? C(bias.data<T>()[i / inner % out.size(1)]) : C(0)));
  });
}

void CpuBackend::conv_input(const Tensor& gin, const Tensor& gout, const Tensor& w, const ConvOptions& o) {
  if (gin.numel() == 0) return;
  if (gin.dtype() == DType::float32 && gout.numel() > 0) return run(Kind::input, gin, w, gout, Tensor(), o);
  dispatch_floating(gin.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    std::vector<C> sum(size_t(gin.numel()), C(0));
    const T *gs = gout.data<T>(), *ws = w.data<T>();
    loops(gin, w, gout, o, [&](int64_t xi, int64_t wi, int64_t yi) { sum[size_t(xi)] += C(gs[yi]) * C(ws[wi]); });
    for (int64_t i = 0; i < gin.numel(); ++i) gin.data<T>()[i] = T(sum[size_t(i)]);
  });
}

void CpuBackend::conv_weight(const Tensor& gw, const Tensor& x, const Tensor& gout, const ConvOptions& o) {
  if (gw.numel() == 0) return;
  if (gw.dtype() == DType::float32 && x.numel() > 0 && gout.numel() > 0) return run(Kind::weight, x, gw, gout, Tensor(), o);
  dispatch_floating(gw.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    std::vector<C> sum(size_t(gw.numel()), C(0));
    const T *xs = x.data<T>(), *gs = gout.data<T>();
    loops(x, gw, gout, o, [&](int64_t xi, int64_t wi, int64_t yi) { sum[size_t(wi)] += C(xs[xi]) * C(gs[yi]); });
    for (int64_t i = 0; i < gw.numel(); ++i) gw.data<T>()[i] = T(sum[size_t(i)]);
  });
}

}  // namespace weightroom
