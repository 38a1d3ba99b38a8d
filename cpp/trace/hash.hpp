// hash.hpp: one number for a trace; equal runs have equal hashes on every compiler and build type.
#pragma once
#include <cstddef>
#include <cstdint>

#include "newproc.h"

namespace newproc::trace {

/// Over kind, place, goroutine and arguments; times and addresses (the b of GoCreate and GoPark) are left out. FNV-1a, 64 bits.
inline std::uint64_t trace_hash(const rt_event* events, std::size_t n) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::uint64_t value) {
    for (int i = 0; i < 8; ++i, value >>= 8) hash = (hash ^ (value & 0xff)) * 0x100000001b3ULL;
  };
  for (std::size_t i = 0; i < n; ++i) {
    const rt_event& e = events[i];
    mix(e.kind | static_cast<std::uint64_t>(static_cast<std::uint16_t>(e.p)) << 16 |
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(e.m)) << 32);
    mix(e.g);
    mix(e.a);
    mix(e.kind == RT_EV_GO_CREATE || e.kind == RT_EV_GO_PARK ? 0 : e.b);
  }
  return hash;
}

}  // namespace newproc::trace
