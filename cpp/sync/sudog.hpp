// sudog.hpp: sudogs from the P's cache.
#pragma once
#include "g/sudog.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {

/// Null: no memory.
Sudog* refill_sudogs(Sched& s, SudogCache& cache);
void spill_sudogs(Sched& s, SudogCache& cache);

inline Sudog* acquireSudog(M* m) {
  SudogCache& cache = static_cast<P*>(m->p)->sudogs;
  if (__builtin_expect(cache.n == 0, 0)) return refill_sudogs(*m->sched, cache);
  return cache.items[--cache.n];
}

inline void releaseSudog(M* m, Sudog* s) {
  s->elem = nullptr;
  s->select = nullptr;
  s->c = nullptr;
  s->ticket = 0;
  SudogCache& cache = static_cast<P*>(m->p)->sudogs;
  if (__builtin_expect(cache.n == SudogCache::kMost, 0)) spill_sudogs(*m->sched, cache);
  cache.items[cache.n++] = s;
}

}  // namespace NEWPROC_NS
