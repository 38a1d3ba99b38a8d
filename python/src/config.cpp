#include "config.hpp"

#include "goroutine.hpp"

namespace py = pybind11;

namespace npy {
void check(rt_status status) {
  if (status == RT_OK) return;
  raise_status(status);
  throw py::error_already_set();
}

rt_config config_from(const py::dict& fields) {
  rt_config c;
  check(rt_config_init(&c, sizeof c));
  for (const auto& [key, value] : fields) {
    const auto name = key.cast<std::string>();
#define FIELD(f) if (name == #f) { set_field(c.f, name, value); continue; }
    FIELD(procs) FIELD(world) FIELD(boot) FIELD(stack_policy) FIELD(seed) FIELD(stack_size) FIELD(guard_size)
    FIELD(starting_stack_size) FIELD(randomize) FIELD(fp_modes) FIELD(ancestors) FIELD(max_ms) FIELD(sysmon) FIELD(points)
    FIELD(trace_events) FIELD(max_goroutines) FIELD(max_steps) FIELD(max_nanos) FIELD(schedtrace_ms) FIELD(scheddetail)
    FIELD(parallel) FIELD(cost_op) FIELD(cost_switch) FIELD(cost_look) FIELD(cost_steal) FIELD(cost_wake) FIELD(cost_syscall)
#undef FIELD
    if (name == "log_level") { c.log_level = value.cast<int>(); continue; }
    throw py::type_error("no setting \"" + name + "\"; see newproc.h's rt_config for their names");
  }
  return c;
}

rt_limits limits_from(const py::dict& fields) {
  rt_limits l;
  check(rt_limits_init(&l, sizeof l));
  for (const auto& [key, value] : fields) {
    const auto name = key.cast<std::string>();
#define FIELD(f) if (name == #f) { set_field(l.f, name, value); continue; }
    FIELD(steps) FIELD(goroutines) FIELD(log_bytes) FIELD(nanos)
#undef FIELD
    throw py::type_error("no limit \"" + name + "\"; there are steps, goroutines, log_bytes, nanos");
  }
  return l;
}

}  // namespace npy
