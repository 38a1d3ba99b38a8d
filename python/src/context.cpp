// context.cpp: Context, Go's package context.
#include "chan.hpp"
#include "scope.hpp"
#include "types.hpp"

namespace npy {
namespace {

struct ContextObject {
  PyObject_HEAD
  rt_context* c;
  Lifetime rt;
};
PyTypeObject* context_type;
ContextObject* self_of(PyObject* object) { return reinterpret_cast<ContextObject*>(object); }

/// Calls that look, or give back: in the sim world another M may run its goroutines in any of them.
template <class F>
auto stay(F&& f) {
  const Stay here(running());
  return f();
}

/// A cause or a value that nobody can ask for any more: on any thread, with or without the GIL.
void drop_object(void* object) {
  const PyGILState_STATE state = PyGILState_Ensure();
  Py_DECREF(static_cast<PyObject*>(object));
  PyGILState_Release(state);
}

/// Takes over the reference to c.
PyObject* wrap(PyTypeObject* type, rt_context* c, const Lifetime& rt) {
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) {
    rt_context_release(c);
    return nullptr;
  }
  self_of(self)->c = c;
  self_of(self)->rt = rt;
  return self;
}

rt_status make(rt_runtime* rt, rt_context* parent, PyObject* timeout, PyObject* deadline, rt_context** out) {
  std::int64_t ns = 0;
  PyObject* seconds = timeout != Py_None ? timeout : deadline;
  if (seconds == Py_None) return unparked(running(), [&] { return rt_context_with_cancel(rt, parent, out); });
  if (!ns_of("Context", seconds, ns)) return kErrorSet;
  const Goroutine* g = in_goroutine("Context");
  if (g == nullptr) return kErrorSet;
  return unparked(g, [&] {
    return timeout != Py_None ? rt_context_with_timeout(parent, ns, nullptr, nullptr, out)
                              : rt_context_with_deadline(parent, ns, nullptr, nullptr, out);
  });
}

PyObject* context_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  static char names[][9] = {"parent", "timeout", "deadline", "runtime"};
  static char* keywords[] = {names[0], names[1], names[2], names[3], nullptr};
  PyObject *parent = Py_None, *timeout = Py_None, *deadline = Py_None, *runtime = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O$OOO:Context", keywords, &parent, &timeout, &deadline, &runtime)) return nullptr;
  if (parent != Py_None && !PyObject_TypeCheck(parent, context_type))
    return PyErr_Format(PyExc_TypeError, "newproc.Context(parent): parent is %R; give a Context or None", parent);
  if (timeout != Py_None && deadline != Py_None)
    return PyErr_Format(PyExc_TypeError, "newproc.Context: timeout and deadline are both given; give one");
  rt_runtime* rt = handle_of(runtime);
  if (rt == nullptr && PyErr_Occurred()) return nullptr;
  rt_context* c = nullptr;
  const rt_status s = make(rt, parent != Py_None ? self_of(parent)->c : nullptr, timeout, deadline, &c);
  if (s == kErrorSet) return nullptr;
  if (s != RT_OK) return raise_status(s);
  return wrap(type, c, parent != Py_None ? self_of(parent)->rt : lifetime_of(rt != nullptr ? rt : rt_current()));
}

void context_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  stay([self] { return rt_context_release(self_of(self)->c), 0; });
  type->tp_free(self);
  Py_DECREF(type);
}

/// Keys are compared as addresses below: equal ones become one, which is kept.
PyObject* the_key(PyObject* key) {
  static PyObject* all = nullptr;
  if (all == nullptr && (all = PyDict_New()) == nullptr) return nullptr;
  return PyDict_SetDefault(all, key, key);
}

PyObject* context_with_value(PyObject* self, PyObject* args) {
  PyObject *key = nullptr, *value = nullptr;
  if (!PyArg_UnpackTuple(args, "with_value", 2, 2, &key, &value) || (key = the_key(key)) == nullptr) return nullptr;
  rt_context* c = nullptr;
  Py_INCREF(value);
  const rt_status s = stay([&] { return rt_context_with_value(nullptr, self_of(self)->c, key, value, drop_object, &c); });
  if (s == RT_OK) return wrap(Py_TYPE(self), c, self_of(self)->rt);
  Py_DECREF(value);
  return raise_status(s);
}

PyObject* context_value(PyObject* self, PyObject* args) {
  PyObject *key = nullptr, *otherwise = Py_None;
  if (!PyArg_UnpackTuple(args, "value", 1, 2, &key, &otherwise) || (key = the_key(key)) == nullptr) return nullptr;
  auto* value = static_cast<PyObject*>(stay([&] { return rt_context_value(self_of(self)->c, key); }));
  return Py_NewRef(value != nullptr ? value : otherwise);
}

PyObject* context_without_cancel(PyObject* self, PyObject*) {
  rt_context* c = nullptr;
  const rt_status s = stay([&] { return rt_context_without_cancel(nullptr, self_of(self)->c, &c); });
  return s == RT_OK ? wrap(Py_TYPE(self), c, self_of(self)->rt) : raise_status(s);
}

PyObject* cancel(PyObject* self, PyObject* cause) {
  rt_context* c = self_of(self)->c;
  const Goroutine* g = running();
  if (g == nullptr && !runtime_lives(self_of(self)->rt)) Py_RETURN_NONE;  // who waited for it is gone
  if (cause == Py_None) return none_or(unparked(g, [c] { return rt_context_cancel(c); }));
  Py_INCREF(cause);
  const rt_status s = unparked(g, [&] { return rt_context_cancel_cause(c, cause, drop_object); });
  if (s == RT_EINVAL) Py_DECREF(cause);
  return none_or(s);
}

