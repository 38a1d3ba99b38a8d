// The system refuses: every mmap, thread and allocation in turn fails, in both worlds. A status, nothing
// leaked (LeakSanitizer watches), and the next run is well.
#include <atomic>

#include "fixture.hpp"

using namespace fixture;

namespace {

/// Refuses the n-th request and counts them all.
struct Refuser {
  std::atomic<int> asked{0};
  int refuse = -1;
  static int ask(void* self, int kind) {
    if (kind == RT_FAULT_GUARD) return 0;  // one per stack, and no failure: below
    auto* me = static_cast<Refuser*>(self);
    return me->asked++ == me->refuse;
  }
};

void program(Runtime& r) {
  std::atomic<int> done{0};
  int started = 0;
  for (int i = 0; i < 600; ++i) {
    const rt_status status = rt_newproc(nullptr, [](void* d) { rt_gosched(); ++*static_cast<std::atomic<int>*>(d); }, &done, nullptr);
    started += status == RT_OK;
    if (status != RT_OK) CHECK(status == RT_ENOMEM);
  }
  const rt_status grown = rt_gomaxprocs(nullptr, 4, nullptr);
  CHECK((grown == RT_OK || grown == RT_ENOMEM));
  while (done < started) rt_gosched();
  (void)r;
}

int requests(rt_config c, int refuse) {
  Refuser refuser;
  refuser.refuse = refuse;
  c.fault = Refuser::ask;
  c.fault_arg = &refuser;
  rt_runtime* rt = nullptr;
  const rt_status made = rt_new(&c, &rt);
  if (made != RT_OK) {
    CHECK(made == RT_ENOMEM);
    CHECK(rt == nullptr);
    return refuser.asked;
  }
  Runtime r(rt);
  const rt_status ran = r.run([&] { program(r); });
  CHECK((ran == RT_OK || ran == RT_ENOMEM || ran == RT_EAGAIN));
  if (ran != RT_OK) CHECK(rt_last_error()[0] != '\0');
  const int asked = refuser.asked;
  refuser.refuse = -1;
  CHECK(r.run([&] { program(r); }) == RT_OK);
  return asked;
}

}  // namespace

TEST_SUITE("faults") {
  TEST_CASE("each request in turn is refused") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
      for (const std::uint32_t policy : {RT_STACK_LAZY, RT_STACK_GO}) {
        rt_config c = config(world, 2);
        c.stack_policy = policy;
        c.log_level = RT_LOG_OFF;
        const int most = requests(c, -1);
        REQUIRE(most > 5);
        for (int n = 0; n < most + 1; ++n) {
          CAPTURE(world);
          CAPTURE(policy);
          CAPTURE(n);
          requests(c, n);
        }
      }
  }
}

TEST_SUITE("faults") {
  TEST_CASE("without guard pages stacks have canaries, and everything runs") {
    for (const std::uint32_t world : {RT_WORLD_THREADS, RT_WORLD_SIM}) {
      rt_config c = config(world, 2);
      c.fault = [](void*, int kind) { return static_cast<int>(kind == RT_FAULT_GUARD); };
      Runtime r(c);
      std::atomic<int> ended{0};
      REQUIRE(r.run([&] {
        for (int i = 0; i < 500; ++i) r.go([&] {
          rt_gosched();
          rt_goyield();
          ++ended;
        });
        while (ended != 500) rt_gosched();
      }) == RT_OK);
      CHECK(r.stats().stacks_unguarded == r.stats().stacks);
      CHECK(r.stats().stacks_unguarded > 1);
    }
  }
}
