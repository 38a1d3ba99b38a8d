// run.hpp: a pattern run in a runtime of its own, and many of them in one.
#pragma once
#include <functional>
#include <memory>

#include "pattern/vm.hpp"
#include "runtime/runtime.hpp"

namespace newproc::pattern {

/// How a run of a pattern ended.
struct Outcome {
  std::string log;       // the oracle's lines
  std::string message;   // first line of standard error
  rt_status status = RT_OK;
  int exit_code = 0;
};

void default_limits(rt_limits& limits);
/// What a pattern runs in unless told otherwise: sim world, one P: real Go at GOMAXPROCS=1.
void pattern_config(rt_config& config);

/// Runs patterns one after another in one runtime, each as if in a fresh process.
class Runner {
 public:
  Runner(const rt_config& config, const rt_limits& limits);
  Outcome run(const Program& program);
  rt_runtime& runtime() { return *runtime_; }

 private:
  rt_config config_;
  rt_limits limits_;
  std::unique_ptr<rt_runtime> runtime_;
};

/// {"name": ..., "log": [...], "rc": ..., "end": ...} without a newline.
std::string json_line(const std::string* name, const Outcome& outcome);

}  // namespace newproc::pattern
