// eh_globals.hpp: the C++ runtime's per-thread list of caught exceptions, which must travel with a stack.
//
// Without this, a goroutine that parks inside catch and wakes on another thread rethrows somebody else's
// exception. The layout is the Itanium C++ ABI's (2.2.2), the same in libstdc++ and libc++abi.
#pragma once
#include <cxxabi.h>

namespace newproc {

struct EhGlobals {
  void* caught = nullptr;
  unsigned uncaught = 0;
};

/// This OS thread's; the address stays the same for the thread's life.
inline EhGlobals* eh_globals() { return reinterpret_cast<EhGlobals*>(abi::__cxa_get_globals()); }

}  // namespace newproc
