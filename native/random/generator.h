// The Mersenne Twister as PyTorch's CPU generator uses it: same seeds, same numbers.
#pragma once
#include <cstdint>
#include <optional>

namespace weightroom {

class Generator {
 public:
  static constexpr uint64_t kDefaultSeed = 67280421310721ull;
  explicit Generator(uint64_t seed = kDefaultSeed) { manual_seed(seed); }

  // Only the low 32 bits choose the sequence, as in PyTorch; forgets the cached normal.
  void manual_seed(uint64_t seed);
  uint64_t seed() const { return seed_; }

  uint32_t random32();
  uint64_t random64() {
    uint64_t high = random32();
    return (high << 32) | random32();
  }
  // Uniform on [0, 1): 24 bits for float, 53 for double.
  float uniform24() { return float(random32() & 0xffffff) * 0x1p-24f; }
  double uniform53() { return double(random64() & ((1ull << 53) - 1)) * 0x1p-53; }
  // PyTorch's state bytes (torch.get_rng_state), 5056 of them.
  static constexpr size_t kStateBytes = 5056;
  void get_state(uint8_t* out) const;
  void set_state(const uint8_t* in);
  // A standard normal by Box-Muller in double; every second one is cached.
  double normal();

 private:
  void refill();
  uint32_t state_[624];
  int next_ = 624;
  bool drawn_ = false;  // since the seed
  uint64_t seed_ = 0;
  std::optional<double> cached_normal_;
};

}  // namespace weightroom
