// The GPU worker's side of the command queue, and what starts it.
#include "binding/call.h"
#include "kernels/webgpu/queue.h"
#include "kernels/webgpu/webgpu.h"

namespace weightroom::binding {
namespace {

using gpu::Queue;

std::string error_text(Call& c, size_t i) { return c.missing(i) ? std::string() : c.string(i); }

// gpuClaimStart(): true for the one caller in the process that is to start the worker.
napi_value claim_start(Call& c) { return c.value(Queue::get().claim_start()); }
// gpuWaitReady(): blocks this thread until the worker is ready or has failed; whether it is ready.
napi_value wait_ready(Call& c) {
  bool ready = Queue::get().wait_ready() == Queue::State::ready;
  set_webgpu_backend(ready ? &webgpu_backend() : nullptr);
  return c.value(ready);
}
napi_value detail(Call& c) { return c.value(Queue::get().detail()); }

void call_pump(napi_env env, napi_value fn, void*, void*) {
  napi_value undefined, result;
  if (!env || napi_get_undefined(env, &undefined) != napi_ok) return;
  napi_call_function(env, undefined, fn, 0, nullptr, &result);
}

// gpuAttach(pump): `pump` is called on the worker's own thread when there are commands.
napi_value attach(Call& c) {
  napi_value name;
  c.ok(napi_create_string_utf8(c.env, "weightroom gpu", NAPI_AUTO_LENGTH, &name));
  napi_threadsafe_function tsfn = nullptr;
  c.ok(napi_create_threadsafe_function(c.env, c.argv[0], nullptr, name, 0, 1, nullptr, nullptr, nullptr, call_pump, &tsfn));
  Queue::get().attach([tsfn] { napi_call_threadsafe_function(tsfn, nullptr, napi_tsfn_nonblocking); });
  // The worker's end, by a crash of its own or with the process, must not leave anybody waiting.
  c.ok(napi_add_env_cleanup_hook(c.env, [](void*) { Queue::get().failed("the GPU worker has ended"); }, nullptr));
  return c.undefined();
}
napi_value ready(Call& c) {
  Queue::get().ready(c.string(0), {uint64_t(c.number(1))});
  return c.undefined();
}
napi_value failed(Call& c) { Queue::get().failed(c.string(0)); return c.undefined(); }

// gpuTake(): the commands since the last call as Uint32Array, or null.
napi_value take(Call& c) {
  std::vector<uint32_t> words = Queue::get().take();
  if (words.empty()) return c.null();
  void* to = nullptr;
  napi_value buffer, out;
  c.ok(napi_create_arraybuffer(c.env, words.size() * 4, &to, &buffer));
  std::memcpy(to, words.data(), words.size() * 4);
  c.ok(napi_create_typedarray(c.env, napi_uint32_array, words.size(), buffer, 0, &out));
  return out;
}

// gpuDone(ticket, bytes | null, error?)
napi_value done(Call& c) {
  const void* from = nullptr;
  size_t n = 0;
  if (!c.missing(1)) {
    napi_typedarray_type type;
    size_t offset = 0;
    void* p = nullptr;
    napi_value buffer;
    c.ok(napi_get_typedarray_info(c.env, c.argv[1], &type, &n, &p, &buffer, &offset));
    from = p;
  }
  Queue::get().done(uint32_t(c.integer(0)), from, n, error_text(c, 2));
  return c.undefined();
}

}  // namespace

const std::vector<Entry> gpu_entries = {
    {"gpuClaimStart", claim_start}, {"gpuWaitReady", wait_ready}, {"gpuDetail", detail}, {"gpuAttach", attach},
    {"gpuReady", ready}, {"gpuFailed", failed}, {"gpuTake", take}, {"gpuDone", done},
};

}  // namespace weightroom::binding
