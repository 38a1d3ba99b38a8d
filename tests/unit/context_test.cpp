// Contexts: what they are worth, who is told when one ends and in which order, and that nothing stays behind.
#include <atomic>
#include <thread>
#include <utility>

#include "base/sanitizer.hpp"
#include "scene.hpp"

#if NEWPROC_ASAN
#include <sanitizer/lsan_interface.h>
#endif

using namespace fixture;

namespace {

constexpr std::int64_t kMs = 1'000'000, kHour = 3600 * 1000 * kMs;

/// One reference.
struct Held {
  Held() = default;
  Held(rt_context* c) : c(c) {}
  Held(Held&& other) noexcept : c(std::exchange(other.c, nullptr)) {}
  Held& operator=(Held&& other) noexcept {
    std::swap(c, other.c);
    return *this;
  }
  ~Held() { rt_context_release(c); }
  operator rt_context*() const { return c; }
  rt_context* c = nullptr;
};

Held with_cancel(rt_context* parent = nullptr) {
  Held c;
  REQUIRE(rt_context_with_cancel(nullptr, parent, &c.c) == RT_OK);
  return c;
}
Held with_timeout(rt_context* parent, std::int64_t ns, void* cause = nullptr, rt_func drop = nullptr) {
  Held c;
  REQUIRE(rt_context_with_timeout(parent, ns, cause, drop, &c.c) == RT_OK);
  return c;
}
Held with_deadline(rt_context* parent, std::int64_t when, void* cause = nullptr) {
  Held c;
  REQUIRE(rt_context_with_deadline(parent, when, cause, nullptr, &c.c) == RT_OK);
  return c;
}
Held with_value(rt_context* parent, const void* key, void* value, rt_func drop = nullptr) {
  Held c;
  REQUIRE(rt_context_with_value(nullptr, parent, key, value, drop, &c.c) == RT_OK);
  return c;
}
Held without_cancel(rt_context* parent) {
  Held c;
  REQUIRE(rt_context_without_cancel(nullptr, parent, &c.c) == RT_OK);
  return c;
}
bool closed(rt_context* c) {
  int ok = 1;
  return rt_context_done(c) != nullptr && rt_chan_try_recv(rt_context_done(c), nullptr, &ok) == RT_OK && ok == 0;
}
void wait_for(rt_context* c) { REQUIRE(rt_chan_recv(rt_context_done(c), nullptr, nullptr) == RT_OK); }

void everywhere(const std::function<void(Runtime&)>& scenario) { in_all_worlds(1, scenario); }

}  // namespace

