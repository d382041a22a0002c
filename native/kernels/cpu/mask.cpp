// Elements where something is not zero: counted a row, then written where they belong, without a branch an element.
#include <algorithm>

#include "kernels/arrange.h"
#include "kernels/cpu/cpu.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/runs.h"

namespace weightroom {
namespace {

constexpr int64_t kChunk = 512;

// The last dim of a tensor as rows.
struct Rows {
  explicit Rows(const Tensor& t) : sizes(t.sizes()), strides(t.strides()), base(t.numel() ? t.bytes() : nullptr), item(int64_t(itemsize(t.dtype()))) {
    if (sizes.empty()) { sizes.push_back(1); strides.push_back(0); }
    n = sizes.back();
    step = strides.back();
    rows = n ? checked_numel(sizes) / n : 0;
  }
  Dims at(int64_t row) const {
    Dims i(sizes.size(), 0);
    for (size_t d = sizes.size() - 1; d-- > 0;) { i[d] = row % sizes[d]; row /= sizes[d]; }
    return i;
  }
  void next(Dims& i) const {
    for (size_t d = sizes.size() - 1; d-- > 0;) {
      if (++i[d] < sizes[d]) break;
      i[d] = 0;
    }
  }
  template <typename T> T* row(const Dims& i) const {
    int64_t off = 0;
    for (size_t d = 0; d + 1 < sizes.size(); ++d) off += i[d] * strides[d];
    return reinterpret_cast<T*>(base + off * item);
  }
  Dims sizes, strides;
  char* base;
  int64_t item, n = 0, step = 0, rows = 0;
};

template <typename F> void each_row(const Rows& r, F&& f) {
  if (r.rows == 0) return;
  parallel_for(r.rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, r.n)), [&](int64_t b, int64_t e) {
    Dims at = r.at(b);
    for (int64_t i = b; i < e; ++i, r.next(at)) f(i, at);
  });
}

// What is not zero in each row, as the number before the row; the last is the total.
template <typename T> std::vector<int64_t> starts(const Rows& r) {
  std::vector<int64_t> s(size_t(r.rows) + 1, 0);
  each_row(r, [&](int64_t i, const Dims& at) {
    const T* a = r.row<const T>(at);
    int64_t k = 0;
    if (r.step == 1) for (int64_t j = 0; j < r.n; ++j) k += compute_t<T>(a[j]) != compute_t<T>(0);
    else for (int64_t j = 0; j < r.n; ++j) k += compute_t<T>(a[j * r.step]) != compute_t<T>(0);
    s[size_t(i) + 1] = k;
  });
  for (size_t i = 1; i < s.size(); ++i) s[i] += s[i - 1];
  return s;
}

// put(values, k) for chunks of value(j), j from 0 to n, of those that `keep`: written always, counted where kept.
template <typename V, typename Value, typename Keep, typename Put> void compact(int64_t n, Value value, Keep keep, Put put) {
  V found[kChunk];
  for (int64_t from = 0; from < n; from += kChunk) {
    const int64_t to = std::min(n, from + kChunk);
    int64_t k = 0;
    for (int64_t j = from; j < to; ++j) {
      found[k] = value(j);
      k += keep(j);
    }
    put(found, k);
  }
}

}  // namespace

Tensor CpuBackend::nonzero(const Tensor& in) {
  const Rows r(in);
  const int64_t rank = in.dim();
  return dispatch_all(in.dtype(), [&]<typename T>() {
    const std::vector<int64_t> start = starts<T>(r);
    Tensor out = empty_cpu({start.back(), rank}, DType::int64);
    if (out.numel() == 0) return out;
    each_row(r, [&](int64_t i, const Dims& at) {
      int64_t* o = out.data<int64_t>() + start[size_t(i)] * rank;
      const T* a = r.row<const T>(at);
      auto keep = [&](int64_t j) { return compute_t<T>(a[j * r.step]) != compute_t<T>(0); };
      compact<int64_t>(r.n, [](int64_t j) { return j; }, keep, [&](const int64_t* found, int64_t k) {
        if (rank == 2) for (int64_t m = 0; m < k; ++m, o += 2) { o[0] = at[0]; o[1] = found[m]; }
        else for (int64_t m = 0; m < k; ++m, o += rank) {
          for (int64_t d = 0; d + 1 < rank; ++d) o[d] = at[size_t(d)];
          o[rank - 1] = found[m];
        }
      });
    });
    return out;
  });
}

namespace cpu {

Tensor masked_select(const Tensor& in, const Tensor& mask) {
  const Rows a(in), m(mask);
  const std::vector<int64_t> start = starts<uint8_t>(m);
  Tensor out = empty_cpu({start.back()}, in.dtype());
  if (out.numel() == 0) return out;
  dispatch_width(itemsize(in.dtype()), [&]<typename T>() {
    each_row(m, [&](int64_t i, const Dims& at) {
      T* o = reinterpret_cast<T*>(out.bytes()) + start[size_t(i)];
      const T* v = a.row<const T>(at);
      const uint8_t* take = m.row<const uint8_t>(at);
      compact<T>(m.n, [&](int64_t j) { return v[j * a.step]; }, [&](int64_t j) { return take[j * m.step] != 0; }, [&](const T* found, int64_t k) { o = std::copy_n(found, k, o); });
    });
  });
  return out;
}

void masked_scatter(const Tensor& out, const Tensor& mask, const Tensor& source) {
  const Rows o(out), m(mask);
  const std::vector<int64_t> start = starts<uint8_t>(m);
  check(source.numel() >= start.back(), "Number of elements of source < number of ones in mask");
  if (start.back() == 0) return;
  dispatch_width(itemsize(out.dtype()), [&]<typename T>() {
    each_row(m, [&](int64_t i, const Dims& at) {
      const int64_t n = start[size_t(i) + 1] - start[size_t(i)];
      if (n == 0) return;
      const T* from = reinterpret_cast<const T*>(source.bytes()) + start[size_t(i)];
      T* to = o.row<T>(at);
      const uint8_t* take = m.row<const uint8_t>(at);
      for (int64_t j = 0, k = 0; j < m.n; ++j) {
        const bool here = take[j * m.step] != 0;
        const T next = from[std::min(k, n - 1)];
        to[j] = here ? next : to[j];
        k += here;
      }
    });
  });
}

}  // namespace cpu
}  // namespace weightroom
