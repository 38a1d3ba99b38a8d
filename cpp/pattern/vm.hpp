// vm.hpp: runs a program in a runtime and keeps its log, line for line as the oracle's.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "newproc.h"
#include "pattern/frame.hpp"
#include "pattern/objects.hpp"
#include "pattern/program.hpp"
#include "sched/director.hpp"
#include "sched/gops.hpp"
#include "runtime/runtime.hpp"
#include "sync/handles.hpp"

namespace newproc::pattern {

/// One run. Goroutines are numbered by goid less the offset of the pattern's start: main is 0.
class Run {
 public:
  /// `director`: who decides and watches (sim world); null: nobody.
  Run(const Program& program, const rt_limits& limits, bool one_m, bool one_p, Director* director = nullptr);
  Run(const Run&) = delete;
  /// Runs to the end of the runtime's run. The log is log().
  rt_status start(rt_runtime& runtime, rt_end& end);
  const std::string& log() const { return log_; }
  /// Everything as before the first run. What a run changes is put back here.
  void rewind();
  void keep_log(bool keep) { quiet_ = !keep; }
  std::uint64_t number_of(std::uint64_t goid) const { return number(goid); }
  /// Of the goroutine that was started with arg; -1: it is none of the pattern's.
  static std::int32_t body_of(const void* arg) { return static_cast<const Began*>(arg)->body; }
  /// The variable of a cell that a director was told of; -1: it is none.
  std::int64_t variable_of(const void* cell) const { return objects_.variable_of(cell); }
  /// Those of the table, as they are now.
  void variables(std::vector<std::int64_t>& out) const { objects_.variables(out); }
  /// "mutex 0"
  std::string lock_name(const void* lock) const { return objects_.lock_name(lock); }
  std::string take_log() { return std::move(log_); }

 private:
  /// A timer of the pattern that has yet to fire, or has.
  struct Pending : Began {
    rt_chan* chan;
    std::int64_t ms;
  };
  static void main_entry(void* run);
  static void body_entry(void* start);
  static void timer_entry(void* start);
  static void after_entry(void* pending);
  void align();
  void count_step();
  void begin_step(const Frame& frame);
  void snap();

  // execute.cpp
  void execute(const Body& body, bool main, void* const* arguments, std::size_t given);
  void loop(Frame& frame);
  bool control(Frame& frame, const Instruction& in);
  // spawn.cpp
  Start* start_of(const Frame& frame, const Spawn& spawn);
  void spawn(const Frame& frame, const Spawn& spawn);
  // vars.cpp: plain and atomic variables
  std::int64_t read(Cell& cell);
  void write(Cell& cell, std::int64_t value);
  Cell& atomically(Cell& cell, std::uint32_t kind);
  void touch(const Cell& cell, std::uint32_t kind);
  std::int64_t value(const Frame& frame, std::int64_t number, bool var);
  std::int64_t value(const Frame& frame, const Value& v) { return value(frame, v.number, v.var); }
  void store(const Frame& frame, std::int64_t variable, std::int64_t value);
  bool variable(Frame& frame, const Instruction& in);
  bool atomic(Frame& frame, const Instruction& in);
  void assert_holds(Frame& frame, const Instruction& in);
  // communicate.cpp: channels
  bool chan_of(Frame& frame, std::int64_t ref, rt_chan*& c);
  bool communicate(Frame& frame, const Instruction& in);
  void receive(Frame& frame, const Instruction& in);
  void attempt(Frame& frame, const Instruction& in);
  void select(Frame& frame, const Select& select);
  // synchronise.cpp: package sync
  bool lock_or_wait(Frame& frame, const Instruction& in);
  bool cond(Frame& frame, const Instruction& in);
  void make(Frame& frame, const Instruction& in);
  // time.cpp
  bool timed(Frame& frame, const Instruction& in);
  void set_timer(Frame& frame, const Instruction& in);
  void stop_or_reset(Frame& frame, const Instruction& in);
  // context.cpp
  bool contextual(Frame& frame, const Instruction& in);
  void make_context(Frame& frame, const Instruction& in);
  // unwind.cpp
  void call(Frame& frame, std::uint32_t function, std::uint32_t resume, bool deferred, std::int64_t once, Unwind* by);
  bool leave(Frame& frame);
  void unwind(Frame& frame);
  void raise(Frame& frame, const char* panic);
  [[noreturn]] void end_goroutine(Frame& frame, const char* panic);
  void recover(Frame& frame, const Instruction& in);
  /// Whether it went well. What Go panics at is raised: the frame goes on at its deferred calls.
  bool ok(Frame& frame, rt_status status) {
    if (__builtin_expect(status == RT_OK, 1)) return true;
    failed(frame, status);
    return false;
  }
  void failed(Frame& frame, rt_status status);
  /// The third operand on.
  const Value& more(const Instruction& in, std::size_t i = 0) const { return program_.operands[in.target + i]; }

  /// time.Duration(ms) * time.Millisecond: it wraps, as Go's does.
  static std::int64_t nanoseconds(std::int64_t ms) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(ms) * 1'000'000u);
  }

  void check_log();
  std::uint64_t number(std::uint64_t goid) const { return goid == 1 ? 0 : goid - base_; }
  template <class... Parts>
  void line(const Parts&... parts);
  void append(std::string_view text) { log_.append(text); }
  void append(std::uint64_t value);
  void append(std::int64_t value);
  void append(Ref ref);
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
  Objects objects_;
  std::vector<Start> starts_;  // of bodies that get no arguments
  std::mutex pending_mutex_;
  std::deque<Pending> pending_;
  std::atomic<std::uint64_t> steps_{0};
  static constexpr std::uint64_t kInstructionsPerLook = 4096;
  std::uint64_t instructions_ = 0;  // with a director
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
