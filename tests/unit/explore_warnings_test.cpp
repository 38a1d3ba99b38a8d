// explore_warnings_test.cpp: orders of locks that can deadlock, in schedules that did not.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "explore_fixture.hpp"

using namespace explore_fixture;

namespace {

/// Of Go's own order, in which nothing goes wrong.
std::vector<Found> warnings(const std::string& json, const char* driver = "go", std::uint64_t schedules = 1) {
  rt_explore_options o = options(driver, schedules);
  o.find = RT_FIND_ALL | RT_WARN_LOCK_ORDER;
  const Result r = explore(json, o);
  std::vector<Found> out;
  for (const Found& f : r.found)
    if (f.kind == RT_WARN_LOCK_ORDER) out.push_back(f);
  CHECK(r.done.warnings == out.size());
  CHECK(r.done.findings == r.found.size() - out.size());
  return out;
}

std::string two(const std::string& first, const std::string& second, const std::string& between = "[\"go\",1],[\"go\",2]") {
  return R"({"version":2,"mutexes":3,"rwmutexes":2,"vars":1,"chans":[0],"waitgroups":1,"bodies":[[["add",0,2],)" + between + R"(,["wait",0]],[)" + first +
         R"(,["done",0]],[)" + second + R"(,["done",0]]]})";
}

constexpr const char* kA = R"(["lock",0],["lock",1],["unlock",1],["unlock",0])";
constexpr const char* kB = R"(["lock",1],["lock",0],["unlock",0],["unlock",1])";

}  // namespace

