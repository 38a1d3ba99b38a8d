// explore_exhaustive_test.cpp: depth-first search with sleep sets against brute force, and against what can be counted by hand.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "base/rand.hpp"
#include "explore/engine.hpp"
#include "explore_program.hpp"

using namespace newproc;
using namespace newproc::explore;

namespace {

/// Every way at every decision, without any reduction.
class BruteForce final : public Driver {
 public:
  void begin(std::uint64_t) override { depth_ = 0; }
  std::uint32_t pick(const Question& q) override {
    if (depth_ == at_.size()) {
      at_.push_back(0);
      of_.push_back(q.n);
    }
    return at_[depth_++];
  }
  bool end(const Trail&) override {
    while (!at_.empty() && at_.back() + 1 == of_.back()) {
      at_.pop_back();
      of_.pop_back();
    }
    if (at_.empty()) return false;
    ++at_.back();
    return true;
  }

 private:
  std::vector<std::uint32_t> at_, of_;
  std::size_t depth_ = 0;
};

struct Seen {
  std::set<std::string> outcomes;  // marks and the end
  std::uint64_t whole = 0, cut = 0;
};

/// The marks that main leaves, and how it ended.
std::string outcome_of(Engine& engine) {
  const pattern::Outcome out = engine.outcome();
  std::string text = out.message;
  for (std::size_t at = 0; (at = out.log.find("[0,\"mark\"", at)) != std::string::npos;) {
    const std::size_t end = out.log.find('\n', at);
    text += out.log.substr(at, end - at);
    at = end;
  }
  return text;
}

Seen all(const pattern::Program& program, Driver& driver, std::uint64_t most = 200'000) {
  EngineOptions options;
  options.log = true;
  Engine engine({&program, nullptr, nullptr}, options);
  Seen seen;
  for (std::uint64_t i = 0;; ++i) {
    REQUIRE(i < most);
    engine.run(driver, i);
    const Explorer& e = engine.explorer();
    if (e.stopped()) {
      ++seen.cut;
    } else {
      ++seen.whole;
      seen.outcomes.insert(outcome_of(engine));
    }
    if (!driver.end({e.decisions(), e.steps(), e.tasks()})) return seen;
  }
}

std::string writers(int goroutines, int writes, bool same) {
  std::string bodies = "[[", rest;
  for (int g = 1; g <= goroutines; ++g) {
    bodies += "[\"go\"," + std::to_string(g) + "]" + (g < goroutines ? "," : "]");
    rest += ",[";
    for (int w = 0; w < writes; ++w) rest += std::string(w > 0 ? "," : "") + "[\"set\"," + std::to_string(same ? 0 : g - 1) + ",1]";
    rest += "]";
  }
  return "{\"vars\":" + std::to_string(goroutines) + ",\"bodies\":" + bodies + rest + "]}";
}

std::string pick(FastRand& rand, std::initializer_list<const char*> ops) { return *(ops.begin() + rand.below(static_cast<std::uint32_t>(ops.size()))); }

/// Two goroutines of one or two operations each on two variables, a lock and a channel, and a main that tells what came of it.
std::string random_program(std::uint64_t seed) {
  FastRand rand(mix_seed(seed, 0xe5));
  const std::uint32_t goroutines = 2;
  std::string main, bodies;
  for (std::uint32_t g = 1; g <= goroutines; ++g) {
    main += "[\"go\"," + std::to_string(g) + "],";
    bodies += ",[";
    const std::uint32_t ops = 1 + rand.below(2);
    for (std::uint32_t i = 0; i < ops; ++i)
      bodies += pick(rand, {"[\"inc\",0]", "[\"set\",1,1]", "[\"set\",1,2]", "[\"atomic\",0,1]", "[\"lock\",0],[\"set\",0,3],[\"unlock\",0]",
                            "[\"try\",\"send\",0,1]", "[\"try\",\"recv\",0]", "[\"if\",1,1,[[\"set\",0,5]],[]]"}) + ",";
    bodies += "[\"done\",0]]";
  }
  const std::string tell = "[\"if\",0,0,[[\"mark\",0]],[]],[\"if\",0,1,[[\"mark\",1]],[]],[\"if\",0,2,[[\"mark\",2]],[]],[\"if\",0,3,[[\"mark\",3]],[]],"
                           "[\"if\",0,5,[[\"mark\",5]],[]],[\"if\",0,6,[[\"mark\",6]],[]],[\"if\",1,1,[[\"mark\",11]],[]],[\"if\",1,2,[[\"mark\",12]],[]]";
  return "{\"vars\":2,\"mutexes\":1,\"waitgroups\":1,\"chans\":[1],\"bodies\":[[[\"add\",0," + std::to_string(goroutines) + "]," + main +
         "[\"wait\",0]," + tell + "]" + bodies + "]}";
}

}  // namespace

TEST_SUITE("explore exhaustively") {
  TEST_CASE("as many orders as there are") {
    struct Count {
      int goroutines, writes;
      std::uint64_t orders;
    };
    // (g w)! / (w!)^g orders of writes to one variable; one order where each has its own.
    for (const Count c : {Count{2, 1, 2}, {2, 2, 6}, {2, 3, 20}, {3, 1, 6}, {3, 2, 90}, {4, 1, 24}}) {
      CAPTURE(c.goroutines);
      CAPTURE(c.writes);
      const std::unique_ptr<Driver> same = make_driver("dfs", {}), own = make_driver("dfs", {});
      CHECK(all(program_of(writers(c.goroutines, c.writes, true)), *same).whole == c.orders);
      CHECK(all(program_of(writers(c.goroutines, c.writes, false)), *own).whole == 1);
    }
  }

  TEST_CASE("the outcomes of random programs are those of brute force") {
    std::size_t more_than_one = 0;
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const std::string json = random_program(seed);
      CAPTURE(json);
      const pattern::Program program = program_of(json);
      BruteForce brute;
      const Seen every = all(program, brute);
      const std::unique_ptr<Driver> dfs = make_driver("dfs", {});
      const Seen reduced = all(program, *dfs);
      CHECK(reduced.outcomes == every.outcomes);
      CHECK(reduced.whole <= every.whole);
      more_than_one += every.outcomes.size() > 1 ? 1 : 0;
    }
    CHECK(more_than_one >= 3);
  }

  TEST_CASE("what a schedule leaves behind is gone in the next") {
    const pattern::Program program = program_of(
        R"({"vars":1,"chans":[2,0],"mutexes":1,"rwmutexes":1,"waitgroups":1,"conds":1,"onces":1,"bodies":[)"
        R"([["lock",0],["rwlock",0],["add",0,1],["send",0,3],["go",1],["once",0,[["inc",0]]],["yield"],["if",0,1,[["mark",1]],[]],["close",1]],)"
        R"([["rlock",0]]]})");
    EngineOptions options;
    options.log = true;
    Engine engine({&program, nullptr, nullptr}, options);
    const std::unique_ptr<Driver> go = make_driver("go", {});
    std::string first;
    for (int i = 0; i < 5; ++i) {
      engine.run(*go, 1);
      if (i == 0) first = engine.outcome().log;
      CHECK(engine.outcome().log == first);
      CHECK(engine.findings().size() == 1);
      CHECK(engine.findings()[0].kind == RT_FIND_LEAK);
    }
    CHECK(first.find("[0,\"mark\",1]") != std::string::npos);
  }
}
