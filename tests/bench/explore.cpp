// explore.cpp: schedules a second, and schedules to the first bug, on shapes of SCTBench.
//   bench_explore speed [SHAPE...]            schedules a second of the processor's time, assertions off; DRIVERS="random ...", SECONDS=1 of each
//   bench_explore memory [MILLIONS]           resident memory after that many schedules of one search
//   bench_explore find DRIVER [SEEDS [MOST]]  over the seeds: how often found, and the mean number of schedules
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "clock.hpp"
#include "newproc.h"

namespace {

struct Shape {
  std::string name, json;
};

std::string many(const std::string& op, int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += op + ",";
  return out;
}

/// n setters of a = 1, b = -1 and one checker that must see neither or both.
Shape reorder(int n) {
  return {"reorder_" + std::to_string(n + 1),
          R"({"vars":2,"atomics":[0,1],"waitgroups":1,"bodies":[[)" + ("[\"add\",0," + std::to_string(n + 1) + "],") + many("[\"go\",1]", n) +
              R"(["go",2],["wait",0]],[["set",0,1],["set",1,-1],["done",0]],)"
              R"([["if",0,0,[["assert",1,0]],[["assert",1,-1]]],["done",0]]]})"};
}

/// Writers set one word under one lock and the next under another; a reader that comes between them sees half.
Shape twostage(const std::string& name, int writers, int readers) {
  return {name, R"({"vars":2,"mutexes":2,"waitgroups":1,"bodies":[[)" + ("[\"add\",0," + std::to_string(writers + readers) + "],") +
                    many("[\"go\",1]", writers) + many("[\"go\",2]", readers) +
                    R"(["wait",0]],)"
                    R"([["lock",0],["set",0,1],["unlock",0],["lock",1],["set",1,2],["unlock",1],["done",0]],)"
                    R"([["lock",0],["if",0,0,[["unlock",0]],[["unlock",0],["lock",1],["assert",1,2],["unlock",1]]],["done",0]]]})"};
}

/// n philosophers, each takes the left fork first.
Shape philosophers(int n) {
  std::string bodies, main = "[";
  for (int i = 0; i < n; ++i) {
    const std::string left = std::to_string(i), right = std::to_string((i + 1) % n);
    main += "[\"go\"," + std::to_string(i + 1) + "],";
    bodies += ",[[\"lock\"," + left + "],[\"lock\"," + right + "],[\"unlock\"," + right + "],[\"unlock\"," + left + "],[\"done\",0]]";
  }
  return {"din_phil_" + std::to_string(n), "{\"mutexes\":" + std::to_string(n) + ",\"waitgroups\":1,\"bodies\":[[[\"add\",0," + std::to_string(n) +
                                               "]," + main.substr(1) + "[\"wait\",0]]" + bodies + "]}"};
}

std::vector<Shape> shapes() {
  return {{"account", R"({"vars":1,"waitgroups":1,"bodies":[[["add",0,3],["go",1],["go",1],["go",2],["wait",0],["assert",0,2]],)"
                      R"([["inc",0],["done",0]],[["atomic",0,0],["done",0]]]})"},
          {"lazy01", R"({"vars":1,"mutexes":1,"waitgroups":1,"bodies":[[["add",0,3],["go",1],["go",2],["go",3],["wait",0]],)"
                     R"([["lock",0],["inc",0],["unlock",0],["done",0]],[["lock",0],["inc",0],["inc",0],["unlock",0],["done",0]],)"
                     R"([["lock",0],["if",0,3,[["assert",0,0]],[]],["unlock",0],["done",0]]]})"},
          twostage("twostage", 1, 1), twostage("twostage_20", 10, 10), twostage("twostage_100", 50, 50),
          reorder(2), reorder(3), reorder(4), reorder(9), reorder(19), reorder(99),
          philosophers(2), philosophers(3), philosophers(5), philosophers(7)};
}

rt_pattern* parse(const Shape& shape) {
  rt_pattern* pattern = nullptr;
  if (rt_pattern_parse(shape.json.data(), shape.json.size(), &pattern) != RT_OK) {
    std::fprintf(stderr, "%s: %s\n", shape.name.c_str(), rt_last_error());
    std::exit(1);
  }
  return pattern;
}

rt_explored explore(const Shape& shape, rt_explore_options& options, rt_finding_func found, void* arg) {
  rt_pattern* pattern = parse(shape);
  const rt_program program{sizeof program, pattern, nullptr, nullptr, nullptr, 0, 0};
  rt_explored done{};
  done.struct_size = sizeof done;
  if (rt_explore(&program, &options, found, arg, &done) != RT_OK) {
    std::fprintf(stderr, "%s: %s\n", shape.name.c_str(), rt_last_error());
    std::exit(1);
  }
  rt_pattern_free(pattern);
  return done;
}

std::vector<std::string> drivers() {
  const char* given = std::getenv("DRIVERS");
  std::vector<std::string> out;
  std::stringstream words(given != nullptr ? given : "random portfolio");
  for (std::string word; words >> word;) out.push_back(word);
  return out;
}

double seconds() {
  const char* given = std::getenv("SECONDS");
  return given != nullptr ? std::atof(given) : 1;
}

/// Nothing goes wrong in it, so that every schedule is a whole one: who would assert, looks; the last philosopher takes the right
/// fork first.
Shape harmless(Shape shape) {
  shape.json = std::regex_replace(shape.json, std::regex(R"(\["assert",(\d+),(-?\d+)\])"), R"(["if",$1,$2,[],[]])");
  shape.json = std::regex_replace(shape.json, std::regex(R"(\["lock",(\d+)\],\["lock",0\](.*))"), R"(["lock",0],["lock",$1]$2)");
  return shape;
}

int speed(int argc, char** argv) {
  for (const Shape& may_fail : shapes()) {
    const Shape shape = harmless(may_fail);
    bool wanted = argc <= 2;
    for (int i = 2; i < argc; ++i) wanted = wanted || shape.name == argv[i];
    if (!wanted) continue;
    for (const std::string& driver : drivers()) {
      rt_explore_options options;
      rt_explore_options_init(&options, sizeof options);
      options.driver = driver.c_str();
      options.schedules = ~std::uint64_t{0};
      options.nanos = static_cast<std::uint64_t>(seconds() * 1e9);
      options.shrink = 0;
      options.find = std::getenv("RACES") != nullptr ? RT_FIND_RACE : RT_FIND_LIVELOCK;
      const double before = bench::cpu_ns();  // of this process: others may have the machine half of the time
      const rt_explored done = explore(shape, options, nullptr, nullptr);
      const double seconds = (bench::cpu_ns() - before) / 1e9;
      std::printf("RESULT explore_speed %s driver=%s schedules_per_s=%.0f steps_per_schedule=%.1f\n", shape.name.c_str(), driver.c_str(),
                  static_cast<double>(done.schedules) / seconds, static_cast<double>(done.steps) / static_cast<double>(done.schedules));
      std::fflush(stdout);
    }
  }
  return 0;
}

/// One search that goes on and on: what it keeps must not grow with it.
int memory(int argc, char** argv) {
  const std::uint64_t millions = argc > 2 ? static_cast<std::uint64_t>(std::atoll(argv[2])) : 3;
  for (const char* driver : {"random", "portfolio"}) {
    rt_explore_options options;
    rt_explore_options_init(&options, sizeof options);
    options.driver = driver;
    options.shrink = 0;
    for (std::uint64_t n = 0; n <= millions; ++n) {
      options.schedules = n == 0 ? 10'000 : n * 1'000'000;
      const rt_explored done = explore(harmless(reorder(3)), options, nullptr, nullptr);
      std::printf("RESULT explore_memory driver=%s schedules=%llu resident_kb=%lu\n", driver, static_cast<unsigned long long>(done.schedules),
                  static_cast<unsigned long>(bench::memory().rss / 1024));
      std::fflush(stdout);
    }
  }
  return 0;
}

int find(int argc, char** argv) {
  const char* driver = argc > 2 ? argv[2] : "portfolio";
  const long seeds = argc > 3 ? std::atol(argv[3]) : 20;
  const std::uint64_t most = argc > 4 ? static_cast<std::uint64_t>(std::atoll(argv[4])) : 10'000;
  for (const Shape& shape : shapes()) {
    long found = 0;
    double sum = 0;
    for (long seed = 1; seed <= seeds; ++seed) {
      rt_explore_options options;
      rt_explore_options_init(&options, sizeof options);
      options.driver = driver;
      options.seed = static_cast<std::uint64_t>(seed);
      options.schedules = most;
      options.first = 1;
      options.shrink = 0;
      options.find = RT_FIND_DEADLOCK | RT_FIND_ASSERT;
      const rt_explored done = explore(shape, options, nullptr, nullptr);
      found += done.findings != 0 ? 1 : 0;
      sum += static_cast<double>(done.schedules);
    }
    std::printf("RESULT explore_find %s driver=%s found=%ld/%ld mean_schedules=%.1f\n", shape.name.c_str(), driver, found, seeds,
                sum / static_cast<double>(seeds));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "speed") == 0) return speed(argc, argv);
  if (argc > 1 && std::strcmp(argv[1], "memory") == 0) return memory(argc, argv);
  if (argc > 1 && std::strcmp(argv[1], "find") == 0) return find(argc, argv);
  std::fprintf(stderr, "bench_explore speed [SHAPE...] | memory [MILLIONS] | find [DRIVER [SEEDS [MOST]]]\n");
  return 64;
}
