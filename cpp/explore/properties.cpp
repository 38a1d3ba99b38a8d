#include "explore/properties.hpp"

#include <algorithm>

namespace newproc::explore {

Properties::Properties(std::vector<rt_property> all) : all_(std::move(all)) {
  for (const rt_property& one : all_) always_ = always_ || one.when == RT_ALWAYS;
}

void Properties::begin() {
  broken_ = nullptr;
  stop_ = false;
}

bool Properties::hold(rt_moment now) {
  if (run_ != nullptr) run_->variables(vars_);
  now.struct_size = sizeof now;
  now.vars = run_ != nullptr ? vars_.data() : nullptr;
  now.nvars = run_ != nullptr ? vars_.size() : 0;
  for (const rt_property& one : all_) {
    if (one.when == RT_EVENTUALLY && now.over == 0) continue;
    const char* why = nullptr;
    const int answer = one.check(one.arg, &now, &why);
    if (answer == RT_HOLDS) continue;
    stop_ = answer < 0;
    broken_ = stop_ ? nullptr : &one;
    why_ = why != nullptr ? why : "";
    return false;
  }
  return true;
}

std::string Properties::message() const {
  const bool eventually = broken_->when == RT_EVENTUALLY;
  const std::string name = broken_->name != nullptr && broken_->name[0] != '\0' ? std::string(" ") + broken_->name : "";
  return (eventually ? "eventually" + name + ": at the end it does not hold" : "invariant" + name + " does not hold") + (why_.empty() ? "" : ": " + why_);
}

}  // namespace newproc::explore
