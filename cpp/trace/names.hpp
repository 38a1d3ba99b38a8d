// names.hpp: events and sources by name.
#pragma once
#include <cstdint>

namespace newproc::trace {
const char* event_name(std::uint32_t kind);      // "GoCreate"; "?"
const char* source_name(std::uint64_t source);   // RT_FROM_*: "runnext"; "?"
}  // namespace newproc::trace
