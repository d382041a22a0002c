// Ordering: sort, top k, unique values, search in sorted values, counting.
#include <algorithm>
#include <numeric>

#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"

namespace weightroom {
namespace {

template <typename T> bool is_nan(T x) { return x != x; }
// NaN counts as the largest.
template <typename C> bool less(C a, C b) { return (is_nan(b) && !is_nan(a)) || a < b; }
template <typename C> bool greater(C a, C b) { return (is_nan(a) && !is_nan(b)) || a > b; }

template <typename F> void each_row(const Tensor& t, F&& f) {
  int64_t n = t.dim() ? t.size(-1) : 1, rows = n ? t.numel() / n : 0;
  parallel_for(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, 16 * n)), [&](int64_t b, int64_t e) { for (int64_t r = b; r < e; ++r) f(r, n); });
}

template <typename T> struct Item { compute_t<T> value; int64_t index; };

}  // namespace

namespace {

// Rows of items in the order that `arrange` leaves them in.
template <typename F> void arranged(const Tensor& values, const Tensor& indices, const Tensor& in, F&& arrange) {
  dispatch_all(in.dtype(), [&]<typename T>() {
    each_row(in, [&](int64_t r, int64_t n) {
      const T* a = in.data<T>() + r * n;
      std::vector<Item<T>> items(static_cast<size_t>(n));
      for (int64_t i = 0; i < n; ++i) items[size_t(i)] = {compute_t<T>(a[i]), i};
      arrange(items);
      for (int64_t i = 0; i < n; ++i) {
        values.data<T>()[r * n + i] = a[items[size_t(i)].index];
        indices.data<int64_t>()[r * n + i] = items[size_t(i)].index;
      }
    });
  });
}

}  // namespace

void CpuBackend::sort(const Tensor& values, const Tensor& indices, const Tensor& in, bool descending) {
  arranged(values, indices, in, [descending](auto& items) {
    if (descending) std::stable_sort(items.begin(), items.end(), [](const auto& x, const auto& y) { return greater(x.value, y.value); });
    else std::stable_sort(items.begin(), items.end(), [](const auto& x, const auto& y) { return less(x.value, y.value); });
  });
}

// The standard library's sort leaves equal elements, and all of a row with NaN, where PyTorch's call of it does.
void CpuBackend::sort_by_less(const Tensor& values, const Tensor& indices, const Tensor& in) {
  arranged(values, indices, in, [](auto& items) { std::sort(items.begin(), items.end(), [](const auto& x, const auto& y) { return x.value < y.value; }); });
}

void CpuBackend::topk(const Tensor& values, const Tensor& indices, const Tensor& in, bool largest, bool sorted) {
  int64_t k = values.dim() ? values.size(-1) : 1;
  dispatch_all(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    each_row(in, [&](int64_t r, int64_t n) {
      const T* a = in.data<T>() + r * n;
      // The same two ways as PyTorch, so that equal elements come in the same order.
      const bool few = k * 64 <= n;
      std::vector<Item<T>> items(static_cast<size_t>(few ? k + 1 : n));
      for (int64_t i = 0; i < (few ? k : n); ++i) items[size_t(i)] = {C(a[i]), i};
      auto run = [&](auto before) {
        if (k == 0) return;
        if (few) {
          // std::partial_sort, step by step, without a list of all elements: those that are better than the worst of the heap go into it.
          const auto first = items.begin(), end = first + k;
          std::make_heap(first, end, before);
          for (int64_t i = k; i < n; ++i) {
            const Item<T> item{C(a[i]), i};
            if (!before(item, *first)) continue;
            *end = item;
            std::pop_heap(first, end + 1, before);
          }
          return std::sort_heap(first, end, before);
        }
        std::nth_element(items.begin(), items.begin() + k - 1, items.end(), before);
        if (sorted) std::sort(items.begin(), items.begin() + k - 1, before);
      };
      if (largest) run([](const Item<T>& x, const Item<T>& y) { return greater(x.value, y.value); });
      else run([](const Item<T>& x, const Item<T>& y) { return less(x.value, y.value); });
      for (int64_t i = 0; i < k; ++i) {
        values.data<T>()[r * k + i] = a[items[size_t(i)].index];
        indices.data<int64_t>()[r * k + i] = items[size_t(i)].index;
      }
    });
  });
}

