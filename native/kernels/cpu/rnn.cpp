// Recurrent layers over whole sequences: one product for all inputs, one small product a time step, gates in one pass a row.
#include <cmath>
#include <vector>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/gemm.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"
#include "kernels/cpu/vec_rnn.h"

namespace weightroom {
namespace {

template <typename T> T sigmoid(T x) { return T(1) / (T(1) + std::exp(-x)); }

// The pointwise part of each kind; see vec_rnn.h for what goes in and out.
void lstm_cell(float* g, const float* c, float* c_out, float* h_out, int64_t h) { vec::lstm_cell(g, c, c_out, h_out, h); }
void lstm_cell(double* g, const double* c, double* c_out, double* h_out, int64_t h) {
  for (int64_t k = 0; k < h; ++k) {
    double i = sigmoid(g[k]), f = sigmoid(g[h + k]), u = std::tanh(g[2 * h + k]), o = sigmoid(g[3 * h + k]);
    g[k] = i; g[h + k] = f; g[2 * h + k] = u; g[3 * h + k] = o;
    c_out[k] = f * c[k] + i * u;
    h_out[k] = o * std::tanh(c_out[k]);
  }
}
void lstm_cell_backward(float* gg, const float* g, const float* cb, const float* c, const float* gh, float* gc, int64_t h) { vec::lstm_cell_backward(gg, g, cb, c, gh, gc, h); }
void lstm_cell_backward(double* gg, const double* g, const double* cb, const double* c, const double* gh, double* gc, int64_t h) {
  for (int64_t k = 0; k < h; ++k) {
    double i = g[k], f = g[h + k], u = g[2 * h + k], o = g[3 * h + k], t = std::tanh(c[k]), dc = gh[k] * o * (1 - t * t) + gc[k];
    gg[k] = dc * u * i * (1 - i);
    gg[h + k] = dc * cb[k] * f * (1 - f);
    gg[2 * h + k] = dc * i * (1 - u * u);
    gg[3 * h + k] = gh[k] * t * o * (1 - o);
    gc[k] = dc * f;
  }
}
void gru_cell(float* s, const float* gx, const float* gh, const float* b, float* o, int64_t h) { vec::gru_cell(s, gx, gh, b, o, h); }
void gru_cell(double* s, const double* gx, const double* gh, const double* b, double* o, int64_t h) {
  for (int64_t k = 0; k < h; ++k) {
    double r = sigmoid(gx[k] + gh[k]), z = sigmoid(gx[h + k] + gh[h + k]), n = std::tanh(gx[2 * h + k] + r * gh[2 * h + k]);
    s[k] = r; s[h + k] = z; s[2 * h + k] = n; s[3 * h + k] = gh[2 * h + k];
    o[k] = n + z * (b[k] - n);
  }
}
void gru_cell_backward(float* x, float* hh, const float* s, const float* b, const float* g, float* gb, int64_t h) { vec::gru_cell_backward(x, hh, s, b, g, gb, h); }
void gru_cell_backward(double* x, double* hh, const double* s, const double* b, const double* g, double* gb, int64_t h) {
  for (int64_t k = 0; k < h; ++k) {
    double r = s[k], z = s[h + k], n = s[2 * h + k], dn = g[k] * (1 - z) * (1 - n * n), dz = g[k] * (b[k] - n) * z * (1 - z), dr = dn * s[3 * h + k] * r * (1 - r);
    x[k] = hh[k] = dr;
    x[h + k] = hh[h + k] = dz;
    x[2 * h + k] = dn;
    hh[2 * h + k] = dn * r;
    gb[k] = g[k] * z;
  }
}
void tanh_row(float* o, int64_t n) { vec::tanh(o, o, n); }
void tanh_row(double* o, int64_t n) { for (int64_t i = 0; i < n; ++i) o[i] = std::tanh(o[i]); }

void column_sums(float* o, const float* a, int64_t rows, int64_t cols) { vec::column_sums(o, a, cols, rows, cols); }
void column_sums(double* o, const double* a, int64_t rows, int64_t cols) {
  std::fill_n(o, cols, 0.0);
  for (int64_t i = 0; i < rows; ++i) for (int64_t j = 0; j < cols; ++j) o[j] += a[i * cols + j];
}

template <typename T> T* data(const Tensor& t) { return t ? t.data<T>() : nullptr; }

// out[cols][rows] = a[rows][cols]: step products are faster with the weights the other way round.
template <typename T> std::vector<T> transposed(const T* a, int64_t rows, int64_t cols) {
  std::vector<T> out(size_t(rows * cols));
  constexpr int64_t kTile = 16;
  for (int64_t i0 = 0; i0 < rows; i0 += kTile)
    for (int64_t j0 = 0; j0 < cols; j0 += kTile)
      for (int64_t j = j0; j < std::min(cols, j0 + kTile); ++j)
        for (int64_t i = i0; i < std::min(rows, i0 + kTile); ++i) out[size_t(j * rows + i)] = a[i * cols + j];
  return out;
}

template <typename F> void batch_rows(int64_t batch, int64_t work, F&& f) {
  parallel_for(batch, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, 16 * work)), [&](int64_t b, int64_t e) { for (int64_t i = b; i < e; ++i) f(i); });
}

