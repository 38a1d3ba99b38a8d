// findrunnable.cpp: which goroutine is next. Go: findRunnable, proc.go:2886; checkRunqsNoP, 3329
//
// The order of checks is the rule; cpp/README.md has it as a table. find_local() is the part that never
// blocks and never looks at another P: a goroutine that stops running may do it on its own stack.
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

G* from_global(M* m, P* p, std::uint32_t max) {
  Sched& s = *m->sched;
  s.lock.lock();
  G* gp = globrunqget(m, p, max);
  s.lock.unlock();
  return gp;
}

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
    if (s.runqsize.load(std::memory_order_relaxed) != 0) again = true;
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

namespace {

// With many goroutines the next ones' memory is cold. What the ring holds is known: fetch the stack of the
// next but one while this one runs, and the G behind it, whose stack comes next time.
[[maybe_unused]] void prefetch_ring(const P* p) {
  constexpr std::size_t kLine = 64, kLines = 4;
  if (const G* soon = p->runq.peek(1)) {
    const char* ctx = static_cast<const char*>(soon->ctx.load(std::memory_order_relaxed));
    if (ctx != nullptr)
      for (std::size_t i = 0; i < kLines; ++i) __builtin_prefetch(ctx + i * kLine, 1);
  }
  if (const G* later = p->runq.peek(3))
    for (std::size_t at = 0; at < sizeof(G); at += kLine) __builtin_prefetch(reinterpret_cast<const char*>(later) + at, 1);
}

}  // namespace

Found find_local(M* m) {
  Sched& s = *m->sched;
  P* p = m->p;
  if (__builtin_expect(s.attention.load(std::memory_order_relaxed) != 0, 0)) return {};
  if (p->schedtick.load(std::memory_order_relaxed) % kGlobalFairness == 0 &&
      s.runqsize.load(std::memory_order_relaxed) > 0)
    if (G* gp = from_global(m, p, 1)) return {gp, false, RT_FROM_GLOBAL61, -1};
  bool inherit = false;
  if (G* gp = p->runq.get(inherit, alone(s))) {
    if constexpr (kDirectSwitch) prefetch_ring(p);
    return {gp, inherit, inherit ? RT_FROM_RUNNEXT : RT_FROM_RUNQ, -1};
  }
  if (s.runqsize.load(std::memory_order_relaxed) != 0)
    if (G* gp = from_global(m, p, 0)) return {gp, false, RT_FROM_GLOBAL, -1};
  return {};
}

Found findRunnable(M* m) {
  Sched& s = *m->sched;
  for (;;) {
    point(m, RT_POINT_WAKE);
    if (const std::uint32_t why = s.attention.load(std::memory_order_acquire); why != 0) {  // 1
      if ((why & Sched::kInterrupt) != 0) end_run(s, RT_EINTR, nullptr, "interrupted");
      if (s.exiting()) return {};
      if (s.gcwaiting()) {
        gcstopm(m);
        if (s.exiting()) return {};
        continue;
      }
    }
    if (Found found = find_local(m); found.g != nullptr) return found;  // 6, 9, 10
    if (s.attention.load(std::memory_order_acquire) != 0) continue;

    // 12: steal, if not too many do so already
    const std::uint32_t procs = s.gomaxprocs.load(std::memory_order_relaxed);
    if (m->spinning || 2 * s.nmspinning.load(std::memory_order_relaxed) < procs - s.npidle.load(std::memory_order_relaxed)) {
      if (!m->spinning) becomeSpinning(m);
      bool restart = false;
      if (Found found = stealWork(m, restart); found.g != nullptr) return found;
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
    if (recheck(m, m->spinning)) continue;  // 19
    stopm(m);                               // 22
    if (m->p == nullptr) return {};         // the run is over
  }
}

}  // namespace NEWPROC_NS
