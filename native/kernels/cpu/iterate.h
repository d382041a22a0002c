// Loops over strided tensors: dimensions are merged where memory allows, the last one is the inner loop.
#pragma once
#include <omp.h>

#include <algorithm>
#include <array>
#include <exception>

#include "core/tensor.h"

namespace weightroom {

constexpr int64_t kGrain = 32768;  // elements below which nothing runs in parallel

// Calls f(begin, end) over [0, n) on the OpenMP pool that oneDNN uses too.
template <typename F> void parallel_for(int64_t n, int64_t grain, F&& f) {
  int threads = int(std::min<int64_t>(omp_get_max_threads(), (n + grain - 1) / std::max<int64_t>(grain, 1)));
  if (threads <= 1 || omp_in_parallel()) return f(int64_t(0), n);
  std::exception_ptr error;  // an exception must not leave an OpenMP region
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (int t = 0; t < threads; ++t) {
    try {
      f(n * t / threads, n * (t + 1) / threads);
    } catch (...) {
#pragma omp critical(weightroom_parallel_error)
      error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

// f(row, length) for every row of a contiguous tensor, along its last dim.
template <typename F> void for_rows(const Tensor& t, F&& f) {
  int64_t n = t.dim() ? t.size(-1) : 1, m = n ? t.numel() / n : 0;
  parallel_for(m, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, 4 * n)), [&](int64_t b, int64_t e) { for (int64_t r = b; r < e; ++r) f(r, n); });
}

// N tensors of one shape. Strides in bytes.
template <int N> struct Walk {
  Dims sizes;
  std::array<Dims, N> strides;
  std::array<char*, N> base;
  int64_t numel = 1;

  explicit Walk(const std::array<const Tensor*, N>& ts) {
    const Dims& shape = ts[0]->sizes();
    for (int k = 0; k < N; ++k) base[size_t(k)] = ts[size_t(k)]->bytes();
    for (size_t d = 0; d < shape.size(); ++d) {
      numel *= shape[d];
      if (shape[d] == 1) continue;
      std::array<int64_t, N> st;
      bool merge = !sizes.empty();
      for (size_t k = 0; k < N; ++k) {
        st[k] = ts[k]->strides()[d] * int64_t(itemsize(ts[k]->dtype()));
        if (merge && strides[k].back() != st[k] * shape[d]) merge = false;
      }
      if (merge) {
        sizes.back() *= shape[d];
        for (size_t k = 0; k < N; ++k) strides[k].back() = st[k];
      } else {
        sizes.push_back(shape[d]);
        for (size_t k = 0; k < N; ++k) strides[k].push_back(st[k]);
      }
    }
    if (sizes.empty()) {
      sizes.push_back(1);
      for (size_t k = 0; k < N; ++k) strides[k].push_back(0);
    }
  }

  // f(n, pointers, byte strides) for every run of the inner dimension.
  template <typename F> void run(F&& f) const {
    if (numel == 0) return;
    size_t rank = sizes.size();
    int64_t inner = sizes[rank - 1];
    std::array<int64_t, N> step;
    for (size_t k = 0; k < N; ++k) step[k] = strides[k][rank - 1];
    if (rank == 1) {
      parallel_for(inner, kGrain, [&](int64_t b, int64_t e) {
        std::array<char*, N> p = base;
        for (size_t k = 0; k < N; ++k) p[k] += b * step[k];
        if (e > b) f(e - b, p, step);
      });
      return;
    }
    int64_t outer = numel / inner;
    parallel_for(outer, std::max<int64_t>(1, kGrain / inner), [&](int64_t b, int64_t e) {
      Dims index(rank - 1);
      int64_t rest = b;
      for (size_t d = rank - 1; d-- > 0;) { index[d] = rest % sizes[d]; rest /= sizes[d]; }
      for (int64_t i = b; i < e; ++i) {
        std::array<char*, N> p = base;
        for (size_t d = 0; d < rank - 1; ++d)
          for (size_t k = 0; k < N; ++k) p[k] += index[d] * strides[k][d];
        f(inner, p, step);
        for (size_t d = rank - 1; d-- > 0;) {
          if (++index[d] < sizes[d]) break;
          index[d] = 0;
        }
      }
    });
  }
};

}  // namespace weightroom
