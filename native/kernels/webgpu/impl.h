// The WebGPU backend: one family of kernels a file. Everything is queued; only read() waits.
#pragma once
#include <map>

#include "kernels/webgpu/launch.h"
#include "kernels/webgpu/webgpu.h"

namespace weightroom {

class WebgpuBackend final : public Backend {
 public:
  explicit WebgpuBackend(std::shared_ptr<gpu::Queue> queue) : queue_(std::move(queue)) {}
  const char* name() const override { return "webgpu"; }

  // --- memory.cpp
  Tensor empty(const Dims& sizes, DType dtype) override;
  Tensor scalar(Scalar value, DType dtype) override;
  void read(void* to, const Tensor& from) override;
  void write(const Tensor& to, const void* from) override;

  // --- elementwise.cpp
  void fill(const Tensor& out, Scalar value) override;
  void copy(const Tensor& out, const Tensor& in) override;
  void unary(UnaryOp op, const Tensor& out, const Tensor& in, double p, double q) override;
  void binary(BinaryOp op, const Tensor& out, const Tensor& a, const Tensor& b, double alpha) override;
  void where(const Tensor& out, const Tensor& cond, const Tensor& a, const Tensor& b) override;
  void arange(const Tensor& out, double start, double step) override;
  void sgd(const Tensor& p, const Tensor& g, const Tensor& buf, bool first, const SgdOptions& o) override;
  void adam(const Tensor& p, const Tensor& g, const Tensor& m, const Tensor& v, const AdamOptions& o) override;

  // --- reduce.cpp
  void reduce(ReduceOp op, const Tensor& out, const Tensor& in) override;
  void arg_reduce(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim) override;
  void scan(ScanOp op, const Tensor& out, const Tensor& in, int64_t dim) override;
  void scan_extreme(bool max, const Tensor& values, const Tensor& indices, const Tensor& in, int64_t dim) override;

  // --- gemm.cpp
  void gemm(const Tensor& out, const Tensor& a, const Tensor& b, double alpha, double beta) override;
  void linear(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias) override;

  // --- nn.cpp
  void softmax(const Tensor& out, const Tensor& in, bool log) override;
  void softmax_backward(const Tensor& gin, const Tensor& gout, const Tensor& y, bool log) override;
  void nll(const Tensor& loss, const Tensor& total_weight, const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore_index, int reduction) override;
  void nll_backward(const Tensor& gin, const Tensor& gout, const Tensor& target, const Tensor& weight, const Tensor& total_weight, int64_t ignore_index, int reduction) override;
  void cross_entropy_backward(const Tensor& gin, const Tensor& gout, const Tensor& logp, const Tensor& target, const Tensor& total_weight, int64_t ignore_index, int reduction) override;

  // --- conv.cpp
  void conv(const Tensor& out, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o) override;
  void conv_input(const Tensor& gin, const Tensor& gout, const Tensor& w, const ConvOptions& o) override;
  void conv_weight(const Tensor& gw, const Tensor& x, const Tensor& gout, const ConvOptions& o) override;

  // --- pool.cpp
  void max_pool(const Tensor& out, const Tensor& indices, const Tensor& x, const PoolOptions& o) override;
  void avg_pool(const Tensor& out, const Tensor& x, const PoolOptions& o) override;
  void avg_pool_backward(const Tensor& gin, const Tensor& gout, const PoolOptions& o) override;

  // --- norm.cpp
  void batch_stats(const Tensor& mean, const Tensor& var, const Tensor& x) override;
  void batch_norm(const Tensor& out, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, const Tensor& bias) override;
  void batch_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& x, const Tensor& mean, const Tensor& rstd, const Tensor& weight, bool train) override;
  void layer_norm(const Tensor& out, const Tensor& mean, const Tensor& rstd, const Tensor& in, const Tensor& weight, const Tensor& bias, double eps) override;
  void layer_norm_backward(const Tensor& gin, const Tensor& gw, const Tensor& gb, const Tensor& gout, const Tensor& in, const Tensor& mean, const Tensor& rstd, const Tensor& weight) override;

  // --- index.cpp
  void gather(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& index) override;
  void scatter(const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate) override;
  void scatter_reduce(ReduceOp op, const Tensor& out, int64_t dim, const Tensor& index, const Tensor& src) override;
  void index_rows(const Tensor& out, const Tensor& in, const Tensor& index) override;
  void index_rows_add(const Tensor& out, const Tensor& g, const Tensor& index) override;
  void bincount(const Tensor& out, const Tensor& in, const Tensor& weights) override;
  void histc(const Tensor& out, const Tensor& in, double low, double high) override;

  // --- sort.cpp
  void sort(const Tensor& values, const Tensor& indices, const Tensor& in, bool descending) override;
  void topk(const Tensor& values, const Tensor& indices, const Tensor& in, bool largest, bool sorted) override;
  void longest_run(const Tensor& places, const Tensor& sorted) override;
  Tensor nonzero(const Tensor& in) override;
  std::array<Tensor, 3> unique(const Tensor& in, bool sorted) override;
  void searchsorted(const Tensor& out, const Tensor& sorted, const Tensor& values, bool right) override;

 private:
  void product(const Tensor& out, const Tensor& a, const Tensor& b, const Tensor& bias, double alpha, double beta);
  void class_gradient(const char* name, const Tensor& gin, const Tensor& gout, const Tensor& target, const Tensor& total_weight, const Tensor& more, const char* expression, int64_t ignore_index, int reduction);
  void scatter_with(const char* name, const Tensor& out, int64_t n, int64_t step, const Tensor& index, const Tensor& src, const char* combine, const std::string& before);
  void to_columns(const Tensor& columns, const Tensor& x, int64_t kernel, const std::vector<uint32_t>& params);
  int64_t last_of(const Tensor& counts);

  std::shared_ptr<gpu::Queue> queue_;
  std::map<std::pair<DType, int64_t>, Tensor> scalars_;
};

namespace gpu {
// Reduction over a workgroup: `v` of every lane becomes red[0], by combine(x, y). Ends with all lanes there.
inline std::string shared_of(const char* type, uint32_t width) { return std::string("var<workgroup> red: array<") + type + ", " + std::to_string(width) + ">;\n"; }
inline std::string tree(const std::string& combine, uint32_t width) {
  return "workgroupBarrier();\nred[lane] = v;\nworkgroupBarrier();\nfor (var s = " + std::to_string(width / 2) + "u; s > 0u; s = s >> 1u) { if (lane < s) { let x = red[lane]; let y = red[lane + s]; red[lane] = " + combine + "; } workgroupBarrier(); }\n";
}
}  // namespace gpu

}  // namespace weightroom
