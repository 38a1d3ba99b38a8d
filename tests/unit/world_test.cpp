// Parking, waking, system calls, preemption, locking to threads, GOMAXPROCS: in both worlds.
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "fixture.hpp"

using namespace fixture;

namespace {

int stay(rt_g* g, void* slot) {
  *static_cast<std::atomic<rt_g*>*>(slot) = g;
  return 1;
}
int take_back(rt_g*, void*) { return 0; }

std::uint32_t tick(rt_runtime* rt) {
  rt_snapshot* s = snapshot(rt);
  const std::uint32_t t = s->ps[0].schedtick;
  rt_snapshot_free(s);
  return t;
}

/// Yields until schedtick % 61 is 1, where the 61-tick rule is far.
void align(rt_runtime* rt) {
  do rt_gosched();
  while (tick(rt) % 61 != 1);
}

template <class F>
void everywhere(F&& f) {
  for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(world);
      CAPTURE(procs);
      f(config(world, procs));
    }
}

}  // namespace

TEST_SUITE("park") {
  TEST_CASE("a commit function that says no lets the same goroutine go on, in the same slice") {
    Runtime r(config(RT_WORLD_SIM, 1));
    REQUIRE(r.run([&] {
      align(r.rt);
      bool other = false;
      r.go([&] { other = true; });
      const std::uint32_t before = tick(r.rt);
      REQUIRE(rt_gopark(take_back, nullptr, RT_WAIT_SELECT) == RT_OK);
      CHECK(tick(r.rt) == before);
      CHECK_FALSE(other);
    }) == RT_OK);
  }

  TEST_CASE("of several readied, the last runs first, then the others in order") {
    Runtime r(config(RT_WORLD_SIM, 1));
    std::vector<int> order;
    REQUIRE(r.run([&] {
      align(r.rt);
      std::atomic<rt_g*> slots[5];
      for (int i = 0; i < 5; ++i) {
        slots[i] = nullptr;
        r.go([&, i] {
          rt_gopark(stay, &slots[i], RT_WAIT_CHAN_RECEIVE);
          order.push_back(i);
        });
      }
      while (!slots[0] || !slots[1] || !slots[2] || !slots[3] || !slots[4]) rt_gosched();
      align(r.rt);
      for (auto& slot : slots) REQUIRE(rt_goready(slot) == RT_OK);
      rt_gosched();
    }) == RT_OK);
    CHECK(order == std::vector<int>{4, 0, 1, 2, 3});
  }

  TEST_CASE("a goroutine is readied once; the second waker gets a status") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      REQUIRE(r.run([&] {
        std::atomic<rt_g*> slot{nullptr};
        std::atomic<bool> go_on{false};
        r.go([&] {
          rt_gopark(stay, &slot, RT_WAIT_CHAN_RECEIVE);
          while (!go_on) rt_gosched();
        });
        while (slot == nullptr) rt_gosched();
        REQUIRE(rt_goready(slot) == RT_OK);
        CHECK(rt_goready(slot) == RT_ESTATE);
        CHECK(std::string(rt_last_error()).find("not parked") != std::string::npos);
        go_on = true;
      }) == RT_OK);
    });
  }

  TEST_CASE("main and three others yield in turn, as Go does") {
    Runtime r(config(RT_WORLD_SIM, 1));
    std::vector<int> order;
    REQUIRE(r.run([&] {
      align(r.rt);
      for (int i = 1; i <= 3; ++i)
        r.go([&, i] {
          for (int k = 0; k < 3; ++k) {
            order.push_back(10 * i + k);
            rt_gosched();
          }
        });
      for (int k = 0; k < 3; ++k) {
        order.push_back(k);
        rt_gosched();
      }
      rt_gosched();
    }) == RT_OK);
    CHECK(order == std::vector<int>{0, 30, 10, 20, 1, 31, 11, 21, 2, 32, 12, 22});
  }

  TEST_CASE("goyield goes to the ring's tail, Gosched to the global queue") {
    Runtime r(config(RT_WORLD_SIM, 1));
    std::vector<char> order;
    REQUIRE(r.run([&] {
      align(r.rt);
      r.go([&] { rt_gosched(); order.push_back('s'); });
      r.go([&] { rt_goyield(); order.push_back('y'); });
      r.go([&] { order.push_back('a'); });
      while (order.size() < 3) rt_gosched();
    }) == RT_OK);
    CHECK(order == std::vector<char>{'a', 'y', 's'});
  }

  TEST_CASE("thousands that park and wake each other are all woken") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      constexpr int kGoroutines = 300;
      std::atomic<int> woken{0};
      REQUIRE(r.run([&] {
        static std::atomic<rt_g*> slots[kGoroutines];
        for (auto& slot : slots) slot = nullptr;
        for (int i = 0; i < kGoroutines; ++i)
          r.go([&, i] {
            rt_gopark(stay, &slots[i], RT_WAIT_SEMACQUIRE);
            ++woken;
          });
        for (int i = 0; i < kGoroutines; ++i) {
          while (slots[i] == nullptr) rt_gosched();
          REQUIRE(rt_goready(slots[i]) == RT_OK);
        }
        while (woken < kGoroutines) rt_gosched();
      }) == RT_OK);
    });
  }
}

