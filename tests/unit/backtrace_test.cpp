// A walk of a goroutine's stack by the system's unwinder ends at its first frame, and so do exceptions.
#include <execinfo.h>

#include <stdexcept>
#include <string>

#include "fixture.hpp"

using namespace fixture;

namespace {

constexpr int kMost = 200;

[[gnu::noinline]] int frames_at(int depth) {
  if (depth > 0) return frames_at(depth - 1) + 0 * depth;
  void* frames[kMost];
  return backtrace(frames, kMost);
}

}  // namespace

TEST_SUITE("backtrace") {
  TEST_CASE("it ends at the goroutine's first frame, before and after a switch") {
    for (const std::uint32_t world : {RT_WORLD_THREADS, RT_WORLD_SIM}) {
      Runtime r(config(world, 1));
      int fresh = 0, resumed = 0, deeper = 0;
      REQUIRE(r.run([&] {
        int ended = 0;
        r.go([&] {
          fresh = frames_at(0);
          rt_gosched();
          resumed = frames_at(0);
          deeper = frames_at(20);
          ++ended;
        });
        while (ended == 0) rt_gosched();
      }) == RT_OK);
      CHECK(fresh > 2);
      CHECK(fresh < 30);
      CHECK(resumed == fresh);
      CHECK(deeper < kMost);
    }
  }

  TEST_CASE("gone wrong: an exception that nobody catches is a panic of its goroutine, not terminate") {
    for (const std::uint32_t world : {RT_WORLD_THREADS, RT_WORLD_SIM}) {
      Runtime r(config(world, 1));
      CHECK(r.run([&] {
        r.go([] {
          rt_gosched();
          throw std::runtime_error("out of cheese");
        });
        for (int i = 0; i < 10; ++i) rt_gosched();
      }) == RT_EPANIC);
      CHECK(r.message == "panic: out of cheese");
    }
  }
}
