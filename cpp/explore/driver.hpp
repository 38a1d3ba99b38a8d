// driver.hpp: who chooses among the ways that a program can go on: one interface for all drivers, also a user's own.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/rand.hpp"
#include "sched/director.hpp"

namespace newproc::explore {

/// A goroutine, as drivers see it. What they look at of each is in one cache line.
struct alignas(64) Task {
  std::uint32_t id = 0;        // goid less one: main is 0
  std::uint32_t done = 0;      // operations that others could notice
  Operation next;              // what it does once it is chosen; RT_OP_LOCAL if that is not known
  std::uint64_t place = 0;     // in the code, whatever it has done so far: alike are those at the same place
  std::uint64_t root = 0;      // where it began: a place, too
  std::uint64_t site = 0;      // where in the program it is
  std::uint64_t history = 0;   // of what it has done so far: equal histories, equal places in equal code
  std::uint32_t decisions = 0;  // that were taken after it ran: positions in schedules
};

/// One decision to be taken.
struct Question {
  bool choice;           // of numbered ways: a select's ready cases. Else of goroutines
  bool running;          // task(0) was running and may go on
  bool timer;            // the last way: the next timer fires first
  std::uint32_t n;       // ways to go on
  std::uint32_t usual;   // what Go would do, as far as it has a rule
  const Task* after;     // who ran last
  std::uint64_t step;    // of this schedule
  const Task* (*get)(const void* of, std::uint32_t i);
  const Task* const* (*get_all)(const void* of);
  const void* of;
  mutable const Task* const* tasks = nullptr;  // once somebody has asked

  /// Goroutines among the ways; the rest, at most one, is the timer.
  std::uint32_t goroutines() const { return choice ? 0 : timer ? n - 1 : n; }
  /// In Go's order.
  const Task& task(std::uint32_t i) const {
    if (tasks == nullptr) tasks = get_all(of);
    return *tasks[i];
  }
  /// As Decision has it.
  std::uint32_t name(std::uint32_t way) const;
};

inline constexpr std::uint32_t kTimer = 0xfffffffe;  // Decision::chosen, where time passes
inline constexpr std::uint32_t kStop = Director::kEnd;  // a driver's answer: nothing new comes of this schedule

/// One decision that was taken. `chosen` and `usual` are goroutines, kTimer, or, for a choice, its number.
struct Decision {
  std::uint32_t after, nth;  // the position: after's nth decision
  std::uint32_t chosen, usual;
  bool choice;
};

inline std::uint32_t Question::name(std::uint32_t way) const {
  return choice ? way : timer && way == n - 1 ? kTimer : tasks != nullptr ? tasks[way]->id : get(of, way)->id;
}

/// A schedule that has been run.
struct Trail {
  const std::vector<Decision>& decisions;
  std::uint64_t steps;
  std::uint32_t tasks;
};

/// What the schedules of a driver that draws are known not to have missed.
struct Missed {
  double probability = 1;  // at most; 1: nothing can be said
  std::uint32_t depth = 0;  // of bugs; 0: any
};

class Driver {
 public:
  virtual ~Driver() = default;
  /// A schedule begins. Every seed is a different one.
  virtual void begin(std::uint64_t seed) = 0;
  /// Below q.n, or kStop.
  virtual std::uint32_t pick(const Question& q) = 0;
  /// Asked even where there is one way.
  virtual bool wants_all() const { return false; }
  /// It is over. False: there is nothing left to try.
  virtual bool end(const Trail&) { return true; }
  virtual Missed missed() const { return {}; }
};

/// Two operations whose order could matter.
inline bool conflict(const Operation& a, const Operation& b) {
  if (a.kind == RT_OP_LOCAL || b.kind == RT_OP_LOCAL) return false;
  const auto on_channels = [](std::uint32_t kind) { return kind == RT_OP_CHAN || kind == RT_OP_SELECT; };
  if (a.kind == RT_OP_SELECT || b.kind == RT_OP_SELECT) return on_channels(a.kind) && on_channels(b.kind);
  const auto reads = [](std::uint32_t kind) { return kind == RT_OP_READ || kind == RT_OP_ATOMIC_LOAD; };
  return a.object == b.object && !(reads(a.kind) && reads(b.kind));
}

/// What to make a driver of.
struct DriverOptions {
  std::uint32_t depth = 3;  // pct: of the bug
  std::uint32_t bound = 0;  // bounded: most deviations; 0: no bound
  bool later_lower = false;  // pct: of two changes the later one goes below the earlier, as the portfolio has it; the paper draws that, too
};

/// Null: there is none of that name; driver_names() has those that there are.
std::unique_ptr<Driver> make_driver(std::string_view name, const DriverOptions& options);
const char* driver_names();

}  // namespace newproc::explore
