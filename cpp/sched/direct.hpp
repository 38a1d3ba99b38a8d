// direct.hpp: where the scheduler and package sync ask a director (director.hpp). Nothing in the threads world;
// one load in the sim world while there is none.
#pragma once
#include "sched/sched.hpp"

namespace NEWPROC_NS {

/// Beside the kind of an operation: it gives back what others may wait for.
inline constexpr std::uint32_t kGivesBack = 0x100;

#if NEWPROC_WORLD_SIM
void directed_operation(M* m, const Operation& op);  // [parks]
std::uint32_t directed_choice(M* m, std::uint32_t n);
G* directed_next(M* m);

/// The goroutine that runs comes to an operation: a point where drivers may step in.
inline void operation(M* m, std::uint32_t kind = RT_OP_LOCAL, const void* object = nullptr) {
  if (__builtin_expect(m->sched->direction.director != nullptr, 0)) return directed_operation(m, Operation{kind & ~kGivesBack, object, (kind & kGivesBack) != 0});
  point(m, RT_POINT_OP);
}
inline bool directed(const M* m) { return m != nullptr && __builtin_expect(m->sched->direction.director != nullptr, 0); }
inline Director& director(const M* m) { return *m->sched->direction.director; }

/// What happens before what, of the goroutine g. Go: raceacquire, racerelease
inline void hb_acquire(const M* m, const G* g, const void* object, bool lock = false) {
  if (directed(m) && g != nullptr) director(m).acquire(g->goid, object, lock);
}
inline void hb_release(const M* m, const G* g, const void* object, bool merge = false, bool lock = false) {
  if (directed(m) && g != nullptr) director(m).release(g->goid, object, merge, lock);
}
inline void hb_acquire(const M* m, const void* object) { hb_acquire(m, m != nullptr ? m->curg.get() : nullptr, object); }
inline void hb_release(const M* m, const void* object) { hb_release(m, m != nullptr ? m->curg.get() : nullptr, object); }
inline void hb_release_merge(const M* m, const void* object) { hb_release(m, m != nullptr ? m->curg.get() : nullptr, object, true); }
inline void hb_touch(const M* m, const void* cell, std::uint32_t kind) {
  if (directed(m) && m->curg != nullptr) director(m).touches(m->curg->goid, cell, kind);
}

/// The same of a lock's own words.
inline void hb_lock_acquire(const M* m, const void* word) { hb_acquire(m, m->curg.get(), word, true); }
inline void hb_lock_release(const M* m, const void* word, bool merge = false) { hb_release(m, m->curg.get(), word, merge, true); }
/// The caller holds a lock from here on, or no more.
inline void lock_taken(const M* m, const void* lock, bool shared, bool waits) {
  if (directed(m)) director(m).took(m->curg->goid, lock, shared, waits);
}
inline void lock_given(const M* m, const void* lock) {
  if (directed(m)) director(m).gave(m->curg->goid, lock);
}
#else
inline void operation(M* m, std::uint32_t = RT_OP_LOCAL, const void* = nullptr) { point(m, RT_POINT_OP); }
inline constexpr bool directed(const M*) { return false; }
inline std::uint32_t directed_choice(M*, std::uint32_t) { return 0; }
inline G* directed_next(M*) { return nullptr; }
inline void hb_acquire(const M*, const G*, const void*) {}
inline void hb_release(const M*, const G*, const void*) {}
inline void hb_acquire(const M*, const void*) {}
inline void hb_release(const M*, const void*) {}
inline void hb_release_merge(const M*, const void*) {}
inline void hb_touch(const M*, const void*, std::uint32_t) {}
inline void hb_lock_acquire(const M*, const void*) {}
inline void hb_lock_release(const M*, const void*, bool = false) {}
inline void lock_taken(const M*, const void*, bool, bool) {}
inline void lock_given(const M*, const void*) {}
#endif

/// A send and a receive that meet come both before whatever follows either. Go: racesync, chan.go:346
inline void hb_meet(const M* m, const G* waiter, const void* object) {
  hb_release(m, object);
  hb_acquire(m, waiter, object);
  hb_release(m, waiter, object);
  hb_acquire(m, object);
}
/// A slot of a buffer is used again and again: each use comes after the one before. Go: racenotify, chan.go:1291
inline void hb_slot(const M* m, const G* g, const void* slot) {
  hb_acquire(m, g, slot);
  hb_release(m, g, slot);
}

}  // namespace NEWPROC_NS
