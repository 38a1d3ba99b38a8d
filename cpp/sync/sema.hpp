// sema.hpp: semaphores: sleep and wakeup on a word, paired so that no wakeup is lost. Go: sema.go:114-243
#pragma once
#include <atomic>
#include <cstdint>

#include "sched/sched.hpp"

namespace NEWPROC_NS {

/// A word of the C ABI that many goroutines change.
template <class T>
std::atomic_ref<T> shared(T& word) {
  return std::atomic_ref<T>(word);
}

/// The part of the table that waiters of this address are in. The sim world has one: addresses are no
/// business of a seed's.
inline SemaRoot& sema_root(Sched& s, const void* address) {
  return s.semtable[kSim ? 0 : (reinterpret_cast<std::uintptr_t>(address) >> 3) % kSemaRoots];
}

/// Takes one from addr, or waits for a release. `lifo`: in front of those that wait. [parks]
void semacquire(M* m, std::uint32_t& addr, bool lifo, std::uint32_t reason, const void* object);
/// Puts one back and wakes the first waiter. `handoff`: it gets the unit, and the M, at once. [parks if so]
void semrelease(M* m, Sched& s, std::uint32_t& addr, bool handoff);  // m null: not from an M; no handoff then
inline void semrelease(M* m, std::uint32_t& addr, bool handoff) { semrelease(m, *m->sched, addr, handoff); }

}  // namespace NEWPROC_NS
