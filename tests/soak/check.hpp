// check.hpp: what a round of the soak has to say when something is lost.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "newproc.h"

namespace soak {

/// The round under way, to be run again with --seed.
inline std::uint64_t round_seed = 0;

#define SOAK_CHECK(what)                                                                                     \
  do {                                                                                                       \
    if (!(what)) {                                                                                           \
      std::fprintf(stderr, "soak: --seed %llu --rounds 1: %s:%d: %s (%s)\n",                                 \
                   static_cast<unsigned long long>(soak::round_seed), __FILE__, __LINE__, #what, rt_last_error()); \
      std::abort();                                                                                          \
    }                                                                                                        \
  } while (0)

/// splitmix64, one for each goroutine: draws do not depend on who runs first.
struct Random {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
  }
  std::uint64_t below(std::uint64_t n) { return next() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
};

}  // namespace soak
