#include "locks.hpp"

#include "types.hpp"

namespace npy {
namespace {

/// A struct of newproc.h in a Python object: all zero is ready for use.
template <class T>
struct Holder {
  PyObject_HEAD
  T value;
  PyObject* keeps;  // another object that it points into, or null
  bool named;       // by set_name
};

template <class T>
T* value_of(PyObject* object) {
  return &reinterpret_cast<Holder<T>*>(object)->value;
}
template <class T>
PyObject*& keeps_of(PyObject* object) {
  return reinterpret_cast<Holder<T>*>(object)->keeps;
}

PyObject* holder_new(PyTypeObject* type, PyObject*, PyObject*) { return type->tp_alloc(type, 0); }
template <class T>
void holder_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  Py_XDECREF(keeps_of<T>(self));
  if (reinterpret_cast<Holder<T>*>(self)->named) rt_set_name(value_of<T>(self), nullptr);
  type->tp_free(self);
  Py_DECREF(type);
}

/// What Python calls it.
template <auto F>
constexpr const char* kName = "lock or wait";
template <> constexpr const char* kName<rt_mutex_lock> = "Mutex.lock";
template <> constexpr const char* kName<rt_mutex_try_lock> = "Mutex.try_lock";
template <> constexpr const char* kName<rt_mutex_unlock> = "Mutex.unlock";
template <> constexpr const char* kName<rt_rwmutex_lock> = "RWMutex.lock";
template <> constexpr const char* kName<rt_rwmutex_unlock> = "RWMutex.unlock";
template <> constexpr const char* kName<rt_rwmutex_rlock> = "RWMutex.rlock";
template <> constexpr const char* kName<rt_rwmutex_runlock> = "RWMutex.runlock";
template <> constexpr const char* kName<rt_rwmutex_try_lock> = "RWMutex.try_lock";
template <> constexpr const char* kName<rt_rwmutex_try_rlock> = "RWMutex.try_rlock";
template <> constexpr const char* kName<rt_waitgroup_wait> = "WaitGroup.wait";
template <> constexpr const char* kName<rt_waitgroup_done> = "WaitGroup.done";
template <> constexpr const char* kName<rt_cond_wait> = "Cond.wait";
template <> constexpr const char* kName<rt_cond_signal> = "Cond.signal";
template <> constexpr const char* kName<rt_cond_broadcast> = "Cond.broadcast";

/// A method that may wait.
template <class T, rt_status (*F)(T*)>
PyObject* waits(PyObject* self, PyObject*) {
  const Goroutine* g = in_goroutine(kName<F>);
  return g != nullptr ? none_or(parked_status(g, [self] { return F(value_of<T>(self)); })) : nullptr;
}
/// The same, where one that never waits often does it.
template <class T, rt_status (*F)(T*), rt_status (*Try)(T*)>
PyObject* tries_then_waits(PyObject* self, PyObject*) {
  const Goroutine* g = in_goroutine(kName<F>);
  if (g == nullptr) return nullptr;
  rt_status s = tried_first(g, [self] { return Try(value_of<T>(self)); });
  if (s == RT_EWOULDBLOCK) s = parked_status(g, [self] { return F(value_of<T>(self)); });
  return none_or(s);
}
/// A method that never waits: True, or False where it would have to.
template <class T, rt_status (*F)(T*)>
PyObject* tries(PyObject* self, PyObject*) {
  const Goroutine* g = in_goroutine(kName<F>);
  if (g == nullptr) return nullptr;
  const rt_status s = tried(g, [self] { return F(value_of<T>(self)); });
  if (s == RT_EWOULDBLOCK) Py_RETURN_FALSE;
  return s == RT_OK ? Py_NewRef(Py_True) : raise_status(s);
}
/// A method that never waits.
template <class T, rt_status (*F)(T*)>
PyObject* does(PyObject* self, PyObject*) {
  const Goroutine* g = in_goroutine(kName<F>);
  return g != nullptr ? none_or(unparked(g, [self] { return F(value_of<T>(self)); })) : nullptr;
}

PyObject* mutex_enter(PyObject* self, PyObject*) {
  PyObject* locked = tries_then_waits<rt_mutex, rt_mutex_lock, rt_mutex_try_lock>(self, nullptr);
  if (locked == nullptr) return nullptr;
  Py_DECREF(locked);
  return Py_NewRef(self);
}
PyObject* mutex_exit(PyObject* self, PyObject*) { return waits<rt_mutex, rt_mutex_unlock>(self, nullptr); }

rt_status add_to(const Goroutine* g, PyObject* waitgroup, std::int32_t n) {
  return unparked(g, [=] { return rt_waitgroup_add(value_of<rt_waitgroup>(waitgroup), n); });
}

PyObject* waitgroup_add(PyObject* self, PyObject* arg) {
  const long n = PyLong_AsLong(arg);
  if (n == -1 && PyErr_Occurred()) return nullptr;
  if (n < INT32_MIN || n > INT32_MAX) return PyErr_Format(PyExc_ValueError, "WaitGroup.add(n): n is %ld; give a number of 32 bits", n);
  const Goroutine* g = in_goroutine("WaitGroup.add");
  return g != nullptr ? none_or(add_to(g, self, static_cast<std::int32_t>(n))) : nullptr;
}

PyObject* waitgroup_go(PyObject* self, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
  if (nargs < 1) return PyErr_Format(PyExc_TypeError, "WaitGroup.go(fn, *args, **kwargs): fn is missing; give a function");
  const Goroutine* g = in_goroutine("WaitGroup.go");
  if (g == nullptr) return nullptr;
  if (const rt_status s = add_to(g, self, 1); s != RT_OK) return raise_status(s);
  PyObject* goid = spawn("WaitGroup.go", self, {args[0], args + 1, static_cast<std::size_t>(nargs - 1), kwnames});
  if (goid == nullptr) add_to(g, self, -1);
  return goid;
}

PyTypeObject *mutex_type, *waitgroup_type, *rwmutex_type, *cond_type;

/// Its address, if it is one of this type; it is going to be named.
template <class T>
const void* to_name(PyObject* object, PyTypeObject* type) {
  if (!PyObject_TypeCheck(object, type)) return nullptr;
  reinterpret_cast<Holder<T>*>(object)->named = true;
  return value_of<T>(object);
}

PyObject* cond_new(PyTypeObject* type, PyObject* args, PyObject*) {
  PyObject* mutex = nullptr;
  if (!PyArg_ParseTuple(args, "O!:Cond", mutex_type, &mutex)) return nullptr;
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  keeps_of<rt_cond>(self) = Py_NewRef(mutex);
  value_of<rt_cond>(self)->l = value_of<rt_mutex>(mutex);
  return self;
}

PyMethodDef mutex_methods[] = {
    {"lock", tries_then_waits<rt_mutex, rt_mutex_lock, rt_mutex_try_lock>, METH_NOARGS, "lock($self, /)\n--\n\nWait until it is this goroutine's. sync/mutex.go:81"},
    {"try_lock", tries<rt_mutex, rt_mutex_try_lock>, METH_NOARGS, "try_lock($self, /)\n--\n\nLock it if that needs no waiting; False otherwise."},
    {"unlock", waits<rt_mutex, rt_mutex_unlock>, METH_NOARGS, "unlock($self, /)\n--\n\nGive it to the next. \"fatal error: sync: unlock of unlocked mutex\" ends the run."},
    {"__enter__", mutex_enter, METH_NOARGS, nullptr},
    {"__exit__", mutex_exit, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef rwmutex_methods[] = {
    {"lock", tries_then_waits<rt_rwmutex, rt_rwmutex_lock, rt_rwmutex_try_lock>, METH_NOARGS, nullptr},
    {"unlock", waits<rt_rwmutex, rt_rwmutex_unlock>, METH_NOARGS, nullptr},
    {"rlock", tries_then_waits<rt_rwmutex, rt_rwmutex_rlock, rt_rwmutex_try_rlock>, METH_NOARGS, nullptr},
    {"runlock", waits<rt_rwmutex, rt_rwmutex_runlock>, METH_NOARGS, nullptr},
    {"try_lock", tries<rt_rwmutex, rt_rwmutex_try_lock>, METH_NOARGS, nullptr},
    {"try_rlock", tries<rt_rwmutex, rt_rwmutex_try_rlock>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef waitgroup_methods[] = {
    {"add", waitgroup_add, METH_O, "add($self, n, /)\n--\n\nCount ``n`` more; at 0 all that wait go on."},
    {"done", does<rt_waitgroup, rt_waitgroup_done>, METH_NOARGS, "done($self, /)\n--\n\nCount one less."},
    {"wait", waits<rt_waitgroup, rt_waitgroup_wait>, METH_NOARGS, "wait($self, /)\n--\n\nWait until it counts 0."},
    {"go", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(waitgroup_go)), METH_FASTCALL | METH_KEYWORDS,
     "go($self, fn, /, *args, **kwargs)\n--\n\n"
     "Add one, and start ``fn`` in a goroutine that is done when fn returns, raises or exits. Returns its goid."},
    {nullptr, nullptr, 0, nullptr},
};
PyMethodDef cond_methods[] = {
    {"wait", waits<rt_cond, rt_cond_wait>, METH_NOARGS, nullptr},
    {"signal", does<rt_cond, rt_cond_signal>, METH_NOARGS, nullptr},
    {"broadcast", does<rt_cond, rt_cond_broadcast>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyDoc_STRVAR(mutex_doc,
"Mutex()\n--\n\n"
"sync.Mutex: normal and starvation mode as Go's. ``with mutex:`` locks. FatalError ends the run on misuse. sync/mutex.go");
PyDoc_STRVAR(waitgroup_doc, "WaitGroup()\n--\n\nsync.WaitGroup. Panic: \"sync: negative WaitGroup counter\". sync/waitgroup.go");

template <class T>
PyTypeObject* add_holder(PyObject* module, const char* name, PyMethodDef* methods, const char* doc, newfunc make = holder_new) {
  PyType_Slot slots[] = {
      {Py_tp_new, reinterpret_cast<void*>(make)},
      {Py_tp_dealloc, reinterpret_cast<void*>(holder_dealloc<T>)},
      {Py_tp_methods, methods},
      {doc != nullptr ? Py_tp_doc : 0, const_cast<char*>(doc)},
      {0, nullptr},
  };
  return add_type(module, name, sizeof(Holder<T>), slots);
}

}  // namespace

bool waitgroup_done(const Goroutine* g) {
  const rt_status s = add_to(g, g->waitgroup, -1);
  if (s != RT_OK) raise_status(s);
  return s == RT_OK;
}

const void* lock_to_name(PyObject* object) {
  if (const void* mutex = to_name<rt_mutex>(object, mutex_type)) return mutex;
  if (const void* waitgroup = to_name<rt_waitgroup>(object, waitgroup_type)) return waitgroup;
  if (const void* rwmutex = to_name<rt_rwmutex>(object, rwmutex_type)) return rwmutex;
  return to_name<rt_cond>(object, cond_type);
}

bool bind_locks(PyObject* module) {
  mutex_type = add_holder<rt_mutex>(module, "newproc.Mutex", mutex_methods, mutex_doc);
  waitgroup_type = add_holder<rt_waitgroup>(module, "newproc.WaitGroup", waitgroup_methods, waitgroup_doc);
  rwmutex_type = add_holder<rt_rwmutex>(module, "newproc._core.RWMutex", rwmutex_methods, nullptr);
  cond_type = add_holder<rt_cond>(module, "newproc._core.Cond", cond_methods, nullptr, cond_new);
  return mutex_type != nullptr && waitgroup_type != nullptr && rwmutex_type != nullptr && cond_type != nullptr;
}

}  // namespace npy
