// sudog.hpp: a goroutine on a wait list. One goroutine can be on many (select), and many on one.
// Go: type sudog, runtime2.go:357; acquireSudog, releaseSudog, proc.go:426, 477
#pragma once
#include <atomic>
#include <cstdint>

#include "world/world.hpp"

namespace NEWPROC_NS {

struct G;
struct Chan;
struct Sudog;

/// Shared by the sudogs of one select, on the stack of its goroutine: all of them are off their channels
/// before it returns.
struct SelectState {
  std::atomic<bool> done{false};  // the first to set it has the goroutine. Go: g.selectDone
  Sudog* fired = nullptr;         // written by the winner, under its channel's lock. Go: g.param
};

struct Sudog {
  G* g = nullptr;
  Sudog* next = nullptr;  // on a channel, a semaphore or a condition; also on the central cache
  Sudog* prev = nullptr;  // channels only
  void* elem = nullptr;   // what is sent, or where to receive; null: nowhere. Semaphores: the address
  Chan* c = nullptr;
  SelectState* select = nullptr;  // null: no select
  std::uint32_t ticket = 0;       // a semaphore handed over: 1; a condition: its number
  bool success = false;           // woken by a send or a receive; false: the channel was closed
};

/// Sudogs at hand for one P, hot ones last. Go: p.sudogcache, runtime2.go:665
struct SudogCache {
  static constexpr std::uint32_t kMost = 128;
  Sudog* items[kMost];
  std::uint32_t n = 0;
};

}  // namespace NEWPROC_NS
