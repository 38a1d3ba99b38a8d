// switch.cpp: what a switch seldom needs: a stack for a fresh G, a wait, g0's bounds.
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

[[gnu::noinline]] Context entry_at_hand(M* m, G* next) {
  StackMem* stack = next->stack();
  if (stack == nullptr) {
    stack = m->stacks.get(m->sched->pool);
    if (stack == nullptr) return nullptr;
    next->bind(stack);
  }
  const Context to = stack->ctx.load(std::memory_order_acquire);
  if (to == nullptr || to == kLeaving) return nullptr;
  stack->ctx.store(kLeaving, std::memory_order_relaxed);
  stack->owner.store(next, std::memory_order_relaxed);
  return to;
}

}  // namespace NEWPROC_NS
