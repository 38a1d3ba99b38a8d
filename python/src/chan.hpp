// chan.hpp: channels as Python objects.
#pragma once
#include "goroutine.hpp"

namespace npy {

struct ChanObject;

/// A runtime that may be gone. Guarded by the GIL.
struct Lifetime {
  const rt_runtime* rt;
  unsigned long long number;  // counts runtimes: an address can be another's later
};
void runtime_begins(const rt_runtime* rt);
void runtime_ends(const rt_runtime* rt);
Lifetime lifetime_of(const rt_runtime* rt);
bool runtime_lives(const Lifetime& of);

/// A timer of a run, freed with its channel or, where that outlives the run or ends elsewhere, after the run.
struct TimerRecord {
  rt_timer* timer;
  ChanObject* chan;  // null: nobody has it any more
  TimerRecord **at, *next;
};

/// A channel's element is a PyObject* that whoever has it owns: the sender gives its reference, the buffer keeps
/// it, the receiver takes it. A timer's has times, which are numbers.
struct ChanObject {
  PyObject_HEAD
  rt_chan* c;            // null: its timer's run is over
  Lifetime rt;           // its runtime
  PyObject* keeps;       // the Runtime, or whose channel it is, or null
  TimerRecord* record;   // of a timer's channel
  enum Kind : char { objects, times, signal } kind;  // signal: borrowed from what `keeps` is, and only ever closed
};

extern PyTypeObject* chan_type;

/// runtime._core.handle() of a newproc.Runtime; nullptr without an error for None.
rt_runtime* handle_of(PyObject* runtime);
/// A channel of `keeps`, which is closed at its end. Null with a Python error set.
PyObject* chan_of_signal(rt_chan* c, const Lifetime& rt, PyObject* keeps);
/// A timer's channel, which owns the timer. Null with a Python error set.
ChanObject* chan_of_timer(Run* run, rt_timer* timer);
/// After a run, on the host: frees what timers are left.
void free_timers(Run* run);

/// The channel of a Timer or Ticker, of a Context. Null: it is none.
const rt_chan* chan_of_clock(PyObject* object);
const rt_chan* chan_of_context(PyObject* object);

bool bind_chan(PyObject* module);
bool bind_time(PyObject* module);
bool bind_context(PyObject* module);
bool bind_fd(PyObject* module);
bool bind_names(PyObject* module);

}  // namespace npy
