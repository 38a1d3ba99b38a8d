// fixture.hpp: a runtime for one test, with lambdas as goroutines. Deleting it frees every G, stack and M, or LeakSanitizer says so.
#pragma once
#include <doctest/doctest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "newproc.h"

namespace fixture {

using Body = std::function<void()>;

/// A configuration of one world, small enough for every sanitizer.
inline rt_config config(std::uint32_t world, std::uint32_t procs, std::uint64_t seed = 1) {
  rt_config c;
  rt_config_init(&c, sizeof c);
  c.world = world;
  c.procs = procs;
  c.seed = seed;
  return c;
}

class Runtime {
 public:
  explicit Runtime(const rt_config& c) { REQUIRE_MESSAGE(rt_new(&c, &rt) == RT_OK, rt_last_error()); }
  explicit Runtime(rt_runtime* made) : rt(made) {}
  ~Runtime() {
    CHECK(rt_delete(rt) == RT_OK);
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  rt_status run(Body body) {
    end = {};
    end.struct_size = sizeof end;
    main_ = std::move(body);
    const rt_status status = rt_start_main(rt, &Runtime::call, &main_, &end);
    message = end.message != nullptr ? end.message : "";
    return status;
  }
  /// The go statement.
  std::uint64_t go(Body body) {
    bodies_.push_back(std::move(body));
    std::uint64_t goid = 0;
    const rt_status status = rt_newproc(nullptr, &Runtime::call, &bodies_.back(), &goid);
    REQUIRE_MESSAGE(status == RT_OK, rt_last_error());
    return goid;
  }
  rt_stats_t stats() const {
    rt_stats_t s{};
    s.struct_size = sizeof s;
    REQUIRE(rt_stats(rt, &s) == RT_OK);
    return s;
  }
  void forget() { bodies_.clear(); }

  rt_runtime* rt = nullptr;
  rt_end end{};
  std::string message;

 private:
  static void call(void* body) { (*static_cast<Body*>(body))(); }
  Body main_;
  std::deque<Body> bodies_;  // one P's goroutines only push here: addresses stay
};

/// In every world, with 1 and with more Ps; the sim world with this many seeds.
inline void in_all_worlds(std::uint64_t seeds, const std::function<void(Runtime&)>& scenario) {
  for (const std::uint32_t procs : {1u, 2u, 4u}) {
    CAPTURE(procs);
    Runtime threads(config(RT_WORLD_THREADS, procs));
    CHECK_MESSAGE(threads.run([&] { scenario(threads); }) == RT_OK, threads.message);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      CAPTURE(seed);
      Runtime sim(config(RT_WORLD_SIM, procs, seed));
      CHECK_MESSAGE(sim.run([&] { scenario(sim); }) == RT_OK, sim.message);
    }
  }
}

inline rt_snapshot* snapshot(rt_runtime* rt) {
  rt_snapshot* s = nullptr;
  REQUIRE(rt_snapshot_take(rt, &s) == RT_OK);
  return s;
}

}  // namespace fixture
