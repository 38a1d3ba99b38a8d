// switch.hpp: jumping between the stacks of goroutines and g0, for the files that do it.
#pragma once
#include "sched/sched.hpp"

namespace NEWPROC_NS {

/// StackMem::ctx while the entry loop on it runs or is still leaving. Null there means: make it anew.
inline const Context kLeaving = reinterpret_cast<Context>(std::uintptr_t{1});

struct Bounds {
  const void* bottom;
  std::size_t size;
  void* tsan;
};

/// Of a goroutine that has a stack. Only the sanitizers ask: other builds need not touch it.
inline Bounds bounds_of([[maybe_unused]] const G* gp) {
  if constexpr (!kSanitized) return {};
  StackMem* stack = gp->stack();
  return {stack->lo, stack->size(), fiber_of(stack)};
}
inline Bounds bounds_of_g0(M* m) { return {m->g0_bottom, m->g0_size, m->g0_tsan}; }

/// First thing after a jump: publishes where the context that was left is to be resumed.
inline void arrive(M* m, Context left) { m->switch_slot->store(left, std::memory_order_release); }

/// Leaves this context, to be resumed through `slot`, for `to`. Returns the M that resumed it.
[[gnu::always_inline]] inline M* switch_context(M* m, std::atomic<Context>* slot, Context to, const Bounds& target) {
  m->switch_slot = slot;
  void* fake = nullptr;
  start_switch(&fake, target.bottom, target.size, target.tsan);
  // Exceptions in flight travel with the stack; an M between two goroutines has none. Field by field: one
  // 16-byte load of what was stored as 8 and 4 bytes waits for both stores.
  void* const caught = m->eh->caught;
  const unsigned uncaught = m->eh->uncaught;
  const bool in_flight = caught != nullptr || uncaught != 0;
  if (__builtin_expect(in_flight, 0)) *m->eh = {};
  const Transfer t = jump(to, m, m->fp_modes);
  m = static_cast<M*>(t.data);
  const void* bottom = nullptr;
  std::size_t size = 0;
  finish_switch(fake, &bottom, &size);
  if (__builtin_expect(in_flight, 0)) {
    m->eh->caught = caught;
    m->eh->uncaught = uncaught;
  }
  arrive(m, t.fctx);
  return m;
}

/// From a goroutine to its M's g0.
inline M* to_g0(M* m, std::atomic<Context>* slot) {
  return switch_context(m, slot, m->g0_ctx.load(std::memory_order_relaxed), bounds_of_g0(m));
}

void cpu_relax_or_yield(M* m, int round, int spins);
void learn_bounds(M* m);
/// A stack for a fresh G from m's cache, with the entry loop on it; null: there is none ready.
Context entry_at_hand(M* m, G* next);

}  // namespace NEWPROC_NS
