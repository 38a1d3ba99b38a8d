// pattern.hpp: what rt_pattern and rt_result are made of, for the files that make them.
#pragma once
#include "pattern/run.hpp"

struct rt_pattern {
  newproc::pattern::Program program;
};

namespace newproc {

/// A result and what it points to.
struct OwnedResult : rt_result {
  pattern::Outcome outcome;
  rt_trace* own_trace = nullptr;
  rt_snapshot* own_snapshot = nullptr;
  /// Once the parts are there.
  void fill();
};

}  // namespace newproc
