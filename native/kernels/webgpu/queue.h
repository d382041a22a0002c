// The commands of all environments to the one GPU worker of the process, and its answers. Thread-safe; knows no WebGPU:
// the worker (extension/engine/gpu.ts) takes the words and does what they say.
#pragma once
#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace weightroom::gpu {

// Each command is its number, its length in words, and then:
enum class Command : uint32_t {
  create = 1,  // buffer, bytes (low, high)
  destroy,     // buffer
  write,       // buffer, bytes, contents padded to words
  read,        // buffer, bytes, ticket
  pipeline,    // pipeline, bindings, mask of writable ones, bytes, WGSL padded to words
  dispatch,    // pipeline, x, y, z, count of buffers, buffers, parameters
};

struct Limits { uint64_t buffer_bytes = 128ull << 20; };

class Queue {
 public:
  static Queue& get();

  // --- for kernels

  uint32_t create(uint64_t bytes);
  // Called by finalizers too: never waits for the worker.
  void destroy(uint32_t buffer);
  void write(uint32_t buffer, const void* from, size_t bytes);
  // Waits for everything before it. Throws RuntimeError with the worker's message when any of it failed.
  void read(uint32_t buffer, void* to, size_t bytes);
  // The pipeline of a key, made once; binding 0 is the parameters, `writable` has a bit for each buffer after it.
  uint32_t pipeline(const std::string& key, uint32_t buffers, uint32_t writable, const std::function<std::string()>& wgsl);
  void dispatch(uint32_t pipeline, std::array<uint32_t, 3> groups, const std::vector<uint32_t>& buffers, const std::vector<uint32_t>& params);
  Limits limits() const { return limits_; }

  // --- for whoever starts the worker

  enum class State { none, starting, ready, failed };
  // True for the one caller that is to start the worker.
  bool claim_start();
  // Blocks until the worker is ready or has failed.
  State wait_ready();
  State state() const;
  std::string detail() const;

  // --- for the worker

  void attach(std::function<void()> wake);
  void ready(const std::string& adapter, Limits limits);
  // The device is lost, or never was: everything waiting and everything later fails with `why`.
  void failed(const std::string& why);
  // All commands since the last call; empty when there are none (then the next one wakes the worker).
  std::vector<uint32_t> take();
  void done(uint32_t ticket, const void* bytes, size_t n, const std::string& error);

 private:
  void append(Command c, std::initializer_list<uint32_t> words, const void* payload = nullptr, size_t bytes = 0);
  void signal();
  struct Answer { void* to; size_t bytes; bool done = false; std::string error; };

  mutable std::mutex lock_;
  std::condition_variable changed_;
  State state_ = State::none;
  std::string detail_ = "no WebGPU device has been asked for yet";
  Limits limits_;
  std::vector<uint32_t> words_;
  size_t waiting_ = 0;  // dispatches not yet told to the worker
  bool told_ = false;
  std::function<void()> wake_;
  uint32_t next_buffer_ = 1, next_pipeline_ = 1, next_ticket_ = 1;
  std::unordered_map<std::string, uint32_t> pipelines_;
  std::unordered_map<uint32_t, Answer*> answers_;
};

}  // namespace weightroom::gpu
