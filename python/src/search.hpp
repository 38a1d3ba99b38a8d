// search.hpp: Python programs under a search: what a run tells it, and what it leaves.
#pragma once
#include <string>
#include <vector>

#include "goroutine.hpp"

namespace npy {

/// One search, or one replay, of a program whose main is a Python function. Lives as long as the call.
struct Search {
  Run run;
  PyObject* main = nullptr;      // borrowed, as all that follow but the last three
  PyObject* at = nullptr;        // a dict, goroutine: (operation, what, stack), kept up to date; null: nobody wants it
  PyObject* passes = nullptr;    // passes(exception): it is no finding, and the search's caller gets it
  PyObject* lines = nullptr;     // a set of code objects with a point before each line; null: none, or sys.monitoring sees to it
  bool instructions = false;     // of these, before each instruction
  bool keep = false;             // the exception that ended the run
  PyObject* exception = nullptr;  // that was kept
  PyObject* passed = nullptr;     // that ends the search
  PyThreadState* driver = nullptr;  // that a driver in Python runs on, wherever it is asked
  unsigned runs = 0;

  /// As rt_program has them: `raw` is the Search.
  static void entry(void* raw);
  static int ended(void* raw);
  Search() = default;
  ~Search();
  Search(const Search&) = delete;
  /// The driver's thread state, while it is asked on some stack. Python errors of it end the search.
  template <class F>
  auto on_driver(F&& f) {
    PyThreadState* was = take_driver();
    const auto answer = f();
    keep_error();
    swap_to(was);
    return answer;
  }
  /// The Python error that is set, if one is, ends the search.
  void keep_error();

 private:
  PyThreadState* take_driver();
};

/// The text of a panic by which a search tells a failed assertion from others.
std::string panic_in_search(PyObject* exception, const std::string& described);
/// Points at lines, on this thread state, where the search wants them that way. True: PyEval_SetTrace is to be undone.
bool trace_lines(Search* search);
/// UnsupportedError. Returns null.
PyObject* no_other_threads();

bool bind_var(PyObject* module);
extern PyMethodDef search_methods[];

}  // namespace npy
