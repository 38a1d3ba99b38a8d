// pattern.cpp: spawn patterns, without the GIL.
#include <memory>

#include "config.hpp"
#include "look.hpp"
#include "pattern.hpp"

namespace py = pybind11;

namespace npy {

Pattern::Pattern(const std::string& text) { check(rt_pattern_parse(text.data(), text.size(), &pattern_)); }
Pattern::~Pattern() { rt_pattern_free(pattern_); }

py::tuple Pattern::run(const py::dict& settings, const py::dict& limits, bool want_snapshot) const {
  const rt_config config = config_from(settings);
  const rt_limits most = limits_from(limits);
  rt_result* raw = nullptr;
  rt_status status;
  {
    py::gil_scoped_release released;
    status = rt_pattern_run(pattern_, &config, &most, want_snapshot ? 1 : 0, &raw);
  }
  check(status);
  return result_tuple(raw);
}

py::tuple result_tuple(rt_result* raw) {
  const std::unique_ptr<rt_result, void (*)(rt_result*)> result(raw, rt_result_free);
  py::object trace = py::none(), snapshot = py::none();
  if (result->trace != nullptr) trace = py::cast(new TraceBuffer(rt_result_take_trace(raw)), py::return_value_policy::take_ownership);
  if (result->snapshot != nullptr) snapshot = snapshot_of(*result->snapshot);
  return py::make_tuple(std::string(result->log, result->log_len), result->exit_code, result->message, trace, snapshot);
}

namespace {

int write_line(void* arg, const char* line, std::size_t size) {
  py::gil_scoped_acquire gil;
  auto& [write, failed] = *static_cast<std::pair<py::object, bool>*>(arg);
  PyObject* text = PyUnicode_DecodeUTF8(line, static_cast<Py_ssize_t>(size), "replace");
  PyObject* done = text != nullptr ? PyObject_CallOneArg(write.ptr(), text) : nullptr;
  Py_XDECREF(text);
  Py_XDECREF(done);
  failed = done == nullptr;
  return failed ? 1 : 0;
}

void run_jsonl(const std::string& text, const py::dict& settings, const py::dict& limits, const py::object& write) {
  const rt_config config = config_from(settings);
  const rt_limits most = limits_from(limits);
  std::pair<py::object, bool> sink{write, false};
  rt_status status;
  {
    py::gil_scoped_release released;
    status = rt_pattern_run_jsonl(text.data(), text.size(), &config, &most, write_line, &sink);
  }
  if (sink.second) throw py::error_already_set();
  check(status);
}

}  // namespace

void bind_pattern(py::module_& m) {
  py::class_<Pattern>(m, "Pattern")
      .def(py::init<const std::string&>())
      .def_property_readonly("name", &Pattern::name)
      .def("run", &Pattern::run);
  m.def("run_jsonl", &run_jsonl);
}

}  // namespace npy
