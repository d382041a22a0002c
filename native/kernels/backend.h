// What a device must be able to do. Ops check shapes and types, then call this; outputs are allocated by the caller.
#pragma once
#include <array>

#include "core/error.h"
#include "core/tensor.h"

namespace weightroom {

// One list an op family: the enumeration and the names follow from it.
// Predicates (bool results) stand together, from logical_not to signbit.
#define WEIGHTROOM_UNARY_OPS(X) \
  X(neg) X(abs) X(sign) X(square) X(sqrt) X(rsqrt) X(reciprocal) X(exp) X(exp2) X(expm1) X(log) X(log2) X(log10) X(log1p) X(sin) X(cos) X(tan) \
  X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(asinh) X(acosh) X(atanh) X(sigmoid) X(relu) X(gelu) X(gelu_tanh) X(silu) X(softplus) X(elu) \
  X(leaky_relu) X(hardtanh) X(hardsigmoid) X(hardswish) X(erf) X(erfc) X(erfinv) X(lgamma) X(digamma) X(polygamma) X(sinc) X(floor) X(ceil) X(round) X(trunc) X(frac) X(clamp) X(bitwise_not) \
  X(logical_not) X(isnan) X(isinf) X(isfinite) X(signbit)
// Comparisons and logic (bool results) stand together, from eq to logical_xor. Gradient helpers, from relu_backward on:
// first is the incoming gradient, second the saved input or result.
#define WEIGHTROOM_BINARY_OPS(X) \
  X(add) X(sub) X(mul) X(div) X(floor_divide) X(trunc_divide) X(remainder) X(fmod) X(pow) X(maximum) X(minimum) X(fmax) X(fmin) X(atan2) X(hypot) \
  X(copysign) X(nextafter) X(logaddexp) X(logaddexp2) X(xlogy) X(igamma) X(igammac) X(heaviside) X(gcd) X(lcm) X(bitwise_and) X(bitwise_or) X(bitwise_xor) \
  X(bitwise_left_shift) X(bitwise_right_shift) X(eq) X(ne) X(lt) X(le) X(gt) X(ge) X(logical_and) X(logical_or) X(logical_xor) \
  X(relu_backward) X(sigmoid_backward) X(tanh_backward) X(gelu_backward) X(gelu_tanh_backward) X(silu_backward) X(leaky_relu_backward) X(elu_backward) \
  X(softplus_backward) X(hardsigmoid_backward) X(hardswish_backward)
#define WEIGHTROOM_NAME(name) name,
enum class UnaryOp : uint8_t { WEIGHTROOM_UNARY_OPS(WEIGHTROOM_NAME) };
enum class BinaryOp : uint8_t { WEIGHTROOM_BINARY_OPS(WEIGHTROOM_NAME) };
#undef WEIGHTROOM_NAME
#define WEIGHTROOM_ONE(name) +1
constexpr size_t kUnaryOps = 0 WEIGHTROOM_UNARY_OPS(WEIGHTROOM_ONE), kBinaryOps = 0 WEIGHTROOM_BINARY_OPS(WEIGHTROOM_ONE);
#undef WEIGHTROOM_ONE
const char* unary_name(UnaryOp op);
const char* binary_name(BinaryOp op);
constexpr bool is_predicate(UnaryOp op) { return op >= UnaryOp::logical_not && op <= UnaryOp::signbit; }
constexpr bool is_comparison(BinaryOp op) { return op >= BinaryOp::eq && op <= BinaryOp::logical_xor; }

enum class ReduceOp : uint8_t { sum, mean, prod, max, min, any, all, norm2, norm1 };
const char* reduce_name(ReduceOp op);

enum class ScanOp : uint8_t { cumsum, cumprod, logcumsumexp };

struct SgdOptions { double lr, momentum, dampening, weight_decay; bool nesterov, maximize; };
struct AdamOptions { double lr, beta1, beta2, eps, weight_decay; bool decoupled, maximize; int64_t step; };

struct ConvOptions { Dims stride, padding, dilation; int64_t groups = 1; };
// Spatial dims in threes. count_padding: padding counts in the mean; divisor: 0, or what the sum is divided by.
struct PoolOptions { std::array<int64_t, 3> kernel, stride, padding, dilation; bool count_padding = true; int64_t divisor = 0; };

enum class RnnMode { tanh, relu, lstm, gru };
// One direction of a recurrent layer: x [T, N, in], h0 and c0 [N, H], weights [gates * H, in or H], biases. Or the gradients by these.
struct RnnTensors { Tensor x, h0, c0, w_ih, w_hh, b_ih, b_hh; };

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const char* name() const = 0;

