// From kernels to the GPU worker and back. Host: the process's one worker (extension/engine/gpu.ts), which owns the device.
// Queue: one thread's ordered commands, its buffers and its errors. Neither knows WebGPU: they pass words.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/error.h"
#include "core/storage.h"

namespace weightroom::gpu {

// Each command is its number, its length in words with these two, and then:
enum class Command : uint32_t {
  create = 1,  // buffer, bytes (low, high)
  destroy,     // buffer
  write,       // buffer, bytes, contents padded to words
  read,        // buffer (0: only wait), bytes, ticket
  pipeline,    // pipeline, bindings after the parameters, mask of writable ones, bytes of the name, bytes of the WGSL, name and WGSL padded to words
  dispatch,    // pipeline, x, y, z, count of buffers, buffers (0: this queue's status words), parameters
};

struct Limits { uint64_t buffer_bytes = 128ull << 20; };

// What a kernel that meets bad data reports: `before`, the number it met, `after`.
struct Site { ErrorKind kind; std::string op, before, after; };

class Queue;

// Thread-safe; never destroyed. `generation` tells a worker's calls from those of one that was replaced.
class Host {
 public:
  enum class State { none, starting, ready, failed };
  static Host& get();

  // --- starting. The worker belongs to the main thread where that can answer: ending the thread that owns it in the middle
  // of a Dawn call would end the process.

  void set_main(std::function<void()> start) { std::lock_guard guard(lock_); main_ = std::move(start); }
  // The generation that the caller is to start a worker for; 0: someone else does. `breathe` throws when the thread is ending.
  uint32_t claim(bool is_main, const std::function<void()>& breathe);
  // For main's `start`: the generation it was asked for, 0 when the one who asked gave up waiting.
  uint32_t accept();
  State wait_started(const std::function<void()>& breathe);
  State state() const { std::lock_guard guard(lock_); return state_; }
  std::string detail() const { std::lock_guard guard(lock_); return detail_; }
  Limits limits() const { std::lock_guard guard(lock_); return limits_; }
  // No more commands for the worker; waits up to `ms` until it touches the device no more. For the end of the process.
  void rest(int ms);

  // --- for the worker

  void attach(uint32_t generation, std::function<void()> wake);
  void ready(uint32_t generation, const std::string& adapter, Limits limits);
  // No device, or it is lost: everything waiting and everything later fails with `why`. `again`: a new worker may do better.
  void failed(uint32_t generation, const std::string& why, bool again);
  // The next commands of one queue, its id first (0: definitions of pipelines). Empty: none now, the next ones will wake.
  std::vector<uint32_t> take(uint32_t generation);
  // Whether the worker should finish what it has begun and then call rested().
  bool should_rest(uint32_t generation) const { std::lock_guard guard(lock_); return generation != generation_ || resting_; }
  void rested() { std::lock_guard guard(lock_); rested_ = true; changed_.notify_all(); }
  // status: site and number (low, high) of the first bad value a kernel met.
  void done(uint32_t queue, uint32_t ticket, const void* bytes, size_t n, const std::string& error, const std::array<uint32_t, 3>& status);

 private:
  friend class Queue;
  void signal();
  void lose(const std::string& why);
  // Waits until `ready` holds, calling `breathe` without the lock now and then.
  void wait(std::unique_lock<std::mutex>& guard, const std::function<void()>& breathe, const std::function<bool()>& ready);

  mutable std::mutex lock_;
  std::condition_variable changed_;
  State state_ = State::none;
  std::string detail_ = "it has not been asked for yet";
  bool again_ = true, asked_ = false, resting_ = false, rested_ = false, told_ = false;
  uint32_t generation_ = 0, next_queue_ = 1, next_buffer_ = 1, next_pipeline_ = 1, next_ticket_ = 1;
  Limits limits_;
  std::function<void()> main_, wake_;
  std::map<uint32_t, std::shared_ptr<Queue>> queues_;
  std::deque<std::shared_ptr<Queue>> pending_;
  std::unordered_map<std::string, uint32_t> pipelines_;
  std::vector<uint32_t> definitions_;
};

class Queue : public DeviceMemory, public std::enable_shared_from_this<Queue> {
 public:
  // The host must be ready. `breathe` is called while this thread waits and may throw to end the wait.
  static std::shared_ptr<Queue> open(std::function<void()> breathe);
  // No more use: its buffers are destroyed, its storages are dead.
  void close(const std::string& why);
  bool alive() const { std::lock_guard guard(host_.lock_); return failure_.empty(); }

  // Storage of `nbytes` as the tensor counts them, in a buffer of `bytes`. Throws RuntimeError when there is no room.
  Ref<Storage> allocate(size_t nbytes, uint64_t bytes);
  void release(uint64_t buffer, size_t nbytes) override;  // never waits: called by finalizers
  // Destroys the buffers kept for reuse.
  void trim();
  // The buffer of a storage of this queue; RuntimeError for one whose device is gone or belongs to another thread.
  uint32_t buffer_of(const Storage& s) const;

  void write(uint32_t buffer, const void* from, size_t bytes);
  // Waits for everything before it. Throws the error of the first thing that went wrong since the last read.
  void read(uint32_t buffer, void* to, size_t bytes);
  void sync() { read(0, nullptr, 0); }
  // The pipeline of a key, made once a process; binding 0 is the parameters, `writable` has a bit for each buffer after it.
  uint32_t pipeline(const std::string& key, const std::string& name, uint32_t buffers, uint32_t writable, const std::function<std::string()>& wgsl);
  void dispatch(uint32_t pipeline, std::array<uint32_t, 3> groups, const std::vector<uint32_t>& buffers, const std::vector<uint32_t>& params);
  // The number by which a kernel reports `site`.
  uint32_t site(const Site& site);

  explicit Queue(Host& host) : host_(host) {}

 private:
  friend class Host;
  using Guard = std::unique_lock<std::mutex>;
  struct Answer { void* to; size_t bytes; bool done = false; std::string error; std::array<uint32_t, 3> status{}; };
  void need_alive() const;
  void append(Guard& guard, Command c, std::initializer_list<uint32_t> words, const void* payload = nullptr, size_t bytes = 0);
  void push(Command c, std::initializer_list<uint32_t> words, const void* payload, size_t bytes);
  uint32_t create(uint64_t bytes);
  void drop_cache(Guard& guard);
  void wait_answer(Guard& guard, uint32_t ticket, Answer& answer);

  Host& host_;
  uint32_t id_ = 0;
  std::string failure_;
  std::function<void()> breathe_;
  std::vector<uint32_t> words_;
  bool listed_ = false;
  size_t waiting_ = 0;  // commands not yet told to the worker
  std::unordered_map<uint32_t, Answer*> answers_;
  std::vector<Site> sites_;
  std::unordered_map<std::string, uint32_t> site_numbers_;
  std::unordered_map<uint32_t, uint64_t> sizes_;  // of every live buffer
  std::map<uint64_t, std::vector<uint32_t>> free_;
  uint64_t cached_ = 0;
};

}  // namespace weightroom::gpu
