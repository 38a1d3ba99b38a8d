// check_test.cpp: the scheduler's own invariants, as sched/check.cpp looks at them: they hold at each step of searches, and
// what breaks one is told.
#define NEWPROC_WORLD_SIM 1
#include "sched/sched.hpp"

#include <string>

#include "explore_fixture.hpp"

using namespace explore_fixture;
namespace sim = newproc::sim;

namespace {

void idle(void*) { rt_gopark(nullptr, nullptr, RT_WAIT_NONE); }

template <class Break>
std::string broken(Break&& harm) {
  struct Call {
    Break& harm;
    std::string said;
  } call{harm, {}};
  fixture::Runtime r(fixture::config(RT_WORLD_SIM, 1));
  const auto main = [](void* raw) {
    auto* c = static_cast<Call*>(raw);
    for (int i = 0; i < 3; ++i) rt_newproc(nullptr, [](void*) {}, nullptr, nullptr);
    rt_gosched();
    rt_newproc(nullptr, idle, nullptr, nullptr);
    rt_gosched();
    for (int i = 0; i < 2; ++i) rt_newproc(nullptr, [](void*) {}, nullptr, nullptr);
    sim::M* m = sim::getm();
    CHECK(sim::misplaced(*m->sched) == "");
    c->said = c->harm(*m->sched, *static_cast<sim::P*>(m->p));
    CHECK(sim::misplaced(*m->sched) == "");
  };
  rt_start_main(r.rt, main, &call, nullptr);
  return call.said;
}

}  // namespace

TEST_SUITE("scheduler's invariants") {
  TEST_CASE("they hold at every step of a search") {
    const char* programs[] = {
        kLostUpdate, kLocked, kCrossed, kLeak,
        R"({"chans":[0,1],"bodies":[[["go",1],["go",1],["select",[["recv",0,[]],["recv",1,[]]],null]],[["send",0,1],["send",1,1],["sleep",5],["recv",1]]]})",
        R"({"chans":[1],"waitgroups":1,"bodies":[[["add",0,20],["loop",20,[["go",1],["yield"]]],["wait",0]],[["send",0,1],["recv",0],["done",0]]]})",
        R"({"version":2,"vars":1,"contexts":1,"chans":[0],"rwmutexes":1,"bodies":[[["withtimeout",0,null,5],["go",1],["go",2],["recv",["done",0]],["rwlock",0],["rwunlock",0]],)"
        R"([["rlock",0],["sleep",7],["runlock",0]],[["select",[["recv",["done",0],[]],["recv",0,[]]],null]]]})"};
    for (const char* json : programs)
      for (const char* driver : {"portfolio", "random", "dfs"}) {
        rt_explore_options o = options(driver, 300);
        o.check_scheduler = 1;
        o.shrink = 0;
        CHECK(explore(json, o).done.schedules > 0);
      }
  }

  TEST_CASE("a goroutine in two places, or in none; counts that are off") {
    CHECK(broken([](sim::Sched& s, sim::P& p) {
            s.runq.push_back(p.runq.runnext());
            const std::string said = sim::misplaced(s);
            s.runq.take(s.runq.size() - 1);
            return said;
          }).find("is in 2 places") != std::string::npos);
    CHECK(broken([](sim::Sched& s, sim::P& p) {
            sim::G* gp = p.gfree.pop();
            const std::string said = sim::misplaced(s);
            p.gfree.push(gp);
            return said;
          }).find("is on no free list") != std::string::npos);
    CHECK(broken([](sim::Sched& s, sim::P& p) {
            sim::G* gp = p.runq.runnext();
            gp->status.store(RT_GWAITING);
            const std::string said = sim::misplaced(s);
            gp->status.store(RT_GRUNNABLE);
            return said;
          }).find("status 4, is on a list") != std::string::npos);
    CHECK(broken([](sim::Sched& s, sim::P&) {
            for (sim::G* gp : s.allgs) {
              if (gp->status.load() != RT_GWAITING) continue;
              gp->status.store(RT_GRUNNABLE);
              const std::string said = sim::misplaced(s);
              gp->status.store(RT_GWAITING);
              return said;
            }
            return std::string();
          }).find("status 1, is on no queue") != std::string::npos);
    CHECK(broken([](sim::Sched& s, sim::P& p) {
            p.exited.add(1);
            const std::string said = sim::misplaced(s);
            p.exited.add(0 - std::uint64_t{1});
            return said;
          }).find("goroutines created and not exited is ") != std::string::npos);
    CHECK(broken([](sim::Sched& s, sim::P&) {
            s.runqsize.fetch_add(1);
            const std::string said = sim::misplaced(s);
            s.runqsize.fetch_sub(1);
            return said;
          }).find("runqsize is ") != std::string::npos);
    CHECK(broken([](sim::Sched& s, sim::P&) {
            ++s.nmidle;
            const std::string said = sim::misplaced(s);
            --s.nmidle;
            return said;
          }).find("nmidle is ") != std::string::npos);
  }
}
