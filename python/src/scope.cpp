// scope.cpp: timeout, and other blocks that end a goroutine's waits early.
#include "scope.hpp"

#include <atomic>
#include <cstddef>

#include "chan.hpp"
#include "types.hpp"

namespace npy {
namespace {

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
  Alarm* alarm;  // null: none of its own, since one around it is due first
  rt_timer* timer;
  bool expired;
};
TimeoutObject* timeout_of(PyObject* object) { return reinterpret_cast<TimeoutObject*>(object); }

PyObject* timeout_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* seconds = nullptr;
  std::int64_t ns = kNoDeadline;
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
  t->scope.error = PyExc_TimeoutError;
  t->scope.text = "newproc.timeout: the time of a block around this call is over";
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
  const bool bounded = t->ns < kNoDeadline - now;
  t->scope.deadline = bounded ? now + t->ns : kNoDeadline;
  t->scope.outer = g->scope;
  if (g->scope != nullptr && g->scope->deadline <= t->scope.deadline) {
    t->scope.deadline = g->scope->deadline;
  } else if (bounded) {
    if (const rt_status s = set_alarm(t, g); s != RT_OK) return raise_status(s);
  }
  t->g = g;
  g->scope = &t->scope;
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
  t->expired = rt_nanotime(nullptr) >= t->scope.deadline;
  t->g->scope = t->scope.outer;
  take_alarm(t);
  t->g = nullptr;
  Py_RETURN_FALSE;
}

PyObject* timeout_expired(PyObject* self, void*) {
  const TimeoutObject* t = timeout_of(self);
  const bool now = t->g != nullptr && rt_nanotime(nullptr) >= t->scope.deadline;
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

// until: a block whose waits end once a channel is closed; shield: a block whose waits nothing ends early.

struct UntilObject {
  PyObject_HEAD
  Scope scope;
  Goroutine* g;  // that is in the block, or null
  PyObject *chan, *error;
};
UntilObject* until_of(PyObject* object) { return reinterpret_cast<UntilObject*>(object); }

PyObject* until_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject *chan = nullptr, *error = nullptr;
  if (!PyArg_ParseTuple(args, "O!O:until", chan_type, &chan, &error)) return nullptr;
  if (!PyExceptionInstance_Check(error) && !PyCallable_Check(error))
    return PyErr_Format(PyExc_TypeError, "newproc.until(chan, error): error is %R; give an exception, its class, or what makes one", error);
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  until_of(self)->chan = Py_NewRef(chan);
  until_of(self)->error = Py_NewRef(error);
  return self;
}
PyObject* shield_new(PyTypeObject* type, PyObject* args, PyObject*) {
  return PyArg_ParseTuple(args, ":shield") ? type->tp_alloc(type, 0) : nullptr;
}

PyObject* until_enter(PyObject* self, PyObject*) {
  UntilObject* u = until_of(self);
  Goroutine* g = in_goroutine(u->chan != nullptr ? "until" : "shield");
  if (g == nullptr) return nullptr;
  if (u->g != nullptr) return PyErr_Format(PyExc_RuntimeError, "newproc.until: a goroutine is in this block already; make another object");
  u->g = g;
  u->scope = {};
  u->scope.deadline = kNoDeadline;
  if (u->chan != nullptr) {
    u->scope.done = reinterpret_cast<ChanObject*>(u->chan)->c;
    u->scope.error = u->error;
    u->scope.once = true;
    if (g->scope != nullptr) u->scope.deadline = g->scope->deadline;
  }
  u->scope.outer = g->scope;
  u->scope.shield = u->chan == nullptr;
  g->scope = &u->scope;
  return Py_NewRef(self);
}

PyObject* until_exit(PyObject* self, PyObject*) {
  UntilObject* u = until_of(self);
  if (u->g == nullptr || running() != u->g)
    return PyErr_Format(PyExc_RuntimeError, "newproc.until: the block is left by another goroutine than the one that entered it");
  u->g->scope = u->scope.outer;
  u->g = nullptr;
  Py_RETURN_FALSE;
}

