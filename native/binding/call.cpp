#include "binding/call.h"

#include <cmath>

namespace weightroom::binding {
namespace {

struct Handle : Recycled<Handle> {
  static constexpr uint64_t kMagic = 0x57656967687472ull;
  uint64_t magic = kMagic;
  Tensor tensor;
  Environment* data;
};

void finalize(node_api_nogc_env env, void* p, void*) {
  auto* h = static_cast<Handle*>(p);
  Environment* data = h->data;
  h->magic = 0;
  delete h;
  --data->handles;
  report_memory(env, data);
}

napi_valuetype type_of(napi_env env, napi_value v) {
  napi_valuetype t = napi_undefined;
  napi_typeof(env, v, &t);
  return t;
}

// The handle behind a Tensor object; null for every other value, which napi_unwrap refuses.
const Handle* handle_of(napi_env env, napi_value v) {
  void* p = nullptr;
  if (!v || napi_unwrap(env, v, &p) != napi_ok || !p || static_cast<Handle*>(p)->magic != Handle::kMagic) return nullptr;
  return static_cast<Handle*>(p);
}

const char* type_name(napi_valuetype t) {
  switch (t) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "boolean";
    case napi_number: return "number";
    case napi_string: return "string";
    case napi_function: return "function";
    case napi_bigint: return "bigint";
    default: return "object";
  }
}

}  // namespace

void report_memory(node_api_nogc_env env, Environment* data) {
  int64_t delta = data->account->live.load(std::memory_order_relaxed) - data->reported;
  if (delta > -65536 && delta < 65536) return;
  data->reported += delta;
  int64_t total;
  napi_adjust_external_memory(const_cast<napi_env>(env), delta, &total);
}

Call::Call(napi_env e, napi_callback_info info) : env(e), data(nullptr) {
  for (auto& v : argv) v = nullptr;
  ok(napi_get_cb_info(env, info, &count, argv, &self, nullptr));
  void* d = nullptr;
  ok(napi_get_instance_data(env, &d));
  data = static_cast<Environment*>(d);
  for (napi_ref r : data->dropped) napi_delete_reference(env, r);
  data->dropped.clear();
}

void Call::ok(napi_status status) const {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending || status == napi_pending_exception) throw Pending{};
  const napi_extended_error_info* info = nullptr;
  napi_get_last_error_info(env, &info);
  throw Error(ErrorKind::type, info && info->error_message ? info->error_message : "invalid argument");
}

bool Call::missing(size_t i) const {
  if (i >= count) return true;
  napi_valuetype t = type_of(env, argv[i]);
  return t == napi_undefined || t == napi_null;
}

bool Call::is_tensor(napi_value v) const { return handle_of(env, v); }

Tensor Call::to_tensor(napi_value v) const {
  const Handle* h = handle_of(env, v);
  if (!h) throw Error(ErrorKind::type, concat("argument must be a Tensor, not ", type_name(v ? type_of(env, v) : napi_undefined)));
  check(h->tensor.defined(), "the tensor has been disposed");
  return h->tensor;
}

Tensor Call::operand(size_t i) const {
  if (i < count && type_of(env, argv[i]) != napi_object) return ops::wrapped(scalar(i));
  return tensor(i);
}

TensorList Call::tensors(size_t i) const {
  bool is_array = false;
  ok(napi_is_array(env, argv[i], &is_array));
  if (!is_array) fail_type("expected an array of Tensors");
  uint32_t n = 0;
  ok(napi_get_array_length(env, argv[i], &n));
  TensorList out;
  out.reserve(n);
  for (uint32_t k = 0; k < n; ++k) {
    napi_value v;
    ok(napi_get_element(env, argv[i], k, &v));
    if (const Handle* h = handle_of(env, v)) {
      check(h->tensor.defined(), "the tensor has been disposed");
      out.push_back(h->tensor);
      continue;
    }
    napi_valuetype t = type_of(env, v);
    if (t != napi_null && t != napi_undefined) fail_type("expected Tensor as element ", k, " in argument ", i, ", but got ", type_name(t));
    out.emplace_back();
  }
  return out;
}

double Call::number(size_t i) const {
  napi_valuetype t = i < count ? type_of(env, argv[i]) : napi_undefined;
  if (t == napi_bigint) return double(integer(i));
  if (t == napi_boolean) return boolean(i);
  double v;
  if (t != napi_number) fail_type("argument ", i, " must be a number, not ", type_name(t));
  ok(napi_get_value_double(env, argv[i], &v));
  return v;
}

int64_t Call::to_integer(napi_value value) const {
  napi_valuetype t = value ? type_of(env, value) : napi_undefined;
  if (t == napi_bigint) {
    int64_t v;
    bool lossless;
    ok(napi_get_value_bigint_int64(env, value, &v, &lossless));
    if (!lossless) fail_value("Overflow: the integer does not fit in 64 bits");
    return v;
  }
  if (t != napi_number) fail_type("expected an integer, but got ", type_name(t));
  double d;
  ok(napi_get_value_double(env, value, &d));
  if (std::isinf(d)) return d > 0 ? INT64_MAX : INT64_MIN;
  if (d != std::floor(d)) fail_type("expected an integer, but got ", d);
  if (std::abs(d) >= 9.2e18) return d > 0 ? INT64_MAX : INT64_MIN;
  return int64_t(d);
}

