// Floating-point modes: a goroutine's own where rt_config.fp_modes asks for it.
#include <cfenv>

#include "fixture.hpp"

using namespace fixture;

TEST_SUITE("fp modes") {
  TEST_CASE("with fp_modes, rounding stays with the goroutine that set it") {
    for (const std::uint32_t world : {RT_WORLD_THREADS, RT_WORLD_SIM}) {
      rt_config c = config(world, 1);
      c.fp_modes = 1;
      Runtime r(c);
      int other = -1, own = -1;
      REQUIRE(r.run([&] {
        r.go([&] {
          std::fesetround(FE_UPWARD);
          while (other == -1) rt_gosched();
          own = std::fegetround();
        });
        r.go([&] {
          rt_gosched();
          other = std::fegetround();
        });
        while (own == -1) rt_gosched();
        CHECK(std::fegetround() == FE_TONEAREST);
      }) == RT_OK);
      CHECK(other == FE_TONEAREST);
      CHECK(own == FE_UPWARD);
      CHECK(std::fegetround() == FE_TONEAREST);
    }
  }

  TEST_CASE("a value that is neither 0 nor 1 is refused") {
    rt_config c = config(RT_WORLD_SIM, 1);
    c.fp_modes = 2;
    rt_runtime* rt = nullptr;
    CHECK(rt_new(&c, &rt) == RT_EINVAL);
    CHECK(std::string(rt_last_error()) == "rt_config.fp_modes is 2; give 0 to 1");
  }
}
