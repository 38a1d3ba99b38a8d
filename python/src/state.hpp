// state.hpp: thread states of Python goroutines.
//
// Each running Python goroutine has a PyThreadState of its own, from a pool; each M has one too. At a park the
// goroutine's is swapped out through the M's, on the thread that is left, and swapped in through the M's of
// the thread that resumes it. In the sim world there is one thread, which keeps the GIL throughout.
#pragma once
#include <Python.h>

#include <cstddef>
#include <string>

namespace npy {

struct Goroutine;
struct Search;       // search.hpp
struct TimerRecord;  // chan.hpp

/// One run of a runtime. Lives as long as the call that runs it.
struct Run {
  bool sim = false;
  std::size_t stack_bytes = 0;
  PyThreadState* host = nullptr;        // of the thread that called start_main
  PyObject* exception = nullptr;        // what ended the run, guarded by the GIL
  std::string panic;                    // its type and message
  unsigned long long exception_goid = 0;
  unsigned holds = 0;                   // of goroutines that wait for other threads, guarded by the GIL
  TimerRecord* timers = nullptr;        // that are not freed yet, guarded by the GIL
  Search* search = nullptr;             // that directs the run, or null
  PyObject* over = nullptr;             // the run is over: what a goroutine raises that comes back; guarded by the GIL
  Goroutine* main = nullptr;            // while it has not ended: the runtime drops all others, not main
};

/// The thread state that this OS thread goes by as an M; nullptr afterwards, with the GIL held.
void set_this_m(PyThreadState* state);
PyThreadState* m_thread_state(const Run* run);

/// After a switch, without the GIL: this thread goes on as the goroutine of `state`.
void enter(const Run* run, PyThreadState* state);
/// Before a switch: the goroutine's state leaves this thread, through the M's, and the GIL is given up.
void leave(const Run* run);
/// The same where the GIL is kept: at a goroutine's start and end, and in the sim world.
void swap_to(PyThreadState* state);

/// GIL held. From the pool, or new; its C stack is the caller's. nullptr: no memory.
PyThreadState* take_state(const Run* run);
/// GIL held, no frame left on it.
void give_state(PyThreadState* state);
/// GIL held. Its frames stand on a stack that is given up, and are not unwound; the interpreter must not find them
/// any more: 3.14's garbage collector walks the frames of every thread state.
void drop_state(PyThreadState* state);
/// GIL held. What this M executes from here on; nullptr: no goroutine. Where the run is over, that leaves it.
void executes(const Run* run, PyThreadState* state);
/// GIL held. The run is over: goroutines whose Python code other Ms execute raise `exception` at their next bytecode,
/// since nothing else would stop them.
void end_running(Run* run, PyObject* exception);
/// Once, at import: what is 16 KiB of data stack is kept at hand, instead of given to the system and asked for again.
void keep_chunks();

}  // namespace npy

extern "C" void newproc_bind_gilstate(PyThreadState* ts);