bool Call::boolean(size_t i) const {
  if (missing(i)) return false;
  bool v;
  if (type_of(env, argv[i]) != napi_boolean) fail_type("argument ", i, " must be a boolean");
  ok(napi_get_value_bool(env, argv[i], &v));
  return v;
}

Scalar Call::scalar(size_t i) const {
  napi_valuetype t = i < count ? type_of(env, argv[i]) : napi_undefined;
  if (t == napi_boolean) return Scalar(boolean(i));
  if (t == napi_bigint) return Scalar(integer(i));
  if (t != napi_number) fail_type("expected a Tensor or a number, but got ", type_name(t));
  double d = number(i);
  // JavaScript has one kind of number: whole ones act as Python's int in promotion.
  if (d == std::floor(d) && std::abs(d) < 9007199254740992.0 && !(d == 0 && std::signbit(d))) return Scalar(int64_t(d));
  return Scalar(d);
}

Dims Call::dims(size_t i) const {
  Dims out;
  if (missing(i)) return out;
  bool is_array = false;
  ok(napi_is_array(env, argv[i], &is_array));
  if (!is_array) return {integer(i)};
  uint32_t n = 0;
  ok(napi_get_array_length(env, argv[i], &n));
  if (n > 64) fail("too many dimensions: ", n);
  for (uint32_t k = 0; k < n; ++k) {
    napi_value v;
    ok(napi_get_element(env, argv[i], k, &v));
    out.push_back(to_integer(v));
  }
  return out;
}

std::string Call::string(size_t i) const {
  if (i >= count || type_of(env, argv[i]) != napi_string) fail_type("argument ", i, " must be a string");
  size_t n = 0;
  ok(napi_get_value_string_utf8(env, argv[i], nullptr, 0, &n));
  std::string s(n, '\0');
  ok(napi_get_value_string_utf8(env, argv[i], s.data(), n + 1, &n));
  return s;
}

void Call::wrap_into(napi_value object, const Tensor& t) const {
  auto* h = new Handle;
  h->tensor = t;
  h->data = data;
  napi_status st = napi_wrap(env, object, h, reinterpret_cast<napi_finalize>(finalize), nullptr, nullptr);
  if (st != napi_ok) {
    delete h;
    ok(st);
  }
  ++data->handles;
  report_memory(env, data);
}

napi_value Call::wrap(const Tensor& t) const {
  if (!t) return null();
  napi_value cls, object;
  ok(napi_get_reference_value(env, data->tensor_class, &cls));
  ok(napi_new_instance(env, cls, 0, nullptr, &object));
  wrap_into(object, t);
  if (data->collect) collect_young();
  return object;
}

void Call::collect_young() const {
  // A handle stands for what hangs on it: tensor, graph, V8's own. Measured: collected by the 500 they are found in the cache and small steps take half the time.
  constexpr int64_t kPace = 8 << 20, kMost = int64_t(1) << 30, kHandle = 16 << 10;
  auto weight = [this] { return data->account->pressing.load(std::memory_order_relaxed) + kHandle * data->handles; };
  int64_t live = weight(), grown = live - data->after_collection;
  if (grown < data->allowance) {
    if (grown < 0) data->after_collection = live;
    return;
  }
  napi_value fn, global;
  ok(napi_get_reference_value(env, data->collect, &fn));
  ok(napi_get_global(env, &global));
  ok(napi_call_function(env, global, fn, 0, nullptr, nullptr));
  int64_t now = weight();
  // Where little could be freed, wait longer and longer. Memory in use does not slow the pace: these collections do not look at it, and after
  // 64 MB of external memory V8 would collect everything, which takes milliseconds.
  data->allowance = live - now >= grown / 4 ? kPace : std::min(kMost, 2 * data->allowance);
  data->after_collection = now;
}

napi_value Call::list(const TensorList& ts) const {
  napi_value out;
  ok(napi_create_array_with_length(env, ts.size(), &out));
  for (size_t i = 0; i < ts.size(); ++i) ok(napi_set_element(env, out, uint32_t(i), wrap(ts[i])));
  return out;
}

napi_value Call::value(double v) const { napi_value r; ok(napi_create_double(env, v, &r)); return r; }
napi_value Call::value(bool v) const { napi_value r; ok(napi_get_boolean(env, v, &r)); return r; }
napi_value Call::value(const std::string& v) const { napi_value r; ok(napi_create_string_utf8(env, v.data(), v.size(), &r)); return r; }
napi_value Call::big(int64_t v) const { napi_value r; ok(napi_create_bigint_int64(env, v, &r)); return r; }
napi_value Call::undefined() const { napi_value r; ok(napi_get_undefined(env, &r)); return r; }
napi_value Call::null() const { napi_value r; ok(napi_get_null(env, &r)); return r; }
napi_value Call::dims_value(const Dims& v) const {
  napi_value out;
  ok(napi_create_array_with_length(env, v.size(), &out));
  for (size_t i = 0; i < v.size(); ++i) ok(napi_set_element(env, out, uint32_t(i), value(double(v[i]))));
  return out;
}

Tensor on_cpu(const Tensor& t) {
  NoGrad guard;
  return ops::contiguous(ops::to_device(t, {}));
}

}  // namespace weightroom::binding
