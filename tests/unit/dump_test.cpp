// What a failed run leaves to read: every goroutine, for what it waits and since when; and names, in dumps,
// snapshots and traces.
#include <dlfcn.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>

#include "scene.hpp"

using namespace fixture;

namespace {

constexpr std::int64_t kMinute = 60'000'000'000;

/// The part of a dump about one goroutine.
std::string part(const std::string& dump, std::uint64_t goid) {
  const auto at = dump.find("goroutine " + std::to_string(goid) + " [");
  return at != dump.npos ? dump.substr(at, dump.find("\n\n", at) - at) : "";
}
bool has(const std::string& text, const std::string& what) { return text.find(what) != text.npos; }

rt_config traced(std::uint32_t world, std::uint32_t procs) {
  rt_config c = config(world, procs);
  c.trace_events = 4096;
  return c;
}

}  // namespace

TEST_SUITE("dump") {
  TEST_CASE("a deadlock tells who waits for what, since when, and who started it") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 1));
      rt_chan* jobs = nullptr;
      REQUIRE(rt_chan_new(r.rt, 8, 0, &jobs) == RT_OK);
      REQUIRE(rt_set_name(jobs, "jobs") == RT_OK);
      static rt_mutex lock;
      lock = {};
      CHECK(r.run([&] {
        rt_mutex_lock(&lock);
        r.go([&] { rt_chan_recv(jobs, nullptr, nullptr); });
        r.go([&] { rt_mutex_lock(&lock); });
        r.go([&] { rt_select(nullptr, 0, 0, nullptr); });
        rt_spawn spawn{};
        spawn.struct_size = sizeof spawn;
        spawn.fn = [](void*) { rt_chan_send(nullptr, nullptr); };
        spawn.file = "worker.cpp";
        spawn.line = 12;
        spawn.name = "worker";
        REQUIRE(rt_newproc_ex(nullptr, &spawn, nullptr) == RT_OK);
        if (world == RT_WORLD_SIM) rt_sleep(3 * kMinute);
        rt_waitgroup w{};
        rt_waitgroup_add(&w, 1);
        rt_waitgroup_wait(&w);
      }) == RT_EDEADLOCK);
      const std::string dump = r.end.dump;
      CAPTURE(dump);
      const std::string minutes = world == RT_WORLD_SIM ? ", 3 minutes]:\n" : "]:\n";
      CHECK(dump.rfind("fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [semacquire]:\n", 0) == 0);
      CHECK(has(part(dump, 1), "waits for sync.WaitGroup (0x"));
      CHECK(has(part(dump, 2), "goroutine 2 [chan receive" + minutes));
      CHECK(has(part(dump, 2), "waits for chan #1 jobs"));
      CHECK(has(part(dump, 2), "created by "));
      CHECK(has(part(dump, 2), " in goroutine 1"));
      CHECK(has(part(dump, 3), "goroutine 3 [sync.Mutex.Lock" + minutes));
      CHECK(has(part(dump, 3), "waits for sync.Mutex (0x"));
      CHECK(has(part(dump, 4), "goroutine 4 [select (no cases)" + minutes));
      CHECK(has(part(dump, 5), "goroutine 5 [chan send (nil chan)" + minutes));
      CHECK(has(part(dump, 5), "worker(...)\ncreated by worker.cpp:12 in goroutine 1\n\tworker.cpp:12"));
      rt_chan_free(jobs);
    }
  }

  TEST_CASE("with ancestors, a dump tells where each of them was when it spawned the next") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      rt_config c = config(world, 1);
      c.ancestors = 2;
      Runtime r(c);
      static const void* spawned_at;  // goroutine 4, by goroutine 3
      spawned_at = nullptr;
      const auto stuck = [](void*) {
        rt_snapshot* s = snapshot(nullptr);
        for (std::size_t i = 0; i < s->ngs; ++i)
          if (s->gs[i].goid == rt_goid()) spawned_at = s->gs[i].gopc;
        rt_snapshot_free(s);
        rt_chan_recv(nullptr, nullptr, nullptr);
      };
      static rt_func innermost;
      innermost = stuck;
      CHECK(r.run([&] {
        r.go([&] {
          r.go([] { REQUIRE(rt_newproc(nullptr, innermost, nullptr, nullptr) == RT_OK); });
        });
        rt_chan_recv(nullptr, nullptr, nullptr);
      }) == RT_EDEADLOCK);
      const std::string dump = part(r.end.dump, 4);
      CAPTURE(dump);
      const auto third = dump.find("[originating from goroutine 3]:\n"), second = dump.find("[originating from goroutine 2]:\n");
      REQUIRE(third != dump.npos);
      REQUIRE(second != dump.npos);
      CHECK(third < second);
      CHECK(!has(dump, "goroutine 1]:"));  // the third, cut
      Dl_info info;
      REQUIRE(dladdr(spawned_at, &info) != 0);
      char frame[32];
      std::snprintf(frame, sizeof frame, " +0x%zx\n", static_cast<std::size_t>(static_cast<const char*>(spawned_at) - 1 - static_cast<const char*>(info.dli_fbase)));
      const std::string stack = dump.substr(third, second - third);
      CHECK(stack.find(frame) < stack.find("\n", stack.find("\n\t") + 1) + 1);  // the first frame is the go statement
      CHECK(std::count(stack.begin(), stack.end(), '\t') > 1);
      CHECK(has(stack, "\ncreated by "));
    }
  }

  TEST_CASE("a panic tells the stack of who panicked, first") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 2));
      CHECK(r.run([&] {
        r.go([] { rt_panic("boom"); });
        rt_chan_recv(nullptr, nullptr, nullptr);
      }) == RT_EPANIC);
      const std::string dump = r.end.dump;
      CAPTURE(dump);
      CHECK(dump.rfind("panic: boom\n\ngoroutine 2 [running]:\n", 0) == 0);
      CHECK(has(part(dump, 2), "(...)\n\t"));
      CHECK(has(part(dump, 2), " in goroutine 1"));
      CHECK(has(part(dump, 1), "goroutine 1 [chan receive (nil chan)]:"));
      CHECK(r.run([] {}) == RT_OK);
      CHECK(std::string(r.end.dump) == "");
    }
  }

  TEST_CASE("a thousand goroutines are shown, the others counted; callers of before have no dump") {
    Runtime r(config(RT_WORLD_SIM, 1));
    const Body many = [&] {
      for (int i = 0; i < 1500; ++i) r.go([] { rt_chan_recv(nullptr, nullptr, nullptr); });
      rt_chan_recv(nullptr, nullptr, nullptr);
    };
    CHECK(r.run(many) == RT_EDEADLOCK);
    CHECK(has(r.end.dump, "\n...and 501 more goroutines\n"));
    struct {
      alignas(rt_end) unsigned char bytes[sizeof(rt_end)];
    } old;
    std::memset(&old, 0xee, sizeof old);
    auto* end = reinterpret_cast<rt_end*>(&old);
    end->struct_size = offsetof(rt_end, dump);
    CHECK(rt_start_main(r.rt, [](void*) { rt_panic("old"); }, nullptr, end) == RT_EPANIC);
    CHECK(std::string(end->message) == "panic: old");
    CHECK(old.bytes[offsetof(rt_end, dump)] == 0xee);
    end->struct_size = 8;
    CHECK(rt_start_main(r.rt, [](void*) {}, nullptr, end) == RT_EINVAL);
  }

  TEST_CASE("a snapshot says what is waited for, and since when") {
    Runtime r(config(RT_WORLD_SIM, 1));
    CHECK(rt_set_name(nullptr, "x") == RT_EINVAL);
    CHECK(r.run([&] {
      Channel<long> c;
      REQUIRE(rt_set_name(c.c, "queue") == RT_OK);
      r.go([&] { c.recv(); });
      rt_sleep(5 * kMinute);
      rt_snapshot* s = snapshot(r.rt);
      REQUIRE(s->ngs == 2);
      CHECK(s->waits[0].object == nullptr);
      CHECK(s->waits[1].object == c.c);
      CHECK(std::string(s->waits[1].name) == "queue");
      CHECK(s->waits[1].since < 5 * kMinute);
      rt_snapshot_free(s);
      REQUIRE(rt_set_name(c.c, nullptr) == RT_OK);
      s = snapshot(r.rt);
      CHECK(std::string(s->waits[1].name) == "");
      rt_snapshot_free(s);
      c.close();
      rt_gosched();
    }) == RT_OK);
  }

  TEST_CASE("a trace names goroutines and what they waited for") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(traced(world, 1));
      rt_trace* t = nullptr;
      rt_chan* c = nullptr;
      REQUIRE(rt_chan_new(r.rt, 0, 0, &c) == RT_OK);
      REQUIRE(rt_set_name(c, "results") == RT_OK);
      CHECK(r.run([&] {
        rt_spawn spawn{};
        spawn.struct_size = sizeof spawn;
        spawn.fn = [](void* to) { rt_chan_send(static_cast<rt_chan*>(to), nullptr); };
        spawn.arg = c;
        spawn.name = "producer";
        REQUIRE(rt_newproc_ex(nullptr, &spawn, nullptr) == RT_OK);
        rt_chan_recv(c, nullptr, nullptr);
      }) == RT_OK);
      REQUIRE(rt_trace_take(r.rt, &t) == RT_OK);
      const auto named = [&](std::uint32_t kind, std::uint64_t id) -> std::string {
        for (std::size_t i = 0; i < t->nnames; ++i)
          if (t->names[i].kind == kind && t->names[i].id == id) return t->names[i].name;
        return "";
      };
      CHECK(named(RT_NAME_G, 1) == "main");
      CHECK(named(RT_NAME_G, 2) == "producer");
      CHECK(named(RT_NAME_OBJECT, reinterpret_cast<std::uintptr_t>(c)) == "results");
      int parks = 0;
      for (std::size_t i = 0; i < t->nevents; ++i) {
        const rt_event& e = t->events[i];
        parks += e.kind == RT_EV_GO_PARK && e.b == reinterpret_cast<std::uintptr_t>(c);
      }
      CHECK(parks == 1);
      rt_trace_free(t);
      rt_chan_free(c);
      rt_chan* again = nullptr;  // a name does not pass on to whatever comes to its place
      REQUIRE(rt_chan_new(r.rt, 0, 0, &again) == RT_OK);
      CHECK(r.run([&] { rt_chan_recv(again, nullptr, nullptr); }) == RT_EDEADLOCK);
      CHECK_FALSE(has(r.end.dump, "results"));
      rt_chan_free(again);
    }
  }
}
