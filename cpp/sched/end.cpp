// end.cpp: deadlock, panic, limits: how a run ends. Go: checkdead, incidlelocked, fatalpanic;
// proc.go:5394, 5380, panic.go:1188
#include <dlfcn.h>

#include <cstdio>

#include "base/clock.hpp"
#include "context/walk.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {

std::string site_text(const void* gopc, const char* file, std::int32_t line) {
  if (file != nullptr) return std::string(file) + ":" + std::to_string(line);
  Dl_info info;
  if (gopc == nullptr) return {};
  if (dladdr(gopc, &info) != 0 && info.dli_sname != nullptr) return info.dli_sname;
  char text[32];
  std::snprintf(text, sizeof text, "%p", gopc);
  return text;
}

std::string site_of(const G* gp) {
  if (gp == nullptr || gp->parent_goid == 0) return {};
  return site_text(gp->gopc, gp->file(), gp->line());
}

/// The first caller decides how the run ended. All Ms come to their g0 and stop. Any M, any lock held but
/// end_lock.
void end_run(Sched& s, rt_status status, const G* gp, std::string message, std::string stack) {
  s.end_lock.lock();
  const bool first = !s.exiting();
  if (first)
    s.end = End{status, gp != nullptr ? gp->goid.get() : 0, std::move(message), site_of(gp), s.world.nanotime(), std::move(stack), {}};
  s.attention.fetch_or(Sched::kExiting, std::memory_order_seq_cst);
  s.end_lock.unlock();
  if (!first) return;
  if (status != RT_OK) NEWPROC_LOG_LINE(s.log, RT_LOG_INFO, "run ends: %s", s.end.message.c_str());
  preemptall(s);
  s.stopnote.wakeup();
  s.sysmonnote.wakeup();
  netpollBreak(s);
  for (M* m = s.allm.load(std::memory_order_acquire); m != nullptr; m = m->alllink) m->park.wakeup();
}

/// rt_interrupt has asked for it. Any M, any lock held but end_lock.
bool end_if_interrupted(Sched& s) {
  if ((s.attention.load(std::memory_order_seq_cst) & Sched::kInterrupt) == 0) return false;
  end_run(s, RT_EINTR, nullptr, "interrupted");
  return true;
}

// Lock held. 15.1, and the counts of its step 3.
void checkdead(Sched& s) {
  if (s.exiting() || !s.main_started.load(std::memory_order_relaxed)) return;
  const std::int32_t mcount = s.mnext - static_cast<std::int32_t>(s.nmfreed);
  const std::int32_t run = mcount - static_cast<std::int32_t>(s.nmidle) - static_cast<std::int32_t>(s.nmidlelocked) -
                           static_cast<std::int32_t>(s.nmsys);
  if (run > 0) return;
  if (run < 0) gothrow("checkdead: inconsistent counts");
  if (end_if_interrupted(s)) return;  // the one that polled may have looked just before
  if (s.holds.load(std::memory_order_seq_cst) != 0) return;
  std::uint32_t waiting = 0;
  s.allg_lock.lock();
  for (const G* gp : s.allgs) {
    if (gp->system()) continue;
    const std::uint32_t status = readgstatus(gp);
    if (status == RT_GWAITING) ++waiting;
    if (status == RT_GRUNNABLE || status == RT_GRUNNING || status == RT_GSYSCALL) {
      std::fprintf(stderr, "runtime: checkdead: find g %llu in status %u\n",
                   static_cast<unsigned long long>(gp->goid), status);
      gothrow("checkdead: runnable g");
    }
  }
  s.allg_lock.unlock();
  // A timer will wake somebody: whoever polls looks at it. proc.go:5484
  for (std::uint32_t i = 0; i < s.gomaxprocs.load(std::memory_order_relaxed); ++i)
    if (s.allp[i]->timers.size() != 0) return;
  if (waiting == 0)
    end_run(s, RT_EGOEXIT, nullptr, "fatal error: no goroutines (main called runtime.Goexit) - deadlock!");
  else
    end_run(s, RT_EDEADLOCK, nullptr, "fatal error: all goroutines are asleep - deadlock!");
}

void incidlelocked(Sched& s, std::int32_t v) {
  s.lock.lock();
  s.nmidlelocked = static_cast<std::uint32_t>(static_cast<std::int32_t>(s.nmidlelocked) + v);
  if (v > 0) checkdead(s);
  s.lock.unlock();
}

namespace {

/// By the goroutine that runs. It never comes back, so nothing of this frame may need its end.
[[gnu::noinline]] void end_here(M* m, rt_status status, const char* kind, const char* text) {
  std::string stack;
  if (m->sched->want_dump) walk_here(stack);
  end_run(*m->sched, status, m->curg, std::string(kind) + text, std::move(stack));
}

}  // namespace

void panic(const char* text) {
  M* m = getm();
  end_here(m, RT_EPANIC, "panic: ", text);
  leave_for_good(m);
}

void fatal(const char* text) {
  M* m = getm();
  end_here(m, RT_EFATAL, "fatal error: ", text);
  leave_for_good(m);
}

void limit(const char* text) {
  M* m = getm();
  end_run(*m->sched, RT_ELIMIT, m->curg, text);
  leave_for_good(m);
}

void limit_time(Sched& s) {
  char text[128];
  std::snprintf(text, sizeof text, "limit: time (%llu ns) is over; raise rt_config.max_nanos",
                static_cast<unsigned long long>(s.cfg.max_nanos));
  end_run(s, RT_ELIMIT, nullptr, text);
}

}  // namespace NEWPROC_NS
