// goroutineProfiled: a profile has the goroutines that were alive when it began. White box: a dump is over before
// another goroutine could be born in the sim world, so the test holds the profile open itself.
#define NEWPROC_WORLD_SIM 1
#include "sched/sched.hpp"

#include "fixture.hpp"

using namespace fixture;
namespace sim = newproc::sim;

TEST_SUITE("goroutine profile") {
  TEST_CASE("goroutines born while a profile is taken are not part of it, later ones are of the next") {
    Runtime r(config(RT_WORLD_SIM, 1));
    REQUIRE(r.run([&] {
      sim::Sched& s = *sim::all_scheds.load();
      const auto counted = [&] {
        int n = 0;
        for (const sim::G* gp : s.allgs) n += sim::in_profile(gp);
        return n;
      };
      r.go([] {});
      sim::begin_profile(s);
      CHECK(counted() == 2);
      r.go([] {});
      r.go([] {});
      CHECK(counted() == 2);
      sim::begin_profile(s);  // a second one at the same time sees no more than the first
      CHECK(counted() == 2);
      sim::end_profile(s);
      r.go([] {});
      CHECK(counted() == 2);
      sim::end_profile(s);
      sim::begin_profile(s);
      CHECK(counted() == 5);
      sim::end_profile(s);
      for (int i = 0; i < 8; ++i) rt_gosched();
    }) == RT_OK);
  }
}