TEST_SUITE("syscall") {
  TEST_CASE("while a goroutine is in a call that blocks, the others go on with its P") {
    everywhere([](const rt_config& c) {
      if (c.world == RT_WORLD_SIM) return;  // there a call that waits for others would stop the one thread
      Runtime r(c);
      std::atomic<bool> ran{false};
      REQUIRE(r.run([&] {
        r.go([&] { ran = true; });
        REQUIRE(rt_entersyscall() == RT_OK);
        while (!ran) usleep(100);  // sysmon takes the P
        REQUIRE(rt_exitsyscall() == RT_OK);
        ran = false;
        r.go([&] { ran = true; });
        REQUIRE(rt_entersyscallblock() == RT_OK);
        while (!ran) usleep(100);  // the P was handed on at once
        REQUIRE(rt_exitsyscall() == RT_OK);
      }) == RT_OK);
    });
  }

  TEST_CASE("with one P and nobody to take it, the caller goes on and the others wait") {
    rt_config c = config(RT_WORLD_SIM, 1);
    Runtime r(c);
    std::vector<int> order;
    REQUIRE(r.run([&] {
      align(r.rt);
      for (int i = 0; i < 3; ++i) r.go([&, i] { order.push_back(i); });
      REQUIRE(rt_entersyscall() == RT_OK);
      REQUIRE(rt_exitsyscall() == RT_OK);
      order.push_back(99);
      rt_gosched();
    }) == RT_OK);
    CHECK(order == std::vector<int>{99, 2, 0, 1});
  }

  TEST_CASE("goroutines that enter and leave calls all the time lose nobody") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      std::atomic<int> done{0};
      REQUIRE(r.run([&] {
        for (int i = 0; i < 40; ++i)
          r.go([&, i] {
            for (int k = 0; k < 20; ++k) {
              (void)(i % 2 == 0 ? rt_entersyscall() : rt_entersyscallblock());
              (void)rt_exitsyscall();
              if (k % 3 == 0) rt_gosched();
            }
            ++done;
          });
        while (done < 40) rt_gosched();
      }) == RT_OK);
    });
  }
}

