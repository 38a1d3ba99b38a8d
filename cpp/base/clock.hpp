// clock.hpp: the machine's clocks. Scheduler code asks its world instead; these are for worlds and limits.
#pragma once
#include <time.h>

#include <cstdint>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace newproc {

/// Nanoseconds of the monotonic clock.
inline std::uint64_t monotonic_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<std::uint64_t>(t.tv_nsec);
}

/// A counter that costs a few nanoseconds to read, for events and latencies; TickScale makes ns of it.
inline std::uint64_t cpu_ticks() {
#if defined(__x86_64__)
  return __rdtsc();
#else
  return monotonic_ns();
#endif
}

/// How ticks map to nanoseconds, measured between two looks at both clocks.
class TickScale {
 public:
  TickScale() : ticks0_(cpu_ticks()), ns0_(monotonic_ns()) {}
  /// Looks again: the longer ago the first look, the better the scale. Waits 1 ms if that was just now.
  void calibrate() {
    std::uint64_t ns = monotonic_ns();
    while (ns - ns0_ < 1'000'000) ns = monotonic_ns();
    const std::uint64_t ticks = cpu_ticks();
    ns_per_tick_ = static_cast<double>(ns - ns0_) / static_cast<double>(ticks - ticks0_);
  }
  std::uint64_t ns(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(ticks - ticks0_)) * ns_per_tick_);
  }
  /// A rough scale for histograms, without waiting.
  std::uint64_t duration_ns(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>(static_cast<double>(ticks) * ns_per_tick_);
  }

 private:
  std::uint64_t ticks0_, ns0_;
  double ns_per_tick_ = 0.5;
};

inline void cpu_relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace newproc
