// The CPU backend: oneDNN for products, Highway for contiguous float32 loops, plain templates for everything else.
#pragma once
#include "kernels/backend.h"

namespace weightroom {

class CpuBackend final : public Backend {
 public:
  const char* name() const override { return "cpu"; }
  Tensor empty(const Dims& sizes, DType dtype) override { return empty_cpu(sizes, dtype); }
  void fill(const Tensor& out, Scalar value) override;
  void copy(const Tensor& out, const Tensor& in) override;
  void unary(UnaryOp op, const Tensor& out, const Tensor& in, double p, double q) override;
  void binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b, double alpha) override;
  void where(const Tensor& out, const Tensor& cond, const Tensor& a, const Tensor& b) override;
  void reduce(ReduceOp op, const Tensor& out, const Tensor& in) override;
  void arg_reduce(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim) override;
  void gemm(const Tensor& out, const Tensor& a, const Tensor& b, double alpha, double beta) override;
  void linear(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias) override;
  void linear_backward(const Tensor& gx, const Tensor& gw, const Tensor& gb, const Tensor& g, const Tensor& x, const Tensor& w) override;
  void softmax(const Tensor& out, const Tensor& in, bool log) override;
  void softmax_backward(const Tensor& gin, const Tensor& gout, const Tensor& y, bool log) override;
  void nll(const Tensor& loss, const Tensor& total_weight, const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore_index, int reduction) override;
  void nll_backward(const Tensor& gin, const Tensor& gout, const Tensor& target, const Tensor& weight, const Tensor& total_weight, int64_t ignore_index, int reduction) override;
  void cross_entropy_backward(const Tensor& gin, const Tensor& gout, const Tensor& logp, const Tensor& target, const Tensor& total_weight, int64_t ignore_index, int reduction) override;
  void layer_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& in, const Tensor& weight, const Tensor& bias, double eps) override;
  void layer_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& in, const Tensor& mean, const Tensor& rstd, const Tensor& weight) override;
  void gather(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& index) override;
  void scatter(const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate) override;
  void scan(ScanOp op, const Tensor& out, const Tensor& in, int64_t dim) override;
  void scan_extreme(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim) override;
  void sort(const Tensor& values, const Tensor& indices, const Tensor& in, bool descending) override;
  void topk(const Tensor& values, const Tensor& indices, const Tensor& in, bool largest, bool sorted) override;
  void sort_by_less(const Tensor& values, const Tensor& indices, const Tensor& in) override;
  void longest_run(const Tensor& places, const Tensor& sorted) override;
  Tensor nonzero(const Tensor& in) override;
  std::array<Tensor, 3> unique(const Tensor& in, bool sorted) override;
  void searchsorted(const Tensor& out, const Tensor& sorted, const Tensor& values, bool right) override;
  void bincount(const Tensor& out, const Tensor& in, const Tensor& weights) override;
  void histc(const Tensor& out, const Tensor& in, double low, double high) override;
  void scatter_reduce(ReduceOp op, const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src) override;
  void arange(const Tensor& out, double start, double step) override;
  void conv(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) override;
  void conv_input(const Tensor& gin, const Tensor& gout, const Tensor& w, const ConvOptions& o) override;
  void conv_weight(const Tensor& gw, const Tensor& x, const Tensor& gout, const ConvOptions& o) override;
  void max_pool(const Tensor& out, const Tensor& indices, const Tensor& x, const PoolOptions& o) override;
  void avg_pool(const Tensor& out, const Tensor& x, const PoolOptions& o) override;
  void avg_pool_backward(const Tensor& gin, const Tensor& gout, const PoolOptions& o) override;
  void batch_stats(const Tensor& mean, const Tensor& var, const Tensor& x) override;
  void batch_norm(const Tensor& out, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, const Tensor& bias) override;
  void batch_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool train) override;
  bool rnn(RnnMode mode, const Tensor& out, const Tensor& cells, const Tensor& gates, const RnnTensors& in, bool reverse) override;
  void rnn_backward(RnnMode mode, const RnnTensors& grads, const Tensor& g_out, const Tensor& g_h, const Tensor& g_c, const Tensor& out, const Tensor& cells, const Tensor& gates, const RnnTensors& in, bool reverse) override;
  void sgd(const Tensor& p, const Tensor& g, const Tensor& buf, bool first, const SgdOptions& o) override;
  void adam(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& v, const AdamOptions& o) override;
};

}  // namespace weightroom
