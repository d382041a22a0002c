#include "kernels/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/cpu/transpose.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/cpu/loops.h"

HWY_BEFORE_NAMESPACE();
namespace weightroom::cpu {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// to[c * ldt + r] = from[r * ldf + c] for rows × cols elements.
template <typename U> void tile(U* to, int64_t ldt, const U* from, int64_t ldf, int64_t rows, int64_t cols) {
  int64_t whole_rows = 0, whole_cols = 0;
#if HWY_TARGET != HWY_SCALAR
  if constexpr (sizeof(U) == 4) {
    const hn::FixedTag<uint32_t, 4> d;
    whole_rows = rows / 4 * 4;
    whole_cols = cols / 4 * 4;
    for (int64_t r = 0; r < whole_rows; r += 4) {
      for (int64_t c = 0; c < whole_cols; c += 4) {
        const U* f = from + r * ldf + c;
        U* t = to + c * ldt + r;
        const auto a = hn::LoadU(d, f), b = hn::LoadU(d, f + ldf), e = hn::LoadU(d, f + 2 * ldf), g = hn::LoadU(d, f + 3 * ldf);
        const auto ae = hn::InterleaveLower(d, a, e), bg = hn::InterleaveLower(d, b, g), ae2 = hn::InterleaveUpper(d, a, e), bg2 = hn::InterleaveUpper(d, b, g);
        hn::StoreU(hn::InterleaveLower(d, ae, bg), d, t);
        hn::StoreU(hn::InterleaveUpper(d, ae, bg), d, t + ldt);
        hn::StoreU(hn::InterleaveLower(d, ae2, bg2), d, t + 2 * ldt);
        hn::StoreU(hn::InterleaveUpper(d, ae2, bg2), d, t + 3 * ldt);
      }
    }
  }
#endif
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = r < whole_rows ? whole_cols : 0; c < cols; ++c) to[c * ldt + r] = from[r * ldf + c];
}
void Tile(size_t size, void* to, int64_t ldt, const void* from, int64_t ldf, int64_t rows, int64_t cols) {
  dispatch_width(size, [&]<typename U>() { tile(static_cast<U*>(to), ldt, static_cast<const U*>(from), ldf, rows, cols); });
}

}  // namespace HWY_NAMESPACE
}  // namespace weightroom::cpu
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace weightroom::cpu {
HWY_EXPORT(Tile);

bool transposed_copy(const Walk<2>& walk, size_t size) {
  constexpr int64_t kSide = 32;  // elements; two tiles fit the first cache
  const size_t inner = walk.sizes.size() - 1;
  const int64_t unit = int64_t(size);
  auto is = [&](size_t k, size_t d) { return walk.strides[k][d] == unit; };
  if (inner == 0 || !is(0, inner) || is(1, inner)) return false;
  size_t along = 0;  // the dim along which the source runs
  while (along < inner && !is(1, along)) ++along;
  if (along == inner || walk.sizes[along] < 4) return false;
  for (size_t k = 0; k < 2; ++k) for (size_t d : {along, inner}) if (walk.strides[k][d] % unit != 0) return false;
  const int64_t cols = walk.sizes[along], rows = walk.sizes[inner], strips = (cols + kSide - 1) / kSide, others = walk.numel / (rows * cols);
  parallel_for(others * strips, std::max<int64_t>(1, kGrain / (rows * kSide)), [&](int64_t first, int64_t last) {
    for (int64_t k = first; k < last; ++k) {
      char *to = walk.base[0], *from = walk.base[1];
      int64_t rest = k / strips;
      for (size_t d = inner; d-- > 0;) {
        if (d == along) continue;
        to += rest % walk.sizes[d] * walk.strides[0][d];
        from += rest % walk.sizes[d] * walk.strides[1][d];
        rest /= walk.sizes[d];
      }
      const int64_t c = k % strips * kSide, width = std::min(kSide, cols - c);
      to += c * walk.strides[0][along];
      from += c * unit;
      for (int64_t r = 0; r < rows; r += kSide)
        HWY_DYNAMIC_DISPATCH(Tile)(size, to + r * unit, walk.strides[0][along] / unit, from + r * walk.strides[1][inner], walk.strides[1][inner] / unit, std::min(kSide, rows - r), width);
    }
  });
  return true;
}

}  // namespace weightroom::cpu
#endif
