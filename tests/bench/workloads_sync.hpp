// workloads_sync.hpp: what is measured of channels, locks and time, by the rig's names.
#pragma once
#include <atomic>
#include <cstdint>
#include <vector>

#include "adapter.hpp"
#include "clock.hpp"

namespace bench {

/// A channel of long, for one workload.
class Chan {
 public:
  explicit Chan(std::size_t cap = 0) { check(rt_chan_new(nullptr, sizeof(long), cap, &c_), "rt_chan_new"); }
  ~Chan() { rt_chan_free(c_); }
  Chan(const Chan&) = delete;
  Chan& operator=(const Chan&) = delete;
  void send(long v) { rt_chan_send(c_, &v); }
  long recv() {
    long v = 0;
    rt_chan_recv(c_, &v, nullptr);
    return v;
  }
  bool recv_ok(long& v) {
    int ok = 0;
    rt_chan_recv(c_, &v, &ok);
    return ok != 0;
  }
  void close() { check(rt_chan_close(c_), "rt_chan_close"); }

 private:
  rt_chan* c_ = nullptr;
};

/// What a workload computed must be what it should be, or there is no number.
inline void expect(long is, long should, const char* workload) {
  if (is == should) return;
  std::fprintf(stderr, "%s: %ld, not %ld\n", workload, is, should);
  std::exit(1);
}

/// Unbuffered ping-pong, a round trip.
inline long w3() {
  constexpr long kRounds = 1'000'000;
  struct Shared {
    Chan a, b;
  } shared;
  spawn([s = &shared] {
    for (long i = 0; i < kRounds; ++i) s->b.send(s->a.recv() + 1);
  });
  long v = 0;
  for (long i = 0; i < kRounds; ++i) {
    shared.a.send(v);
    v = shared.b.recv();
  }
  expect(v, kRounds, "W3");
  return kRounds;
}

/// Skynet: a tree of goroutines, ten at each node, whose numbers come back over channels.
struct Sky {
  Chan* out;
  long num, size;
};
inline void skynet(Sky* sky) {
  const Sky me = *sky;
  if (me.size == 1) return me.out->send(me.num);
  Chan in;
  Sky children[10];
  for (int i = 0; i < 10; ++i) {
    children[i] = Sky{&in, me.num + i * (me.size / 10), me.size / 10};
    spawn([child = &children[i]] { skynet(child); });
  }
  long sum = 0;
  for (int i = 0; i < 10; ++i) sum += in.recv();
  me.out->send(sum);
}
inline long w4() {
  constexpr long kLeaves = 1'000'000;
  Chan out;
  Sky top{&out, 0, kLeaves};
  spawn([sky = &top] { skynet(sky); });
  expect(out.recv(), kLeaves * (kLeaves - 1) / 2, "W4");
  return kLeaves;
}

/// Skynet by joins: each number goes to a slot of the parent, who waits for all ten.
struct SkyJoin {
  rt_waitgroup* up;
  long num, size;  // num is replaced by the sum of the leaves below
};
inline void skynet_join(SkyJoin* sky) {
  if (sky->size > 1) {
    rt_waitgroup all{};
    check(rt_waitgroup_add(&all, 10), "rt_waitgroup_add");
    SkyJoin children[10];
    const long size = sky->size / 10;
    for (int i = 0; i < 10; ++i) {
      children[i] = SkyJoin{&all, sky->num + i * size, size};
      spawn([child = &children[i]] { skynet_join(child); });
    }
    rt_waitgroup_wait(&all);
    sky->num = 0;
    for (const SkyJoin& child : children) sky->num += child.num;
  }
  rt_waitgroup_done(sky->up);
}
inline long w4j() {
  constexpr long kLeaves = 1'000'000;
  rt_waitgroup all{};
  check(rt_waitgroup_add(&all, 1), "rt_waitgroup_add");
  SkyJoin top{&all, 0, kLeaves};
  spawn([sky = &top] { skynet_join(sky); });
  rt_waitgroup_wait(&all);
  expect(top.num, kLeaves * (kLeaves - 1) / 2, "W4j");
  return kLeaves;
}

/// 100,000 park on one channel. Returns the resident bytes of each.
inline double w5() {
  constexpr long kGoroutines = 100'000;
  struct Shared {
    Chan release;
    rt_waitgroup ready{}, done{};
  } shared;
  check(rt_waitgroup_add(&shared.ready, kGoroutines), "rt_waitgroup_add");
  check(rt_waitgroup_add(&shared.done, kGoroutines), "rt_waitgroup_add");
  const double before = memory().rss;
  for (long i = 0; i < kGoroutines; ++i)
    spawn([s = &shared] {
      rt_waitgroup_done(&s->ready);
      s->release.recv();
      rt_waitgroup_done(&s->done);
    });
  rt_waitgroup_wait(&shared.ready);
  const double bytes = (memory().rss - before) / static_cast<double>(kGoroutines);
  shared.release.close();
  rt_waitgroup_wait(&shared.done);
  return bytes;
}

/// 100,000 sleep 0 to 100 ms, all times equally often. Returns the processor's time, ns for each.
inline double w8() {
  constexpr long kSleepers = 100'000, kStride = 7919, kUs = 1000;  // the stride has no divisor of kSleepers
  struct Sleeper {
    rt_waitgroup* all;
    long us;
  };
  rt_waitgroup all{};
  check(rt_waitgroup_add(&all, kSleepers), "rt_waitgroup_add");
  std::vector<Sleeper> sleepers;
  for (long i = 0; i < kSleepers; ++i) sleepers.push_back({&all, i * kStride % kSleepers});
  const double before = cpu_ns();
  for (Sleeper& one : sleepers)
    spawn([sleeper = &one] {
      rt_sleep(sleeper->us * kUs);
      rt_waitgroup_done(sleeper->all);
    });
  rt_waitgroup_wait(&all);
  return (cpu_ns() - before) / static_cast<double>(kSleepers);
}

/// 100 producers and 100 consumers of one channel of 100, an item.
inline long w6() {
  constexpr long kProducers = 100, kConsumers = 100, kItems = 1'000'000;
  struct Shared {
    Chan c{100};
    rt_waitgroup producers{}, consumers{};
    std::atomic<long> sum{0};
  } shared;
  rt_waitgroup_add(&shared.producers, kProducers);
  rt_waitgroup_add(&shared.consumers, kConsumers);
  for (long i = 0; i < kConsumers; ++i)
    spawn([s = &shared] {
      long sum = 0;
      for (long v; s->c.recv_ok(v);) sum += v;
      s->sum += sum;
      rt_waitgroup_done(&s->consumers);
    });
  for (long i = 0; i < kProducers; ++i)
    spawn([s = &shared] {
      for (long k = 0; k < kItems / kProducers; ++k) s->c.send(1);
      rt_waitgroup_done(&s->producers);
    });
  rt_waitgroup_wait(&shared.producers);
  shared.c.close();
  rt_waitgroup_wait(&shared.consumers);
  expect(shared.sum, kItems, "W6");
  return kItems;
}

/// 1,000 goroutines that lock and unlock one mutex `each` times, with or without a yield inside.
inline long locks(long each, bool yielding) {
  constexpr long kGoroutines = 1000;
  struct Shared {
    rt_mutex mu{};
    rt_waitgroup wg{};
    long count = 0, each;
    bool yielding;
  } shared;
  shared.each = each;
  shared.yielding = yielding;
  rt_waitgroup_add(&shared.wg, kGoroutines);
  for (long i = 0; i < kGoroutines; ++i)
    spawn([s = &shared] {
      for (long k = 0, n = s->each; k < n; ++k) {
        rt_mutex_lock(&s->mu);
        ++s->count;
        if (s->yielding) rt_gosched();
        rt_mutex_unlock(&s->mu);
      }
      rt_waitgroup_done(&s->wg);
    });
  rt_waitgroup_wait(&shared.wg);
  expect(shared.count, kGoroutines * each, "W7");
  return kGoroutines * each;
}
inline long w7() { return locks(1000, false); }
inline long w7y() { return locks(100, true); }

}  // namespace bench
