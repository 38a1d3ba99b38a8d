// park.cpp: giving up the M, and making others runnable.
// Go: Gosched, goyield, gopreempt_m, gopark, goready, injectglist; proc.go:336, 3828, 3779, 381, 407, 3472
#include "base/error.hpp"
#include "sched/direct.hpp"
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {

rt_status in_syscall(const char* call) {
  return fail(RT_EPLACE, "%s: not between rt_entersyscall and rt_exitsyscall: the goroutine has no P there", call);
}

/// gp leaves m for the global queue. The event is written under the lock: events are in the queue's order.
bool leave_globally(M* m, G* gp, rt_event_kind event) {
  Sched& s = *m->sched;
  Moment now(s);
  running_to_runnable(now, gp);
  dropg(m);
  s.lock.lock();
  emit(m, event, gp->goid);
  globrunqput(s, gp);
  s.lock.unlock();
  return false;
}

bool gosched_m(M* m, G* gp) { return leave_globally(m, gp, RT_EV_GO_SCHED); }

/// Nothing runnable that this P can see: put on the empty global queue, gp would be what comes off it.
inline bool alone_here(const Sched& s, const P* p) {
  return p->runq.empty_for_owner() && p->staged.empty() && s.attention.load(std::memory_order_relaxed) == 0 &&
         globrunqempty(s);
}

/// gp is on the global queue; goes on with found.g, or on g0 where there is none at hand.
NEWPROC_HOT inline void leave_for(M* m, G* gp, const Found& found, Moment& now) {
  if (__builtin_expect(found.g != nullptr, 1) && switch_direct(m, gp, found, now)) return;
  if (found.g == nullptr || !m->picked_executed) dropg(m);
  to_g0(m, &gp->ctx);
}

[[gnu::noinline]] Found find_elsewhere(M* m) { return find_local(m); }

/// gp goes on the global queue and the next one comes from it, in one hold of the lock. What find_local would
/// take is the same: one at a 61st tick, else a batch.
[[gnu::noinline, gnu::flatten]] Found trade_globally(M* m, P* p, G* gp) {
  Sched& s = *m->sched;
  const bool fair = fair_tick(p);
  const std::uint32_t from = fair ? RT_FROM_GLOBAL61 : RT_FROM_GLOBAL;
  if (alone_here(s, p)) return {gp, false, from, -1};
  const bool look = (fair || p->runq.empty_for_owner()) && s.attention.load(std::memory_order_relaxed) == 0;
  G* next = nullptr;
  s.lock.lock();
  if (look)
    next = globrunqputget(m, p, gp, fair ? 1 : 0);
  else
    globrunqput(s, gp);
  s.lock.unlock();
  return {next, false, from, -1};
}

/// Gosched without g0. gp is on the global queue once it is staged (queue/staged.hpp). There is one place that
/// jumps: left and entered at different depths of calls, every return behind it would be predicted wrong.
NEWPROC_HOT inline void gosched_direct(M* m, P* p, G* gp) {
  Sched& s = *m->sched;
  Moment now(s);
  emit_at(m, now, RT_EV_GO_SCHED, gp->goid);
  running_to_runnable(now, gp);
  const bool local = !p->runq.empty_for_owner() && s.attention.load(std::memory_order_relaxed) == 0 &&
                     !fair_tick(p);
  Found found = local && p->staged.put(gp) ? from_runq(s, p) : trade_globally(m, p, gp);
  if (__builtin_expect(found.g == nullptr, 0)) found = find_elsewhere(m);  // a thief was faster
  leave_for(m, gp, found, now);
}

bool gopreempt_m(M* m, G* gp) { return leave_globally(m, gp, RT_EV_GO_PREEMPT); }

bool goyield_m(M* m, G* gp) {
  Moment now(*m->sched);
  emit_at(m, now, RT_EV_GO_PREEMPT, gp->goid, 1);
  running_to_runnable(now, gp);
  dropg(m);
  runqput(m, m->p, gp, false);
  return false;
}

// proc.go:3716. The G is waiting before commit runs, so that a waker may ready it at once.
bool park_m(M* m, G* gp) {
  const rt_commit_func commit = m->commit;
  void* arg = m->commit_arg;
  gp->stack()->wait_object = nullptr;
  leave_waiting(m, gp);
  if (commit == nullptr) return false;
  const GOps* ops = m->ops;
  m->ops = nullptr;  // commit runs for no goroutine: rt_ calls in it are out of place
  const bool stays = commit(reinterpret_cast<rt_g*>(gp), arg) != 0;
  m->ops = ops;
  if (stays) return false;
  casgstatus(gp, RT_GWAITING, RT_GRUNNABLE);
  track_runnable(*m->sched, gp);
  execute(m, {gp, true, RT_FROM_PARK, -1});
  return true;
}

}  // namespace

rt_status gosched(MHeader* header) {
  M* m = static_cast<M*>(header);
  operation(m);
  P* p = m->p;
  if (__builtin_expect(p == nullptr, 0)) return in_syscall("rt_gosched");
  G* gp = m->curg;
  if (kDirectSwitch && __builtin_expect(!gp->has(G::kLocked | G::kUnguarded) && p->timers.size() == 0, 1)) {
    gosched_direct(m, p, gp);
    return RT_OK;
  }
  if (gp->has(G::kUnguarded)) check_canary(m, gp);
  mcall(m, gp, gosched_m);
  return RT_OK;
}

