// sync.cpp: channels, select, locks and sleep for Python goroutines.
//
// A channel's element is a PyObject* that whoever has it owns: the sender gives its reference, the buffer
// keeps it, the receiver takes it. What may park is tried first with the GIL held: most operations need not wait.
#include "sync.hpp"

#include <vector>

#include "goroutine.hpp"

namespace npy {
namespace {

constexpr double kNsPerSecond = 1e9;

template <class T>
T* self_of(PyObject* object) {
  return reinterpret_cast<T*>(object);
}

struct ChanObject {
  PyObject_HEAD
  rt_chan* c;
};
PyTypeObject* chan_type;

ChanObject* chan_of(PyObject* object, const char* call) {
  if (Py_TYPE(object) == chan_type || PyType_IsSubtype(Py_TYPE(object), chan_type)) return self_of<ChanObject>(object);
  PyErr_Format(PyExc_TypeError, "newproc.%s: %R is no Chan", call, object);
  return nullptr;
}

/// Tries with the GIL held, then waits without it.
template <class Try, class Wait>
rt_status try_then_wait(const char* name, Try&& attempt, Wait&& wait) {
  const rt_status s = unparked(attempt);
  return s == RT_EWOULDBLOCK ? parked_status(name, wait) : s;
}

rt_status send(rt_chan* c, PyObject* value) {
  Py_INCREF(value);
  const rt_status s = try_then_wait("Chan.send", [&] { return rt_chan_try_send(c, &value); }, [&] { return rt_chan_send(c, &value); });
  if (s != RT_OK) Py_DECREF(value);
  return s;
}

PyObject* chan_send(PyObject* self, PyObject* value) {
  if (!in_goroutine("Chan.send")) return nullptr;
  const rt_status s = send(self_of<ChanObject>(self)->c, value);
  return s == RT_OK ? Py_NewRef(Py_None) : raise_status(s);
}

/// (value, True) or (None, False)
PyObject* chan_recv(PyObject* self, PyObject*) {
  if (!in_goroutine("Chan.recv")) return nullptr;
  rt_chan* c = self_of<ChanObject>(self)->c;
  PyObject* value = nullptr;
  int ok = 0;
  const rt_status s = try_then_wait("Chan.recv", [&] { return rt_chan_try_recv(c, &value, &ok); },
                                    [&] { return rt_chan_recv(c, &value, &ok); });
  if (s != RT_OK) return raise_status(s);
  return Py_BuildValue("(NO)", ok != 0 ? value : Py_NewRef(Py_None), ok != 0 ? Py_True : Py_False);
}

PyObject* chan_try_send(PyObject* self, PyObject* value) {
  rt_chan* c = self_of<ChanObject>(self)->c;
  Py_INCREF(value);
  const rt_status s = unparked([&] { return rt_chan_try_send(c, &value); });
  if (s == RT_OK) Py_RETURN_TRUE;
  Py_DECREF(value);
  if (s == RT_EWOULDBLOCK) Py_RETURN_FALSE;
  return raise_status(s);
}

/// None: it would have to wait; else as recv.
PyObject* chan_try_recv(PyObject* self, PyObject*) {
  rt_chan* c = self_of<ChanObject>(self)->c;
  PyObject* value = nullptr;
  int ok = 0;
  const rt_status s = unparked([&] { return rt_chan_try_recv(c, &value, &ok); });
  if (s == RT_EWOULDBLOCK) Py_RETURN_NONE;
  if (s != RT_OK) return raise_status(s);
  return Py_BuildValue("(NO)", ok != 0 ? value : Py_NewRef(Py_None), ok != 0 ? Py_True : Py_False);
}

PyObject* chan_close(PyObject* self, PyObject*) {
  const rt_status s = unparked([&] { return rt_chan_close(self_of<ChanObject>(self)->c); });
  return s == RT_OK ? Py_NewRef(Py_None) : raise_status(s);
}

PyObject* chan_cap(PyObject* self, PyObject*) { return PyLong_FromSize_t(rt_chan_cap(self_of<ChanObject>(self)->c)); }
Py_ssize_t chan_len(PyObject* self) { return static_cast<Py_ssize_t>(rt_chan_len(self_of<ChanObject>(self)->c)); }

/// Chan(capacity, runtime handle or 0)
PyObject* chan_new(PyTypeObject* type, PyObject* args, PyObject*) {
  Py_ssize_t capacity = 0;
  unsigned long long runtime = 0;
  if (!PyArg_ParseTuple(args, "nK:Chan", &capacity, &runtime)) return nullptr;
  if (capacity < 0) return PyErr_Format(PyExc_ValueError, "newproc.Chan(capacity): capacity is %zd; give 0 or more", capacity);
  rt_chan* c = nullptr;
  const rt_status s = rt_chan_new(reinterpret_cast<rt_runtime*>(runtime), sizeof(PyObject*), static_cast<std::size_t>(capacity), &c);
  if (s != RT_OK) return raise_status(s);
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) {
    rt_chan_free(c);
    return nullptr;
  }
  self_of<ChanObject>(self)->c = c;
  return self;
}

void chan_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  rt_chan* c = self_of<ChanObject>(self)->c;
  rt_chan_drain(c, [](void*, const void* elem) { Py_DECREF(*static_cast<PyObject* const*>(elem)); }, nullptr);
  rt_chan_free(c);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMethodDef chan_methods[] = {
    {"send", chan_send, METH_O, nullptr},         {"receive", chan_recv, METH_NOARGS, nullptr},
    {"try_send", chan_try_send, METH_O, nullptr}, {"try_recv", chan_try_recv, METH_NOARGS, nullptr},
    {"close", chan_close, METH_NOARGS, nullptr},  {"cap", chan_cap, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

/// select([(chan, is_send, value), ...], has_default) -> (index, value, ok); index is the number of cases for the default
PyObject* py_select(PyObject*, PyObject* args) {
  PyObject* list = nullptr;
  int has_default = 0;
  if (!PyArg_ParseTuple(args, "O!p:select", &PyList_Type, &list, &has_default) || !in_goroutine("select")) return nullptr;
  const auto n = static_cast<std::size_t>(PyList_GET_SIZE(list));
  std::vector<rt_case> cases(n);
  std::vector<PyObject*> values(n, nullptr);
  for (std::size_t i = 0; i < n; ++i) {
    PyObject *chan = nullptr, *value = nullptr;
    int is_send = 0;
    if (!PyArg_ParseTuple(PyList_GET_ITEM(list, static_cast<Py_ssize_t>(i)), "OpO:select", &chan, &is_send, &value)) return nullptr;
    const ChanObject* c = chan_of(chan, "select");
    if (c == nullptr) return nullptr;
    values[i] = is_send != 0 ? value : nullptr;
    cases[i] = rt_case{c->c, &values[i], is_send != 0 ? RT_SEND : RT_RECV, 0};
  }
  for (std::size_t i = 0; i < n; ++i)
    if (cases[i].dir == RT_SEND) Py_INCREF(values[i]);  // the one that is sent goes with its reference
  std::size_t chosen = n;
  rt_status s = unparked([&] { return rt_select(cases.data(), n, 1, &chosen); });
  if (s == RT_OK && chosen == n && has_default == 0)
    s = parked_status("select", [&] { return rt_select(cases.data(), n, 0, &chosen); });
  for (std::size_t i = 0; i < n; ++i)
    if (cases[i].dir == RT_SEND && (s != RT_OK || i != chosen)) Py_DECREF(values[i]);
  if (s != RT_OK) return raise_status(s);
  const bool received = chosen < n && cases[chosen].dir == RT_RECV && cases[chosen].ok != 0;
  return Py_BuildValue("(nNO)", static_cast<Py_ssize_t>(chosen), received ? values[chosen] : Py_NewRef(Py_None),
                       received || chosen == n || cases[chosen].dir == RT_SEND ? Py_True : Py_False);
}

PyObject* py_sleep(PyObject*, PyObject* arg) {
  const double seconds = PyFloat_AsDouble(arg);
  if (seconds == -1.0 && PyErr_Occurred()) return nullptr;
  if (!(seconds < 9e9)) return PyErr_Format(PyExc_ValueError, "newproc.sleep(seconds): seconds is %R; give less than 9e9", arg);
  if (!in_goroutine("sleep")) return nullptr;
  const auto ns = static_cast<std::int64_t>(seconds * kNsPerSecond);
  const rt_status s = parked_status("sleep", [ns] { return rt_sleep(ns); });
  return s == RT_OK ? Py_NewRef(Py_None) : raise_status(s);
}

PyObject* py_nanotime(PyObject*, PyObject*) { return PyLong_FromLongLong(rt_nanotime(nullptr)); }

// Locks: the structs of newproc.h, in Python objects.

template <class T>
struct Holder {
  PyObject_HEAD
  T value;
  PyObject* keeps;  // another object that it points into, or null
};

template <class T>
PyObject* holder_new(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* self = type->tp_alloc(type, 0);  // all zero: ready for use
  return self;
}
template <class T>
void holder_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(self_of<Holder<T>>(self)->keeps);
  type->tp_free(self);
  Py_DECREF(type);
}

/// A method that may wait.
template <class T, rt_status (*F)(T*)>
PyObject* waits(PyObject* self, PyObject*) {
  if (!in_goroutine("lock or wait")) return nullptr;
  T* value = &self_of<Holder<T>>(self)->value;
  const rt_status s = parked_status("lock or wait", [value] { return F(value); });
  return s == RT_OK ? Py_NewRef(Py_None) : raise_status(s);
}
/// A method that never waits: True, or False where it would have to.
template <class T, rt_status (*F)(T*)>
PyObject* tries(PyObject* self, PyObject*) {
  if (!in_goroutine("try_lock")) return nullptr;
  T* value = &self_of<Holder<T>>(self)->value;
  const rt_status s = unparked([value] { return F(value); });
  if (s == RT_EWOULDBLOCK) Py_RETURN_FALSE;
  return s == RT_OK ? Py_NewRef(Py_True) : raise_status(s);
}

PyObject* waitgroup_add(PyObject* self, PyObject* arg) {
  const long n = PyLong_AsLong(arg);
  if (n == -1 && PyErr_Occurred()) return nullptr;
  if (n < INT32_MIN || n > INT32_MAX) return PyErr_Format(PyExc_ValueError, "WaitGroup.add(n): n is %ld; give a number of 32 bits", n);
  if (!in_goroutine("WaitGroup.add")) return nullptr;
  rt_waitgroup* w = &self_of<Holder<rt_waitgroup>>(self)->value;
  const rt_status s = unparked([&] { return rt_waitgroup_add(w, static_cast<std::int32_t>(n)); });
  return s == RT_OK ? Py_NewRef(Py_None) : raise_status(s);
}

PyTypeObject* mutex_type;
PyObject* cond_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* mutex = nullptr;
  if (!PyArg_ParseTuple(args, "O!:Cond", mutex_type, &mutex)) return nullptr;
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  self_of<Holder<rt_cond>>(self)->keeps = Py_NewRef(mutex);
  self_of<Holder<rt_cond>>(self)->value.l = &self_of<Holder<rt_mutex>>(mutex)->value;
  return self;
}

PyMethodDef mutex_methods[] = {
    {"lock", waits<rt_mutex, rt_mutex_lock>, METH_NOARGS, nullptr},
    {"try_lock", tries<rt_mutex, rt_mutex_try_lock>, METH_NOARGS, nullptr},
    {"unlock", waits<rt_mutex, rt_mutex_unlock>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef rwmutex_methods[] = {
    {"lock", waits<rt_rwmutex, rt_rwmutex_lock>, METH_NOARGS, nullptr},
    {"unlock", waits<rt_rwmutex, rt_rwmutex_unlock>, METH_NOARGS, nullptr},
    {"rlock", waits<rt_rwmutex, rt_rwmutex_rlock>, METH_NOARGS, nullptr},
    {"runlock", waits<rt_rwmutex, rt_rwmutex_runlock>, METH_NOARGS, nullptr},
    {"try_lock", tries<rt_rwmutex, rt_rwmutex_try_lock>, METH_NOARGS, nullptr},
    {"try_rlock", tries<rt_rwmutex, rt_rwmutex_try_rlock>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef waitgroup_methods[] = {
    {"add", waitgroup_add, METH_O, nullptr},
    {"done", waits<rt_waitgroup, rt_waitgroup_done>, METH_NOARGS, nullptr},
    {"wait", waits<rt_waitgroup, rt_waitgroup_wait>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef cond_methods[] = {
    {"wait", waits<rt_cond, rt_cond_wait>, METH_NOARGS, nullptr},
    {"signal", waits<rt_cond, rt_cond_signal>, METH_NOARGS, nullptr},
    {"broadcast", waits<rt_cond, rt_cond_broadcast>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

/// Registers a type under its name. Null: a Python error is set.
PyTypeObject* add_type(PyObject* module, const char* name, std::size_t size, newfunc make, destructor end, PyMethodDef* methods,
                       lenfunc length = nullptr) {
  PyType_Slot slots[] = {
      {Py_tp_new, reinterpret_cast<void*>(make)},
      {Py_tp_dealloc, reinterpret_cast<void*>(end)},
      {Py_tp_methods, methods},
      {length != nullptr ? Py_sq_length : 0, reinterpret_cast<void*>(length)},
      {0, nullptr},
  };
  PyType_Spec spec = {name, static_cast<int>(size), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE, slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) return nullptr;
  const char* dot = name;
  for (const char* c = name; *c != '\0'; ++c)
    if (*c == '.') dot = c + 1;
  if (PyModule_AddObjectRef(module, dot, type) != 0) return nullptr;
  return reinterpret_cast<PyTypeObject*>(type);
}

template <class T>
PyTypeObject* add_holder(PyObject* module, const char* name, PyMethodDef* methods, newfunc make = holder_new<T>) {
  return add_type(module, name, sizeof(Holder<T>), make, holder_dealloc<T>, methods);
}

PyMethodDef functions[] = {
    {"select", py_select, METH_VARARGS, nullptr},
    {"sleep", py_sleep, METH_O, nullptr},
    {"nanotime", py_nanotime, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool bind_sync(PyObject* module) {
  chan_type = add_type(module, "newproc._core.Chan", sizeof(ChanObject), chan_new, chan_dealloc, chan_methods, chan_len);
  mutex_type = add_holder<rt_mutex>(module, "newproc._core.Mutex", mutex_methods);
  return chan_type != nullptr && mutex_type != nullptr &&
         add_holder<rt_rwmutex>(module, "newproc._core.RWMutex", rwmutex_methods) != nullptr &&
         add_holder<rt_waitgroup>(module, "newproc._core.WaitGroup", waitgroup_methods) != nullptr &&
         add_holder<rt_cond>(module, "newproc._core.Cond", cond_methods, cond_new) != nullptr &&
         PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace npy
