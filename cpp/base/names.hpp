// names.hpp: Go's words for states and wait reasons.
#pragma once
#include <cstdint>

namespace newproc {
/// runtime2.go:1058; "unknown wait reason" out of range.
const char* rt_wait_reason_text(std::uint32_t reason);
/// traceback.go:1171; "???" for what is no state.
const char* rt_g_status_text(std::uint32_t status);
}  // namespace newproc
