#include "pattern/run.hpp"

#include <cstddef>

#include <nlohmann/json.hpp>

namespace newproc::pattern {
namespace {

constexpr std::uint64_t kSteps = 10'000'000, kGoroutines = 1'000'000, kLogBytes = 256u << 20, kNanos = 10'000'000'000;
constexpr int kLimitExit = 3;

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void default_limits(rt_limits& limits) {
  limits = rt_limits{sizeof limits, kSteps, kGoroutines, kLogBytes, kNanos};
}

void pattern_config(rt_config& config) {
  default_config(config);
  config.world = RT_WORLD_SIM;
  config.procs = 1;
}

Runner::Runner(const rt_config& config, const rt_limits& limits) : config_(config), limits_(limits) {
  if (config_.max_goroutines == 0) config_.max_goroutines = limits.goroutines;
  runtime_.reset(make_runtime(config_));
}

Outcome Runner::run(const Program& program) {
  const bool one_m = config_.world == RT_WORLD_SIM || config_.procs == 1;
  Run run(program, limits_, one_m, config_.procs == 1);
  rt_end end{};
  end.struct_size = offsetof(rt_end, dump);  // nobody reads it
  Outcome out;
  out.status = run.start(*runtime_, end);
  out.exit_code = out.status == RT_ELIMIT ? kLimitExit : end.exit_code;
  if (out.status != RT_OK) out.message = end.message;
  out.log = run.take_log();
  return out;
}

std::string json_line(const std::string* name, const Outcome& outcome) {
  std::string text = "{\"name\":" + (name != nullptr ? quoted(*name) : "null") + ",\"log\":[";
  const std::size_t at = text.size();
  text += outcome.log;
  for (std::size_t i = at; i < text.size(); ++i)
    if (text[i] == '\n') text[i] = ',';
  if (text.size() > at) text.pop_back();
  text += "],\"rc\":" + std::to_string(outcome.exit_code) + ",\"end\":" + quoted(outcome.message) + "}";
  return text;
}

}  // namespace newproc::pattern