TEST_SUITE("preemption") {
  TEST_CASE("a goroutine that only passes safe points is preempted after its slice") {
    for (const std::uint32_t world : {RT_WORLD_THREADS, RT_WORLD_SIM}) {
      CAPTURE(world);
      rt_config c = config(world, 1);
      c.sysmon = RT_SYSMON_ON;
      Runtime r(c);
      std::atomic<bool> ran{false};
      REQUIRE(r.run([&] {
        r.go([&] { ran = true; });
        while (!ran) rt_checkpoint();
      }) == RT_OK);
    }
  }

  TEST_CASE("a goroutine that is not preemptible keeps its M where it need not wait, and is asked all the same") {
    for (const std::uint32_t world : {RT_WORLD_THREADS, RT_WORLD_SIM}) {
      CAPTURE(world);
      rt_config c = config(world, 1);
      c.sysmon = RT_SYSMON_ON;
      Runtime r(c);
      bool ran = false, before = false;
      int asked_after = 1, refused = 0;
      REQUIRE(r.run([&] {
        rt_chan* one = nullptr;
        rt_chan_new(nullptr, 0, 1, &one);
        r.go([&] { ran = true; });
        rt_set_preemptible(0);
        while (!rt_preempt_due()) {
          if (rt_chan_try_send(one, nullptr) == RT_EWOULDBLOCK) ++refused;
          rt_chan_try_recv(one, nullptr, nullptr);
        }
        for (int i = 0; i < 1000; ++i) rt_chan_try_send(one, nullptr);
        before = ran;
        rt_checkpoint();
        asked_after = rt_preempt_due();
        while (!ran) rt_checkpoint();  // at tick 0, main is what comes off the global queue
        rt_chan_free(one);
      }) == RT_OK);
      CHECK_FALSE(before);
      CHECK(ran);
      CHECK(asked_after == 0);
      CHECK(refused == 0);
    }
    CHECK(rt_preempt_due() == 0);
    CHECK(rt_set_preemptible(1) == RT_EPLACE);
  }

  TEST_CASE("what is to be called when a run is over is called once, before the other Ms are waited for") {
    Runtime r(config(RT_WORLD_THREADS, 2));
    struct State {
      std::atomic<bool> spins{false}, stop{false};
      int calls = 0;
    } state;
    REQUIRE(rt_on_stop(r.rt, [](void* arg) {
              auto* s = static_cast<State*>(arg);
              ++s->calls;
              s->stop = true;
            }, &state) == RT_OK);
    rt_status within = RT_OK;
    REQUIRE(r.run([&] {
      within = rt_on_stop(r.rt, nullptr, nullptr);
      r.go([&] {
        state.spins = true;
        while (!state.stop) {
        }
      });
      rt_lock_os_thread();  // main is on the thread that waits
      while (!state.spins) rt_gosched();
    }) == RT_OK);
    CHECK(state.calls == 1);
    CHECK(within == RT_EPLACE);
    CHECK(rt_on_stop(nullptr, nullptr, nullptr) == RT_EINVAL);
    REQUIRE(rt_on_stop(r.rt, nullptr, nullptr) == RT_OK);
    REQUIRE(r.run([] {}) == RT_OK);
    CHECK(state.calls == 1);
  }

  TEST_CASE("a run ends though others pass safe points only, whenever they began") {
    for (int round = 0; round < 200; ++round) {
      Runtime r(config(RT_WORLD_THREADS, 2));
      CHECK(r.run([&] {
        for (int i = 0; i < 3; ++i)
          r.go([] {
            for (;;) rt_checkpoint();
          });
        rt_gosched();
      }) == RT_OK);
    }
  }

  TEST_CASE("two that hand a value to and fro share one slice, and are preempted when it is over") {
    Runtime r(config(RT_WORLD_THREADS, 1));
    CHECK(r.run([&] {
      rt_chan *ping = nullptr, *pong = nullptr;
      rt_chan_new(nullptr, sizeof(int), 0, &ping);
      rt_chan_new(nullptr, sizeof(int), 0, &pong);
      std::atomic<bool> third_ran{false};
      r.go([&] { third_ran = true; });  // kicked out of runnext by the next one: it waits in the ring
      r.go([&] {
        for (int v = 0, ok = 1; rt_chan_recv(ping, &v, &ok) == RT_OK && ok != 0;) rt_chan_send(pong, &v);
      });
      for (int v = 0; !third_ran;) {
        rt_chan_send(ping, &v);
        rt_chan_recv(pong, &v, nullptr);
      }
      rt_chan_close(ping);
      rt_gosched();  // until the partner has seen it
      rt_chan_free(ping);
      rt_chan_free(pong);
    }) == RT_OK);
  }

  TEST_CASE("max_nanos ends a run that never ends") {
    rt_config c = config(RT_WORLD_THREADS, 1);
    c.max_nanos = 20'000'000;
    Runtime r(c);
    CHECK(r.run([] { for (;;) rt_gosched(); }) == RT_ELIMIT);
    CHECK(r.message.find("max_nanos") != std::string::npos);
  }

  TEST_CASE("max_steps ends a simulated run that never ends") {
    rt_config c = config(RT_WORLD_SIM, 2);
    c.max_steps = 5000;
    Runtime r(c);
    CHECK(r.run([] { for (;;) rt_gosched(); }) == RT_ELIMIT);
    CHECK(r.message == "limit: steps (5000) reached; raise rt_config.max_steps");
  }
}

