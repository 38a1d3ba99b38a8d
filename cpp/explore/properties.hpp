// properties.hpp: what a user wants of every run: invariants, and what is to come about by the end.
#pragma once
#include <string>
#include <vector>

#include "pattern/run.hpp"

namespace newproc::explore {

/// Of one engine: looks at the program's own state, and changes nothing.
class Properties {
 public:
  explicit Properties(std::vector<rt_property> all);
  /// `run`: whose variables are looked at; null: a function looks at its own.
  void of(const pattern::Run* run) { run_ = run; }
  bool always() const { return always_; }
  bool any() const { return !all_.empty(); }
  /// A schedule begins.
  void begin();
  /// Looks at the invariants; at the run's end (now.over) at all. False: one does not hold, or the search is to stop.
  bool hold(rt_moment now);
  /// Null: all hold so far.
  const rt_property* broken() const { return broken_; }
  /// What is wrong with it, as a finding has it.
  std::string message() const;
  bool stop() const { return stop_; }

 private:
  const std::vector<rt_property> all_;
  bool always_ = false, stop_ = false;
  const pattern::Run* run_ = nullptr;
  std::vector<std::int64_t> vars_;
  const rt_property* broken_ = nullptr;
  std::string why_;
};

}  // namespace newproc::explore
