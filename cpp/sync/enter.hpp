// enter.hpp: how every blocking operation begins, parks, wakes and panics.
#pragma once
#include "base/error.hpp"
#include "sched/direct.hpp"
#include "sched/fast.hpp"
#include "sync/handles.hpp"

namespace NEWPROC_NS {

/// sysmon has asked the caller to yield: two that hand a value to and fro share one slice, and would go on for ever.
[[gnu::cold, gnu::noinline]] inline M* enter_preempted(M* m) {
  if (m->locks == 0 && !m->curg->has(G::kHeld)) preempt_self(m);
  return getm();
}

/// The caller's M, at a point where a driver may step in and where the goroutine may be preempted: it is about to do
/// something of `kind` (RT_OP_*) to `object`. Null: the goroutine is in a system call, and fail() has said so.
inline M* enter(const char* call, std::uint32_t kind, const void* object) {
  M* m = getm();
  operation(m, kind, object);
  if constexpr (kSim) m = getm();  // a driver may have let others go on
  if (__builtin_expect(m->p != nullptr, 1)) {
    if (__builtin_expect(m->curg->preempt.load(std::memory_order_relaxed), 0)) return enter_preempted(m);
    return m;
  }
  fail(RT_EPLACE, "%s: not between rt_entersyscall and rt_exitsyscall: the goroutine has no P there", call);
  return nullptr;
}

/// Misuse that Go answers with a panic. Returns only to a goroutine that catches them.
[[gnu::cold, gnu::noinline]] inline rt_status gopanic(M* m, const char* text) {
  if (m != nullptr && m->curg != nullptr && !static_cast<G*>(m->curg)->has(G::kCatch)) panic(text);
  return fail(RT_EPANIC, "%s", text);
}

[[gnu::cold, gnu::noinline]] inline rt_status no_sudog(const char* call) {
  return fail(RT_ENOMEM, "%s: the system gave no memory for a waiter", call);
}

/// Makes a waiter run that the caller has taken off its list: next on the caller's P; from a thread that is no M (m is
/// null), through the global queue.
inline void wake(M* m, Sched& s, G* gp) {
  if (__builtin_expect(m != nullptr, 1)) return ready_own(m, gp, true);
  if (!inject(s, gp)) gothrow("goready: bad g status");
}

/// Parks the caller; commit() runs once it counts as waiting, unlocks what protects the wait list, and
/// touches nothing afterwards: the goroutine may run again by then. [parks]
template <class Commit>
inline void park(M* m, std::uint32_t reason, const void* object, Commit&& commit) {
  G* gp = m->curg;
  if (__builtin_expect(gp->has(G::kUnguarded), 0)) check_canary(m, gp);
  gp->waitreason = static_cast<std::uint8_t>(reason);
  gp->stack()->wait_object = object;
  m->commit_arg = &commit;
  mcall(m, gp, [](M* on, G* parked) {
    auto& last = *static_cast<std::remove_reference_t<Commit>*>(on->commit_arg);
    leave_waiting(on, parked);
    last();
    return false;
  });
}

}  // namespace NEWPROC_NS
