// boot.hpp: from nothing to a running main goroutine. Go: rt0_go, schedinit, main; proc.go:694, 144
#pragma once
#include "sched/sched.hpp"

namespace NEWPROC_NS {

/// What the main goroutine runs.
struct MainStart {
  rt_func fn;
  void* arg;
};

/// schedinit and the first newproc: Ps, m0, the main goroutine in P0's runnext. Nothing runs yet.
rt_status boot(Sched& s, MainStart* start);
/// The body of the main goroutine.
void main_body(void* start);

}  // namespace NEWPROC_NS
