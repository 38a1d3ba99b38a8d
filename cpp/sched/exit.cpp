// exit.cpp: the first frame of a goroutine, and its end. Go: gostartcall, goexit1, goexit0, Goexit;
// sys_x86.go:16, proc.go:3845, 3856, panic.go:489
//
// The first frame is a loop: when a goroutine ends and the next one is new, it starts on the same stack
// without a switch. In all other cases the loop is left by a jump and found again through StackMem::ctx.
#include <cxxabi.h>
#include <unwind.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "base/error.hpp"
#include "context/overflow.hpp"
#include "sched/direct.hpp"
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {

void run_defers(G* gp) {
  while (Defer* d = gp->defers()) {
    gp->defers() = d->next;  // before the call: it may defer, park, or Goexit again
    const Defer copy = *d;
    std::free(d);
    copy.fn(copy.arg);
  }
}

void clear_exited(G* gp) {
  gp->waitreason = RT_WAIT_NONE;
  gp->preempt.store(false, std::memory_order_relaxed);
  gp->unset(G::kLocked | G::kSystem | G::kCatch | G::kHeld);
  if (__builtin_expect(!gp->has(G::kMore), 1)) return;
  gp->more.labels = nullptr;
  gp->more.on_drop = nullptr;
}

// proc.go:3856. On the free list before the next G is chosen: the next spawn here reuses it.
// True: it was locked, and takes its M with it.
bool goexit0(M* m, G* gp, Moment& now) {
  Sched& s = *m->sched;
  P* p = m->p;
  emit_at(m, now, RT_EV_GO_END, gp->goid);
  casgstatus(gp, RT_GRUNNING, RT_GDEAD);
  p->scannable.add(0 - std::uint64_t{gp->nominal_stack()});
  p->exited.add(1);
#if NEWPROC_WORLD_SIM
  if (__builtin_expect(s.direction.director != nullptr, 0)) s.direction.director->ended(gp->goid);
#endif
  if (gp->system()) s.ngsys.fetch_sub(1, std::memory_order_relaxed);
  if (s.cfg.max_goroutines != 0) s.live.fetch_sub(1, std::memory_order_relaxed);
  const bool locked = gp->has(G::kLocked);
  m->lockedg = nullptr;
  m->locked_ext = 0;
  clear_exited(gp);
  dropg(m);
  if (s.cfg.stack_policy == RT_STACK_LAZY) gp->unbind();
  gfput(m, p, gp);
  return locked;
}

// proc.go:1648 (mexit): the thread of a goroutine that exits locked is not reused.
void end_thread(M* m) {
  Sched& s = *m->sched;
  m->ended = true;
  handoffp(m, s, releasep(m));
  s.lock.lock();
  ++s.nmfreed;
  checkdead(s);
  s.lock.unlock();
}

/// On g0: the exit of a goroutine that left its stack, whose entry loop waits (or, abandoned, is gone).
bool exit_on_g0(M* m, G* gp) {
  StackMem* stack = gp->stack();
  const bool lazy = m->sched->cfg.stack_policy == RT_STACK_LAZY;
  stack->owner.store(nullptr, std::memory_order_relaxed);
  Moment now(*m->sched);
  const bool locked = goexit0(m, gp, now);
  if (lazy) m->stacks.put(m->sched->pool, stack);
  if (locked) end_thread(m);
  return false;
}

bool abandoned_on_g0(M* m, G* gp) {
  gp->stack()->ctx.store(nullptr, std::memory_order_relaxed);  // its frames are gone: make the loop anew
  return exit_on_g0(m, gp);
}

/// Leaves the entry loop's stack for g0, which does the rest. Returns when a new goroutine starts here.
M* exit_through_g0(M* m, G* gp, StackMem* stack) {
  m->action = exit_on_g0;
  m->action_g = gp;
  return to_g0(m, &stack->ctx);
}

/// Taken out of a G that has run before; null: it has not, or is still leaving another M.
Context waiting_context(G* next) {
  const Context to = next->ctx.load(std::memory_order_acquire);
  if (to == nullptr || to == kFresh) return nullptr;
  next->ctx.store(nullptr, std::memory_order_relaxed);
  return to;
}

/// The exit that stays off g0: the goroutine is freed on its own stack, and the next one, if it is at
/// hand, is jumped to, or starts right here.
[[gnu::flatten]] M* exit_direct(M* m, G* gp, StackMem* stack) {
  Sched& s = *m->sched;
  stack->owner.store(nullptr, std::memory_order_relaxed);
  Moment now(s);
  goexit0(m, gp, now);
  const bool lazy = s.cfg.stack_policy == RT_STACK_LAZY;
  const Found found = find_local(m);
  G* next = found.g;
  if (next == nullptr || (next->has(G::kLocked) && next->lockedm() != m)) {
    leave_to_g0(m, found, false);
    if (lazy) m->stacks.put(s.pool, stack);
    return to_g0(m, &stack->ctx);
  }
  execute(m, found, now);
  if (next->ctx.load(std::memory_order_relaxed) == kFresh && !next->has(G::kStack)) {
    next->bind(stack);
    next->ctx.store(nullptr, std::memory_order_relaxed);
    stack->owner.store(next, std::memory_order_relaxed);
    return m;
  }
  if (lazy) m->stacks.put(s.pool, stack);  // only this M takes from there, and not before it has left
  if (const Context to = waiting_context(next); to != nullptr) return switch_context(m, &stack->ctx, to, bounds_of(next));
  leave_to_g0(m, found, true);
  return to_g0(m, &stack->ctx);
}

/// The goroutine on this stack has ended; returns when another is to start on it.
M* goexit1(M* m, G* gp, StackMem* stack) {
  if (__builtin_expect(m->p == nullptr, 0)) fatal("goroutine ended between rt_entersyscall and rt_exitsyscall");
  if (__builtin_expect(gp->has(G::kUnguarded), 0)) check_canary(m, gp);
  if ((kDirectSwitch || directed(m)) && !gp->has(G::kLocked)) return exit_direct(m, gp, stack);
  return exit_through_g0(m, gp, stack);
}

/// On the M, not in the frame of run_body, which is part of every parked goroutine's stack.
void keep_text(const char* what) {
  M* m = getm();
  std::snprintf(m->panic_text, sizeof m->panic_text, "%s", what);
}

/// noinline: rt_goexit unwinds up to this frame and no further.
#if defined(__clang__)
[[gnu::noinline]]
#else
[[gnu::noipa]]
#endif
void run_body(G* gp) {
  try {
    static_cast<rt_func>(gp->fn)(gp->arg());
    run_defers(gp);
    return;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (const std::exception& e) {
    keep_text(e.what());
  } catch (...) {
    keep_text("a C++ exception that is no std::exception");
  }
  panic(getm()->panic_text);  // the exception is freed by now; nothing of this frame will be
}

_Unwind_Reason_Code stop_at_entry(int, _Unwind_Action actions, _Unwind_Exception_Class, _Unwind_Exception*,
                                  _Unwind_Context* context, void*) {
  const bool at_end = (actions & _UA_END_OF_STACK) != 0;
  if (!at_end && _Unwind_GetRegionStart(context) != reinterpret_cast<std::uintptr_t>(&run_body)) return _URC_NO_REASON;
  M* m = getm();
  m->action = abandoned_on_g0;
  m->action_g = m->curg;
  to_g0(m, &m->nowhere);
  gothrow("goexit: an exited goroutine was resumed");
}

}  // namespace

void goroutine_entry(Transfer t) {
  asm volatile(".cfi_undefined rip");  // a walk of the stack ends here
  M* m = static_cast<M*>(t.data);
  const void* bottom = nullptr;
  std::size_t size = 0;
  finish_switch(nullptr, &bottom, &size);
  arrive(m, t.fctx);
  *m->eh = {};
  StackMem* stack = m->curg->stack();
  for (;;) {
    G* gp = m->curg;
    run_body(gp);
    m = goexit1(getm(), gp, stack);
    *m->eh = {};
  }
}

void goexit() {
  M* m = getm();
  operation(m);
  G* gp = m->curg;
  if (m->p == nullptr) fatal("rt_goexit between rt_entersyscall and rt_exitsyscall");
  run_defers(gp);
  if (getm()->p == nullptr) fatal("deferred call ended between rt_entersyscall and rt_exitsyscall");
  StackMem* stack = gp->stack();
  static_assert(sizeof stack->unwind >= sizeof(_Unwind_Exception));
  auto* unwind = new (stack->unwind) _Unwind_Exception{};
  unpoison(stack);  // a frame that is unwound without a handler does not take its redzones back
  _Unwind_ForcedUnwind(unwind, stop_at_entry, nullptr);
  stop_at_entry(1, _UA_END_OF_STACK, 0, nullptr, nullptr, nullptr);  // a frame without unwind tables
}

rt_status defer(rt_func fn, void* arg) {
  auto* d = static_cast<Defer*>(std::malloc(sizeof(Defer)));
  if (d == nullptr) return fail(RT_ENOMEM, "rt_defer: the system gave no memory");
  G* gp = getm()->curg;
  *d = Defer{gp->defers(), fn, arg};
  gp->defers() = d;
  return RT_OK;
}

[[gnu::noinline]] void check_canary(M* m, G* gp) {
  if (!canary_lives(gp->stack())) report_overflow(m->sched->pool, gp->stack());
}

void leave_for_good(M* m) {
  to_g0(m, &m->nowhere);
  gothrow("a goroutine of an ended run was resumed");
}

/// After a run: what never reached its end is given back. The Gs keep their fields for a last look.
void drop_goroutines(Sched& s) {
  for (G* gp : s.allgs) {
    if (readgstatus(gp) == RT_GDEAD) continue;
    while (Defer* d = gp->has(G::kStack) ? gp->defers() : nullptr) {
      gp->defers() = d->next;
      std::free(d);
    }
    const rt_func on_drop = gp->on_drop();
    if (on_drop == nullptr) continue;
    gp->more.on_drop = nullptr;
    on_drop(gp->arg());
  }
}

}  // namespace NEWPROC_NS
