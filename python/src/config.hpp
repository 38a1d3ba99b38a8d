// config.hpp: keyword arguments to rt_config and rt_limits.
#pragma once
#include <pybind11/pybind11.h>

#include "newproc.h"

namespace npy {
/// Fields by the names of newproc.h. An unknown name or a value out of a field's type is a Python error.
rt_config config_from(const pybind11::dict& fields);
rt_limits limits_from(const pybind11::dict& fields);
/// Raises the exception of a status.
void check(rt_status status);
}  // namespace npy
