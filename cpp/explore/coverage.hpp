// coverage.hpp: what the schedules of a search have made happen, and how likely it is that the next shows something new.
#pragma once
#include "explore/driver.hpp"
#include "explore/idmap.hpp"

namespace newproc::explore {

/// Two kinds of things are counted. A transition is a step of the scheduler: how the goroutine before left (goes on, was preempted, has
/// stopped) and what it was at, who comes (as usual, another, a timer) and what that one is at. An ordered pair is two operations
/// on one object, of different goroutines, one right after the other, not both reads: by their places.
class Coverage {
 public:
  void begin() {
    ++schedule_;
    last_.clear();
    uses_.clear();
  }
  /// `after` ran last; `next` goes on and does what it is at. Null: the next timer fires.
  void step(const Task& after, bool running, const Task* next, bool usual);
  std::uint64_t transitions() const { return transitions_; }
  std::uint64_t pairs() const { return pairs_.size(); }
  /// The schedule that covered something that none before it had, counted from 1; 0: none.
  std::uint64_t last_new() const { return last_new_; }
  /// Good, Turing: of the pairs that one schedule only has shown, for each schedule; below that, most likely, is the probability that the
  /// next shows a pair that none has.
  double unseen() const { return schedule_ == 0 ? 1 : static_cast<double>(once_) / static_cast<double>(schedule_); }
  bool fresh() const { return last_new_ == schedule_; }  // this schedule is such a one

 private:
  struct Use {
    std::uint64_t place;
    std::uint32_t task;
    bool reads;
  };
  static constexpr std::uint32_t kKinds = 16, kMostPairs = 1u << 18;
  static std::uint64_t place_of(const Task& t);
  void pair(const Task& t);
  void count(std::uint64_t key);

  std::uint64_t schedule_ = 0, transitions_ = 0, once_ = 0, last_new_ = 0;
  bool seen_[3 * 4 * kKinds * kKinds] = {};
  IdMap last_, pairs_;     // objects; pairs, with the schedule that showed each first, or kOften
  std::vector<Use> uses_;  // by last_
};

}  // namespace newproc::explore
