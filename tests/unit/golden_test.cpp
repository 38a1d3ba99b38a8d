// What Go 1.21.13 was seen to do, scenario by scenario: run order, ticks, goids, free lists at one P. The expected lines
// are logs of real Go (20 fresh processes each, all equal), written as ranges. Both worlds must give them.
#include "scene.hpp"

using namespace fixture;

TEST_SUITE("golden") {
  TEST_CASE("run order of k spawned when the spawner parks") {
    golden("4 0-3", [](Scene& s) { s.spawn_all(5, 1); });
    golden("255 0-254", [](Scene& s) { s.spawn_all(256, 1); });
    golden("256 0-255", [](Scene& s) { s.spawn_all(257, 1); });
    golden("257 128-187 0 188-247 1 248-255 2-127 256", [](Scene& s) { s.spawn_all(258, 1); });
    golden("299 128-187 0 188-247 1 248-255 257-298 2-127 256", [](Scene& s) { s.spawn_all(300, 1); });
    golden("0 299 128-187 1 188-247 2 248-255 257-298 3-127 256", [](Scene& s) { s.spawn_all(300, 0); });
    golden("299 128 0 129-188 1 189-248 2 249-255 257-298 3-127 256", [](Scene& s) { s.spawn_all(300, 60); });
    golden(
        "999 773-832 0 833-892 1 893-900 902-953 2 954-998 3-17 130 18-77 131 78-127 256 128 129 132-138 260 139-198 261 "
        "199-255 385 257 258 262 259 263-321 391 322-381 392 382-384 514 386-390 393-443 521 444-503 522 504-513 643 "
        "515-520 523-565 651 566-625 652 626-642 772 644-650 653-771 901",
        [](Scene& s) { s.spawn_all(1000, 1); });
  }

  TEST_CASE("run order of k spawned when the spawner yields") {
    golden("4 0-3 -1", [](Scene& s) { s.spawn_all(5, 1, true); });
    golden("299 128-187 0 188-247 1 248-255 257-298 2-127 256 -1", [](Scene& s) { s.spawn_all(300, 1, true); });
  }

  TEST_CASE("nested spawns") {
    golden("2 22 222 1 12 122 21 212 221 11 112 121 211 111", [](Scene& s) {
      std::function<void(int, int)> visit = [&](int id, int depth) {
        s.note(id);
        for (int k = 1; depth < 3 && k <= 2; ++k) {
          ++s.left;
          s.go([&visit, id, depth, k] { visit(id * 10 + k, depth + 1); });
        }
        s.done();
      };
      s.align(1);
      s.expect(2);
      s.go([&] { visit(1, 1); });
      s.go([&] { visit(2, 1); });
      s.wait();
    });
  }

  TEST_CASE("a P that runs dry takes a batch from the global queue") {
    golden("199 0-42 130 43-102 131 103-129 132-198", [](Scene& s) {
      s.align(1);
      s.expect(200);
      for (int i = 0; i < 200; ++i) s.go([&s, i] {
        rt_gosched();
        s.note(i);
        s.done();
      });
      s.wait();
    });
  }

  TEST_CASE("a goroutine woken while the ring is full moves half of it") {
    golden("-7 128-187 0 188-247 1 248-255 2-127 256", [](Scene& s) {
      rt_g* sleeper = nullptr;
      s.go([&] {
        rt_gopark([](rt_g* g, void* at) { return *static_cast<rt_g**>(at) = g, 1; }, &sleeper, RT_WAIT_CHAN_RECEIVE);
        s.note(-7);
      });
      while (sleeper == nullptr) rt_gosched();
      s.align(1);
      s.expect(257);
      for (int i = 0; i < 257; ++i) s.go([&s, i] {
        s.note(i);
        s.done();
      });
      const rt_p_info before = s.p0();
      CHECK(before.runnext != 0);
      CHECK(s.global() == 0);
      rt_goready(sleeper);
      CHECK(s.global() == 129);
      s.wait();
    });
  }

  TEST_CASE("Gosched in turns, and at the two sides of a 61st tick") {
    golden("0 30 10 20 1 31 11 21 2 32 12 22", [](Scene& s) {
      s.align(1);
      s.expect(3);
      for (int i = 1; i <= 3; ++i) s.go([&s, i] {
        for (int k = 0; k < 3; ++k) {
          s.note(i * 10 + k);
          rt_gosched();
        }
        s.done();
      });
      for (int k = 0; k < 3; ++k) {
        s.note(k);
        rt_gosched();
      }
      s.wait();
    });
    for (const std::uint32_t phase : {1u, 0u})
      golden(phase == 1 ? "1 0" : "0 1", [phase](Scene& s) {
        s.align(phase);
        s.expect(1);
        s.go([&s] {
          s.note(1);
          s.done();
        });
        rt_gosched();
        s.note(0);
        s.wait();
      });
  }

  TEST_CASE("schedtick counts time slices: a chain through runnext shares one") {
    golden("0 1 2 3 3", [](Scene& s) {
      s.align(1);
      const std::uint32_t from = s.tick();
      const auto note_ticks = [&s, from] { s.note(static_cast<int>(s.tick() - from)); };
      s.expect(4);
      for (int i = 0; i < 4; ++i) s.go([&] {
        note_ticks();
        s.done();
      });
      s.wait();
      note_ticks();
    });
    golden("0 0 0 0", [](Scene& s) {
      s.align(1);
      const std::uint32_t from = s.tick();
      for (int i = 0; i < 4; ++i) {  // each spawns, parks, and is woken through runnext
        s.expect(1);
        s.go([&s] { s.done(); });
        s.wait();
        s.note(static_cast<int>(s.tick() - from));
      }
    });
  }

  TEST_CASE("a locked goroutine keeps its place") {
    golden("30 10 20 31 11 21 32 12 22", [](Scene& s) {
      s.align(1);
      s.expect(3);
      for (int i = 1; i <= 3; ++i) s.go([&s, i] {
        if (i == 2) rt_lock_os_thread();
        for (int k = 0; k < 3; ++k) {
          s.note(i * 10 + k);
          rt_gosched();
        }
        if (i == 2) rt_unlock_os_thread();
        s.done();
      });
      s.wait();
    });
  }

  TEST_CASE("two that wake each other through runnext starve the global queue") {
    golden("2", [](Scene& s) {
      constexpr int kRounds = 20'000;
      struct Pair {
        rt_g* g[2] = {nullptr, nullptr};
        int rounds = 0;
      } pair;
      const auto turn = [&pair](int me) {
        struct Slot {
          Pair* pair;
          int me;
        } slot{&pair, me};
        while (pair.rounds < kRounds) {
          ++pair.rounds;
          if (rt_g* other = pair.g[1 - me]) {
            pair.g[1 - me] = nullptr;
            rt_goready(other);
          }
          rt_gopark([](rt_g* g, void* at) {
            auto* to = static_cast<Slot*>(at);
            return to->pair->g[to->me] = g, 1;
          }, &slot, RT_WAIT_CHAN_RECEIVE);
        }
        if (rt_g* other = pair.g[1 - me]) {
          pair.g[1 - me] = nullptr;
          rt_goready(other);
        }
      };
      s.align(1);
      const std::uint32_t from = s.tick();
      s.go([&] { turn(0); });
      s.go([&] { turn(1); });
      rt_gosched();
      CHECK(pair.rounds >= kRounds);
      s.note(static_cast<int>(s.tick() - from));
    });
  }

  TEST_CASE("goids: 16 at a time") {
    golden("2-16 17-41", [](Scene& s) {
      CHECK(s.p0().goidcache == 2);
      CHECK(s.p0().goidcacheend == 17);
      for (int i = 0; i < 40; ++i) s.note(static_cast<int>(s.runtime.go([] {})));
      CHECK(s.p0().goidcache == 42);
      CHECK(s.p0().goidcacheend == 49);
      CHECK(s.runtime.stats().goidgen == 48);
      s.expect(1);
      s.go([&s] { s.done(); });
      s.wait();
    });
  }
}
