// names.cpp: what objects and goroutines are called in dumps, snapshots, traces and findings.
#include "chan.hpp"
#include "locks.hpp"
#include "sites.hpp"

namespace npy {
namespace {

const void* to_name(PyObject* object) {
  if (PyObject_TypeCheck(object, chan_type)) return reinterpret_cast<ChanObject*>(object)->c;
  if (const void* lock = lock_to_name(object)) return lock;
  if (const rt_chan* clock = chan_of_clock(object)) return clock;
  return chan_of_context(object);
}

PyObject* set_name(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
  if (nargs != 2) return PyErr_Format(PyExc_TypeError, "newproc.set_name(what, name): %zd arguments are given; give both", nargs);
  PyObject *what = args[0], *name = args[1];
  if (name != Py_None && !PyUnicode_Check(name))
    return PyErr_Format(PyExc_TypeError, "newproc.set_name(what, name): name is %R; give a str, or None to take the name away", name);
  const char* text = name != Py_None ? kept(name) : nullptr;
  if (text == nullptr && PyErr_Occurred()) return nullptr;
  if (what == Py_None) return in_goroutine("set_name") != nullptr ? none_or(rt_set_goroutine_name(text)) : nullptr;
  const void* object = to_name(what);
  if (object != nullptr) return none_or(rt_set_name(object, text));
  return PyErr_Format(PyExc_TypeError,
                      "newproc.set_name(what, name): what is %R; give a Chan, Mutex, RWMutex, WaitGroup, Cond, Context, Timer or Ticker "
                      "that is in use, or None for this goroutine", what);
}

PyMethodDef functions[] = {
    {"set_name", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(set_name)), METH_FASTCALL,
     "set_name(what, name, /)\n--\n\n"
     "Call something by a name in dumps, snapshots, traces and `top`: a Chan, Mutex, RWMutex, WaitGroup, Cond, Context, Timer or Ticker; "
     "None is this goroutine, which is else called by its function's name.\n\n"
     "A name of None takes it away. Names are kept for the process: use few."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool bind_names(PyObject* module) { return PyModule_AddFunctions(module, functions) == 0; }

}  // namespace npy
