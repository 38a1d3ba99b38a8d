// sysmon.cpp: the watcher, an M without a P. Go: sysmon, retake, preemptone; proc.go:5510, 5667, 5764
#include <algorithm>

#include "base/clock.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::uint32_t kMinDelayUs = 20, kMaxDelayUs = 10'000;
constexpr std::uint32_t kIdleRounds = 50;
constexpr std::uint64_t kScavengeEveryNs = 1'000'000'000;
constexpr std::size_t kScavengeAbove = 1024;  // cached stacks

void preemptone(P* p, M* self) {
  M* m = p->m;
  if (m == nullptr || m == self) return;
  G* gp = m->curg;
  if (gp == nullptr) return;
  gp->preempt.store(true, std::memory_order_relaxed);
  p->preempt.store(true, std::memory_order_relaxed);
}

// 12.2. True: a P was retaken. Lock held, as P::m and M::curg may not be freed meanwhile.
bool retake_one(M* self, Sched& s, P* p, std::uint64_t now) {
  const std::uint32_t status = p->status.load(std::memory_order_acquire);
  bool slice_over = false;
  if (status == RT_PRUNNING || status == RT_PSYSCALL) {
    const std::uint32_t tick = p->schedtick.load(std::memory_order_relaxed);
    if (p->seen_schedtick != tick) {
      p->seen_schedtick = tick;
      p->seen_when = now;
    } else if (p->seen_when + kForcePreemptNs <= now) {
      preemptone(p, self);
      slice_over = true;
    }
  }
  if (status != RT_PSYSCALL) return false;
  const std::uint32_t tick = p->syscalltick.load(std::memory_order_relaxed);
  if (!slice_over && p->seen_syscalltick != tick) {
    p->seen_syscalltick = tick;
    p->seen_syscall_when = now;
    return false;  // every call keeps its P for a whole round
  }
  if (p->runq.empty() && s.nmspinning.load(std::memory_order_seq_cst) + s.npidle.load(std::memory_order_seq_cst) > 0 &&
      p->seen_syscall_when + kForcePreemptNs > now)
    return false;
  incidlelocked(s, -1);  // so that checkdead does not see all Ms idle while this one hands the P on
  std::uint32_t was = RT_PSYSCALL;
  const bool took = p->status.compare_exchange_strong(was, RT_PIDLE, std::memory_order_acq_rel);
  if (took) {
    p->syscalltick.store(tick + 1, std::memory_order_relaxed);
    handoffp(self, s, p);
  }
  incidlelocked(s, 1);
  return took;
}

bool retake(M* self, Sched& s, std::uint64_t now) {
  bool any = false;
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < n; ++i) any |= retake_one(self, s, s.allp[i], now);
  return any;
}

void wake_scavenger(M* m, Sched& s) {
  s.lock.lock();
  G* gp = s.scavenger;
  s.scavenger = nullptr;
  s.lock.unlock();
  if (gp == nullptr) return;
  Queue<G> list;
  list.push_back(gp);
  injectglist(m, list);
}

bool all_idle(Sched& s) {
  return s.gcwaiting() || s.npidle.load(std::memory_order_seq_cst) == s.gomaxprocs.load(std::memory_order_relaxed);
}

/// ns that are left to the run; -1: no limit. The sim world's clock is not the machine's.
std::int64_t until_deadline(const Sched& s) {
  if (kSim || s.deadline == 0) return -1;
  const std::uint64_t now = monotonic_ns();
  return s.deadline > now ? static_cast<std::int64_t>(s.deadline - now) : 0;
}

/// Sleeps while nothing can need watching. True: it slept and was woken.
bool doze(Sched& s) {
  if (s.cfg.schedtrace_ms != 0 || !all_idle(s)) return false;
  s.lock.lock();
  const bool sleep = all_idle(s) && !s.exiting();
  if (sleep) {
    s.sysmonwait.store(true, std::memory_order_relaxed);
    s.sysmonnote.clear();
  }
  s.lock.unlock();
  if (!sleep) return false;
  if (!s.exiting()) s.sysmonnote.sleep(until_deadline(s));
  s.lock.lock();
  s.sysmonwait.store(false, std::memory_order_relaxed);
  s.lock.unlock();
  return true;
}

}  // namespace

void wake_sysmon(Sched& s) {
  if (!s.sysmonwait.load(std::memory_order_relaxed)) return;
  s.sysmonwait.store(false, std::memory_order_relaxed);
  s.sysmonnote.wakeup();
}

void preemptall(Sched& s) {
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; i < n; ++i)
    if (s.allp[i]->status.load(std::memory_order_acquire) == RT_PRUNNING) preemptone(s.allp[i], getm());
}

/// What an M began to execute while the run ended has not been asked to leave, and may only pass safe points.
void preempt_until_all_left(Sched& s) {
  for (std::uint32_t delay = kMinDelayUs; !kSim && s.scheduling.load(std::memory_order_seq_cst) != 0; delay = std::min(delay * 2, kMaxDelayUs)) {
    preemptall(s);
    s.world.usleep(delay);
  }
}

void sysmon(M* m) {
  Sched& s = *m->sched;
  std::uint32_t idle = 0, delay = kMinDelayUs;
  std::uint64_t last_trace = s.world.nanotime(), last_scavenge = last_trace;
  while (!s.exiting()) {
    if (idle == 0)
      delay = kMinDelayUs;
    else if (idle > kIdleRounds)
      delay = std::min(delay * 2, kMaxDelayUs);
    s.world.usleep(delay);
    if (doze(s)) {
      idle = 0;
      delay = kMinDelayUs;
    }
    if (s.exiting() || end_if_interrupted(s)) break;  // where one computes and the others sleep, nobody else looks
    const std::uint64_t now = s.world.nanotime();
    s.coarse_now = now;
    if (s.deadline != 0 && monotonic_ns() >= s.deadline) limit_time(s);
    netpoll_from_sysmon(m, now);
    idle = retake(m, s, now) ? 0 : idle + 1;
    if (s.scavenger != nullptr && now - last_scavenge >= kScavengeEveryNs && s.pool.cached() > kScavengeAbove) {
      last_scavenge = now;
      wake_scavenger(m, s);
    }
    if (s.cfg.schedtrace_ms != 0 && now - last_trace >= std::uint64_t{s.cfg.schedtrace_ms} * 1'000'000) {
      last_trace = now;
      schedtrace(s, s.cfg.scheddetail != 0);
    }
  }
  preempt_until_all_left(s);
}

}  // namespace NEWPROC_NS
