// scope.hpp: what ends a goroutine's waits early: limits of time, and channels that are closed.
#pragma once
#include <cstdint>
#include <limits>
#include <vector>

#include "goroutine.hpp"

namespace npy {

/// A block in which what the goroutine waits for ends early, with an error.
struct Scope {
  rt_chan* done;          // closed when it is time; null: nothing of its own
  PyObject* error;        // a class, or an exception; borrowed
  const char* text;       // for a class; null: none
  bool shield;            // those around it end nothing in it
  bool once;              // told once; otherwise every wait in the block is told
  std::int64_t deadline;  // nanoseconds of the world's clock: the earliest of its and those around it
  Scope* outer;
};
constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();

/// A wait ended early, and the scope's error is set. No status of newproc.h's.
constexpr rt_status kEndedEarly = static_cast<rt_status>(1);
constexpr rt_status kErrorSet = kEndedEarly;

/// After the run, of a goroutine that was dropped inside of scopes.
void abandon_scopes(Goroutine* g);

/// As raise_status; the error of kEndedEarly is set already.
inline PyObject* raise_wait(rt_status status) { return status == kEndedEarly ? nullptr : raise_status(status); }

/// Those that can end a wait of the goroutine, the innermost first.
std::vector<Scope*> scopes_of(const Goroutine* g);
/// The scope ended a wait: its error is set, and what is told once is not told again. Returns kEndedEarly.
rt_status end_early(Scope* scope);

/// rt_select without the GIL, until one of the goroutine's scopes ends it.
rt_status select_in_scope(Goroutine* g, std::vector<rt_case>& cases, std::size_t& chosen);

/// until(chan, error)
PyObject* make_until(PyObject* chan, PyObject* error);

bool bind_scope(PyObject* module);

}  // namespace npy
