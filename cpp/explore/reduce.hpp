// reduce.hpp: the smallest pattern that still shows a finding.
#pragma once
#include <string>

#include "explore/search.hpp"

namespace newproc::explore {

struct ReduceOptions {
  Bounds bounds;
  std::uint32_t kind = 0;         // RT_FIND_*: of what the schedule shows; 0: the first of it
  bool kind_only = false;         // else the same bodies must take part in the same way
  std::uint64_t schedules = 200;  // of each candidate, beside the schedule at hand
  std::uint64_t seed = 1, nanos = 0;
};

struct Reduced {
  std::string text;        // the pattern; empty: the schedule shows no such finding
  Finding finding;         // of it
  std::uint64_t tried = 0;  // candidates
  std::uint64_t nanos = 0;
  bool minimal = false;    // no part, body, object or count can be less; else time was up
};

/// Delta debugging over the document: of all that can be less, whatever leaves the finding. A pattern that usually runs well
/// stays one that does: its usual run shows no kind of finding that the first one's does not.
Reduced reduce(const std::string& text, const Schedule& schedule, const ReduceOptions& options);

}  // namespace newproc::explore
