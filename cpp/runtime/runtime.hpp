// runtime.hpp: a runtime as the C ABI and the pattern interpreter see it, whichever world it lives in.
//
// Two families implement it: newproc::thr (OS threads) and newproc::sim (contexts on one thread), the
// same sources compiled twice. What a goroutine calls goes through GOps, found from the M that it runs on.
#pragma once
#include <cstdint>
#include <vector>

#include "newproc.h"
#include "sched/director.hpp"
#include "sched/gops.hpp"
#include "world/m_header.hpp"

namespace newproc {

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
  virtual rt_status on_stop(rt_func fn, void* arg) = 0;
  virtual bool running() const = 0;
  virtual rt_status set_starting_stack_size(std::uint32_t bytes) = 0;
  virtual std::uint32_t gomaxprocs() const = 0;
  virtual rt_status stats(rt_stats_t* out) = 0;
  virtual rt_status snapshot(rt_snapshot** out) = 0;
  virtual rt_status dump(int fd) = 0;
  virtual rt_status trace(rt_trace** out) = 0;
  virtual rt_status make_chan(std::size_t elem_size, std::size_t cap, rt_chan** out) = 0;
  virtual rt_status make_cancel(rt_context* parent, rt_context** out) = 0;
  virtual rt_status make_value(rt_context* parent, const void* key, void* value, rt_func drop, rt_context** out) = 0;
  virtual rt_status make_without(rt_context* parent, rt_context** out) = 0;
  virtual std::int64_t nanotime() const = 0;
  virtual rt_status hold(int by) = 0;  // 1 or -1
  // From threads that are no Ms. These never wait.
  virtual rt_status outside_newproc(const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid) = 0;
  virtual rt_status outside_ready(rt_g* g) = 0;
  virtual rt_status outside_send(rt_chan* c, const void* elem) = 0;
  virtual rt_status outside_recv(rt_chan* c, void* elem, bool* ok) = 0;
  virtual rt_status outside_close(rt_chan* c) = 0;
  virtual rt_status outside_cancel(rt_context* c, void* cause, rt_func drop) = 0;
  // Objects, whoever calls.
  virtual rt_status stop_timer(rt_timer* t, bool* active) = 0;
  virtual rt_status reset_timer(rt_timer* t, std::int64_t ns, bool* active) = 0;
  virtual rt_chan* timer_chan(rt_timer* t) = 0;
  virtual void free_timer(rt_timer* t) = 0;
  /// Who decides from the next run on (sim world with one P; null: nobody). RT_ENOTSUP elsewhere. `check`: all places and
  /// counts of the scheduler, whenever it is asked (sched/check.cpp).
  virtual rt_status direct(newproc::Director* director, bool check) = 0;
  virtual rt_status open_fd(int fd, std::uint32_t flags, rt_fd** out, int* error) = 0;
  virtual rt_status outside_close_fd(rt_fd* f) = 0;
  virtual void free_fd(rt_fd* f) = 0;
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
