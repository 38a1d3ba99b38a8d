// time.cpp: sleep, timers, and limits on what a block may wait for.
#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>

#include "chan.hpp"
#include "scope.hpp"
#include "types.hpp"

namespace npy {
namespace {

constexpr double kMostSeconds = 9e9;

/// Nanoseconds of a Python number of seconds. False with an error set.
bool ns_of(const char* call, PyObject* seconds, std::int64_t& ns) {
  const double s = PyFloat_AsDouble(seconds);
  if (s == -1.0 && PyErr_Occurred()) return false;
  if (!(s < kMostSeconds)) {
    PyErr_Format(PyExc_ValueError, "newproc.%s(seconds): seconds is %R; give less than 9e9", call, seconds);
    return false;
  }
  ns = s > -kMostSeconds ? static_cast<std::int64_t>(std::llround(s * kNsPerSecond)) : -1;
  return true;
}

PyObject* py_sleep(PyObject*, PyObject* arg) {
  std::int64_t ns = 0;
  if (!ns_of("sleep", arg, ns)) return nullptr;
  const Goroutine* g = in_goroutine("sleep");
  if (g == nullptr) return nullptr;
  if (g->scope == nullptr || ns <= 0) return none_or(parked_status(g, [ns] { return rt_sleep(ns); }));
  rt_timer* timer = nullptr;
  if (const rt_status s = unparked(g, [&] { return rt_timer_new(ns, &timer); }); s != RT_OK) return raise_status(s);
  std::vector<rt_case> cases{{rt_timer_chan(timer), nullptr, RT_RECV, 0}};
  std::size_t chosen = 0;
  const rt_status s = select_in_scope(g, cases, chosen);
  unparked(g, [timer] { return rt_timer_free(timer), RT_OK; });
  return s == RT_OK ? Py_NewRef(Py_None) : raise_wait(s);
}

PyObject* py_nanotime(PyObject*, PyObject*) { return PyLong_FromLongLong(rt_nanotime(nullptr)); }

// Timer and Ticker: their channel owns the rt_timer.

struct TimerObject {
  PyObject_HEAD
  ChanObject* chan;
};
TimerObject* timer_of(PyObject* object) { return reinterpret_cast<TimerObject*>(object); }

ChanObject* start(const char* call, PyObject* seconds, rt_status (*make)(std::int64_t, rt_timer**)) {
  std::int64_t ns = 0;
  if (!ns_of(call, seconds, ns)) return nullptr;
  const Goroutine* g = in_goroutine(call);
  if (g == nullptr) return nullptr;
  rt_timer* timer = nullptr;
  if (const rt_status s = unparked(g, [&] { return make(ns, &timer); }); s != RT_OK) {
    raise_status(s);
    return nullptr;
  }
  return chan_of_timer(g->run, timer);
}

PyObject* py_after(PyObject*, PyObject* seconds) { return reinterpret_cast<PyObject*>(start("after", seconds, rt_timer_new)); }

PyObject* timer_make(PyTypeObject* type, PyObject* args, const char* call, rt_status (*make)(std::int64_t, rt_timer**)) {
  PyObject* seconds = nullptr;
  if (!PyArg_UnpackTuple(args, call, 1, 1, &seconds)) return nullptr;
  ChanObject* chan = start(call, seconds, make);
  if (chan == nullptr) return nullptr;
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) {
    Py_DECREF(chan);
    return nullptr;
  }
  timer_of(self)->chan = chan;
  return self;
}
PyObject* timer_new(PyTypeObject* type, PyObject* args, PyObject*) { return timer_make(type, args, "Timer", rt_timer_new); }
PyObject* ticker_new(PyTypeObject* type, PyObject* args, PyObject*) { return timer_make(type, args, "Ticker", rt_ticker_new); }

void timer_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(timer_of(self)->chan);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* timer_chan(PyObject* self, void*) { return Py_NewRef(reinterpret_cast<PyObject*>(timer_of(self)->chan)); }

/// Null with an error set: its run is over.
rt_timer* live(PyObject* self, const char* call) {
  if (timer_of(self)->chan->record != nullptr) return timer_of(self)->chan->record->timer;
  if (PyObject* error = error_class("StateError"); error != nullptr) {
    PyErr_Format(error, "%s: the run that the timer belongs to is over; make another timer", call);
    Py_DECREF(error);
  }
  return nullptr;
}

PyObject* timer_stop(PyObject* self, PyObject*) {
  const Goroutine* g = in_goroutine("Timer.stop");
  rt_timer* timer = g != nullptr ? live(self, "Timer.stop") : nullptr;
  if (timer == nullptr) return nullptr;
  int active = 0;
  const rt_status s = unparked(g, [&] { return rt_timer_stop(timer, &active); });
  return s == RT_OK ? PyBool_FromLong(active) : raise_status(s);
}

PyObject* timer_reset(PyObject* self, PyObject* seconds) {
  std::int64_t ns = 0;
  if (!ns_of("Timer.reset", seconds, ns)) return nullptr;
  const Goroutine* g = in_goroutine("Timer.reset");
  rt_timer* timer = g != nullptr ? live(self, "Timer.reset") : nullptr;
  if (timer == nullptr) return nullptr;
  int active = 0;
  const rt_status s = unparked(g, [&] { return rt_timer_reset(timer, ns, &active); });
  return s == RT_OK ? PyBool_FromLong(active) : raise_status(s);
}

PyMethodDef timer_methods[] = {
    {"stop", timer_stop, METH_NOARGS, "stop($self, /)\n--\n\nIt will not fire any more. True: it had yet to. The channel is neither closed nor emptied. time/sleep.go:79"},
    {"reset", timer_reset, METH_O, "reset($self, seconds, /)\n--\n\nIt fires ``seconds`` from now; a ticker: and every ``seconds`` again. True: it had yet to fire. time/sleep.go:129"},
    {nullptr, nullptr, 0, nullptr},
};
PyGetSetDef timer_attributes[] = {
    {"chan", timer_chan, nullptr, "The channel on which the times arrive, in seconds of the world's clock.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

// timeout

/// What closes a scope's channel: the scope and the timer's goroutine have it, and whoever is last frees it.
struct Alarm {
  rt_chan* done;
  std::atomic<int> owners{1};
  void drop() {
    if (owners.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    rt_chan_free(done);
    delete this;
  }
};
void ring(void* raw) {
  auto* alarm = static_cast<Alarm*>(raw);
  rt_chan_close(alarm->done);
  alarm->drop();
}

struct TimeoutObject {
  PyObject_HEAD
  std::int64_t ns;
  Scope scope;
  Goroutine* g;  // that is in the block, or null
  Alarm* alarm;  // null: a scope around it is due first
  rt_timer* timer;
  bool expired;
};
TimeoutObject* timeout_of(PyObject* object) { return reinterpret_cast<TimeoutObject*>(object); }

PyObject* timeout_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* seconds = nullptr;
  std::int64_t ns = std::numeric_limits<std::int64_t>::max();
  if (!PyArg_UnpackTuple(args, "timeout", 1, 1, &seconds)) return nullptr;
  if (seconds != Py_None && !ns_of("timeout", seconds, ns)) return nullptr;
  PyObject* self = type->tp_alloc(type, 0);
  if (self != nullptr) timeout_of(self)->ns = ns;
  return self;
}

rt_status set_alarm(TimeoutObject* t, Goroutine* g) {
  rt_chan* done = nullptr;
  if (const rt_status s = rt_chan_new(nullptr, 0, 0, &done); s != RT_OK) return s;
  t->alarm = new Alarm{done};
  t->scope.done = done;
  if (t->ns <= 0) return unparked(g, [done] { return rt_chan_close(done); });
  t->alarm->owners = 2;
  const rt_status s = unparked(g, [t] { return rt_after_func(t->ns, ring, t->alarm, &t->timer); });
  if (s == RT_OK) return s;
  t->alarm->owners = 1;
  t->alarm->drop();
  t->alarm = nullptr;
  return s;
}

PyObject* timeout_enter(PyObject* self, PyObject*) {
  TimeoutObject* t = timeout_of(self);
  Goroutine* g = in_goroutine("timeout");
  if (g == nullptr) return nullptr;
  if (t->g != nullptr || t->expired || t->scope.deadline != 0)
    return PyErr_Format(PyExc_RuntimeError, "newproc.timeout: one object is for one block; make another");
  const std::int64_t now = rt_nanotime(nullptr);
  const bool bounded = t->ns < std::numeric_limits<std::int64_t>::max() - now;
  t->scope.deadline = bounded ? now + t->ns : std::numeric_limits<std::int64_t>::max();
  t->scope.outer = g->scope;
  if (g->scope != nullptr && g->scope->deadline <= t->scope.deadline) {
    t->scope.deadline = g->scope->deadline;
    t->scope.done = g->scope->done;
  } else if (bounded) {
    if (const rt_status s = set_alarm(t, g); s != RT_OK) return raise_status(s);
  }
  t->g = g;
  if (t->scope.done != nullptr) g->scope = &t->scope;
  return Py_NewRef(self);
}

void take_alarm(TimeoutObject* t) {
  if (t->timer != nullptr) {
    int active = 0;
    unparked(t->g, [&] { return rt_timer_stop(t->timer, &active); });
    unparked(t->g, [&] { return rt_timer_free(t->timer), RT_OK; });
    if (active != 0) t->alarm->drop();  // it will not ring
    t->timer = nullptr;
  }
  if (t->alarm != nullptr) t->alarm->drop();
  t->alarm = nullptr;
}

/// t's goroutine was dropped in the block, and the run is over: nothing will ring.
void abandon(TimeoutObject* t) {
  rt_timer_free(t->timer);
  t->timer = nullptr;
  if (t->alarm != nullptr) t->alarm->owners = 1;
  if (t->alarm != nullptr) t->alarm->drop();
  t->alarm = nullptr;
  t->g = nullptr;
}

PyObject* timeout_exit(PyObject* self, PyObject*) {
  TimeoutObject* t = timeout_of(self);
  if (t->g == nullptr || running() != t->g)
    return PyErr_Format(PyExc_RuntimeError, "newproc.timeout: the block is left by another goroutine than the one that entered it");
  t->expired = t->scope.done != nullptr && rt_nanotime(nullptr) >= t->scope.deadline;
  if (t->g->scope == &t->scope) t->g->scope = t->scope.outer;
  take_alarm(t);
  t->g = nullptr;
  Py_RETURN_FALSE;
}

PyObject* timeout_expired(PyObject* self, void*) {
  const TimeoutObject* t = timeout_of(self);
  const bool now = t->g != nullptr && t->scope.done != nullptr && rt_nanotime(nullptr) >= t->scope.deadline;
  return PyBool_FromLong(t->expired || now);
}

void timeout_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef timeout_methods[] = {
    {"__enter__", timeout_enter, METH_NOARGS, nullptr},
    {"__exit__", timeout_exit, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyGetSetDef timeout_attributes[] = {
    {"expired", timeout_expired, nullptr, "Whether the time is over; after the block: whether it was.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyDoc_STRVAR(timer_doc,
"Timer(seconds, /)\n--\n\n"
"Sends the time on ``chan`` once, after ``seconds``. Go: time.NewTimer. It stops when neither it nor its channel is referred to.");
PyDoc_STRVAR(ticker_doc,
"Ticker(seconds, /)\n--\n\n"
"Sends the time on ``chan`` every ``seconds``; a reader that is slow misses ticks. Go: time.NewTicker.\n\n"
"Panic: \"non-positive interval for NewTicker\".");
PyDoc_STRVAR(timeout_doc,
R"(timeout(seconds, /)
--

A block that must be left in time: what the goroutine waits for in it raises TimeoutError once ``seconds`` are over.

>>> import newproc
>>> def main():
...     try:
...         with newproc.timeout(0.01):
...             newproc.Chan().recv()
...     except TimeoutError:
...         print("nobody sends")
>>> _ = newproc.run(main)
nobody sends

Blocks nest: the earliest limit counts. It holds for `sleep`, `select`, channels and what is built on them, not for locks. What
can go on at once does so, even late. None: no limit of its own.
)");

PyMethodDef functions[] = {
    {"sleep", py_sleep, METH_O, "sleep(seconds, /)\n--\n\nPark this goroutine for so long; 0 or less returns at once. Virtual time in the sim world. time.go:178"},
    {"after", py_after, METH_O, "after(seconds, /)\n--\n\nA channel that has the time, in seconds of the world's clock, once ``seconds`` have passed. Go: time.After\n\nLet go of it, and its timer is stopped."},
    {"nanotime", py_nanotime, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

bool add_timer(PyObject* module, const char* name, const char* doc, newfunc make) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(doc)},
      {Py_tp_new, reinterpret_cast<void*>(make)},
      {Py_tp_dealloc, reinterpret_cast<void*>(timer_dealloc)},
      {Py_tp_methods, timer_methods},
      {Py_tp_getset, timer_attributes},
      {0, nullptr},
  };
  return add_type(module, name, sizeof(TimerObject), slots) != nullptr;
}

bool add_timeout(PyObject* module) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(timeout_doc)},
      {Py_tp_new, reinterpret_cast<void*>(timeout_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(timeout_dealloc)},
      {Py_tp_methods, timeout_methods},
      {Py_tp_getset, timeout_attributes},
      {0, nullptr},
  };
  return add_type(module, "newproc.timeout", sizeof(TimeoutObject), slots) != nullptr;
}

}  // namespace

void abandon_scopes(Goroutine* g) {
  while (g->scope != nullptr) {
    auto* t = reinterpret_cast<TimeoutObject*>(reinterpret_cast<char*>(g->scope) - offsetof(TimeoutObject, scope));
    g->scope = g->scope->outer;
    abandon(t);
  }
}

bool bind_time(PyObject* module) {
  return add_timer(module, "newproc.Timer", timer_doc, timer_new) && add_timer(module, "newproc.Ticker", ticker_doc, ticker_new) &&
         add_timeout(module) && PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace npy
