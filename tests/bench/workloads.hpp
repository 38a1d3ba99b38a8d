// workloads.hpp: what is measured, by the rig's names. Each runs in a goroutine and returns how many operations it did.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "adapter.hpp"
#include "workloads_sync.hpp"

namespace bench {

inline std::atomic<std::uint64_t> counter{0};
inline std::atomic<std::uint64_t> sink{0};

/// Counts, so that every goroutine has an effect that the end can verify.
inline void spawn_and_wait(long n) {
  Wg wg(static_cast<std::uint64_t>(n));
  for (long i = 0; i < n; ++i)
    spawn([w = &wg] {
      counter.fetch_add(1, std::memory_order_relaxed);
      w->done();
    });
  wg.wait();
}

inline long w1() {
  spawn_and_wait(1'000'000);
  return 1'000'000;
}

inline long w1b() {
  for (int batch = 0; batch < 10'000; ++batch) spawn_and_wait(100);
  return 1'000'000;
}

/// `goroutines` yield in turns until `switches` have happened.
inline long yields(long goroutines, long switches) {
  struct Shared {
    Wg wg;
    long each;
  } shared{Wg(static_cast<std::uint64_t>(goroutines)), switches / goroutines};
  for (long i = 0; i < goroutines; ++i)
    spawn([s = &shared] {
      for (long j = 0, n = s->each; j < n; ++j) yield();
      s->wg.done();
    });
  shared.wg.wait();
  return shared.each * goroutines;
}

inline long w2_2() { return yields(2, 5'000'000); }
inline long w2_1000() { return yields(1000, 5'000'000); }

/// One dependent chain, which no compiler shortens and Go's compiles to the same two instructions.
inline std::uint64_t compute(long steps) {
  std::uint64_t x = 1;
  for (long i = 0; i < steps; ++i) x = x * 6364136223846793005ULL + 1442695040888963407ULL;
  return x;
}

/// Steps of compute() that take 5 us: bench.py finds them once, so that every program of a run does the same work.
inline long five_us_steps() {
  const char* given = std::getenv("BENCH_5US_STEPS");
  return given != nullptr ? std::atol(given) : 4000;
}

inline long w5us() {
  constexpr long kGoroutines = 40'000;
  struct Shared {
    Wg wg{kGoroutines};
    long steps = five_us_steps();
  } shared;
  for (long i = 0; i < kGoroutines; ++i)
    spawn([s = &shared] {
      sink.fetch_add(compute(s->steps), std::memory_order_relaxed);
      s->wg.done();
    });
  shared.wg.wait();
  return kGoroutines;
}

inline const std::map<std::string, std::function<long()>>& workloads() {
  static const std::map<std::string, std::function<long()>> all = {
      {"W1", w1}, {"W1b", w1b}, {"W2_2", w2_2}, {"W2_1000", w2_1000}, {"W5us", w5us},
      {"W3", w3}, {"W4", w4}, {"W4j", w4j}, {"W6", w6}, {"W7", w7}, {"W7y", w7y}};
  return all;
}

/// What is not measured by the clock on the wall. Each returns its number for one goroutine.
inline const std::map<std::string, std::function<double()>>& gauges() {
  static const std::map<std::string, std::function<double()>> all = {{"W5", w5}, {"W8", w8}};
  return all;
}

}  // namespace bench
