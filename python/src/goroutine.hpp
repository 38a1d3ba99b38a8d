// goroutine.hpp: Python callables as goroutines.
//
// Each running Python goroutine has a PyThreadState of its own, from a pool; each M has one too. At a park the
// goroutine's is swapped out through the M's, on the thread that is left, and swapped in through the M's of
// the thread that resumes it. In the sim world there is one thread, which keeps the GIL throughout.
#pragma once
#include <Python.h>

#include <atomic>

#include "newproc.h"

namespace npy {

struct Goroutine;

/// One run of a runtime. Lives as long as the call that runs it.
struct Run {
  bool sim = false;
  std::size_t stack_bytes = 0;
  PyThreadState* host = nullptr;        // of the thread that called start_main
  PyObject* exception = nullptr;        // what ended the run, guarded by the GIL
  std::uint64_t exception_goid = 0;
  Goroutine* main = nullptr;            // while it has not ended: the runtime drops all others, not main
};

/// A goroutine to be started: fn(*args, **kwargs) in a copy of the caller's context.
struct Goroutine {
  Run* run = nullptr;
  PyObject* fn = nullptr;
  PyObject* args = nullptr;
  PyObject* kwargs = nullptr;
  PyObject* context = nullptr;
  PyObject* labels = nullptr;
  PyThreadState* state = nullptr;  // while it lives
};

/// New references are taken. nullptr with a Python error set: bad arguments or no memory.
Goroutine* make_goroutine(Run* run, PyObject* fn, PyObject* args, PyObject* kwargs, PyObject* labels);
void free_goroutine(Goroutine* g);  // GIL held
/// After a run: gives back a main that never returned. GIL held.
void drop_main(Run* run);
extern "C" void goroutine_entry(void* goroutine);

/// Sets the exception of newproc._errors for a status, with rt_last_error() as text. Returns nullptr.
PyObject* raise_status(rt_status status);
/// The thread state that this OS thread goes by as an M; nullptr afterwards.
void set_this_m(PyThreadState* state);

/// False with PlaceError set: the caller is no Python goroutine.
bool in_goroutine(const char* name);
/// Goes by as an M, without the GIL, and comes back as the goroutine, maybe on another thread.
class Away {
 public:
  Away();
  ~Away();
  Away(const Away&) = delete;

 private:
  Run* run_;
  PyThreadState* state_;
};
/// Calls an ABI function that may park. The caller is a goroutine.
template <class F>
rt_status parked_status(const char*, F&& f) {
  const Away away;
  return f();
}
/// Another simulated M may have run its goroutines meanwhile: their thread state is not ours.
class Stay {
 public:
  Stay();
  ~Stay();
  Stay(const Stay&) = delete;

 private:
  PyThreadState* state_;
};
/// Calls an ABI function that never parks, inside or outside of goroutines, with the GIL held.
template <class F>
rt_status unparked(F&& f) {
  const Stay stay;
  return f();
}

/// The functions that may park: never bound by pybind11, whose call frames must nest per thread.
extern PyMethodDef parking_methods[];

}  // namespace npy

extern "C" void newproc_bind_gilstate(PyThreadState* ts);
