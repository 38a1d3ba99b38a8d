// g.hpp: G, a goroutine. Go: type g, runtime2.go:414
//
// State says who owns a G and which list holds it (rt_g_info.status has the same numbers):
//   Gidle      just made, on no list
//   Grunnable  in exactly one of: a ring, a runnext, the global queue, or the hands of an M
//   Grunning   M's curg; that M owns every plain field
//   Gsyscall   as running, but its P may be taken
//   Gwaiting   on no list of ours; whoever may ready it owns it
//   Gdead      on a free list, or exiting on its M
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/relaxed.hpp"
#include "base/throw.hpp"
#include "context/stack.hpp"
#include "newproc.h"
#include "world/world.hpp"

namespace NEWPROC_NS {

struct M;
struct Defer {
  Defer* next;
  rt_func fn;
  void* arg;
};
/// A goroutine that led to others: where it was when it spawned the next. Go: ancestorInfo, runtime2.go:1030
struct Ancestor {
  static constexpr std::size_t kMostFrames = 50;  // tracebackInnerFrames, traceback.go:33
  std::uint64_t goid;
  const void* gopc;  // of its own spawn; file and line where they were given
  const char* file;
  std::int32_t line;
  std::vector<const void*> pcs;  // innermost first, from the go statement on
};
/// Nearest first. What brothers and sisters have in common is there once.
using Ancestors = std::vector<std::shared_ptr<const Ancestor>>;

/// ctx of a G that has not run yet: it needs a stack and starts in the entry loop.
inline const Context kFresh = reinterpret_cast<Context>(std::uintptr_t{1});

/// What few goroutines have; valid while kMore is set.
struct GMore {
  Relaxed<void*> labels = nullptr;
  rt_func on_drop = nullptr;
  Relaxed<const char*> file = nullptr;
  Relaxed<const char*> name = nullptr;
  Ancestors* ancestors = nullptr;
  Relaxed<std::int32_t> line = 0;
};

/// Two cache lines. A goroutine that is spawned, runs and ends without labels, names or waiting touches
/// the first only: with a million of them, memory is what a spawn costs (cpp/doc/adr/0004-cache-lines.md).
struct alignas(128) G {
  /// goroutineProfiled: what a profile under way still wants of this G. mprof.go:866
  enum Profile : std::uint8_t { kProfileAbsent = 0, kProfileSatisfied = 2 };
  enum : std::uint8_t { kSystem = RT_SPAWN_SYSTEM, kMore = 2, kStack = 4, kLocked = 8, kUnguarded = 16, kCatch = 32 /* rt_catch_panics */,
         kHeld = 64 /* rt_set_preemptible(0) */ };

  G* schedlink = nullptr;               // for every list: a G is on one at most
  std::atomic<Context> ctx{nullptr};    // where to resume it; null while it runs or is still leaving its M
  Relaxed<void*> arg_or_stack = nullptr;  // arg(), stack()
  Relaxed<rt_func> fn = nullptr;        // startpc
  Relaxed<std::uint64_t> goid = 0;
  Relaxed<std::uint64_t> parent_goid = 0;
  Relaxed<const void*> gopc = nullptr;  // address of the spawn; file and line where they were given
  std::atomic<std::uint8_t> status{RT_GIDLE};
  std::atomic<bool> preempt{false};
  Relaxed<bool> tracking = false;
  std::uint8_t tracking_seq = 0;
  Relaxed<std::uint8_t> waitreason = RT_WAIT_NONE;
  Relaxed<std::uint8_t> flags = 0;
  Relaxed<std::uint8_t> stack_log2 = 0;  // of nominal_stack(); 0: none
  Relaxed<std::uint8_t> goroutine_profiled = kProfileAbsent;

  // The second line.
  alignas(64) GMore more;
  Relaxed<M*> lockedm_ = nullptr;  // valid while kLocked is set
  std::uint64_t tracking_stamp = 0;

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
  void set(std::uint8_t flag) { flags = static_cast<std::uint8_t>(flags | flag); }
  void unset(std::uint8_t flag) { flags = static_cast<std::uint8_t>(flags & ~flag); }
  bool system() const { return has(kSystem); }

  /// Null: none bound. A goroutine has one from its first run on, under the policy go from its creation.
  StackMem* stack() const { return has(kStack) ? static_cast<StackMem*>(arg_or_stack.get()) : nullptr; }
  /// What fn is called with. It moves to the stack when that is bound.
  void* arg() const { return has(kStack) ? stack()->arg : arg_or_stack.get(); }
  void set_arg(void* arg) {
    if (has(kStack))
      stack()->arg = arg;
    else
      arg_or_stack = arg;
  }
  void bind(StackMem* stack) {
    stack->arg = arg_or_stack;
    stack->defers = nullptr;
    arg_or_stack = stack;
    set(__builtin_expect(stack->guarded, 1) ? kStack : kStack | kUnguarded);
  }
  void unbind() {
    unset(kStack | kUnguarded);
    arg_or_stack = nullptr;
  }

  /// Bytes of the stack as Go would have it, which the free lists compare; 0: none.
  std::uint32_t nominal_stack() const { return stack_log2 == 0 ? 0 : 1u << stack_log2; }
  void set_nominal_stack(std::uint32_t bytes) {
    stack_log2 = static_cast<std::uint8_t>(bytes == 0 ? 0 : std::countr_zero(bytes));
  }

  const GMore* seldom() const { return has(kMore) ? &more : nullptr; }
  /// Room for what few have: empty unless it holds something already.
  GMore& need_more() {
    if (!has(kMore)) more = GMore{};
    set(kMore);
    return more;
  }
  void* labels() const { return has(kMore) ? more.labels.get() : nullptr; }
  const char* file() const { return has(kMore) ? more.file.get() : nullptr; }
  const char* name() const { return has(kMore) ? more.name.get() : nullptr; }
  std::int32_t line() const { return has(kMore) ? more.line.get() : 0; }
  rt_func on_drop() const { return has(kMore) ? more.on_drop : nullptr; }
  /// The M it is wired to, or null.
  M* lockedm() const { return has(kLocked) ? lockedm_.get() : nullptr; }
  Defer*& defers() { return reinterpret_cast<Defer*&>(stack()->defers); }
};
static_assert(sizeof(G) == 128);

/// Go: casgstatus, proc.go:1039. One owner at a time changes a status, so that a mismatch is a bug of
/// ours, never a thing to wait for.
inline void casgstatus(G* gp, std::uint32_t from, std::uint32_t to) {
  if (__builtin_expect(gp->status.load(std::memory_order_relaxed) != from, 0))
    gothrow("casgstatus: bad incoming values");
  gp->status.store(static_cast<std::uint8_t>(to), std::memory_order_release);
}

inline std::uint32_t readgstatus(const G* gp) { return gp->status.load(std::memory_order_acquire); }

}  // namespace NEWPROC_NS