rt_status goyield() {
  M* m = getm();
  operation(m);
  if (__builtin_expect(m->p == nullptr, 0)) return in_syscall("rt_goyield");
  if (__builtin_expect(m->curg->has(G::kUnguarded), 0)) check_canary(m, m->curg);
  mcall(m, m->curg, goyield_m);
  return RT_OK;
}

void goyield_now(M* m) { mcall(m, m->curg, goyield_m); }

void preempt_self(M* m) { mcall(m, m->curg, gopreempt_m); }

void checkpoint() {
  M* m = getm();
  operation(m);
  if (__builtin_expect(m->curg->preempt.load(std::memory_order_relaxed), 0) && m->locks == 0 && m->p != nullptr)
    preempt_self(m);
}

/// Computes for ns of this M's time, slice by slice. In a search time is a decision, and this is none.
void work(std::uint64_t ns) {
  constexpr std::uint64_t kSliceNs = 100'000;
  do {
    M* m = getm();
    const std::uint64_t slice = std::min(ns, kSliceNs);
    if (kSim && !directed(m)) m->sched->world.spend(slice);
    for (const std::uint64_t start = m->sched->world.nanotime(); !kSim && m->sched->world.nanotime() - start < slice;) {
    }
    ns -= slice;
    checkpoint();
  } while (ns != 0);
}

[[gnu::flatten]] rt_status gopark(rt_commit_func commit, void* arg, std::uint32_t reason) {
  M* m = getm();
  operation(m);
  if (__builtin_expect(m->p == nullptr, 0)) return in_syscall("rt_gopark");
  G* gp = m->curg;
  if (readgstatus(gp) != RT_GRUNNING) gothrow("gopark: bad g status");
  if (__builtin_expect(gp->has(G::kUnguarded), 0)) check_canary(m, gp);
  m->commit = commit;
  m->commit_arg = arg;
  gp->waitreason = static_cast<std::uint8_t>(reason);
  mcall(m, gp, park_m);
  return RT_OK;
}

namespace {

/// gp is runnable, and on no queue yet.
inline void put_ready(M* m, G* gp, bool next) {
  acquirem(m);
  emit(m, RT_EV_GO_UNPARK, gp->goid, m->curg != nullptr ? m->curg->goid.get() : 0);
  track_runnable(*m->sched, gp);
  runqput(m, m->p, gp, next);
  wakep(m);
  releasem(m);
}

}  // namespace

// One of several wakers wins. In Go the others would throw; a caller of ours gets a status instead.
bool ready(M* m, G* gp, bool next) {
  std::uint8_t was = RT_GWAITING;
  if (gp->waitreason == RT_WAIT_STOPPING_THE_WORLD ||
      !gp->status.compare_exchange_strong(was, std::uint8_t{RT_GRUNNABLE}, std::memory_order_acq_rel))
    return false;
  put_ready(m, gp, next);
  return true;
}

void ready_own(M* m, G* gp, bool next) {
  casgstatus(gp, RT_GWAITING, RT_GRUNNABLE);
  put_ready(m, gp, next);
}

rt_status goready(rt_g* g) {
  M* m = getm();
  operation(m, RT_OP_SYNC, g);
  if (m->p == nullptr) return in_syscall("rt_goready");
  G* gp = reinterpret_cast<G*>(g);
  if (gp == m->curg) return fail(RT_EINVAL, "rt_goready: g is the calling goroutine, which is not parked");
  if (ready(m, gp, true)) return RT_OK;
  return fail(RT_ESTATE, "rt_goready: goroutine %llu is %s, not parked; ready a parked goroutine, and once",
              static_cast<unsigned long long>(gp->goid.get()), rt_g_status_text(readgstatus(gp)));
}

bool inject(Sched& s, G* gp) {
  std::uint8_t was = RT_GWAITING;
  if (s.outside_m != nullptr) emit(s.outside_m, RT_EV_GO_UNPARK, gp->goid, 0, RT_TO_GLOBAL);
  if (!gp->status.compare_exchange_strong(was, std::uint8_t{RT_GRUNNABLE}, std::memory_order_acq_rel)) return false;
  track_runnable(s, gp);
  s.lock.lock();
  globrunqput(s, gp);
  s.lock.unlock();
  if (s.npidle.load(std::memory_order_seq_cst) != 0) startm(nullptr, s, nullptr, false);
  return true;
}

/// Without a P, all to the global queue; with one, as many as there are idle Ps, and the rest to the own ring.
void injectglist(M* m, Queue<G> list) {
  if (list.empty()) return;
  Sched& s = *m->sched;
  const std::uint32_t global = m->p == nullptr ? list.size : s.npidle.load(std::memory_order_seq_cst);
  Queue<G> to_global, to_ring;
  while (G* gp = list.pop_front()) {
    const bool first = to_global.size < global;
    emit(m, RT_EV_GO_UNPARK, gp->goid, 0, first ? RT_TO_GLOBAL : RT_TO_RUNQ);
    casgstatus(gp, RT_GWAITING, RT_GRUNNABLE);
    track_runnable(s, gp);
    (first ? to_global : to_ring).push_back(gp);
  }
  if (!to_ring.empty()) m->p->runq.put_batch(to_ring, shuffle_source(m));
  const std::uint32_t n = to_global.size;
  to_global.push_back_all(to_ring);  // no room in the ring
  if (to_global.empty()) return;
  s.lock.lock();
  globrunqputbatch(s, to_global);
  s.lock.unlock();
  acquirem(m);
  for (std::uint32_t i = 0; i < n && s.npidle.load(std::memory_order_seq_cst) != 0; ++i) startm(m, s, nullptr, false);
  releasem(m);
}

}  // namespace NEWPROC_NS
