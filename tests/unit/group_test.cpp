// Groups: the first error ends the others, a limit holds, and everybody is waited for.
#include <atomic>

#include "scene.hpp"

using namespace fixture;

namespace {

constexpr std::int64_t kMs = 1'000'000;

/// A function of a group as a lambda, kept here.
struct Work {
  std::deque<std::function<void*()>> bodies;
  static void* call(void* body) { return (*static_cast<std::function<void*()>*>(body))(); }
  rt_status go(rt_group* g, std::function<void*()> body) {
    bodies.push_back(std::move(body));
    return rt_group_go(g, call, &bodies.back());
  }
  rt_status try_go(rt_group* g, std::function<void*()> body) {
    bodies.push_back(std::move(body));
    return rt_group_try_go(g, call, &bodies.back());
  }
};

void everywhere(const std::function<void(Runtime&)>& scenario) { in_all_worlds(1, scenario); }

}  // namespace

TEST_SUITE("group") {
  TEST_CASE("all are waited for; without an error there is none") {
    everywhere([](Runtime&) {
      Work work;
      rt_group* g = nullptr;
      REQUIRE(rt_group_new(nullptr, nullptr, &g) == RT_OK);
      std::atomic<int> ran{0};
      for (int i = 0; i < 50; ++i) CHECK(work.go(g, [&] {
        rt_sleep(kMs);
        ++ran;
        return nullptr;
      }) == RT_OK);
      void* error = &ran;
      CHECK(rt_context_err(rt_group_context(g)) == RT_OK);
      CHECK(rt_group_wait(g, &error) == RT_OK);
      CHECK(error == nullptr);
      CHECK(ran == 50);
      CHECK(rt_context_err(rt_group_context(g)) == RT_ECANCELED);
      CHECK(rt_context_cause(rt_group_context(g)) == nullptr);
      rt_group_free(g);
    });
  }

  TEST_CASE("the first error is kept, is the cause, and stops the others; the rest are dropped") {
    static std::atomic<int> dropped;
    everywhere([](Runtime&) {
      dropped = 0;
      Work work;
      rt_group* g = nullptr;
      rt_context *parent = nullptr, *outlives = nullptr;
      REQUIRE(rt_context_with_cancel(nullptr, nullptr, &parent) == RT_OK);
      REQUIRE(rt_group_new(parent, [](void* n) { dropped += *static_cast<int*>(n); }, &g) == RT_OK);
      outlives = rt_context_retain(rt_group_context(g));
      int first = 1, later = 10;
      for (int i = 0; i < 5; ++i) CHECK(work.go(g, [&]() -> void* {
        rt_chan_recv(rt_context_done(rt_group_context(g)), nullptr, nullptr);
        CHECK(rt_context_cause(rt_group_context(g)) == &first);
        return &later;
      }) == RT_OK);
      CHECK(work.go(g, [&]() -> void* {
        rt_sleep(kMs);
        return &first;
      }) == RT_OK);
      void* error = nullptr;
      CHECK(rt_group_wait(g, &error) == RT_OK);
      CHECK(error == &first);
      CHECK(dropped == 50);
      CHECK(rt_context_err(parent) == RT_OK);
      rt_group_free(g);
      CHECK(rt_context_cause(outlives) == &first);
      CHECK(dropped == 50);
      rt_context_release(outlives);
      CHECK(dropped == 51);
      rt_context_release(parent);
    });
  }

  TEST_CASE("no more than the limit run at once") {
    everywhere([](Runtime&) {
      Work work;
      rt_group* g = nullptr;
      REQUIRE(rt_group_new(nullptr, nullptr, &g) == RT_OK);
      REQUIRE(rt_group_set_limit(g, 3) == RT_OK);
      std::atomic<int> running{0}, most{0}, ran{0};
      for (int i = 0; i < 40; ++i) CHECK(work.go(g, [&] {
        const int now = ++running;
        for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {}
        rt_gosched();
        --running;
        ++ran;
        return nullptr;
      }) == RT_OK);
      CHECK(rt_group_wait(g, nullptr) == RT_OK);
      CHECK(ran == 40);
      CHECK(most <= 3);

      Channel<long> gate;
      for (int i = 0; i < 3; ++i) CHECK(work.try_go(g, [&] { return gate.recv(), nullptr; }) == RT_OK);
      CHECK(work.try_go(g, [&] { return nullptr; }) == RT_EWOULDBLOCK);
      rt_catch_panics(1);
      CHECK(rt_group_set_limit(g, 5) == RT_EPANIC);
      CHECK(std::string(rt_last_error()) == "errgroup: modify limit while 3 goroutines in the group are still active");
      rt_catch_panics(0);
      gate.close();
      CHECK(rt_group_wait(g, nullptr) == RT_OK);
      CHECK(rt_group_set_limit(g, 0) == RT_OK);
      CHECK(work.try_go(g, [&] { return nullptr; }) == RT_EWOULDBLOCK);
      CHECK(rt_group_set_limit(g, -1) == RT_OK);
      CHECK(work.try_go(g, [&] { return nullptr; }) == RT_OK);
      CHECK(rt_group_wait(g, nullptr) == RT_OK);
      rt_group_free(g);
    });
  }

  TEST_CASE("a function that exits counts as ended, without an error") {
    everywhere([](Runtime&) {
      Work work;
      rt_group* g = nullptr;
      REQUIRE(rt_group_new(nullptr, nullptr, &g) == RT_OK);
      REQUIRE(rt_group_set_limit(g, 2) == RT_OK);
      for (int i = 0; i < 6; ++i) CHECK(work.go(g, []() -> void* {
        rt_goexit();
        return nullptr;
      }) == RT_OK);
      void* error = &work;
      CHECK(rt_group_wait(g, &error) == RT_OK);
      CHECK(error == nullptr);
      rt_group_free(g);
    });
  }

  TEST_CASE("a run that ends in the middle of a group, and one that gets no memory") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      static std::atomic<bool> poor;
      poor = false;
      rt_config c = config(world, 2);
      c.fault = [](void*, int kind) { return kind == RT_FAULT_ALLOC && poor ? 1 : 0; };
      Runtime r(c);
      rt_group* g = nullptr;
      static Work work;
      CHECK(r.run([&] {
        poor = true;
        CHECK(rt_group_new(nullptr, nullptr, &g) == RT_ENOMEM);
        poor = false;
        REQUIRE(rt_group_new(nullptr, nullptr, &g) == RT_OK);
        REQUIRE(rt_group_set_limit(g, 10) == RT_OK);
        poor = true;
        CHECK(work.go(g, [] { return nullptr; }) == RT_ENOMEM);
        poor = false;
        CHECK(rt_chan_len(nullptr) == 0);
        CHECK(rt_group_wait(g, nullptr) == RT_OK);
        for (int i = 0; i < 8; ++i) CHECK(work.go(g, [] { return rt_chan_recv(nullptr, nullptr, nullptr), nullptr; }) == RT_OK);
      }) == RT_OK);
      rt_group_free(g);
      CHECK(rt_group_new(nullptr, nullptr, &g) == RT_EPLACE);
    }
  }
}
