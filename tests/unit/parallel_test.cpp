// parallel_test.cpp: a simulated machine whose Ms move at once, each by its own clock (rt_config.parallel). Times are virtual, and so the
// same in every run: they can be asserted.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "fixture.hpp"

using namespace fixture;

namespace {

constexpr std::uint64_t kUs = 1'000, kMs = 1'000'000;

rt_config machine(std::uint32_t procs, std::uint64_t seed = 1) {
  rt_config c = config(RT_WORLD_SIM, procs, seed);
  c.parallel = 1;
  return c;
}

std::uint64_t now() { return static_cast<std::uint64_t>(rt_nanotime(nullptr)); }

struct Went {
  std::uint64_t ns = 0, steals = 0, waits = 0, longest = 0;
  bool operator==(const Went&) const = default;
};

/// n goroutines that compute for `each`, started by main, which waits for them.
Went compute(const rt_config& c, int n, std::uint64_t each) {
  Runtime r(c);
  Went went;
  REQUIRE(r.run([&] {
    rt_waitgroup all{};
    rt_waitgroup_add(&all, n);
    const std::uint64_t began = now();
    for (int i = 0; i < n; ++i)
      r.go([&] {
        rt_work(each);
        rt_waitgroup_done(&all);
      });
    rt_waitgroup_wait(&all);
    went.ns = now() - began;
  }) == RT_OK);
  const rt_stats_t stats = r.stats();
  went.steals = stats.steals;
  for (std::size_t i = 0; i < RT_TIME_BUCKETS; ++i) {
    went.waits += stats.time_to_run[i];
    if (stats.time_to_run[i] != 0) went.longest = std::uint64_t{1} << i;
  }
  return went;
}

/// Main readies or starts somebody and computes on: how long that one waits, at worst, over many moments at which it may come.
template <class Prepare, class Hand>
std::uint64_t worst_wait(Runtime& r, Prepare&& prepare, Hand&& hand_over) {
  std::uint64_t worst = 0;
  std::uint64_t handed = 0;
  REQUIRE(r.run([&] {
    prepare();
    for (std::uint64_t phase = 0; phase < 1'500; ++phase) {
      rt_work(7 * phase);  // the other M looks for work, gives up, sleeps: each of these moments
      bool ran = false;
      handed = now();
      hand_over([&] {
        worst = std::max(worst, now() - handed);
        ran = true;
      });
      rt_work(100 * kUs);
      while (!ran) rt_gosched();
    }
  }) == RT_OK);
  return worst;
}

}  // namespace

