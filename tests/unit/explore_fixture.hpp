// explore_fixture.hpp: searches through newproc.h, and programs to search.
#pragma once
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fixture.hpp"

namespace explore_fixture {

struct Found {
  std::uint32_t kind;
  std::string schedule, message;
  std::vector<std::string> goroutines;  // "1 chan receive"
  std::uint64_t schedules;
};

class Pattern {
 public:
  explicit Pattern(const std::string& json) {
    REQUIRE_MESSAGE(rt_pattern_parse(json.data(), json.size(), &pattern_) == RT_OK, rt_last_error());
  }
  ~Pattern() { rt_pattern_free(pattern_); }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  rt_program program() const { return {sizeof(rt_program), pattern_, nullptr, nullptr, nullptr, 0, 0}; }

 private:
  rt_pattern* pattern_ = nullptr;
};

inline Found found_from(const rt_finding& f) {
  Found out{f.kind, f.schedule, f.message, {}, f.schedules};
  for (std::size_t i = 0; i < f.ngoroutines; ++i)
    out.goroutines.push_back(std::to_string(f.goroutines[i].goroutine) + " " + f.goroutines[i].what);
  return out;
}

inline int collect(void* arg, const rt_finding* f) {
  static_cast<std::vector<Found>*>(arg)->push_back(found_from(*f));
  return 0;
}

inline rt_explore_options options(const char* driver, std::uint64_t schedules = 2'000) {
  rt_explore_options o;
  REQUIRE(rt_explore_options_init(&o, sizeof o) == RT_OK);
  o.driver = driver;
  o.schedules = schedules;
  return o;
}

struct Result {
  std::vector<Found> found;
  rt_explored done{};
};

inline Result explore(const rt_program& program, const rt_explore_options& o) {
  Result r;
  r.done.struct_size = sizeof r.done;
  REQUIRE_MESSAGE(rt_explore(&program, &o, collect, &r.found, &r.done) == RT_OK, rt_last_error());
  return r;
}
inline Result explore(const std::string& json, const rt_explore_options& o) { return explore(Pattern(json).program(), o); }

inline std::string log_of(const rt_program& program, const std::string& schedule, std::vector<Found>* found = nullptr) {
  rt_result* result = nullptr;
  std::vector<Found> none;
  REQUIRE_MESSAGE(rt_replay(&program, schedule.c_str(), nullptr, collect, found != nullptr ? found : &none, &result) == RT_OK, rt_last_error());
  std::string log(result->log, result->log_len);
  rt_result_free(result);
  return log;
}

inline constexpr const char* kLostUpdate =
    R"({"vars":1,"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",1],["wait",0],["assert",0,2]],[["inc",0],["done",0]]]})";
inline constexpr const char* kLocked =
    R"({"vars":1,"mutexes":1,"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",1],["wait",0],["assert",0,2]],)"
    R"([["lock",0],["inc",0],["unlock",0],["done",0]]]})";
inline constexpr const char* kCrossed =
    R"({"mutexes":2,"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",2],["wait",0]],)"
    R"([["lock",0],["lock",1],["unlock",1],["unlock",0],["done",0]],[["lock",1],["lock",0],["unlock",0],["unlock",1],["done",0]]]})";
inline constexpr const char* kLeak = R"({"chans":[0,0],"bodies":[[["go",1],["select",[["recv",0,[]],["recv",1,[]]],null]],[["go",2],["send",0,1]],[["send",1,1]]]})";

inline constexpr const char* kDrivers[] = {"portfolio", "random", "pct", "pos", "urw", "surw", "places", "stalls", "bounded", "dfs"};

}  // namespace explore_fixture
