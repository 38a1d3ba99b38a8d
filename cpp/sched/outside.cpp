// outside.cpp: what threads that are no Ms may do: start goroutines and ready parked ones. Both go to the back of
// the global queue, as with injectglist (proc.go:3472). Their events have m and p -1.
#include <new>

#include "base/error.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

struct Guard {
  explicit Guard(Sched& s) : s(s) { s.outside_lock.lock(); }
  ~Guard() { s.outside_lock.unlock(); }
  Guard(const Guard&) = delete;
  Sched& s;
};

bool make_outside(Sched& s) {
  if (s.outside_m != nullptr) return true;
  M* m = new (std::nothrow) M;
  P* p = new (std::nothrow) P;
  if (m == nullptr || p == nullptr) {
    delete m;
    delete p;
    return false;
  }
  m->sched = &s;
  m->runtime = s.runtime;
  m->id = p->id = -1;
  m->p = p;
  if (s.cfg.trace_events != 0) {
    s.lock.lock();
    if (!kSim || s.rings.empty()) s.rings.push_back(new trace::Ring(s.cfg.trace_events));
    m->trace = s.rings.back();
    s.lock.unlock();
  }
  s.outside_p = p;
  s.outside_m = m;
  return true;
}

rt_status not_running(const char* call) {
  return fail(RT_ESTATE, "%s: no run is under way; call it between rt_start_main's start and its return", call);
}

}  // namespace

rt_status outside_newproc(Sched& s, const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid) {
  const Guard guard(s);
  return newproc_outside(s, spawn, callerpc, goid);
}

rt_status newproc_outside(Sched& s, const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid) {
  if (!s.open || s.exiting()) return not_running("rt_newproc");
  if (!make_outside(s)) return fail(RT_ENOMEM, "rt_newproc: the system gave no memory");
  if (!admit(s))
    return fail(RT_ELIMIT, "rt_newproc: %llu goroutines are alive; raise rt_config.max_goroutines or let some end",
                static_cast<unsigned long long>(s.cfg.max_goroutines));
  G* gp = newproc1(s.outside_m, s.outside_p, spawn->fn, spawn->arg, spawn, nullptr, callerpc);
  if (gp == nullptr) {
    if (s.cfg.max_goroutines != 0) s.live.fetch_sub(1, std::memory_order_relaxed);
    return fail(RT_ENOMEM, "rt_newproc: the system gave no memory for a goroutine");
  }
  if (goid != nullptr) *goid = gp->goid;
  s.lock.lock();
  globrunqput(s, gp);
  s.lock.unlock();
  if (s.npidle.load(std::memory_order_seq_cst) != 0) startm(nullptr, s, nullptr, false);
  return RT_OK;
}

rt_status outside_ready(Sched& s, G* gp) {
  const Guard guard(s);
  if (!s.open || s.exiting()) return not_running("rt_ready");
  if (inject(s, gp)) return RT_OK;
  return fail(RT_ESTATE, "rt_ready: goroutine %llu is %s, not parked; ready a parked goroutine, and once",
              static_cast<unsigned long long>(gp->goid.get()), rt_g_status_text(readgstatus(gp)));
}

}  // namespace NEWPROC_NS
