// steal.cpp: taking work from other Ps. Go: stealWork, proc.go:3255
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {
constexpr int kPasses = 4;  // the last one may take runnext
constexpr std::uint32_t kStealBackoffUs = 3;  // runqgrab, proc.go:6393

Found steal_from(M* m, P* victim, bool runnext) {
  charge(m, Cost::look);
  point(m, RT_POINT_WAKE);
  std::uint32_t taken = 0;
  const auto backoff = [&] {
    // A running victim usually schedules its runnext within microseconds; taking it would make Gs thrash.
    if (victim->status.load(std::memory_order_relaxed) == RT_PRUNNING) m->sched->world.usleep(kStealBackoffUs);
  };
  G* gp = m->p->runq.steal(victim->runq, runnext, backoff, taken);
  if (gp == nullptr) return {};
  m->p->steals.add(taken);
  charge(m, Cost::steal);
  emit(m, RT_EV_STEAL, gp->goid, taken - 1, static_cast<std::uint64_t>(victim->id));
  return {gp, false, RT_FROM_STEAL, victim->id};
}

}  // namespace

/// restart: look again from the top, for a timer fired or the world needs attention.
Found stealWork(M* m, std::int64_t& now, std::int64_t& poll_until, bool& restart) {
  Sched& s = *m->sched;
  Found found;
  bool ran_timer = false, stop = false;
  for (int pass = 0; pass < kPasses && found.g == nullptr && !stop; ++pass) {
    const bool last = pass == kPasses - 1;
    s.steal_order.walk(m->rand.next(), [&](std::uint32_t i) {
      if (s.attention.load(std::memory_order_acquire) != 0) return stop = restart = true;
      P* victim = s.allp[i];
      if (victim == m->p) return false;
      if (last && victim->timers.size() != 0 && checkTimers(m, victim, now, poll_until)) {
        // What it readied is ours now, unless somebody has stolen it already.
        found = from_runq(s, m->p);
        if (found.g != nullptr) return true;
        ran_timer = true;
      }
      if (victim->status.load(std::memory_order_relaxed) == RT_PIDLE) return false;
      found = steal_from(m, victim, last);
      return found.g != nullptr;
    });
  }
  restart = restart || (found.g == nullptr && ran_timer);
  return found;
}

}  // namespace NEWPROC_NS
