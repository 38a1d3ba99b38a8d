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
#include <cstdint>

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
/// One ancestor: the goroutines that led to a G, nearest first. Go: ancestorInfo, runtime2.go:1030
struct Ancestors {
  std::uint32_t n;
  std::uint64_t goids[1];  // n of them
};

/// ctx of a G that has not run yet: it needs a stack and starts in the entry loop.
inline const Context kFresh = reinterpret_cast<Context>(std::uintptr_t{1});

struct alignas(64) G {
  // What scheduling touches comes first.
  G* schedlink = nullptr;             // for every list: a G is on one at most
  std::atomic<Context> ctx{nullptr};  // where to resume it; null while it runs or is still leaving its M
  Relaxed<StackMem*> stack = nullptr;  // null: none bound
  Relaxed<rt_func> fn = nullptr;      // startpc
  void* arg = nullptr;
  Relaxed<std::uint64_t> goid = 0;
  std::atomic<std::uint32_t> status{RT_GIDLE};
  std::atomic<bool> preempt{false};
  Relaxed<bool> tracking = false;
  std::uint8_t tracking_seq = 0;
  Relaxed<std::uint8_t> waitreason = RT_WAIT_NONE;
  Relaxed<std::uint32_t> nominal_stack = 0;  // bytes as Go would have; 0: no stack (free lists compare this)

  Relaxed<M*> m = nullptr;        // null unless running or in a system call
  Relaxed<M*> lockedm = nullptr;  // the M it is wired to
  Relaxed<std::uint64_t> parent_goid = 0;
  Relaxed<const void*> gopc = nullptr;  // address of the spawn; file and line where they were given
  Relaxed<const char*> file = nullptr;
  Relaxed<void*> labels = nullptr;
  rt_func on_drop = nullptr;
  Defer* defers = nullptr;

  Relaxed<const char*> name = nullptr;
  Ancestors* ancestors = nullptr;
  std::uint64_t tracking_stamp = 0;
  std::uint64_t runnable_stamps = 0;  // time in runnable of this G since tracking went on
  Relaxed<std::int32_t> line = 0;
  Relaxed<std::uint32_t> flags = 0;  // RT_SPAWN_*
  std::uint32_t allgs_index = 0;
  std::uint8_t goroutine_profiled = 0;

  bool system() const { return (flags & RT_SPAWN_SYSTEM) != 0; }
};

/// Go: casgstatus, proc.go:1039. One owner at a time changes a status, so that a mismatch is a bug of
/// ours, never a thing to wait for.
inline void casgstatus(G* gp, std::uint32_t from, std::uint32_t to) {
  if (__builtin_expect(gp->status.load(std::memory_order_relaxed) != from, 0))
    gothrow("casgstatus: bad incoming values");
  gp->status.store(to, std::memory_order_release);
}

inline std::uint32_t readgstatus(const G* gp) { return gp->status.load(std::memory_order_acquire); }

}  // namespace NEWPROC_NS