  virtual Tensor empty(const Dims& sizes, DType dtype) = 0;
  virtual void fill(const Tensor& out, Scalar value) = 0;
  // A 0-dim tensor of that value, not to be written to: the same one may be given out again.
  virtual Tensor scalar(Scalar value, DType dtype);
  // Same device, any strides, converts dtype.
  virtual void copy(const Tensor& out, const Tensor& in) = 0;

  // Between CPU memory and a contiguous tensor of this device, whole; read() waits for all work before it.
  virtual void read(void* to, const Tensor& from);
  virtual void write(const Tensor& to, const void* from);

  // out and in have the same shape, any strides. p, q: op parameters (clamp bounds, slopes).
  virtual void unary(UnaryOp op, const Tensor& out, const Tensor& in, double p, double q) = 0;
  // a and b are expanded to out's shape and share its compute dtype; comparisons write bool.
  virtual void binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b, double alpha) = 0;
  virtual void where(const Tensor& out, const Tensor& cond, const Tensor& a, const Tensor& b);
  // Reduces `in` over the dims where out has size 1 (keepdim shape).
  virtual void reduce(ReduceOp op, const Tensor& out, const Tensor& in) = 0;
  virtual void arg_reduce(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim);
  // out[b] = alpha * a[b] @ b[b] + beta * out[b]; 3-D, out contiguous, a and b of any strides.
  virtual void gemm(const Tensor& out, const Tensor& a, const Tensor& b, double alpha, double beta) = 0;
  // out = x @ w^T + bias over 2-D x and w; bias may be undefined.
  virtual void linear(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias);
  // Its gradients, each computed when defined: gx = g @ w, gw = g^T @ x, gb = sum of g's rows. All fresh: gw may be left deferred.
  virtual void linear_backward(const Tensor& gx, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& x, const Tensor& w);

  virtual void softmax(const Tensor& out, const Tensor& in, bool log);                          // last dim, contiguous
  virtual void softmax_backward(const Tensor& gin, const Tensor& gout, const Tensor& y, bool log);
  // Mean/sum/none of -logp[target]; classes last. loss is scalar or [rows].
  virtual void nll(const Tensor& loss, const Tensor& total_weight, const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore_index, int reduction);
  virtual void nll_backward(const Tensor& gin, const Tensor& gout, const Tensor& target, const Tensor& weight, const Tensor& total_weight, int64_t ignore_index, int reduction);
  // Gradient of cross_entropy by its logits in one pass: (exp(logp) - onehot) * scale per row.
  virtual void cross_entropy_backward(const Tensor& gin, const Tensor& gout, const Tensor& logp, const Tensor& target, const Tensor& total_weight, int64_t ignore_index, int reduction);
  virtual void layer_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& in, const Tensor& weight, const Tensor& bias, double eps);
  virtual void layer_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& in, const Tensor& mean, const Tensor& rstd, const Tensor& weight);

  virtual void gather(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& index);
  virtual void scatter(const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate);
  // out[i, :] = in[index[i], :], rows contiguous; and its transpose: out[index[i], :] += g[i, :].
  virtual void index_rows(const Tensor& out, const Tensor& in, const Tensor& index);
  virtual void index_rows_add(const Tensor& out, const Tensor& g, const Tensor& index);
  // out[index] = op(out[index], src) along dim, for prod, max, min (sums are scatter's).
  virtual void scatter_reduce(ReduceOp op, const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src);
  // Running results along dim; out and in of any strides. cummax and cummin: the values and the place of the last best.
  virtual void scan(ScanOp op, const Tensor& out, const Tensor& in, int64_t dim);
  virtual void scan_extreme(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim);
  // Along the last dim, everything contiguous; stable, NaN is the largest. topk: values has k in the last dim.
  virtual void sort(const Tensor& values, const Tensor& indices, const Tensor& in, bool descending);
  // The same by < alone, which NaN breaks, as PyTorch's mode sorts.
  virtual void sort_by_less(const Tensor& values, const Tensor& indices, const Tensor& in) { sort(values, indices, in, false); }
  virtual void topk(const Tensor& values, const Tensor& indices, const Tensor& in, bool largest, bool sorted);
  // Of each ascending row of contiguous `sorted`: where the longest run of equals ends (int64). NaN equals nothing.
  virtual void longest_run(const Tensor& places, const Tensor& sorted);
  // int64 [n, rank]: coordinates of what is not zero, in C order.
  virtual Tensor nonzero(const Tensor& in);
  // Values, inverse and counts of contiguous `in`, flat; not sorted: of runs of equal elements.
  virtual std::array<Tensor, 3> unique(const Tensor& in, bool sorted);
  // int64 places where `values` would go in the ascending rows of `sorted` (1-D: one row for all); contiguous, one dtype.
  virtual void searchsorted(const Tensor& out, const Tensor& sorted, const Tensor& values, bool right);
  // in: int64; out: int64, or float64 with weights.
  virtual void bincount(const Tensor& out, const Tensor& in, const Tensor& weights);
  virtual void histc(const Tensor& out, const Tensor& in, double low, double high);
  virtual void arange(const Tensor& out, double start, double step);

  // x [N, C, spatial], w [O, C/groups, kernel]; all contiguous. Gradients by input and weight; the first is also the transposed convolution.
  virtual void conv(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o);
  virtual void conv_input(const Tensor& gin, const Tensor& gout, const Tensor& w, const ConvOptions& o);
  virtual void conv_weight(const Tensor& gw, const Tensor& x, const Tensor& gout, const ConvOptions& o);
  // Three spatial dims after [N, C]; indices count within one channel's spatial block.
  virtual void max_pool(const Tensor& out, const Tensor& indices, const Tensor& x, const PoolOptions& o);
  virtual void avg_pool(const Tensor& out, const Tensor& x, const PoolOptions& o);
  virtual void avg_pool_backward(const Tensor& gin, const Tensor& gout, const PoolOptions& o);
  // [N, C, inner], contiguous: statistics over N and inner of each channel. var is biased.
  virtual void batch_stats(const Tensor& mean, const Tensor& var, const Tensor& x);
  // out = (x - mean) * rstd * weight + bias, by channel.
  virtual void batch_norm(const Tensor& out, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, const Tensor& bias);
  // `train`: mean and rstd depend on x.
  virtual void batch_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool train);

  // The whole sequence at once: out [T, N, H], and for the gradients cells [T, N, H] (LSTM) and gates [T, N, 4H] (LSTM, GRU). All contiguous.
  // False where the device has no such kernel; with `out` undefined it only answers.
  virtual bool rnn(RnnMode, const Tensor& out, const Tensor& cells, const Tensor& gates, const RnnTensors& in, bool reverse);
  // Fills those of `grads` that are defined; g_out, g_h and g_c may be undefined.
  virtual void rnn_backward(RnnMode, const RnnTensors& grads, const Tensor& g_out, const Tensor& g_h, const Tensor& g_c, const Tensor& out, const Tensor& cells, const Tensor& gates, const RnnTensors& in, bool reverse);

  virtual void sgd(const Tensor& p, const Tensor& g, const Tensor& buf, bool first, const SgdOptions& o);
  virtual void adam(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& v, const AdamOptions& o);

 protected:
  [[noreturn]] void missing(const char* op, const Tensor& t) const {
    fail_not_implemented("The operator '", op, "' is not currently implemented for ", dtype_name(t.dtype()), " on the ", name(), " device.");
  }
};

Backend& cpu_backend();
// The backend of a device; RuntimeError naming the reason when the device is not available.
Backend& backend(Device device);
inline Backend& backend(const Tensor& t) { return backend(t.device()); }
// Registers the WebGPU backend of this environment (thread); nullptr takes it away.
void set_webgpu_backend(Backend* b);

}  // namespace weightroom
