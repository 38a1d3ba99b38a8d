// Spawning: newproc and newproc1, step by step, seen through the C ABI in the sim world with one P.
#include <algorithm>
#include <map>
#include <vector>

#include "fixture.hpp"

using namespace fixture;

namespace {

constexpr std::uint32_t kSim = RT_WORLD_SIM;

const rt_g_info* find(const rt_snapshot* s, std::uint64_t goid) {
  for (std::size_t i = 0; i < s->ngs; ++i)
    if (s->gs[i].goid == goid && s->gs[i].status != RT_GDEAD) return &s->gs[i];
  return nullptr;
}

/// Yields until nothing else is runnable.
void drain(rt_runtime* rt) {
  for (bool again = true; again;) {
    rt_gosched();
    rt_snapshot* s = snapshot(rt);
    again = s->ps[0].runnext != 0 || s->ps[0].nrunq != 0 || s->nrunq != 0;
    rt_snapshot_free(s);
  }
}

}  // namespace

TEST_SUITE("spawn") {
  TEST_CASE("goids are consecutive on one P, main is 1, and each P's cache holds a batch of 16") {
    Runtime r(config(kSim, 1));
    REQUIRE(r.run([&] {
      CHECK(rt_goid() == 1);
      for (std::uint64_t i = 2; i < 40; ++i) CHECK(r.go([] {}) == i);
      rt_snapshot* s = snapshot(r.rt);
      CHECK(s->goidgen == 48);
      CHECK(s->ps[0].goidcache == 40);
      CHECK(s->ps[0].goidcacheend == 49);
      rt_snapshot_free(s);
    }) == RT_OK);
  }

  TEST_CASE("a nil function ends the run with Go's words") {
    Runtime r(config(kSim, 1));
    CHECK(r.run([] { rt_newproc(nullptr, nullptr, nullptr, nullptr); }) == RT_EFATAL);
    CHECK(r.message == "fatal error: go of nil func value");
    CHECK(r.end.exit_code == 2);
    CHECK(r.end.goid == 1);
  }

  TEST_CASE("a goroutine knows its parent, its site and its function") {
    Runtime r(config(kSim, 1));
    REQUIRE(r.run([&] {
      rt_spawn spawn{};
      spawn.struct_size = sizeof spawn;
      spawn.fn = [](void*) {};
      spawn.file = "worker.cpp";
      spawn.line = 42;
      spawn.name = "worker";
      std::uint64_t goid = 0;
      REQUIRE(rt_newproc_ex(nullptr, &spawn, &goid) == RT_OK);
      rt_snapshot* s = snapshot(r.rt);
      const rt_g_info* g = find(s, goid);
      REQUIRE(g != nullptr);
      CHECK(g->parent_goid == 1);
      CHECK(g->status == RT_GRUNNABLE);
      CHECK(std::string(g->file) == "worker.cpp");
      CHECK(g->line == 42);
      CHECK(std::string(g->name) == "worker");
      CHECK(g->startpc == reinterpret_cast<const void*>(spawn.fn));
      CHECK(g->stack_size == 2048);
      CHECK((g->flags & RT_G_STACK) == 0);
      rt_snapshot_free(s);
    }) == RT_OK);
  }

  TEST_CASE("without a file the site is the caller's address") {
    Runtime r(config(kSim, 1));
    REQUIRE(r.run([&] {
      const std::uint64_t goid = r.go([] {});
      rt_snapshot* s = snapshot(r.rt);
      CHECK(find(s, goid)->gopc != nullptr);
      rt_snapshot_free(s);
    }) == RT_OK);
  }

  TEST_CASE("ancestors: nearest first, cut at the configured depth") {
    rt_config c = config(kSim, 1);
    c.ancestors = 2;
    Runtime r(c);
    std::vector<std::uint64_t> seen;
    std::function<void(int)> nest = [&](int left) {
      if (left == 0) {
        rt_snapshot* s = snapshot(r.rt);
        const rt_g_info* g = find(s, rt_goid());
        seen.assign(g->ancestors, g->ancestors + g->nancestors);
        rt_snapshot_free(s);
        return;
      }
      r.go([&nest, left] { nest(left - 1); });
    };
    REQUIRE(r.run([&] {
      nest(3);
      drain(r.rt);
    }) == RT_OK);
    CHECK(seen == std::vector<std::uint64_t>{3, 2});
  }

  TEST_CASE("labels are copied at the go statement; system goroutines have none") {
    Runtime r(config(kSim, 1));
    int a = 0, b = 0;
    void *user = nullptr, *system = &a;
    static void** system_out;
    system_out = &system;
    REQUIRE(r.run([&] {
      rt_set_labels(&a);
      r.go([&] { user = rt_get_labels(); });
      rt_spawn spawn{};
      spawn.struct_size = sizeof spawn;
      spawn.fn = [](void*) { *system_out = rt_get_labels(); };
      spawn.flags = RT_SPAWN_SYSTEM;
      REQUIRE(rt_newproc_ex(nullptr, &spawn, nullptr) == RT_OK);
      CHECK(r.stats().ngsys == 1);
      CHECK(r.stats().goroutines == 2);
      rt_set_labels(&b);
      drain(r.rt);
      CHECK(r.stats().ngsys == 0);
    }) == RT_OK);
    CHECK(user == &a);
    CHECK(system == nullptr);
  }

  TEST_CASE("a goroutine may call itself by another name, in snapshots and traces") {
    CHECK(rt_set_goroutine_name("host") == RT_EPLACE);
    rt_config c = config(kSim, 1);
    c.trace_events = 64;
    Runtime r(c);
    std::string seen, again;
    REQUIRE(r.run([&] {
      const std::uint64_t goid = r.go([&] {
        REQUIRE(rt_set_goroutine_name("worker 7") == RT_OK);
        rt_gosched();
        REQUIRE(rt_set_goroutine_name(nullptr) == RT_OK);
      });
      rt_gosched();  // tick 0 is the global queue's, where main itself is
      rt_gosched();
      rt_snapshot* s = snapshot(r.rt);
      seen = find(s, goid)->name;
      rt_snapshot_free(s);
      rt_trace* trace = nullptr;
      REQUIRE(rt_trace_take(r.rt, &trace) == RT_OK);
      for (std::size_t i = 0; i < trace->nnames; ++i)
        if (trace->names[i].kind == RT_NAME_G && trace->names[i].id == goid) again = trace->names[i].name;
      rt_trace_free(trace);
      drain(r.rt);
    }) == RT_OK);
    CHECK(seen == "worker 7");
    CHECK(again == "worker 7");
  }

  TEST_CASE("Go's boot: the runtime's own goroutines hold goids 2 to 5, and runfinq waits in runnext") {
    rt_config c = config(kSim, 1);
    c.boot = RT_BOOT_GO;
    Runtime r(c);
    REQUIRE(r.run([&] {
      rt_snapshot* s = snapshot(r.rt);
      CHECK(s->ngs == 5);
      CHECK(s->ngsys == 4);
      CHECK(s->ps[0].runnext == 5);
      CHECK(s->ps[0].nrunq == 0);
      CHECK(s->ps[0].schedtick == 4);
      CHECK(s->ps[0].goidcache == 6);
      CHECK(s->ps[0].goidcacheend == 17);
      CHECK(find(s, 2)->wait_reason == RT_WAIT_FORCE_GC_IDLE);
      CHECK(find(s, 3)->wait_reason == RT_WAIT_GC_SWEEP);
      CHECK(find(s, 4)->wait_reason == RT_WAIT_GC_SCAVENGE);
      rt_snapshot_free(s);
      CHECK(r.stats().goroutines == 1);
      CHECK(r.go([] {}) == 6);
    }) == RT_OK);
  }

  TEST_CASE("one goroutine in eight has its first wait measured") {
    Runtime r(config(kSim, 1));
    REQUIRE(r.run([&] {
      for (int i = 0; i < 800; ++i) r.go([] {});
      rt_snapshot* s = snapshot(r.rt);
      int tracked = 0;
      for (std::size_t i = 0; i < s->ngs; ++i) tracked += (s->gs[i].flags & RT_G_TRACKING) != 0;
      CHECK(tracked > 50);
      CHECK(tracked < 160);
      rt_snapshot_free(s);
      drain(r.rt);
      const rt_stats_t stats = r.stats();
      std::uint64_t waits = 0;
      for (const std::uint64_t n : stats.time_to_run) waits += n;
      CHECK(waits >= static_cast<std::uint64_t>(tracked));
    }) == RT_OK);
  }

  TEST_CASE("scannable stack bytes follow the live goroutines") {
    Runtime r(config(kSim, 1));
    REQUIRE(r.run([&] {
      for (int i = 0; i < 10; ++i) r.go([] {});
      CHECK(r.stats().scannable_stack == 11 * 2048);
      drain(r.rt);
      CHECK(r.stats().scannable_stack == 2048);
    }) == RT_OK);
  }

  TEST_CASE("free Gs: 64 exits leave 31 here and 33 on the global list; reuse is last in, first out") {
    for (const std::uint32_t policy : {RT_STACK_LAZY, RT_STACK_GO}) {
      CAPTURE(policy);
      rt_config c = config(kSim, 1);
      c.stack_policy = policy;
      Runtime r(c);
      REQUIRE(r.run([&] {
        for (int i = 0; i < 64; ++i) r.go([] {});
        drain(r.rt);
        rt_snapshot* s = snapshot(r.rt);
        CHECK(s->ps[0].gfree == 31);
        CHECK(s->ngfree_stack == 33);
        CHECK(s->ngfree_nostack == 0);
        const std::uint64_t allgs = s->ngs;
        rt_snapshot_free(s);
        for (int i = 0; i < 64; ++i) r.go([] {});
        CHECK(r.stats().allgs == allgs);
        CHECK(r.stats().gfree_global == 0);
        r.go([] {});
        CHECK(r.stats().allgs == allgs + 1);
      }) == RT_OK);
    }
  }

  TEST_CASE("a stack size that no longer fits is freed and replaced") {
    for (const std::uint32_t policy : {RT_STACK_LAZY, RT_STACK_GO}) {
      CAPTURE(policy);
      rt_config c = config(kSim, 1);
      c.stack_policy = policy;
      Runtime r(c);
      REQUIRE(r.run([&] {
        for (int i = 0; i < 70; ++i) r.go([] {});
        REQUIRE(rt_set_starting_stack_size(nullptr, 8192) == RT_OK);
        drain(r.rt);
        rt_snapshot* s = snapshot(r.rt);
        CHECK(s->ngfree_nostack == 33);
        CHECK(s->ngfree_stack == 0);
        rt_snapshot_free(s);
        const std::uint64_t goid = r.go([] {});
        s = snapshot(r.rt);
        CHECK(find(s, goid)->stack_size == 8192);
        rt_snapshot_free(s);
      }) == RT_OK);
    }
  }

  TEST_CASE("the go policy binds memory at creation, the lazy one at the first run") {
    for (const std::uint32_t policy : {RT_STACK_LAZY, RT_STACK_GO}) {
      CAPTURE(policy);
      rt_config c = config(kSim, 1);
      c.stack_policy = policy;
      Runtime r(c);
      REQUIRE(r.run([&] {
        for (int i = 0; i < 300; ++i) r.go([] {});
        CHECK(r.stats().stacks == (policy == RT_STACK_GO ? 301 : 1));
        drain(r.rt);
      }) == RT_OK);
    }
  }

  TEST_CASE("randomize changes the order and loses nobody") {
    rt_config c = config(kSim, 1, 3);
    c.randomize = 1;
    Runtime r(c);
    std::vector<int> order;
    REQUIRE(r.run([&] {
      for (int i = 0; i < 300; ++i) r.go([&order, i] { order.push_back(i); });
      while (order.size() < 300) rt_gosched();
    }) == RT_OK);
    CHECK(order[0] + order[1] != 299 + 0);
    std::sort(order.begin(), order.end());
    for (int i = 0; i < 300; ++i) REQUIRE(order[static_cast<std::size_t>(i)] == i);
  }

  TEST_CASE("more goroutines than max_goroutines are refused, and the program goes on") {
    rt_config c = config(kSim, 1);
    c.max_goroutines = 3;
    Runtime r(c);
    REQUIRE(r.run([&] {
      r.go([] {});
      r.go([] {});
      CHECK(rt_newproc(nullptr, [](void*) {}, nullptr, nullptr) == RT_ELIMIT);
      CHECK(std::string(rt_last_error()).find("max_goroutines") != std::string::npos);
      drain(r.rt);
      r.go([] {});
    }) == RT_OK);
  }
}
