// Any bytes as a pattern: refused with a reason, or run within its limits.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "newproc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rt_pattern* pattern = nullptr;
  const rt_status status = rt_pattern_parse(reinterpret_cast<const char*>(data), size, &pattern);
  if (status != RT_OK) {
    if (status != RT_EPATTERN || rt_last_error()[0] == '\0') std::abort();
    return 0;
  }
  rt_limits limits;
  rt_limits_init(&limits, sizeof limits);
  limits.steps = 2000;
  limits.goroutines = 200;
  limits.log_bytes = 1 << 20;
  rt_result* result = nullptr;
  if (rt_pattern_run(pattern, nullptr, &limits, 0, &result) != RT_OK) std::abort();
  if (result->exit_code != 0 && result->message[0] == '\0') std::abort();
  if (result->log_len != std::strlen(result->log)) std::abort();
  rt_result_free(result);
  rt_pattern_free(pattern);
  return 0;
}
