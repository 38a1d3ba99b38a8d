// switch.cpp: the straight switch from one goroutine to the next, and g0's bounds.
#include "sched/switch.hpp"

#include <pthread.h>

#include "base/clock.hpp"

namespace NEWPROC_NS {

void cpu_relax_or_yield(M* m, int round, int spins) {
  if (kSim || round % spins == 0)
    m->sched->world.yield_thread();
  else
    cpu_relax();
}

/// The sanitizers want to know g0's stack. In the sim world the world made it.
void learn_bounds([[maybe_unused]] M* m) {
#if NEWPROC_ASAN && !NEWPROC_WORLD_SIM
  pthread_attr_t attr;
  if (pthread_getattr_np(pthread_self(), &attr) == 0) {
    void* lo = nullptr;
    pthread_attr_getstack(&attr, &lo, &m->g0_size);
    m->g0_bottom = lo;
    pthread_attr_destroy(&attr);
  }
#endif
#if NEWPROC_WORLD_SIM
  m->g0_bottom = m->g0_stack->lo;
  m->g0_size = m->g0_stack->size();
#endif
  m->g0_tsan = current_fiber();
}

/// On gp's stack, gp having left for a queue, a park or its end: goes on with found.g. False: it needs g0.
/// Returns true when gp runs again.
bool switch_direct(M* m, G* gp, const Found& found) {
  G* next = found.g;
  if (__builtin_expect(next->lockedm != nullptr && next->lockedm != m, 0)) {
    m->picked = next;  // handing over the P blocks this M: not on a goroutine's stack
    m->picked_executed = false;
    m->picked_inherit = found.inherit;
    m->picked_from = found.from;
    return false;
  }
  execute(m, found);
  if (next == gp) return true;
  Context to = next->ctx.load(std::memory_order_acquire);
  if (to == kFresh) {
    // A stack, with its entry loop, from this M's cache: ready unless it must be made.
    StackMem* stack = next->stack != nullptr ? next->stack.get() : m->stacks.get(m->sched->pool);
    next->stack = stack;
    to = stack != nullptr ? stack->ctx.load(std::memory_order_acquire) : nullptr;
    if (to == nullptr || to == kLeaving) to = nullptr;
    if (to != nullptr) {
      stack->ctx.store(kLeaving, std::memory_order_relaxed);
      stack->owner.store(next, std::memory_order_relaxed);
    }
  }
  if (to == nullptr) {  // still leaving its M, or a stack to be made: g0 waits without holding us back
    m->picked = next;
    m->picked_executed = true;
    return false;
  }
  next->ctx.store(nullptr, std::memory_order_relaxed);
  switch_context(m, &gp->ctx, to, bounds_of(next->stack));
  return true;
}

}  // namespace NEWPROC_NS
