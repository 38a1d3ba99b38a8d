// lockos.cpp: goroutines wired to their M. Go: LockOSThread, stoplockedm, startlockedm; proc.go:4778, 2762, 2790
#include "base/error.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {

rt_status lock_os_thread() {
  M* m = getm();
  if (m->locked_ext + 1 == 0) panic("LockOSThread nesting overflow");
  ++m->locked_ext;
  m->lockedg = m->curg;
  m->curg->lockedm_ = m;
  m->curg->set(G::kLocked);
  return RT_OK;
}

rt_status unlock_os_thread() {
  M* m = getm();
  if (m->locked_ext == 0) return RT_OK;
  if (--m->locked_ext != 0) return RT_OK;
  m->lockedg = nullptr;
  m->curg->unset(G::kLocked);
  return RT_OK;
}

/// The M of a locked goroutine that does not run: gives its P away and sleeps until the goroutine is
/// runnable and another M brings a P. On return without a P, the run is over.
void stoplockedm(M* m) {
  Sched& s = *m->sched;
  if (m->lockedg == nullptr || m->lockedg->lockedm() != m) gothrow("stoplockedm: inconsistent locking");
  if (m->p != nullptr) handoffp(m, s, releasep(m));
  incidlelocked(s, 1);
  m->blocked = true;
  while (m->nextp.load(std::memory_order_acquire) == nullptr && !s.exiting()) {
    m->park.sleep();
    m->park.clear();
  }
  m->blocked = false;
  P* p = m->nextp.exchange(nullptr, std::memory_order_acquire);
  if (p == nullptr) return;
  if (readgstatus(m->lockedg) != RT_GRUNNABLE) gothrow("stoplockedm: not runnable");
  acquirep(m, p);
}

/// m has chosen gp, which is wired to another M: that one gets the P, and m sleeps.
void startlockedm(M* m, G* gp) {
  Sched& s = *m->sched;
  M* mp = gp->lockedm();
  if (mp == m) gothrow("startlockedm: locked to me");
  if (mp->nextp.load(std::memory_order_relaxed) != nullptr) gothrow("startlockedm: m has p");
  incidlelocked(s, -1);
  P* p = releasep(m);
  mp->nextp.store(p, std::memory_order_release);
  mp->park.wakeup();
  stopm(m);
}

}  // namespace NEWPROC_NS
