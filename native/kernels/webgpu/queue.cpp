#include "kernels/webgpu/queue.h"

#include <cstdio>
#include <cstring>

namespace weightroom::gpu {
namespace {

// Work is handed over in batches: a submit costs more than a small kernel.
constexpr size_t kBatch = 32, kBatchWords = 1u << 18;
// Beyond this the thread waits for the worker: a program that only uploads must not fill the memory.
constexpr size_t kMostWords = 8u << 20;
constexpr uint64_t kMostCached = 256ull << 20;
// From this size on an allocation waits to hear whether there was room; smaller ones say so at the next read.
constexpr uint64_t kChecked = 32ull << 20;

// Few distinct sizes, so that buffers are found again: quarters of a power of two.
uint64_t size_class(uint64_t n) {
  if (n <= 256) return 256;
  uint64_t step = 64;
  while (step * 8 < n) step *= 2;
  return (n + step - 1) / step * step;
}

std::string human(uint64_t bytes) {
  char text[64];
  const char* units[] = {"KiB", "MiB", "GiB", "TiB"};
  double v = double(bytes) / 1024;
  size_t u = 0;
  while (v >= 1024 && u < 3) { v /= 1024; ++u; }
  std::snprintf(text, sizeof text, "%.2f %s", v, units[u]);
  return text;
}

}  // namespace

std::shared_ptr<Queue> Queue::open(std::function<void()> breathe) {
  Host& host = Host::get();
  auto q = std::make_shared<Queue>(host);
  q->breathe_ = std::move(breathe);
  std::lock_guard guard(host.lock_);
  if (host.state_ != Host::State::ready) fail("webgpu: ", host.detail_);
  q->id_ = host.next_queue_++;
  host.queues_[q->id_] = q;
  return q;
}

void Queue::close(const std::string& why) {
  Guard guard(host_.lock_);
  if (!failure_.empty()) return;
  for (auto& [buffer, size] : sizes_) push(Command::destroy, {buffer}, nullptr, 0);
  host_.signal();
  sizes_.clear();
  free_.clear();
  failure_ = why;
  host_.queues_.erase(id_);  // `pending_` keeps it until the worker has its last words
}

void Queue::need_alive() const { if (!failure_.empty()) fail("webgpu: ", failure_); }

void Queue::push(Command c, std::initializer_list<uint32_t> words, const void* payload, size_t bytes) {
  size_t tail = (bytes + 3) / 4;
  words_.push_back(uint32_t(c));
  words_.push_back(uint32_t(2 + words.size() + tail));
  words_.insert(words_.end(), words);
  if (tail) {
    size_t at = words_.size();
    words_.resize(at + tail, 0);
    std::memcpy(words_.data() + at, payload, bytes);
  }
  if (!listed_) {
    listed_ = true;
    host_.pending_.push_back(shared_from_this());
  }
  ++waiting_;
}

void Queue::append(Guard& guard, Command c, std::initializer_list<uint32_t> words, const void* payload, size_t bytes) {
  need_alive();
  if (words_.size() > kMostWords) {
    host_.signal();
    host_.wait(guard, breathe_, [&] { return words_.size() <= kMostWords || !failure_.empty(); });
    need_alive();
  }
  push(c, words, payload, bytes);
  if (waiting_ >= kBatch || words_.size() >= kBatchWords) host_.signal();
}

uint32_t Queue::create(uint64_t bytes) {
  Guard guard(host_.lock_);
  uint32_t id = host_.next_buffer_++;
  append(guard, Command::create, {id, uint32_t(bytes), uint32_t(bytes >> 32)});
  sizes_[id] = bytes;
  return id;
}

Ref<Storage> Queue::allocate(size_t nbytes, uint64_t wanted) {
  uint64_t limit = host_.limits().buffer_bytes, bytes = size_class(wanted);
  if (bytes > limit) bytes = (wanted + 255) / 256 * 256;
  if (bytes > limit) fail("webgpu out of memory. Tried to allocate ", human(wanted), ", but one buffer of this adapter holds at most ", human(limit), ".");
  uint32_t buffer = 0;
  {
    Guard guard(host_.lock_);
    need_alive();
    auto it = free_.find(bytes);
    if (it != free_.end() && !it->second.empty()) {
      buffer = it->second.back();
      it->second.pop_back();
      cached_ -= bytes;
    }
  }
  if (!buffer && bytes < kChecked) buffer = create(bytes);
  if (!buffer) {
    sync();  // errors of earlier work are not ours
    for (bool last = false; !buffer; last = true) {
      uint32_t id = create(bytes);
      try {
        sync();
        buffer = id;
      } catch (const Error&) {
        release(uint64_t(id_) << 32 | id, 0);
        trim();
        if (last || !alive()) fail("webgpu out of memory. Tried to allocate ", human(wanted), ".");
      }
    }
  }
  return make_ref<Storage>(nbytes, Device{DeviceType::webgpu}, uint64_t(id_) << 32 | buffer, shared_from_this());
}

void Queue::release(uint64_t id, size_t) {
  Guard guard(host_.lock_);
  uint32_t buffer = uint32_t(id);
  auto it = sizes_.find(buffer);
  if (!failure_.empty() || it == sizes_.end()) return;
  if (cached_ + it->second <= kMostCached) {
    free_[it->second].push_back(buffer);
    cached_ += it->second;
    return;
  }
  push(Command::destroy, {buffer}, nullptr, 0);
  sizes_.erase(it);
}

void Queue::trim() {
  Guard guard(host_.lock_);
  if (!failure_.empty()) return;
  for (auto& [size, list] : free_)
    for (uint32_t b : list) { push(Command::destroy, {b}, nullptr, 0); sizes_.erase(b); }
  free_.clear();
  cached_ = 0;
  host_.signal();
}

uint32_t Queue::buffer_of(const Storage& s) const {
  if (uint32_t(s.buffer >> 32) == id_) return uint32_t(s.buffer);
  check(!s.device.is_cpu(), "Expected all tensors to be on the same device, but found at least two devices, webgpu:0 and cpu!");
  fail("webgpu: the tensor belongs to a device that is gone, or to another thread; what was on it must be made anew");
}

void Queue::write(uint32_t buffer, const void* from, size_t bytes) {
  Guard guard(host_.lock_);
  append(guard, Command::write, {buffer, uint32_t(bytes)}, from, bytes);
}

void Queue::wait_answer(Guard& guard, uint32_t ticket, Answer& answer) {
  try {
    host_.wait(guard, breathe_, [&] { return answer.done || !failure_.empty(); });
  } catch (...) {
    if (!guard.owns_lock()) guard.lock();
    answers_.erase(ticket);
    throw;
  }
  answers_.erase(ticket);
}

void Queue::read(uint32_t buffer, void* to, size_t bytes) {
  Guard guard(host_.lock_);
  Answer answer{to, bytes, false, {}, {}};
  uint32_t ticket = host_.next_ticket_++;
  append(guard, Command::read, {buffer, uint32_t(bytes), ticket});
  answers_[ticket] = &answer;
  host_.signal();
  wait_answer(guard, ticket, answer);
  if (!answer.done) need_alive();
  if (!answer.error.empty()) fail("webgpu: ", answer.error);
  if (uint32_t at = answer.status[0]; at > 0 && at <= sites_.size()) {
    const Site& s = sites_[at - 1];
    int64_t value = int64_t(uint64_t(answer.status[2]) << 32 | answer.status[1]);
    throw Error(s.kind, concat(s.op, " on webgpu:0: ", s.before, s.after.empty() ? "" : std::to_string(value), s.after));
  }
}

uint32_t Queue::pipeline(const std::string& key, const std::string& name, uint32_t buffers, uint32_t writable, const std::function<std::string()>& wgsl) {
  Guard guard(host_.lock_);
  need_alive();
  auto it = host_.pipelines_.find(key);
  if (it != host_.pipelines_.end()) return it->second;
  std::string code = wgsl();
  std::string text = name + code;
  uint32_t id = host_.next_pipeline_++;
  size_t tail = (text.size() + 3) / 4, at = host_.definitions_.size();
  host_.definitions_.insert(host_.definitions_.end(), {uint32_t(Command::pipeline), uint32_t(7 + tail), id, buffers, writable, uint32_t(name.size()), uint32_t(code.size())});
  host_.definitions_.resize(at + 7 + tail, 0);
  std::memcpy(host_.definitions_.data() + at + 7, text.data(), text.size());
  return host_.pipelines_[key] = id;
}

void Queue::dispatch(uint32_t pipeline, std::array<uint32_t, 3> groups, const std::vector<uint32_t>& buffers, const std::vector<uint32_t>& params) {
  std::vector<uint32_t> tail;
  tail.reserve(buffers.size() + params.size());
  tail.insert(tail.end(), buffers.begin(), buffers.end());
  tail.insert(tail.end(), params.begin(), params.end());
  Guard guard(host_.lock_);
  append(guard, Command::dispatch, {pipeline, groups[0], groups[1], groups[2], uint32_t(buffers.size())}, tail.data(), tail.size() * 4);
}

uint32_t Queue::site(const Site& s) {
  Guard guard(host_.lock_);
  auto [it, fresh] = site_numbers_.try_emplace(s.op + '\n' + s.before + '\n' + s.after, uint32_t(sites_.size() + 1));
  if (fresh) sites_.push_back(s);
  return it->second;
}

}  // namespace weightroom::gpu
