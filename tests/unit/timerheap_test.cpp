#include "queue/timerheap.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <random>
#include <vector>

using newproc::Look;
using newproc::Timer;
using newproc::TimerHeap;

namespace {

int here;  // stands for a P

/// All that are due, by index in `timers`.
std::vector<int> fire(TimerHeap& heap, std::deque<Timer>& timers, std::int64_t now) {
  std::vector<int> out;
  heap.adjust(now);
  for (;;) {
    const Look look = heap.run(now);
    if (look.fired == nullptr) return out;
    for (std::size_t i = 0; i < timers.size(); ++i)
      if (&timers[i] == look.fired) out.push_back(static_cast<int>(i));
  }
}

void add(TimerHeap& heap, Timer& t, std::int64_t when) {
  t.when = when;
  REQUIRE(heap.reserve());
  heap.add(&t, &here);
}

}  // namespace

TEST_SUITE("timerheap") {
  TEST_CASE("six timers for one nanosecond fire in Go's order, which is not that of their making") {
    TimerHeap heap;
    std::deque<Timer> t(6);
    for (Timer& one : t) add(heap, one, 5);
    CHECK(heap.next_look() == 5);
    CHECK(fire(heap, t, 4).empty());
    CHECK(fire(heap, t, 5) == std::vector<int>{0, 5, 4, 3, 2, 1});
    CHECK(heap.next_look() == 0);
    CHECK(t[3].owner.load() == nullptr);
  }

  TEST_CASE("a stopped timer stays until somebody gets there, and is given back then") {
    TimerHeap heap;
    std::deque<Timer> t(3);
    for (int i = 0; i < 3; ++i) add(heap, t[static_cast<std::size_t>(i)], 10 + i);
    static int released;
    released = 0;
    t[0].release = [](Timer*) { ++released; };
    CHECK(heap.remove(&t[0]));
    CHECK_FALSE(heap.remove(&t[0]));
    CHECK(heap.size() == 3);
    CHECK(heap.deleted() == 1);
    CHECK(fire(heap, t, 20) == std::vector<int>{1, 2});
    CHECK(released == 1);
    CHECK(heap.deleted() == 0);
  }

  TEST_CASE("moved earlier: somebody must look then; moved later: it does not fire at its old time") {
    TimerHeap heap;
    std::deque<Timer> t(2);
    add(heap, t[0], 100);
    add(heap, t[1], 200);
    bool earlier = false;
    CHECK(heap.modify(&t[1], 50, 0, &earlier));
    CHECK(earlier);
    CHECK(heap.next_look() == 50);
    CHECK(heap.modify(&t[0], 300, 0, &earlier));
    CHECK_FALSE(earlier);
    CHECK(fire(heap, t, 60) == std::vector<int>{1});
    CHECK(fire(heap, t, 299).empty());
    CHECK(fire(heap, t, 300) == std::vector<int>{0});
  }

  TEST_CASE("a ticker keeps its beat and skips what it missed") {
    TimerHeap heap;
    std::deque<Timer> t(1);
    t[0].period = 10;
    add(heap, t[0], 10);
    CHECK(fire(heap, t, 10) == std::vector<int>{0});
    CHECK(t[0].when == 20);
    CHECK(fire(heap, t, 57) == std::vector<int>{0});
    CHECK(t[0].when == 60);
    heap.drain([](Timer*) {});
  }

  TEST_CASE("clearing what was stopped keeps the rest in order") {
    TimerHeap heap;
    std::deque<Timer> t(1000);
    std::mt19937 random(7);
    for (Timer& one : t) add(heap, one, static_cast<std::int64_t>(random() % 5000));
    for (std::size_t i = 0; i < t.size(); i += 2) CHECK(heap.remove(&t[i]));
    bool earlier = false;
    CHECK(heap.modify(&t[1], 9999, 0, &earlier));
    heap.clear_deleted();
    CHECK(heap.size() == 500);
    std::vector<int> fired = fire(heap, t, 10'000);
    CHECK(fired.size() == 500);
    CHECK(fired.back() == 1);
    CHECK(std::is_sorted(fired.begin(), fired.end(), [&](int a, int b) {
      return t[static_cast<std::size_t>(a)].when < t[static_cast<std::size_t>(b)].when;
    }));
  }

  TEST_CASE("whatever is done to it, every timer fires at its time, once") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
      CAPTURE(seed);
      TimerHeap heap;
      std::mt19937 random(seed);
      std::deque<Timer> t(300);
      std::vector<std::int64_t> due(t.size(), -1);  // -1: not to fire
      std::int64_t now = 1;
      for (int step = 0; step < 3000; ++step) {
        const std::size_t i = random() % t.size();
        const std::int64_t when = now + 1 + static_cast<std::int64_t>(random() % 50);
        bool earlier = false;
        if (t[i].owner.load() == nullptr) {
          t[i].release = nullptr;
          add(heap, t[i], when);
          due[i] = when;
        } else if (random() % 2 == 0) {
          CHECK(heap.remove(&t[i]) == (due[i] >= 0));
          due[i] = -1;
        } else {
          CHECK(heap.modify(&t[i], when, 0, &earlier) == (due[i] >= 0));
          due[i] = when;
        }
        if (random() % 7 == 0) {
          now += static_cast<std::int64_t>(random() % 20);
          for (const int k : fire(heap, t, now)) {
            CHECK(due[static_cast<std::size_t>(k)] >= 0);
            CHECK(due[static_cast<std::size_t>(k)] <= now);
            due[static_cast<std::size_t>(k)] = -1;
          }
          CHECK(std::none_of(due.begin(), due.end(), [now](std::int64_t d) { return d >= 0 && d <= now; }));
        }
        if (random() % 101 == 0) heap.clear_deleted();
      }
      heap.drain([](Timer*) {});
    }
  }
}
