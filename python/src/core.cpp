// core.cpp: the module newproc._core, and runtimes.
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "arrow.hpp"
#include "chan.hpp"
#include "config.hpp"
#include "explore.hpp"
#include "goroutine.hpp"
#include "locks.hpp"
#include "look.hpp"
#include "pattern.hpp"
#include "scope.hpp"
#include "search.hpp"

namespace py = pybind11;

namespace npy {
namespace {

rt_runtime* interrupted = nullptr;  // whose run Ctrl-C ends; the main thread's
struct sigaction python_sigint;

/// Python's own handler first, which makes the next bytecode raise; then the run, which may be asleep.
void on_sigint(int signal) {
  python_sigint.sa_handler(signal);
  if (interrupted != nullptr) rt_interrupt(interrupted);
}

/// For the time of a run on the main thread.
class SigintGuard {
 public:
  explicit SigintGuard(rt_runtime* rt) {
    const py::object threading = py::module_::import("threading");
    if (!threading.attr("current_thread")().is(threading.attr("main_thread")())) return;
    if (sigaction(SIGINT, nullptr, &python_sigint) != 0) return;
    if (python_sigint.sa_handler == SIG_DFL || python_sigint.sa_handler == SIG_IGN) return;
    struct sigaction mine = python_sigint;
    mine.sa_handler = on_sigint;
    interrupted = rt;
    armed_ = sigaction(SIGINT, &mine, nullptr) == 0;
  }
  ~SigintGuard() {
    if (!armed_) return;
    sigaction(SIGINT, &python_sigint, nullptr);
    interrupted = nullptr;
  }
  SigintGuard(const SigintGuard&) = delete;
  SigintGuard& operator=(const SigintGuard&) = delete;

