#include "queue/runq.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

using namespace newproc;

namespace {

struct FakeG {
  int id = 0;
  FakeG* schedlink = nullptr;
};

template <std::size_t N>
std::array<FakeG, N> make() {
  std::array<FakeG, N> gs;
  for (std::size_t i = 0; i < N; ++i) gs[i].id = static_cast<int>(i);
  return gs;
}

std::vector<int> ids(Queue<FakeG> queue) {
  std::vector<int> out;
  while (FakeG* g = queue.pop_front()) out.push_back(g->id);
  return out;
}

template <class Q>
std::vector<int> take_all(Q& q) {
  std::vector<int> out;
  bool inherit;
  while (FakeG* g = q.get(inherit)) out.push_back(g->id);
  return out;
}

constexpr auto kNoBackoff = [] {};

}  // namespace

TEST_SUITE("runq") {
  TEST_CASE("put with next=true kicks the old runnext to the ring's tail") {
    RunQueue<FakeG, 4> q;
    auto g = make<3>();
    for (auto& each : g) REQUIRE(q.put(&each, true).empty());
    CHECK(q.runnext() == &g[2]);
    CHECK(take_all(q) == std::vector<int>{2, 0, 1});
  }

  TEST_CASE("promote makes any of them the next, and the others keep their order") {
    for (const bool with_next : {false, true})
      for (std::uint32_t n = 1; n <= 8; ++n)
        for (std::uint32_t i = 0; i < n + (with_next ? 1 : 0); ++i)
          for (const std::uint32_t turned : {0u, 5u}) {  // the ring's head, not at its first slot
            RunQueue<FakeG, 8> q;
            auto g = make<9>();
            bool inherit = false;
            for (std::uint32_t k = 0; k < turned; ++k) {
              REQUIRE(q.put(&g[8], false).empty());
              REQUIRE(q.get(inherit) == &g[8]);
            }
            std::vector<int> order;
            for (std::uint32_t k = 0; k < n; ++k) {
              REQUIRE(q.put(&g[k], false).empty());
              order.push_back(static_cast<int>(k));
            }
            if (with_next) {
              REQUIRE(q.put(&g[8], true).empty());
              order.insert(order.begin(), 8);
            }
            REQUIRE(q.promote(i));
            std::rotate(order.begin(), order.begin() + i, order.begin() + i + 1);
            CHECK(q.peek(0)->id == order[0]);
            CHECK(take_all(q) == order);
            CHECK(!q.promote(0));
          }
  }

  TEST_CASE("get says inherit for runnext only") {
    RunQueue<FakeG, 4> q;
    auto g = make<2>();
    REQUIRE(q.put(&g[0], false).empty());
    REQUIRE(q.put(&g[1], true).empty());
    bool inherit = false;
    CHECK(q.get(inherit) == &g[1]);
    CHECK(inherit);
    CHECK(q.get(inherit) == &g[0]);
    CHECK_FALSE(inherit);
    CHECK(q.get(inherit) == nullptr);
  }

  TEST_CASE("put on a full ring returns the oldest half and the newcomer, in order") {
    RunQueue<FakeG, 4> q;
    auto g = make<5>();
    for (int i = 0; i < 4; ++i) REQUIRE(q.put(&g[i], false).empty());
    CHECK(ids(q.put(&g[4], false)) == std::vector<int>{0, 1, 4});
    CHECK(take_all(q) == std::vector<int>{2, 3});
  }

  TEST_CASE("of 258 spawned, the 258th returns the first 128 and the one it kicked") {
    RunQueue<FakeG, 256> q;
    auto g = make<258>();
    for (int i = 0; i < 257; ++i) REQUIRE(q.put(&g[i], true).empty());
    const auto spill = ids(q.put(&g[257], true));
    REQUIRE(spill.size() == 129);
    CHECK(spill.front() == 0);
    CHECK(spill[127] == 127);
    CHECK(spill.back() == 256);
    CHECK(q.runnext() == &g[257]);
    CHECK(q.size() == 128);
  }

  TEST_CASE("at every length the ring gives what was put, also across the wrap of its indexes") {
    RunQueue<FakeG, 4> q;
    auto g = make<4>();
    for (int round = 0; round < 9; ++round)
      for (int n = 0; n <= 4; ++n) {
        std::vector<int> expected;
        for (int i = 0; i < n; ++i) {
          REQUIRE(q.put(&g[i], false).empty());
          expected.push_back(i);
        }
        CHECK(q.size() == static_cast<std::uint32_t>(n));
        CHECK(q.empty() == (n == 0));
        CHECK(take_all(q) == expected);
      }
  }

  TEST_CASE("a thief takes the older half, rounded up, and runs the newest of it") {
    for (int n = 1; n <= 256; ++n) {
      RunQueue<FakeG, 256> victim, thief;
      auto g = make<256>();
      for (int i = 0; i < n; ++i) REQUIRE(victim.put(&g[i], false).empty());
      std::uint32_t taken = 0;
      FakeG* run = thief.steal(victim, false, kNoBackoff, taken);
      const int half = n - n / 2;
      CAPTURE(n);
      REQUIRE(run != nullptr);
      CHECK(taken == static_cast<std::uint32_t>(half));
      CHECK(run->id == half - 1);
      CHECK(thief.size() == static_cast<std::uint32_t>(half - 1));
      CHECK(victim.size() == static_cast<std::uint32_t>(n - half));
    }
  }

  TEST_CASE("runnext is stolen only when asked for, from an empty ring, after the back-off") {
    RunQueue<FakeG, 4> victim, thief;
    auto g = make<1>();
    REQUIRE(victim.put(&g[0], true).empty());
    std::uint32_t taken = 0;
    int backoffs = 0;
    CHECK(thief.steal(victim, false, [&] { ++backoffs; }, taken) == nullptr);
    CHECK(backoffs == 0);
    CHECK(thief.steal(victim, true, [&] { ++backoffs; }, taken) == &g[0]);
    CHECK(backoffs == 1);
    CHECK(victim.empty());
  }

  TEST_CASE("put_batch fills the ring in order and leaves the rest") {
    RunQueue<FakeG, 4> q;
    auto g = make<6>();
    Queue<FakeG> batch;
    for (auto& each : g) batch.push_back(&each);
    q.put_batch(batch);
    CHECK(ids(batch) == std::vector<int>{4, 5});
    CHECK(take_all(q) == std::vector<int>{0, 1, 2, 3});
  }

  TEST_CASE("drain gives runnext, then the ring") {
    RunQueue<FakeG, 4> q;
    auto g = make<4>();
    for (auto& each : g) REQUIRE(q.put(&each, true).empty());
    CHECK(ids(q.drain()) == std::vector<int>{3, 0, 1, 2});
    CHECK(q.empty());
  }

  TEST_CASE("randomize drops next half of the time and shuffles what spills, keeping every G") {
    RunQueue<FakeG, 256> q;
    FastRand random(7);
    auto g = make<600>();
    int kept_next = 0;
    std::vector<int> spilled;
    for (auto& each : g) {
      for (const int id : ids(q.put(&each, true, &random))) spilled.push_back(id);
      kept_next += q.runnext() == &each;
    }
    CHECK(kept_next > 200);
    CHECK(kept_next < 400);
    CHECK_FALSE(std::is_sorted(spilled.begin(), spilled.begin() + 129));
    auto all = take_all(q);
    all.insert(all.end(), spilled.begin(), spilled.end());
    std::sort(all.begin(), all.end());
    CHECK(all.size() == 600);
    CHECK(std::unique(all.begin(), all.end()) == all.end());
  }

  TEST_CASE("under stealing every G is seen exactly once") {
    constexpr int kGs = 20'000;
    RunQueue<FakeG, 8> victim;
    std::vector<FakeG> gs(kGs);
    std::vector<std::atomic<int>> seen(kGs);
    for (int i = 0; i < kGs; ++i) gs[i].id = i;
    std::atomic<bool> over{false};
    std::thread thief([&] {
      RunQueue<FakeG, 8> mine;
      bool inherit;
      while (!over.load()) {
        std::uint32_t taken = 0;
        if (FakeG* g = mine.steal(victim, true, [] { std::this_thread::yield(); }, taken)) ++seen[g->id];
        while (FakeG* g = mine.get(inherit)) ++seen[g->id];
      }
    });
    bool inherit;
    for (int i = 0; i < kGs; ++i) {
      for (const int id : ids(victim.put(&gs[i], i % 3 == 0))) ++seen[id];
      if (i % 2 == 0)
        if (FakeG* g = victim.get(inherit)) ++seen[g->id];
    }
    while (FakeG* g = victim.get(inherit)) ++seen[g->id];
    over = true;
    thief.join();
    int wrong = 0;
    for (const auto& n : seen) wrong += n.load() != 1;
    CHECK(wrong == 0);
  }
}
