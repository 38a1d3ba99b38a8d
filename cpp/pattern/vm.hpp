// vm.hpp: runs a program in a runtime and keeps its log, line for line as the oracle's.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "newproc.h"
#include "pattern/program.hpp"
#include "sched/gops.hpp"

struct rt_runtime;

namespace newproc::pattern {

/// One run. Goroutines are numbered by goid less the offset of the pattern's start: main is 0.
class Run {
 public:
  Run(const Program& program, const rt_limits& limits, bool one_m, bool one_p);
  /// Runs to the end of the runtime's run. The log is log().
  rt_status start(rt_runtime& runtime, rt_end& end);
  const std::string& log() const { return log_; }
  std::string take_log() { return std::move(log_); }

 private:
  struct BodyRef {
    Run* run;
    std::uint32_t body;
  };
  static void main_entry(void* run);
  static void body_entry(void* ref);
  void align();
  void execute(const Body& body, bool main);
  void spawn(std::int64_t body);
  void snap();
  void count_step();
  [[noreturn]] void end_goroutine(const GOps* ops, bool main, const char* panic);
  void check_log();
  std::uint64_t number(std::uint64_t goid) const { return goid == 1 ? 0 : goid - base_; }
  template <class... Parts>
  void line(const Parts&... parts);
  void append(std::string_view text) { log_.append(text); }
  void append(std::uint64_t value);
  void append(std::int64_t value);
  void append_numbers(const std::vector<std::uint64_t>& goids);

  const Program& program_;
  const rt_limits limits_;
  const bool one_m_;  // nobody else writes the log
  const bool one_p_;
  std::uint64_t base_ = 1;
  std::mutex log_mutex_;  // held for an append, never across a park
  std::string log_;
  std::unique_ptr<std::atomic<std::int64_t>[]> vars_;
  std::vector<BodyRef> refs_;
  std::atomic<std::uint64_t> steps_{0};
  std::uint64_t deadline_ = 0;
};

}  // namespace newproc::pattern
