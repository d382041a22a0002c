// Column times row, put off: an optimizer takes it as a row and a factor, and most often nobody else asks for it.
#pragma once
#include "core/storage.h"
#include "kernels/cpu/iterate.h"
#include "kernels/cpu/vec.h"

namespace weightroom::cpu {

// Works on copies of its own: its sources may change.
class OuterProduct final : public DeferredValues, public Recycled<OuterProduct> {
 public:
  OuterProduct(const float* column, int64_t rows, const float* row, int64_t width) : copies_(size_t(rows + width) * sizeof(float)), rows_(rows), width_(width) {
    auto* to = static_cast<float*>(copies_.data());
    row_ = std::copy_n(column, rows, to);
    std::copy_n(row, width, to + rows);
    column_ = to;
  }

  // Where the copies are small beside the product, and the product would push other things out of the cache.
  static bool pays(int64_t rows, int64_t width) { return rows >= 16 && width >= 128 && rows * width >= kGrain; }

  void write(float* out) const override {
    parallel_for(rows_ * width_, 4 * kGrain, [&](int64_t begin, int64_t end) {
      runs(begin, end, [&](int64_t from, int64_t to, const float* values, float factor) { vec::binary(BinaryOp::mul, out + from, &factor, values, to - from, 0, 1, 1.f); });
    });
  }
  // f(from, to, values, factor) for the stretch of each row in [begin, end): elements [from, to) are factor * values[0 ...].
  template <typename F> void runs(int64_t begin, int64_t end, F&& f) const {
    for (int64_t from = begin, to; from < end; from = to) {
      const int64_t i = from / width_;
      to = std::min(end, (i + 1) * width_);
      f(from, to, row_ + (from - i * width_), column_[i]);
    }
  }

 private:
  Storage copies_;  // pooled: malloc consolidates its bins for blocks of this size
  const float *column_, *row_;
  int64_t rows_, width_;
};

}  // namespace weightroom::cpu
