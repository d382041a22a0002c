// The module: one table of functions, one place where C++ exceptions become JavaScript errors.
#include <napi.h>
#include <omp.h>

#include "binding/call.h"
#include "kernels/cpu/vec.h"

namespace weightroom::binding {
namespace {

void throw_error(napi_env env, const Error& e) {
  void* d = nullptr;
  napi_get_instance_data(env, &d);
  auto* data = static_cast<Environment*>(d);
  napi_value cls, message, error;
  napi_ref ref = data ? data->errors[size_t(e.kind)] : nullptr;
  if (ref && napi_get_reference_value(env, ref, &cls) == napi_ok && cls &&
      napi_create_string_utf8(env, e.what(), NAPI_AUTO_LENGTH, &message) == napi_ok && napi_new_instance(env, cls, 1, &message, &error) == napi_ok) {
    napi_throw(env, error);
    return;
  }
  napi_throw_error(env, nullptr, e.what());
}

napi_value trampoline(napi_env env, napi_callback_info info) {
  void* p = nullptr;
  napi_get_cb_info(env, info, nullptr, nullptr, nullptr, &p);
  try {
    Call call(env, info);
    return static_cast<const Entry*>(p)->fn(call);
  } catch (const Error& e) {
    throw_error(env, e);
  } catch (const Pending&) {
  } catch (const std::bad_alloc&) {
    throw_error(env, Error(ErrorKind::runtime, "not enough memory"));
  } catch (const std::exception& e) {
    throw_error(env, Error(ErrorKind::runtime, e.what()));
  }
  return nullptr;
}

// setClasses(Tensor, [RuntimeError, IndexError, ValueError, TypeError, NotImplementedError])
napi_value set_classes(Call& c) {
  c.ok(napi_create_reference(c.env, c.argv[0], 1, &c.data->tensor_class));
  for (uint32_t i = 0; i < 5; ++i) {
    napi_value v;
    c.ok(napi_get_element(c.env, c.argv[1], i, &v));
    c.ok(napi_create_reference(c.env, v, 1, &c.data->errors[i]));
  }
  return c.undefined();
}

// setCollect(fn): fn() collects young objects.
napi_value set_collect(Call& c) {
  c.ok(napi_create_reference(c.env, c.argv[0], 1, &c.data->collect));
  return c.undefined();
}

napi_value set_threads(Call& c) {
  int64_t n = c.integer(0);
  if (n < 1 || n > 1024) fail("set_num_threads expects a positive integer");
  omp_set_num_threads(int(n));
  return c.undefined();
}
napi_value get_threads(Call& c) { return c.value(double(omp_get_max_threads())); }
napi_value simd(Call& c) { return c.value(std::string(vec::target())); }

const std::vector<Entry> kModule = {{"setClasses", set_classes}, {"setCollect", set_collect}, {"setNumThreads", set_threads}, {"getNumThreads", get_threads}, {"simd", simd}};

Napi::Object init(Napi::Env env, Napi::Object exports) {
  static const bool once = (ops::init(), true);
  (void)once;
  // Never freed: finalizers of this environment may run after it is torn down.
  napi_set_instance_data(env, new Environment, nullptr, nullptr);
  auto define = [&](const std::vector<Entry>& entries) {
    for (const Entry& e : entries) {
      napi_value fn;
      napi_create_function(env, e.name, NAPI_AUTO_LENGTH, trampoline, const_cast<Entry*>(&e), &fn);
      exports.Set(e.name, Napi::Value(env, fn));
    }
  };
  for (auto* t : {&kModule, &tensor_entries, &op_entries, &autograd_entries, &random_entries, &nn_entries, &probe_entries, &checkpoint_entries, &gpu_entries, &linalg_entries}) define(*t);
  auto codes = [&](const char* name, int n, auto name_of) {
    Napi::Object o = Napi::Object::New(env);
    for (int i = 0; i < n; ++i) o.Set(name_of(i), Napi::Number::New(env, i));
    exports.Set(name, o);
  };
  codes("unaryCodes", int(kUnaryOps), [](int i) { return unary_name(UnaryOp(i)); });
  codes("binaryCodes", int(kBinaryOps), [](int i) { return binary_name(BinaryOp(i)); });
  return exports;
}

}  // namespace
NODE_API_MODULE(weightroom, init)
}  // namespace weightroom::binding
