#include "look.hpp"

#include "arrow.hpp"
#include "config.hpp"

namespace py = pybind11;

namespace npy {
namespace {

template <class T>
py::tuple tuple_of(const T* values, std::size_t n) {
  py::tuple out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = values[i];
  return out;
}

py::object address_or_none(const void* object) {
  return object != nullptr ? py::object(py::int_(reinterpret_cast<std::uintptr_t>(object))) : py::none();
}

py::dict g_of(const rt_g_info& g, const rt_wait_info& wait) {
  py::dict d;
  d["goid"] = g.goid;
  d["parent_goid"] = g.parent_goid;
  d["status"] = rt_g_status_name(g.status);
  d["wait_reason"] = rt_wait_reason_name(g.wait_reason);
  d["m"] = g.m >= 0 ? py::object(py::int_(g.m)) : py::none();
  d["site"] = g.file[0] != '\0' ? std::string(g.file) + ":" + std::to_string(g.line) : std::string();
  d["name"] = g.name;
  d["stack_size"] = g.stack_size;
  d["system"] = (g.flags & RT_G_SYSTEM) != 0;
  d["locked"] = (g.flags & RT_G_LOCKED) != 0;
  d["ancestors"] = tuple_of(g.ancestors, g.nancestors);
  d["waits_for"] = address_or_none(wait.object);
  d["waits_for_name"] = wait.name;
  d["waiting_since"] = wait.since;
  return d;
}

py::dict p_of(const rt_p_info& p) {
  constexpr const char* kStatus[] = {"idle", "running", "syscall", "gcstop", "dead"};
  py::dict d;
  d["id"] = p.id;
  d["status"] = p.status < 5 ? kStatus[p.status] : "?";
  d["m"] = p.m >= 0 ? py::object(py::int_(p.m)) : py::none();
  d["schedtick"] = p.schedtick;
  d["syscalltick"] = p.syscalltick;
  d["runnext"] = p.runnext != 0 ? py::object(py::int_(p.runnext)) : py::none();
  d["runq"] = tuple_of(p.runq, p.nrunq);
  d["gfree"] = p.gfree;
  d["goidcache"] = py::make_tuple(p.goidcache, p.goidcacheend);
  return d;
}

py::dict m_of(const rt_m_info& m) {
  py::dict d;
  d["id"] = m.id;
  d["p"] = m.p >= 0 ? py::object(py::int_(m.p)) : py::none();
  d["curg"] = m.curg != 0 ? py::object(py::int_(m.curg)) : py::none();
  d["lockedg"] = m.lockedg != 0 ? py::object(py::int_(m.lockedg)) : py::none();
  d["spinning"] = m.spinning != 0;
  d["blocked"] = m.blocked != 0;
  d["idle"] = m.idle != 0;
  return d;
}

template <class T, class F>
py::tuple each(const T* values, std::size_t n, F&& f) {
  py::tuple out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = f(values[i]);
  return out;
}

}  // namespace

py::dict stats_of(const rt_stats_t& s) {
  py::dict d;
#define FIELD(f) d[#f] = s.f;
  FIELD(gomaxprocs) FIELD(npidle) FIELD(nmspinning) FIELD(needspinning) FIELD(nmidle) FIELD(threads) FIELD(goroutines)
  FIELD(goroutines_total) FIELD(allgs) FIELD(ngsys) FIELD(runqsize) FIELD(gfree) FIELD(gfree_global) FIELD(goidgen)
  FIELD(stacks) FIELD(stacks_cached) FIELD(stack_bytes) FIELD(scannable_stack) FIELD(switches) FIELD(steals)
  FIELD(guard_kind) FIELD(stacks_unguarded)
#undef FIELD
  d["time_to_run"] = tuple_of(s.time_to_run, RT_TIME_BUCKETS);
  return d;
}

py::dict snapshot_of(const rt_snapshot& s) {
  py::dict d;
  d["nanotime"] = s.nanotime;
  py::tuple gs(s.ngs);
  for (std::size_t i = 0; i < s.ngs; ++i) gs[i] = g_of(s.gs[i], s.waits[i]);
  d["gs"] = gs;
  d["ps"] = each(s.ps, s.nps, p_of);
  d["ms"] = each(s.ms, s.nms, m_of);
  d["runq"] = tuple_of(s.runq, s.nrunq);
  d["gfree_stack"] = tuple_of(s.gfree_stack, s.ngfree_stack);
  d["gfree_nostack"] = tuple_of(s.gfree_nostack, s.ngfree_nostack);
  d["pidle"] = tuple_of(s.pidle, s.npidle);
  d["gomaxprocs"] = s.gomaxprocs;
  d["nmspinning"] = s.nmspinning;
  d["needspinning"] = s.needspinning;
  d["goidgen"] = s.goidgen;
  d["ngsys"] = s.ngsys;
  return d;
}

void bind_look(py::module_& m) {
  // rt_event, as PEP 3118 writes it.
  constexpr const char* kEvent = "T{<Q:seq:<Q:time:<Q:g:<Q:a:<Q:b:<H:kind:<h:p:<i:m:}";
  static_assert(sizeof(rt_event) == 48);
  py::class_<TraceBuffer>(m, "TraceBuffer", py::buffer_protocol())
      .def(py::init<const TraceBuffer&>())  // the same events
      .def_buffer([kEvent](TraceBuffer& self) {
        const rt_trace& t = self.get();
        return py::buffer_info(const_cast<rt_event*>(t.events), sizeof(rt_event), kEvent, 1,
                               {static_cast<py::ssize_t>(t.nevents)}, {static_cast<py::ssize_t>(sizeof(rt_event))}, true);
      })
      .def("__len__", [](const TraceBuffer& self) { return self.get().nevents; })
      .def("make_columns", [](const TraceBuffer& self) {
        const py::gil_scoped_release others_run;
        return columns_of(self.get());
      })
      .def_property_readonly("lost", [](const TraceBuffer& self) { return self.get().lost; },
                             "How many older events the rings no longer held.")
      .def_property_readonly("hash", [](const TraceBuffer& self) { return self.get().hash; },
                             "Equal for equal runs, on every machine: times and addresses are left out.")
      .def("names_of", [](const TraceBuffer& self, unsigned kind) {
        py::dict names;
        const rt_trace& t = self.get();
        for (std::size_t i = 0; i < t.nnames; ++i)
          if (t.names[i].kind == kind) names[py::int_(t.names[i].id)] = t.names[i].name;
        return names;
      }, "RT_NAME_* kind: names by goid or address.")
      .def("write_perfetto", [](const TraceBuffer& self, const std::string& path) {
        check(rt_trace_write_perfetto(&self.get(), path.c_str()));
      }, py::arg("path"), "Write Perfetto's format for ui.perfetto.dev. Raises OutputError where path cannot be written.");
  m.def("event_name", [](unsigned kind) { return rt_event_name(kind); });
}

}  // namespace npy
