// locks.hpp: Mutex, RWMutex, WaitGroup and Cond as Python objects.
#pragma once
#include "goroutine.hpp"

namespace npy {

/// Of the goroutine that ends: its WaitGroup has one less. False: a Python error is set.
bool waitgroup_done(const Goroutine* g);

/// Adds the types to the module. False: a Python error is set.
bool bind_locks(PyObject* module);

}  // namespace npy
