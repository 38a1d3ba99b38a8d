// explore_properties_test.cpp: invariants and "eventually" properties of a user's own.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "explore_fixture.hpp"

using namespace explore_fixture;

namespace {

/// What it was asked, and a sum that variables are to have.
struct Sum {
  explicit Sum(std::int64_t sum) : wanted(sum) {}
  std::int64_t wanted;
  std::uint64_t looks = 0, ends = 0;
  std::string why;
  int stop_after = 0;  // looks
  static int check(void* raw, const rt_moment* now, const char** why) {
    auto* self = static_cast<Sum*>(raw);
    ++self->looks;
    self->ends += now->over;
    if (self->stop_after != 0 && self->looks == static_cast<std::uint64_t>(self->stop_after)) return RT_STOP_SEARCH;
    std::int64_t sum = 0;
    for (std::size_t v = 0; v < now->nvars; ++v) sum += now->vars[v];
    if (sum == self->wanted) return RT_HOLDS;
    self->why = "the sum is " + std::to_string(sum);
    *why = self->why.c_str();
    return RT_BROKEN;
  }
};

rt_explore_options with(const rt_property& property, const char* driver = "portfolio", std::uint64_t schedules = 500) {
  rt_explore_options o = options(driver, schedules);
  o.find = RT_FIND_ASSERT;
  o.properties = &property;
  o.nproperties = 1;
  return o;
}

std::vector<Found> replayed(const Pattern& pattern, const std::string& schedule, const rt_property& property) {
  rt_replay_options o;
  REQUIRE(rt_replay_options_init(&o, sizeof o) == RT_OK);
  o.properties = &property;
  o.nproperties = 1;
  std::vector<Found> found;
  rt_result* result = nullptr;
  const rt_program program = pattern.program();
  REQUIRE_MESSAGE(rt_replay(&program, schedule.c_str(), &o, collect, &found, &result) == RT_OK, rt_last_error());
  if (!found.empty()) CHECK(found.back().message == std::string(result->message));
  rt_result_free(result);
  return found;
}

// Two move 1 from variable 0 to variable 1, under a lock or not; a third looks, and must be let in only where all is whole.
constexpr const char* kTransfer =
    R"({"version":2,"vars":2,"atomics":[0,1],"mutexes":1,"waitgroups":1,"bodies":[[["set",0,5],["add",0,2],["go",1],["go",1],["wait",0]],)"
    R"([["lock",0],["diff",0,["var",0],1],["sum",1,["var",1],1],["unlock",0],["done",0]]]})";
// Whoever comes second finds the flag set, and does not count.
constexpr const char* kForgotten =
    R"({"version":2,"vars":2,"atomics":[0,1],"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",2],["wait",0]],)"
    R"([["if",0,0,[["atomic",1,1]],[]],["done",0]],[["set",0,1],["done",0]]]})";

}  // namespace