TEST_SUITE("parallel") {
  TEST_CASE("64 Ps compute nearly 64 times as fast as one") {
    const Went one = compute(machine(1), 3'200, 100 * kUs), many = compute(machine(64), 3'200, 100 * kUs);
    CHECK(one.ns >= 3'200 * 100 * kUs);
    CHECK(one.steals == 0);
    CHECK(many.steals >= 63);
    CHECK(many.waits > 300);  // one in eight is measured
    CHECK(many.longest > 100 * kUs);
    const double speedup = static_cast<double>(one.ns) / static_cast<double>(many.ns);
    CHECK(speedup > 55);
    CHECK(speedup <= 64.5);
  }

  TEST_CASE("1,024 Ps are put to work") {
    const Went went = compute(machine(1'024), 2'048, kMs);
    CHECK(went.ns >= 2 * kMs);
    CHECK(went.ns < 8 * kMs);
    CHECK(went.steals > 500);
  }

  TEST_CASE("one seed is one run, to the nanosecond") {
    std::set<std::uint64_t> times;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      const Went went = compute(machine(16, seed), 500, 20 * kUs);
      CHECK(went == compute(machine(16, seed), 500, 20 * kUs));
      times.insert(went.ns);
    }
    CHECK(times.size() > 1);
  }

  TEST_CASE("what is given back at one time is not seen before that") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Runtime r(machine(4, seed));
      REQUIRE(r.run([&] {
        rt_chan* c = nullptr;
        REQUIRE(rt_chan_new(nullptr, sizeof(std::uint64_t), 3, &c) == RT_OK);
        rt_waitgroup all{};
        rt_waitgroup_add(&all, 6);
        for (int p = 0; p < 3; ++p) r.go([&, p] {
          for (int i = 0; i < 50; ++i) {
            rt_work(static_cast<std::uint64_t>(p * 137 + i * 29));
            const std::uint64_t sent = now();
            rt_chan_send(c, &sent);
          }
          rt_waitgroup_done(&all);
        });
        bool causal = true;
        for (int p = 0; p < 3; ++p) r.go([&] {
          for (int i = 0; i < 50; ++i) {
            std::uint64_t sent = 0;
            int ok = 0;
            rt_chan_recv(c, &sent, &ok);
            causal = causal && now() >= sent;
          }
          rt_waitgroup_done(&all);
        });
        rt_waitgroup_wait(&all);
        CHECK(causal);
        rt_chan_free(c);
      }) == RT_OK);
    }
  }

  TEST_CASE("who is started while a P is idle runs there, whenever it comes") {
    Runtime r(machine(2));
    const std::uint64_t worst = worst_wait(r, [] {}, [&r](Body body) {
      r.forget();
      r.go(std::move(body));
    });
    CHECK(worst < 30 * kUs);  // waking takes 5, runnext is left alone for some 3 of them
  }

  TEST_CASE("who is readied while a P is idle runs there, whenever it comes") {
    Runtime r(machine(2));
    rt_chan* c = nullptr;
    Body then;
    const auto prepare = [&] {
      REQUIRE(rt_chan_new(nullptr, 0, 0, &c) == RT_OK);
      r.go([&] {
        for (int ok = 1; rt_chan_recv(c, nullptr, &ok) == RT_OK && ok != 0;) then();
      });
      rt_work(200 * kUs);
    };
    const std::uint64_t worst = worst_wait(r, prepare, [&](Body body) {
      then = std::move(body);
      rt_chan_send(c, nullptr);
    });
    CHECK(worst < 30 * kUs);
    rt_chan_free(c);
  }

  TEST_CASE("one that finds work wakes the next: eight burn as long as one, but for the waking") {
    const Went went = compute(machine(8), 8, kMs);
    CHECK(went.ns >= kMs);
    CHECK(went.ns < kMs + 150 * kUs);
  }

  TEST_CASE("a P is not left with a goroutine in a system call") {
    Runtime r(machine(2));
    std::uint64_t took = 0;
    REQUIRE(r.run([&] {
      rt_waitgroup all{};
      rt_waitgroup_add(&all, 4);
      const std::uint64_t began = now();
      for (int i = 0; i < 4; ++i) r.go([&] {
        rt_entersyscallblock();
        rt_work(kMs);  // as a call that takes so long: its M is by itself
        rt_exitsyscall();
        rt_waitgroup_done(&all);
      });
      rt_waitgroup_wait(&all);
      took = now() - began;
    }) == RT_OK);
    CHECK(took >= kMs);
    CHECK(took < 2 * kMs);
  }

  TEST_CASE("each cost is what is paid") {
    const auto yields = [](const rt_config& c) {
      Runtime r(c);
      std::uint64_t took = 0;
      REQUIRE(r.run([&] {
        const std::uint64_t began = now();
        for (int i = 0; i < 100; ++i) rt_gosched();
        took = now() - began;
      }) == RT_OK);
      return took;
    };
    rt_config c = machine(1);
    const std::uint64_t before = yields(c);
    c.cost_switch += 1'000;
    CHECK(yields(c) == before + 100 * 1'000);
    c.cost_op += 10;
    CHECK(yields(c) == before + 100 * 1'010);
    const auto pair = [](const rt_config& with) { return compute(with, 2, 50 * kUs).ns; };
    rt_config two = machine(2);
    const std::uint64_t was = pair(two);
    two.cost_wake += 20 * kUs;
    CHECK(pair(two) >= was + 15 * kUs);
  }

  TEST_CASE("what does not fit is refused") {
    rt_runtime* rt = nullptr;
    const auto says = [&rt](const rt_config& c, const char* words) {
      CHECK(rt_new(&c, &rt) == RT_EINVAL);
      CHECK_MESSAGE(std::string(rt_last_error()).find(words) != std::string::npos, rt_last_error());
    };
    rt_config c = machine(2);
    c.world = RT_WORLD_THREADS;
    says(c, "parallel is 1 but world is RT_WORLD_THREADS");
    c = machine(2);
    c.points = RT_POINT_OP;
    says(c, "rt_config.points is 1, but with parallel");
    c = machine(2);
    c.driver = [](void*, const std::int32_t*, std::uint32_t, int) { return 0u; };
    says(c, "parallel is 1 and driver is set");
    c = machine(2);
    c.parallel = 2;
    says(c, "rt_config.parallel is 2");
    c = machine(2);
    c.cost_wake = 2'000'000'000;
    says(c, "rt_config.cost_wake is 2000000000");
    CHECK(rt_work(5) == RT_EPLACE);
  }

  TEST_CASE("computing takes virtual time without clocks of their own, too, and real time on threads") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      Runtime r(config(world, 2));
      std::uint64_t took = 0;
      REQUIRE(r.run([&] {
        const std::uint64_t began = now();
        rt_work(350 * kUs);
        took = now() - began;
      }) == RT_OK);
      CHECK(took >= 350 * kUs);
    }
  }
}
