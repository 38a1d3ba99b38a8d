// rand.hpp: the generator that every M owns. Go: fastrand, stubs.go:124
#pragma once
#include <cstdint>

namespace newproc {

/// wyrand (Wang Yi; public domain). One owner; no locking.
class FastRand {
 public:
  explicit FastRand(std::uint64_t seed = 1) : state_(seed) {}

  std::uint32_t next() {
    state_ += 0xa0761d6478bd642fULL;
    __extension__ using U128 = unsigned __int128;
    const U128 product = static_cast<U128>(state_) * (state_ ^ 0xe7037ed1a0b428dbULL);
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product));
  }
  /// Uniform below n, up to a bias of n / 2^32. Go: fastrandn, stubs.go:151
  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(next()) * n) >> 32);
  }

 private:
  std::uint64_t state_;
};

/// Spreads a seed and an index over 64 bits, so that neighbouring Ms draw unrelated numbers (splitmix64).
inline std::uint64_t mix_seed(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

}  // namespace newproc
