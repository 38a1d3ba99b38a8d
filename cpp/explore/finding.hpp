// finding.hpp: what a search finds.
#pragma once
#include <string>
#include <vector>

#include "explore/schedule.hpp"

namespace newproc::explore {

/// A goroutine that takes part in a finding.
struct Involved {
  std::uint32_t goroutine = 0;  // as in logs: main is 0
  std::int32_t body = -1;       // of a pattern; -1: none
  std::string what;             // "chan receive", "write of variable 0"
  std::uint64_t site = 0;       // where in the program
  const void* object = nullptr;  // of a race: the cell; of a lock order: the lock
  std::uint64_t held_site = 0;   // of a lock order: where the lock that it holds was taken
};

struct Finding {
  std::uint32_t kind = 0;  // RT_FIND_*
  std::vector<Involved> goroutines;
  std::string message;
  std::string key;  // equal for what counts as the same finding
  Schedule schedule;
  std::uint64_t schedules = 0;  // run until it came up
  std::uint64_t nanos = 0;
};

const char* find_name(std::uint32_t kind);
/// The bit of "deadlock"; 0: there is none of that name.
std::uint32_t find_bit(std::string_view name);

}  // namespace newproc::explore
