#include "runtime/boot.hpp"

#include "base/error.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::uint32_t kGoBootTick = 4;  // schedtick at main.main of a Go program, go121-scheduler facts 8.5

int keep_parked(rt_g*, void*) { return 1; }

int publish_scavenger(rt_g* g, void* sched) {
  auto* s = static_cast<Sched*>(sched);
  s->lock.lock();
  s->scavenger = reinterpret_cast<G*>(g);
  s->lock.unlock();
  return 1;
}

// The runtime's own goroutines. proc.go:310, mgc.go:200, mfinal.go:163
void forcegchelper(void*) {
  for (;;) gopark(keep_parked, nullptr, RT_WAIT_FORCE_GC_IDLE);
}
void bgsweep(void*) {
  for (;;) gopark(keep_parked, nullptr, RT_WAIT_GC_SWEEP);
}
/// Returns the pages of idle stacks to the system whenever sysmon finds many of them.
void bgscavenge(void* sched) {
  auto* s = static_cast<Sched*>(sched);
  for (;;) {
    gopark(publish_scavenger, s, RT_WAIT_GC_SCAVENGE);
    s->pool.trim();
  }
}
void runfinq(void*) {
  for (;;) gopark(keep_parked, nullptr, RT_WAIT_FINALIZER);
}

void start_system(Sched& s, rt_func fn, const char* name) {
  rt_spawn spawn{};
  spawn.fn = fn;
  spawn.arg = &s;
  spawn.flags = RT_SPAWN_SYSTEM;
  spawn.name = name;
  newproc_ex(&spawn, reinterpret_cast<const void*>(&start_system), nullptr);
}

/// Goids 2 to 4 run and park before main; 5 stays in runnext, as in a program that imports os.
void boot_go(Sched& s) {
  start_system(s, forcegchelper, "runtime.forcegchelper");
  start_system(s, bgsweep, "runtime.bgsweep");
  start_system(s, bgscavenge, "runtime.bgscavenge");
  const auto tick = [] { return getm()->p->schedtick.load(std::memory_order_relaxed); };
  do gosched();
  while (s.gomaxprocs.load(std::memory_order_relaxed) == 1 && tick() < kGoBootTick);
  start_system(s, runfinq, "runtime.runfinq");
}

rt_status refuse(Sched& s, rt_status status, const char* what) {
  s.end = End{status, 0, std::string("cannot start: ") + what, {}, 0, {}, {}};
  return fail(status, "rt_start_main: the system gave no %s; nothing has run", what);
}

}  // namespace

void main_body(void* raw) {
  const MainStart start = *static_cast<MainStart*>(raw);
  M* m = getm();
  Sched& s = *m->sched;
  s.main_started.store(true, std::memory_order_relaxed);
  if (s.cfg.boot == RT_BOOT_GO) boot_go(s);
  start.fn(start.arg);
  m = getm();
  end_run(s, RT_OK, m->curg, {});
  leave_for_good(m);
}

rt_status boot(Sched& s, MainStart* start) {
  M* m0 = newm(s, nullptr, nullptr);
  if (m0 == nullptr) return refuse(s, RT_ENOMEM, "memory for m0");
  s.lock.lock();
  P* runnable = nullptr;
  if (s.cfg.procs == 0 || !procresize(s, m0, s.cfg.procs, &runnable)) {
    s.lock.unlock();
    return refuse(s, RT_ENOMEM, "memory for Ps");
  }
  s.lock.unlock();
  rt_spawn spawn{};
  spawn.name = "main";
  G* gp = newproc1(m0, m0->p, main_body, start, &spawn, nullptr, nullptr);
  if (gp == nullptr) return refuse(s, RT_ENOMEM, "memory for the main goroutine");
  if (s.cfg.max_goroutines != 0) s.live.store(1, std::memory_order_relaxed);
  s.maing = gp;
  runqput(m0, m0->p, gp, true);
  if (s.sysmon_on.load(std::memory_order_relaxed)) {
    s.lock.lock();
    ++s.nmsys;
    s.lock.unlock();
    if (newm(s, sysmon, nullptr) == nullptr) return refuse(s, RT_EAGAIN, "thread for sysmon");
  }
  return RT_OK;
}

}  // namespace NEWPROC_NS
