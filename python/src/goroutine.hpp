// goroutine.hpp: Python callables as goroutines.
#pragma once
#include <Python.h>

#include <cstdint>

#include "newproc.h"
#include "state.hpp"

namespace npy {

struct Scope;  // scope.hpp

/// A goroutine: fn(*args) in a copy of the caller's context; the last of args are the values of kwnames.
struct Goroutine {
  Run* run;
  PyObject* fn;
  PyObject* kwnames;        // a tuple, or null
  PyObject* context;
  PyObject* labels;
  PyObject* waitgroup;      // that is done when this ends, or null
  PyThreadState* state;     // while it lives
  Scope* scope;             // the innermost timeout it is in, or null
  std::size_t nargs, nall;  // by position; with those by name
  std::uint64_t started_at;  // in a search, the site of the go statement; 0: main
  /// The arguments stand behind it, after a free slot that a method's object can be put in.
  PyObject** args() { return reinterpret_cast<PyObject**>(this + 1) + 1; }
};

/// What is to be called, as vectorcall has it.
struct Call {
  PyObject* fn;
  PyObject* const* args;
  std::size_t nargs;  // by position
  PyObject* kwnames;
};

/// New references are taken. nullptr with a Python error set: bad arguments or no memory.
Goroutine* make_goroutine(Run* run, const Call& call, PyObject* labels);
void free_goroutine(Goroutine* g);  // GIL held
/// After a run: gives back a main that never returned. GIL held.
void drop_main(Run* run);
extern "C" void goroutine_entry(void* goroutine);
extern "C" void drop_goroutine(void* goroutine);
/// A Run's rt_on_stop: goroutines in the midst of Python code on other Ms would keep the run from ending.
extern "C" void stop_goroutines(void* run);

/// Before an operation that `running()` began: a search is told what it is, and on what (null: on what `name` says).
void say_operation(const Goroutine* g, const char* name, PyObject* what);

/// Where g is in Python code, or, where it runs none, where it was started.
std::uint64_t site_or_start(const Goroutine* g);

/// The Python goroutine that the calling thread state is; nullptr outside. GIL held.
Goroutine* running();
/// The same, with PlaceError set outside.
Goroutine* in_goroutine(const char* name);
/// The calling thread state is a driver's: what runs on it is no goroutine, though it stand between two of them.
void runs_none();

/// Sets the exception of newproc._errors for a status, with rt_last_error() as text. Returns nullptr.
PyObject* raise_status(rt_status status);
/// The exception that is set, with its traceback, and none is set any more. A new reference.
PyObject* take_exception();
/// The class of newproc._errors by that name; nullptr with an error set.
PyObject* error_class(const char* name);
inline PyObject* none_or(rt_status status) { return __builtin_expect(status == RT_OK, 1) ? Py_NewRef(Py_None) : raise_status(status); }

/// Goes by as an M, without the GIL, and comes back as the goroutine, maybe on another thread.
class Away {
 public:
  explicit Away(const Goroutine* g) : g_(g) { leave(g->run); }
  ~Away() { enter(g_->run, g_->state); }
  Away(const Away&) = delete;

 private:
  const Goroutine* g_;
};
/// Calls an ABI function that may park.
template <class F>
rt_status parked_status(const Goroutine* g, F&& f) {
  const Away away(g);
  return f();
}
/// Another simulated M may have run its goroutines meanwhile: their thread state is not ours.
class Stay {
 public:
  explicit Stay(const Goroutine* g) : state_(g != nullptr && g->run->sim ? g->state : nullptr) {}
  ~Stay() {
    if (state_ != nullptr) swap_to(state_);
  }
  Stay(const Stay&) = delete;

 private:
  PyThreadState* state_;
};
/// Calls an ABI function that never parks, inside or outside of goroutines (g null), with the GIL held.
template <class F>
rt_status unparked(const Goroutine* g, F&& f) {
  const Stay stay(g);
  return f();
}

/// The same, for what may be tried again and again: afterwards sysmon has its way if it asked for a yield. The
/// goroutine may come back on another thread, or never.
template <class F>
rt_status tried(const Goroutine* g, F&& f) {
  const rt_status s = unparked(g, f);
  const bool done = s == RT_OK || s == RT_EWOULDBLOCK;  // an error's text is the thread's
  if (g != nullptr && !g->run->sim && done && __builtin_expect(rt_preempt_due(), 0)) parked_status(g, rt_checkpoint);
  return s;
}
/// Of what may park, the way without waiting, since most need not. In a search the operation itself is the one point.
template <class F>
rt_status tried_first(const Goroutine* g, F&& f) {
  return __builtin_expect(g->run->search == nullptr, 1) ? tried(g, f) : RT_EWOULDBLOCK;
}

/// go and WaitGroup.go: starts the call, with `waitgroup` (or null) done when it ends. The goid.
PyObject* spawn(const char* name, PyObject* waitgroup, const Call& call);

/// The functions that may park: never bound by pybind11, whose call frames must nest per thread.
extern PyMethodDef parking_methods[];
extern PyMethodDef spawn_methods[];

}  // namespace npy
