// sudog.cpp: between the Ps' caches and the central list: half a cache at a time, either way.
// Go: proc.go:433, 489
#include "sync/sudog.hpp"

#include <cstdlib>
#include <new>

namespace NEWPROC_NS {
namespace {
constexpr std::uint32_t kSlab = 32;  // sudogs
}

[[gnu::noinline]] Sudog* refill_sudogs(Sched& s, SudogCache& cache) {
  s.sudog_lock.lock();
  while (s.sudogs != nullptr && cache.n < SudogCache::kMost / 2) {
    cache.items[cache.n++] = s.sudogs;
    s.sudogs = s.sudogs->next;
  }
  if (cache.n == 0) {
    const bool refused = s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0;
    auto* slab = refused ? nullptr : new (std::nothrow) Sudog[kSlab];
    if (slab != nullptr) {
      s.sudog_slabs.push_back(slab);
      for (std::uint32_t i = kSlab; i-- > 0;) cache.items[cache.n++] = &slab[i];
    }
  }
  s.sudog_lock.unlock();
  if (cache.n == 0) return nullptr;
  Sudog* taken = cache.items[--cache.n];
  taken->next = taken->prev = nullptr;
  return taken;
}

[[gnu::noinline]] void spill_sudogs(Sched& s, SudogCache& cache) {
  s.sudog_lock.lock();
  while (cache.n > SudogCache::kMost / 2) {
    Sudog* gone = cache.items[--cache.n];
    gone->next = s.sudogs;
    s.sudogs = gone;
  }
  s.sudog_lock.unlock();
}

}  // namespace NEWPROC_NS
