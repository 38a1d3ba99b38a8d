#include "search.hpp"

#include "chan.hpp"
#include "sites.hpp"

namespace npy {
namespace {

constexpr unsigned kRunsPerCollection = 64;

/// Cycles that runs have left: tracebacks, mostly. Python's own collector is off while a search runs, since what it frees, and when,
/// would be one more thing that a run depends on.
void collect() {
  PyObject* gc = PyImport_ImportModule("gc");
  PyObject* n = gc != nullptr ? PyObject_CallMethod(gc, "collect", "i", 1) : nullptr;
  if (n == nullptr) PyErr_WriteUnraisable(gc);
  Py_XDECREF(n);
  Py_XDECREF(gc);
}

}  // namespace

void Search::entry(void* raw) {
  auto* search = static_cast<Search*>(raw);
  Goroutine* g = make_goroutine(&search->run, {search->main, nullptr, 0, nullptr}, Py_None);
  if (g == nullptr) {
    search->keep_error();
    return;
  }
  search->run.main = g;
  goroutine_entry(g);
}

/// On the host: nobody runs any more.
int Search::ended(void* raw) {
  auto* search = static_cast<Search*>(raw);
  Run& run = search->run;
  swap_to(run.host);
  drop_main(&run);
  free_timers(&run);
  PyObject* exception = run.exception;
  run.exception = nullptr;
  if (exception != nullptr && search->passed == nullptr) {
    PyObject* passes = PyObject_CallOneArg(search->passes, exception);
    if (passes == nullptr)
      search->keep_error();
    else if (PyObject_IsTrue(passes) == 1)
      search->passed = Py_NewRef(exception);
    Py_XDECREF(passes);
  }
  if (search->keep && exception != nullptr)
    Py_XSETREF(search->exception, exception);
  else
    Py_XDECREF(exception);
  if (++search->runs % kRunsPerCollection == 0) collect();
  if (search->passed == nullptr && PyErr_CheckSignals() != 0) search->keep_error();
  return search->passed != nullptr ? 1 : 0;
}

Search::~Search() {
  Py_XDECREF(exception);
  Py_XDECREF(passed);
  if (driver != nullptr) give_state(driver);
}

PyThreadState* Search::take_driver() {
  PyThreadState* was = PyThreadState_Get();
  if (driver == nullptr) driver = take_state(&run);
  if (driver == nullptr) driver = run.host;
#if PY_VERSION_HEX >= 0x030E0000
  constexpr std::size_t kUsable = 128 * 1024;  // of the stack that it is asked on, whichever that is
  auto* here = reinterpret_cast<char*>(__builtin_frame_address(0));
  if (driver != run.host) PyUnstable_ThreadState_SetStackProtection(driver, here - kUsable, kUsable);
#endif
  swap_to(driver);
  runs_none();
  return was;
}

void Search::keep_error() {
  if (PyErr_Occurred() == nullptr) return;
  PyObject* value = take_exception();
  if (passed == nullptr)
    passed = value;
  else
    Py_XDECREF(value);
}

std::string panic_in_search(PyObject* exception, const std::string& described) {
  if (!PyObject_TypeCheck(exception, reinterpret_cast<PyTypeObject*>(PyExc_AssertionError))) return described;
  return "assertion failed" + described.substr(std::string(Py_TYPE(exception)->tp_name).size());
}

std::uint64_t site_or_start(const Goroutine* g) {
  const std::uint64_t here = site_here();
  return here != 0 ? here : g->started_at;
}

void say_operation(const Goroutine* g, const char* name, PyObject* what) {
  const std::uint64_t here = site_or_start(g);
  rt_site(here);
  PyObject* at = g->run->search->at;
  if (at == nullptr) return;
  PyObject* key = PyLong_FromUnsignedLongLong(rt_goid() - 1);
  PyObject* stack = stack_here();
  if (stack != nullptr && PyTuple_GET_SIZE(stack) == 0) Py_SETREF(stack, stack_at(here));
  PyObject* one = key != nullptr && stack != nullptr ? Py_BuildValue("(sOO)", name, what != nullptr ? what : Py_None, stack) : nullptr;
  if (one == nullptr || PyDict_SetItem(at, key, one) != 0) PyErr_Clear();  // a description is worth no error
  Py_XDECREF(one);
  Py_XDECREF(stack);
  Py_XDECREF(key);
}

PyObject* no_other_threads() {
  if (PyObject* error = error_class("UnsupportedError"); error != nullptr) {
    PyErr_SetString(error, "a search decides everything, and so nothing in it may wait for another thread or asyncio; replace that part");
    Py_DECREF(error);
  }
  return nullptr;
}

}  // namespace npy
