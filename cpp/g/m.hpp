// m.hpp: M, a worker: an OS thread, or a context of the sim world. Go: type m, runtime2.go:533
#pragma once
#include <atomic>
#include <cstdint>

#include "base/rand.hpp"
#include "base/relaxed.hpp"
#include "context/stack.hpp"
#include "world/m_header.hpp"
#include "trace/ring.hpp"
#include "world/world.hpp"

namespace NEWPROC_NS {

struct G;
struct P;
struct Sched;

struct M : MHeader, WorldM {
  Sched* sched = nullptr;
  Relaxed<G*> curg = nullptr;  // the goroutine it runs; null on g0
  Relaxed<P*> p = nullptr;     // non-null exactly while it may run goroutines
  std::atomic<Context>* switch_slot = nullptr;  // where the context that was left is published
  StackCache stacks;
  trace::Ring* trace = nullptr;  // null: tracing is off
  bool fp_modes = false;         // rt_config.fp_modes
  FastRand rand;

  std::int32_t id = 0;
  Relaxed<std::int32_t> locks = 0;  // > 0: no preemption, no scheduling (acquirem)
  Relaxed<bool> spinning = false;   // looking for work, counted in nmspinning
  Relaxed<bool> blocked = false;    // asleep on park
  Relaxed<bool> idle = false;       // on sched.midle
  bool ended = false;         // its goroutine exited while locked: the M is gone

  // Left for g0 by a goroutine that could not switch on its own stack.
  bool (*action)(M*, G*) = nullptr;  // true: the goroutine goes on
  G* action_g = nullptr;
  G* picked = nullptr;           // chosen on a goroutine's stack, for g0 to run
  bool picked_executed = false;  // execute() has been done for it
  bool picked_inherit = false;
  std::uint32_t picked_from = 0;
  rt_commit_func commit = nullptr;  // of the park under way
  void* commit_arg = nullptr;

  std::atomic<P*> nextp{nullptr};  // handed over by the M that wakes this one
  P* oldp = nullptr;   // before the system call
  Note park;
  M* schedlink = nullptr;  // on sched.midle
  M* alllink = nullptr;
  Relaxed<G*> lockedg = nullptr;
  std::uint32_t locked_ext = 0;
  std::uint32_t syscalltick = 0;
  void (*startfn)(M*) = nullptr;
  std::atomic<Context> g0_ctx{nullptr};
  char panic_text[256] = {};  // of an exception that left a goroutine
  const void* g0_bottom = nullptr;
  std::size_t g0_size = 0;
  void* g0_tsan = nullptr;
  std::atomic<Context> nowhere{nullptr};  // slot for contexts that are never resumed
};

}  // namespace NEWPROC_NS
