// What every use of oneDNN's primitives shares. Primitives and their scratch memory belong to a thread.
#pragma once
#include <dnnl.hpp>
#include <map>
#include <memory>

#include "core/dims.h"

namespace weightroom::onednn {

using Memory = dnnl::memory;

inline dnnl::engine& engine() {
  static dnnl::engine e(dnnl::engine::kind::cpu, 0);
  return e;
}
inline dnnl::stream& stream() {
  thread_local dnnl::stream s(engine());
  return s;
}

// This thread's `P` for a key, made when it is new: making one compiles code, 0.1 to 1 ms.
template <typename P, typename F> P& kept(const Dims& key, F&& make) {
  thread_local std::map<Dims, std::unique_ptr<P>> cache;
  auto& slot = cache[key];
  if (slot) return *slot;
  if (cache.size() > 256) {
    cache.clear();
    return kept<P>(key, make);
  }
  slot = std::make_unique<P>(make());
  return *slot;
}

}  // namespace weightroom::onednn
