// Threads that are no Ms: they start goroutines, send, close and wake; and timers, stopped and moved.
#include <atomic>
#include <thread>

#include "scene.hpp"

using namespace fixture;

TEST_SUITE("outside") {
  TEST_CASE("another thread sends, closes, readies and spawns while all goroutines are asleep") {
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      rt_chan *values = nullptr, *done = nullptr;
      REQUIRE(rt_chan_new(r.rt, 8, 4, &values) == RT_OK);
      REQUIRE(rt_chan_new(r.rt, 8, 0, &done) == RT_OK);
      REQUIRE(rt_hold(r.rt) == RT_OK);
      static std::atomic<rt_g*> sleeper;
      static std::atomic<int> spawned;
      sleeper = nullptr;
      spawned = 0;
      std::thread other([&] {
        for (long v = 0; v < 1000;) {
          if (rt_chan_send(values, &v) == RT_OK)
            ++v;
          else
            std::this_thread::yield();
        }
        CHECK(rt_chan_close(values) == RT_OK);
        CHECK(rt_chan_close(values) == RT_EPANIC);
        while (sleeper == nullptr) std::this_thread::yield();
        CHECK(rt_ready(r.rt, sleeper) == RT_OK);
        std::uint64_t goid = 0;
        for (int i = 0; i < 100; ++i) {
          CHECK(rt_newproc(r.rt, [](void*) { ++spawned; }, nullptr, &goid) == RT_OK);
          CHECK(goid > 1);
        }
        rt_spawn spawn{};
        spawn.struct_size = sizeof spawn;
        spawn.fn = [](void* c) { rt_chan_close(static_cast<rt_chan*>(c)); };
        spawn.arg = done;
        CHECK(rt_newproc_ex(r.rt, &spawn, nullptr) == RT_OK);
        CHECK(rt_release(r.rt) == RT_OK);
      });
      CHECK(r.run([&] {
        long v = 0, sum = 0;
        for (int ok = 1; rt_chan_recv(values, &v, &ok) == RT_OK && ok != 0;) sum += v;
        CHECK(sum == 499'500);
        rt_gopark([](rt_g* g, void*) {
          sleeper = g;
          return 1;
        }, nullptr, RT_WAIT_SELECT);
        rt_chan_recv(done, nullptr, nullptr);
        while (spawned < 100) rt_gosched();
      }) == RT_OK);
      other.join();
      CHECK(r.stats().goroutines <= 2);
      rt_chan_free(values);
      rt_chan_free(done);
    }
  }

  TEST_CASE("a hold that is given up lets the run end as the deadlock it is") {
    Runtime r(config(RT_WORLD_THREADS, 2));
    static std::atomic<bool> asleep;
    asleep = false;
    CHECK(rt_hold(r.rt) == RT_OK);
    std::thread other([&] {
      while (!asleep) std::this_thread::yield();
      CHECK(rt_release(r.rt) == RT_OK);
    });
    CHECK(r.run([] {
      asleep = true;
      rt_chan_recv(nullptr, nullptr, nullptr);
    }) == RT_EDEADLOCK);
    other.join();
    CHECK(rt_release(r.rt) == RT_ESTATE);
    CHECK(std::string(rt_last_error()) == "rt_release: the runtime is not held; call rt_hold first");
  }

  TEST_CASE("without a run nothing can be started, and channels still hold values") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 1));
      CHECK(rt_newproc(r.rt, [](void*) {}, nullptr, nullptr) == RT_ESTATE);
      CHECK(std::string(rt_last_error()) ==
            "rt_newproc: no run is under way; call it between rt_start_main's start and its return");
      rt_chan* c = nullptr;
      REQUIRE(rt_chan_new(r.rt, 8, 1, &c) == RT_OK);
      long v = 3;
      CHECK(rt_chan_send(c, &v) == RT_OK);
      CHECK(rt_chan_send(c, &v) == RT_EWOULDBLOCK);
      CHECK(r.run([&] {
        long got = 0;
        CHECK(rt_chan_recv(c, &got, nullptr) == RT_OK);
        CHECK(got == 3);
      }) == RT_OK);
      rt_chan_free(c);
    }
  }

  TEST_CASE("the host of a stepped run wakes what waits") {
    Runtime r(config(RT_WORLD_SIM, 1));
    rt_chan* c = nullptr;
    REQUIRE(rt_chan_new(r.rt, 8, 0, &c) == RT_OK);
    REQUIRE(rt_hold(r.rt) == RT_OK);
    static long got;
    got = 0;
    REQUIRE(rt_begin(r.rt, [](void* from) { rt_chan_recv(static_cast<rt_chan*>(from), &got, nullptr); }, c) == RT_OK);
    int over = 0;
    long v = 11;
    while (rt_chan_send(c, &v) == RT_EWOULDBLOCK) REQUIRE(rt_step(r.rt, 10, &over, nullptr) == RT_OK);
    REQUIRE(rt_release(r.rt) == RT_OK);
    while (over == 0) REQUIRE(rt_step(r.rt, 10, &over, nullptr) == RT_OK);
    CHECK(got == 11);
    rt_chan_free(c);
  }
}

