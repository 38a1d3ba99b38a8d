// explore_test.cpp: searches over schedules, through newproc.h.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "explore_fixture.hpp"

using namespace explore_fixture;

TEST_SUITE("explore") {
  TEST_CASE("a goroutine that goes on for ever and does nothing that others could notice is a livelock") {
    for (const char* json : {R"({"bodies":[[["loop",-1,[]]]]})", R"({"chans":[0],"bodies":[[["go",1],["recv",0]],[["loop",-1,[["mark",1]]]]]})"}) {
      const Result r = explore(json, options("portfolio", 3));
      CHECK_FALSE(r.found.empty());
      for (const Found& f : r.found) CHECK(f.kind == RT_FIND_LIVELOCK);
    }
  }

  TEST_CASE("every driver finds a lost update, shrinks it, and the schedule shows it again") {
    for (const char* driver : kDrivers) {
      CAPTURE(driver);
      rt_explore_options o = options(driver);
      o.find = RT_FIND_ASSERT;
      const Result r = explore(kLostUpdate, o);
      REQUIRE(r.found.size() == 1);
      CHECK(r.found[0].kind == RT_FIND_ASSERT);
      CHECK(r.found[0].message == "panic: assert: variable 0 is 1, not 2");
      CHECK(r.found[0].schedule.size() <= 80);
      std::vector<Found> again;
      log_of(Pattern(kLostUpdate).program(), r.found[0].schedule, &again);
      bool asserted = false;
      for (const Found& f : again) asserted = asserted || f.kind == RT_FIND_ASSERT;
      CHECK(asserted);
    }
  }

  TEST_CASE("what Go does with one P finds nothing there") {
    rt_explore_options o = options("go");
    o.find = RT_FIND_ASSERT | RT_FIND_DEADLOCK;
    for (const char* json : {kLostUpdate, kCrossed}) {
      const Result r = explore(json, o);
      CHECK(r.found.empty());
      CHECK(r.done.schedules == 1);
      CHECK(r.done.complete == 1);
    }
  }

  TEST_CASE("locks taken crosswise: a deadlock, and who waits for what") {
    for (const char* driver : kDrivers) {
      CAPTURE(driver);
      const Result r = explore(kCrossed, options(driver));
      REQUIRE(r.found.size() == 1);
      CHECK(r.found[0].kind == RT_FIND_DEADLOCK);
      CHECK(r.found[0].goroutines == std::vector<std::string>{"0 semacquire", "1 sync.Mutex.Lock", "2 sync.Mutex.Lock"});
    }
  }

  TEST_CASE("a race is found in schedules in which nothing went wrong") {
    rt_explore_options o = options("go");
    o.find = RT_FIND_RACE;
    Result r = explore(kLostUpdate, o);
    REQUIRE(r.found.size() >= 1);
    CHECK(r.found[0].kind == RT_FIND_RACE);
    CHECK(r.found[0].message.find("data race on variable 0") == 0);
    CHECK(r.found[0].goroutines.size() == 2);
  }

  TEST_CASE("a race is told once, whoever comes first and wherever the two were interrupted") {
    rt_explore_options o = options("portfolio");
    o.find = RT_FIND_RACE;
    const Result r = explore(R"({"vars":1,"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",1],["wait",0]],[["inc",0],["done",0]]]})", o);
    std::set<std::string> kinds;
    for (const Found& f : r.found) kinds.insert(f.goroutines[0].substr(2) + ", " + f.goroutines[1].substr(2));
    CHECK(r.found.size() == 2);  // a read and a write, two writes
    CHECK(kinds.size() == 2);
  }

  TEST_CASE("programs that are right raise no alarm") {
    const char* right[] = {
        kLocked,
        R"({"vars":1,"chans":[1],"bodies":[[["go",1],["recv",0],["assert",0,1]],[["set",0,1],["send",0,1]]]})",
        R"({"vars":1,"chans":[0],"bodies":[[["go",1],["set",0,1],["send",0,1]],[["recv",0],["assert",0,1]]]})",
        R"({"vars":1,"chans":[0],"bodies":[[["go",1],["recv",0],["assert",0,1]],[["set",0,1],["close",0]]]})",
        R"({"vars":1,"rwmutexes":1,"waitgroups":1,"bodies":[[["add",0,3],["go",1],["go",2],["go",2],["wait",0]],)"
        R"([["rwlock",0],["inc",0],["rwunlock",0],["done",0]],[["rlock",0],["if",0,1,[],[]],["runlock",0],["done",0]]]})",
        R"({"vars":1,"onces":1,"waitgroups":1,"bodies":[[["add",0,2],["go",1],["go",1],["wait",0],["assert",0,1]],[["once",0,[["inc",0]]],["if",0,1,[],[]],["done",0]]]})",
        R"({"vars":2,"atomics":[0],"bodies":[[["go",1],["loop",-1,[["if",0,1,[["break"]],[]],["yield"]]],["assert",1,5]],[["set",1,5],["set",0,1]]]})",
        R"({"vars":1,"chans":[1],"bodies":[[["set",0,7],["after",0,5],["recv",0],["assert",0,7]]]})"};
    for (const char* json : right)
      for (const char* driver : kDrivers) {
        CAPTURE(json);
        CAPTURE(driver);
        const Result r = explore(json, options(driver, 1'000));
        CHECK_MESSAGE(r.found.empty(), (r.found.empty() ? "" : r.found[0].message + " " + r.found[0].schedule));
      }
  }

  TEST_CASE("main has returned and somebody waits for ever") {
    const Result r = explore(kLeak, options("portfolio"));
    REQUIRE(!r.found.empty());
    for (const Found& f : r.found) CHECK(f.kind == RT_FIND_LEAK);
    CHECK(r.found[0].goroutines.size() == 1);
  }

  TEST_CASE("going in circles for ever is a livelock, waiting for a flag is not") {
    const Result r = explore(R"({"vars":1,"bodies":[[["go",1],["loop",-1,[["if",0,1,[["break"]],[]],["yield"]]]],[["mark",1]]]})", options("portfolio", 50));
    REQUIRE(r.found.size() == 1);
    CHECK(r.found[0].kind == RT_FIND_LIVELOCK);
  }

  TEST_CASE("depth-first search sees every outcome, and each order of conflicting operations once") {
    // Two goroutines that write the same variable: two orders. Different ones: one.
    const auto schedules = [](const char* json) {
      rt_explore_options o = options("dfs");
      o.find = RT_FIND_DEADLOCK;
      const Result r = explore(json, o);
      CHECK(r.done.complete == 1);
      return r.done.schedules;
    };
    const std::string two = R"({"vars":2,"atomics":[0,1],"bodies":[[["go",1],["go",2]],[["set",0,1]],[["set",)";
    CHECK(schedules((two + "1,1]]]}").c_str()) <= schedules((two + "0,1]]]}").c_str()));
  }

  TEST_CASE("schedules: text, and what does not fit") {
    const Pattern pattern(kLostUpdate);
    const rt_program program = pattern.program();
    rt_explore_options o = options("portfolio");
    o.find = RT_FIND_ASSERT;
    const std::string good = explore(program, o).found.at(0).schedule;
    const auto status = [&](const std::string& text) { return rt_replay(&program, text.c_str(), nullptr, nullptr, nullptr, nullptr); };
    CHECK(status(good) == RT_OK);
    CHECK(status("np2-x") == RT_EINVAL);
    CHECK(status(good + "x") == RT_EINVAL);
    CHECK(std::string(rt_last_error()).find("is wrong from character") != std::string::npos);
    CHECK(status(good.substr(0, 13) + "-0.0=77") == RT_ESTATE);
    CHECK(status(good.substr(0, 13) + "-2.900=1") == RT_ESTATE);
    CHECK(std::string(rt_last_error()).find("after decision 900 of goroutine 2: goroutine 1 goes on") != std::string::npos);
    CHECK(status("np1r-00000000") == RT_ESTATE);
    rt_replay_options lenient;
    rt_replay_options_init(&lenient, sizeof lenient);
    lenient.lenient = 1;
    CHECK(rt_replay(&program, (good + ",2.900=1").c_str(), &lenient, nullptr, nullptr, nullptr) == RT_OK);
  }

  TEST_CASE("equal seeds, equal findings; the log of a schedule is the same each time") {
    for (const char* driver : {"portfolio", "random"}) {
      const Result a = explore(kLeak, options(driver, 300)), b = explore(kLeak, options(driver, 300));
      REQUIRE(a.found.size() == b.found.size());
      for (std::size_t i = 0; i < a.found.size(); ++i) {
        CHECK(a.found[i].schedule == b.found[i].schedule);
        CHECK(a.found[i].schedules == b.found[i].schedules);
      }
      CHECK(a.done.steps == b.done.steps);
      const Pattern pattern(kLeak);
      CHECK(log_of(pattern.program(), a.found[0].schedule) == log_of(pattern.program(), a.found[0].schedule));
    }
  }

  TEST_CASE("a driver of one's own") {
    struct Last {
      std::uint64_t questions = 0;
      static std::uint32_t choose(void* arg, const rt_question* q) {
        ++static_cast<Last*>(arg)->questions;
        return q->n - 1;
      }
    } last;
    rt_explore_options o = options(nullptr, 10);
    o.choose = &Last::choose;
    o.choose_arg = &last;
    const Result r = explore(kLostUpdate, o);
    CHECK(r.done.schedules == 10);
    CHECK(last.questions >= 10);
  }

  TEST_CASE("a C program: cells, a channel, a leak") {
    struct Program {
      long cell = 0;
      rt_chan* c = nullptr;
      static void worker(void* raw) {
        auto* p = static_cast<Program*>(raw);
        rt_cell_write(&p->cell);
        ++p->cell;
        const long v = 1;
        rt_chan_send(p->c, &v);
      }
      static void main(void* raw) {
        auto* p = static_cast<Program*>(raw);
        p->cell = 0;
        rt_chan_free(p->c);
        p->c = nullptr;
        rt_chan_new(nullptr, sizeof(long), 0, &p->c);
        rt_newproc(nullptr, worker, p, nullptr);
        rt_newproc(nullptr, worker, p, nullptr);
        long v = 0;
        int ok = 0;
        rt_chan_recv(p->c, &v, &ok);
      }
    } own;
    const rt_program program{sizeof program, nullptr, &Program::main, &own, nullptr, 0, 0};
    const Result r = explore(program, options("portfolio", 200));
    std::set<std::uint32_t> kinds;
    for (const Found& f : r.found) kinds.insert(f.kind);
    CHECK(kinds == std::set<std::uint32_t>{RT_FIND_LEAK, RT_FIND_RACE});
    rt_chan_free(own.c);
  }

  TEST_CASE("a function says where it is, has points, and is told when a schedule ends") {
    struct Program {
      int cell = 0, runs = 0, most = 0;
      bool lost = false;
      static void adder(void* raw) {
        auto* p = static_cast<Program*>(raw);
        rt_site(7);
        const int was = p->cell;
        rt_point(nullptr);
        p->cell = was + 1;
      }
      static void main(void* raw) {
        auto* p = static_cast<Program*>(raw);
        p->cell = 0;
        for (int i = 0; i < 2; ++i) {
          rt_site(3);
          rt_newproc(nullptr, adder, p, nullptr);
        }
        rt_sleep(1'000'000);
        rt_site(5);
        char text[32];  // no two messages are equal
        std::snprintf(text, sizeof text, "lost in run %d", p->runs);
        if (p->cell < 2) rt_panic(text);
      }
      static int ended(void* raw) {
        auto* p = static_cast<Program*>(raw);
        if (p->cell == 1) p->lost = true;
        return ++p->runs == p->most ? 1 : 0;
      }
    } own;
    rt_program program{sizeof program, nullptr, &Program::main, &own, &Program::ended, 64 * 1024, 0xabcdef01};
    CHECK(rt_program_hash(&program) == 0xabcdef01);
    rt_explore_options o = options("random", 300);
    o.shrink = 0;
    const Result r = explore(program, o);
    CHECK(own.runs == 300);
    CHECK(own.lost);
    std::vector<Found> panics;
    for (const Found& f : r.found)
      if (f.kind == RT_FIND_PANIC) panics.push_back(f);
    REQUIRE(panics.size() == 1);  // the place is the same, whatever the message
    CHECK(panics[0].schedule.starts_with("np1r-abcdef01-"));
    own.runs = 0;
    own.most = 5;
    CHECK(explore(program, o).done.schedules == 5);
    own.most = 0;

    struct Watch {
      std::vector<std::uint64_t> sites;
      std::uint32_t questions = 0, leave = ~0u;
      static std::uint32_t choose(void* raw, const rt_question* q) {
        auto* w = static_cast<Watch*>(raw);
        if (q->tasks != nullptr && q->usual < q->n - q->timer) w->sites.push_back(q->tasks[q->usual].site);
        return w->questions++ == w->leave ? static_cast<std::uint32_t>(RT_STOP) : q->usual;
      }
    } watch;
    rt_replay_options replay;
    REQUIRE(rt_replay_options_init(&replay, sizeof replay) == RT_OK);
    replay.choose = &Watch::choose;
    replay.choose_arg = &watch;
    std::vector<Found> found;
    REQUIRE_MESSAGE(rt_replay(&program, panics[0].schedule.c_str(), &replay, collect, &found, nullptr) == RT_OK, rt_last_error());
    REQUIRE(found.size() == 1);
    CHECK(found[0].kind == RT_FIND_PANIC);
    CHECK(std::count(watch.sites.begin(), watch.sites.end(), 7) >= 2);
    const std::uint32_t all = watch.questions;
    watch.questions = 0;
    watch.leave = 2;
    found.clear();
    REQUIRE_MESSAGE(rt_replay(&program, panics[0].schedule.c_str(), &replay, collect, &found, nullptr) == RT_OK, rt_last_error());
    CHECK(found.empty());
    CHECK(watch.questions == 3);
    CHECK(all > 3);
    const Pattern pattern(kLocked);
    rt_program both = pattern.program();
    both.hash = 1;
    CHECK(rt_explore(&both, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    CHECK(std::string(rt_last_error()).find("leave them 0 with a pattern") != std::string::npos);
  }

  TEST_CASE("depth first search tells objects apart that have other addresses in each schedule") {
    struct Program {
      int n = 0, sums[2] = {};
      rt_chan* a = nullptr;
      rt_chan* b = nullptr;
      static void sender(void* raw) {
        auto* p = static_cast<Program*>(raw);
        long v = 0;
        rt_chan_send(p->a, &v);
        v = 1;
        rt_chan_send(p->b, &v);
      }
      static void main(void* raw) {
        auto* p = static_cast<Program*>(raw);
        rt_chan_new(nullptr, sizeof(long), 4, &p->a);
        rt_chan_new(nullptr, sizeof(long), 4, &p->b);
        if (++p->n % 2 == 0) std::swap(p->a, p->b);  // the addresses go round: the objects are the same in turn
        rt_newproc(nullptr, sender, p, nullptr);
        long v = 0;
        int ok = 0;
        const rt_status got = rt_chan_try_recv(p->b, &v, &ok);
        ++p->sums[got == RT_OK ? 1 : 0];
      }
      static int ended(void* raw) {
        auto* p = static_cast<Program*>(raw);
        for (rt_chan* c : {p->a, p->b}) {
          rt_chan_drain(c, nullptr, nullptr);
          rt_chan_free(c);
        }
        return 0;
      }
    } own;
    const rt_program program{sizeof program, nullptr, &Program::main, &own, &Program::ended, 0, 0};
    const Result r = explore(program, options("dfs", 1'000));
    CHECK(r.done.complete == 1);
    CHECK(own.sums[0] > 0);
    CHECK(own.sums[1] > 0);
  }

  TEST_CASE("what is wrong with options is said") {
    const Pattern pattern(kLocked);
    const rt_program program = pattern.program();
    rt_explore_options o = options("nosuch");
    CHECK(rt_explore(&program, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    CHECK(std::string(rt_last_error()).find("there is no driver \"nosuch\"; there are: portfolio, go") != std::string::npos);
    o = options("go", 0);
    CHECK(rt_explore(&program, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    o = options("go");
    o.find = 0;
    CHECK(rt_explore(&program, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
    const rt_program none{sizeof none, nullptr, nullptr, nullptr, nullptr, 0, 0};
    o = options("go");
    CHECK(rt_explore(&none, &o, nullptr, nullptr, nullptr) == RT_EINVAL);
  }
}