struct Sizes {
  int64_t steps, batch, inputs, hidden, gates;  // gates: rows of the weights, 1, 3 or 4 times hidden
  bool reverse;
  Sizes(RnnMode kind, const Tensor& x, const Tensor& h0, bool reverse) : steps(x.size(0)), batch(x.size(1)), inputs(x.size(2)), hidden(h0.size(1)), reverse(reverse) {
    gates = hidden * (kind == RnnMode::lstm ? 4 : kind == RnnMode::gru ? 3 : 1);
  }
  // Place in memory of the i-th step taken.
  int64_t at(int64_t i) const { return reverse ? steps - 1 - i : i; }
};

template <typename T> void run(RnnMode kind, const Sizes& s, T* out, T* cells, T* saved, const T* x, const T* h0, const T* c0, const T* w_ih, const T* w_hh, const T* b_ih, const T* b_hh) {
  const int64_t B = s.batch, H = s.hidden, G = s.gates;
  std::vector<T> wt = transposed(w_hh, G, H), own, step;
  // All input parts at once, biases first. GRU keeps its hidden bias apart: the reset gate scales it.
  T* gx = saved;
  if (kind == RnnMode::gru) { own.resize(size_t(s.steps * B * G)); gx = own.data(); step.resize(size_t(B * G)); }
  if (kind == RnnMode::tanh || kind == RnnMode::relu) gx = out;
  std::vector<T> bias(static_cast<size_t>(G), T(0));
  for (int64_t j = 0; j < G; ++j) bias[size_t(j)] = (b_ih ? b_ih[j] : T(0)) + (b_hh && kind != RnnMode::gru ? b_hh[j] : T(0));
  for (int64_t r = 0; r < s.steps * B; ++r) std::copy_n(bias.data(), G, gx + r * G);
  if (s.inputs > 0) cpu::product(s.steps * B, G, s.inputs, T(1), cpu::Matrix<T>{x, s.inputs, 1}, cpu::Matrix<T>{w_ih, 1, s.inputs}, T(1), gx, G);
  for (int64_t i = 0; i < s.steps; ++i) {
    const int64_t t = s.at(i);
    const T *h = i ? out + s.at(i - 1) * B * H : h0, *c = kind != RnnMode::lstm ? nullptr : i ? cells + s.at(i - 1) * B * H : c0;
    T* g = gx + t * B * G;
    if (kind == RnnMode::gru) {
      for (int64_t b = 0; b < B; ++b) {
        if (b_hh) std::copy_n(b_hh, G, step.data() + b * G);
        else std::fill_n(step.data() + b * G, G, T(0));
      }
      cpu::product(B, G, H, T(1), cpu::Matrix<T>{h, H, 1}, cpu::Matrix<T>{wt.data(), G, 1}, T(1), step.data(), G);
      batch_rows(B, H, [&](int64_t b) { gru_cell(saved + (t * B + b) * 4 * H, g + b * G, step.data() + b * G, h + b * H, out + (t * B + b) * H, H); });
      continue;
    }
    cpu::product(B, G, H, T(1), cpu::Matrix<T>{h, H, 1}, cpu::Matrix<T>{wt.data(), G, 1}, T(1), g, G);
    if (kind == RnnMode::lstm) batch_rows(B, H, [&](int64_t b) { lstm_cell(g + b * G, c + b * H, cells + (t * B + b) * H, out + (t * B + b) * H, H); });
    else if (kind == RnnMode::tanh) tanh_row(g, B * H);
    else for (int64_t k = 0; k < B * H; ++k) g[k] = g[k] <= T(0) ? T(0) : g[k];
  }
}

