// sites.hpp: places in Python code, numbered.
#pragma once
#include <Python.h>

#include <cstdint>

namespace npy {

struct Site {
  PyCodeObject* code;
  int line;
};

/// The line of Python code that calls newproc, whatever it does there: the same line has the same number. 0: nowhere.
/// Instructions would not do: those that CPython specialises stand at another place than before.
std::uint64_t site_here();
/// Of a line in a code object.
std::uint64_t site_of_line(PyCodeObject* code, int line);
/// Of what is started at `here` by that name, whose pointer says it all.
std::uint64_t site_of_start(std::uint64_t here, const char* name);
/// Null: there is none of that number.
const Site* site_numbered(std::uint64_t number);
/// ((file, line, function), ...), the outermost first, without what is newproc's own. Null with an error set.
PyObject* stack_here();
/// The same of one site: ((file, line, function),), or ().
PyObject* stack_at(std::uint64_t number);
int instruction_of(PyFrameObject* frame);
/// Text that is never freed. Null with an error set.
const char* kept(PyObject* text);

}  // namespace npy
