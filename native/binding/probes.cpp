// What the inspector asks: summaries and histograms, of live tensors and of bytes read from files.
#include "binding/call.h"
#include "stats/stats.h"

namespace weightroom::binding {
namespace {

struct Bytes { const void* data; int64_t n; };
Bytes bytes_of(Call& c, size_t i, DType t) {
  napi_typedarray_type type;
  size_t n = 0, offset = 0;
  void* from = nullptr;
  napi_value buffer;
  c.ok(napi_get_typedarray_info(c.env, c.argv[i], &type, &n, &from, &buffer, &offset));
  if (type != napi_uint8_array) fail_type("expected a Uint8Array");
  return {from, int64_t(n / itemsize(t))};
}

napi_value summary_value(Call& c, const Summary& s) {
  napi_value o;
  c.ok(napi_create_object(c.env, &o));
  auto set = [&](const char* k, double v) { c.ok(napi_set_named_property(c.env, o, k, c.value(v))); };
  set("count", double(s.count));
  set("min", s.min);
  set("max", s.max);
  set("mean", s.mean);
  set("std", s.std);
  set("absMean", s.abs_mean);
  set("absMax", s.abs_max);
  set("norm", s.norm);
  set("zeros", double(s.zeros));
  set("nan", double(s.nan));
  set("inf", double(s.inf));
  return o;
}

napi_value histogram_value(Call& c, double low, double high, const std::vector<int64_t>& counts) {
  napi_value o;
  c.ok(napi_create_object(c.env, &o));
  c.ok(napi_set_named_property(c.env, o, "min", c.value(low)));
  c.ok(napi_set_named_property(c.env, o, "max", c.value(high)));
  c.ok(napi_set_named_property(c.env, o, "counts", c.dims_value(counts)));
  return o;
}

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
  return histogram_value(c, s.min, s.max, h.counts());
}

// Streamed over a file: one accumulator held as an external, fed chunk by chunk.
template <typename T> void release(node_api_nogc_env, void* p, void*) { delete static_cast<T*>(p); }
template <typename T> napi_value external(Call& c, T* p) {
  napi_value v;
  c.ok(napi_create_external(c.env, p, reinterpret_cast<napi_finalize>(release<T>), nullptr, &v));
  return v;
}
template <typename T> T& held(Call& c, size_t i) {
  void* p = nullptr;
  if (napi_get_value_external(c.env, c.argv[i], &p) != napi_ok || !p) fail_type("expected an accumulator");
  return *static_cast<T*>(p);
}
struct FileSummary { DType t; SummaryAccumulator a; };
struct FileHistogram { DType t; double low, high; HistogramAccumulator a; };

napi_value new_summary(Call& c) { return external(c, new FileSummary{c.dtype(0), SummaryAccumulator(c.dtype(0))}); }
napi_value add_summary(Call& c) {
  auto& s = held<FileSummary>(c, 0);
  Bytes b = bytes_of(c, 1, s.t);
  s.a.add(b.data, b.n);
  return c.undefined();
}
napi_value end_summary(Call& c) { return summary_value(c, held<FileSummary>(c, 0).a.finish()); }
napi_value new_histogram(Call& c) {
  DType t = c.dtype(0);
  return external(c, new FileHistogram{t, c.number(2), c.number(3), HistogramAccumulator(t, bins(c, 1), c.number(2), c.number(3))});
}
napi_value add_histogram(Call& c) {
  auto& s = held<FileHistogram>(c, 0);
  Bytes b = bytes_of(c, 1, s.t);
  s.a.add(b.data, b.n);
  return c.undefined();
}
napi_value end_histogram(Call& c) {
  auto& s = held<FileHistogram>(c, 0);
  return histogram_value(c, s.low, s.high, s.a.counts());
}

napi_value memory(Call& c) {
  MemoryStats m = memory_stats();
  return c.dims_value({m.live, m.peak, m.cached});
}
napi_value empty_cache(Call& c) { weightroom::empty_cache(); return c.undefined(); }

}  // namespace

const std::vector<Entry> probe_entries = {
    {"summary", summary}, {"histogram", histogram}, {"newSummary", new_summary}, {"addSummary", add_summary}, {"endSummary", end_summary},
    {"newHistogram", new_histogram}, {"addHistogram", add_histogram}, {"endHistogram", end_histogram}, {"memory", memory}, {"emptyCache", empty_cache},
};

}  // namespace weightroom::binding