TEST_SUITE("LockOSThread") {
  TEST_CASE("a locked goroutine stays on its thread, and nobody else comes there") {
    Runtime r(config(RT_WORLD_THREADS, 2));
    std::atomic<int> done{0};
    std::atomic<bool> wrong{false};
    REQUIRE(r.run([&] {
      static std::atomic<pthread_t> mine;
      std::atomic<bool> locked{false};
      r.go([&] {
        rt_lock_os_thread();
        mine = pthread_self();
        locked = true;
        for (int i = 0; i < 200; ++i) {
          rt_gosched();
          if (!pthread_equal(pthread_self(), mine)) wrong = true;
        }
        locked = false;
        rt_unlock_os_thread();
        ++done;
      });
      while (!locked && done == 0) rt_gosched();
      for (int i = 0; i < 10; ++i)
        r.go([&] {
          for (int k = 0; k < 50; ++k) {
            if (locked && pthread_equal(pthread_self(), mine) && locked) wrong = true;
            rt_gosched();
          }
          ++done;
        });
      while (done < 11) rt_gosched();
    }) == RT_OK);
    CHECK_FALSE(wrong);
  }

  TEST_CASE("locking changes no order; a locked goroutine always begins a slice of its own") {
    for (const bool lock : {false, true}) {
      CAPTURE(lock);
      Runtime r(config(RT_WORLD_SIM, 1));
      std::vector<int> order;
      REQUIRE(r.run([&] {
        align(r.rt);
        for (int i = 1; i <= 3; ++i)
          r.go([&, i] {
            if (lock && i == 2) rt_lock_os_thread();
            for (int k = 0; k < 3; ++k) {
              order.push_back(10 * i + k);
              rt_gosched();
            }
            if (lock && i == 2) rt_unlock_os_thread();
          });
        while (order.size() < 9) rt_gosched();
      }) == RT_OK);
      CHECK(order == std::vector<int>{30, 10, 20, 31, 11, 21, 32, 12, 22});
    }
  }

  TEST_CASE("a goroutine that exits locked takes its M along; the others go on") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      std::atomic<int> done{0};
      REQUIRE(r.run([&] {
        for (int i = 0; i < 5; ++i)
          r.go([&] {
            rt_lock_os_thread();
            rt_gosched();
            ++done;
          });
        while (done < 5) rt_gosched();
      }) == RT_OK);
    });
  }
}

TEST_SUITE("GOMAXPROCS") {
  TEST_CASE("Ps come and go while goroutines run, and nobody is lost") {
    everywhere([](const rt_config& c) {
      Runtime r(c);
      std::atomic<int> done{0};
      REQUIRE(r.run([&] {
        for (int i = 0; i < 200; ++i)
          r.go([&] {
            for (int k = 0; k < 10; ++k) rt_gosched();
            ++done;
          });
        std::uint32_t old = 0;
        for (const std::uint32_t n : {4u, 1u, 3u, 2u, 8u, 1u}) {
          REQUIRE(rt_gomaxprocs(nullptr, n, &old) == RT_OK);
          rt_gosched();
        }
        CHECK(old == 8);
        while (done < 200) rt_gosched();
      }) == RT_OK);
    });
  }

  TEST_CASE("a P that dies and returns goes on with its batch of goids") {
    Runtime r(config(RT_WORLD_SIM, 1));
    REQUIRE(r.run([&] {
      for (int i = 0; i < 20; ++i) r.go([] {});
      rt_snapshot* s = snapshot(r.rt);
      const std::uint64_t cache = s->ps[0].goidcache;
      rt_snapshot_free(s);
      REQUIRE(rt_gomaxprocs(nullptr, 4, nullptr) == RT_OK);
      REQUIRE(rt_gomaxprocs(nullptr, 1, nullptr) == RT_OK);
      s = snapshot(r.rt);
      CHECK(s->ps[0].goidcache == cache);
      CHECK(s->nps == 1);
      rt_snapshot_free(s);
    }) == RT_OK);
  }
}

