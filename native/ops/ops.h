// The differentiable operations. Each checks shapes, dtypes and devices with PyTorch's errors before it touches memory.
#pragma once
#include <optional>
#include <string>

#include "autograd/autograd.h"
#include "kernels/arrange.h"
#include "kernels/backend.h"
#include "random/generator.h"

namespace weightroom::ops {

// --- create.cpp
Tensor empty(const Dims& sizes, DType dtype, Device device = {});
Tensor full(const Dims& sizes, Scalar value, DType dtype, Device device = {});
Tensor zeros(const Dims& sizes, DType dtype, Device device = {});
Tensor scalar_tensor(Scalar value, DType dtype, Device device = {});
// Throws RuntimeError for a number that the type cannot hold.
void check_fits(const Scalar& value, DType type);
// A number beside a tensor: weak in type promotion.
Tensor wrapped(Scalar value, Device device = {});
// The number in a wrapped() of the CPU.
inline Scalar number_of(const Tensor& t) { return t.dtype() == DType::float64 ? Scalar(*t.data<double>()) : t.dtype() == DType::int64 ? Scalar(*t.data<int64_t>()) : Scalar(*t.data<bool>()); }
Tensor arange(Scalar start, Scalar end, Scalar step, DType dtype, Device device = {});
Tensor linspace(double start, double end, int64_t steps, DType dtype, Device device = {});
Tensor eye(int64_t n, int64_t m, DType dtype, Device device = {});

// --- cast.cpp
Tensor to_dtype(const Tensor& a, DType dtype);
Tensor to_device(const Tensor& a, Device device);
Tensor clone(const Tensor& a);
Tensor contiguous(const Tensor& a);
void copy_(const Tensor& self, const Tensor& src);
void fill_(const Tensor& self, Scalar value, const char* name = "FillBackward0");
void fill_(const Tensor& self, const Tensor& value);

// --- unary.cpp, binary.cpp
Tensor unary(UnaryOp op, const Tensor& a, double p = 0, double q = 0);
void unary_(UnaryOp op, const Tensor& self, double p = 0, double q = 0);
// A missing bound does not bound. Throws RuntimeError when both are missing.
Tensor clamp(const Tensor& a, std::optional<Scalar> min, std::optional<Scalar> max, const char* name = nullptr);
void clamp_(const Tensor& self, std::optional<Scalar> min, std::optional<Scalar> max);
Tensor clamp(const Tensor& a, const Tensor& min, const Tensor& max);
DType result_type(const Tensor& a, const Tensor& b);
DType result_type(const TensorList& list);
Tensor binary(BinaryOp op, const Tensor& a, const Tensor& b, double alpha = 1);
void binary_(BinaryOp op, const Tensor& self, const Tensor& b, double alpha = 1);
Tensor where(const Tensor& cond, const Tensor& a, const Tensor& b);
inline Tensor add(const Tensor& a, const Tensor& b) { return binary(BinaryOp::add, a, b); }
inline Tensor sub(const Tensor& a, const Tensor& b) { return binary(BinaryOp::sub, a, b); }
inline Tensor mul(const Tensor& a, const Tensor& b) { return binary(BinaryOp::mul, a, b); }
inline Tensor div(const Tensor& a, const Tensor& b) { return binary(BinaryOp::div, a, b); }
inline Tensor mul(const Tensor& a, double s) { return binary(BinaryOp::mul, a, wrapped(s)); }
inline Tensor add(const Tensor& a, double s) { return binary(BinaryOp::add, a, wrapped(s)); }
inline Tensor neg(const Tensor& a) { return unary(UnaryOp::neg, a); }

// --- reduce.cpp; empty dims = all
Tensor sum(const Tensor& a, Dims dims, bool keepdim, std::optional<DType> dtype = {});
Tensor mean(const Tensor& a, Dims dims, bool keepdim, std::optional<DType> dtype = {});
Tensor nansum(const Tensor& a, Dims dims, bool keepdim, std::optional<DType> dtype = {});
// At most one dim, or all.
Tensor prod(const Tensor& a, Dims dims, bool keepdim, std::optional<DType> dtype = {});
Tensor norm(const Tensor& a, double p, Dims dims, bool keepdim);
Tensor var(const Tensor& a, Dims dims, double correction, bool keepdim, bool root);
TensorList var_mean(const Tensor& a, Dims dims, double correction, bool keepdim, bool root);
Tensor any_all(const Tensor& a, Dims dims, bool keepdim, bool all);
Tensor max_min(const Tensor& a, bool max);  // over everything
std::pair<Tensor, Tensor> max_min_dim(const Tensor& a, bool max, int64_t dim, bool keepdim, const char* name = nullptr);
Tensor arg_max_min(const Tensor& a, bool max, std::optional<int64_t> dim, bool keepdim);
Tensor amax_amin(const Tensor& a, bool max, Dims dims, bool keepdim);
Tensor logsumexp(const Tensor& a, Dims dims, bool keepdim);
// Backward of values picked along dim: saved(0) is their index, with dim kept.
BackwardFn picked_back(const Dims& from, int64_t dim);
Tensor sum_to(const Tensor& g, const Dims& sizes);

// --- scan.cpp
Tensor cumsum(const Tensor& a, int64_t dim, std::optional<DType> dtype = {});
Tensor cumprod(const Tensor& a, int64_t dim, std::optional<DType> dtype = {});
Tensor logcumsumexp(const Tensor& a, int64_t dim);
std::pair<Tensor, Tensor> cummax_cummin(const Tensor& a, bool max, int64_t dim);

// --- sort.cpp; NaN counts as the largest
std::pair<Tensor, Tensor> sort(const Tensor& a, int64_t dim, bool descending);
std::pair<Tensor, Tensor> topk(const Tensor& a, int64_t k, int64_t dim, bool largest, bool sorted);
std::pair<Tensor, Tensor> kthvalue(const Tensor& a, int64_t k, int64_t dim, bool keepdim);
// The lower median; NaN wins, or is left out.
std::pair<Tensor, Tensor> median_dim(const Tensor& a, int64_t dim, bool keepdim, bool ignore_nan);
Tensor median(const Tensor& a, bool ignore_nan);
std::pair<Tensor, Tensor> mode(const Tensor& a, int64_t dim, bool keepdim);
// Values, inverse (a's shape), counts; not sorted: of runs.
TensorList unique(const Tensor& a, bool sorted);
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right);
Tensor bincount(const Tensor& a, const Tensor& weights, int64_t min_length);
Tensor histc(const Tensor& a, int64_t bins, double low, double high);

