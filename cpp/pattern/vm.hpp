// vm.hpp: runs a program in a runtime and keeps its log, line for line as the oracle's.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "newproc.h"
#include "pattern/program.hpp"
#include "sched/gops.hpp"
#include "runtime/runtime.hpp"
#include "sync/handles.hpp"

namespace newproc::pattern {

/// One run. Goroutines are numbered by goid less the offset of the pattern's start: main is 0.
class Run {
 public:
  /// `director`: who decides and watches (sim world); null: nobody.
  Run(const Program& program, const rt_limits& limits, bool one_m, bool one_p, Director* director = nullptr);
  ~Run();
  Run(const Run&) = delete;
  /// Runs to the end of the runtime's run. The log is log().
  rt_status start(rt_runtime& runtime, rt_end& end);
  const std::string& log() const { return log_; }
  /// Everything as before the first run. What a run changes is put back here.
  void rewind();
  void keep_log(bool keep) { quiet_ = !keep; }
  std::uint64_t number_of(std::uint64_t goid) const { return number(goid); }
  /// Of the goroutine that was started with arg; -1: it is none of the pattern's.
  std::int32_t body_of(const void* arg) const {
    const auto* ref = static_cast<const BodyRef*>(arg);
    return std::less<>{}(ref, refs_.data()) || !std::less<>{}(ref, refs_.data() + refs_.size()) ? -1 : static_cast<std::int32_t>(ref->body);
  }
  /// The variable of a cell that a director was told of; -1: it is none.
  std::int64_t variable_of(const void* cell) const {
    const auto* v = static_cast<const std::atomic<std::int64_t>*>(cell);
    return std::less<>{}(v, vars_.get()) || !std::less<>{}(v, vars_.get() + program_.vars) ? -1 : v - vars_.get();
  }
  std::string take_log() { return std::move(log_); }

 private:
  struct BodyRef {
    Run* run;
    std::uint32_t body;
  };
  /// A timer of the pattern that has yet to fire, or has.
  struct Pending {
    Run* run;
    std::uint32_t chan;
    std::int64_t ms;
  };
  /// What one goroutine has open.
  struct Frame {
    bool main;
    std::uint32_t onces = 0;
    std::int64_t counters[kMostNesting];
    std::uint32_t open[kMostNesting];  // the onces it is in, innermost last
  };
  static void main_entry(void* run);
  static void body_entry(void* ref);
  void align();
  void execute(const Body& body, bool main);
  void spawn(std::int64_t body);
  void snap();
  void count_step();
  void begin_step(const Body& body, std::uint32_t pc);
  void touch(std::int64_t variable, std::uint32_t kind);
  static void after_entry(void* pending);
  void after(std::uint32_t chan, std::int64_t ms);
  /// time.Duration(ms) * time.Millisecond: it wraps, as Go's does.
  static std::int64_t nanoseconds(std::int64_t ms) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(ms) * 1'000'000u);
  }
  // execute.cpp
  [[noreturn]] void end_goroutine(Frame& frame, const char* panic);
  void expect(Frame& frame, rt_status status);
  void inc(std::int64_t variable);
  void assert_equal(Frame& frame, const Instruction& in);
  bool communicate(Frame& frame, const Instruction& in);
  std::uint32_t select(Frame& frame, const Select& select);
  bool lock_or_wait(Frame& frame, const Instruction& in);
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
  Director* const director_;
  bool quiet_ = false;  // no log
  std::uint64_t base_ = 1;
  std::mutex log_mutex_;  // held for an append, never across a park
  std::string log_;
  std::unique_ptr<std::atomic<std::int64_t>[]> vars_;
  std::vector<BodyRef> refs_;
  std::vector<rt_chan*> chans_;
  std::vector<rt_mutex> mutexes_, cond_mutexes_;
  std::vector<rt_rwmutex> rwmutexes_;
  std::vector<rt_waitgroup> waitgroups_;
  std::vector<rt_cond> conds_;
  std::vector<rt_once> onces_;
  std::mutex pending_mutex_;
  std::deque<Pending> pending_;
  std::atomic<std::uint64_t> steps_{0};
  std::uint64_t deadline_ = 0;
};

template <class... Parts>
void Run::line(const Parts&... parts) {
  if (quiet_) return;
  const std::uint64_t g = number(current_ops()->goid());
  {
    std::unique_lock<std::mutex> lock(log_mutex_, std::defer_lock);
    if (!one_m_) lock.lock();
    log_.push_back('[');
    append(g);
    log_.push_back(',');
    (append(parts), ...);
    log_.append("]\n");
  }
  check_log();
}

}  // namespace newproc::pattern
