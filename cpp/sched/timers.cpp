// timers.cpp: whose timers are looked at, and when. Go: addtimer, deltimer, modtimer, checkTimers; time.go:256-520,
// proc.go:3654. The heap itself: queue/timerheap.hpp
//
// Every P has a heap under a lock of its own. The M that holds the P looks at it before it chooses a
// goroutine; a thief looks on its last pass; what is due runs there, on g0, and what it readies goes to the P
// of that M.
#include "base/error.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

struct Locked {
  explicit Locked(P* p) : p(p) { p->timers_lock.lock(); }
  ~Locked() { p->timers_lock.unlock(); }
  Locked(const Locked&) = delete;
  P* p;
};

/// The P whose heap has t, locked; null: none has it.
P* lock_owner(Timer* t) {
  for (;;) {
    P* p = static_cast<P*>(t->owner.load(std::memory_order_acquire));
    if (p == nullptr) return nullptr;
    p->timers_lock.lock();
    if (t->owner.load(std::memory_order_relaxed) == p) return p;
    p->timers_lock.unlock();  // it fired, or moved, meanwhile
  }
}

}  // namespace

std::int64_t when_after(const Sched& s, std::int64_t ns) {
  const auto now = static_cast<std::int64_t>(s.world.nanotime());
  return ns > kMaxWhen - now ? kMaxWhen : now + ns;
}

rt_status addtimer(M* m, Timer* t) {
  P* p = m->p;
  const std::int64_t when = t->when;
  {
    Locked heap(p);
    if (!p->timers.reserve()) return fail(RT_ENOMEM, "the system gave no memory for one more timer");
    p->timers.add(t, p);
  }
  wakeNetPoller(m, when);
  return RT_OK;
}

bool deltimer(Timer* t) {
  P* p = lock_owner(t);
  if (p == nullptr) return false;
  const bool active = p->timers.remove(t);
  p->timers_lock.unlock();
  return active;
}

/// Stops t, and calls release(t) when no heap has it any more. False: none has it now, and nothing is called.
bool deltimer_for_good(Timer* t, void (*release)(Timer*)) {
  P* p = lock_owner(t);
  if (p == nullptr) return false;
  t->release = release;
  p->timers.remove(t);
  p->timers_lock.unlock();
  return true;
}

rt_status modtimer(M* m, Timer* t, std::int64_t when, std::int64_t period, bool* active) {
  if (P* p = lock_owner(t); p != nullptr) {
    bool earlier = false;
    *active = p->timers.modify(t, when, period, &earlier);
    p->timers_lock.unlock();
    if (earlier) wakeNetPoller(m, when);
    return RT_OK;
  }
  *active = false;
  t->when = when;
  t->period = period;
  return addtimer(m, t);
}

bool timers_due(const Sched& s, const P* p) {
  const std::int64_t next = p->timers.next_look();
  return next != 0 && next <= static_cast<std::int64_t>(s.world.nanotime());
}

/// now: 0 if nobody has read the clock yet. poll_until: the earliest time at which something here may be due,
/// if that is earlier than what is in it (0: nothing).
bool checkTimers(M* m, P* p, std::int64_t& now, std::int64_t& poll_until) {
  const auto later = [&poll_until](std::int64_t when) {
    if (when > 0 && (poll_until == 0 || when < poll_until)) poll_until = when;
  };
  const std::int64_t next = p->timers.next_look();
  if (next == 0) return false;
  if (now == 0) now = static_cast<std::int64_t>(m->sched->world.nanotime());
  const bool clear = p == m->p && p->timers.deleted() > p->timers.size() / 4;
  if (now < next && !clear) {
    later(next);
    return false;
  }
  bool ran = false;
  p->timers_lock.lock();
  p->timers.adjust(now);
  for (;;) {
    const Look look = p->timers.run(now, m->sched->run);
    if (look.fired == nullptr) {
      later(look.when);
      break;
    }
    ran = true;
    p->timers_lock.unlock();
    look.fire(m, look.fired);
    p->timers_lock.lock();
  }
  if (p == m->p && p->timers.deleted() > p->timers.size() / 4) p->timers.clear_deleted();
  p->timers_lock.unlock();
  return ran;
}

std::int64_t checkTimersNoP(const Sched& s, std::int64_t poll_until) {
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::int64_t when = s.allp[i]->timers.next_look();
    if (when != 0 && (poll_until == 0 || when < poll_until)) poll_until = when;
  }
  return poll_until;
}

void move_timers(P* from, P* to) {
  from->timers.drain([to](Timer* t) {
    if (!to->timers.reserve()) gothrow("moveTimers: out of memory");
    to->timers.add(t, to);
  });
}

void forget_timers(Sched& s) {
  for (std::uint32_t i = 0; i < s.nallp; ++i) s.allp[i]->timers.drain([](Timer* t) {
      if (t->forget != nullptr) t->forget(t);
    });
}

}  // namespace NEWPROC_NS
