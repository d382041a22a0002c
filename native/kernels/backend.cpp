#include "kernels/backend.h"

namespace weightroom {
namespace {
// Per environment: each runner worker has its own command ring.
thread_local Backend* webgpu = nullptr;

#define WEIGHTROOM_NAME(name) #name,
constexpr const char* kUnary[] = {WEIGHTROOM_UNARY_OPS(WEIGHTROOM_NAME)};
constexpr const char* kBinary[] = {WEIGHTROOM_BINARY_OPS(WEIGHTROOM_NAME)};
#undef WEIGHTROOM_NAME
constexpr const char* kReduce[] = {"sum", "mean", "prod", "max", "min", "any", "all", "norm", "norm"};
}  // namespace

const char* unary_name(UnaryOp op) { return kUnary[size_t(op)]; }
const char* binary_name(BinaryOp op) { return kBinary[size_t(op)]; }
const char* reduce_name(ReduceOp op) { return kReduce[size_t(op)]; }

void set_webgpu_backend(Backend* b) { webgpu = b; }

Backend& backend(Device device) {
  if (device.is_cpu()) return cpu_backend();
  if (!webgpu) fail("device 'webgpu' is not available in this process");
  return *webgpu;
}

Tensor Backend::scalar(Scalar value, DType dtype) {
  Tensor t = empty({}, dtype);
  fill(t, value);
  return t;
}
void Backend::read(void*, const Tensor& t) { missing("read", t); }
void Backend::write(const Tensor& t, const void*) { missing("write", t); }
void Backend::where(const Tensor& out, const Tensor&, const Tensor&, const Tensor&) { missing("where", out); }
void Backend::arg_reduce(bool max, const Tensor&, const Tensor&, const Tensor& in, int64_t) { missing(max ? "max" : "min", in); }
void Backend::linear(const Tensor& out, const Tensor&, const Tensor&, const Tensor&) { missing("linear", out); }
void Backend::linear_backward(const Tensor& gx, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& x, const Tensor& w) {
  auto as3 = [](const Tensor& t) { return make_view(t.impl()->storage, {1, t.size(0), t.size(1)}, {0, t.stride(0), t.stride(1)}, t.offset(), t.dtype()); };
  if (gx) gemm(as3(gx), as3(g), as3(w), 1, 0);
  if (gw) gemm(as3(gw), make_view(g.impl()->storage, {1, g.size(1), g.size(0)}, {0, g.stride(1), g.stride(0)}, g.offset(), g.dtype()), as3(x), 1, 0);
  if (gb) reduce(ReduceOp::sum, make_view(gb.impl()->storage, {1, g.size(1)}, {g.size(1), 1}, gb.offset(), gb.dtype()), g);
}
void Backend::softmax(const Tensor& out, const Tensor&, bool log) { missing(log ? "log_softmax" : "softmax", out); }
void Backend::softmax_backward(const Tensor& g, const Tensor&, const Tensor&, bool) { missing("softmax_backward", g); }
void Backend::nll(const Tensor&, const Tensor&, const Tensor& logp, const Tensor&, const Tensor&, int64_t, int) { missing("nll_loss", logp); }
void Backend::nll_backward(const Tensor& g, const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t, int) { missing("nll_loss_backward", g); }
void Backend::cross_entropy_backward(const Tensor& g, const Tensor&, const Tensor&, const Tensor&, const Tensor&, int64_t, int) { missing("cross_entropy_backward", g); }
void Backend::layer_norm(const Tensor& out, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, double) { missing("layer_norm", out); }
void Backend::layer_norm_backward(const Tensor& g, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&) { missing("layer_norm_backward", g); }
void Backend::gather(const Tensor& out, const Tensor&, int64_t, const Tensor&) { missing("gather", out); }
void Backend::scatter(const Tensor& out, int64_t, const Tensor&, const Tensor&, bool) { missing("scatter", out); }
void Backend::index_rows(const Tensor& out, const Tensor&, const Tensor&) { missing("index_select", out); }
void Backend::index_rows_add(const Tensor& out, const Tensor&, const Tensor&) { missing("index_add", out); }
void Backend::scatter_reduce(ReduceOp, const Tensor& out, int64_t, const Tensor&, const Tensor&) { missing("scatter_reduce", out); }
void Backend::scan(ScanOp op, const Tensor& out, const Tensor&, int64_t) { missing(op == ScanOp::cumsum ? "cumsum" : op == ScanOp::cumprod ? "cumprod" : "logcumsumexp", out); }
void Backend::scan_extreme(bool max, const Tensor&, const Tensor&, const Tensor& in, int64_t) { missing(max ? "cummax" : "cummin", in); }
void Backend::sort(const Tensor&, const Tensor&, const Tensor& in, bool) { missing("sort", in); }
void Backend::topk(const Tensor&, const Tensor&, const Tensor& in, bool, bool) { missing("topk", in); }
void Backend::longest_run(const Tensor&, const Tensor& sorted) { missing("mode", sorted); }
Tensor Backend::nonzero(const Tensor& in) { missing("nonzero", in); }
std::array<Tensor, 3> Backend::unique(const Tensor& in, bool) { missing("unique", in); }
void Backend::searchsorted(const Tensor&, const Tensor& sorted, const Tensor&, bool) { missing("searchsorted", sorted); }
void Backend::bincount(const Tensor&, const Tensor& in, const Tensor&) { missing("bincount", in); }
void Backend::histc(const Tensor&, const Tensor& in, double, double) { missing("histc", in); }
void Backend::arange(const Tensor& out, double, double) { missing("arange", out); }
void Backend::conv(const Tensor& out, const Tensor&, const Tensor&, const Tensor&, const ConvOptions&) { missing("convolution", out); }
void Backend::conv_input(const Tensor& g, const Tensor&, const Tensor&, const ConvOptions&) { missing("convolution_backward", g); }
void Backend::conv_weight(const Tensor& g, const Tensor&, const Tensor&, const ConvOptions&) { missing("convolution_backward", g); }
void Backend::max_pool(const Tensor& out, const Tensor&, const Tensor&, const PoolOptions&) { missing("max_pool", out); }
void Backend::avg_pool(const Tensor& out, const Tensor&, const PoolOptions&) { missing("avg_pool", out); }
void Backend::avg_pool_backward(const Tensor& g, const Tensor&, const PoolOptions&) { missing("avg_pool_backward", g); }
void Backend::batch_stats(const Tensor&, const Tensor&, const Tensor& x) { missing("batch_norm", x); }
void Backend::batch_norm(const Tensor& out, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&) { missing("batch_norm", out); }
void Backend::batch_norm_backward(const Tensor&, const Tensor&, const Tensor&, const Tensor& g, const Tensor&, const Tensor&, const Tensor&, const Tensor&, bool) { missing("batch_norm_backward", g); }
bool Backend::rnn(RnnMode, const Tensor&, const Tensor&, const Tensor&, const RnnTensors&, bool) { return false; }
void Backend::rnn_backward(RnnMode, const RnnTensors&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const Tensor&, const RnnTensors& in, bool) { missing("rnn_backward", in.x); }
void Backend::sgd(const Tensor& p, const Tensor&, const Tensor&, bool, const SgdOptions&) { missing("sgd", p); }
void Backend::adam(const Tensor& p, const Tensor&, const Tensor&, const Tensor&, const AdamOptions&) { missing("adam", p); }

}  // namespace weightroom
