// explore_drivers_test.cpp: what single drivers promise, and that a schedule finds a runtime as the first one did.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "explore/drivers/contested.hpp"
#include "explore/engine.hpp"
#include "explore_program.hpp"

using namespace newproc;
using namespace newproc::explore;

namespace {

/// Passes questions on, and keeps who does atomic operations, in order.
class Watched final : public Driver {
 public:
  explicit Watched(Driver& inner) : inner_(inner) {}
  void begin(std::uint64_t seed) override {
    order.clear();
    inner_.begin(seed);
  }
  std::uint32_t pick(const Question& q) override {
    const std::uint32_t way = inner_.pick(q);
    if (way < q.goroutines() && q.task(way).next.kind == RT_OP_ATOMIC) order += std::to_string(q.task(way).id);
    return way;
  }
  bool wants_all() const override { return true; }
  bool end(const Trail& trail) override { return inner_.end(trail); }
  std::string order;

 private:
  Driver& inner_;
};

Task about_to(std::uint32_t task, std::uint64_t place, std::uint32_t kind, const void* object, bool gives_back = false) {
  Task t;
  t.id = task;
  t.place = place;
  t.next = {kind, object, gives_back};
  return t;
}

}  // namespace

TEST_SUITE("explore drivers") {
  TEST_CASE("surw: the orders of the selected operations are equally likely, whatever else there is to do") {
    // Two goroutines with two atomic operations each, one of them after many others: 6 orders. A random walk prefers one.
    const pattern::Program program = program_of(
        R"({"vars":2,"bodies":[[["go",1],["go",2]],[["atomic",0,1],["atomic",0,1]],)"
        R"([["set",1,1],["set",1,1],["set",1,1],["set",1,1],["set",1,1],["set",1,1],["atomic",0,1],["atomic",0,1]]]})");
    const auto orders = [&program](const char* driver) {
      const std::unique_ptr<Driver> inner = make_driver(driver, {});
      Watched watched(*inner);
      Engine engine({&program}, {});
      std::map<std::string, int> counts;
      for (int i = 0; i < 6'100; ++i) {
        engine.run(watched, mix_seed(5, static_cast<std::uint64_t>(i)));
        watched.end({engine.explorer().decisions(), engine.explorer().steps(), engine.explorer().tasks()});
        if (i >= 100) ++counts[watched.order];  // by then it has learned
      }
      return counts;
    };
    const std::map<std::string, int> even = orders("surw"), walk = orders("random");
    CHECK(even.size() == 6);
    for (const auto& way : even) {
      CAPTURE(way.first);
      CHECK(way.second > 850);
      CHECK(way.second < 1'150);
    }
    CHECK(walk.at("1122") > 3'000);
  }

  TEST_CASE("contested: what two goroutines do to one object without a common lock, and one of them changes it") {
    int data = 0, lock = 0, other = 0, quiet = 0;
    Contested c;
    c.begin();
    c.operation(about_to(0, 1, RT_OP_WRITE, &data), true);  // main, before it has started anybody
    for (const std::uint32_t task : {1u, 2u}) {
      c.operation(about_to(task, 10 * task, RT_OP_SYNC, &lock), false);
      c.operation(about_to(task, 10 * task + 1, RT_OP_WRITE, &data), false);
      c.operation(about_to(task, 10 * task + 2, RT_OP_SYNC, &lock, true), false);
      c.operation(about_to(task, 10 * task + 3, task == 1 ? RT_OP_READ : RT_OP_WRITE, &other), false);
      c.operation(about_to(task, 10 * task + 4, RT_OP_READ, &quiet), false);
    }
    std::vector<std::uint32_t> late;
    c.end(&late);
    const auto places = [&c] {
      std::vector<std::uint64_t> at;
      for (const Contested::Place& place : c.places()) at.push_back(place.at);
      return at;
    };
    CHECK(places() == std::vector<std::uint64_t>{10, 20, 13, 23});
    CHECK(c.objects() == 2);
    CHECK(c.object_at(13) == c.object_at(23));
    CHECK(c.object_at(13) != c.object_at(10));
    CHECK(c.object_at(11) == c.objects());
    CHECK(late == std::vector<std::uint32_t>{0, 2});  // 1 was first at both
  }

  TEST_CASE("stalls: what one late goroutine breaks is found however many there are") {
    for (const int setters : {2, 20, 200}) {
      const std::string n = std::to_string(setters);
      const pattern::Program program = program_of(
          R"({"vars":2,"atomics":[0,1],"waitgroups":1,"bodies":[[["add",0,)" + std::to_string(setters + 1) + "],[\"loop\"," + n +
          R"(,[["go",1]]],["go",2],["wait",0]],[["set",0,1],["set",1,1],["done",0]],[["if",0,1,[["assert",1,1]],[]],["done",0]]]})");
      const std::unique_ptr<Driver> stalls = make_driver("stalls", {});
      EngineOptions options;
      options.find = RT_FIND_ASSERT;
      Engine engine({&program}, options);
      int schedules = 0;
      while (engine.findings().empty() && schedules < 40) {
        engine.run(*stalls, mix_seed(1, static_cast<std::uint64_t>(schedules++)));
        stalls->end({engine.explorer().decisions(), engine.explorer().steps(), engine.explorer().tasks()});
      }
      CAPTURE(setters);
      CHECK(!engine.findings().empty());
    }
  }

  TEST_CASE("a schedule in a used runtime is, event for event, what it is in a fresh one") {
    const char* programs[] = {
        R"({"vars":1,"mutexes":1,"waitgroups":1,"bodies":[[["add",0,3],["go",1],["go",1],["go",2],["wait",0],["assert",0,3]],)"
        R"([["lock",0],["inc",0],["unlock",0],["done",0]],[["inc",0],["done",0]]]})",
        R"({"chans":[0,1],"bodies":[[["go",1],["go",1],["select",[["recv",0,[]],["recv",1,[]]],null]],[["send",0,1],["send",1,1],["sleep",5],["recv",1]]]})",
        R"({"mutexes":2,"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",2],["wait",0]],)"
        R"([["lock",0],["lock",1],["unlock",1],["unlock",0],["done",0]],[["lock",1],["lock",0],["unlock",0],["unlock",1],["done",0]]]})"};
    const auto events_of = [](Engine& engine) {
      rt_trace* trace = nullptr;
      REQUIRE(engine.runtime().trace(&trace) == RT_OK);
      std::vector<std::string> events;
      for (std::size_t i = 0; i < trace->nevents; ++i) {
        const rt_event& e = trace->events[i];
        const bool address = e.kind == RT_EV_GO_CREATE || e.kind == RT_EV_GO_PARK;
        events.push_back(std::string(rt_event_name(e.kind)) + " " + std::to_string(e.g) + " " + std::to_string(e.a) + " " + (address ? "" : std::to_string(e.b)) +
                         " at " + std::to_string(e.time));
      }
      events.push_back(std::to_string(trace->hash));
      rt_trace_free(trace);
      return events;
    };
    EngineOptions options;
    options.trace_events = 4'096;
    options.log = true;
    for (const char* json : programs) {
      CAPTURE(json);
      const pattern::Program program = program_of(json);
      Engine used({&program}, options);
      std::map<std::string, int> kinds;
      for (std::uint64_t seed = 0; seed < 60; ++seed) {
        CAPTURE(seed);
        const std::unique_ptr<Driver> one = make_driver("random", {}), same = make_driver("random", {});
        Engine fresh({&program}, options);
        used.run(*one, seed);
        fresh.run(*same, seed);
        const std::vector<std::string> is = events_of(used), wanted = events_of(fresh);
        CHECK(is.size() == wanted.size());
        for (std::size_t i = 0; i < std::min(is.size(), wanted.size()); ++i) REQUIRE(is[i] == wanted[i]);
        CHECK(used.outcome().log == fresh.outcome().log);
        ++kinds[is.back()];
      }
      CHECK(kinds.size() > 5);
    }
  }
}
