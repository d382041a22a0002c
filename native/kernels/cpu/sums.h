// Sums that are quick and round little.
#pragma once
#include <algorithm>
#include <cstdint>

#include "core/dtype.h"

namespace weightroom::cpu {

// The sum of f(a[i], i). Eight running sums, so that the loop is not one chain of additions; in double from 512 to 512.
template <typename T, typename F> double summed(const T* a, int64_t n, F&& f) {
  using C = compute_t<T>;
  double total = 0;
  for (int64_t at = 0; at < n; at += 512) {
    C s[8] = {};
    int64_t end = std::min(n, at + 512), i = at;
    for (; i + 8 <= end; i += 8) for (int k = 0; k < 8; ++k) s[k] += f(C(a[i + k]), i + k);
    for (; i < end; ++i) s[0] += f(C(a[i]), i);
    total += double(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
  }
  return total;
}

}  // namespace weightroom::cpu
