// explore.cpp: searches over schedules of patterns, without the GIL, and replay.
#include "explore.hpp"

#include <memory>

#include "config.hpp"
#include "look.hpp"
#include "pattern.hpp"

namespace py = pybind11;

namespace npy {

py::dict dict_of(const rt_finding& f) {
  py::list goroutines;
  for (std::size_t i = 0; i < f.ngoroutines; ++i) {
    const rt_involved& g = f.goroutines[i];
    py::dict one;
    one["goroutine"] = g.goroutine;
    one["body"] = g.body >= 0 ? py::object(py::int_(g.body)) : py::object(py::none());
    one["what"] = g.what;
    one["site"] = g.site;
    one["held_site"] = g.held_site;
    goroutines.append(one);
  }
  py::dict out;
  out["kind"] = rt_find_name(f.kind);
  out["goroutines"] = goroutines;
  out["schedule"] = f.schedule;
  out["schedules"] = f.schedules;
  out["seconds"] = static_cast<double>(f.nanos) / 1e9;
  out["message"] = f.message;
  return out;
}

py::dict dict_of(const rt_explored& done) {
  py::dict out;
  out["schedules"] = done.schedules;
  out["steps"] = done.steps;
  out["findings"] = done.findings;
  out["seconds"] = static_cast<double>(done.nanos) / 1e9;
  out["complete"] = done.complete != 0;
  out["tasks"] = done.tasks;
  out["covered"] = py::make_tuple(done.transitions, done.pairs, done.last_new, done.unseen);
  out["missed"] = py::make_tuple(done.missed, done.missed_depth);
  return out;
}

Properties::Properties(const py::list& asked, rt_property_func check, void* owner) {
  for (const py::handle item : asked) {
    const auto one = item.cast<py::tuple>();
    all_.push_back({one[2].cast<py::object>(), one[0].cast<std::string>(), {}, owner});
    list_.push_back({all_.back().name.c_str(), one[1].cast<bool>() ? std::uint32_t{RT_EVENTUALLY} : std::uint32_t{RT_ALWAYS}, check, &all_.back()});
  }
}

int Properties::One::look(const rt_moment& now, const char** text) {
  py::object said;
  if (now.vars != nullptr) {
    py::tuple vars(now.nvars);
    for (std::size_t v = 0; v < now.nvars; ++v) vars[v] = py::int_(now.vars[v]);
    said = fn(vars);
  } else {
    said = fn();
  }
  if (said.is_none()) return RT_HOLDS;
  why = said.cast<std::string>();
  *text = why.c_str();
  return RT_BROKEN;
}

std::uint32_t ask(const py::object& pick, const rt_question& q) {
  py::object tasks = py::none();
  if (q.tasks != nullptr) {
    py::list all;
    for (std::uint32_t i = 0; i + q.timer < q.n; ++i) {
      const rt_task& t = q.tasks[i];
      all.append(py::make_tuple(t.goroutine, t.op, reinterpret_cast<std::uintptr_t>(t.object), t.site));
    }
    tasks = all;
  }
  const py::object way = pick(tasks, q.n, q.usual, q.running != 0, q.timer != 0, q.schedule, q.step, q.after, q.nth);
  if (way.is_none()) return static_cast<std::uint32_t>(RT_STOP);
  try {
    return way.cast<std::uint32_t>();
  } catch (const py::cast_error&) {
    PyErr_Format(PyExc_TypeError, "pick returned %R; return the number of a way, 0 to %u, or None to end this schedule", way.ptr(), q.n - 1);
    throw py::error_already_set();
  }
}

namespace {

/// A Python function that is told of findings, or asked for decisions, in the middle of a search.
struct Callback {
  py::object fn;
  bool failed = false;  // a Python error is set
};

int found(void* arg, const rt_finding* f) {
  const py::gil_scoped_acquire gil;
  auto& callback = *static_cast<Callback*>(arg);
  if (callback.failed || PyErr_Occurred() != nullptr) return 1;  // pick may have raised: nothing is called with that pending
  try {
    return py::bool_(callback.fn(dict_of(*f))) ? 0 : 1;
  } catch (py::error_already_set& error) {
    error.restore();
    callback.failed = true;
    return 1;
  }
}

std::uint32_t choose(void* arg, const rt_question* q) {
  const py::gil_scoped_acquire gil;
  auto& callback = *static_cast<Callback*>(arg);
  if (callback.failed) return static_cast<std::uint32_t>(RT_STOP);
  try {
    return ask(callback.fn, *q);
  } catch (py::error_already_set& error) {
    error.restore();
    callback.failed = true;
  }
  return static_cast<std::uint32_t>(RT_STOP);
}

int holds(void* arg, const rt_moment* now, const char** why) {
  const py::gil_scoped_acquire gil;
  auto& one = *static_cast<Properties::One*>(arg);
  auto& callback = *static_cast<Callback*>(one.owner);
  if (callback.failed) return RT_STOP_SEARCH;
  try {
    return one.look(*now, why);
  } catch (py::error_already_set& error) {
    error.restore();
    callback.failed = true;
  }
  return RT_STOP_SEARCH;
}

}  // namespace

rt_explore_options options_from(const py::dict& fields, std::string& driver, std::string& prefix) {
  rt_explore_options o;
  check(rt_explore_options_init(&o, sizeof o));
  for (const auto& [key, value] : fields) {
    const auto name = key.cast<std::string>();
#define FIELD(f) if (name == #f) { set_field(o.f, name, value); continue; }
    FIELD(schedules) FIELD(seed) FIELD(nanos) FIELD(steps) FIELD(after_main) FIELD(find) FIELD(first) FIELD(shrink) FIELD(depth) FIELD(bound)
    FIELD(check_scheduler) FIELD(coverage)
#undef FIELD
    if (name == "driver") {
      driver = value.cast<std::string>();
      o.driver = driver.c_str();
    } else if (name == "prefix") {
      prefix = value.cast<std::string>();
      o.prefix = prefix.c_str();
    } else {
      throw py::type_error("no option \"" + name + "\"; see newproc.h's rt_explore_options for their names");
    }
  }
  return o;
}

rt_replay_options replay_options_from(const py::dict& fields) {
  rt_replay_options o;
  check(rt_replay_options_init(&o, sizeof o));
  for (const auto& [key, value] : fields) {
    const auto name = key.cast<std::string>();
#define FIELD(f) if (name == #f) { set_field(o.f, name, value); continue; }
    FIELD(lenient) FIELD(want_snapshot) FIELD(trace_events) FIELD(steps) FIELD(after_main) FIELD(check_scheduler)
#undef FIELD
    throw py::type_error("no option \"" + name + "\"; there are lenient, want_snapshot, trace_events, steps, after_main, check_scheduler");
  }
  return o;
}

namespace {

rt_shrink_options shrink_options_from(const py::dict& fields) {
  rt_shrink_options o;
  check(rt_shrink_options_init(&o, sizeof o));
  for (const auto& [key, value] : fields) {
    const auto name = key.cast<std::string>();
#define FIELD(f) if (name == #f) { set_field(o.f, name, value); continue; }
    FIELD(kind) FIELD(kind_only) FIELD(schedules) FIELD(seed) FIELD(nanos) FIELD(steps) FIELD(after_main)
#undef FIELD
    throw py::type_error("no option \"" + name + "\"; there are kind, kind_only, schedules, seed, nanos, steps, after_main");
  }
  return o;
}

rt_program program_of(const Pattern& pattern) { return {sizeof(rt_program), pattern.get(), nullptr, nullptr, nullptr, 0, 0}; }

/// What was done, as a dict; `tell` is called for each finding, and says whether to go on.
py::dict explore(const Pattern& pattern, const py::dict& fields, const py::object& tell, const py::object& pick, const py::list& asked) {
  std::string driver, prefix;
  rt_explore_options o = options_from(fields, driver, prefix);
  Callback findings{tell}, decisions{pick}, looks{py::none()};
  const Properties properties(asked, holds, &looks);
  properties.put(o);
  if (!pick.is_none()) {
    o.choose = choose;
    o.choose_arg = &decisions;
  }
  const rt_program program = program_of(pattern);
  rt_explored done{};
  done.struct_size = sizeof done;
  rt_status status;
  {
    const py::gil_scoped_release released;
    status = rt_explore(&program, &o, found, &findings, &done);
  }
  if (findings.failed || decisions.failed || looks.failed) throw py::error_already_set();
  check(status);
  return dict_of(done);
}

/// (log, rc, end, TraceBuffer or None, snapshot dict or None, findings)
py::tuple replay(const Pattern& pattern, const std::string& schedule, const py::dict& fields, const py::object& pick, const py::list& asked) {
  rt_replay_options o = replay_options_from(fields);
  Callback decisions{pick}, looks{py::none()};
  const Properties properties(asked, holds, &looks);
  properties.put(o);
  if (!pick.is_none()) {
    o.choose = choose;
    o.choose_arg = &decisions;
  }
  py::list all;
  Callback findings{py::cpp_function([all](const py::dict& f) mutable {
    all.append(f);
    return true;
  })};
  const rt_program program = program_of(pattern);
  rt_result* raw = nullptr;
  rt_status status;
  {
    const py::gil_scoped_release released;
    status = rt_replay(&program, schedule.c_str(), &o, found, &findings, &raw);
  }
  if (findings.failed || decisions.failed || looks.failed) {
    if (status == RT_OK) rt_result_free(raw);
    throw py::error_already_set();
  }
  check(status);
  py::tuple out = result_tuple(raw);
  return py::make_tuple(out[0], out[1], out[2], out[3], out[4], all);
}

/// (JSON text, finding, tried, seconds, whether nothing more can go)
py::tuple shrink(const std::string& json, const std::string& schedule, const py::dict& fields) {
  const rt_shrink_options o = shrink_options_from(fields);
  rt_shrunk* raw = nullptr;
  rt_status status;
  {
    const py::gil_scoped_release released;
    status = rt_shrink(json.data(), json.size(), schedule.c_str(), &o, &raw);
  }
  check(status);
  const std::unique_ptr<rt_shrunk, void (*)(rt_shrunk*)> done(raw, rt_shrunk_free);
  return py::make_tuple(std::string(done->pattern, done->pattern_len), dict_of(*done->finding), done->tried,
                        static_cast<double>(done->nanos) / 1e9, done->minimal != 0);
}

}  // namespace

void bind_explore(py::module_& m) {
  m.def("explore", &explore);
  m.def("shrink", &shrink);
  m.def("replay", &replay);
  m.def("pattern_hash", [](const Pattern& pattern) {
    const rt_program program = program_of(pattern);
    return rt_program_hash(&program);
  });
}

}  // namespace npy
