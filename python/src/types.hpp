// types.hpp: making types of the module.
#pragma once
#include <Python.h>

#include <cstddef>
#include <cstdint>

namespace npy {

constexpr double kNsPerSecond = 1e9;

/// Nanoseconds of a Python number of seconds. False with an error set.
bool ns_of(const char* call, PyObject* seconds, std::int64_t& ns);

/// Registers a type that can be subclassed under the last part of its name. Null: a Python error is set.
inline PyTypeObject* add_type(PyObject* module, const char* name, std::size_t size, PyType_Slot* slots, unsigned long flags = 0) {
  PyType_Spec spec = {name, static_cast<int>(size), 0, static_cast<unsigned>(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | flags), slots};
  PyObject* type = PyType_FromSpec(&spec);
  if (type == nullptr) return nullptr;
  const char* last = name;
  for (const char* c = name; *c != '\0'; ++c)
    if (*c == '.') last = c + 1;
  if (PyModule_AddObjectRef(module, last, type) != 0) return nullptr;
  return reinterpret_cast<PyTypeObject*>(type);
}

}  // namespace npy
