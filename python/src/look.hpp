// look.hpp: stats, snapshots and traces as Python values.
#pragma once
#include <pybind11/pybind11.h>

#include <memory>

#include "newproc.h"

namespace npy {

/// Events that are read in place. The trace is freed with the last of those that share it.
class TraceBuffer {
 public:
  TraceBuffer(rt_trace* trace) : trace_(trace, rt_trace_free) {}
  const rt_trace& get() const { return *trace_; }

 private:
  std::shared_ptr<rt_trace> trace_;
};

pybind11::dict stats_of(const rt_stats_t& stats);
pybind11::dict snapshot_of(const rt_snapshot& snapshot);
void bind_look(pybind11::module_& m);
void bind_pattern(pybind11::module_& m);

}  // namespace npy
