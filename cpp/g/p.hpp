// p.hpp: P, the right to run goroutines, with the queues that go with it. Go: type p, runtime2.go:621
#pragma once
#include <atomic>
#include <cstdint>

#include "base/relaxed.hpp"
#include "g/g.hpp"
#include "g/sudog.hpp"
#include "queue/gfree.hpp"
#include "queue/runq.hpp"
#include "queue/staged.hpp"
#include "queue/timerheap.hpp"

namespace NEWPROC_NS {

struct M;

/// Run-queue latency of tracked goroutines: bucket i counts waits below 2^i ns.
struct TimeHistogram {
  std::atomic<std::uint64_t> buckets[RT_TIME_BUCKETS] = {};
  void record(std::uint64_t ns) {
    const int bucket = ns == 0 ? 0 : 64 - __builtin_clzll(ns);
    auto& b = buckets[bucket < RT_TIME_BUCKETS ? bucket : RT_TIME_BUCKETS - 1];
    b.store(b.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);  // one writer, the owner
  }
};

/// A counter with one writer and many readers.
struct OwnerCounter {
  std::atomic<std::uint64_t> value{0};
  void add(std::uint64_t n) { value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value.load(std::memory_order_relaxed); }
};

struct QueuePoint {
  static void at() { point_here(RT_POINT_QUEUE); }
};

struct alignas(64) P {
  std::int32_t id = 0;
  std::atomic<std::uint32_t> status{RT_PGCSTOP};
  P* link = nullptr;  // on sched.pidle
  Relaxed<M*> m = nullptr;
  std::atomic<std::uint32_t> schedtick{0};    // time slices: not moved by a goroutine that inherits one
  std::atomic<std::uint32_t> syscalltick{0};
  Relaxed<std::uint64_t> goidcache = 0;  // [goidcache, goidcacheend) are ids in hand
  Relaxed<std::uint64_t> goidcacheend = 0;
  LocalGfree<G> gfree;
  SudogCache sudogs;
  std::atomic<bool> preempt{false};
  std::uint8_t tracking_seq = 0;  // of the next spawn

  // Counters for rt_stats.
  OwnerCounter created, exited, switches, steals, scannable;
  TimeHistogram time_to_run;

  Lock timers_lock;
  TimerHeap timers;

  // sysmon's memory of its last look.
  std::uint32_t seen_schedtick = 0, seen_syscalltick = 0;
  std::uint64_t seen_when = 0, seen_syscall_when = 0;

  alignas(64) RunQueue<G, 256, QueuePoint> runq;
  Staged<G> staged;  // yielded here, and part of the global queue already
};

}  // namespace NEWPROC_NS
