// The webgpu device for this environment, and the GPU worker's side of the command queues (kernels/webgpu/queue.h).
#include "binding/call.h"
#include "kernels/webgpu/queue.h"
#include "kernels/webgpu/webgpu.h"

namespace weightroom::binding {
namespace {

using gpu::Host;
using gpu::Queue;

// This thread's queue; kept so that the end of the environment can close it.
thread_local std::shared_ptr<Queue> mine;
thread_local napi_ref nothing = nullptr;  // () => {}

uint32_t generation(Call& c) { return uint32_t(c.integer(0)); }

// While a thread waits for the GPU it calls into JavaScript now and then: that fails once the thread is being ended.
std::function<void()> breathe(napi_env env) {
  return [env] {
    napi_handle_scope scope;
    napi_value fn, self, result;
    if (napi_open_handle_scope(env, &scope) != napi_ok) throw Pending{};
    bool ok = napi_get_reference_value(env, nothing, &fn) == napi_ok && napi_get_undefined(env, &self) == napi_ok && napi_call_function(env, self, fn, 0, nullptr, &result) == napi_ok;
    napi_close_handle_scope(env, scope);
    if (!ok) throw Pending{};
  };
}

void close_mine(const char* why) {
  set_webgpu_backend(nullptr);
  if (mine) mine->close(why);
  mine = nullptr;
}

void call_function(napi_env env, napi_value fn, void*, void*) {
  napi_value undefined, result;
  if (!env || !fn || napi_get_undefined(env, &undefined) != napi_ok) return;
  napi_call_function(env, undefined, fn, 0, nullptr, &result);
}
// A way to call `fn` on this thread from any other. It does not keep the thread alive when `weak`.
std::function<void()> callable(Call& c, napi_value fn, bool weak) {
  napi_value name;
  c.ok(napi_create_string_utf8(c.env, "weightroom gpu", NAPI_AUTO_LENGTH, &name));
  napi_threadsafe_function tsfn = nullptr;
  c.ok(napi_create_threadsafe_function(c.env, fn, nullptr, name, 0, 1, nullptr, nullptr, nullptr, call_function, &tsfn));
  if (weak) c.ok(napi_unref_threadsafe_function(c.env, tsfn));
  return [tsfn] { napi_call_threadsafe_function(tsfn, nullptr, napi_tsfn_nonblocking); };
}

// --- the thread that computes

// gpuInit(nothing, startInMain | null): once an environment. The main thread's function starts a worker when another thread asks.
napi_value init(Call& c) {
  // A second copy of the library in the same environment takes over; hooks may be added once only.
  bool first = !nothing;
  if (nothing) c.ok(napi_delete_reference(c.env, nothing));
  c.ok(napi_create_reference(c.env, c.argv[0], 1, &nothing));
  if (!c.missing(1)) Host::get().set_main(callable(c, c.argv[1], true));
  if (!first) return c.undefined();
  c.ok(napi_add_env_cleanup_hook(c.env, [](void*) {
    close_mine("its thread has ended");
    nothing = nullptr;
  }, nullptr));
  if (!c.missing(1)) c.ok(napi_add_env_cleanup_hook(c.env, [](void*) { Host::get().set_main(nullptr); }, nullptr));
  return c.undefined();
}
napi_value is_open(Call& c) { return c.value(mine && mine->alive()); }
// gpuClaim(isMain): the generation this thread is to start a worker for; 0: another does, or there is no point.
napi_value claim(Call& c) { return c.value(double(Host::get().claim(c.boolean(0), breathe(c.env)))); }
napi_value accept(Call& c) { return c.value(double(Host::get().accept())); }
napi_value is_starting(Call& c) { return c.value(Host::get().state() == Host::State::starting); }
// gpuOpen(): waits until the worker has started and gives this environment the device; false when there is none.
napi_value open(Call& c) {
  if (Host::get().wait_started(breathe(c.env)) != Host::State::ready) return c.value(false);
  close_mine("it was opened anew");
  mine = Queue::open(breathe(c.env));
  set_webgpu_backend(webgpu_backend(mine));
  return c.value(true);
}
napi_value detail(Call& c) { return c.value(Host::get().detail()); }
napi_value rest(Call& c) { Host::get().rest(int(c.integer(0))); return c.undefined(); }

// --- the worker

// gpuAttach(generation, pump): `pump` is called on the worker's own thread when there are commands.
napi_value attach(Call& c) {
  Host::get().attach(generation(c), callable(c, c.argv[1], false));
  // The worker's end, by a crash of its own or with the process, must not leave anybody waiting.
  struct End { uint32_t generation; };
  c.ok(napi_add_env_cleanup_hook(c.env, [](void* p) {
    std::unique_ptr<End> end(static_cast<End*>(p));
    Host::get().failed(end->generation, "the GPU worker has ended", true);
    Host::get().rested();
  }, new End{generation(c)}));
  return c.undefined();
}
napi_value ready(Call& c) { Host::get().ready(generation(c), c.string(1), {uint64_t(c.number(2))}); return c.undefined(); }
napi_value failed(Call& c) { Host::get().failed(generation(c), c.string(1), c.boolean(2)); return c.undefined(); }

// gpuTake(generation): a queue's id and its commands as Uint32Array, or null.
napi_value take(Call& c) {
  std::vector<uint32_t> words = Host::get().take(generation(c));
  if (words.empty()) return c.null();
  void* to = nullptr;
  napi_value buffer, out;
  c.ok(napi_create_arraybuffer(c.env, words.size() * 4, &to, &buffer));
  std::memcpy(to, words.data(), words.size() * 4);
  c.ok(napi_create_typedarray(c.env, napi_uint32_array, words.size(), buffer, 0, &out));
  return out;
}

// gpuDone(queue, ticket, bytes | null, error | null, site, low, high)
napi_value done(Call& c) {
  void* from = nullptr;
  size_t n = 0, offset = 0;
  if (!c.missing(2)) {
    napi_typedarray_type type;
    napi_value buffer;
    c.ok(napi_get_typedarray_info(c.env, c.argv[2], &type, &n, &from, &buffer, &offset));
    if (type != napi_uint8_array) fail_type("gpuDone expects a Uint8Array");
  }
  auto word = [&](size_t i) { return uint32_t(c.integer(i)); };
  Host::get().done(word(0), word(1), from, n, c.missing(3) ? std::string() : c.string(3), {word(4), word(5), word(6)});
  return c.undefined();
}
napi_value should_rest(Call& c) { return c.value(Host::get().should_rest(generation(c))); }
napi_value rested(Call& c) { Host::get().rested(); return c.undefined(); }

}  // namespace

const std::vector<Entry> gpu_entries = {
    {"gpuInit", init}, {"gpuIsOpen", is_open}, {"gpuClaim", claim}, {"gpuAccept", accept}, {"gpuIsStarting", is_starting}, {"gpuOpen", open}, {"gpuDetail", detail}, {"gpuRest", rest},
    {"gpuAttach", attach}, {"gpuReady", ready}, {"gpuFailed", failed}, {"gpuTake", take}, {"gpuDone", done}, {"gpuShouldRest", should_rest}, {"gpuRested", rested},
};

}  // namespace weightroom::binding