// --- view.cpp
Dims broadcast_shapes(const Dims& a, const Dims& b);
Tensor expand(const Tensor& a, const Dims& sizes);
Tensor view(const Tensor& a, const Dims& sizes);
Tensor reshape(const Tensor& a, const Dims& sizes);
Tensor flatten(const Tensor& a, int64_t start, int64_t end);
Tensor permute(const Tensor& a, const Dims& dims);
Tensor transpose(const Tensor& a, int64_t d0, int64_t d1);
Tensor t(const Tensor& a);
Tensor select(const Tensor& a, int64_t dim, int64_t index);
Tensor slice(const Tensor& a, int64_t dim, int64_t start, int64_t end, int64_t step);
Tensor squeeze(const Tensor& a, std::optional<int64_t> dim);
Tensor unsqueeze(const Tensor& a, int64_t dim);
// Another size of the tensor itself, contiguous from its offset on; new elements are what lies in the memory. Throws RuntimeError for tensors that require grad.
void resize_(const Tensor& self, const Dims& sizes);
Tensor as_strided(const Tensor& a, const Dims& sizes, const Dims& strides, int64_t offset);
Tensor detach(const Tensor& a);

// A view with history: `fn` maps the view's gradient to the input's.
Tensor view_of(const Tensor& a, Dims sizes, Dims strides, int64_t offset, const char* name, BackwardFn fn);
struct Geometry { Dims sizes, strides; int64_t offset; };
TensorList views_of(const Tensor& a, const std::vector<Geometry>& views, const char* name, BackwardFn fn);

