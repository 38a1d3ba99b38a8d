// sync.hpp: channels, select, locks and sleep for Python goroutines.
#pragma once
#include <Python.h>

namespace npy {

/// Adds the types and functions to the module. False: a Python error is set.
bool bind_sync(PyObject* module);

}  // namespace npy
