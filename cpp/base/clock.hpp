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
  /// The first of a process waits 0.2 ms, which gives three digits: enough for histograms.
  TickScale() : ticks0_(cpu_ticks()), ns0_(monotonic_ns()) {
    static const double measured = [this] { return measure(200'000); }();
    ns_per_tick_ = measured;
    scaled_ = static_cast<std::uint64_t>(measured * 4294967296.0);
  }
  /// Looks again: the longer ago the first look, the better the scale. Waits 1 ms if that was just now.
  void calibrate() { ns_per_tick_ = measure(1'000'000); }
  std::uint64_t ns(std::uint64_t ticks) const {
    return static_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(ticks - ticks0_)) * ns_per_tick_);
  }
  /// For histograms, at the price of one multiplication.
  std::uint64_t duration_ns(std::uint64_t ticks) const {
    __extension__ using U128 = unsigned __int128;
    return static_cast<std::uint64_t>((static_cast<U128>(ticks) * scaled_) >> 32);
  }

 private:
  double measure(std::uint64_t at_least_ns) const {
    std::uint64_t ns = monotonic_ns();
    while (ns - ns0_ < at_least_ns) ns = monotonic_ns();
    return static_cast<double>(ns - ns0_) / static_cast<double>(cpu_ticks() - ticks0_);
  }
  std::uint64_t ticks0_, ns0_;
  double ns_per_tick_;
  std::uint64_t scaled_;  // ns of a tick, times 2^32; never changes
};

inline void cpu_relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

}  // namespace newproc
