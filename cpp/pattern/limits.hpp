// limits.hpp: a run ends where it reaches a limit.
#pragma once
#include <cstddef>
#include <cstdint>

namespace newproc::pattern {

constexpr std::size_t kMostMade = 1'000'000;  // objects that one run makes beside its tables

[[noreturn]] void end_at_limit(const char* what, std::uint64_t most, const char* field);
[[noreturn]] void end_for_memory(const char* what);

}  // namespace newproc::pattern