TEST_SUITE("sim") {
  TEST_CASE("the same seed is the same run, another seed another") {
    const auto hash = [](std::uint64_t seed) {
      rt_config c = config(RT_WORLD_SIM, 4, seed);
      c.trace_events = 1 << 14;
      Runtime r(c);
      REQUIRE(r.run([&] {
        for (int i = 0; i < 30; ++i)
          r.go([&] {
            for (int k = 0; k < 5; ++k) rt_gosched();
          });
        for (int k = 0; k < 20; ++k) rt_gosched();
      }) == RT_OK);
      rt_trace* trace = nullptr;
      REQUIRE(rt_trace_take(r.rt, &trace) == RT_OK);
      const std::uint64_t h = trace->hash;
      rt_trace_free(trace);
      return h;
    };
    std::set<std::uint64_t> seen;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      CHECK(hash(seed) == hash(seed));
      seen.insert(hash(seed));
    }
    CHECK(seen.size() > 5);
  }

  TEST_CASE("a driver decides which M moves, and sees their ids") {
    struct Seen {
      std::uint32_t calls = 0, most = 0;
    } seen;
    rt_config c = config(RT_WORLD_SIM, 3);
    c.driver_arg = &seen;
    c.driver = [](void* arg, const std::int32_t* ms, std::uint32_t n, int) {
      auto* s = static_cast<Seen*>(arg);
      ++s->calls;
      s->most = std::max(s->most, n);
      if (!std::is_sorted(ms, ms + n)) s->most = 1000;
      return s->calls % n;
    };
    Runtime r(c);
    std::atomic<int> done{0};
    REQUIRE(r.run([&] {
      for (int i = 0; i < 20; ++i) r.go([&] { rt_gosched(); ++done; });
      while (done < 20) rt_gosched();
    }) == RT_OK);
    CHECK(seen.calls > 20);
    CHECK(seen.most > 1);
    CHECK(seen.most < 10);
  }

  TEST_CASE("two runtimes are stepped in turns") {
    Runtime a(config(RT_WORLD_SIM, 2)), b(config(RT_WORLD_SIM, 2));
    static std::atomic<int> done;
    done = 0;
    const rt_func body = [](void*) {
      for (int i = 0; i < 10; ++i) rt_gosched();
      ++done;
    };
    REQUIRE(rt_begin(a.rt, body, nullptr) == RT_OK);
    REQUIRE(rt_begin(b.rt, body, nullptr) == RT_OK);
    for (int over_a = 0, over_b = 0; !over_a || !over_b;) {
      if (!over_a) REQUIRE(rt_step(a.rt, 3, &over_a, nullptr) == RT_OK);
      if (!over_b) REQUIRE(rt_step(b.rt, 3, &over_b, nullptr) == RT_OK);
    }
    CHECK(done == 2);
  }
}

TEST_SUITE("looking") {
  TEST_CASE("a dump names every goroutine, its state and who started it") {
    Runtime r(config(RT_WORLD_SIM, 1));
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    REQUIRE(r.run([&] {
      std::atomic<rt_g*> slot{nullptr};
      rt_spawn spawn{};
      spawn.struct_size = sizeof spawn;
      spawn.fn = [](void* s) { rt_gopark(stay, s, RT_WAIT_CHAN_RECEIVE); };
      spawn.arg = &slot;
      spawn.file = "parked.cpp";
      spawn.line = 3;
      REQUIRE(rt_newproc_ex(nullptr, &spawn, nullptr) == RT_OK);
      while (slot == nullptr) rt_gosched();
      REQUIRE(rt_dump(nullptr, pipe_ends[1]) == RT_OK);
    }) == RT_OK);
    close(pipe_ends[1]);
    std::string text(65536, '\0');
    text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(pipe_ends[0], text.data(), text.size()))));
    close(pipe_ends[0]);
    CAPTURE(text);
    CHECK(text.find("goroutine 1 [running]:") != std::string::npos);
    CHECK(text.find("goroutine 2 [chan receive]:") != std::string::npos);
    CHECK(text.find("created by parked.cpp:3 in goroutine 1") != std::string::npos);
  }

  TEST_CASE("schedtrace writes Go's lines to the sink") {
    static std::vector<std::string> lines;
    lines.clear();
    rt_config c = config(RT_WORLD_SIM, 1);
    c.sysmon = RT_SYSMON_ON;
    c.schedtrace_ms = 1;
    c.scheddetail = 1;
    c.log_level = RT_LOG_INFO;
    c.log = [](void*, int, const char* line) { lines.push_back(line); };
    Runtime r(c);
    REQUIRE(r.run([&] {
      r.go([] {});
      while (lines.size() < 4) rt_gosched();
    }) == RT_OK);
    CAPTURE(lines[0]);
    CHECK(lines[0].find("SCHED ") == 0);
    CHECK(lines[0].find("ms: gomaxprocs=1 idleprocs=0 threads=2 spinningthreads=0 needspinning=") != std::string::npos);
    CHECK(lines[0].find("gcwaiting=false nmidlelocked=0 stopwait=0 sysmonwait=false") != std::string::npos);
    CHECK(lines[1].find("  P0: status=1 schedtick=") == 0);
    CHECK(lines[2].find("  M1: p=nil curg=nil") == 0);
    CHECK(lines[3].find("  M0: p=0 curg=") == 0);
  }

  TEST_CASE("a log level that is off writes nothing; the sink gets the level") {
    for (const int level : {RT_LOG_OFF, RT_LOG_INFO}) {
      static int calls;
      calls = 0;
      rt_config c = config(RT_WORLD_SIM, 1);
      c.log_level = level;
      c.log = [](void*, int l, const char*) { calls += l == RT_LOG_INFO; };
      Runtime r(c);
      CHECK(r.run([] { rt_panic("x"); }) == RT_EPANIC);
      CHECK(calls == (level == RT_LOG_OFF ? 0 : 1));
    }
  }
}