TEST_SUITE("context") {
  TEST_CASE("NULL is Background: it never ends and has nothing") {
    everywhere([](Runtime&) {
      std::int64_t when = 7;
      CHECK(rt_context_err(nullptr) == RT_OK);
      CHECK(rt_context_cause(nullptr) == nullptr);
      CHECK(rt_context_done(nullptr) == nullptr);
      CHECK(rt_context_deadline(nullptr, &when) == 0);
      CHECK(when == 7);
      CHECK(rt_context_value(nullptr, "key") == nullptr);
      CHECK(rt_context_retain(nullptr) == nullptr);
      rt_context_release(nullptr);
      CHECK(rt_context_cancel(nullptr) == RT_EINVAL);
      CHECK(std::string(rt_last_error()) == "rt_context_cancel: ctx is NULL, which is Background and never ends");
    });
  }

  TEST_CASE("the end of a context is the end of all that come from it, and of no other") {
    everywhere([](Runtime&) {
      static int key;
      const Held root = with_cancel(), left = with_cancel(root), right = with_cancel(root);
      const Held value = with_value(left, &key, &key), leaf = with_timeout(value, kHour), free = without_cancel(leaf);
      CHECK(rt_context_done(free) == nullptr);
      for (rt_context* c : {left.c, value.c, leaf.c}) {
        CHECK(rt_context_err(c) == RT_OK);
        CHECK_FALSE(closed(c));
      }
      CHECK(rt_context_done(value) == rt_context_done(left));
      CHECK(rt_context_cancel(left) == RT_OK);
      for (rt_context* c : {left.c, value.c, leaf.c}) {
        CHECK(rt_context_err(c) == RT_ECANCELED);
        CHECK(closed(c));
      }
      for (rt_context* c : {root.c, right.c, free.c}) CHECK(rt_context_err(c) == RT_OK);
      CHECK_FALSE(closed(right));
      CHECK(std::string(rt_strerror(RT_ECANCELED)) == "context canceled");
      CHECK(std::string(rt_strerror(RT_EDEADLINE)) == "context deadline exceeded");
      CHECK(rt_context_cancel(left) == RT_OK);
      const Held late = with_cancel(leaf), timed = with_timeout(leaf, kHour);  // of one that is over
      CHECK(rt_context_err(late) == RT_ECANCELED);
      CHECK(closed(late));
      CHECK(rt_context_err(timed) == RT_ECANCELED);
      CHECK(rt_context_cancel(root) == RT_OK);
      CHECK(closed(right));
      CHECK(rt_context_err(free) == RT_OK);
    });
  }

  TEST_CASE("the first cause counts, for a context and for what comes from it") {
    static int one, two, three;
    static int dropped;
    everywhere([](Runtime&) {
      dropped = 0;
      const auto drop = [](void* n) { dropped += *static_cast<int*>(n); };
      one = 1, two = 10, three = 100;
      {
        const Held parent = with_cancel(), child = with_cancel(parent), grandchild = with_cancel(child);
        CHECK(rt_context_cause(child) == nullptr);
        CHECK(rt_context_cancel_cause(child, &one, drop) == RT_OK);
        CHECK(rt_context_cancel_cause(child, &two, drop) == RT_OK);
        CHECK(dropped == 10);
        CHECK(rt_context_cause(parent) == nullptr);
        CHECK(rt_context_cancel_cause(parent, &three, drop) == RT_OK);
        CHECK(rt_context_cause(parent) == &three);
        CHECK(rt_context_cause(child) == &one);
        CHECK(rt_context_cause(grandchild) == &one);
        CHECK(rt_context_err(child) == RT_ECANCELED);
        const Held late = with_cancel(parent);
        CHECK(rt_context_cause(late) == &three);
        CHECK(rt_context_cause(without_cancel(parent)) == nullptr);
        const Held plain = with_cancel();
        CHECK(rt_context_cancel(plain) == RT_OK);
        CHECK(rt_context_cause(plain) == nullptr);
        CHECK(rt_context_err(plain) == RT_ECANCELED);
        CHECK(dropped == 10);
      }
      CHECK(dropped == 111);
    });
  }

  TEST_CASE("deadlines: the earlier one counts, one that has passed ends at once, one that is cancelled never passes") {
    static int why, other;
    everywhere([](Runtime&) {
      std::int64_t when = 0, at = 0;
      const std::int64_t now = rt_nanotime(nullptr);
      const Held far = with_deadline(nullptr, now + kHour), farther = with_deadline(far, now + 2 * kHour, &why);
      const Held nearer = with_timeout(far, 2 * kMs, &why), child = with_value(nearer, &why, nullptr);
      CHECK(rt_context_deadline(far, &when) == 1);
      CHECK(when == now + kHour);
      CHECK(rt_context_deadline(farther, &when) == 1);
      CHECK(when == now + kHour);
      CHECK(rt_context_deadline(child, &when) == 1);
      CHECK(rt_context_deadline(nearer, &at) == 1);
      CHECK(when == at);
      CHECK(rt_context_deadline(without_cancel(nearer), nullptr) == 0);
      wait_for(child);
      CHECK(rt_nanotime(nullptr) >= at);
      CHECK(rt_context_err(nearer) == RT_EDEADLINE);
      CHECK(rt_context_err(child) == RT_EDEADLINE);
      CHECK(rt_context_cause(child) == &why);
      CHECK(rt_context_err(far) == RT_OK);
      CHECK(rt_context_cancel(nearer) == RT_OK);
      CHECK(rt_context_err(nearer) == RT_EDEADLINE);

      const Held past = with_deadline(far, now - 1, &why), zero = with_timeout(far, 0), negative = with_timeout(far, -kHour);
      for (rt_context* c : {past.c, zero.c, negative.c}) {
        CHECK(rt_context_err(c) == RT_EDEADLINE);
        CHECK(closed(c));
      }
      CHECK(rt_context_cause(past) == &why);

      const Held stopped = with_timeout(far, kMs, &why);
      CHECK(rt_context_cancel_cause(stopped, &other, nullptr) == RT_OK);
      rt_sleep(3 * kMs);
      CHECK(rt_context_err(stopped) == RT_ECANCELED);
      CHECK(rt_context_cause(stopped) == &other);
      CHECK(rt_context_cancel(far) == RT_OK);
      CHECK(rt_context_err(farther) == RT_ECANCELED);
      CHECK(rt_context_cause(farther) == nullptr);
    });
  }

  TEST_CASE("values: the nearest with the key, however the end is passed on") {
    static int a, b, c;
    static int dropped;
    everywhere([](Runtime&) {
      dropped = 0;
      const auto drop = [](void*) { ++dropped; };
      {
        const Held one = with_value(nullptr, &a, &b, drop), two = with_cancel(one), three = with_value(two, &b, &c, drop);
        const Held four = with_value(three, &a, nullptr, drop), five = without_cancel(four), six = with_timeout(five, kHour);
        CHECK(rt_context_value(one, &a) == &b);
        CHECK(rt_context_value(one, &b) == nullptr);
        CHECK(rt_context_value(three, &a) == &b);
        CHECK(rt_context_value(three, &b) == &c);
        CHECK(rt_context_value(six, &a) == nullptr);
        CHECK(rt_context_value(six, &b) == &c);
        CHECK(rt_context_done(one) == nullptr);
        CHECK(rt_context_cancel(one) == RT_EINVAL);
        CHECK(rt_context_cancel(three) == RT_EINVAL);
        CHECK(rt_context_cancel(five) == RT_EINVAL);
        CHECK(rt_context_err(three) == RT_OK);
      }
      CHECK(dropped == 3);
      rt_catch_panics(1);
      rt_context* none = nullptr;
      CHECK(rt_context_with_value(nullptr, nullptr, nullptr, &a, nullptr, &none) == RT_EPANIC);
      CHECK(std::string(rt_last_error()) == "nil key");
    });
  }

  TEST_CASE("after: the function runs once, when it ends, unless it was stopped before") {
    static std::atomic<int> ran;
    everywhere([](Runtime&) {
      ran = 0;
      const rt_func add = [](void* n) { ran += static_cast<int>(reinterpret_cast<std::intptr_t>(n)); };
      const auto arg = [](std::intptr_t n) { return reinterpret_cast<void*>(n); };
      rt_context_func *kept = nullptr, *stopped = nullptr, *late = nullptr, *never = nullptr;
      const Held c = with_cancel(), child = with_value(c, &ran, nullptr);
      CHECK(rt_context_after_func(child, add, arg(1), nullptr) == RT_OK);
      CHECK(rt_context_after_func(c, add, arg(10), &kept) == RT_OK);
      CHECK(rt_context_after_func(c, add, arg(1000), &stopped) == RT_OK);
      CHECK(rt_context_after_func(nullptr, add, arg(1000), &never) == RT_OK);
      CHECK(rt_context_func_stop(stopped) == 1);
      CHECK(rt_context_func_stop(stopped) == 0);
      CHECK(rt_context_cancel(c) == RT_OK);
      CHECK(rt_context_cancel(c) == RT_OK);
      CHECK(rt_context_func_stop(kept) == 0);
      CHECK(rt_context_after_func(c, add, arg(100), &late) == RT_OK);
      CHECK(rt_context_func_stop(late) == 0);
      CHECK(rt_context_func_stop(never) == 1);
      while (ran < 111) rt_gosched();
      rt_context_func* freed = nullptr;
      const Held other = with_cancel();
      CHECK(rt_context_after_func(other, add, arg(1000), &freed) == RT_OK);
      rt_context_func_free(freed);
      CHECK(rt_context_cancel(other) == RT_OK);
      rt_sleep(kMs);
      CHECK(ran == 111);
      for (rt_context_func* f : {kept, stopped, late, never}) rt_context_func_free(f);
    });
  }

  TEST_CASE("who waits is made runnable in Go's order") {
    const auto waiter = [](Scene& s, rt_context* c, int n) {
      s.go([&s, c, n] {
        wait_for(c);
        s.note(n);
        s.done();
      });
      s.settle();
    };
    golden("100 3 2 1 0 4", [&](Scene& s) {
      const Held p = with_cancel(), c = with_cancel(p);
      for (int i = 0; i < 3; ++i) waiter(s, p, i);
      for (int i = 3; i < 5; ++i) waiter(s, c, i);
      s.align(1);
      s.expect(5);
      CHECK(rt_context_cancel(p) == RT_OK);
      s.note(100);
      s.wait();
    });
    golden("50 1 0", [&](Scene& s) {
      const Held p = with_cancel();
      for (int i = 0; i < 2; ++i) waiter(s, p, i);
      static Scene* scene;
      scene = &s;
      CHECK(rt_context_after_func(p, [](void*) { scene->note(50), scene->done(); }, nullptr, nullptr) == RT_OK);
      s.align(1);
      s.expect(3);
      CHECK(rt_context_cancel(p) == RT_OK);
      s.wait();
    });
    golden("3 100 2 1 0 4", [&](Scene& s) {
      const Held p = with_timeout(nullptr, 10 * kMs), c = with_cancel(p);
      for (int i = 0; i < 3; ++i) waiter(s, p, i);
      for (int i = 3; i < 5; ++i) waiter(s, c, i);
      s.align(1);
      s.expect(5);
      wait_for(p);
      s.note(100);
      s.wait();
    });
    golden("3 1 2", [&](Scene& s) {
      const Held p = with_cancel();
      CHECK(rt_context_cancel(p) == RT_OK);
      static Scene* scene;
      scene = &s;
      s.align(1);
      s.expect(3);
      s.go([&s] { s.note(1), s.done(); });
      CHECK(rt_context_after_func(p, [](void*) { scene->note(2), scene->done(); }, nullptr, nullptr) == RT_OK);
      s.go([&s] { s.note(3), s.done(); });
      s.wait();
    });
  }

  TEST_CASE("a chain of 100,000 ends, and is freed, on a goroutine's stack") {
    everywhere([](Runtime&) {
      Held last = with_cancel();
      const Held root(rt_context_retain(last));
      for (int i = 0; i < 100'000; ++i) last = with_cancel(last);
      CHECK(rt_context_cancel(root) == RT_OK);
      CHECK(rt_context_err(last) == RT_ECANCELED);
    });
  }

  TEST_CASE("who gives up the last reference leaves nothing behind") {
    everywhere([](Runtime&) {
      const Held root = with_cancel();
      for (int i = 0; i < 1000; ++i) with_timeout(with_value(with_cancel(root), &kHour, nullptr), kHour);
      for (int i = 0; i < 1000; ++i) with_timeout(root, i % 7 * kMs / 3);  // freed about when they pass
      rt_sleep(5 * kMs);
      CHECK(rt_context_err(root) == RT_OK);
    });
  }

  TEST_CASE("a goroutine that is cancelled while it holds a lock gives it back") {
    everywhere([](Runtime& r) {
      rt_mutex lock{};
      rt_waitgroup all{};
      const Held c = with_cancel();
      Channel<long> never;
      int in_turn = 0;
      REQUIRE(rt_waitgroup_add(&all, 20) == RT_OK);
      for (int i = 0; i < 20; ++i) r.go([&] {
        struct Leave {
          rt_mutex& lock;
          rt_waitgroup& all;
          ~Leave() {
            rt_mutex_unlock(&lock);
            rt_waitgroup_done(&all);
          }
        };
        rt_mutex_lock(&lock);
        const Leave leave{lock, all};
        rt_case cases[] = {{never.c, nullptr, RT_RECV, 0}, {rt_context_done(c), nullptr, RT_RECV, 0}};
        std::size_t chosen = 0;
        rt_select(cases, 2, 0, &chosen);
        ++in_turn;
        if (rt_context_err(c) != RT_OK) rt_goexit();  // unwinds through the lock
      });
      while (rt_mutex_try_lock(&lock) == RT_OK) {  // until one has it
        rt_mutex_unlock(&lock);
        rt_gosched();
      }
      CHECK(rt_context_cancel(c) == RT_OK);
      CHECK(rt_waitgroup_wait(&all) == RT_OK);
      CHECK(in_turn == 20);
      CHECK(rt_mutex_try_lock(&lock) == RT_OK);
      CHECK(rt_mutex_unlock(&lock) == RT_OK);
    });
  }

  TEST_CASE("a run ends with deadlines and functions pending; the context lives on, they do not") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      static std::atomic<int> ran;
      ran = 0;
      rt_context *c = nullptr, *timed = nullptr;
      rt_context_func* f = nullptr;
      {
        Runtime r(config(world, 2));
        REQUIRE(rt_context_with_cancel(r.rt, nullptr, &c) == RT_OK);
        CHECK(r.run([&] {
          CHECK(rt_context_with_timeout(c, 2 * kMs, nullptr, nullptr, &timed) == RT_OK);
          CHECK(rt_context_after_func(c, [](void*) { ++ran; }, nullptr, &f) == RT_OK);
          CHECK(rt_context_after_func(timed, [](void*) { ++ran; }, nullptr, nullptr) == RT_OK);
        }) == RT_OK);
        CHECK(rt_context_func_stop(f) == 0);
        CHECK(r.run([&] {
          rt_sleep(5 * kMs);
          CHECK(rt_context_err(timed) == RT_OK);
          CHECK(rt_context_cancel(c) == RT_OK);
          wait_for(timed);
          rt_sleep(kMs);
        }) == RT_OK);
        CHECK(ran == 0);
      }
      CHECK(rt_context_err(timed) == RT_ECANCELED);
      rt_context_func_free(f);
      rt_context_release(timed);
      rt_context_release(c);
    }
  }

  TEST_CASE("limits that cut a run anywhere leave contexts usable") {
#if NEWPROC_ASAN
    const __lsan::ScopedDisabler disabler;  // what was made and not yet linked where the limit cut in is lost with its frame
#endif
    for (std::uint64_t steps = 20; steps < 1500; steps += 7) {
      CAPTURE(steps);
      rt_config cfg = config(RT_WORLD_SIM, 2, steps);
      cfg.max_steps = steps;
      rt_context* c = nullptr;
      {
        Runtime r(cfg);
        REQUIRE(rt_context_with_cancel(r.rt, nullptr, &c) == RT_OK);
        r.run([&] {
          for (int i = 0; i < 40; ++i) {
            rt_context_after_func(c, [](void*) { rt_gosched(); }, nullptr, nullptr);
            r.go([&] { rt_chan_recv(rt_context_done(c), nullptr, nullptr); });
          }
          rt_gosched();
          rt_context_cancel(c);
          for (;;) rt_gosched();
        });
        CHECK(r.end.status == RT_ELIMIT);
        CHECK(rt_context_cancel(c) == RT_OK);
        CHECK(rt_context_err(c) == RT_ECANCELED);
      }
      rt_context_release(c);
    }
  }

  TEST_CASE("threads that are no Ms end contexts while all goroutines are asleep") {
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      static std::atomic<int> ran;
      static std::atomic<bool> asleep;
      ran = 0;
      asleep = false;
      rt_context *root = nullptr, *outer = nullptr;
      REQUIRE(rt_context_with_cancel(r.rt, nullptr, &root) == RT_OK);
      REQUIRE(rt_context_with_value(nullptr, root, &ran, &ran, nullptr, &outer) == RT_OK);
      REQUIRE(rt_hold(r.rt) == RT_OK);
      std::thread other([&] {
        while (!asleep) std::this_thread::yield();
        CHECK(rt_context_cancel_cause(root, &ran, nullptr) == RT_OK);
        CHECK(rt_release(r.rt) == RT_OK);
      });
      CHECK(r.run([&] {
        const Held inner = with_timeout(outer, kHour);
        rt_waitgroup all{};
        rt_waitgroup_add(&all, 101);
        for (int i = 0; i < 100; ++i) r.go([&] {
          wait_for(inner);
          rt_waitgroup_done(&all);
        });
        static rt_waitgroup* done;
        done = &all;
        CHECK(rt_context_after_func(inner, [](void*) { ++ran, rt_waitgroup_done(done); }, nullptr, nullptr) == RT_OK);
        asleep = true;
        rt_waitgroup_wait(&all);
        CHECK(rt_context_cause(inner) == &ran);
      }) == RT_OK);
      other.join();
      CHECK(ran == 1);
      CHECK(rt_context_cancel(root) == RT_OK);  // no run is under way
      rt_context_release(root);
      rt_context_release(outer);
    }
  }

  TEST_CASE("many make, end and free at once, on goroutines and on other threads") {
    Runtime r(config(RT_WORLD_THREADS, 2));
    rt_context* root = nullptr;
    static std::atomic<int> ran, stopped;
    static std::atomic<bool> over;
    ran = stopped = 0;
    over = false;
    REQUIRE(rt_context_with_cancel(r.rt, nullptr, &root) == RT_OK);
    std::thread other([&] {
      while (!over) {
        rt_context *a = nullptr, *b = nullptr;
        CHECK(rt_context_with_cancel(nullptr, root, &a) == RT_OK);
        CHECK(rt_context_with_cancel(nullptr, a, &b) == RT_OK);
        CHECK(rt_context_cancel(a) == RT_OK);
        CHECK(rt_context_err(b) == RT_ECANCELED);
        rt_context_release(a);
        rt_context_release(b);
      }
    });
    constexpr int kEach = 300, kMany = 4;
    CHECK(r.run([&] {
      rt_waitgroup all{};
      rt_waitgroup_add(&all, kMany);
      for (int i = 0; i < kMany; ++i) r.go([&] {
        for (int k = 0; k < kEach; ++k) {
          const Held c = with_timeout(root, k % 3 * kMs / 20), child = with_cancel(c);
          rt_context_func* f = nullptr;
          REQUIRE(rt_context_after_func(child, [](void*) { ++ran; }, nullptr, &f) == RT_OK);
          if (k % 2 == 0) rt_gosched();
          if (k % 5 == 0) {
            CHECK(rt_context_cancel(k % 10 == 0 ? c : child) == RT_OK);
            wait_for(child);
            CHECK(rt_context_err(child) != RT_OK);
          }
          stopped += rt_context_func_stop(f);
          rt_context_func_free(f);
        }
        rt_waitgroup_done(&all);
      });
      rt_waitgroup_wait(&all);
      while (ran + stopped < kMany * kEach) rt_gosched();
      over = true;
    }) == RT_OK);
    other.join();
    CHECK(ran + stopped == kMany * kEach);
    rt_context_release(root);
  }

  TEST_CASE("out of place, out of memory") {
    Runtime r(config(RT_WORLD_SIM, 1)), stranger(config(RT_WORLD_SIM, 1));
    rt_context *c = nullptr, *out = nullptr;
    CHECK(rt_context_with_cancel(nullptr, nullptr, &c) == RT_EPLACE);
    CHECK(rt_context_with_cancel(r.rt, nullptr, nullptr) == RT_EINVAL);
    REQUIRE(rt_context_with_cancel(r.rt, nullptr, &c) == RT_OK);
    CHECK(rt_context_with_cancel(stranger.rt, c, &out) == RT_EPLACE);
    CHECK(rt_context_with_timeout(c, 1, nullptr, nullptr, &out) == RT_EPLACE);
    CHECK(rt_context_after_func(c, [](void*) {}, nullptr, nullptr) == RT_EPLACE);
    CHECK(stranger.run([&] {
      CHECK(rt_context_cancel(c) == RT_EPLACE);
      CHECK(std::string(rt_last_error()) == "rt_context_cancel: ctx belongs to another runtime than the calling goroutine");
      CHECK(rt_context_with_cancel(nullptr, c, &out) == RT_EPLACE);
      CHECK(rt_context_with_timeout(c, 1, nullptr, nullptr, &out) == RT_EPLACE);
      CHECK(rt_context_after_func(c, [](void*) {}, nullptr, nullptr) == RT_EPLACE);
      CHECK(rt_context_after_func(nullptr, nullptr, nullptr, nullptr) == RT_EINVAL);
    }) == RT_OK);
    CHECK(rt_context_err(c) == RT_OK);
    rt_context_release(c);

    static int left;  // allocations until one fails
    rt_config cfg = config(RT_WORLD_SIM, 1);
    cfg.fault = [](void*, int kind) { return kind == RT_FAULT_ALLOC && left-- == 0 ? 1 : 0; };
    left = -1;
    Runtime poor(cfg);
    CHECK(poor.run([] {
      const Held parent = with_cancel();
      rt_context* made = nullptr;
      left = 0;
      CHECK(rt_context_with_cancel(nullptr, parent, &made) == RT_ENOMEM);
      left = 0;
      CHECK(rt_context_with_timeout(parent, kHour, nullptr, nullptr, &made) == RT_ENOMEM);
      left = 0;
      CHECK(rt_context_with_value(nullptr, parent, &left, nullptr, nullptr, &made) == RT_ENOMEM);
      left = 0;
      CHECK(rt_context_after_func(parent, [](void*) {}, nullptr, nullptr) == RT_ENOMEM);
      CHECK(made == nullptr);
      CHECK(rt_context_cancel(parent) == RT_OK);
    }) == RT_OK);
  }
}
