#include "kernels/webgpu/queue.h"

#include <cstring>

#include "core/error.h"

namespace weightroom::gpu {

// Work is handed over in batches: a submit costs more than a small kernel.
constexpr size_t kBatch = 32, kBatchWords = 1u << 18;

// Never destroyed: finalizers may run after static destructors.
Queue& Queue::get() { static Queue* q = new Queue; return *q; }

void Queue::append(Command c, std::initializer_list<uint32_t> words, const void* payload, size_t bytes) {
  if (state_ == State::failed) fail("webgpu: ", detail_);
  size_t tail = (bytes + 3) / 4;
  words_.push_back(uint32_t(c));
  words_.push_back(uint32_t(2 + words.size() + tail));
  words_.insert(words_.end(), words);
  if (tail) {
    size_t at = words_.size();
    words_.resize(at + tail, 0);
    std::memcpy(words_.data() + at, payload, bytes);
  }
  if (++waiting_ >= kBatch || words_.size() >= kBatchWords) signal();
}

void Queue::signal() {
  waiting_ = 0;
  if (told_ || !wake_ || words_.empty()) return;
  told_ = true;
  wake_();
}

uint32_t Queue::create(uint64_t bytes) {
  std::lock_guard guard(lock_);
  uint32_t id = next_buffer_++;
  append(Command::create, {id, uint32_t(bytes), uint32_t(bytes >> 32)});
  return id;
}

void Queue::destroy(uint32_t buffer) {
  std::lock_guard guard(lock_);
  if (state_ == State::failed) return;
  words_.insert(words_.end(), {uint32_t(Command::destroy), 3, buffer});
}

void Queue::write(uint32_t buffer, const void* from, size_t bytes) {
  std::lock_guard guard(lock_);
  append(Command::write, {buffer, uint32_t(bytes)}, from, bytes);
}

void Queue::read(uint32_t buffer, void* to, size_t bytes) {
  std::unique_lock guard(lock_);
  Answer answer{to, bytes, false, {}};
  uint32_t ticket = next_ticket_++;
  append(Command::read, {buffer, uint32_t(bytes), ticket});
  answers_[ticket] = &answer;
  signal();
  changed_.wait(guard, [&] { return answer.done || state_ == State::failed; });
  answers_.erase(ticket);
  if (!answer.done) fail("webgpu: ", detail_);
  if (!answer.error.empty()) fail("webgpu: ", answer.error);
}

uint32_t Queue::pipeline(const std::string& key, uint32_t buffers, uint32_t writable, const std::function<std::string()>& wgsl) {
  std::lock_guard guard(lock_);
  auto it = pipelines_.find(key);
  if (it != pipelines_.end()) return it->second;
  std::string code = wgsl();
  uint32_t id = next_pipeline_++;
  append(Command::pipeline, {id, buffers, writable, uint32_t(code.size())}, code.data(), code.size());
  return pipelines_[key] = id;
}

void Queue::dispatch(uint32_t pipeline, std::array<uint32_t, 3> groups, const std::vector<uint32_t>& buffers, const std::vector<uint32_t>& params) {
  std::vector<uint32_t> tail(buffers);
  tail.insert(tail.end(), params.begin(), params.end());
  std::lock_guard guard(lock_);
  append(Command::dispatch, {pipeline, groups[0], groups[1], groups[2], uint32_t(buffers.size())}, tail.data(), tail.size() * 4);
}

bool Queue::claim_start() {
  std::lock_guard guard(lock_);
  if (state_ != State::none) return false;
  state_ = State::starting;
  return true;
}

Queue::State Queue::wait_ready() {
  std::unique_lock guard(lock_);
  changed_.wait(guard, [&] { return state_ != State::starting; });
  return state_;
}

Queue::State Queue::state() const { std::lock_guard guard(lock_); return state_; }
std::string Queue::detail() const { std::lock_guard guard(lock_); return detail_; }

void Queue::attach(std::function<void()> wake) {
  std::lock_guard guard(lock_);
  wake_ = std::move(wake);
}

void Queue::ready(const std::string& adapter, Limits limits) {
  std::lock_guard guard(lock_);
  state_ = State::ready;
  detail_ = adapter;
  limits_ = limits;
  changed_.notify_all();
}

void Queue::failed(const std::string& why) {
  std::lock_guard guard(lock_);
  if (state_ == State::failed) return;
  state_ = State::failed;
  detail_ = why;
  wake_ = nullptr;
  words_.clear();
  changed_.notify_all();
}

std::vector<uint32_t> Queue::take() {
  std::lock_guard guard(lock_);
  std::vector<uint32_t> out;
  out.swap(words_);
  if (out.empty()) told_ = false;
  return out;
}

void Queue::done(uint32_t ticket, const void* bytes, size_t n, const std::string& error) {
  std::lock_guard guard(lock_);
  auto it = answers_.find(ticket);
  if (it == answers_.end()) return;
  Answer& a = *it->second;
  if (error.empty() && n >= a.bytes) std::memcpy(a.to, bytes, a.bytes);
  else a.error = error.empty() ? "the read came back short" : error;
  a.done = true;
  changed_.notify_all();
}

}  // namespace weightroom::gpu
