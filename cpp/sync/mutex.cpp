// mutex.cpp: Mutex, in normal and starvation mode. Go: sync/mutex.go:72-265
//
// state: locked, woken, starving, and the number of waiters above them. An Unlock in normal mode wakes the
// first waiter but gives it nothing: whoever is running may take the mutex again. A waiter that lost for
// more than 1 ms asks for starvation mode, in which Unlock hands the mutex over.
#include <thread>

#include "base/clock.hpp"
#include "sync/enter.hpp"
#include "sync/locks.hpp"
#include "sync/sema.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::int32_t kLocked = 1, kWoken = 2, kStarving = 4, kWaiter = 8;
constexpr std::uint64_t kStarvationNs = 1'000'000;  // mutex.go:69
constexpr int kActiveSpin = 4, kActiveSpinCount = 30;  // rounds, pauses: lock_futex.go:30

/// Worth spinning: the holder runs on another P, and nothing else could run here. proc.go:6604
bool canSpin(M* m, int round) {
  static const bool many_cpus = std::thread::hardware_concurrency() > 1;
  if (kSim || !many_cpus || round >= kActiveSpin) return false;
  const Sched& s = *m->sched;
  const std::uint32_t idle = s.npidle.load(std::memory_order_relaxed) + s.nmspinning.load(std::memory_order_relaxed);
  return s.gomaxprocs.load(std::memory_order_relaxed) > idle + 1 && static_cast<P*>(m->p)->runq.empty();
}

/// One waiter's way to the mutex.
struct Locking {
  std::uint64_t wait_start = 0;  // a stamp, once it has waited
  bool waited = false, starving = false, awoke = false;

  void start_waiting(const World& world) {
    if (!waited) wait_start = world.stamp();
    waited = true;
  }
  bool waits_too_long(const World& world) const {
    const std::uint64_t now = world.stamp();  // of another CPU, perhaps: some ticks behind
    return now > wait_start && world.duration_ns(now - wait_start) > kStarvationNs;
  }

  /// The state that this waiter wants next.
  std::int32_t next(std::int32_t old) const {
    if (awoke && (old & kWoken) == 0) gothrow("sync: inconsistent mutex state");
    std::int32_t now = old;
    if ((old & kStarving) == 0) now |= kLocked;  // a starving mutex is handed over: do not try
    if ((old & (kLocked | kStarving)) != 0) now += kWaiter;
    if (starving && (old & kLocked) != 0) now |= kStarving;
    if (awoke) now &= ~kWoken;
    return now;
  }
  /// Before parking: tells Unlock that nobody need be woken, for this one looks already.
  bool spin(M* m, std::atomic_ref<std::int32_t>& state, std::int32_t old, int round) {
    if ((old & (kLocked | kStarving)) != kLocked || !canSpin(m, round)) return false;
    if (!awoke && (old & kWoken) == 0 && old >> 3 != 0)
      awoke = state.compare_exchange_strong(old, old | kWoken, std::memory_order_relaxed);
    for (int i = 0; i < kActiveSpinCount; ++i) cpu_relax();
    return true;
  }
};

/// Flat, and the last thing that mutex_lock does: see chan.cpp.
NEWPROC_FLAT [[gnu::noinline]] rt_status lock_slow(M* m, rt_mutex* l) {
  auto state = shared(l->state);
  Locking me;
  int round = 0;
  for (std::int32_t old = state.load(std::memory_order_relaxed);;) {
    if (me.spin(m, state, old, round)) {
      ++round;
      old = state.load(std::memory_order_relaxed);
      continue;
    }
    if (!state.compare_exchange_strong(old, me.next(old), std::memory_order_acq_rel, std::memory_order_relaxed)) continue;
    if ((old & (kLocked | kStarving)) == 0) break;
    const bool lifo = me.waited;
    me.start_waiting(m->sched->world);
    semacquire(m, l->sema, lifo, RT_WAIT_MUTEX_LOCK, l);
    m = getm();
    me.starving = me.starving || me.waits_too_long(m->sched->world);
    old = state.load(std::memory_order_relaxed);
    if ((old & kStarving) != 0) {  // it was handed to us; the books are still as before
      std::int32_t delta = kLocked - kWaiter;
      if (!me.starving || old >> 3 == 1) delta -= kStarving;
      state.fetch_add(delta, std::memory_order_acq_rel);
      break;
    }
    me.awoke = true;
    round = 0;
  }
  hb_lock_acquire(m, l);
  lock_taken(m, l, false, true);
  return RT_OK;
}

NEWPROC_FLAT [[gnu::noinline]] void unlock_slow(M* m, rt_mutex* l, std::int32_t now) {
  auto state = shared(l->state);
  if (((now + kLocked) & kLocked) == 0) fatal("sync: unlock of unlocked mutex");
  if ((now & kStarving) != 0) return semrelease(m, l->sema, true);
  for (;;) {
    if (now >> 3 == 0 || (now & (kLocked | kWoken | kStarving)) != 0) return;
    if (!state.compare_exchange_strong(now, (now - kWaiter) | kWoken, std::memory_order_acq_rel, std::memory_order_relaxed))
      continue;
    return semrelease(m, l->sema, false);
  }
}

}  // namespace

rt_status mutex_lock(rt_mutex* l) {
  M* m = enter("rt_mutex_lock", RT_OP_SYNC, l);
  if (m == nullptr) return RT_EPLACE;
  std::int32_t free = 0;
  if (__builtin_expect(!shared(l->state).compare_exchange_strong(free, kLocked, std::memory_order_acquire), 0)) return lock_slow(m, l);
  hb_lock_acquire(m, l);
  lock_taken(m, l, false, true);
  return RT_OK;
}

rt_status mutex_try_lock(rt_mutex* l) {
  const M* m = enter("rt_mutex_try_lock", RT_OP_SYNC, l);
  if (m == nullptr) return RT_EPLACE;
  auto state = shared(l->state);
  std::int32_t old = state.load(std::memory_order_relaxed);
  if ((old & (kLocked | kStarving)) != 0) return RT_EWOULDBLOCK;
  if (!state.compare_exchange_strong(old, old | kLocked, std::memory_order_acquire)) return RT_EWOULDBLOCK;
  hb_lock_acquire(m, l);
  lock_taken(m, l, false, false);
  return RT_OK;
}

rt_status mutex_unlock(rt_mutex* l) {
  M* m = enter("rt_mutex_unlock", RT_OP_SYNC | kGivesBack, l);
  if (m == nullptr) return RT_EPLACE;
  hb_lock_release(m, l);
  lock_given(m, l);
  const std::int32_t now = shared(l->state).fetch_sub(kLocked, std::memory_order_release) - kLocked;
  if (__builtin_expect(now != 0, 0)) unlock_slow(m, l, now);
  return RT_OK;
}

}  // namespace NEWPROC_NS
