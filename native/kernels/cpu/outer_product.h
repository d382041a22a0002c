// Column times row, put off: an optimizer takes it as a row and a factor, and most often nobody else asks for it.
#pragma once
#include <vector>

#include "core/storage.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"

namespace weightroom::cpu {

// Works on copies of its own: its sources may change.
class OuterProduct final : public DeferredValues {
 public:
  OuterProduct(const float* column, int64_t rows, const float* row, int64_t width) : column_(column, column + rows), row_(row, row + width) {}

  // Where the copies are small beside the product, and the product would push other things out of the cache.
  static bool pays(int64_t rows, int64_t width) { return rows >= 16 && width >= 128 && rows * width >= kGrain; }

  void write(float* out) const override {
    parallel_for(int64_t(column_.size() * row_.size()), 4 * kGrain, [&](int64_t begin, int64_t end) {
      runs(begin, end, [&](int64_t from, int64_t to, const float* values, float factor) { vec::binary(BinaryOp::mul, out + from, &factor, values, to - from, 0, 1, 1.f); });
    });
  }
  // f(from, to, values, factor) for the stretch of each row in [begin, end): elements [from, to) are factor * values[0 ...].
  template <typename F> void runs(int64_t begin, int64_t end, F&& f) const {
    const int64_t width = int64_t(row_.size());
    for (int64_t from = begin, to; from < end; from = to) {
      const int64_t i = from / width;
      to = std::min(end, (i + 1) * width);
      f(from, to, &row_[size_t(from - i * width)], column_[size_t(i)]);
    }
  }

 private:
  std::vector<float> column_, row_;
};

}  // namespace weightroom::cpu