void CpuBackend::longest_run(const Tensor& places, const Tensor& sorted) {
  dispatch_all(sorted.dtype(), [&]<typename T>() {
    each_row(sorted, [&](int64_t r, int64_t n) {
      const T* v = sorted.data<T>() + r * n;
      int64_t best = 0, most = 0;
      for (int64_t i = 0, start = 0; i < n; ++i) {
        if (i > 0 && !(compute_t<T>(v[i]) == compute_t<T>(v[i - 1]))) start = i;
        if (i - start + 1 > most) { most = i - start + 1; best = i; }
      }
      places.data<int64_t>()[r] = best;
    });
  });
}

std::array<Tensor, 3> CpuBackend::unique(const Tensor& in, bool sorted) {
  int64_t n = in.numel();
  std::array<Tensor, 3> out;
  dispatch_all(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const T* a = in.data<T>();
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    if (sorted) std::stable_sort(order.begin(), order.end(), [a](int64_t i, int64_t j) { return less(C(a[i]), C(a[j])); });
    std::vector<T> values;
    std::vector<int64_t> counts;
    Tensor inverse = empty_cpu({n}, DType::int64);
    for (int64_t i : order) {
      // NaNs stay apart: none equals another.
      if (values.empty() || !(C(values.back()) == C(a[i]))) { values.push_back(a[i]); counts.push_back(0); }
      ++counts.back();
      inverse.data<int64_t>()[i] = int64_t(values.size()) - 1;
    }
    int64_t m = int64_t(values.size());
    Tensor v = empty_cpu({m}, in.dtype()), c = empty_cpu({m}, DType::int64);
    for (int64_t i = 0; i < m; ++i) { v.data<T>()[i] = values[size_t(i)]; c.data<int64_t>()[i] = counts[size_t(i)]; }
    out = {v, inverse, c};
  });
  return out;
}

void CpuBackend::searchsorted(const Tensor& out, const Tensor& sorted, const Tensor& values, bool right) {
  int64_t n = sorted.size(-1), per_row = values.dim() && sorted.dim() > 1 ? values.size(-1) : values.numel();
  dispatch_all(sorted.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    for (int64_t i = 0; i < values.numel(); ++i) {
      const T* row = sorted.data<T>() + (sorted.dim() > 1 ? i / std::max<int64_t>(per_row, 1) : 0) * n;
      C v = C(values.data<T>()[i]);
      int64_t low = 0, high = n;
      while (low < high) {
        int64_t mid = low + (high - low) / 2;
        C x = C(row[mid]);
        if (right ? !(x > v) : !(x >= v)) low = mid + 1;
        else high = mid;
      }
      out.data<int64_t>()[i] = low;
    }
  });
}

void CpuBackend::bincount(const Tensor& out, const Tensor& in, const Tensor& weights) {
  const int64_t* a = in.data<int64_t>();
  fill(out, Scalar(0));
  for (int64_t i = 0; i < in.numel(); ++i) {
    if (weights) out.data<double>()[a[i]] += weights.data<double>()[i];
    else ++out.data<int64_t>()[a[i]];
  }
}

void CpuBackend::histc(const Tensor& out, const Tensor& in, double low, double high) {
  fill(out, Scalar(0));
  int64_t bins = out.numel();
  dispatch_floating(in.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    const T* a = in.data<T>();
    for (int64_t i = 0; i < in.numel(); ++i) {
      C x = C(a[i]);
      if (!(x >= C(low) && x <= C(high))) continue;
      int64_t at = std::min(int64_t((x - C(low)) / (C(high) - C(low)) * C(bins)), bins - 1);
      out.data<T>()[at] = T(C(out.data<T>()[at]) + C(1));
    }
  });
}

}  // namespace weightroom
