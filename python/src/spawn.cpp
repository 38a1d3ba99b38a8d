// spawn.cpp: the go statement, and what it says about where it was.
#include <cstring>

#include "goroutine.hpp"
#include "sites.hpp"

namespace npy {
namespace {

/// A name in the traceback is worth no error.
const char* kept_or(PyObject* text, const char* otherwise) {
  const char* is = text != nullptr && PyUnicode_Check(text) ? kept(text) : nullptr;
  if (is != nullptr) return is;
  PyErr_Clear();
  return otherwise;
}

constexpr std::size_t kPlaces = 256;

std::size_t place_of(const void* pointer, int more) {
  const auto bits = reinterpret_cast<std::uintptr_t>(pointer) / 16 + static_cast<std::uintptr_t>(more) * 31;
  return (bits ^ (bits / kPlaces)) % kPlaces;
}

/// The qualified name of what is called, looked up once for each string that is one.
const char* name_of(PyObject* fn) {
  static struct {
    PyObject* key;
    const char* name;
  } names[kPlaces];
  if (PyMethod_Check(fn)) fn = PyMethod_GET_FUNCTION(fn);
  const bool function = PyFunction_Check(fn);
  const bool type = PyType_Check(fn) && (reinterpret_cast<PyTypeObject*>(fn)->tp_flags & Py_TPFLAGS_HEAPTYPE) == 0;
  PyObject* key = function ? reinterpret_cast<PyFunctionObject*>(fn)->func_qualname : type ? fn : nullptr;
  auto& at = names[place_of(key, 0)];
  if (key != nullptr && at.key == key) return at.name;
  PyObject* text = function ? Py_NewRef(key) : PyObject_GetAttrString(fn, "__qualname__");
  if (text == nullptr) PyErr_Clear();
  const char* name = kept_or(text, Py_TYPE(fn)->tp_name);
  Py_XDECREF(text);
  if (key != nullptr) {
    Py_XSETREF(at.key, Py_NewRef(key));
    at.name = name;
  }
  return name;
}

/// File and line of the Python code that is being executed, looked up once for each instruction.
void say_site(rt_spawn& spawn) {
  static struct {
    PyCodeObject* code;
    int instruction, line;
    const char* file;
  } sites[kPlaces];
  PyFrameObject* frame = PyThreadState_GetFrame(PyThreadState_Get());
  if (frame == nullptr) return;
  PyCodeObject* code = PyFrame_GetCode(frame);
  const int instruction = instruction_of(frame);
  auto& at = sites[place_of(code, instruction)];
  if (at.code != code || at.instruction != instruction) {
    at.line = PyFrame_GetLineNumber(frame);
    at.file = kept_or(code->co_filename, "?");
    at.instruction = instruction;
    Py_XSETREF(at.code, reinterpret_cast<PyCodeObject*>(Py_NewRef(reinterpret_cast<PyObject*>(code))));
  }
  spawn.file = at.file;
  spawn.line = at.line;
  Py_DECREF(code);
  Py_DECREF(frame);
}

}  // namespace

PyObject* spawn(const char* name, PyObject* waitgroup, const Call& call) {
  Goroutine* parent = in_goroutine(name);
  if (parent == nullptr) return nullptr;
  Goroutine* g = make_goroutine(parent->run, call, parent->labels);
  if (g == nullptr) return nullptr;
  g->waitgroup = Py_XNewRef(waitgroup);
  rt_spawn spawn{};
  spawn.struct_size = sizeof spawn;
  spawn.fn = goroutine_entry;
  spawn.arg = g;
  spawn.name = name_of(call.fn);
  spawn.on_drop = drop_goroutine;
  say_site(spawn);
  if (parent->run->search != nullptr) {
    g->started_at = site_or_start(parent);
    rt_site(site_of_start(g->started_at, spawn.name));  // what it is alike
  }
  std::uint64_t goid = 0;
  const rt_status status = unparked(parent, [&] { return rt_newproc_ex(nullptr, &spawn, &goid); });
  if (status == RT_OK) return PyLong_FromUnsignedLongLong(goid);
  free_goroutine(g);
  return raise_status(status);
}

namespace {

PyDoc_STRVAR(go_doc,
             "go($module, fn, /, *args, **kwargs)\n--\n\n"
             "Start ``fn(*args, **kwargs)`` as a new goroutine, next to run on this P; return its goid.\n\n"
             "The caller keeps running. Labels and context variables are the caller's, copied.\n\n"
             "Raises:\n"
             "    PlaceError: called outside of goroutines.\n"
             "    TypeError: fn cannot be called.\n");

PyObject* py_go(PyObject*, PyObject* const* args, Py_ssize_t nargs, PyObject* kwnames) {
  if (nargs < 1) return PyErr_Format(PyExc_TypeError, "newproc.go(fn, *args, **kwargs): fn is missing; give a function");
  return spawn("go", nullptr, {args[0], args + 1, static_cast<std::size_t>(nargs - 1), kwnames});
}

}  // namespace

PyMethodDef spawn_methods[] = {
    {"go", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(py_go)), METH_FASTCALL | METH_KEYWORDS, go_doc},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace npy
