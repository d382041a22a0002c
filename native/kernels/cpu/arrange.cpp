// Rearranged copies: where a row stays together it is copied whole.
#include "kernels/arrange.h"

#include <algorithm>

#include "core/error.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/runs.h"

namespace weightroom::cpu {
namespace {

int64_t product(const Dims& sizes, size_t from, size_t to) {
  int64_t n = 1;
  for (size_t d = from; d < to; ++d) n *= sizes[d];
  return n;
}

// [outer, dim, inner] around a dim.
struct Blocks {
  Blocks(const Dims& sizes, int64_t dim) : outer(product(sizes, 0, size_t(dim))), n(sizes[size_t(dim)]), inner(product(sizes, size_t(dim) + 1, sizes.size())) {}
  int64_t outer, n, inner;
};

void check_index(const Tensor& index, int64_t n) {
  const int64_t* ix = index.data<int64_t>();
  for (int64_t i = 0; i < index.numel(); ++i)
    if (ix[i] < 0 || ix[i] >= n) fail_index("index out of range in self");
}

}  // namespace

void cat(const Tensor& out, const std::vector<Tensor>& in, int64_t dim) {
  const Blocks to(out.sizes(), dim);
  const size_t item = itemsize(out.dtype()), row = size_t(to.n * to.inner) * item;
  const bool stream = streams(out);
  size_t at = 0;
  // One after the other where their runs are long, so that each is read from start to end.
  for (const Tensor& t : in) {
    const size_t run = size_t(t.size(dim) * to.inner) * item;
    const char* from = t.bytes();
    char* first = out.bytes() + at;
    if (to.outer == 1) {
      parallel_for(int64_t(run), kGrain * 4, [&](int64_t b, int64_t e) {
        copy_run(first + b, from + b, size_t(e - b), stream);
        flush_runs(stream);
      });
    } else {
      parallel_for(to.outer, std::max<int64_t>(1, kGrain * 4 / std::max<int64_t>(1, int64_t(run))), [&](int64_t b, int64_t e) {
        for (int64_t i = b; i < e; ++i) copy_run(first + size_t(i) * row, from + size_t(i) * run, run, stream);
        flush_runs(stream);
      });
    }
    at += run;
  }
}

void index_select(const Tensor& out, const Tensor& in, int64_t dim, const Tensor& index) {
  const Blocks from(in.sizes(), dim);
  const int64_t* ix = index.data<int64_t>();
  const int64_t count = index.numel();
  check_index(index, from.n);
  const bool stream = streams(out);
  dispatch_width(itemsize(out.dtype()), [&]<typename T>() {
    const T* a = reinterpret_cast<const T*>(in.bytes());
    T* o = reinterpret_cast<T*>(out.bytes());
    const int64_t inner = from.inner, n = from.n;
    parallel_for(from.outer * count, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, inner)), [&](int64_t b, int64_t e) {
      for (int64_t i = b; i < e;) {
        const int64_t row = i / count, start = i % count, end = std::min(count, start + e - i);
        const T* block = a + row * n * inner;
        T* to = o + i * inner;
        if (inner == 1) for (int64_t j = start; j < end; ++j) *to++ = block[ix[j]];
        else for (int64_t j = start; j < end; ++j, to += inner) copy_run(reinterpret_cast<char*>(to), reinterpret_cast<const char*>(block + ix[j] * inner), size_t(inner) * sizeof(T), stream);
        i += end - start;
      }
      flush_runs(stream);
    });
  });
}

void index_add(const Tensor& out, const Tensor& g, int64_t dim, const Tensor& index) {
  const Blocks to(out.sizes(), dim);
  const int64_t* ix = index.data<int64_t>();
  const int64_t count = index.numel(), inner = to.inner, n = to.n;
  check_index(index, n);
  dispatch_all(out.dtype(), [&]<typename T>() {
    using C = compute_t<T>;
    // One thread a block: indices may repeat.
    parallel_for(to.outer, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, count * inner)), [&](int64_t b, int64_t e) {
      for (int64_t r = b; r < e; ++r) {
        T* block = out.data<T>() + r * n * inner;
        const T* a = g.data<T>() + r * count * inner;
        if (inner == 1) {
          for (int64_t i = 0; i < count; ++i) block[ix[i]] = T(C(block[ix[i]]) + C(a[i]));
          continue;
        }
        for (int64_t i = 0; i < count; ++i, a += inner) {
          T* o = block + ix[i] * inner;
          for (int64_t j = 0; j < inner; ++j) o[j] = T(C(o[j]) + C(a[j]));
        }
      }
    });
  });
}

void triangle(const Tensor& out, const Tensor& in, int64_t diagonal, bool upper) {
  const int64_t rows = in.size(-2), cols = in.size(-1), item = int64_t(itemsize(in.dtype()));
  if (out.numel() == 0) return;
  const bool stream = streams(out);
  parallel_for(out.numel() / cols, std::max<int64_t>(1, kGrain / cols), [&](int64_t b, int64_t e) {
    for (int64_t r = b; r < e; ++r) {
      // Columns before the split are kept in the lower triangle, those from it on in the upper.
      const int64_t i = r % rows, split = std::clamp<int64_t>(upper ? i + std::clamp(diagonal, -rows, cols) : i + std::clamp(diagonal, -rows, cols) + 1, 0, cols);
      const int64_t from = upper ? split : 0, to = upper ? cols : split;
      char* o = out.bytes() + r * cols * item;
      zero_run(o, size_t(from * item), stream);
      copy_run(o + from * item, in.bytes() + (r * cols + from) * item, size_t((to - from) * item), stream);
      zero_run(o + to * item, size_t((cols - to) * item), stream);
    }
    flush_runs(stream);
  });
}

void one_hot(const Tensor& out, const Tensor& classes) {
  const int64_t n = out.size(-1), *c = classes.data<int64_t>();
  const bool stream = streams(out);
  parallel_for(classes.numel(), std::max<int64_t>(1, kGrain / std::max<int64_t>(1, n)), [&](int64_t b, int64_t e) {
    int64_t* o = out.data<int64_t>();
    zero_run(reinterpret_cast<char*>(o + b * n), size_t((e - b) * n) * sizeof(int64_t), stream);
    flush_runs(stream);
    for (int64_t i = b; i < e; ++i) o[i * n + c[i]] = 1;
  });
}

}  // namespace weightroom::cpu
