// Mutex, RWMutex, WaitGroup, Cond, Once: exclusion, wakeups and misuse, in every world.
#include <atomic>

#include "scene.hpp"

using namespace fixture;

namespace {

void everywhere(const std::function<void(Runtime&)>& scenario, std::uint64_t seeds = 20) { in_all_worlds(seeds, scenario); }

void ends(rt_status status, const char* message, const Body& main) {
  for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
    CAPTURE(world);
    Runtime r(config(world, 1));
    CHECK(r.run(main) == status);
    CHECK(r.message == message);
  }
}

/// n goroutines run body, and are waited for.
void all(Runtime& r, int n, const std::function<void(int)>& body) {
  rt_waitgroup left{};
  rt_waitgroup_add(&left, n);
  for (int i = 0; i < n; ++i)
    r.go([&left, &body, i] {
      body(i);
      rt_waitgroup_done(&left);
    });
  rt_waitgroup_wait(&left);
}

}  // namespace

TEST_SUITE("locks") {
  TEST_CASE("Mutex: one at a time") {
    everywhere([](Runtime& r) {
      rt_mutex mu{};
      long inside = 0, total = 0;  // plain: TSan watches, too
      all(r, 6, [&](int i) {
        for (int k = 0; k < 40; ++k) {
          if (k % 5 == 4 && rt_mutex_try_lock(&mu) != RT_OK) continue;
          if (k % 5 != 4) rt_mutex_lock(&mu);
          CHECK(++inside == 1);
          if ((i + k) % 3 == 0) rt_gosched();
          ++total;
          --inside;
          rt_mutex_unlock(&mu);
        }
      });
      CHECK(total >= 6 * 32);
      CHECK(mu.state == 0);
    });
  }

  TEST_CASE("RWMutex: many readers or one writer") {
    everywhere([](Runtime& r) {
      rt_rwmutex rw{};
      std::atomic<int> readers{0}, writers{0};
      all(r, 6, [&](int i) {
        for (int k = 0; k < 25; ++k) {
          if ((i + k) % 4 == 0) {
            if (k % 2 == 0 || rt_rwmutex_try_lock(&rw) != RT_OK) rt_rwmutex_lock(&rw);
            CHECK(++writers == 1);
            CHECK(readers == 0);
            if (k % 3 == 0) rt_gosched();
            --writers;
            rt_rwmutex_unlock(&rw);
          } else {
            if (k % 2 == 0 || rt_rwmutex_try_rlock(&rw) != RT_OK) rt_rwmutex_rlock(&rw);
            ++readers;
            CHECK(writers == 0);
            if (k % 3 == 0) rt_gosched();
            --readers;
            rt_rwmutex_runlock(&rw);
          }
        }
      });
      CHECK(rw.reader_count == 0);
    });
  }

  TEST_CASE("Cond: no wakeup is lost") {
    everywhere([](Runtime& r) {
      rt_mutex mu{};
      rt_cond turn{};
      turn.l = &mu;
      int whose = 0;
      constexpr int kWorkers = 4, kRounds = 10;
      all(r, kWorkers, [&](int i) {
        for (int k = 0; k < kRounds; ++k) {
          rt_mutex_lock(&mu);
          while (whose != i) rt_cond_wait(&turn);
          whose = (whose + 1) % kWorkers;
          rt_mutex_unlock(&mu);
          rt_cond_broadcast(&turn);
        }
      });
      CHECK(whose == 0);
      rt_cond loose{};
      CHECK(rt_cond_wait(&loose) == RT_EINVAL);
      CHECK(std::string(rt_last_error()) == "rt_cond_wait: c->l, the mutex that goes with it, is NULL");
    });
  }

  TEST_CASE("Once: one runs it, the others wait for its end; an exit counts as done") {
    everywhere([](Runtime& r) {
      static int runs;
      static bool over;
      runs = 0;
      over = false;
      rt_once once{};
      all(r, 5, [&](int) {
        rt_once_do(&once, [](void*) {
          ++runs;
          rt_gosched();
          over = true;
        }, nullptr);
        CHECK(over);
      });
      CHECK(runs == 1);
      rt_once exits{};
      Channel<> gone;
      r.go([&] {
        rt_defer([](void* c) { rt_chan_close(static_cast<rt_chan*>(c)); }, gone.c);
        rt_once_do(&exits, [](void*) { rt_goexit(); }, nullptr);
        CHECK(false);
      });
      gone.recv();
      rt_once_do(&exits, [](void*) { CHECK(false); }, nullptr);
      CHECK(exits.done == 1);
    });
  }

  TEST_CASE("misuse ends the run with Go's words") {
    ends(RT_EFATAL, "fatal error: sync: unlock of unlocked mutex", [] {
      rt_mutex mu{};
      rt_catch_panics(1);  // changes nothing: this is no panic
      rt_mutex_unlock(&mu);
    });
    ends(RT_EFATAL, "fatal error: sync: Unlock of unlocked RWMutex", [] {
      rt_rwmutex rw{};
      rt_rwmutex_unlock(&rw);
    });
    ends(RT_EFATAL, "fatal error: sync: RUnlock of unlocked RWMutex", [] {
      rt_rwmutex rw{};
      rt_rwmutex_runlock(&rw);
    });
    ends(RT_EPANIC, "panic: sync: negative WaitGroup counter", [] {
      rt_waitgroup wg{};
      rt_waitgroup_done(&wg);
    });
    ends(RT_EDEADLOCK, "fatal error: all goroutines are asleep - deadlock!", [] {
      rt_mutex mu{};
      rt_mutex_lock(&mu);
      rt_mutex_lock(&mu);
    });
  }

  TEST_CASE("locks of a run that ended with waiters work in the next") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      Runtime r(config(world, 1));
      static rt_cond cond;
      static rt_mutex held;
      cond = {};
      for (int round = 0; round < 3; ++round) {
        CHECK(r.run([&] {
          held = {};
          cond.l = &held;
          for (int i = 0; i < 3; ++i) r.go([] {
            rt_mutex_lock(&held);
            rt_cond_wait(&cond);
            CHECK(false);
          });
          for (int i = 0; i < 9; ++i) rt_gosched();
          rt_mutex_lock(&held);
        }) == RT_OK);
        r.forget();
      }
      CHECK(r.run([] {
        rt_cond_broadcast(&cond);
        rt_cond_signal(&cond);
      }) == RT_OK);
    }
  }
}