// --- shape.cpp
Tensor movedim(const Tensor& a, const Dims& from, const Dims& to);
Tensor flip(const Tensor& a, const Dims& dims);
Tensor roll(const Tensor& a, const Dims& shifts, const Dims& dims);
Tensor repeat(const Tensor& a, const Dims& times);
Tensor unfold(const Tensor& a, int64_t dim, int64_t size, int64_t step);
Tensor diagonal(const Tensor& a, int64_t offset, int64_t d1, int64_t d2);
Tensor diag_embed(const Tensor& a, int64_t offset, int64_t d1, int64_t d2);
Tensor squeeze_dims(const Tensor& a, const Dims& dims);
// Views of `parts` elements along dim, which the caller has checked to add up. `even`: they came from one size.
TensorList split(const Tensor& a, const Dims& parts, int64_t dim, bool even);
TensorList unbind(const Tensor& a, int64_t dim);
Tensor tril(const Tensor& a, int64_t diagonal, bool upper);

// --- pick.cpp, on the CPU; `runs` as kernels/arrange.h has them, an op of PyTorch's name
Tensor pick(const Tensor& a, cpu::Runs runs, Scalar fill, const std::string& name);
// int64 [.., classes]: 1 at the class, which the caller has checked.
Tensor one_hot(const Tensor& classes, int64_t n);

// --- matmul.cpp
Tensor mm(const Tensor& a, const Tensor& b);
Tensor bmm(const Tensor& a, const Tensor& b);
Tensor matmul(const Tensor& a, const Tensor& b);
// x @ w^T + bias for x of any rank; `relu`: fused activation.
Tensor linear(const Tensor& x, const Tensor& w, const Tensor& bias);
// beta * input + alpha * a @ b; input broadcasts, and is not looked at when beta is 0.
Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha);
Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& v, double beta, double alpha);
Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, double beta, double alpha);
Tensor mv(const Tensor& a, const Tensor& v);
Tensor dot(const Tensor& a, const Tensor& b);
Tensor einsum(const std::string& equation, const TensorList& operands);

// --- composite.cpp
// f(inputs) as one op of PyTorch's name: computed without history, differentiated by running f again.
Tensor composite(const char* name, const TensorList& inputs, const std::function<Tensor(const TensorList&)>& f);
Tensor lerp(const Tensor& a, const Tensor& end, const Tensor& weight);
Tensor addcmul(const Tensor& a, const Tensor& x, const Tensor& y, double value);
Tensor addcdiv(const Tensor& a, const Tensor& x, const Tensor& y, double value);
Tensor logit(const Tensor& a, std::optional<double> eps);
Tensor nan_to_num(const Tensor& a, double nan, std::optional<double> posinf, std::optional<double> neginf);
Tensor round_to(const Tensor& a, int64_t decimals);
Tensor scaled(const char* name, const Tensor& a, double factor);  // deg2rad, rad2deg
Tensor cross(const Tensor& a, const Tensor& b, int64_t dim);
Tensor trace(const Tensor& a);
Tensor rot90(const Tensor& a, int64_t k, const Dims& dims);
Tensor renorm(const Tensor& a, double p, int64_t dim, double max_norm);
Tensor dist(const Tensor& a, const Tensor& b, double p);
Tensor cdist(const Tensor& a, const Tensor& b, double p);

// --- index.cpp
Tensor gather(const Tensor& a, int64_t dim, const Tensor& index);
Tensor scatter(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& src, bool accumulate);
Tensor index_select(const Tensor& a, int64_t dim, const Tensor& index);
Tensor embedding(const Tensor& weight, const Tensor& index, int64_t padding_idx);
Tensor cat(const TensorList& ts, int64_t dim);
Tensor stack(const TensorList& ts, int64_t dim);
Tensor scatter_reduce(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& src, const std::string& reduce, bool include_self);

// --- select.cpp; an undefined index takes the whole dim
Tensor nonzero(const Tensor& a);
Tensor index(const Tensor& a, const TensorList& indices);
Tensor index_put(const Tensor& a, const TensorList& indices, const Tensor& value, bool accumulate);
void index_put_(const Tensor& self, const TensorList& indices, const Tensor& value, bool accumulate);
Tensor take(const Tensor& a, const Tensor& index);
Tensor masked_select(const Tensor& a, const Tensor& mask);
Tensor masked_scatter(const Tensor& a, const Tensor& mask, const Tensor& source);
Tensor masked_fill(const Tensor& a, const Tensor& mask, const Tensor& value);
Tensor index_add(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& source, double alpha);
Tensor index_copy(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& source);
Tensor index_fill(const Tensor& a, int64_t dim, const Tensor& index, const Tensor& value);

