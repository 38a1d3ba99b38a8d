#include "sync/timer.hpp"

#include <cstdlib>
#include <new>

#include "base/clock.hpp"
#include "sync/enter.hpp"

namespace NEWPROC_NS {
namespace {

/// The callbacks run on g0, or in a thief's last pass, with a P and no lock.
void wake_sleeper(void* m, Timer* t) {
  auto* gp = static_cast<G*>(t->arg);
  if (!ready(static_cast<M*>(m), gp, true)) gothrow("goroutineReady: bad g status");
}

/// time/sleep.go:139: the time, if there is room for it.
void send_time(void* m, Timer* t) {
  auto* timer = static_cast<ProgramTimer*>(t->arg);
  auto* c = static_cast<Chan*>(timer->c);
  const auto now = static_cast<std::int64_t>(timer->owner->world.nanotime());
  lock_chan(c);
  if (!send_now(static_cast<M*>(m), c, &now)) c->lock.unlock();
  timer->firing.store(0, std::memory_order_release);  // it may be freed from here on
}

void dispose(Timer* t) {
  auto* timer = static_cast<ProgramTimer*>(t->arg);
  std::free(timer->c);
  delete timer;
}

/// time/sleep.go:175: `go f()` by nobody.
void start_func(void* on, Timer* t) {
  M* m = static_cast<M*>(on);
  auto* timer = static_cast<ProgramTimer*>(t->arg);
  Sched& s = *m->sched;
  const bool room = admit(s);
  G* gp = room ? newproc1(m, m->p, timer->fn, timer->arg, nullptr, nullptr, nullptr) : nullptr;
  hb_acquire(m, gp, timer);
  if (timer->own)
    dispose(t);
  else
    timer->firing.store(0, std::memory_order_release);
  if (!room) return end_run(s, RT_ELIMIT, nullptr, "limit: goroutines reached when a timer fired; raise rt_config.max_goroutines");
  if (gp == nullptr) return end_run(s, RT_ENOMEM, nullptr, "the system gave no memory for the goroutine of a timer");
  runqput(m, m->p, gp, true);
  wakep(m);
}

ProgramTimer* make(M* m, const char* call, std::int64_t ns) {
  Sched& s = *m->sched;
  const bool refused = s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0;
  auto* timer = refused ? nullptr : new (std::nothrow) ProgramTimer;
  if (timer == nullptr) {
    fail(RT_ENOMEM, "%s: the system gave no memory", call);
    return nullptr;
  }
  s.world.spend(kSimCallNs);
  timer->runtime = s.runtime;
  timer->owner = &s;
  timer->t.when = when_after(s, ns > 0 ? ns : 0);
  timer->t.arg = timer;
  timer->t.firing = &timer->firing;
  hb_release(m, timer);  // whoever sets a timer comes before what it starts
  return timer;
}

rt_status start(M* m, ProgramTimer* timer, rt_timer** out) {
  if (const rt_status s = addtimer(m, &timer->t); s != RT_OK) {
    dispose(&timer->t);
    return s;
  }
  if (out != nullptr) *out = timer;
  return RT_OK;
}

}  // namespace

/// The timer is on the sleeper's stack: it has left the heap before the sleeper runs.
NEWPROC_FLAT rt_status time_sleep(std::int64_t ns) {
  M* m = enter("rt_sleep", RT_OP_LOCAL, nullptr);
  if (m == nullptr) return RT_EPLACE;
  if (ns <= 0) return RT_OK;
  Sched& s = *m->sched;
  P* p = m->p;
  p->timers_lock.lock();
  const bool room = p->timers.reserve();
  p->timers_lock.unlock();
  if (!room) return fail(RT_ENOMEM, "rt_sleep: the system gave no memory for one more timer");
  s.world.spend(kSimCallNs);
  Timer t;
  t.when = when_after(s, ns);
  t.fire = wake_sleeper;
  t.arg = static_cast<G*>(m->curg);
  park(m, RT_WAIT_SLEEP, nullptr, [m, &t] {
    if (addtimer(m, &t) != RT_OK) gothrow("rt_sleep: no room for a timer");  // only this M adds to this P's heap
  });
  return RT_OK;
}

rt_status after_func(std::int64_t ns, rt_func fn, void* arg, rt_timer** out) {
  M* m = enter("rt_after_func", RT_OP_LOCAL, nullptr);
  if (m == nullptr) return RT_EPLACE;
  ProgramTimer* timer = make(m, "rt_after_func", ns);
  if (timer == nullptr) return RT_ENOMEM;
  timer->fn = fn;
  timer->arg = arg;
  timer->own = out == nullptr;
  if (timer->own) timer->t.forget = dispose;
  timer->t.fire = start_func;
  return start(m, timer, out);
}

rt_status new_timer(std::int64_t ns, bool ticker, rt_timer** out) {
  M* m = enter(ticker ? "rt_ticker_new" : "rt_timer_new", RT_OP_LOCAL, nullptr);
  if (m == nullptr) return RT_EPLACE;
  if (ticker && ns <= 0) return gopanic(m, "non-positive interval for NewTicker");
  ProgramTimer* timer = make(m, ticker ? "rt_ticker_new" : "rt_timer_new", ns);
  if (timer == nullptr) return RT_ENOMEM;
  if (const rt_status s = make_chan(*m->sched, sizeof(std::int64_t), 1, &timer->c); s != RT_OK) {
    dispose(&timer->t);
    return s;
  }
  timer->ticker = ticker;
  timer->t.period = ticker ? ns : 0;
  timer->t.fire = send_time;
  return start(m, timer, out);
}

rt_status stop_timer(rt_timer* t, bool* active) {
  *active = deltimer(&static_cast<ProgramTimer*>(t)->t);
  return RT_OK;
}

rt_status reset_timer(rt_timer* t, std::int64_t ns, bool* active) {
  auto* timer = static_cast<ProgramTimer*>(t);
  M* m = enter("rt_timer_reset", RT_OP_TIME, t);
  if (m == nullptr) return RT_EPLACE;
  if (m->runtime != t->runtime)
    return fail(RT_EPLACE, "rt_timer_reset: t belongs to another runtime than the calling goroutine");
  if (timer->ticker && ns <= 0) return gopanic(m, "non-positive interval for Ticker.Reset");
  m->sched->world.spend(kSimCallNs);
  return modtimer(m, &timer->t, when_after(*m->sched, ns > 0 ? ns : 0), timer->ticker ? ns : 0, active);
}

void free_timer(rt_timer* t) {
  auto* timer = static_cast<ProgramTimer*>(t);
  deltimer(&timer->t);
  while (timer->firing.load(std::memory_order_acquire) == timer->owner->run) {  // on another M, for nanoseconds
    if (const M* m = getm(); kSim && m != nullptr && m->ops != nullptr)
      gosched();
    else
      cpu_relax();
  }
  if (!deltimer_for_good(&timer->t, dispose)) dispose(&timer->t);
}

}  // namespace NEWPROC_NS
