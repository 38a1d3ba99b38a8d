// config.hpp: keyword arguments to rt_config and rt_limits.
#pragma once
#include <pybind11/pybind11.h>

#include <limits>
#include <string>

#include "newproc.h"

namespace npy {
/// Fields by the names of newproc.h. An unknown name or a value out of a field's type is a Python error.
template <class T>
void set_field(T& field, const std::string& name, const pybind11::handle& value) {
  const auto number = pybind11::reinterpret_borrow<pybind11::object>(PyNumber_Index(value.ptr()));
  if (!number) throw pybind11::error_already_set();
  const unsigned long long n = PyLong_AsUnsignedLongLong(number.ptr());
  if (PyErr_Occurred() || n > std::numeric_limits<T>::max()) {
    PyErr_Clear();
    throw pybind11::value_error(name + " is " + pybind11::str(value).cast<std::string>() + "; give 0 to " +
                                std::to_string(std::numeric_limits<T>::max()));
  }
  field = static_cast<T>(n);
}
rt_config config_from(const pybind11::dict& fields);
rt_limits limits_from(const pybind11::dict& fields);
/// Raises the exception of a status.
void check(rt_status status);
}  // namespace npy