 private:
  bool armed_ = false;
};

class Runtime {
 public:
  explicit Runtime(const py::dict& settings) {
    rt_config config = config_from(settings);
    check(rt_new(&config, &rt_));
    check(rt_on_stop(rt_, stop_goroutines, &run_));
    runtime_begins(rt_);
    sim_ = config.world == RT_WORLD_SIM;
    stack_bytes_ = config.stack_size;
  }
  ~Runtime() {
    if (rt_ == nullptr) return;
    if (sim_) abandon_quietly();
    runtime_ends(rt_);
    rt_delete(rt_);
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  void close() {
    if (rt_ == nullptr) return;
    check(rt_delete(rt_));
    runtime_ends(rt_);
    rt_ = nullptr;
  }

  /// (status, goid, message, site, exception or None)
  py::tuple start_main(const py::object& fn, const py::tuple& args, const py::dict& kwargs) {
    Goroutine* g = prepare(fn, args, kwargs);
    const SigintGuard guard(rt_);
    rt_status status;
    if (sim_) {
      status = rt_start_main(rt_, goroutine_entry, g, &end_);
      PyThreadState_Swap(run_.host);
    } else {
      PyEval_SaveThread();
      set_this_m(run_.host);
      status = rt_start_main(rt_, goroutine_entry, g, &end_);
      PyEval_RestoreThread(run_.host);
      set_this_m(nullptr);
    }
    return finish(status);
  }

  void begin(const py::object& fn, const py::tuple& args, const py::dict& kwargs) {
    Goroutine* g = prepare(fn, args, kwargs);
    const rt_status status = rt_begin(rt_, goroutine_entry, g);
    if (status != RT_OK) {
      free_goroutine(g);
      running_ = false;
    }
    check(status);
  }

  /// None while the run goes on, else as start_main.
  py::object step(std::uint64_t steps) {
    int over = 0;
    run_.host = PyThreadState_Get();
    const rt_status status = rt_step(open(), steps, &over, &end_);
    newproc_bind_gilstate(run_.host);
    PyThreadState_Swap(run_.host);
    if (over != 0) return finish(status);
    check(status);
    return py::none();
  }

  void abandon() {
    check(rt_abandon(open()));
    clean_up();
  }

  py::dict stats() {
    rt_stats_t s;
    s.struct_size = sizeof s;
    check(rt_stats(open(), &s));
    return stats_of(s);
  }
  py::dict snapshot() {
    rt_snapshot* s = nullptr;
    check(rt_snapshot_take(open(), &s));
    py::dict d = snapshot_of(*s);
    rt_snapshot_free(s);
    return d;
  }
  TraceBuffer* trace() {
    rt_trace* t = nullptr;
    check(rt_trace_take(open(), &t));
    return new TraceBuffer(t);
  }
  std::uint64_t handle() const { return reinterpret_cast<std::uint64_t>(open()); }
  void hold() { check(rt_hold(open())); }
  void release() { check(rt_release(open())); }
  void dump(int fd) { check(rt_dump(open(), fd)); }
  void set_starting_stack_size(std::uint32_t bytes) { check(rt_set_starting_stack_size(open(), bytes)); }

 private:
  rt_runtime* open() const {
    if (rt_ == nullptr) throw py::value_error("the Runtime is closed; make another");
    return rt_;
  }
  void abandon_quietly() {
    rt_abandon(rt_);
    clean_up();
  }

  Goroutine* goroutine_of(const py::object& fn, const py::tuple& args, const py::dict& kwargs) {
    std::vector<PyObject*> all;
    for (const py::handle each : args) all.push_back(each.ptr());
    py::tuple names(kwargs.size());
    std::size_t n = 0;
    for (const auto& [name, value] : kwargs) {
      names[n++] = name;
      all.push_back(value.ptr());
    }
    return make_goroutine(&run_, {fn.ptr(), all.data(), args.size(), n != 0 ? names.ptr() : nullptr}, Py_None);
  }

  Goroutine* prepare(const py::object& fn, const py::tuple& args, const py::dict& kwargs) {
    open();
    if (rt_current() != nullptr) {  // the ABI says it best
      check(rt_start_main(rt_, goroutine_entry, nullptr, nullptr));
    }
    if (running_) throw py::value_error("the Runtime is running already; wait for that run, or make another Runtime");
    Goroutine* g = goroutine_of(fn, args, kwargs);
    if (g == nullptr) throw py::error_already_set();
    run_.sim = sim_;
    run_.stack_bytes = stack_bytes_;
    run_.host = PyThreadState_Get();
    run_.exception = nullptr;
    run_.panic.clear();
    run_.over = nullptr;
    run_.main = g;
    end_ = rt_end{};
    end_.struct_size = sizeof end_;
    running_ = true;
    return g;
  }

  /// What goroutines that did not end had taken.
  void clean_up() {
    running_ = false;
    drop_main(&run_);
    free_timers(&run_);
    for (; run_.holds > 0; --run_.holds) rt_release(rt_);
  }

  py::tuple finish(rt_status status) {
    clean_up();
    py::object exception = py::none();
    if (run_.exception != nullptr) exception = py::reinterpret_steal<py::object>(run_.exception);
    run_.exception = nullptr;
    const char* message = end_.message != nullptr ? end_.message : rt_last_error();
    return py::make_tuple(static_cast<int>(status), end_.goid, message, end_.site != nullptr ? end_.site : "",
                          exception, end_.dump != nullptr ? end_.dump : "");
  }

  rt_runtime* rt_ = nullptr;
  bool sim_ = false, running_ = false;
  std::size_t stack_bytes_ = 0;
  Run run_;
  rt_end end_{};
};

}  // namespace
}  // namespace npy

PYBIND11_MODULE(_core, m) {
  m.doc() = "newproc.h for Python; use the package newproc, which wraps it.";
  m.attr("version") = rt_version();
  py::class_<npy::Runtime>(m, "Runtime")
      .def(py::init<const py::dict&>())
      .def("close", &npy::Runtime::close)
      .def("start_main", &npy::Runtime::start_main)
      .def("begin", &npy::Runtime::begin)
      .def("step", &npy::Runtime::step)
      .def("abandon", &npy::Runtime::abandon)
      .def("stats", &npy::Runtime::stats)
      .def("snapshot", &npy::Runtime::snapshot)
      .def("trace", &npy::Runtime::trace, py::return_value_policy::take_ownership)
      .def("dump", &npy::Runtime::dump)
      .def("handle", &npy::Runtime::handle)
      .def("hold", &npy::Runtime::hold)
      .def("release", &npy::Runtime::release)
      .def("set_starting_stack_size", &npy::Runtime::set_starting_stack_size);
  npy::bind_column(m);
  npy::bind_look(m);
  npy::bind_pattern(m);
  npy::bind_explore(m);
  npy::bind_program(m);
  npy::keep_chunks();
  for (PyMethodDef* methods : {npy::parking_methods, npy::spawn_methods, npy::search_methods})
    if (PyModule_AddFunctions(m.ptr(), methods) != 0) throw py::error_already_set();
  for (bool (*bind)(PyObject*) : {npy::bind_chan, npy::bind_locks, npy::bind_time, npy::bind_scope, npy::bind_context, npy::bind_fd, npy::bind_names, npy::bind_var})
    if (!bind(m.ptr())) throw py::error_already_set();
}