TEST_SUITE("timer") {
  constexpr std::int64_t kMs = 1'000'000;

  TEST_CASE("stop, reset, tick") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
      for (const std::uint32_t procs : {1u, 3u}) {
        CAPTURE(world);
        CAPTURE(procs);
        Runtime r(config(world, procs));
        CHECK(r.run([] {
          rt_timer* t = nullptr;
          int active = 9;
          std::int64_t at = 0;
          REQUIRE(rt_timer_new(3600 * 1000 * kMs, &t) == RT_OK);
          CHECK(rt_timer_stop(t, &active) == RT_OK);
          CHECK(active == 1);
          CHECK(rt_timer_stop(t, &active) == RT_OK);
          CHECK(active == 0);
          CHECK(rt_timer_reset(t, kMs, &active) == RT_OK);
          CHECK(active == 0);
          const std::int64_t start = rt_nanotime(nullptr);
          CHECK(rt_chan_recv(rt_timer_chan(t), &at, nullptr) == RT_OK);
          CHECK(at >= start + kMs);
          CHECK(rt_timer_stop(t, &active) == RT_OK);
          CHECK(active == 0);
          CHECK(rt_timer_reset(t, 3600 * 1000 * kMs, &active) == RT_OK);
          CHECK(rt_timer_reset(t, kMs, &active) == RT_OK);
          CHECK(active == 1);
          CHECK(rt_chan_recv(rt_timer_chan(t), &at, nullptr) == RT_OK);
          rt_timer_free(t);
          REQUIRE(rt_ticker_new(kMs, &t) == RT_OK);
          std::int64_t before = 0;
          for (int i = 0; i < 5; ++i) {
            CHECK(rt_chan_recv(rt_timer_chan(t), &at, nullptr) == RT_OK);
            CHECK(at > before);
            before = at;
          }
          rt_timer_free(t);
          rt_catch_panics(1);
          CHECK(rt_ticker_new(0, &t) == RT_EPANIC);
          CHECK(std::string(rt_last_error()) == "non-positive interval for NewTicker");
          CHECK(rt_sleep(-5) == RT_OK);
        }) == RT_OK);
      }
  }

  TEST_CASE("100,000 stopped at once leave the heap, and a run may end with timers pending") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 2));
      CHECK(r.run([] {
        std::vector<rt_timer*> timers(100'000);
        for (auto& t : timers) REQUIRE(rt_after_func(3600 * 1000 * kMs, [](void*) { CHECK(false); }, nullptr, &t) == RT_OK);
        for (auto* t : timers) rt_timer_free(t);
        rt_sleep(kMs);
        rt_after_func(3600 * 1000 * kMs, [](void*) { CHECK(false); }, nullptr, nullptr);
      }) == RT_OK);
    }
  }

  TEST_CASE("sleepers on Ps that go away wake all the same") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 4));
      CHECK(r.run([&] {
        rt_waitgroup wg{};
        rt_waitgroup_add(&wg, 100);
        for (int i = 0; i < 100; ++i) r.go([&, i] {
          rt_sleep((i % 10) * kMs);
          rt_waitgroup_done(&wg);
        });
        for (const std::uint32_t n : {1u, 3u, 2u}) {
          rt_sleep(kMs);
          REQUIRE(rt_gomaxprocs(nullptr, n, nullptr) == RT_OK);
        }
        rt_waitgroup_wait(&wg);
      }) == RT_OK);
    }
  }

  TEST_CASE("an hour passes at once where time is virtual") {
    Runtime r(config(RT_WORLD_SIM, 4));
    CHECK(r.run([] {
      const std::int64_t start = rt_nanotime(nullptr);
      rt_sleep(3600 * 1000 * kMs);
      CHECK(rt_nanotime(nullptr) - start >= 3600 * 1000 * kMs);
    }) == RT_OK);
  }

  TEST_CASE("rt_interrupt ends a run whose goroutines sleep") {
    Runtime r(config(RT_WORLD_THREADS, 2));
    std::thread other;
    CHECK(r.run([&] {
      other = std::thread([&] { rt_interrupt(r.rt); });
      rt_sleep(3600 * 1000 * kMs);
    }) == RT_EINTR);
    other.join();
  }
}
