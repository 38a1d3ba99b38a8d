// How goroutines and runs end, in both worlds, with one P and with two.
#include <atomic>
#include <stdexcept>
#include <vector>

#include "fixture.hpp"

using namespace fixture;

namespace {

struct Where {
  std::uint32_t world, procs;
};
constexpr Where kEverywhere[] = {{RT_WORLD_SIM, 1}, {RT_WORLD_SIM, 2}, {RT_WORLD_THREADS, 1}, {RT_WORLD_THREADS, 2}};

template <class F>
void everywhere(F&& f) {
  for (const Where w : kEverywhere) {
    CAPTURE(w.world);
    CAPTURE(w.procs);
    f(config(w.world, w.procs));
  }
}

int stay(rt_g*, void*) { return 1; }
void park_for_good() { rt_gopark(stay, nullptr, RT_WAIT_CHAN_RECEIVE); }

}  // namespace

TEST_SUITE("end") {
  TEST_CASE("main's return drops the others; their on_drop functions are called once") {
    everywhere([](const rt_config& c) {
      static std::atomic<int> dropped;
      dropped = 0;
      {
        Runtime r(c);
        REQUIRE(r.run([&] {
          for (int i = 0; i < 10; ++i) {
            rt_spawn spawn{};
            spawn.struct_size = sizeof spawn;
            spawn.fn = [](void*) { for (;;) rt_gosched(); };
            spawn.on_drop = [](void*) { ++dropped; };
            REQUIRE(rt_newproc_ex(nullptr, &spawn, nullptr) == RT_OK);
          }
          for (int i = 0; i < 5; ++i) rt_gosched();
        }) == RT_OK);
        CHECK(dropped == 10);
      }
      CHECK(dropped == 10);
    });
  }

  TEST_CASE("everybody parked is Go's deadlock") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      CHECK(r.run([&] {
        r.go([] { park_for_good(); });
        park_for_good();
      }) == RT_EDEADLOCK);
      CHECK(r.message == "fatal error: all goroutines are asleep - deadlock!");
      CHECK(r.end.exit_code == 2);
    });
  }

  TEST_CASE("main's Goexit ends the program when the last goroutine has ended") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      std::atomic<int> ran{0};
      CHECK(r.run([&] {
        for (int i = 0; i < 3; ++i) r.go([&] { rt_gosched(); ++ran; });
        rt_goexit();
      }) == RT_EGOEXIT);
      CHECK(ran == 3);
      CHECK(r.message == "fatal error: no goroutines (main called runtime.Goexit) - deadlock!");
    });
  }

  TEST_CASE("a panic names goroutine and site") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      CHECK(r.run([&] {
        rt_spawn spawn{};
        spawn.struct_size = sizeof spawn;
        spawn.fn = [](void*) { rt_panic("boom"); };
        spawn.file = "a.cpp";
        spawn.line = 7;
        rt_newproc_ex(nullptr, &spawn, nullptr);
        for (;;) rt_gosched();
      }) == RT_EPANIC);
      CHECK(r.message == "panic: boom");
      CHECK(r.end.goid > 1);
      CHECK(std::string(r.end.site) == "a.cpp:7");
    });
  }

  TEST_CASE("a C++ exception that leaves a goroutine is a panic, not terminate") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      CHECK(r.run([] { throw std::runtime_error("thrown"); }) == RT_EPANIC);
      CHECK(r.message == "panic: thrown");
      CHECK(r.run([] { throw 7; }) == RT_EPANIC);
      CHECK(r.message == "panic: a C++ exception that is no std::exception");
    });
  }

  TEST_CASE("Goexit runs deferred calls newest first, then destructors, and the stack is used again") {
    everywhere([](const rt_config& c) {
      struct Order {
        int at[16];
        std::atomic<int> n{0};
        void add(int what) {  // one goroutine at a time writes; main looks at n
          at[n.load(std::memory_order_relaxed)] = what;
          n.fetch_add(1, std::memory_order_release);
        }
      };
      static Order order;
      struct Destroyed {
        ~Destroyed() { order.add(0); }
      };
      order.n = 0;
      Runtime r(c);
      const rt_status status = r.run([&] {
        for (int round = 1; round <= 3; ++round) {
          r.go([&] {
            const Destroyed destroyed;
            rt_defer([](void*) { order.add(1); }, nullptr);
            rt_defer([](void*) { order.add(2); rt_gosched(); }, nullptr);
            rt_goexit();
            order.add(99);
          });
          while (order.n < 3 * round) rt_gosched();
        }
      });
      REQUIRE_MESSAGE(status == RT_OK, r.message);
      CHECK(std::vector<int>(order.at, order.at + order.n) == std::vector<int>{2, 1, 0, 2, 1, 0, 2, 1, 0});
    });
  }

  TEST_CASE("deferred calls also run at a plain return") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      static std::atomic<int> ran;
      ran = 0;
      REQUIRE(r.run([&] {
        r.go([] { rt_defer([](void*) { ++ran; }, nullptr); });
        while (ran == 0) rt_gosched();
      }) == RT_OK);
      CHECK(ran == 1);
    });
  }

  TEST_CASE("a park inside catch keeps the exception, also when goroutines cross and change Ms") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      std::atomic<int> good{0};
      constexpr int kGoroutines = 20;
      REQUIRE(r.run([&] {
        for (int i = 0; i < kGoroutines; ++i)
          r.go([&good, i] {
            try {
              throw std::runtime_error(std::to_string(i));
            } catch (const std::runtime_error& mine) {
              for (int k = 0; k < 5; ++k) rt_gosched();
              try {
                throw;
              } catch (const std::runtime_error& again) {
                rt_gosched();
                if (again.what() == std::to_string(i) && &again == &mine) ++good;
              }
            }
          });
        while (good < kGoroutines && rt_gosched() == RT_OK) {}
      }) == RT_OK);
      CHECK(good == kGoroutines);
    });
  }

  TEST_CASE("a runtime runs again, as new") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      for (int round = 0; round < 5; ++round) {
        std::uint64_t first = 0;
        REQUIRE(r.run([&] {
          first = r.go([] { rt_gosched(); });
          for (int i = 0; i < 100; ++i) r.go([] { park_for_good(); });
          rt_gosched();
        }) == RT_OK);
        CHECK(first == 2);
        r.forget();
      }
    });
  }

  TEST_CASE("an interrupt ends a run that would go on for ever") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      CHECK(r.run([&] {
        rt_interrupt(r.rt);
        for (;;) rt_gosched();
      }) == RT_EINTR);
    });
  }
}
