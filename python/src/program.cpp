// program.cpp: searches over schedules of Python programs. The GIL is held throughout: all of it is one thread.
#include "config.hpp"
#include "explore.hpp"
#include "look.hpp"
#include "pattern.hpp"
#include "search.hpp"
#include "sites.hpp"

namespace py = pybind11;

namespace npy {
namespace {

/// What a search of a Python program is given beside main, by name.
struct Asked {
  py::object main, passes, lines, pick, tell;
  py::list properties;
  std::uint32_t hash;
  bool instructions;
};

Asked asked_from(const py::object& main, const py::dict& about) {
  return {main, about["passes"], about["lines"], about["pick"], about["tell"], about["properties"], about["hash"].cast<std::uint32_t>(), about["instructions"].cast<bool>()};
}

/// A search, and who is asked and told in the middle of it.
struct Call {
  Search search;
  const Asked& asked;
  explicit Call(const Asked& a, std::size_t stack_bytes) : asked(a) {
    search.run.sim = true;
    search.run.stack_bytes = stack_bytes;
    search.run.host = PyThreadState_Get();
    search.run.search = &search;
    search.main = a.main.ptr();
    search.passes = a.passes.ptr();
    search.lines = a.lines.is_none() ? nullptr : a.lines.ptr();
    search.instructions = a.instructions;
  }
  rt_program program() { return {sizeof(rt_program), nullptr, Search::entry, &search, Search::ended, search.run.stack_bytes, asked.hash}; }

  /// On whatever stack, as the driver.
  static std::uint32_t choose(void* raw, const rt_question* q) {
    auto* call = static_cast<Call*>(raw);
    if (call->search.passed != nullptr) return static_cast<std::uint32_t>(RT_STOP);
    return call->search.on_driver([call, q] {
      try {
        return ask(call->asked.pick, *q);
      } catch (py::error_already_set& error) {
        error.restore();
      }
      return static_cast<std::uint32_t>(RT_STOP);
    });
  }
  /// As the driver, too: a property looks, and is no goroutine.
  static int holds(void* raw, const rt_moment* now, const char** why) {
    auto& one = *static_cast<Properties::One*>(raw);
    auto* call = static_cast<Call*>(one.owner);
    if (call->search.passed != nullptr) return RT_STOP_SEARCH;
    return call->search.on_driver([&]() -> int {
      try {
        return one.look(*now, why);
      } catch (py::error_already_set& error) {
        error.restore();
      }
      return RT_STOP_SEARCH;
    });
  }
  /// On the host, between runs.
  static int found(void* raw, const rt_finding* f) {
    auto* call = static_cast<Call*>(raw);
    if (call->search.passed != nullptr) return 1;
    try {
      return py::bool_(call->asked.tell(dict_of(*f))) ? 0 : 1;
    } catch (py::error_already_set& error) {
      error.restore();
    }
    call->search.keep_error();
    return 1;
  }
  /// What ended the search early, if anything did.
  void raise_passed() {
    if (search.passed == nullptr) return;
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(search.passed)), search.passed);
    throw py::error_already_set();
  }
};

/// Where run() leaves by an exception or not, Python's collector is as it was.
class CollectorOff {
 public:
  CollectorOff() : gc_(py::module_::import("gc")), was_(gc_.attr("isenabled")().cast<bool>()) { gc_.attr("disable")(); }
  ~CollectorOff() {
    if (was_) gc_.attr("enable")();
  }
  CollectorOff(const CollectorOff&) = delete;

 private:
  py::module_ gc_;
  bool was_;
};

void refuse_inside(const char* call) {
  if (rt_current() == nullptr) return;
  PyObject* place = error_class("PlaceError");
  if (place != nullptr) PyErr_Format(place, "newproc.%s: called inside a goroutine; call it from the thread that owns the runtime", call);
  Py_XDECREF(place);
  throw py::error_already_set();
}

py::dict explore_program(const py::object& main, const py::dict& fields, const py::dict& about, std::size_t stack_bytes) {
  refuse_inside("explore");
  std::string driver, prefix;
  rt_explore_options o = options_from(fields, driver, prefix);
  const Asked asked = asked_from(main, about);
  const CollectorOff off;
  Call call(asked, stack_bytes);
  if (!asked.pick.is_none()) {
    o.choose = Call::choose;
    o.choose_arg = &call;
  }
  const Properties properties(asked.properties, Call::holds, &call);
  properties.put(o);
  const rt_program program = call.program();
  rt_explored done{};
  done.struct_size = sizeof done;
  const rt_status status = rt_explore(&program, &o, Call::found, &call, &done);
  call.raise_passed();
  check(status);
  return dict_of(done);
}

/// (end, rc, TraceBuffer or None, snapshot or None, exception or None)
py::tuple replay_program(const py::object& main, const std::string& schedule, const py::dict& fields, const py::dict& about, std::size_t stack_bytes,
                         const py::object& at) {
  refuse_inside("replay");
  rt_replay_options o = replay_options_from(fields);
  const Asked asked = asked_from(main, about);
  const CollectorOff off;
  Call call(asked, stack_bytes);
  call.search.keep = true;
  call.search.at = at.is_none() ? nullptr : at.ptr();
  if (!asked.pick.is_none()) {
    o.choose = Call::choose;
    o.choose_arg = &call;
  }
  const Properties properties(asked.properties, Call::holds, &call);
  properties.put(o);
  const rt_program program = call.program();
  rt_result* raw = nullptr;
  const rt_status status = rt_replay(&program, schedule.c_str(), &o, Call::found, &call, &raw);
  if (call.search.passed != nullptr && status == RT_OK) rt_result_free(raw);
  call.raise_passed();
  check(status);
  const py::tuple out = result_tuple(raw);
  py::object exception = py::none();
  if (call.search.exception != nullptr) exception = py::reinterpret_borrow<py::object>(call.search.exception);
  return py::make_tuple(out[2], out[1], out[3], out[4], exception);
}

/// (file, line, function), or None
py::object site(std::uint64_t number) {
  const Site* s = site_numbered(number);
  if (s == nullptr) return py::none();
  return py::make_tuple(py::handle(s->code->co_filename), s->line, py::handle(s->code->co_name));
}

}  // namespace

void bind_program(py::module_& m) {
  m.def("explore_program", &explore_program);
  m.def("replay_program", &replay_program);
  m.def("site", &site);
}

}  // namespace npy