TEST_SUITE("explore warnings") {
  TEST_CASE("two orders of two locks, each with both of its places") {
    const std::vector<Found> found = warnings(two(kA, kB));
    REQUIRE(found.size() == 1);
    CHECK(found[0].goroutines == std::vector<std::string>{"2 takes mutex 0 while it holds mutex 1", "1 takes mutex 1 while it holds mutex 0"});
    CHECK(found[0].message == "locks are taken in orders that can deadlock: goroutine 2 takes mutex 0 while it holds mutex 1, "
                              "goroutine 1 takes mutex 1 while it holds mutex 0");
    CHECK(found[0].schedule.starts_with("np1r-"));
    rt_explore_options o = options("go", 1);
    o.find = RT_WARN_LOCK_ORDER;
    struct Sites {
      std::vector<std::uint64_t> all;
      static int see(void* raw, const rt_finding* f) {
        for (std::size_t i = 0; i < f->ngoroutines; ++i) {
          static_cast<Sites*>(raw)->all.push_back(f->goroutines[i].held_site);
          static_cast<Sites*>(raw)->all.push_back(f->goroutines[i].site);
        }
        return 0;
      }
    } sites;
    const Pattern pattern(two(kA, kB));
    const rt_program program = pattern.program();
    REQUIRE(rt_explore(&program, &o, Sites::see, &sites, nullptr) == RT_OK);
    const std::uint64_t one = std::uint64_t{1} << 32, other = std::uint64_t{2} << 32;
    CHECK(sites.all == std::vector<std::uint64_t>{other, other + 1, one, one + 1});
  }

  TEST_CASE("by default nothing warns, and a first finding is no warning") {
    rt_explore_options o = options("go", 1);
    CHECK(explore(two(kA, kB), o).found.empty());
    o.find = RT_FIND_DEADLOCK | RT_WARN_LOCK_ORDER;
    o.first = 1;
    o.driver = "random";
    o.schedules = 500;
    const Result r = explore(two(kA, kB), o);
    CHECK(r.done.findings == 1);
    CHECK(r.done.schedules < 500);
  }

  TEST_CASE("what was found as a deadlock is not told again") {
    for (const char* driver : {"portfolio", "random"}) CHECK(warnings(two(kA, kB), driver, 500).empty());
  }

  TEST_CASE("one order, a lock that all hold, a lock that is only tried: no warning") {
    CHECK(warnings(two(kA, kA)).empty());
    const std::string gate = R"(["lock",2],)", open = R"(,["unlock",2])";
    CHECK(warnings(two(gate + kA + open, gate + kB + open)).empty());
    CHECK(warnings(two(gate + kA + open, kB)).size() == 1);
    CHECK(warnings(two(kA, R"(["lock",1],["trylock",0,0],["if",0,1,[["unlock",0]],[]],["unlock",1])")).empty());
    CHECK(warnings(two(R"(["lock",0],["unlock",0],["lock",1],["unlock",1])", kB)).empty());
  }

  TEST_CASE("what other means put in order cannot deadlock") {
    // The first is done before the second is started; the second waits for the first.
    CHECK(warnings(two(std::string(kA) + R"(,["send",0,1])", kB, R"(["go",1],["recv",0],["go",2])")).empty());
    CHECK(warnings(two(std::string(kA) + R"(,["send",0,1])", std::string(R"(["recv",0],)") + kB)).empty());
    // Before the send is not all that the first does.
    CHECK(warnings(two(std::string(R"(["send",0,1],)") + kA, std::string(R"(["recv",0],)") + kB)).size() == 1);
    // Main itself, before it starts anybody.
    CHECK(warnings(two(kB, kB, std::string(kA) + R"(,["go",1],["go",2])")).empty());
  }

  TEST_CASE("readers: two of them do not exclude each other, a reader and a writer do") {
    const std::string rr = R"(["rlock",0],["rlock",1],["runlock",1],["runlock",0])", crossed = R"(["rlock",1],["rlock",0],["runlock",0],["runlock",1])";
    CHECK(warnings(two(rr, crossed)).empty());
    const std::string rw = R"(["rlock",0],["rwlock",1],["rwunlock",1],["runlock",0])", wr = R"(["rlock",1],["rwlock",0],["rwunlock",0],["runlock",1])";
    const std::vector<Found> found = warnings(two(rw, wr));
    REQUIRE(found.size() == 1);
    CHECK(found[0].goroutines[0] == "2 takes rwmutex 0 while it holds rwmutex 1");
  }

  TEST_CASE("philosophers: a cycle of as many as there are") {
    const auto fork = [](int i) { return std::to_string(i % 5); };
    std::string bodies, main;
    for (int i = 0; i < 5; ++i) {
      main += "[\"go\"," + std::to_string(i + 1) + "],";
      bodies += ",[[\"lock\"," + fork(i) + "],[\"lock\"," + fork(i + 1) + "],[\"unlock\"," + fork(i + 1) + "],[\"unlock\"," + fork(i) + "],[\"done\",0]]";
    }
    const std::vector<Found> found = warnings(R"({"mutexes":5,"waitgroups":1,"bodies":[[["add",0,5],)" + main + R"(["wait",0]])" + bodies + "]}");
    REQUIRE(found.size() == 1);
    CHECK(found[0].goroutines.size() == 5);
  }

  TEST_CASE("a function's locks are numbered") {
    struct Program {
      rt_mutex a{}, b{};
      static void one(void* raw) {
        auto* p = static_cast<Program*>(raw);
        rt_site(10);
        rt_mutex_lock(&p->a);
        rt_site(11);
        rt_mutex_lock(&p->b);
        rt_mutex_unlock(&p->b);
        rt_mutex_unlock(&p->a);
      }
      static void main(void* raw) {
        auto* p = static_cast<Program*>(raw);
        p->a = p->b = rt_mutex{};
        rt_newproc(nullptr, one, p, nullptr);
        rt_site(20);
        rt_mutex_lock(&p->b);
        rt_site(21);
        rt_mutex_lock(&p->a);
        rt_mutex_unlock(&p->a);
        rt_mutex_unlock(&p->b);
        rt_sleep(1'000);
      }
    } own;
    const rt_program program{sizeof program, nullptr, &Program::main, &own, nullptr, 0, 0};
    rt_explore_options o = options("go", 1);
    o.find = RT_WARN_LOCK_ORDER;
    const Result r = explore(program, o);
    REQUIRE(r.found.size() == 1);
    CHECK(r.found[0].message.find("goroutine 0 takes lock 1 while it holds lock 0") != std::string::npos);
  }
}
