// scope.hpp: time limits on what a goroutine waits for.
#pragma once
#include <vector>

#include "goroutine.hpp"

namespace npy {

/// A block that must be left in time: `done` is closed when it, or one around it, is due.
struct Scope {
  rt_chan* done;
  std::int64_t deadline;  // nanoseconds of the world's clock, of `done`
  Scope* outer;
};

/// What a wait gave up with: no status of newproc.h's.
constexpr rt_status kTimedOut = static_cast<rt_status>(1);

/// After the run, of a goroutine that was dropped inside of timeouts.
void abandon_scopes(Goroutine* g);

/// TimeoutError where it is kTimedOut, else as raise_status.
PyObject* raise_wait(rt_status status);

/// rt_select without the GIL, for no longer than the goroutine's scope lets it: its last case is the scope's.
inline rt_status select_in_scope(const Goroutine* g, std::vector<rt_case>& cases, std::size_t& chosen) {
  const std::size_t n = cases.size();
  if (g->scope != nullptr) cases.push_back({g->scope->done, nullptr, RT_RECV, 0});
  const rt_status s = parked_status(g, [&] { return rt_select(cases.data(), cases.size(), 0, &chosen); });
  return s == RT_OK && chosen == n && g->scope != nullptr ? kTimedOut : s;
}

}  // namespace npy
