// fd.cpp: waiting for file descriptors.
#include <atomic>
#include <cerrno>

#include "chan.hpp"
#include "scope.hpp"
#include "types.hpp"

namespace npy {
namespace {

struct FdObject {
  PyObject_HEAD
  rt_fd* f;
  Lifetime rt;
  std::int64_t deadlines[2];  // for reading and for writing, ns of the world's clock
};
FdObject* self_of(PyObject* object) { return reinterpret_cast<FdObject*>(object); }

PyObject* raise_errno(rt_status status, int err) {
  if (status != RT_ESYS) return raise_status(status);
  errno = err;
  return PyErr_SetFromErrno(PyExc_OSError);
}

PyObject* fd_new(PyTypeObject* type, PyObject* args, PyObject*) {
  int number = 0;
  if (!PyArg_ParseTuple(args, "i:Fd", &number)) return nullptr;
  const Goroutine* g = in_goroutine("Fd");
  if (g == nullptr) return nullptr;
  rt_fd* f = nullptr;
  int err = 0;
  const rt_status s = unparked(g, [&] { return rt_fd_open(nullptr, number, RT_FD_BORROW, &f, &err); });
  if (s != RT_OK) return raise_errno(s, err);
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) {
    rt_fd_free(f);
    return nullptr;
  }
  self_of(self)->f = f;
  self_of(self)->rt = lifetime_of(rt_current());
  self_of(self)->deadlines[0] = self_of(self)->deadlines[1] = RT_NO_DEADLINE;
  return self;
}

void fd_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  if (runtime_lives(self_of(self)->rt)) {  // else freed with it
    const Stay here(running());
    rt_fd_free(self_of(self)->f);
  }
  type->tp_free(self);
  Py_DECREF(type);
}

/// Ends a wait for a descriptor when a scope of the waiting goroutine is due: by a deadline in the past.
struct Watch {
  rt_fd* f;
  std::uint32_t which;
  rt_chan *stop, *gone;       // the wait is over; the watch is
  std::vector<rt_case> cases;  // the scopes', then stop
  std::size_t chosen;
};

void watch(void* raw) {
  auto* w = static_cast<Watch*>(raw);
  rt_set_labels(nullptr);  // it is no Python goroutine
  if (rt_select(w->cases.data(), w->cases.size(), 0, &w->chosen) == RT_OK && w->chosen + 1 < w->cases.size())
    rt_fd_set_deadline(w->f, 1, w->which);
  rt_chan_close(w->gone);
}

/// Without the GIL. `fired` is the scope that ended the wait, or their number.
rt_status wait_watched(Watch& w, std::size_t scopes, std::size_t& fired) {
  fired = scopes;
  if (rt_status s = rt_chan_new(nullptr, 0, 0, &w.stop); s != RT_OK) return s;
  rt_status s = rt_chan_new(nullptr, 0, 0, &w.gone);
  if (s == RT_OK) {
    w.cases.push_back({w.stop, nullptr, RT_RECV, 0});
    s = rt_newproc(nullptr, watch, &w, nullptr);
  }
  if (s == RT_OK) {
    s = rt_fd_wait(w.f, w.which);
    rt_chan_close(w.stop);
    rt_chan_recv(w.gone, nullptr, nullptr);
    if (w.chosen < scopes) fired = w.chosen;
  }
  rt_chan_free(w.stop);
  rt_chan_free(w.gone);
  return s;
}

/// Fd.wait(write): until it would not block
PyObject* fd_wait(PyObject* self, PyObject* arg) {
  const int write = PyObject_IsTrue(arg);
  Goroutine* g = write >= 0 ? in_goroutine("Fd.wait") : nullptr;
  if (g == nullptr) return nullptr;
  rt_fd* f = self_of(self)->f;
  const std::uint32_t which = write != 0 ? RT_FD_WRITE : RT_FD_READ;
  const std::vector<Scope*> scopes = scopes_of(g);
  if (scopes.empty()) return none_or(parked_status(g, [=] { return rt_fd_wait(f, which); }));
  Watch w{f, which, nullptr, nullptr, {}, scopes.size() + 1};
  for (const Scope* each : scopes) w.cases.push_back({each->done, nullptr, RT_RECV, 0});
  std::size_t fired = 0;
  const rt_status s = parked_status(g, [&] { return wait_watched(w, scopes.size(), fired); });
  if (fired == scopes.size()) return none_or(s);
  unparked(g, [&] { return rt_fd_set_deadline(f, self_of(self)->deadlines[write], which); });
  if (s == RT_OK) return Py_NewRef(Py_None);  // it was ready at the same time
  end_early(scopes[fired]);
  return nullptr;
}

