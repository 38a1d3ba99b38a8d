// findrunnable.cpp: which goroutine is next. Go: findRunnable, proc.go:2886; checkRunqsNoP, 3329
//
// The order of checks is the rule; cpp/README.md has it as a table. find_local(), in fast.hpp, is the part
// that a goroutine that stops running may do on its own stack.
#include "sched/fast.hpp"

namespace NEWPROC_NS {

[[gnu::noinline]] G* from_global(M* m, P* p, std::uint32_t max) {
  Sched& s = *m->sched;
  s.lock.lock();
  G* gp = globrunqget(m, p, max);
  s.lock.unlock();
  return gp;
}

namespace {

// 8.4: (a) the P is on the idle list already; (b) stop counting as spinning; (c) that RMW is a full fence;
// (d) look again. Submitters do the mirror image: publish, fence, read nmspinning and npidle.
bool recheck(M* m, bool was_spinning) {
  Sched& s = *m->sched;
  bool again = s.needspinning.load(std::memory_order_seq_cst) != 0 && s.npidle.load(std::memory_order_seq_cst) != 0;
  if (was_spinning) {
    m->spinning = false;
    if (static_cast<std::int32_t>(s.nmspinning.fetch_sub(1, std::memory_order_seq_cst)) <= 0)
      gothrow("findrunnable: negative nmspinning");
    const std::uint32_t n = s.gomaxprocs.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; !again && i < n; ++i) again = !s.allp[i]->runq.empty();
    if (!globrunqempty(s)) again = true;
  }
  if (!again) return false;
  s.lock.lock();
  P* p = s.gcwaiting() ? nullptr : pidlegetSpinning(s);
  s.lock.unlock();
  if (p == nullptr) return false;
  acquirep(m, p);
  becomeSpinning(m);
  return true;
}

}  // namespace

Found findRunnable(M* m) {
  Sched& s = *m->sched;
  for (;;) {
    std::int64_t now = 0, poll_until = 0;  // ns: read when first needed; when the next timer is due, 0: none
    point(m, RT_POINT_WAKE);
    if (s.attention.load(std::memory_order_acquire) != 0) {  // 1
      end_if_interrupted(s);
      if (s.exiting()) return {};
      if (s.gcwaiting()) {
        gcstopm(m);
        if (s.exiting()) return {};
        continue;
      }
    }
    checkTimers(m, m->p, now, poll_until);                              // 2
    if (Found found = find_local(m); found.g != nullptr) return found;  // 6, 9, 10
    if (s.attention.load(std::memory_order_acquire) != 0) continue;

    if (const Found found = netpoll_now(m); found.g != nullptr) return found;  // 11

    // 12: steal, if not too many do so already
    const std::uint32_t procs = s.gomaxprocs.load(std::memory_order_relaxed);
    if (m->spinning || 2 * s.nmspinning.load(std::memory_order_relaxed) < procs - s.npidle.load(std::memory_order_relaxed)) {
      if (!m->spinning) becomeSpinning(m);
      bool restart = false;
      if (Found found = stealWork(m, now, poll_until, restart); found.g != nullptr) return found;
      if (restart) continue;
    }

    s.lock.lock();  // 15
    if (s.attention.load(std::memory_order_acquire) != 0) {
      s.lock.unlock();
      continue;
    }
    if (G* gp = globrunqget(m, m->p, 0)) {  // 16
      s.lock.unlock();
      return {gp, false, RT_FROM_GLOBAL, -1};
    }
    if (!m->spinning && s.needspinning.load(std::memory_order_seq_cst) == 1) {  // 17
      becomeSpinning(m);
      s.lock.unlock();
      continue;
    }
    pidleput(s, releasep(m));  // 18
    s.lock.unlock();
    const bool was_spinning = m->spinning;
    if (recheck(m, was_spinning)) continue;                        // 19
    if (was_spinning) poll_until = checkTimersNoP(s, poll_until);  // 20
    bool again = false;
    if (const Found found = poll(m, poll_until, was_spinning, again); found.g != nullptr) return found;  // 21
    if (again) continue;
    stopm(m);                        // 22
    if (m->p == nullptr) return {};  // the run is over
  }
}

}  // namespace NEWPROC_NS
