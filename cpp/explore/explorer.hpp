// explorer.hpp: the director that puts each decision to a driver, writes down what was decided, and watches for what
// goes wrong while the program runs.
#pragma once
#include <vector>

#include "explore/clocks.hpp"
#include "explore/coverage.hpp"
#include "explore/driver.hpp"
#include "explore/lockorder.hpp"
#include "explore/properties.hpp"

namespace newproc::explore {

struct Bounds {
  std::uint64_t steps = 20'000;     // of one schedule: operations that others could notice
  std::uint64_t after_main = 2'000;  // of them, once main has returned
};

class Explorer final : public Director {
 public:
  /// `function`: the program is one, no pattern. Its objects are told apart by the order in which they come up, not by addresses,
  /// which another run need not have, and its loops by what it comes back to.
  /// `properties`: looked at on the way; null: there are no invariants. `locks`: told what locks are taken; null: nobody wants to know.
  /// `coverage`: counts what comes about, or null.
  Explorer(const Bounds& bounds, bool races, bool function, Properties* properties, LockOrder* locks, Coverage* coverage)
      : bounds_(bounds), races_on_(races), function_(function), properties_(properties), locks_(locks), coverage_(coverage) {}

  /// A schedule begins.
  void begin(Driver& driver);
  const std::vector<Decision>& decisions() const { return decisions_; }
  const std::vector<Race>& races() const { return races_; }
  std::uint64_t steps() const { return steps_; }
  std::uint32_t tasks() const { return ntasks_; }
  const Task& task(std::uint32_t id) const { return tasks_[id].task; }
  const void* task_arg(std::uint32_t id) const { return tasks_[id].arg; }
  std::uint32_t parent(std::uint32_t id) const { return tasks_[id].parent; }
  /// The site of the go statement; 0: not known.
  std::uint64_t started_at(std::uint32_t id) const { return tasks_[id].started_at; }
  bool main_done() const { return main_done_; }
  bool stopped() const { return stopped_; }      // the driver gave up on it
  bool too_long() const { return too_long_; }    // a bound was reached, or all went in circles
  bool in_circles() const { return in_circles_; }
  /// For properties.
  rt_moment moment(bool over) const { return {0, nullptr, 0, steps_, last_, over ? 1u : 0u}; }
  /// The driver does not name a way to go on that there is: 1 past its answer; 0: it always did.
  bool driver_failed() const { return driver_failed_; }

  Say arrives(std::uint64_t g, const Operation& op) override;
  std::uint32_t next(const Ready& ready, bool running, bool timer) override;
  std::uint32_t choose(std::uint64_t g, std::uint32_t n) override;
  void spawned(std::uint64_t g, std::uint64_t parent, rt_func fn, void* arg) override;
  void ended(std::uint64_t g) override;
  void acquire(std::uint64_t g, const void* object, bool lock) override;
  void release(std::uint64_t g, const void* object, bool merge, bool lock) override;
  void took(std::uint64_t g, const void* lock, bool shared, bool waits) override;
  void gave(std::uint64_t g, const void* lock) override;
  void touches(std::uint64_t g, const void* cell, std::uint32_t kind) override;
  void lap() override;
  bool goes_on() override;
  bool main_returned() override;

 private:
  struct State {
    Task task;
    const void* arg = nullptr;
    std::uint32_t parent = 0;
    std::uint64_t started_at = 0;
    std::uint32_t laps = 0;  // rounds of endless loops in which it has changed nothing
    bool progress = false;
    std::uint64_t idle_since = 0;  // changes_ when it was seen to go in circles
    std::uint64_t head = 0;        // of a function: the operation that it may come back to
    std::uint32_t since = 0, reach = 1;  // operations since then; how many until another is the one
  };
  static std::uint32_t id(std::uint64_t g) { return static_cast<std::uint32_t>(g - 1); }
  /// It comes back in the middle of an instruction: `site` is where it is, not where the one before it was.
  void goes_on(std::uint32_t task, bool running, bool usual) {
    if (coverage_ != nullptr) coverage_->step(tasks_[last_].task, running, &tasks_[task].task, usual);
    last_ = task;
    site = tasks_[task].task.site;
  }
  void time_passes(bool running) {
    if (coverage_ != nullptr) coverage_->step(tasks_[last_].task, running, nullptr, false);
    ++changes_;
  }
  void progress() {
    ++changes_;
    tasks_[last_].progress = true;
    tasks_[last_].laps = 0;
  }
  bool idle(const State& s) const { return s.laps >= (function_ ? kLapsToIdleUnseen : kLapsToIdle) && s.idle_since == changes_; }
  bool properties_hold();
  void watch(State& s, std::uint64_t at);
  void lap_of(State& s);
  std::uint32_t decide(const Question& q, std::uint32_t only);
  std::uint32_t ask(const Question& q);
  const void* name_of(const void* object);
  std::uint32_t next_but_idle(const Ready& ready, bool running, bool timer);
  Question question(std::uint32_t goroutines, bool running, bool timer);
  static const Task* direct_task(const void* explorer, std::uint32_t i);
  static const Task* indirect_task(const void* explorer, std::uint32_t i);
  static const Task* const* direct_tasks(const void* explorer);
  static const Task* const* indirect_tasks(const void* explorer);

  static constexpr std::uint32_t kLapsToIdle = 2, kLapsToGiveUp = 30, kMostBusy = 10;
  // A function's loop may count its rounds, which nobody sees: more of them are tried, and the bound on steps is what ends it.
  static constexpr std::uint32_t kLapsToIdleUnseen = 100, kLongestLoop = 64;
  const Bounds bounds_;
  const bool races_on_, function_;
  Properties* const properties_;
  LockOrder* const locks_;
  Coverage* const coverage_;
  bool changed_ = true;  // what properties look at may be otherwise than when they last did
  IdMap objects_;  // of this schedule of a function
  Driver* driver_ = nullptr;
  std::vector<State> tasks_;  // by id
  std::uint32_t ntasks_ = 0, alive_ = 0, last_ = 0;
  std::uint64_t steps_ = 0, changes_ = 0, main_done_at_ = 0;
  bool main_done_ = false, stopped_ = false, too_long_ = false, in_circles_ = false, driver_failed_ = false;
  std::vector<Decision> decisions_;
  const Ready* ready_ = nullptr;          // of the question at hand
  mutable std::vector<std::uint64_t> goids_;   // of it, once a driver has asked
  mutable std::vector<const Task*> lineup_;
  std::vector<std::uint32_t> indices_;    // of those in ready_ that do not go in circles
  std::uint64_t busy_at_ = 0, busy_ = 0;  // steps_ when goes_on() was last asked; how often it was the same
  std::uint64_t laps_ = 0;                // that changed nothing; 0: nobody goes in circles
  Clocks clocks_;
  std::vector<Race> races_;
};

}  // namespace newproc::explore