PyObject* context_cancel(PyObject* self, PyObject* args) {
  PyObject* cause = Py_None;
  if (!PyArg_UnpackTuple(args, "cancel", 0, 1, &cause)) return nullptr;
  if (cause != Py_None && !PyExceptionInstance_Check(cause))
    return PyErr_Format(PyExc_TypeError, "newproc.Context.cancel(cause): cause is %R; give an exception or None", cause);
  return cancel(self, cause);
}

PyObject* context_enter(PyObject* self, PyObject*) { return Py_NewRef(self); }
PyObject* context_exit(PyObject* self, PyObject*) { return cancel(self, Py_None); }

PyObject* context_err(PyObject* self, void*) {
  const rt_status s = stay([self] { return rt_context_err(self_of(self)->c); });
  if (s == RT_OK) Py_RETURN_NONE;
  PyObject* type = s == RT_EDEADLINE ? Py_NewRef(PyExc_TimeoutError) : error_class("Canceled");
  PyObject* error = type != nullptr ? PyObject_CallFunction(type, "s", rt_strerror(s)) : nullptr;
  Py_XDECREF(type);
  return error;
}
PyObject* make_error(PyObject* self, PyObject*) { return context_err(self, nullptr); }

PyObject* context_cause(PyObject* self, void*) {
  auto* cause = static_cast<PyObject*>(stay([self] { return rt_context_cause(self_of(self)->c); }));
  return cause != nullptr ? Py_NewRef(cause) : context_err(self, nullptr);
}

PyObject* context_done(PyObject* self, void*) { return chan_of_signal(stay([self] { return rt_context_done(self_of(self)->c); }), self_of(self)->rt, self); }

PyObject* context_deadline(PyObject* self, void*) {
  std::int64_t when = 0;
  if (stay([&] { return rt_context_deadline(self_of(self)->c, &when); }) == 0) Py_RETURN_NONE;
  return PyFloat_FromDouble(static_cast<double>(when) / kNsPerSecond);
}

PyObject* context_guard(PyObject* self, PyObject*) {
  PyObject* done = context_done(self, nullptr);
  PyObject* error = done != nullptr ? PyObject_GetAttrString(self, "_error") : nullptr;
  PyObject* until = error != nullptr ? make_until(done, error) : nullptr;
  Py_XDECREF(error);
  Py_XDECREF(done);
  return until;
}

PyDoc_STRVAR(context_doc,
R"(Context(parent=None, *, timeout=None, deadline=None, runtime=None)
--

What is to stop together: a tree, in which canceling one cancels all below it. Go: package context.

Args:
    parent: whose end ends this one too; also its values are this one's.
    timeout: seconds until it ends; ``deadline``: at which second of the world's clock (`nanotime`). The parent's stays
        if it is earlier.
    runtime: whose goroutines use it (default: the parent's, or the caller's).

>>> import newproc
>>> def main():
...     with newproc.Context(timeout=0.01) as ctx:  # canceled at the end of the block
...         ctx.done.recv_ok()
...         print(repr(ctx.err))
>>> _ = newproc.run(main)
TimeoutError('context deadline exceeded')
)");

PyMethodDef context_methods[] = {
    {"with_value", context_with_value, METH_VARARGS, "with_value($self, key, value, /)\n--\n\nA context below, with a value. Keys are compared by ==, and kept for the process: use few."},
    {"value", context_value, METH_VARARGS, "value($self, key, default=None, /)\n--\n\nOf the nearest context on the way up that has this key."},
    {"without_cancel", context_without_cancel, METH_NOARGS, "without_cancel($self, /)\n--\n\nThe same values, and neither its end nor its deadline."},
    {"cancel", context_cancel, METH_VARARGS, "cancel($self, cause=None, /)\n--\n\nEnd it and all below it; the first time counts. Also from threads that run no goroutine."},
    {"guard", context_guard, METH_NOARGS, "guard($self, /)\n--\n\nA block, as `until`, in which a wait raises ``err`` once the context has ended."},
    {"_error", make_error, METH_NOARGS, nullptr},
    {"__enter__", context_enter, METH_NOARGS, nullptr},
    {"__exit__", context_exit, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef context_attributes[] = {
    {"err", context_err, nullptr, "None until it has ended; then `Canceled` or TimeoutError, with Go's text.", nullptr},
    {"cause", context_cause, nullptr, "What `cancel` was given, here or above; without: ``err``.", nullptr},
    {"done", context_done, nullptr, "A channel that is closed when it ends: for `select`.", nullptr},
    {"deadline", context_deadline, nullptr, "In seconds of the world's clock; None: it has none.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

const rt_chan* chan_of_context(PyObject* object) {
  if (!PyObject_TypeCheck(object, context_type)) return nullptr;
  return stay([object] { return rt_context_done(self_of(object)->c); });
}

bool bind_context(PyObject* module) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(context_doc)},
      {Py_tp_new, reinterpret_cast<void*>(context_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(context_dealloc)},
      {Py_tp_methods, context_methods},
      {Py_tp_getset, context_attributes},
      {0, nullptr},
  };
  context_type = add_type(module, "newproc.Context", sizeof(ContextObject), slots);
  return context_type != nullptr;
}

}  // namespace npy
