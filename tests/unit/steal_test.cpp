// Several Ps in the sim world, seed after seed: what must hold at every step while goroutines are stolen and Ms spin,
// sleep and wake. The driver moves another M at each point, so that a few hundred seeds see what years of threads do.
#include <set>
#include <vector>

#include "fixture.hpp"

using namespace fixture;

namespace {

constexpr std::uint64_t kStepsAtOnce = 11;

/// Spawns in bursts, two levels deep, with yields, so that rings fill and run dry on all Ps.
struct Storm {
  Runtime& r;
  int left = 0;

  void burst(int width, int depth) {
    for (int i = 0; i < width; ++i) {
      ++left;
      r.go([this, i, depth] {
        if (depth > 0 && i % 4 == 0) burst(6, depth - 1);
        for (int k = 0; k < i % 3; ++k) rt_gosched();
        if (i % 5 == 0) rt_goyield();
        --left;
      });
    }
  }
  void run() {
    burst(40, 2);
    rt_gosched();
    burst(300, 0);
    while (left > 0) rt_gosched();
  }
};

/// Nobody is in two queues, what is queued is runnable, and the counts of Ps and Ms fit each other.
void check_moment(rt_runtime* rt, std::uint32_t procs) {
  rt_snapshot* s = snapshot(rt);
  std::set<std::uint64_t> queued, runnable, running;
  for (std::size_t i = 0; i < s->ngs; ++i) {
    if (s->gs[i].status == RT_GRUNNABLE) runnable.insert(s->gs[i].goid);
    if (s->gs[i].status == RT_GRUNNING) running.insert(s->gs[i].goid);
  }
  const auto take = [&](std::uint64_t goid) {
    CHECK_MESSAGE(queued.insert(goid).second, "goroutine " << goid << " is in two queues");
    CHECK_MESSAGE(runnable.count(goid) == 1, "goroutine " << goid << " is queued and not runnable");
  };
  std::uint32_t with_m = 0;
  for (std::size_t i = 0; i < s->nps; ++i) {
    if (s->ps[i].runnext != 0) take(s->ps[i].runnext);
    for (std::size_t k = 0; k < s->ps[i].nrunq; ++k) take(s->ps[i].runq[k]);
    with_m += s->ps[i].m >= 0;
  }
  for (std::size_t i = 0; i < s->nrunq; ++i) take(s->runq[i]);
  CHECK(with_m + s->npidle <= procs);
  CHECK(running.size() <= procs);
  CHECK(runnable.size() - queued.size() <= s->nms);  // the others are in an M's hands
  std::uint32_t spinning = 0;
  for (std::size_t i = 0; i < s->nms; ++i) spinning += s->ms[i].spinning != 0;
  CHECK(spinning <= procs);
  rt_snapshot_free(s);
}

}  // namespace

TEST_SUITE("stealing") {
  TEST_CASE("at every step of every seed nobody is lost, doubled or queued while not runnable") {
    std::uint64_t steals = 0;
    for (std::uint32_t procs = 2; procs <= 4; ++procs)
      for (std::uint64_t seed = 1; seed <= 25; ++seed) {
        CAPTURE(procs);
        CAPTURE(seed);
        rt_config c = config(RT_WORLD_SIM, procs, seed);
        c.points = RT_POINT_OP | RT_POINT_WAKE;  // between two of these no queue is half changed
        Runtime r(c);
        Storm storm{r};
        REQUIRE(rt_begin(r.rt, [](void* s) { static_cast<Storm*>(s)->run(); }, &storm) == RT_OK);
        int over = 0;
        for (int round = 0; over == 0; ++round) {
          REQUIRE(rt_step(r.rt, kStepsAtOnce, &over, nullptr) == RT_OK);
          if (over == 0 && round % 4 == 0) check_moment(r.rt, procs);
        }
        CHECK(storm.left == 0);
        const rt_stats_t stats = r.stats();
        CHECK(stats.nmspinning == 0);
        CHECK(stats.goroutines_total > 340);
        steals += stats.steals;
      }
    CHECK(steals > 1000);
  }

  TEST_CASE("an idle P is woken for work: with goroutines that park and wake, all points on, all end") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      CAPTURE(seed);
      Runtime r(config(RT_WORLD_SIM, 3, seed));
      int woken = 0;
      REQUIRE(r.run([&] {
        std::vector<rt_g*> parked;
        for (int i = 0; i < 20; ++i) r.go([&] {
          const auto sign_in = [](rt_g* g, void* list) {
            static_cast<std::vector<rt_g*>*>(list)->push_back(g);
            return 1;
          };
          rt_gopark(sign_in, &parked, RT_WAIT_SELECT);
          ++woken;
        });
        int readied = 0;
        while (woken < 20) {
          while (!parked.empty()) {
            rt_g* g = parked.back();
            parked.pop_back();
            REQUIRE(rt_goready(g) == RT_OK);
            ++readied;
          }
          rt_gosched();
        }
        CHECK(readied == 20);
      }) == RT_OK);
      CHECK(r.stats().nmspinning == 0);
    }
  }
}
