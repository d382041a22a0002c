// What the inspector asks of live tensors: summaries and histograms.
#include "binding/statistics.h"

namespace weightroom::binding {
namespace {

int64_t bins(Call& c, size_t i) {
  int64_t n = c.integer(i);
  if (n < 1 || n > 4096) fail_value("bins must be between 1 and 4096, got ", n);
  return n;
}

napi_value summary(Call& c) {
  Tensor t = on_cpu(c.tensor(0));
  SummaryAccumulator a(t.dtype());
  a.add(t.bytes(), t.numel());
  return summary_value(c, a.finish());
}

napi_value histogram(Call& c) {
  Tensor t = on_cpu(c.tensor(0));
  int64_t n = bins(c, 1);
  SummaryAccumulator a(t.dtype());
  a.add(t.bytes(), t.numel());
  Summary s = a.finish();
  HistogramAccumulator h(t.dtype(), n, s.min, s.max);
  h.add(t.bytes(), t.numel());
  return histogram_value(c, s.min, s.max, h.finish().counts);
}

napi_value memory(Call& c) {
  MemoryStats m = memory_stats();
  return c.dims_value({m.live, m.peak, m.cached});
}
napi_value empty_cache(Call& c) { weightroom::empty_cache(); return c.undefined(); }

}  // namespace

const std::vector<Entry> probe_entries = {
    {"summary", summary}, {"histogram", histogram}, {"memory", memory}, {"emptyCache", empty_cache},
};

}  // namespace weightroom::binding
