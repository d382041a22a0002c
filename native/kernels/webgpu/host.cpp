#include <chrono>
#include <cstring>

#include "kernels/webgpu/queue.h"

namespace weightroom::gpu {

using namespace std::chrono_literals;

Host& Host::get() { static Host* h = new Host; return *h; }

void Host::wait(std::unique_lock<std::mutex>& guard, const std::function<void()>& breathe, const std::function<bool()>& ready) {
  while (!changed_.wait_for(guard, 50ms, ready)) {
    if (!breathe) continue;
    guard.unlock();
    breathe();
    guard.lock();
  }
}
uint32_t Host::claim(bool is_main, const std::function<void()>& breathe) {
  std::unique_lock guard(lock_);
  if (state_ == State::starting || state_ == State::ready || (state_ == State::failed && !again_)) return 0;
  state_ = State::starting;
  detail_ = "it is starting";
  resting_ = rested_ = told_ = false;
  uint32_t mine = ++generation_;
  if (is_main || !main_) return mine;
  asked_ = true;
  main_();
  // A main thread that is busy or waits for us cannot answer: then the worker is ours.
  auto deadline = std::chrono::steady_clock::now() + 2s;
  try {
    wait(guard, breathe, [&] { return !asked_ || std::chrono::steady_clock::now() > deadline; });
  } catch (...) {
    if (!guard.owns_lock()) guard.lock();
    if (asked_) { asked_ = false; state_ = State::none; }
    throw;
  }
  if (!asked_) return 0;
  asked_ = false;
  return mine;
}

uint32_t Host::accept() {
  std::lock_guard guard(lock_);
  if (!asked_) return 0;
  asked_ = false;
  changed_.notify_all();
  return generation_;
}

Host::State Host::wait_started(const std::function<void()>& breathe) {
  std::unique_lock guard(lock_);
  wait(guard, breathe, [&] { return state_ != State::starting; });
  return state_;
}

void Host::rest(int ms) {
  std::unique_lock guard(lock_);
  if (state_ != State::ready || !wake_) return;
  resting_ = true;
  auto wake = wake_;
  wake();
  changed_.wait_for(guard, std::chrono::milliseconds(ms), [&] { return rested_; });
  lose("the process is ending");
  state_ = State::failed;
  again_ = false;
}

void Host::attach(uint32_t generation, std::function<void()> wake) {
  std::lock_guard guard(lock_);
  if (generation == generation_) wake_ = std::move(wake);
}

void Host::ready(uint32_t generation, const std::string& adapter, Limits limits) {
  std::lock_guard guard(lock_);
  if (generation != generation_) return;
  state_ = State::ready;
  detail_ = adapter;
  limits_ = limits;
  changed_.notify_all();
}

void Host::lose(const std::string& why) {
  wake_ = nullptr;
  for (auto& [id, q] : queues_) if (q->failure_.empty()) { q->failure_ = why; q->words_.clear(); }
  queues_.clear();
  pending_.clear();
  pipelines_.clear();
  definitions_.clear();
  changed_.notify_all();
}

void Host::failed(uint32_t generation, const std::string& why, bool again) {
  std::lock_guard guard(lock_);
  if (generation != generation_ || state_ == State::failed) return;
  state_ = State::failed;
  detail_ = why;
  again_ = again;
  lose(why);
}

void Host::signal() {
  if (told_ || !wake_) return;
  told_ = true;
  wake_();
}

std::vector<uint32_t> Host::take(uint32_t generation) {
  std::lock_guard guard(lock_);
  std::vector<uint32_t> out;
  if (generation != generation_ || resting_) return out;
  if (!definitions_.empty()) {
    out.push_back(0);
    out.insert(out.end(), definitions_.begin(), definitions_.end());
    definitions_.clear();
    return out;
  }
  if (pending_.empty()) { told_ = false; return out; }
  auto q = pending_.front();
  pending_.pop_front();
  q->listed_ = false;
  q->waiting_ = 0;
  out.reserve(q->words_.size() + 1);
  out.push_back(q->id_);
  out.insert(out.end(), q->words_.begin(), q->words_.end());
  q->words_.clear();
  changed_.notify_all();  // whoever waits for room
  return out;
}

void Host::done(uint32_t queue, uint32_t ticket, const void* bytes, size_t n, const std::string& error, const std::array<uint32_t, 3>& status) {
  std::lock_guard guard(lock_);
  auto it = queues_.find(queue);
  if (it == queues_.end()) return;
  auto at = it->second->answers_.find(ticket);
  if (at == it->second->answers_.end()) return;  // the thread that asked is gone
  Queue::Answer& a = *at->second;
  a.error = error;
  if (error.empty() && n < a.bytes) a.error = "a read came back short";
  else if (error.empty() && a.bytes) std::memcpy(a.to, bytes, a.bytes);
  a.status = status;
  a.done = true;
  changed_.notify_all();
}

}  // namespace weightroom::gpu
