#include "trace/names.hpp"

#include "newproc.h"

namespace newproc::trace {

const char* event_name(std::uint32_t kind) {
  switch (kind) {
#define X(name, value, text) case value: return text;
    RT_EVENT_MAP(X)
#undef X
    default: return "?";
  }
}

const char* source_name(std::uint64_t source) {
  constexpr const char* kNames[] = {"runnext", "ring", "global queue", "global queue (61st tick)",
                                    "steal", "locked", "park taken back", "system call"};
  return source < sizeof kNames / sizeof *kNames ? kNames[source] : "?";
}

}  // namespace newproc::trace
