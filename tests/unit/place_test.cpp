// Bad input: every call from the wrong place and every bad argument is a status whose text names it.
#include <string>

#include "fixture.hpp"

using namespace fixture;

namespace {

void nothing(void*) {}

#define CHECK_FAILS(call, status, text)                                    \
  do {                                                                     \
    CHECK((call) == (status));                                             \
    const std::string why = rt_last_error();                               \
    CHECK_MESSAGE(why.find(text) != std::string::npos, "said: " << why);   \
  } while (0)

}  // namespace

TEST_SUITE("bad input") {
  TEST_CASE("outside of goroutines") {
    CHECK_FAILS(rt_gosched(), RT_EPLACE, "rt_gosched: called outside of goroutines");
    CHECK_FAILS(rt_goyield(), RT_EPLACE, "rt_goyield");
    CHECK_FAILS(rt_goexit(), RT_EPLACE, "rt_goexit");
    CHECK_FAILS(rt_checkpoint(), RT_EPLACE, "rt_checkpoint");
    CHECK_FAILS(rt_defer(nothing, nullptr), RT_EPLACE, "rt_defer");
    CHECK_FAILS(rt_panic("x"), RT_EPLACE, "rt_panic");
    CHECK_FAILS(rt_fatal("x"), RT_EPLACE, "rt_fatal");
    CHECK_FAILS(rt_gopark(nullptr, nullptr, 0), RT_EPLACE, "rt_gopark");
    CHECK_FAILS(rt_lock_os_thread(), RT_EPLACE, "rt_lock_os_thread");
    CHECK_FAILS(rt_entersyscall(), RT_EPLACE, "rt_entersyscall");
    CHECK_FAILS(rt_exitsyscall(), RT_EPLACE, "rt_exitsyscall");
    CHECK_FAILS(rt_newproc(nullptr, nothing, nullptr, nullptr), RT_EPLACE, "rt_newproc");
    CHECK_FAILS(rt_newproc(nullptr, nullptr, nullptr, nullptr), RT_EINVAL, "rt_newproc: fn is NULL");
    CHECK(rt_goid() == 0);
    CHECK(rt_getg() == nullptr);
    CHECK(rt_current() == nullptr);
  }

  TEST_CASE("NULL outputs and wrong sizes") {
    rt_config c = config(RT_WORLD_SIM, 1);
    CHECK_FAILS(rt_config_init(nullptr, sizeof c), RT_EINVAL, "cfg is NULL");
    CHECK_FAILS(rt_config_init(&c, 3), RT_EINVAL, "size is 3");
    CHECK_FAILS(rt_new(&c, nullptr), RT_EINVAL, "out is NULL");
    rt_runtime* rt = nullptr;
    c.struct_size = 8;
    CHECK_FAILS(rt_new(&c, &rt), RT_EINVAL, "struct_size is 8");
    CHECK(rt == nullptr);
    Runtime r(config(RT_WORLD_SIM, 1));
    CHECK_FAILS(rt_start_main(r.rt, nullptr, nullptr, nullptr), RT_EINVAL, "fn is NULL");
    CHECK_FAILS(rt_start_main(nullptr, nothing, nullptr, nullptr), RT_EINVAL, "rt is NULL");
    rt_end end{};
    CHECK_FAILS(rt_start_main(r.rt, nothing, nullptr, &end), RT_EINVAL, "end->struct_size is 0");
    CHECK_FAILS(rt_stats(r.rt, nullptr), RT_EINVAL, "stats is NULL");
    rt_stats_t stats{};
    CHECK_FAILS(rt_stats(r.rt, &stats), RT_EINVAL, "struct_size is 0");
    CHECK_FAILS(rt_snapshot_take(r.rt, nullptr), RT_EINVAL, "out is NULL");
    CHECK_FAILS(rt_trace_take(r.rt, nullptr), RT_EINVAL, "out is NULL");
    rt_trace* trace = nullptr;
    CHECK_FAILS(rt_trace_take(r.rt, &trace), RT_ESTATE, "trace_events");
    CHECK_FAILS(rt_dump(r.rt, -1), RT_EINVAL, "fd is -1");
    CHECK_FAILS(rt_step(r.rt, 0, nullptr, nullptr), RT_EINVAL, "over is NULL");
    int over = 0;
    CHECK_FAILS(rt_step(r.rt, 0, &over, nullptr), RT_EINVAL, "steps is 0");
    CHECK_FAILS(rt_step(r.rt, 1, &over, nullptr), RT_ESTATE, "rt_begin");
    CHECK_FAILS(rt_abandon(r.rt), RT_ESTATE, "no run");
  }

  TEST_CASE("configurations out of range name the field, the value and the range") {
    struct Case {
      void (*spoil)(rt_config&);
      const char* text;
    };
    const Case cases[] = {
        {[](rt_config& c) { c.procs = 0; }, "procs is 0; give 1 to 1024"},
        {[](rt_config& c) { c.procs = 1025; }, "procs is 1025"},
        {[](rt_config& c) { c.world = 2; }, "world is 2"},
        {[](rt_config& c) { c.boot = 9; }, "boot is 9"},
        {[](rt_config& c) { c.stack_policy = 2; }, "stack_policy is 2"},
        {[](rt_config& c) { c.stack_size = 8192; }, "stack_size is 8192 bytes; give a power of two"},
        {[](rt_config& c) { c.stack_size = 65537; }, "stack_size is 65537"},
        {[](rt_config& c) { c.guard_size = 100; }, "guard_size is 100"},
        {[](rt_config& c) { c.guard_size = c.stack_size; }, "guard_size"},
        {[](rt_config& c) { c.starting_stack_size = 1000; }, "starting_stack_size is 1000"},
        {[](rt_config& c) { c.max_ms = 1; }, "max_ms is 1"},
        {[](rt_config& c) { c.sysmon = 3; }, "sysmon is 3"},
        {[](rt_config& c) { c.points = 16; }, "points is 16"},
        {[](rt_config& c) { c.log_level = 9; }, "log_level is 9"},
        {[](rt_config& c) { c.world = RT_WORLD_THREADS; c.max_steps = 5; }, "max_steps is 5"},
    };
    for (const Case& each : cases) {
      rt_config c = config(RT_WORLD_SIM, 1);
      each.spoil(c);
      rt_runtime* rt = nullptr;
      CHECK_FAILS(rt_new(&c, &rt), RT_EINVAL, each.text);
      CHECK(rt == nullptr);
    }
  }

  TEST_CASE("inside a goroutine, and in another runtime's") {
    Runtime r(config(RT_WORLD_SIM, 1)), other(config(RT_WORLD_SIM, 1));
    REQUIRE(r.run([&] {
      CHECK_FAILS(rt_start_main(other.rt, nothing, nullptr, nullptr), RT_EPLACE, "rt_start_main: called inside a goroutine");
      CHECK_FAILS(rt_delete(r.rt), RT_EPLACE, "rt_delete");
      CHECK_FAILS(rt_newproc(other.rt, nothing, nullptr, nullptr), RT_EPLACE, "is not the runtime of the calling goroutine");
      CHECK_FAILS(rt_newproc_ex(nullptr, nullptr, nullptr), RT_EINVAL, "spawn is NULL");
      rt_spawn spawn{};
      CHECK_FAILS(rt_newproc_ex(nullptr, &spawn, nullptr), RT_EINVAL, "struct_size is 0");
      spawn.struct_size = sizeof spawn;
      spawn.flags = 6;
      CHECK_FAILS(rt_newproc_ex(nullptr, &spawn, nullptr), RT_EINVAL, "flags is 0x6");
      CHECK_FAILS(rt_gopark(nullptr, nullptr, 77), RT_EINVAL, "reason is 77");
      CHECK_FAILS(rt_goready(nullptr), RT_EINVAL, "g is NULL");
      CHECK_FAILS(rt_goready(rt_getg()), RT_EINVAL, "the calling goroutine");
      CHECK_FAILS(rt_defer(nullptr, nullptr), RT_EINVAL, "fn is NULL");
      CHECK_FAILS(rt_gomaxprocs(nullptr, 2000, nullptr), RT_EINVAL, "n is 2000");
      CHECK_FAILS(rt_set_starting_stack_size(nullptr, 3000), RT_EINVAL, "bytes is 3000");
      CHECK_FAILS(rt_exitsyscall(), RT_ESTATE, "not in a system call");
      REQUIRE(rt_entersyscall() == RT_OK);
      CHECK_FAILS(rt_entersyscall(), RT_ESTATE, "already in a system call");
      CHECK_FAILS(rt_gosched(), RT_EPLACE, "between rt_entersyscall and rt_exitsyscall");
      CHECK_FAILS(rt_newproc(nullptr, nothing, nullptr, nullptr), RT_EPLACE, "between rt_entersyscall");
      REQUIRE(rt_exitsyscall() == RT_OK);
    }) == RT_OK);
  }

  TEST_CASE("deleting twice, and while it runs") {
    rt_config c = config(RT_WORLD_SIM, 1);
    rt_runtime* rt = nullptr;
    REQUIRE(rt_new(&c, &rt) == RT_OK);
    REQUIRE(rt_begin(rt, [](void*) { for (;;) rt_gosched(); }, nullptr) == RT_OK);
    CHECK_FAILS(rt_delete(rt), RT_ESTATE, "is running");
    CHECK_FAILS(rt_start_main(rt, nothing, nullptr, nullptr), RT_ESTATE, "running already");
    REQUIRE(rt_abandon(rt) == RT_OK);
    REQUIRE(rt_delete(rt) == RT_OK);
    CHECK_FAILS(rt_delete(rt), RT_EINVAL, "deleted before");
    CHECK_FAILS(rt_start_main(rt, nothing, nullptr, nullptr), RT_EINVAL, "no live runtime");
    CHECK(rt_delete(nullptr) == RT_OK);
  }

  TEST_CASE("every status has a name and a sentence") {
    CHECK(std::string(rt_status_name(RT_EPLACE)) == "RT_EPLACE");
    CHECK(std::string(rt_strerror(RT_ENOMEM)) == "the system gave no memory");
    CHECK(std::string(rt_status_name(static_cast<rt_status>(-99))) == "RT_?");
    CHECK(std::string(rt_wait_reason_name(14)) == "chan receive");
    CHECK(std::string(rt_wait_reason_name(99)) == "unknown wait reason");
    CHECK(std::string(rt_g_status_name(6)) == "dead");
    CHECK(std::string(rt_event_name(13)) == "GoCreate");
  }
}
