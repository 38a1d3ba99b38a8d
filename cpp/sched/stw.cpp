// stw.cpp: stopping and starting the world, and GOMAXPROCS.
// Go: stopTheWorld, startTheWorld, gcstopm, procresize, p.init, p.destroy; proc.go:1259-1500, 2808, 5178, 5087
#include <cstdlib>
#include <new>

#include "base/error.hpp"
#include "sched/direct.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::int64_t kPreemptAgainNs = 100'000;  // proc.go:1401

/// A P keeps goid cache, tick and ring indexes when it dies and comes back.
P* new_p(Sched& s) {
  if (s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0) return nullptr;
  return new (std::nothrow) P;
}

bool make_ps(Sched& s, std::uint32_t n) {
  for (; s.nallp < n; ++s.nallp) {
    P* p = new_p(s);
    if (p == nullptr) return false;
    p->id = static_cast<std::int32_t>(s.nallp);
    s.allp[s.nallp] = p;
  }
  return true;
}

void give_sudogs(Sched& s, SudogCache& cache) {
  s.sudog_lock.lock();
  while (cache.n > 0) {
    Sudog* sg = cache.items[--cache.n];
    sg->next = s.sudogs;
    s.sudogs = sg;
  }
  s.sudog_lock.unlock();
}

// 13.4: what it had to run goes to the front of the global queue: runnext, then the ring in order.
void destroy(Sched& s, P* p, P* heir) {
  move_timers(p, heir);
  give_sudogs(s, p->sudogs);
  globrunqputfront(s, p->runq.drain());
  gfpurge(s, p);
  p->status.store(RT_PDEAD, std::memory_order_relaxed);
}

void stop_the_world(M* m) {
  Sched& s = *m->sched;
  if (m->locks > 0) gothrow("stopTheWorld: holding locks");
  s.lock.lock();
  s.stopwait = static_cast<std::int32_t>(s.gomaxprocs.load(std::memory_order_relaxed));
  s.stopnote.clear();
  s.attention.fetch_or(Sched::kGcWaiting, std::memory_order_seq_cst);
  preemptall(s);
  m->p->status.store(RT_PGCSTOP, std::memory_order_relaxed);
  --s.stopwait;
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < n; ++i) {
    P* p = s.allp[i];
    std::uint32_t was = RT_PSYSCALL;
    if (!p->status.compare_exchange_strong(was, RT_PGCSTOP, std::memory_order_acq_rel)) continue;
    p->syscalltick.store(p->syscalltick.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    --s.stopwait;
  }
  while (P* p = pidleget(s)) {
    p->status.store(RT_PGCSTOP, std::memory_order_relaxed);
    --s.stopwait;
  }
  bool wait = s.stopwait > 0;
  s.lock.unlock();
  while (wait && !s.exiting()) {
    if (s.stopnote.sleep(kPreemptAgainNs)) break;
    preemptall(s);
  }
  if (!s.exiting() && s.stopwait != 0) gothrow("stopTheWorld: not stopped (stopwait != 0)");
}

/// Wakes an M for every P that has work. Go: startTheWorldWithSema, proc.go:1435
void start_the_world(M* m, P* runnable) {
  Sched& s = *m->sched;
  s.lock.lock();
  s.attention.fetch_and(~std::uint32_t{Sched::kGcWaiting}, std::memory_order_seq_cst);
  wake_sysmon(s);
  s.lock.unlock();
  while (runnable != nullptr) {
    P* p = runnable;
    runnable = p->link;
    p->link = nullptr;
    startm(m, s, p, false);
  }
  wakep(m);
}

}  // namespace

