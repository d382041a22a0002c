#include "random/generator.h"

#include <cmath>

namespace weightroom {

void Generator::manual_seed(uint64_t seed) {
  seed_ = seed;
  cached_normal_.reset();
  state_[0] = uint32_t(seed);
  for (uint32_t i = 1; i < 624; ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
  next_ = 624;
}

void Generator::refill() {
  auto twist = [](uint32_t u, uint32_t v) { return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ ((v & 1u) ? 0x9908b0dfu : 0u); };
  for (int i = 0; i < 227; ++i) state_[i] = state_[i + 397] ^ twist(state_[i], state_[i + 1]);
  for (int i = 227; i < 623; ++i) state_[i] = state_[i - 227] ^ twist(state_[i], state_[i + 1]);
  state_[623] = state_[396] ^ twist(state_[623], state_[0]);
  next_ = 0;
}

uint32_t Generator::random32() {
  if (next_ == 624) refill();
  uint32_t y = state_[next_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
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
