// var.cpp: Var and Atomic: cells that goroutines share, with a point for a search at each access.
#include "goroutine.hpp"
#include "search.hpp"
#include "sites.hpp"
#include "types.hpp"

namespace npy {
namespace {

struct VarObject {
  PyObject_HEAD
  PyObject* value;
  PyObject* name;      // a str
  std::uintptr_t key;  // by which the scheduler knows the cell: odd, so that it is no object's address, and never used again
};
VarObject* var_of(PyObject* object) { return reinterpret_cast<VarObject*>(object); }

/// What a Var without a name is called: where it was made.
PyObject* place_made() {
  const Site* site = site_numbered(site_here());
  if (site == nullptr) return PyUnicode_FromString("a cell");
  PyObject* file = site->code->co_filename;
  const Py_ssize_t length = PyUnicode_GET_LENGTH(file), slash = PyUnicode_FindChar(file, '/', 0, length, -1);
  PyObject* last = PyUnicode_Substring(file, slash + 1, length);
  PyObject* name = last != nullptr ? PyUnicode_FromFormat("the cell of %U:%d", last, site->line) : nullptr;
  Py_XDECREF(last);
  return name;
}

PyObject* var_new(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  static char value_name[] = "value", name_name[] = "name";
  static char* names[] = {value_name, name_name, nullptr};
  static std::uintptr_t last = 1;  // guarded by the GIL
  PyObject *value = Py_None, *name = Py_None;
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O$O", names, &value, &name)) return nullptr;
  if (name != Py_None && !PyUnicode_Check(name))
    return PyErr_Format(PyExc_TypeError, "newproc.%s(value, name=...): name is %R; give a str", type->tp_name, name);
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  var_of(self)->key = last += 2;
  var_of(self)->value = Py_NewRef(value);
  var_of(self)->name = name != Py_None ? Py_NewRef(name) : place_made();
  if (var_of(self)->name == nullptr) Py_CLEAR(self);
  return self;
}

int var_traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Py_TYPE(self));
  Py_VISIT(var_of(self)->value);
  return 0;
}
int var_clear(PyObject* self) {
  Py_CLEAR(var_of(self)->value);
  return 0;
}
void var_dealloc(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  PyObject_GC_UnTrack(self);
  Py_CLEAR(var_of(self)->value);
  Py_CLEAR(var_of(self)->name);
  type->tp_free(self);
  Py_DECREF(type);
}

/// The point before an access. Outside of goroutines, and on threads, where the GIL orders all, there is none.
bool point(PyObject* self, const char* call, rt_status (*access)(const void*)) {
  const Goroutine* g = running();
  if (g == nullptr || !g->run->sim) return true;
  if (g->run->search != nullptr) say_operation(g, call, var_of(self)->name);
  const rt_status s = unparked(g, [=] { return access(reinterpret_cast<const void*>(var_of(self)->key)); });
  if (s != RT_OK) raise_status(s);
  return s == RT_OK;
}

PyObject* value_now(PyObject* self) { return Py_NewRef(var_of(self)->value != nullptr ? var_of(self)->value : Py_None); }
void put(PyObject* self, PyObject* value) { Py_XSETREF(var_of(self)->value, Py_NewRef(value)); }

PyObject* var_get(PyObject* self, PyObject*) { return point(self, "read", rt_cell_read) ? value_now(self) : nullptr; }
PyObject* var_set(PyObject* self, PyObject* value) {
  if (!point(self, "write", rt_cell_write)) return nullptr;
  put(self, value);
  Py_RETURN_NONE;
}
PyObject* var_get_value(PyObject* self, void*) { return var_get(self, nullptr); }
int var_set_value(PyObject* self, PyObject* value, void*) {
  if (value == nullptr) {
    PyErr_SetString(PyExc_AttributeError, "newproc.Var.value cannot be deleted; set it to None");
    return -1;
  }
  PyObject* done = var_set(self, value);
  Py_XDECREF(done);
  return done != nullptr ? 0 : -1;
}
PyObject* var_update(PyObject* self, PyObject* fn) {
  PyObject* was = var_get(self, nullptr);
  PyObject* now = was != nullptr ? PyObject_CallOneArg(fn, was) : nullptr;
  Py_XDECREF(was);
  PyObject* done = now != nullptr ? var_set(self, now) : nullptr;
  if (done == nullptr) Py_CLEAR(now);
  Py_XDECREF(done);
  return now;
}
PyObject* name_of(PyObject* self, void*) { return Py_NewRef(var_of(self)->name); }
PyObject* var_repr(PyObject* self) {
  PyObject* value = value_now(self);
  PyObject* text = PyUnicode_FromFormat("<%s %R: %R>", Py_TYPE(self)->tp_name, var_of(self)->name, value);
  Py_DECREF(value);
  return text;
}

// Atomic: each method is one step.

