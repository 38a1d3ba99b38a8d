#include "explore/finding.hpp"

#include "newproc.h"

namespace newproc::explore {
namespace {

struct Kind {
  std::uint32_t bit;
  const char* name;
};
constexpr Kind kKinds[] = {{RT_FIND_DEADLOCK, "deadlock"}, {RT_FIND_LEAK, "leak"}, {RT_FIND_PANIC, "panic"},
                           {RT_FIND_ASSERT, "assert"},     {RT_FIND_RACE, "race"}, {RT_FIND_LIVELOCK, "livelock"},
                           {RT_WARN_LOCK_ORDER, "lock order"}};

}  // namespace

const char* find_name(std::uint32_t kind) {
  for (const Kind& k : kKinds)
    if (k.bit == kind) return k.name;
  return "?";
}

std::uint32_t find_bit(std::string_view name) {
  for (const Kind& k : kKinds)
    if (k.name == name) return k.bit;
  return 0;
}

}  // namespace newproc::explore
