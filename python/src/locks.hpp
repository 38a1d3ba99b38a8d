// locks.hpp: Mutex, RWMutex, WaitGroup and Cond as Python objects.
#pragma once
#include "goroutine.hpp"

namespace npy {

/// Of the goroutine that ends: its WaitGroup has one less. False: a Python error is set.
bool waitgroup_done(const Goroutine* g);

/// What rt_set_name knows a Mutex, RWMutex, WaitGroup or Cond by, which takes its name away at its end. Null: it is none of them.
const void* lock_to_name(PyObject* object);

/// Adds the types to the module. False: a Python error is set.
bool bind_locks(PyObject* module);

}  // namespace npy
