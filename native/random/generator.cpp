#include "random/generator.h"

#include <cmath>
#include <cstring>

namespace weightroom {

void Generator::manual_seed(uint64_t seed) {
  seed_ = seed;
  cached_normal_.reset();
  state_[0] = uint32_t(seed);
  for (uint32_t i = 1; i < 624; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  next_ = 624;
  drawn_ = false;
}

void Generator::refill() {
  auto twist = [](uint32_t u, uint32_t v) { return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ ((v & 1u) ? 0x9908b0dfu : 0u); };
  for (int i = 0; i < 227; ++i) state_[i] = state_[i + 397] ^ twist(state_[i], state_[i + 1]);
  for (int i = 227; i < 623; ++i) state_[i] = state_[i - 227] ^ twist(state_[i], state_[i + 1]);
  state_[623] = state_[396] ^ twist(state_[623], state_[0]);
  next_ = 0;
  drawn_ = true;
}

uint32_t Generator::random32() {
  if (next_ == 624) refill();
  uint32_t y = state_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

// Seed, numbers left and used in this block, 624 words as 64-bit numbers, then the cached normal.
void Generator::get_state(uint8_t* out) const {
  std::memset(out, 0, kStateBytes);
  bool fresh = next_ == 624 && !drawn_;
  int32_t left = fresh ? 1 : 625 - next_, seeded = 1;
  uint64_t next = fresh ? 0 : uint64_t(next_);
  std::memcpy(out, &seed_, 8);
  std::memcpy(out + 8, &left, 4);
  std::memcpy(out + 12, &seeded, 4);
  std::memcpy(out + 16, &next, 8);
  for (size_t i = 0; i < 624; ++i) { uint64_t w = state_[i]; std::memcpy(out + 24 + 8 * i, &w, 8); }
  if (cached_normal_) {
    int32_t valid = 1;
    std::memcpy(out + 5024, &*cached_normal_, 8);
    std::memcpy(out + 5040, &valid, 4);
  }
}

void Generator::set_state(const uint8_t* in) {
  int32_t left, valid;
  uint64_t next;
  std::memcpy(&seed_, in, 8);
  std::memcpy(&left, in + 8, 4);
  std::memcpy(&next, in + 16, 8);
  for (size_t i = 0; i < 624; ++i) { uint64_t w; std::memcpy(&w, in + 24 + 8 * i, 8); state_[i] = uint32_t(w); }
  next_ = left == 1 ? 624 : int(next > 624 ? 624 : next);
  drawn_ = next != 0;
  std::memcpy(&valid, in + 5040, 4);
  cached_normal_.reset();
  if (valid) { double v; std::memcpy(&v, in + 5024, 8); cached_normal_ = v; }
}

double Generator::normal() {
  if (cached_normal_) {
    double v = *cached_normal_;
    cached_normal_.reset();
    return v;
  }
  double u1 = uniform53(), u2 = uniform53();
  double r = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * M_PI * u1;
  cached_normal_ = r * std::sin(theta);
  return r * std::cos(theta);
}

}  // namespace weightroom