PyObject* atomic_load(PyObject* self, PyObject*) { return point(self, "atomic load", rt_cell_atomic_load) ? value_now(self) : nullptr; }
PyObject* atomic_store(PyObject* self, PyObject* value) {
  if (!point(self, "atomic store", rt_cell_atomic)) return nullptr;
  put(self, value);
  Py_RETURN_NONE;
}
PyObject* atomic_add(PyObject* self, PyObject* n) {
  if (!point(self, "atomic add", rt_cell_atomic)) return nullptr;
  PyObject* was = value_now(self);
  PyObject* now = PyNumber_Add(was, n);
  Py_DECREF(was);
  if (now != nullptr) put(self, now);
  return now;
}
PyObject* atomic_swap(PyObject* self, PyObject* value) {
  if (!point(self, "atomic swap", rt_cell_atomic)) return nullptr;
  PyObject* was = value_now(self);
  put(self, value);
  return was;
}
PyObject* atomic_cas(PyObject* self, PyObject* const* args, Py_ssize_t nargs) {
  if (nargs != 2) return PyErr_Format(PyExc_TypeError, "Atomic.compare_and_swap(old, new): %zd arguments; give two", nargs);
  if (!point(self, "atomic compare and swap", rt_cell_atomic)) return nullptr;
  PyObject* was = value_now(self);
  const int same = PyObject_RichCompareBool(was, args[0], Py_EQ);
  Py_DECREF(was);
  if (same < 0) return nullptr;
  if (same == 1) put(self, args[1]);
  return PyBool_FromLong(same);
}

PyMethodDef var_methods[] = {
    {"get", var_get, METH_NOARGS, "get($self, /)\n--\n\nRead it."},
    {"set", var_set, METH_O, "set($self, value, /)\n--\n\nWrite it."},
    {"update", var_update, METH_O, "update($self, fn, /)\n--\n\nRead it, and write ``fn`` of that: two steps, between which others may come. Returns what was written."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "Var[T]: a cell of T, for type checkers."},
    {nullptr, nullptr, 0, nullptr},
};
PyGetSetDef var_attributes[] = {
    {"value", var_get_value, var_set_value, "What `get` and `set` do, as an attribute: ``total.value += 1`` is a read and a write.", nullptr},
    {"name", name_of, nullptr, "What findings call it.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};
PyMethodDef atomic_methods[] = {
    {"load", atomic_load, METH_NOARGS, "load($self, /)\n--\n\nRead it."},
    {"store", atomic_store, METH_O, "store($self, value, /)\n--\n\nWrite it."},
    {"add", atomic_add, METH_O, "add($self, n, /)\n--\n\nAdd ``n`` in one step; return the sum."},
    {"swap", atomic_swap, METH_O, "swap($self, value, /)\n--\n\nWrite it; return what it was."},
    {"compare_and_swap", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(atomic_cas)), METH_FASTCALL,
     "compare_and_swap($self, old, new, /)\n--\n\nWrite ``new`` if it equals ``old``; whether it did."},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, "Atomic[T]: a cell of T, for type checkers."},
    {nullptr, nullptr, 0, nullptr},
};
PyGetSetDef atomic_attributes[] = {
    {"name", name_of, nullptr, "What findings call it.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyDoc_STRVAR(var_doc,
"Var(value=None, *, name=None)\n--\n\n"
"A variable that goroutines share. In a search others may come before each read and each write, and two accesses that nothing\n"
"orders, one of them a write, are a data race. Elsewhere it is a plain variable.\n\n"
"Args:\n    value: what it is at first.\n    name: what findings call it (default: where it was made).");
PyDoc_STRVAR(atomic_doc,
"Atomic(value=None, *, name=None)\n--\n\n"
"A variable of which each method is one step, as in Go's sync/atomic: what comes before a step is seen after the next.");

bool add_cell(PyObject* module, const char* name, const char* doc, PyMethodDef* methods, PyGetSetDef* attributes) {
  PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>(doc)},
      {Py_tp_new, reinterpret_cast<void*>(var_new)},
      {Py_tp_dealloc, reinterpret_cast<void*>(var_dealloc)},
      {Py_tp_traverse, reinterpret_cast<void*>(var_traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(var_clear)},
      {Py_tp_methods, methods},
      {Py_tp_getset, attributes},
      {Py_tp_repr, reinterpret_cast<void*>(var_repr)},
      {0, nullptr},
  };
  return add_type(module, name, sizeof(VarObject), slots, Py_TPFLAGS_HAVE_GC) != nullptr;
}

}  // namespace

bool bind_var(PyObject* module) {
  return add_cell(module, "newproc.Var", var_doc, var_methods, var_attributes) &&
         add_cell(module, "newproc.Atomic", atomic_doc, atomic_methods, atomic_attributes);
}

}  // namespace npy