void until_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(until_of(self)->chan);
  Py_XDECREF(until_of(self)->error);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef until_methods[] = {
    {"__enter__", until_enter, METH_NOARGS, nullptr},
    {"__exit__", until_exit, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

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

PyDoc_STRVAR(until_doc,
"until(chan, error, /)\n--\n\n"
"A block in which a wait raises ``error``, an exception, its class, or a function that makes it, once ``chan`` is closed. The first wait does; those after it, \n"
"such as a handler's, wait. What `timeout` says of the kinds of waits is true here too.");
PyDoc_STRVAR(shield_doc, "shield()\n--\n\nA block in which no `timeout` or `until` around it ends a wait.");

PyTypeObject* until_type;

PyTypeObject* add_scope(PyObject* module, const char* name, std::size_t size, const char* doc, newfunc make, destructor end, PyMethodDef* methods,
               PyGetSetDef* attributes) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(doc)},
      {Py_tp_new, reinterpret_cast<void*>(make)},
      {Py_tp_dealloc, reinterpret_cast<void*>(end)},
      {Py_tp_methods, methods},
      {attributes != nullptr ? Py_tp_getset : 0, attributes},
      {0, nullptr},
  };
  return add_type(module, name, size, slots);
}

/// An exception, or a function that makes it.
void set_made_error(PyObject* error) {
  PyObject* made = PyExceptionInstance_Check(error) ? Py_NewRef(error) : PyObject_CallNoArgs(error);
  if (made == nullptr) return;
  if (PyExceptionInstance_Check(made))
    PyErr_SetObject(PyExceptionInstance_Class(made), made);
  else
    PyErr_Format(PyExc_TypeError, "newproc.until(chan, error): error() is %R, which is no exception", made);
  Py_DECREF(made);
}

}  // namespace

rt_status end_early(Scope* scope) {
  if (scope->once) scope->done = nullptr;
  if (scope->text != nullptr)
    PyErr_SetString(scope->error, scope->text);
  else if (PyExceptionClass_Check(scope->error))
    PyErr_SetNone(scope->error);
  else
    set_made_error(scope->error);
  return kEndedEarly;
}

std::vector<Scope*> scopes_of(const Goroutine* g) {
  std::vector<Scope*> scopes;
  for (Scope* each = g->scope; each != nullptr && !each->shield; each = each->outer)
    if (each->done != nullptr) scopes.push_back(each);
  return scopes;
}

rt_status select_in_scope(Goroutine* g, std::vector<rt_case>& cases, std::size_t& chosen) {
  const std::size_t n = cases.size();
  const std::vector<Scope*> scopes = scopes_of(g);
  for (const Scope* each : scopes) cases.push_back({each->done, nullptr, RT_RECV, 0});
  const rt_status s = parked_status(g, [&] { return rt_select(cases.data(), cases.size(), 0, &chosen); });
  return s == RT_OK && chosen >= n && chosen < n + scopes.size() ? end_early(scopes[chosen - n]) : s;
}

void abandon_scopes(Goroutine* g) {
  while (g->scope != nullptr) {
    Scope* scope = g->scope;
    g->scope = scope->outer;
    if (scope->error != PyExc_TimeoutError || scope->text == nullptr) continue;  // no alarm of its own
    abandon(reinterpret_cast<TimeoutObject*>(reinterpret_cast<char*>(scope) - offsetof(TimeoutObject, scope)));
  }
}

PyObject* make_until(PyObject* chan, PyObject* error) {
  return PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(until_type), chan, error, nullptr);
}

bool bind_scope(PyObject* module) {
  until_type = add_scope(module, "newproc.until", sizeof(UntilObject), until_doc, until_new, until_dealloc, until_methods, nullptr);
  return until_type != nullptr &&
         add_scope(module, "newproc.timeout", sizeof(TimeoutObject), timeout_doc, timeout_new, timeout_dealloc, timeout_methods, timeout_attributes) &&
         add_scope(module, "newproc.shield", sizeof(UntilObject), shield_doc, shield_new, until_dealloc, until_methods, nullptr);
}

}  // namespace npy
