// look.hpp: stats, snapshots and traces as Python values.
#pragma once
#include <pybind11/pybind11.h>

#include "newproc.h"

namespace npy {

/// Events that numpy reads in place. Frees the trace unless a result owns it.
class TraceBuffer {
 public:
  TraceBuffer(rt_trace* trace) : trace_(trace) {}
  ~TraceBuffer() { rt_trace_free(trace_); }
  TraceBuffer(const TraceBuffer&) = delete;
  TraceBuffer& operator=(const TraceBuffer&) = delete;
  const rt_trace& get() const { return *trace_; }

 private:
  rt_trace* trace_;
};

pybind11::dict stats_of(const rt_stats_t& stats);
pybind11::dict snapshot_of(const rt_snapshot& snapshot);
void bind_look(pybind11::module_& m);
void bind_pattern(pybind11::module_& m);

}  // namespace npy
