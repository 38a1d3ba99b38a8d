// pattern.cpp: rt_pattern_* of newproc.h.
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <utility>

#include "call.hpp"
#include "context/overflow.hpp"
#include "pattern.hpp"

using namespace newproc;

namespace {

/// The configuration and limits to use, checked.
rt_status settle(const char* call, const rt_config* cfg, const rt_limits* limits, rt_config& config, rt_limits& most) {
  if (rt_current() != nullptr) return inside(call);
  pattern::pattern_config(config);
  if (cfg != nullptr) {
    if (cfg->struct_size != sizeof config)
      return fail(RT_EINVAL, "%s: cfg->struct_size is %zu; fill cfg with rt_config_init, which sets it to %zu", call,
                  cfg->struct_size, sizeof config);
    config = *cfg;
  }
  pattern::default_limits(most);
  if (limits != nullptr) {
    if (limits->struct_size != sizeof most)
      return fail(RT_EINVAL, "%s: limits->struct_size is %zu; fill limits with rt_limits_init, which sets it to %zu", call,
                  limits->struct_size, sizeof most);
    most = *limits;
  }
  install_overflow_handler();
  return check_config(config);
}

}  // namespace

void OwnedResult::fill() {
  struct_size = sizeof(rt_result);
  log = outcome.log.c_str();
  log_len = outcome.log.size();
  exit_code = outcome.exit_code;
  status = outcome.status;
  message = outcome.message.c_str();
  trace = own_trace;
  snapshot = own_snapshot;
}

extern "C" {

rt_status rt_limits_init(rt_limits* limits, size_t size) {
  if (limits == nullptr) return null("rt_limits_init", "limits");
  if (size != sizeof *limits)
    return fail(RT_EINVAL, "rt_limits_init: size is %zu; pass sizeof(rt_limits), %zu in this version", size, sizeof *limits);
  pattern::default_limits(*limits);
  return RT_OK;
}

rt_status rt_pattern_parse(const char* json, size_t len, rt_pattern** out) {
  if (json == nullptr) return null("rt_pattern_parse", "json");
  if (out == nullptr) return null("rt_pattern_parse", "out");
  return guarded("rt_pattern_parse", [&] {
    auto made = std::make_unique<rt_pattern>();
    std::string why;
    if (!pattern::parse(json, len, made->program, why)) return fail(RT_EPATTERN, "%s", why.c_str());
    *out = made.release();
    return RT_OK;
  });
}

void rt_pattern_free(rt_pattern* pattern) { delete pattern; }
const char* rt_pattern_name(const rt_pattern* pattern) { return pattern != nullptr ? pattern->program.name.c_str() : ""; }

rt_status rt_pattern_run(const rt_pattern* pattern, const rt_config* cfg, const rt_limits* limits, int want_snapshot,
                         rt_result** out) {
  const char* call = "rt_pattern_run";
  if (pattern == nullptr) return null(call, "pattern");
  if (out == nullptr) return null(call, "out");
  rt_config config;
  rt_limits most;
  if (const rt_status s = settle(call, cfg, limits, config, most); s != RT_OK) return s;
  return guarded(call, [&] {
    pattern::Runner runner(config, most);
    auto result = std::make_unique<OwnedResult>();
    result->outcome = runner.run(pattern->program);
    if (config.trace_events != 0) runner.runtime().trace(&result->own_trace);
    if (want_snapshot != 0) runner.runtime().snapshot(&result->own_snapshot);
    result->fill();
    *out = result.release();
    return RT_OK;
  });
}

void rt_result_free(rt_result* result) {
  auto* own = static_cast<OwnedResult*>(result);
  if (own == nullptr) return;
  if (own->own_trace != nullptr) rt_trace_free(own->own_trace);
  if (own->own_snapshot != nullptr) rt_snapshot_free(own->own_snapshot);
  delete own;
}

rt_trace* rt_result_take_trace(rt_result* result) {
  auto* own = static_cast<OwnedResult*>(result);
  if (own == nullptr) return nullptr;
  own->trace = nullptr;
  return std::exchange(own->own_trace, nullptr);
}

rt_status rt_pattern_run_jsonl(const char* text, size_t len, const rt_config* cfg, const rt_limits* limits,
                               rt_write_func write, void* arg) {
  const char* call = "rt_pattern_run_jsonl";
  if (text == nullptr) return null(call, "text");
  if (write == nullptr) return null(call, "write");
  rt_config config;
  rt_limits most;
  if (const rt_status s = settle(call, cfg, limits, config, most); s != RT_OK) return s;
  return guarded(call, [&] {
    pattern::Runner runner(config, most);
    const char* const end = text + len;
    for (const char* line = text; line < end;) {
      const auto* stop = static_cast<const char*>(std::memchr(line, '\n', static_cast<std::size_t>(end - line)));
      if (stop == nullptr) stop = end;
      const std::size_t size = static_cast<std::size_t>(stop - line);
      if (std::string_view(line, size).find_first_not_of(" \t\r") != std::string_view::npos) {
        pattern::Program program;
        pattern::Outcome outcome;
        const bool good = pattern::parse(line, size, program, outcome.message);
        if (good)
          outcome = runner.run(program);
        else
          outcome.exit_code = 64;
        const std::string out = pattern::json_line(good ? &program.name : nullptr, outcome);
        if (write(arg, out.data(), out.size()) != 0) return RT_OK;
      }
      line = stop + 1;
    }
    return RT_OK;
  });
}

}  // extern "C"