/// An M that meets a stopping world gives up its P. proc.go:2808
void gcstopm(M* m) {
  Sched& s = *m->sched;
  if (m->spinning) {
    m->spinning = false;
    if (static_cast<std::int32_t>(s.nmspinning.fetch_sub(1, std::memory_order_seq_cst)) <= 0)
      gothrow("gcstopm: negative nmspinning");
  }
  P* p = releasep(m);
  s.lock.lock();
  if (!s.gcwaiting()) {  // it was started again meanwhile: nobody counts on this P
    p->status.store(RT_PIDLE, std::memory_order_relaxed);
    s.lock.unlock();
    acquirep(m, p);
    return;
  }
  p->status.store(RT_PGCSTOP, std::memory_order_relaxed);
  if (--s.stopwait == 0) s.stopnote.wakeup();
  s.lock.unlock();
  stopm(m);
}

/// 13.3. `runnable` receives the Ps that have work, other than m's, lowest id first. False: no memory, and
/// nothing has changed.
bool procresize(Sched& s, M* m, std::uint32_t n, P** runnable) {
  if (n == 0 || n > kMaxProcs) gothrow("procresize: invalid arg");
  const std::uint32_t old = s.gomaxprocs.load(std::memory_order_relaxed);
  if (!make_ps(s, n)) return false;
  for (std::uint32_t i = old; i < n; ++i) s.allp[i]->status.store(RT_PGCSTOP, std::memory_order_relaxed);
  if (m->p != nullptr && static_cast<std::uint32_t>(m->p->id) < n) {
    m->p->status.store(RT_PRUNNING, std::memory_order_relaxed);
  } else {
    if (m->p != nullptr) {
      m->p->m = nullptr;
      m->p = nullptr;
    }
    s.allp[0]->status.store(RT_PIDLE, std::memory_order_relaxed);
    acquirep(m, s.allp[0]);
  }
  for (std::uint32_t i = n; i < old; ++i) destroy(s, s.allp[i], m->p);
  *runnable = nullptr;
  for (std::uint32_t i = n; i-- > 0;) {
    P* p = s.allp[i];
    if (p == m->p) continue;
    p->status.store(RT_PIDLE, std::memory_order_relaxed);
    if (p->runq.empty()) {
      pidleput(s, p);
    } else {
      p->link = *runnable;
      *runnable = p;
    }
  }
  s.steal_order.reset(n);
  s.gomaxprocs.store(n, std::memory_order_release);
  emit(m, RT_EV_GOMAXPROCS, 0, n);
  return true;
}

rt_status set_gomaxprocs(std::uint32_t n, std::uint32_t* old) {
  M* m = getm();
  operation(m);
  Sched& s = *m->sched;
  if (m->p == nullptr) return fail(RT_EPLACE, "rt_gomaxprocs: not between rt_entersyscall and rt_exitsyscall");
  if (old != nullptr) *old = s.gomaxprocs.load(std::memory_order_relaxed);
  if (n == 0 || n == s.gomaxprocs.load(std::memory_order_relaxed)) return RT_OK;
  // One stopper at a time; the loser must not hold its P against the winner.
  while (!s.world_sema.try_lock()) {
    gosched();
    m = getm();
  }
  G* gp = m->curg;
  emit(m, RT_EV_STW_START, gp->goid);
  gp->waitreason = RT_WAIT_STOPPING_THE_WORLD;
  casgstatus(gp, RT_GRUNNING, RT_GWAITING);
  stop_the_world(m);
  if (s.exiting()) {
    casgstatus(gp, RT_GWAITING, RT_GRUNNING);
    s.world_sema.unlock();
    leave_for_good(m);
  }
  s.lock.lock();
  P* runnable = nullptr;
  bool done = procresize(s, m, n, &runnable);
  if (!done) procresize(s, m, s.gomaxprocs.load(std::memory_order_relaxed), &runnable);
  s.lock.unlock();
  casgstatus(gp, RT_GWAITING, RT_GRUNNING);
  emit(m, RT_EV_STW_DONE, gp->goid);
  start_the_world(m, runnable);
  s.world_sema.unlock();
  return done ? RT_OK : fail(RT_ENOMEM, "rt_gomaxprocs: the system gave no memory for %u Ps", n);
}

}  // namespace NEWPROC_NS
