// points.cpp: points between the lines of Python code: by sys.monitoring from 3.12 on, before that by a trace function of
// each goroutine.
#include "search.hpp"
#include "sites.hpp"

namespace npy {
namespace {

/// Before a line, or an instruction, of chosen code: others may go first.
bool point_at(PyCodeObject* code, int line) {
  const Goroutine* g = running();
  if (g == nullptr || g->run->search == nullptr) return true;
  const Search* search = g->run->search;
  rt_site(site_of_line(code, line));
  if (search->at != nullptr) {
    say_operation(g, "line", nullptr);
    rt_site(site_of_line(code, line));
  }
  const rt_status s = unparked(g, [] { return rt_point(nullptr); });
  if (s != RT_OK) raise_status(s);
  return s == RT_OK;
}

#if PY_VERSION_HEX < 0x030C0000
int trace(PyObject* search_capsule, PyFrameObject* frame, int what, PyObject*) {
  const auto* search = static_cast<const Search*>(PyCapsule_GetPointer(search_capsule, nullptr));
  if (search == nullptr) return -1;
  if (what != PyTrace_CALL && what != PyTrace_LINE && what != PyTrace_OPCODE) return 0;
  PyCodeObject* code = PyFrame_GetCode(frame);
  const int chosen = PySet_Contains(search->lines, reinterpret_cast<PyObject*>(code));
  int done = chosen < 0 ? -1 : 0;
  if (what == PyTrace_CALL) {
    const bool lines = chosen == 1 && !search->instructions;
    auto* object = reinterpret_cast<PyObject*>(frame);
    done = PyObject_SetAttrString(object, "f_trace_lines", lines ? Py_True : Py_False);
    if (done == 0 && chosen == 1 && search->instructions) done = PyObject_SetAttrString(object, "f_trace_opcodes", Py_True);
  } else if (chosen == 1 && !point_at(code, PyFrame_GetLineNumber(frame))) {
    done = -1;
  }
  Py_DECREF(code);
  return done;
}
#endif

/// A callback of sys.monitoring: (code, line or offset)
PyObject* py_line_point(PyObject*, PyObject* const* args, Py_ssize_t nargs) {
  if (nargs != 2 || !PyCode_Check(args[0])) return PyErr_Format(PyExc_TypeError, "line_point(code, line): a callback of sys.monitoring");
  const int line = static_cast<int>(PyLong_AsLong(args[1]));
  if (line == -1 && PyErr_Occurred()) return nullptr;
  if (!point_at(reinterpret_cast<PyCodeObject*>(args[0]), line)) return nullptr;
  Py_RETURN_NONE;
}
PyObject* py_instruction_point(PyObject* self, PyObject* const* args, Py_ssize_t nargs) {
  if (nargs != 2 || !PyCode_Check(args[0])) return py_line_point(self, args, nargs);
  const int offset = static_cast<int>(PyLong_AsLong(args[1]));
  if (offset == -1 && PyErr_Occurred()) return nullptr;
  auto* code = reinterpret_cast<PyCodeObject*>(args[0]);
  if (!point_at(code, PyCode_Addr2Line(code, offset))) return nullptr;
  Py_RETURN_NONE;
}

}  // namespace

bool trace_lines(Search* search) {
#if PY_VERSION_HEX < 0x030C0000
  if (search->lines == nullptr) return false;
  PyObject* capsule = PyCapsule_New(search, nullptr, nullptr);
  if (capsule == nullptr) {
    PyErr_Clear();
    return false;
  }
  PyEval_SetTrace(trace, capsule);
  Py_DECREF(capsule);
  return true;
#else
  (void)search;
  return false;
#endif
}

PyMethodDef search_methods[] = {
    {"line_point", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(py_line_point)), METH_FASTCALL, nullptr},
    {"instruction_point", reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(py_instruction_point)), METH_FASTCALL, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace npy
