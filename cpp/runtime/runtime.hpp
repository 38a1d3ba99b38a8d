// runtime.hpp: a runtime as the C ABI and the pattern interpreter see it, whichever world it lives in.
//
// Two families implement it: newproc::thr (OS threads) and newproc::sim (contexts on one thread), the
// same sources compiled twice. What a goroutine calls goes through GOps, found from the M that it runs on.
#pragma once
#include <cstdint>
#include <vector>

#include "newproc.h"

namespace newproc {

/// What a snap line shows: the caller's P and the global lists, by goid.
struct QueueView {
  std::uint64_t runnext = 0;  // 0: none
  std::vector<std::uint64_t> runq;
  std::vector<std::uint64_t> global;
  std::uint32_t schedtick = 0;
  std::uint32_t gfree = 0;
  std::uint32_t gfree_global = 0;
};

/// The operations of a running goroutine. Every function runs on the goroutine's own stack and may only
/// be called there; those marked [parks] can return on another OS thread.
struct GOps {
  rt_status (*newproc)(const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid);
  void (*gosched)();                                              // [parks]
  void (*goyield)();                                              // [parks]
  void (*goexit)();                                               // does not return
  rt_status (*defer)(rt_func fn, void* arg);
  void (*panic)(const char* text);                                // does not return; text without "panic: "
  void (*fatal)(const char* text);                                // does not return
  void (*limit)(const char* text);                                // does not return: ends the run, RT_ELIMIT
  std::uint64_t (*goid)();
  std::uint64_t (*parent_goid)();
  rt_g* (*getg)();
  void (*checkpoint)();                                           // [parks] if preemption was asked for
  void (*set_labels)(void*);
  void* (*get_labels)();
  void (*gopark)(rt_commit_func commit, void* arg, std::uint32_t reason);  // [parks]
  rt_status (*goready)(rt_g* g);
  rt_status (*lock_os_thread)();
  rt_status (*unlock_os_thread)();
  rt_status (*entersyscall)();
  rt_status (*entersyscallblock)();
  rt_status (*exitsyscall)();                                     // [parks]
  rt_status (*gomaxprocs)(std::uint32_t n, std::uint32_t* old);   // [parks]
  void (*queues)(QueueView& view);
  void (*trace_user)(std::uint64_t a, std::uint64_t b);
};

/// The part of an M that code outside the two worlds may see. `ops` is null while the M runs no goroutine.
struct MHeader {
  const GOps* ops = nullptr;
  rt_runtime* runtime = nullptr;
};

/// The M of this OS thread, or null. Never cache the result across a call that parks.
MHeader* current_m();
void set_current_m(MHeader* m);

/// The operations of the goroutine that calls, or null outside of goroutines.
inline const GOps* current_ops() {
  MHeader* m = current_m();
  return m != nullptr ? m->ops : nullptr;
}

}  // namespace newproc

struct rt_runtime {
  virtual ~rt_runtime() = default;
  virtual rt_status start_main(rt_func fn, void* arg, rt_end* end) = 0;
  virtual rt_status begin(rt_func fn, void* arg) = 0;
  virtual rt_status step(std::uint64_t steps, int* over, rt_end* end) = 0;
  virtual rt_status abandon() = 0;
  virtual rt_status interrupt() = 0;
  virtual bool running() const = 0;
  virtual rt_status set_starting_stack_size(std::uint32_t bytes) = 0;
  virtual std::uint32_t gomaxprocs() const = 0;
  virtual rt_status stats(rt_stats_t* out) = 0;
  virtual rt_status snapshot(rt_snapshot** out) = 0;
  virtual rt_status dump(int fd) = 0;
  virtual rt_status trace(rt_trace** out) = 0;
  /// Makes the next run start as a fresh runtime's would: goids, free lists, ticks, allgs. Cheap.
  virtual void reset() = 0;
};

namespace newproc {

/// Makes a runtime from a configuration that `check_config` has passed. Null: no memory.
rt_runtime* make_runtime(const rt_config& config);

/// Fills in the defaults.
void default_config(rt_config& config);
/// Says what is wrong with a configuration (RT_EINVAL), or RT_OK.
rt_status check_config(const rt_config& config);

}  // namespace newproc
