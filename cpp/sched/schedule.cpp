// schedule.cpp: the loop of an M, and the switch. Go: schedule, execute, mcall, gogo, mstart;
// proc.go:3548, 2842, 1575; asm_amd64.s:403, 428
//
// Go runs the scheduler on g0 only. Here a goroutine that stops running may look for its successor on its
// own stack and jump straight to it (cpp/doc/adr/0002-direct-switch.md); it goes through g0 when
// nothing is at hand, when the world needs attention, or when an M is locked. What makes that safe is
// G::ctx: it is null from the moment a G starts to leave until its successor, or g0, has published where it
// is to be resumed. An M that picks a G whose ctx is null waits for it, on g0, where it blocks nobody.
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {

constexpr int kSpinsBeforeYield = 200;

// 8.1, steps 2 and 9: a locked G runs on its own M only.
bool lost_to_locking(M* m, Found& found) {
  if (!found.g->has(G::kLocked) || found.g->lockedm() == m) return false;
  startlockedm(m, found.g);
  return true;
}

/// The context of a G that is to run, taken out of it. Waits while the G is still leaving another M.
Context take_context(M* m, G* gp) {
  for (int i = 1;; ++i) {
    Context ctx = gp->ctx.load(std::memory_order_acquire);  // pairs with arrive()
    if (ctx != nullptr) {
      gp->ctx.store(nullptr, std::memory_order_relaxed);
      return ctx;
    }
    cpu_relax_or_yield(m, i, kSpinsBeforeYield);
  }
}

/// Binds a stack to a fresh G and returns the entry loop that waits on it.
Context bind_stack(M* m, G* gp) {
  StackMem* stack = gp->stack();
  if (stack == nullptr) {
    stack = m->stacks.get(m->sched->pool);
    if (stack == nullptr) return nullptr;
    gp->bind(stack);
  }
  for (int i = 1;; ++i) {
    Context ctx = stack->ctx.load(std::memory_order_acquire);
    if (ctx == kLeaving) {
      cpu_relax_or_yield(m, i, kSpinsBeforeYield);
      continue;
    }
    stack->ctx.store(kLeaving, std::memory_order_relaxed);
    stack->owner.store(gp, std::memory_order_relaxed);
    if (ctx != nullptr) return ctx;
    unpoison(stack);
    return make_context(stack->top(), stack->size(), goroutine_entry);
  }
}

/// From g0: runs gp until somebody jumps back to g0.
void run_on(M* m, G* gp) {
  Context to = take_context(m, gp);
  if (to == kFresh) {
    to = bind_stack(m, gp);
    if (to == nullptr) {
      gp->ctx.store(kFresh, std::memory_order_relaxed);
      end_run(*m->sched, RT_ENOMEM, gp, "the system gave no memory for the stack of a goroutine");
      return;
    }
  }
  m->ops = &gops;
  switch_context(m, &m->g0_ctx, to, bounds_of(gp));
  m->ops = nullptr;
}

void run_action(M* m) {
  bool (*fn)(M*, G*) = m->action;
  if (fn == nullptr) return;
  m->action = nullptr;
  if (!fn(m, m->action_g)) return;
  m->picked = m->action_g;
  m->picked_executed = true;
}

/// The G to run next, executed; null: the M must end.
G* next_goroutine(M* m) {
  Found found{m->picked, m->picked_inherit, m->picked_from, -1};
  const bool executed = m->picked_executed;
  m->picked = nullptr;
  if (found.g != nullptr && executed) return found.g;
  if (found.g != nullptr && lost_to_locking(m, found)) {
    if (m->p == nullptr) return nullptr;
    found.g = nullptr;
  }
  if (found.g == nullptr) found = schedule(m);
  if (found.g != nullptr) execute(m, found);
  return found.g;
}

}  // namespace

[[gnu::noinline]] void record_wait(M* m, G* gp, Moment& now) {
  gp->tracking = false;
  m->p->time_to_run.record(m->sched->world.duration_ns(now.stamp() - gp->tracking_stamp));
}

Found schedule(M* m) {
  if (m->locks != 0) gothrow("schedule: holding locks");
  Sched& s = *m->sched;
  for (;;) {
    if (m->lockedg != nullptr) {
      stoplockedm(m);
      if (m->p == nullptr) return {};
      return {m->lockedg, false, RT_FROM_LOCKED, -1};
    }
    if (m->p->preempt.load(std::memory_order_relaxed)) m->p->preempt.store(false, std::memory_order_relaxed);
    if (m->spinning && !m->p->runq.empty()) gothrow("schedule: spinning with local work");
    Found found = findRunnable(m);
    if (found.g == nullptr) return {};
    if (m->spinning) resetspinning(m);
    if (lost_to_locking(m, found)) {
      if (s.exiting() || m->p == nullptr) return {};
      continue;
    }
    return found;
  }
}

/// fn may block the M, so that it must not run on the goroutine's stack.
void mcall_g0(M* m, G* gp, bool (*fn)(M*, G*)) {
  m->action = fn;
  m->action_g = gp;
  to_g0(m, &gp->ctx);
}

/// The body of every M, on g0. Returns when the run is over.
void mstart(M* m) {
  Sched& s = *m->sched;
  learn_bounds(m);
  if (m->startfn != nullptr) m->startfn(m);
  if (P* p = m->nextp.exchange(nullptr, std::memory_order_acquire)) acquirep(m, p);
  s.scheduling.fetch_add(1, std::memory_order_seq_cst);  // pairs with preempt_until_all_left
  while (m->p != nullptr && !s.exiting()) {
    G* gp = next_goroutine(m);
    if (gp == nullptr) break;
    run_on(m, gp);
    run_action(m);
  }
  s.scheduling.fetch_sub(1, std::memory_order_seq_cst);
  if (m->spinning) {
    m->spinning = false;
    s.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  }
}

}  // namespace NEWPROC_NS
