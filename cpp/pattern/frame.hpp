// frame.hpp: what one goroutine of a pattern has open, and how it is left early.
#pragma once
#include <cstdint>
#include <string>

#include "pattern/program.hpp"

namespace newproc::pattern {

/// A panic, or a Goexit, that runs deferred calls. Go: _panic, runtime2.go:988
struct Unwind {
  std::string text;
  bool goexit = false;
  bool recovered = false;
  bool aborted = false;    // a later one has left the deferred call that it was at
  Unwind* link = nullptr;  // what was under way when it began
};

/// A function that has begun: the body, a func, a once or a deferred call.
struct Call {
  std::uint32_t function = 0;  // of the body
  std::uint32_t pending = 0;   // deferred calls: the first so many of the function's
  std::uint32_t resume = 0;    // where to go on after it
  bool deferred = false;
  std::int64_t once = Ref::kNone;  // to be left when it is over
  Unwind* by = nullptr;            // runs this deferred call; null: its function's normal end
};

/// Its arrays are on the goroutine's stack; none of it needs a destructor, for a goroutine may never return.
struct Frame {
  const Body* body;
  bool main;
  std::uint32_t pc = 0;
  std::uint32_t depth = 0;  // calls that are open
  std::int64_t* counters;
  Call* calls;
  void** slots;
  Unwind* unwinding = nullptr;
};

}  // namespace newproc::pattern
