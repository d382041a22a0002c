// Bytes of checkpoint files in and out of tensors, and statistics over them. Statistics run on the process's thread pool,
// so that the main thread answers meanwhile; where the system has pread they read the file themselves.
#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <variant>
#ifdef __linux__
#include <fcntl.h>
#endif
#ifndef _WIN32
#include <cerrno>
#include <unistd.h>
#endif

#include "binding/statistics.h"
#include "kernels/cpu/iterate.h"

namespace weightroom::binding {
namespace {

struct Bytes { char* data; size_t n; };
Bytes bytes_of(Call& c, size_t i) {
  napi_typedarray_type type;
  size_t n = 0, offset = 0;
  void* from = nullptr;
  napi_value buffer;
  bool is = false;
  c.ok(napi_is_typedarray(c.env, c.argv[i], &is));
  if (!is) fail_type("expected a Uint8Array");
  c.ok(napi_get_typedarray_info(c.env, c.argv[i], &type, &n, &from, &buffer, &offset));
  if (type != napi_uint8_array) fail_type("expected a Uint8Array");
  return {static_cast<char*>(from), n};
}
// The stretch [offset, offset + n) of a CPU tensor's storage.
char* stretch(Call& c, const Tensor& t, int64_t offset, size_t n) {
  if (!t.device().is_cpu()) fail("the tensor is on ", t.device().str(), "; its bytes are not in memory");
  Storage& s = *t.impl()->storage;
  if (offset < 0 || size_t(offset) + n > s.nbytes) fail_value(n, " bytes at ", offset, " do not lie in a storage of ", s.nbytes);
  (void)c;
  return static_cast<char*>(s.data()) + offset;
}

// copyOut(tensor, byteOffset, target): bytes of its storage.
napi_value copy_out(Call& c) {
  Bytes to = bytes_of(c, 2);
  const char* from = stretch(c, c.tensor(0), c.integer(1), to.n);
  if (to.n) std::memcpy(to.data, from, to.n);
  return c.undefined();
}
// A bool that is neither 0 nor 1 would break the kernels.
void clean_bools(const Tensor& t, char* p, size_t n) {
  if (t.dtype() == DType::boolean) for (size_t i = 0; i < n; ++i) p[i] = p[i] != 0;
}
// copyIn(tensor, byteOffset, source): into its storage.
napi_value copy_in(Call& c) {
  Bytes from = bytes_of(c, 2);
  Tensor t = c.tensor(0);
  char* to = stretch(c, t, c.integer(1), from.n);
  if (from.n) std::memcpy(to, from.data, from.n);
  clean_bools(t, to, from.n);
  t.bump_version();
  return c.undefined();
}

#ifndef _WIN32
// Returns how many bytes came; fewer than n when the file ends or cannot be read (errno then).
size_t read_at(int fd, char* to, size_t n, int64_t position) {
  size_t have = 0;
  while (have < n) {
    ssize_t got = pread(fd, to + have, std::min<size_t>(n - have, 1 << 30), off_t(position) + off_t(have));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += size_t(got);
  }
  return have;
}
// readFile(tensor, byteOffset, fd, position, length): a stretch of a file into its storage, by several threads.
napi_value read_file(Call& c) {
  Tensor t = c.tensor(0);
  const int fd = int(c.integer(2));
  const int64_t position = c.integer(3);
  const size_t n = size_t(c.integer(4));
  char* to = stretch(c, t, c.integer(1), n);
  std::atomic<bool> whole{true};
  parallel_for(int64_t(n), 2 << 20, [&](int64_t a, int64_t b) {
    if (read_at(fd, to + a, size_t(b - a), position + a) != size_t(b - a)) whole = false;
  });
  if (!whole) fail("the file ended too early or could not be read");
  clean_bools(t, to, n);
  t.bump_version();
  return c.undefined();
}
#endif

// writeback(fd, position, length): asks the system to begin writing these bytes to the disk, so that a later fsync has less to wait for.
napi_value writeback(Call& c) {
#ifdef __linux__
  sync_file_range(int(c.integer(0)), off64_t(c.integer(1)), off64_t(c.integer(2)), SYNC_FILE_RANGE_WRITE);
#endif
  return c.undefined();
}

// --- statistics over bytes

struct Stats {
  DType dtype;
  SummaryAccumulator summary;
  std::unique_ptr<HistogramAccumulator> histogram;
  double low = 0, high = 0;
  void add(const void* p, int64_t n) {
    if (!histogram) return summary.add(p, n);
    if (histogram->released()) throw std::runtime_error("the histogram was merged into another");
    histogram->add(p, n);
  }
};
struct Compare {
  DType a, b;
  CompareAccumulator accumulator;
};

template <typename T> void release(node_api_nogc_env, void* p, void*) { delete static_cast<std::shared_ptr<T>*>(p); }
template <typename T> napi_value hold(Call& c, std::shared_ptr<T> p) {
  auto* held = new std::shared_ptr<T>(std::move(p));
  napi_value v;
  if (napi_create_external(c.env, held, reinterpret_cast<napi_finalize>(release<T>), nullptr, &v) != napi_ok) { delete held; fail("out of memory"); }
  return v;
}
template <typename T> std::shared_ptr<T> held(Call& c, size_t i) {
  void* p = nullptr;
  if (napi_get_value_external(c.env, c.argv[i], &p) != napi_ok || !p) fail_type("expected an accumulator");
  return *static_cast<std::shared_ptr<T>*>(p);
}
int64_t bins(Call& c, size_t i) {
  int64_t n = c.integer(i);
  if (n < 1 || n > 4096) fail_value("bins must be between 1 and 4096, got ", n);
  return n;
}

// newStats(dtype): a summary. newStats(dtype, bins, low, high): a histogram with percentiles.
napi_value new_stats(Call& c) {
  DType t = c.dtype(0);
  auto s = std::make_shared<Stats>(Stats{t, SummaryAccumulator(t), nullptr});
  if (!c.missing(1)) {
    s->low = c.number(2);
    s->high = c.number(3);
    s->histogram = std::make_unique<HistogramAccumulator>(t, bins(c, 1), s->low, s->high, true);
  }
  return hold(c, s);
}
napi_value add_stats(Call& c) {
  auto s = held<Stats>(c, 0);
  Bytes b = bytes_of(c, 1);
  s->add(b.data, int64_t(b.n / itemsize(s->dtype)));
  return c.undefined();
}
napi_value merge_stats(Call& c) {
  auto into = held<Stats>(c, 0), from = held<Stats>(c, 1);
  if (into->histogram && from->histogram) into->histogram->merge(*from->histogram);
  else into->summary.merge(from->summary);
  return c.undefined();
}
napi_value stats_summary(Call& c) {
  auto s = held<Stats>(c, 0);
  Summary sum = s->summary.finish();
  napi_value o = summary_value(c, sum);
  if (s->dtype == DType::int64) {
    c.ok(napi_set_named_property(c.env, o, "exactMin", c.big(sum.int_min)));
    c.ok(napi_set_named_property(c.env, o, "exactMax", c.big(sum.int_max)));
  }
  return o;
}
// mergeStats(into, from): a histogram `from` is empty then.
// statsHistogram(stats, [p...]): { min, max, counts, percentiles }
napi_value stats_histogram(Call& c) {
  auto s = held<Stats>(c, 0);
  if (!s->histogram) fail_type("expected a histogram");
  Dims ps = c.dims(1);
  const Histogram h = s->histogram->finish({ps.begin(), ps.end()});
  napi_value o = histogram_value(c, s->low, s->high, h.counts), list;
  c.ok(napi_create_array_with_length(c.env, ps.size(), &list));
  for (size_t i = 0; i < ps.size(); ++i) c.ok(napi_set_element(c.env, list, uint32_t(i), c.value(h.percentiles[i])));
  c.ok(napi_set_named_property(c.env, o, "percentiles", list));
  return o;
}

napi_value new_compare(Call& c) {
  DType a = c.dtype(0), b = c.dtype(1);
  return hold(c, std::make_shared<Compare>(Compare{a, b, CompareAccumulator(a, b)}));
}
int64_t pairs(const Compare& k, size_t a, size_t b) {
  const size_t n = a / itemsize(k.a);
  if (n != b / itemsize(k.b)) fail_value("the two sides have different lengths");
  return int64_t(n);
}
napi_value add_compare(Call& c) {
  auto k = held<Compare>(c, 0);
  Bytes a = bytes_of(c, 1), b = bytes_of(c, 2);
  k->accumulator.add(a.data, b.data, pairs(*k, a.n, b.n));
  return c.undefined();
}
// freeStats(stats): its memory at once; the collector does not know how large it is.
napi_value free_stats(Call& c) {
  held<Stats>(c, 0)->histogram.reset();
  return c.undefined();
}
napi_value compare_result(Call& c) {
  const Comparison& r = held<Compare>(c, 0)->accumulator.finish();
  napi_value o;
  c.ok(napi_create_object(c.env, &o));
  auto set = [&](const char* k, double v) { c.ok(napi_set_named_property(c.env, o, k, c.value(v))); };
  set("count", double(r.count));
  set("differing", double(r.differing));
  set("nonFinite", double(r.non_finite));
  set("difference2", r.difference2);
  set("a2", r.a2);
  set("b2", r.b2);
  set("ab", r.ab);
  set("maxDifference", r.max_difference);
  return o;
}

// --- the same on the thread pool: a promise

struct Job {
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  std::vector<napi_ref> keep;  // buffers that must outlive it
  std::function<void()> run;
  std::string error;
};
void execute(napi_env, void* p) {
  auto* job = static_cast<Job*>(p);
  try {
    job->run();
  } catch (const std::exception& e) {
    job->error = e.what();
  }
}
void complete(napi_env env, napi_status status, void* p) {
  std::unique_ptr<Job> job(static_cast<Job*>(p));
  napi_value v, message;
  for (napi_ref r : job->keep) napi_delete_reference(env, r);
  if (status == napi_ok && job->error.empty()) {
    napi_get_undefined(env, &v);
    napi_resolve_deferred(env, job->deferred, v);
  } else {
    napi_create_string_utf8(env, job->error.empty() ? "cancelled" : job->error.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &v);
    napi_reject_deferred(env, job->deferred, v);
  }
  napi_delete_async_work(env, job->work);
}
napi_value start(Call& c, const std::vector<size_t>& keep, std::function<void()> run) {
  auto job = std::make_unique<Job>();
  job->run = std::move(run);
  for (size_t i : keep) {
    napi_ref r;
    c.ok(napi_create_reference(c.env, c.argv[i], 1, &r));
    job->keep.push_back(r);
  }
  napi_value name, promise;
  c.ok(napi_create_string_utf8(c.env, "weightroom:statistics", NAPI_AUTO_LENGTH, &name));
  c.ok(napi_create_promise(c.env, &job->deferred, &promise));
  c.ok(napi_create_async_work(c.env, nullptr, name, execute, complete, job.get(), &job->work));
  c.ok(napi_queue_async_work(c.env, job.release()->work));
  return promise;
}

// addStatsAsync(stats, bytes): the caller leaves both alone until it settles.
napi_value add_stats_async(Call& c) {
  auto s = held<Stats>(c, 0);
  Bytes b = bytes_of(c, 1);
  return start(c, {1}, [s, b] { s->add(b.data, int64_t(b.n / itemsize(s->dtype))); });
}
napi_value add_compare_async(Call& c) {
  auto k = held<Compare>(c, 0);
  Bytes a = bytes_of(c, 1), b = bytes_of(c, 2);
  const int64_t n = pairs(*k, a.n, b.n);
  return start(c, {1, 2}, [k, a, b, n] { k->accumulator.add(a.data, b.data, n); });
}

#ifndef _WIN32
// Small enough to stay in the core's own cache between reading and counting.
constexpr size_t kPiece = 1 << 17;
void read_piece(int fd, char* to, size_t n, int64_t position) {
  if (read_at(fd, to, n, position) != n) throw std::runtime_error("the file ended too early or could not be read");
}
// addStatsFile(stats, fd, position, count)
napi_value add_stats_file(Call& c) {
  auto s = held<Stats>(c, 0);
  const int fd = int(c.integer(1));
  const int64_t position = c.integer(2), bytes = c.integer(3) * int64_t(itemsize(s->dtype));
  return start(c, {}, [s, fd, position, bytes] {
    std::vector<char> buffer(std::min<size_t>(kPiece, size_t(bytes)));
    for (int64_t at = 0; at < bytes; at += int64_t(kPiece)) {
      const size_t n = std::min<size_t>(kPiece, size_t(bytes - at));
      read_piece(fd, buffer.data(), n, position + at);
      s->add(buffer.data(), int64_t(n / itemsize(s->dtype)));
    }
  });
}
// addCompareFiles(compare, fdA, positionA, fdB, positionB, count)
napi_value add_compare_files(Call& c) {
  auto k = held<Compare>(c, 0);
  const int fa = int(c.integer(1)), fb = int(c.integer(3));
  const int64_t pa = c.integer(2), pb = c.integer(4), count = c.integer(5);
  return start(c, {}, [k, fa, fb, pa, pb, count] {
    const int64_t ia = int64_t(itemsize(k->a)), ib = int64_t(itemsize(k->b)), per = int64_t(kPiece) / std::max(ia, ib);
    std::vector<char> a(size_t(per * ia)), b(size_t(per * ib));
    for (int64_t at = 0; at < count; at += per) {
      const int64_t n = std::min(per, count - at);
      read_piece(fa, a.data(), size_t(n * ia), pa + at * ia);
      read_piece(fb, b.data(), size_t(n * ib), pb + at * ib);
      k->accumulator.add(a.data(), b.data(), n);
    }
  });
}
#endif

}  // namespace

const std::vector<Entry> checkpoint_entries = {
    {"copyOut", copy_out}, {"copyIn", copy_in}, {"writeback", writeback}, {"newStats", new_stats}, {"addStats", add_stats}, {"addStatsAsync", add_stats_async}, {"mergeStats", merge_stats}, {"freeStats", free_stats},
    {"statsSummary", stats_summary}, {"statsHistogram", stats_histogram}, {"newCompare", new_compare}, {"addCompare", add_compare}, {"addCompareAsync", add_compare_async}, {"compareResult", compare_result},
#ifndef _WIN32
    {"readFile", read_file}, {"addStatsFile", add_stats_file}, {"addCompareFiles", add_compare_files},
#endif
};

}  // namespace weightroom::binding
