// syscall.cpp: blocking calls. Go: entersyscall, entersyscallblock, exitsyscall; proc.go:3988, 4092, 4152
//
// The P stays behind in status Psyscall, with its queues. Whoever changes that status by CAS has it: the
// returning M (to Pidle, then it takes it), sysmon (to hand it on), or a stop of the world (to Pgcstop).
#include "base/error.hpp"
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {

void bump(std::atomic<std::uint32_t>& tick) {
  tick.store(tick.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

bool try_old_p(M* m, P* p) {
  std::uint32_t was = RT_PSYSCALL;
  if (p == nullptr || !p->status.compare_exchange_strong(was, RT_PIDLE, std::memory_order_acq_rel)) return false;
  acquirep(m, p);
  return true;
}

bool try_idle_p(M* m) {
  Sched& s = *m->sched;
  if (s.npidle.load(std::memory_order_relaxed) == 0) return false;
  s.lock.lock();
  P* p = s.attention.load(std::memory_order_relaxed) != 0 ? nullptr : pidleget(s);
  if (p != nullptr) wake_sysmon(s);
  s.lock.unlock();
  if (p == nullptr) return false;
  acquirep(m, p);
  return true;
}

// proc.go:4319, on g0: no P was to be had at once.
bool exitsyscall0(M* m, G* gp) {
  Sched& s = *m->sched;
  emit(m, RT_EV_GO_SYSEXIT, gp->goid, 0);
  casgstatus(gp, RT_GSYSCALL, RT_GRUNNABLE);
  track_runnable(s, gp);
  const bool locked = gp->has(G::kLocked);
  dropg(m);
  s.lock.lock();
  P* p = s.attention.load(std::memory_order_relaxed) != 0 ? nullptr : pidleget(s);
  if (p == nullptr) globrunqput(s, gp);
  s.lock.unlock();
  if (p != nullptr) {
    acquirep(m, p);
    execute(m, {gp, false, RT_FROM_SYSCALL, -1});
    return true;
  }
  if (locked) {
    stoplockedm(m);
    if (m->p == nullptr) return false;
    execute(m, {gp, false, RT_FROM_LOCKED, -1});
    return true;
  }
  stopm(m);
  return false;
}

rt_status misplaced(const char* what, bool inside) {
  return fail(RT_ESTATE, "%s: the goroutine is %s a system call; pair every rt_entersyscall with one rt_exitsyscall",
              what, inside ? "already in" : "not in");
}

void begin(M* m, G* gp) {
  Sched& s = *m->sched;
  emit(m, RT_EV_GO_SYSCALL, gp->goid);
  track_leave_running(gp);
  casgstatus(gp, RT_GRUNNING, RT_GSYSCALL);
  if (s.sysmonwait.load(std::memory_order_relaxed)) {
    s.lock.lock();
    wake_sysmon(s);
    s.lock.unlock();
  }
}

}  // namespace

rt_status entersyscall() {
  M* m = getm();
  charge(m, Cost::syscall);
  point(m, RT_POINT_OP);
  G* gp = m->curg;
  if (m->p == nullptr) return misplaced("rt_entersyscall", true);
  acquirem(m);
  begin(m, gp);
  P* p = m->p;
  m->syscalltick = p->syscalltick.load(std::memory_order_relaxed);
  m->oldp = p;
  m->p = nullptr;
  p->m = nullptr;
  p->status.store(RT_PSYSCALL, std::memory_order_seq_cst);  // from here on it can be taken
  Sched& s = *m->sched;
  if (s.gcwaiting()) {  // proc.go:4075: the stopper may have looked before the store
    s.lock.lock();
    std::uint32_t was = RT_PSYSCALL;
    if (s.stopwait > 0 && p->status.compare_exchange_strong(was, RT_PGCSTOP, std::memory_order_acq_rel)) {
      bump(p->syscalltick);
      if (--s.stopwait == 0) s.stopnote.wakeup();
    }
    s.lock.unlock();
  }
  releasem(m);
  return RT_OK;
}

rt_status entersyscallblock() {
  M* m = getm();
  charge(m, Cost::syscall);
  point(m, RT_POINT_OP);
  G* gp = m->curg;
  if (m->p == nullptr) return misplaced("rt_entersyscallblock", true);
  acquirem(m);
  begin(m, gp);
  P* p = m->p;
  bump(p->syscalltick);
  m->syscalltick = p->syscalltick.load(std::memory_order_relaxed);
  m->oldp = p;
  emit(m, RT_EV_GO_SYSBLOCK, gp->goid);
  handoffp(m, *m->sched, releasep(m));
  releasem(m);
  return RT_OK;
}

rt_status exitsyscall() {
  M* m = getm();
  charge(m, Cost::syscall);
  point(m, RT_POINT_OP);
  G* gp = m->curg;
  if (m->p != nullptr) return misplaced("rt_exitsyscall", false);
  P* oldp = m->oldp;
  m->oldp = nullptr;
  const std::uint32_t tick = m->syscalltick;
  if (try_old_p(m, oldp)) {
    if (tick != m->p->syscalltick.load(std::memory_order_relaxed)) bump(m->p->syscalltick);
  } else if (!try_idle_p(m)) {
    // Through g0 in both worlds: with neither P nor queue there is nobody to switch to.
    mcall_g0(m, gp, exitsyscall0);
    if (P* p = getm()->p) bump(p->syscalltick);
    return RT_OK;
  }
  bump(m->p->syscalltick);
  casgstatus(gp, RT_GSYSCALL, RT_GRUNNING);
  emit(m, RT_EV_GO_SYSEXIT, gp->goid, 1);
  if (gp->preempt.load(std::memory_order_relaxed)) preempt_self(m);
  return RT_OK;
}

}  // namespace NEWPROC_NS