// --- nn.cpp; reduction: 0 none, 1 mean, 2 sum
Tensor softmax(const Tensor& a, int64_t dim, bool log);
Tensor nll_loss(const Tensor& logp, const Tensor& target, const Tensor& weight, int64_t ignore_index, int reduction);
Tensor cross_entropy(const Tensor& logits, const Tensor& target, int64_t ignore_index, int reduction);
// Throws where parameters are of another type than the input; float32 ones may go with half types.
void check_mixed(const Tensor& x, std::initializer_list<Tensor> parameters);
Tensor layer_norm(const Tensor& a, const Dims& normalized, const Tensor& weight, const Tensor& bias, double eps);
Tensor dropout(const Tensor& a, double p, Generator& gen);

// --- random.cpp: PyTorch's numbers; in place where the name says so
void uniform_(const Tensor& self, double from, double to, Generator& gen);
void normal_(const Tensor& self, double mean, double std, Generator& gen);
void bernoulli_(const Tensor& self, double p, Generator& gen);
void bernoulli_(const Tensor& self, const Tensor& p, Generator& gen);
void exponential_(const Tensor& self, double lambda, Generator& gen);
void geometric_(const Tensor& self, double p, Generator& gen);
void cauchy_(const Tensor& self, double median, double sigma, Generator& gen);
void log_normal_(const Tensor& self, double mean, double std, Generator& gen);
void randint_(const Tensor& self, int64_t low, int64_t high, Generator& gen);
void random_(const Tensor& self, Generator& gen);  // every whole number the dtype holds exactly
Tensor randperm(int64_t n, DType dtype, Generator& gen);
Tensor multinomial(const Tensor& weights, int64_t n, bool replacement, Generator& gen);
Tensor poisson(const Tensor& rate, Generator& gen);
Tensor normal(const Tensor& mean, const Tensor& std, Generator& gen);

// --- optim.cpp: one call a step; parameters without a gradient are skipped
void sgd_step(const TensorList& params, TensorList& buffers, const SgdOptions& o);
void adam_step(const TensorList& params, const TensorList& m, const TensorList& v, const AdamOptions& o);
Tensor clip_grad_norm(const TensorList& params, double max_norm, double norm_type);

// --- conv.cpp, pool.cpp, norm.cpp, rnn.cpp
Tensor convolution(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o);
Tensor convolution_transpose(const Tensor& x, const Tensor& w, const Tensor& bias, const ConvOptions& o, const Dims& output_padding);
// One to three spatial dims, as many as `kernel` has; batched or not. Values and their indices within a channel.
std::pair<Tensor, Tensor> max_pool(const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, const Dims& dilation, bool ceil);
Tensor avg_pool(const Tensor& x, const Dims& kernel, const Dims& stride, const Dims& padding, bool ceil, bool count_padding, std::optional<int64_t> divisor);
// Updates the running statistics in place while training.
Tensor batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var, bool train, double momentum, double eps);
// x [T, N, in]: y [T, N, out], last h [N, out] and, for an LSTM, c [N, hidden]. `w_hr`: projection or undefined.
TensorList rnn_layer(RnnMode mode, const Tensor& x, const Tensor& h0, const Tensor& c0, const Tensor& w_ih, const Tensor& w_hh, const Tensor& b_ih, const Tensor& b_hh, const Tensor& w_hr, bool reverse);
std::pair<Tensor, Tensor> lstm_cell(const Tensor& gates, const Tensor& c, int64_t hidden);
Tensor gru_cell(const Tensor& gi, const Tensor& gh, const Tensor& h);

// Wires autograd to these ops; call once.
void init();

// --- shared checks
void check_same_device(const Tensor& a, const Tensor& b);
// Those of `others` that are there.
void check_same_device(const Tensor& a, std::initializer_list<Tensor> others);

}  // namespace weightroom::ops
