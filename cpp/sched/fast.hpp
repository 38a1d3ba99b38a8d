// fast.hpp: what every goroutine goes through to run, inline: choosing among what is at hand, executing,
// jumping. What is rare is a call away. Go: execute, dropg, and the first half of findRunnable;
// proc.go:2842, 3631, 2886
#pragma once
#include "sched/direct.hpp"
#include "sched/switch.hpp"

// Inlined whatever the compiler thinks: a call costs as much as what it would do here.
#if defined(NDEBUG)
#define NEWPROC_HOT [[gnu::always_inline]]
#else
#define NEWPROC_HOT
#endif
// All that it calls is inlined, down to the jump (doc/adr/0005-inline-jump.md). A simulated world has no use for it and pays in
// minutes of compiling, as do the sanitizers' builds.
#if defined(NDEBUG) && !NEWPROC_WORLD_SIM && !NEWPROC_ASAN && !NEWPROC_TSAN
#define NEWPROC_FLAT [[gnu::flatten]]
#else
#define NEWPROC_FLAT
#endif

namespace NEWPROC_NS {

G* from_global(M* m, P* p, std::uint32_t max);  // takes the lock
void record_wait(M* m, G* gp, Moment& now);     // 3.2: into the latency histogram

inline void dropg(M* m) { m->curg = nullptr; }

/// schedtick % 61 == 0, proc.go:2931. A product instead of a division: gcc divides where it believes that few come.
inline bool fair_tick(const P* p) {
  constexpr std::uint32_t kInverse = 0xc10c9715;
  static_assert(kInverse * kGlobalFairness == 1);
  return p->schedtick.load(std::memory_order_relaxed) * kInverse <= 0xffffffff / kGlobalFairness;
}

/// gp is waiting from here on; what it waits for is in its stack's header. Its waker may have it at once.
NEWPROC_HOT inline void leave_waiting(M* m, G* gp) {
  emit(m, RT_EV_GO_PARK, gp->goid, gp->waitreason, reinterpret_cast<std::uintptr_t>(gp->stack()->wait_object.get()));
  track_leave_running(gp);
  gp->stack()->wait_since = kSim ? m->sched->world.nanotime() : m->sched->coarse_now.get();
  casgstatus(gp, RT_GRUNNING, RT_GWAITING);
  dropg(m);
}

/// Before another is executed: m keeps curg until then, so that nobody sees it between two.
NEWPROC_HOT inline void running_to_runnable(Moment& now, G* gp) {
  track_leave_running(gp);
  casgstatus(gp, RT_GRUNNING, RT_GRUNNABLE);
  track_runnable(now, gp);
}

NEWPROC_HOT inline void execute(M* m, const Found& found, Moment& now) {
  G* gp = found.g;
  P* p = m->p;
  m->curg = gp;
  if (__builtin_expect(gp->tracking, 0)) record_wait(m, gp, now);
  casgstatus(gp, RT_GRUNNABLE, RT_GRUNNING);
  if (__builtin_expect(gp->preempt.load(std::memory_order_relaxed), 0)) gp->preempt.store(false, std::memory_order_relaxed);
  if (!found.inherit())
    p->schedtick.store(p->schedtick.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  p->switches.add(1);
  charge(m, Cost::goroutine_switch);
  emit_at(m, now, RT_EV_GO_START, gp->goid, found.from(),
          static_cast<std::uint64_t>(found.victim() >= 0 ? found.victim() : p->id));
}
inline void execute(M* m, const Found& found) {
  Moment now(*m->sched);
  execute(m, found, now);
}

inline constexpr std::uint32_t kStackAhead = 3, kStampAhead = 6, kGAhead = 16;  // places behind the ring's head

/// With many goroutines the next ones' memory is cold. What the ring holds is known: fetch the stack of the
/// next but one while this one runs, and the Gs behind it, whose stacks come next.
NEWPROC_HOT inline void prefetch_ring([[maybe_unused]] const P* p) {
#if !NEWPROC_WORLD_SIM
  constexpr std::size_t kLine = 64, kLines = 4;
  p->runq.ahead(kGAhead, [](const auto& at) {
    prefetch_to_write(at(kGAhead));
    const G* tracked = at(kStampAhead);
    if (__builtin_expect(tracked->tracking, 0)) prefetch_to_write(&tracked->tracking_stamp);
    const Context ctx = at(kStackAhead)->ctx.load(std::memory_order_relaxed);
    if (ctx == kFresh || ctx == nullptr) return;  // looking up a wrong address takes long, and helps nobody
    for (std::size_t i = 0; i < kLines; ++i) prefetch_to_write(static_cast<const char*>(ctx) + i * kLine);
  });
#endif
}

NEWPROC_HOT inline Found from_runq(const Sched& s, P* p) {
  bool inherit = false;
  G* gp = p->runq.get(inherit, alone(s));
  if (gp != nullptr) prefetch_ring(p);
  return {gp, inherit, inherit ? RT_FROM_RUNNEXT : RT_FROM_RUNQ, -1};
}

/// Findrunnable's checks 6, 9 and 10: what never blocks and never looks at another P, so that a goroutine
/// that stops running may do it on its own stack.
NEWPROC_HOT inline Found find_local(M* m) {
  Sched& s = *m->sched;
  P* p = m->p;
  if (__builtin_expect(s.attention.load(std::memory_order_relaxed) != 0, 0)) return {};
  if ((kDirectSwitch || directed(m)) && __builtin_expect(p->timers.size() != 0, 0) && m->ops != nullptr && timers_due(s, p))
    return {};  // they fire on g0
  if (directed(m)) return {directed_next(m), false, RT_FROM_RUNQ, -1};
  if (__builtin_expect(fair_tick(p), 0) && !globrunqempty(s))
    if (G* gp = from_global(m, p, 1)) return {gp, false, RT_FROM_GLOBAL61, -1};
  if (const Found found = from_runq(s, p); found.g != nullptr) return found;
  if (!globrunqempty(s))
    if (G* gp = from_global(m, p, 0)) return {gp, false, RT_FROM_GLOBAL, -1};
  return {};
}

/// For g0: found.g could not be jumped to from a goroutine's stack.
NEWPROC_HOT inline void leave_to_g0(M* m, const Found& found, bool executed) {
  m->picked = found.g;
  m->picked_executed = executed;
  m->picked_inherit = found.inherit();
  m->picked_from = found.from();
}

/// The context of `next`, taken out of it; null: it is still leaving another M, or needs a stack to be made,
/// and g0 has to wait for that.
NEWPROC_HOT inline Context context_at_hand(M* m, G* next) {
  Context to = next->ctx.load(std::memory_order_acquire);  // pairs with arrive()
  if (__builtin_expect(to == kFresh, 0)) to = entry_at_hand(m, next);
  if (to != nullptr) next->ctx.store(nullptr, std::memory_order_relaxed);
  return to;
}

/// On gp's stack, gp having left for a queue or a park: goes on with found.g. False: it needs g0. Returns
/// true when gp runs again.
NEWPROC_HOT inline bool switch_direct(M* m, G* gp, const Found& found, Moment& now) {
  G* next = found.g;
  if (__builtin_expect(next->has(G::kLocked), 0) && next->lockedm() != m) {
    leave_to_g0(m, found, false);  // handing over the P blocks this M: not on a goroutine's stack
    return false;
  }
  execute(m, found, now);
  if (next == gp) return true;
  const Context to = context_at_hand(m, next);
  if (__builtin_expect(to == nullptr, 0)) {
    leave_to_g0(m, found, true);
    return false;
  }
  switch_context(m, &gp->ctx, to, bounds_of(next));
  return true;
}

/// gp stops running: fn puts it where it belongs, and says true if it goes on after all. Go: mcall,
/// asm_amd64.s:428
NEWPROC_HOT inline void mcall(M* m, G* gp, bool (*fn)(M*, G*)) {
  if (kDirectSwitch || directed(m)) {
    if (fn(m, gp)) return;  // from here on another M may pick gp; it waits for gp's context
    if (m->p != nullptr && m->lockedg == nullptr) {
      const Found found = find_local(m);
      Moment now(*m->sched);
      if (found.g != nullptr && switch_direct(m, gp, found, now)) return;
    }
    to_g0(m, &gp->ctx);
  } else {
    mcall_g0(m, gp, fn);
  }
}

}  // namespace NEWPROC_NS
