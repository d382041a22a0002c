// One call from JavaScript: arguments in, results and errors out. Tensor handles are raw napi_wrap objects whose
// finalizer runs inside the garbage collection and therefore touches no JavaScript value.
#pragma once
#include <js_native_api.h>
#include <node_api.h>

#include <vector>

#include "ops/ops.h"

namespace weightroom::binding {

// What one environment (main thread or worker) owns.
struct Environment {
  napi_ref tensor_class = nullptr;
  napi_ref errors[6] = {};  // RuntimeError, IndexError, ValueError, TypeError, NotImplementedError in ErrorKind's order
  Generator generator;
  MemoryAccount* account = &current_account();
  int64_t reported = 0;
  // A collection of young JavaScript objects, asked for when native memory has grown by `allowance` since the last one.
  napi_ref collect = nullptr;
  int64_t after_collection = 0, allowance = 8 << 20;
  int64_t handles = 0;  // tensor objects alive
  // References dropped during a collection, deleted at the next call.
  std::vector<napi_ref> dropped;
};

// A JavaScript exception is already pending.
struct Pending {};

class Call {
 public:
  Call(napi_env env, napi_callback_info info);
  // Outside a call of our own: inside a hook.
  Call(napi_env env, Environment* data) : env(env), data(data), count(0) {}
  napi_env env;
  Environment* data;
  size_t count = 12;
  napi_value argv[12];
  napi_value self = nullptr;

  void ok(napi_status status) const;
  bool missing(size_t i) const;  // undefined or null
  Tensor tensor(size_t i) const { return to_tensor(argv[i]); }
  Tensor to_tensor(napi_value v) const;
  Tensor maybe_tensor(size_t i) const { return missing(i) ? Tensor() : tensor(i); }
  bool is_tensor(napi_value v) const;
  // A tensor, or a number beside one.
  Tensor operand(size_t i) const;
  TensorList tensors(size_t i) const;
  double number(size_t i) const;
  int64_t integer(size_t i) const { return to_integer(argv[i]); }
  int64_t to_integer(napi_value v) const;
  bool boolean(size_t i) const;
  Scalar scalar(size_t i) const;
  Dims dims(size_t i) const;
  std::string string(size_t i) const;
  DType dtype(size_t i) const { return DType(integer(i)); }
  Device device(size_t i) const { return {missing(i) ? DeviceType::cpu : DeviceType(integer(i))}; }

  napi_value wrap(const Tensor& t) const;
  // Lets short-lived results go while their memory is still in the cache, long before the heap itself is full.
  void collect_young() const;
  void wrap_into(napi_value object, const Tensor& t) const;
  napi_value list(const TensorList& ts) const;
  napi_value value(double v) const;
  napi_value value(bool v) const;
  napi_value value(const std::string& v) const;
  napi_value big(int64_t v) const;
  napi_value dims_value(const Dims& v) const;
  napi_value undefined() const;
  napi_value null() const;
};

struct Entry {
  const char* name;
  napi_value (*fn)(Call&);
};

// Tells the garbage collector how many native bytes live; cheap when little has changed.
void report_memory(node_api_nogc_env env, Environment* data);
// A tensor's bytes on the CPU, contiguous.
Tensor on_cpu(const Tensor& t);

extern const std::vector<Entry> tensor_entries, op_entries, autograd_entries, random_entries, nn_entries, probe_entries, checkpoint_entries, gpu_entries, linalg_entries;

}  // namespace weightroom::binding
