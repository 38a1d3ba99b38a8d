// shown.hpp: a finding as newproc.h has it.
#pragma once
#include "explore/finding.hpp"

namespace newproc::explore {

/// Valid as long as this and the finding are.
class Shown {
 public:
  explicit Shown(const Finding& f) : schedule_(to_text(f.schedule)) {
    for (const Involved& g : f.goroutines) goroutines_.push_back({g.goroutine, g.body, g.what.c_str(), g.site, g.object, g.held_site});
    out_ = {sizeof(rt_finding), f.kind, goroutines_.data(), goroutines_.size(), schedule_.c_str(), f.schedules, f.nanos, f.message.c_str()};
  }
  Shown(const Shown&) = delete;
  Shown& operator=(const Shown&) = delete;
  const rt_finding* get() const { return &out_; }

 private:
  std::string schedule_;
  std::vector<rt_involved> goroutines_;
  rt_finding out_;
};

}  // namespace newproc::explore
