// time.cpp: sleep, Timer, Ticker and after.
#include <cmath>

#include "chan.hpp"
#include "scope.hpp"
#include "types.hpp"

namespace npy {

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

namespace {

PyObject* py_sleep(PyObject*, PyObject* arg) {
  std::int64_t ns = 0;
  if (!ns_of("sleep", arg, ns)) return nullptr;
  Goroutine* g = in_goroutine("sleep");
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

PyObject* py_work(PyObject*, PyObject* arg) {
  std::int64_t ns = 0;
  if (!ns_of("work", arg, ns)) return nullptr;
  if (ns < 0) return PyErr_Format(PyExc_ValueError, "newproc.work(seconds): seconds is %R; give 0 or more", arg);
  Goroutine* g = in_goroutine("work");
  return g != nullptr ? none_or(parked_status(g, [ns] { return rt_work(static_cast<std::uint64_t>(ns)); })) : nullptr;
}

PyObject* py_nanotime(PyObject*, PyObject*) { return PyLong_FromLongLong(rt_nanotime(nullptr)); }

// Timer and Ticker: their channel owns the rt_timer.

struct TimerObject {
  PyObject_HEAD
  ChanObject* chan;
};
PyTypeObject *timer_type, *ticker_type;
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

PyDoc_STRVAR(timer_doc,
"Timer(seconds, /)\n--\n\n"
"Sends the time on ``chan`` once, after ``seconds``. Go: time.NewTimer. It stops when neither it nor its channel is referred to.");
PyDoc_STRVAR(ticker_doc,
"Ticker(seconds, /)\n--\n\n"
"Sends the time on ``chan`` every ``seconds``; a reader that is slow misses ticks. Go: time.NewTicker.\n\n"
"Panic: \"non-positive interval for NewTicker\".");
PyMethodDef functions[] = {
    {"work", py_work, METH_O,
     "work(seconds, /)\n--\n\nCompute for so long: virtual time of this goroutine's M in the sim world, which takes none of the machine's; a busy loop on threads."},
    {"sleep", py_sleep, METH_O, "sleep(seconds, /)\n--\n\nPark this goroutine for so long; 0 or less returns at once. Virtual time in the sim world. time.go:178"},
    {"after", py_after, METH_O, "after(seconds, /)\n--\n\nA channel that has the time, in seconds of the world's clock, once ``seconds`` have passed. Go: time.After\n\nLet go of it, and its timer is stopped."},
    {"nanotime", py_nanotime, METH_NOARGS, "nanotime()\n--\n\nNanoseconds of the world's clock, in a goroutine: monotonic, virtual in the sim world. 0 outside."},
    {nullptr, nullptr, 0, nullptr},
};

PyTypeObject* add_timer(PyObject* module, const char* name, const char* doc, newfunc make) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(doc)},
      {Py_tp_new, reinterpret_cast<void*>(make)},
      {Py_tp_dealloc, reinterpret_cast<void*>(timer_dealloc)},
      {Py_tp_methods, timer_methods},
      {Py_tp_getset, timer_attributes},
      {0, nullptr},
  };
  return add_type(module, name, sizeof(TimerObject), slots);
}

}  // namespace

const rt_chan* chan_of_clock(PyObject* object) {
  const bool is = PyObject_TypeCheck(object, timer_type) || PyObject_TypeCheck(object, ticker_type);
  return is ? timer_of(object)->chan->c : nullptr;
}

bool bind_time(PyObject* module) {
  timer_type = add_timer(module, "newproc.Timer", timer_doc, timer_new);
  ticker_type = add_timer(module, "newproc.Ticker", ticker_doc, ticker_new);
  return timer_type != nullptr && ticker_type != nullptr &&
         PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace npy