/// Fd.set_deadline(seconds of the world's clock or None, reads, writes)
PyObject* fd_set_deadline(PyObject* self, PyObject* args) {
  PyObject* when = nullptr;
  int reads = 0, writes = 0;
  std::int64_t ns = RT_NO_DEADLINE;
  if (!PyArg_ParseTuple(args, "Opp:set_deadline", &when, &reads, &writes)) return nullptr;
  if (when != Py_None && !ns_of("Fd.set_deadline", when, ns)) return nullptr;
  const Goroutine* g = in_goroutine("Fd.set_deadline");
  if (g == nullptr) return nullptr;
  if (reads != 0) self_of(self)->deadlines[0] = ns;
  if (writes != 0) self_of(self)->deadlines[1] = ns;
  const std::uint32_t which = (reads != 0 ? std::uint32_t{RT_FD_READ} : 0U) | (writes != 0 ? std::uint32_t{RT_FD_WRITE} : 0U);
  return none_or(unparked(g, [&] { return rt_fd_set_deadline(self_of(self)->f, ns, which); }));
}

/// Fd.close(): who waits for it gets ClosedError; the descriptor stays open
PyObject* fd_close(PyObject* self, PyObject*) {
  if (!runtime_lives(self_of(self)->rt)) Py_RETURN_NONE;
  Goroutine* g = running();
  rt_fd* f = self_of(self)->f;
  const rt_status s = g != nullptr ? parked_status(g, [f] { return rt_fd_close(f); }) : rt_fd_close(f);
  return s == RT_ECLOSED ? Py_NewRef(Py_None) : none_or(s);
}

/// wait_fd(fd, events, timeout=None) -> those of events that are there; 0 after the time
PyObject* py_wait_fd(PyObject*, PyObject* args, PyObject* kwargs) {
  static char names[][8] = {"fd", "events", "timeout"};
  static char* keywords[] = {names[0], names[1], names[2], nullptr};
  int fd = 0;
  unsigned events = 0;
  PyObject* timeout = Py_None;
  std::int64_t ns = -1;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "iI|O:wait_fd", keywords, &fd, &events, &timeout)) return nullptr;
  if (timeout != Py_None && !ns_of("wait_fd", timeout, ns)) return nullptr;
  if (timeout != Py_None && ns < 0) ns = 0;
  Goroutine* g = in_goroutine("wait_fd");
  if (g == nullptr) return nullptr;
  Scope* limit = g->scope != nullptr && !g->scope->shield && g->scope->deadline != kNoDeadline ? g->scope : nullptr;
  if (limit != nullptr) {
    const std::int64_t left = limit->deadline - rt_nanotime(nullptr);
    if (ns < 0 || left < ns)
      ns = left > 0 ? left : 0;
    else
      limit = nullptr;
  }
  std::uint32_t ready = 0;
  int err = 0;
  const rt_status s = parked_status(g, [&] { return rt_wait_fd(fd, events, ns, &ready, &err); });
  if (s == RT_ETIMEOUT && limit != nullptr) {
    PyErr_SetString(PyExc_TimeoutError, "newproc.timeout: the time of a block around this call is over");
    return nullptr;
  }
  if (s == RT_ETIMEOUT) return PyLong_FromLong(0);
  return s == RT_OK ? PyLong_FromUnsignedLong(ready) : raise_errno(s, err);
}

PyMethodDef fd_methods[] = {
    {"wait", fd_wait, METH_O, nullptr},
    {"set_deadline", fd_set_deadline, METH_VARARGS, nullptr},
    {"close", fd_close, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef functions[] = {
    {"wait_fd", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(py_wait_fd)), METH_VARARGS | METH_KEYWORDS,
     "wait_fd($module, fd, events, timeout=None)\n--\n\n"
     "Park until a file descriptor is ready: `READ`, `WRITE` or both; returns those that are, 0 after ``timeout`` seconds.\n\n"
     "A `timeout` around it counts; `until` and a canceled `Group` do not end it: for these, see `newproc.net`."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool bind_fd(PyObject* module) {
  PyType_Slot slots[] = {
      {Py_tp_new, reinterpret_cast<void*>(fd_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(fd_dealloc)},
      {Py_tp_methods, fd_methods},
      {0, nullptr},
  };
  return add_type(module, "newproc._core.Fd", sizeof(FdObject), slots) != nullptr && PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace npy
