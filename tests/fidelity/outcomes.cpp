// outcomes.cpp: what a pattern can come to, over the schedules of one driver. Lines in, lines out:
//
//   {"driver": "dfs", "most": 100000, "seed": 1, "pattern": {...}}
//   {"complete": true, "schedules": 12, "runs": [{"rc": 0, "end": "", "of": {"0": [[0, "mark", 1], ...], "1": [...]}}, ...]}
//
// Runs that differ only in how the lines of different goroutines are mixed are one. What is the same beyond that, soundness.py says.
#include <iostream>
#include <map>
#include <set>

#include "context/overflow.hpp"
#include "explore/engine.hpp"
#include "pattern/json.hpp"

using namespace newproc;
using namespace newproc::explore;
using Json = nlohmann::json;

namespace {

/// The lines of each goroutine, and the end.
std::string by_goroutine(const pattern::Outcome& out) {
  std::map<std::string, std::string> of;
  for (std::size_t at = 0; at < out.log.size();) {
    const std::size_t end = out.log.find('\n', at);
    const std::string line = out.log.substr(at, end - at);
    std::string& lines = of[line.substr(1, line.find(',') - 1)];
    lines += (lines.empty() ? "" : ",") + line;
    at = end + 1;
  }
  std::string text = "{\"rc\":" + std::to_string(out.exit_code) + ",\"end\":" + Json(out.message).dump() + ",\"of\":{";
  const char* between = "";
  for (const auto& [goroutine, lines] : of) {
    text += between + ("\"" + goroutine) + "\":[" + lines + "]";
    between = ",";
  }
  return text + "}}";
}

std::string answer(const Json& asked) {
  const std::string text = asked.at("pattern").dump();
  pattern::Program program;
  std::string why;
  if (!pattern::parse(text.data(), text.size(), program, why)) return Json{{"error", why}}.dump();
  EngineOptions options;
  options.log = true;
  options.find = RT_FIND_DEADLOCK;
  Subject subject;
  subject.pattern = &program;
  Engine engine(subject, options);
  const std::unique_ptr<Driver> driver = make_driver(asked.at("driver").get<std::string>(), {});
  std::set<std::string> runs;
  bool complete = false;
  std::uint64_t n = 0;
  while (!complete && n < asked.at("most").get<std::uint64_t>()) {
    engine.run(*driver, mix_seed(asked.at("seed").get<std::uint64_t>(), n++));
    const Explorer& e = engine.explorer();
    if (!e.stopped()) runs.insert(by_goroutine(engine.outcome()));
    complete = !driver->end({e.decisions(), e.steps(), e.tasks()});
  }
  std::string out = "{\"complete\":" + std::string(complete ? "true" : "false") + ",\"schedules\":" + std::to_string(n) + ",\"runs\":[";
  const char* between = "";
  for (const std::string& run : runs) {
    out += between + run;
    between = ",";
  }
  return out + "]}";
}

}  // namespace

int main() {
  install_overflow_handler();
  std::string line;
  while (std::getline(std::cin, line)) std::cout << answer(Json::parse(line)) << std::endl;
}