TEST_SUITE("explore properties") {
  TEST_CASE("an invariant is looked at between the steps of each goroutine, and its schedule shows it again") {
    Sum five(5);
    const rt_property property{"five in all", RT_ALWAYS, Sum::check, &five};
    const Pattern pattern(kTransfer);
    for (const char* driver : kDrivers) {
      CAPTURE(driver);
      const Result r = explore(pattern.program(), with(property, driver));
      REQUIRE(r.found.size() == 1);  // main's first step breaks it: the sum is 0 before
      CHECK(r.found[0].kind == RT_FIND_ASSERT);
      CHECK(r.found[0].message == "invariant five in all does not hold: the sum is 0");
    }
  }

  TEST_CASE("what no schedule breaks is found nowhere; what one order breaks is shrunk to that order") {
    // Of a transfer's two writes the first leaves 4 behind: an invariant that allows for it holds.
    struct Range {
      static int check(void*, const rt_moment* now, const char**) {
        const std::int64_t sum = now->vars[0] + now->vars[1];
        return sum == 0 || sum == 4 || sum == 5 ? RT_HOLDS : RT_BROKEN;
      }
    };
    const rt_property holds{"one on the way", RT_ALWAYS, Range::check, nullptr};
    CHECK(explore(kTransfer, with(holds)).found.empty());
    std::string unlocked = kTransfer;
    for (const char* op : {R"(["lock",0],)", R"(["unlock",0],)"}) unlocked.erase(unlocked.find(op), std::string(op).size());
    const Pattern pattern(unlocked);
    const Result r = explore(pattern.program(), with(holds));
    REQUIRE(r.found.size() == 1);
    CHECK(r.found[0].message == "invariant one on the way does not hold");
    CHECK(r.found[0].goroutines.size() == 1);
    CHECK(r.found[0].schedule.size() < 40);
    const std::vector<Found> again = replayed(pattern, r.found[0].schedule, holds);
    REQUIRE(!again.empty());
    CHECK(again.back().message == r.found[0].message);
    CHECK(replayed(pattern, r.found[0].schedule.substr(0, 13), holds).empty());  // Go's order
  }

  TEST_CASE("eventually: looked at where nothing can go on any more, once a run") {
    Sum one(1);
    const rt_property property{"both count", RT_EVENTUALLY, Sum::check, &one};
    // Variables 0 and 1 end at 1 and 0 or 1.
    rt_explore_options o = with(property, "random", 300);
    const Pattern pattern(kForgotten);
    const Result r = explore(pattern.program(), o);
    REQUIRE(r.found.size() == 1);
    CHECK(r.found[0].message == "eventually both count: at the end it does not hold: the sum is 2");
    CHECK(r.found[0].goroutines.empty());
    CHECK(one.looks == one.ends);
    const std::vector<Found> again = replayed(pattern, r.found[0].schedule, property);
    REQUIRE(again.size() == 1);
    CHECK(again[0].message == r.found[0].message);
  }

  TEST_CASE("eventually: after a deadlock, where all go in circles, and not after a panic or a bound") {
    struct Never {
      int looks = 0;
      static int check(void* raw, const rt_moment*, const char**) {
        ++static_cast<Never*>(raw)->looks;
        return RT_BROKEN;
      }
    };
    const auto looks = [](const char* json, std::uint64_t steps) {
      Never never;
      const rt_property property{nullptr, RT_EVENTUALLY, Never::check, &never};
      rt_explore_options o = with(property, "go", 1);
      o.shrink = 0;
      if (steps != 0) o.steps = steps;
      const Result r = explore(json, o);
      for (const Found& f : r.found)
        if (never.looks != 0) CHECK(f.message == "eventually: at the end it does not hold");
      return never.looks;
    };
    CHECK(looks(R"({"chans":[0],"bodies":[[["recv",0]]]})", 0) == 1);
    CHECK(looks(R"({"chans":[0],"bodies":[[["go",1]],[["recv",0]]]})", 0) == 1);
    CHECK(looks(R"({"vars":1,"bodies":[[["loop",-1,[["if",0,1,[["break"]],[]]]]]]})", 0) == 1);
    CHECK(looks(R"({"vars":1,"bodies":[[["inc",0],["panic"]]]})", 0) == 0);
    CHECK(looks(R"({"vars":1,"bodies":[[["loop",100,[["inc",0]]]]]})", 50) == 0);
    CHECK(looks(R"({"vars":1,"bodies":[[["loop",100,[["inc",0]]]]]})", 500) == 1);
  }

  TEST_CASE("a property may end the search, and is asked only where asserts are looked for") {
    Sum sum(0);
    sum.stop_after = 3;
    rt_property property{"sum", RT_ALWAYS, Sum::check, &sum};
    constexpr const char* kZero = R"({"vars":1,"bodies":[[["go",1],["set",0,0],["set",0,0]],[["set",0,0]]]})";
    Result r = explore(kZero, with(property, "random", 100));
    CHECK(sum.looks == 3);
    CHECK(r.done.schedules == 1);
    sum.looks = 0;
    sum.stop_after = 0;
    rt_explore_options o = with(property, "random", 100);
    o.find = RT_FIND_DEADLOCK;
    CHECK(explore(kZero, o).done.schedules == 100);
    CHECK(sum.looks == 0);
  }

  TEST_CASE("a function's own memory") {
    struct Program {
      int balance = 0;
      static void mover(void* raw) {
        auto* p = static_cast<Program*>(raw);
        p->balance -= 1;
        rt_point(nullptr);
        p->balance += 1;
      }
      static void main(void* raw) {
        auto* p = static_cast<Program*>(raw);
        p->balance = 0;
        rt_newproc(nullptr, mover, p, nullptr);
        rt_newproc(nullptr, mover, p, nullptr);
      }
      static int check(void* raw, const rt_moment* now, const char**) {
        CHECK(now->vars == nullptr);
        return static_cast<Program*>(raw)->balance > -2 ? RT_HOLDS : RT_BROKEN;
      }
    } own;
    const rt_program program{sizeof program, nullptr, &Program::main, &own, nullptr, 0, 0};
    const rt_property property{"balance", RT_ALWAYS, &Program::check, &own};
    const Result r = explore(program, with(property));
    REQUIRE(r.found.size() == 1);
    CHECK(r.found[0].message == "invariant balance does not hold");
    CHECK(r.found[0].goroutines.size() == 1);
  }

  TEST_CASE("what is wrong with properties is said") {
    const Pattern pattern(kTransfer);
    const rt_program program = pattern.program();
    Sum sum(0);
    rt_property property{"x", 7, Sum::check, &sum};
    rt_explore_options o = with(property);
    CHECK(rt_explore(&program, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    CHECK(std::string(rt_last_error()).find("properties[0].when is 7; give RT_ALWAYS or RT_EVENTUALLY") != std::string::npos);
    property = {"x", RT_ALWAYS, nullptr, nullptr};
    CHECK(rt_explore(&program, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    CHECK(std::string(rt_last_error()).find("properties[0].check is NULL") != std::string::npos);
    o.properties = nullptr;
    CHECK(rt_explore(&program, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    rt_replay_options again;
    rt_replay_options_init(&again, sizeof again);
    again.nproperties = 2;
    CHECK(rt_replay(&program, "np1r-00000000", &again, nullptr, nullptr, nullptr) == RT_EINVAL);
  }
}