template <typename T>
void run_backward(RnnMode kind, const Sizes& s, const RnnTensors& r, const T* g_out, const T* g_h, const T* g_c, const T* out, const T* cells, const T* saved, const T* x, const T* h0,
                  const T* c0, const T* w_ih, const T* w_hh) {
  const int64_t B = s.batch, H = s.hidden, G = s.gates, rows = s.steps * B;
  const bool gru = kind == RnnMode::gru;
  // Gradients of the pre-activations; GRU's input and hidden parts differ.
  std::vector<T> by_x(static_cast<size_t>(rows * G)), by_h(gru ? size_t(rows * G) : 0), gh(static_cast<size_t>(B * H), T(0)), gc(static_cast<size_t>(B * H), T(0)), direct(gru ? size_t(B * H) : 0);
  if (g_h) std::copy_n(g_h, B * H, gh.data());
  if (g_c) std::copy_n(g_c, B * H, gc.data());
  T* hidden_part = gru ? by_h.data() : by_x.data();
  for (int64_t i = s.steps; i-- > 0;) {
    const int64_t t = s.at(i);
    const T* before = i ? out + s.at(i - 1) * B * H : h0;
    T *gx = by_x.data() + t * B * G, *gp = hidden_part + t * B * G;
    if (g_out) for (int64_t k = 0; k < B * H; ++k) gh[size_t(k)] += g_out[t * B * H + k];
    if (kind == RnnMode::lstm) {
      const T* cb = i ? cells + s.at(i - 1) * B * H : c0;
      batch_rows(B, H, [&](int64_t b) { lstm_cell_backward(gx + b * G, saved + (t * B + b) * G, cb + b * H, cells + (t * B + b) * H, gh.data() + b * H, gc.data() + b * H, H); });
    } else if (gru) {
      batch_rows(B, H, [&](int64_t b) { gru_cell_backward(gx + b * G, gp + b * G, saved + (t * B + b) * 4 * H, before + b * H, gh.data() + b * H, direct.data() + b * H, H); });
    } else {
      const T* o = out + t * B * H;
      for (int64_t k = 0; k < B * H; ++k) gx[k] = kind == RnnMode::tanh ? gh[size_t(k)] * (T(1) - o[k] * o[k]) : o[k] <= T(0) ? T(0) : gh[size_t(k)];
    }
    if (gru) std::copy(direct.begin(), direct.end(), gh.begin());
    cpu::product(B, H, G, T(1), cpu::Matrix<T>{gp, G, 1}, cpu::Matrix<T>{w_hh, H, 1}, gru ? T(1) : T(0), gh.data(), H);
  }
  if (r.h0) std::copy(gh.begin(), gh.end(), r.h0.data<T>());
  if (r.c0) std::copy(gc.begin(), gc.end(), r.c0.data<T>());
  if (r.x && s.inputs > 0) cpu::product(rows, s.inputs, G, T(1), cpu::Matrix<T>{by_x.data(), G, 1}, cpu::Matrix<T>{w_ih, s.inputs, 1}, T(0), r.x.data<T>(), s.inputs);
  if (r.w_ih && s.inputs > 0) cpu::product(G, s.inputs, rows, T(1), cpu::Matrix<T>{by_x.data(), 1, G}, cpu::Matrix<T>{x, s.inputs, 1}, T(0), r.w_ih.data<T>(), s.inputs);
  if (r.w_hh) {
    // The step from h0, then all others against the outputs before them, which lie one step away.
    T* gw = r.w_hh.data<T>();
    cpu::product(G, H, B, T(1), cpu::Matrix<T>{hidden_part + s.at(0) * B * G, 1, G}, cpu::Matrix<T>{h0, H, 1}, T(0), gw, H);
    const T *g = hidden_part + (s.reverse ? 0 : B * G), *o = out + (s.reverse ? B * H : 0);
    if (s.steps > 1) cpu::product(G, H, (s.steps - 1) * B, T(1), cpu::Matrix<T>{g, 1, G}, cpu::Matrix<T>{o, H, 1}, T(1), gw, H);
  }
  if (r.b_ih) column_sums(r.b_ih.data<T>(), by_x.data(), rows, G);
  if (r.b_hh) column_sums(r.b_hh.data<T>(), hidden_part, rows, G);
}

}  // namespace

bool CpuBackend::rnn(RnnMode mode, const Tensor& out, const Tensor& cells, const Tensor& gates, const RnnTensors& in, bool reverse) {
  auto go = [&]<typename T>() {
    if (out) run<T>(mode, Sizes(mode, in.x, in.h0, reverse), out.data<T>(), data<T>(cells), data<T>(gates), data<T>(in.x), data<T>(in.h0), data<T>(in.c0), data<T>(in.w_ih), data<T>(in.w_hh), data<T>(in.b_ih), data<T>(in.b_hh));
    return true;
  };
  return in.x.dtype() == DType::float32 ? go.template operator()<float>() : in.x.dtype() == DType::float64 ? go.template operator()<double>() : false;
}

void CpuBackend::rnn_backward(RnnMode mode, const RnnTensors& grads, const Tensor& g_out, const Tensor& g_h, const Tensor& g_c, const Tensor& out, const Tensor& cells, const Tensor& gates, const RnnTensors& in, bool reverse) {
  auto go = [&]<typename T>() {
    run_backward<T>(mode, Sizes(mode, in.x, in.h0, reverse), grads, data<T>(g_out), data<T>(g_h), data<T>(g_c), data<T>(out), data<T>(cells), data<T>(gates), data<T>(in.x), data<T>(in.h0), data<T>(in.c0), data<T>(in.w_ih), data<T>(in.w_hh));
  };
  in.x.dtype() == DType::float32 ? go.template operator()<float>() : go.template operator()<double>();
}

}  // namespace weightroom
