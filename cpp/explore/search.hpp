// search.hpp: many schedules of one program: what they find, each once, with the smallest schedule that shows it.
#pragma once
#include <functional>
#include <unordered_set>

#include "explore/engine.hpp"

namespace newproc::explore {

struct SearchOptions {
  EngineOptions engine;
  std::uint64_t schedules = 10'000, seed = 1, nanos = 0;
  bool first = false, shrink = true;
};

struct Searched {
  std::uint64_t schedules = 0, steps = 0, findings = 0, nanos = 0;
  bool complete = false;
  std::uint32_t tasks = 0;
  std::uint64_t warnings = 0;
  std::uint64_t transitions = 0, pairs = 0, last_new = 0;  // covered, where that is counted
  double unseen = 1;
  Missed missed;
};

/// `found` says true to go on.
Searched search(const Subject& subject, const SearchOptions& options, Driver& driver, const std::function<bool(const Finding&)>& found);

/// The same finding with fewest deviations, then earliest: none can be left out. What the engine holds afterwards is of no use.
void shrink(Engine& engine, Finding& finding);

}  // namespace newproc::explore
