// Summaries and histograms as JavaScript objects: protocol/model.ts has their shape.
#pragma once
#include "binding/call.h"
#include "stats/stats.h"

namespace weightroom::binding {

inline napi_value summary_value(Call& c, const Summary& s) {
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

inline napi_value histogram_value(Call& c, double low, double high, const std::vector<int64_t>& counts) {
  napi_value o;
  c.ok(napi_create_object(c.env, &o));
  c.ok(napi_set_named_property(c.env, o, "min", c.value(low)));
  c.ok(napi_set_named_property(c.env, o, "max", c.value(high)));
  c.ok(napi_set_named_property(c.env, o, "counts", c.dims_value(Dims(counts.begin(), counts.end()))));
  return o;
}

}  // namespace weightroom::binding
