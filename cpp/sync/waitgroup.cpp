// waitgroup.cpp: WaitGroup: counter in the high half, waiters in the low. Go: sync/waitgroup.go
#include "sync/enter.hpp"
#include "sync/locks.hpp"
#include "sync/sema.hpp"

namespace NEWPROC_NS {

rt_status waitgroup_add(rt_waitgroup* w, std::int64_t n) {
  M* m = enter("rt_waitgroup_add", RT_OP_SYNC | (n < 0 ? kGivesBack : 0), w);
  if (m == nullptr) return RT_EPLACE;
  auto state = shared(w->state);
  if (n < 0) hb_release_merge(m, w);
  const std::uint64_t delta = static_cast<std::uint64_t>(n) << 32;
  const std::uint64_t now = state.fetch_add(delta, std::memory_order_acq_rel) + delta;
  const auto counter = static_cast<std::int32_t>(now >> 32);
  auto waiters = static_cast<std::uint32_t>(now);
  // The first Add and the first Wait must be ordered: they read and write a cell of their own. waitgroup.go:66, 115
  if (n > 0 && counter == static_cast<std::int32_t>(n)) hb_touch(m, &w->sema, RT_OP_READ);
  if (counter < 0) return gopanic(m, "sync: negative WaitGroup counter");
  if (waiters != 0 && n > 0 && counter == static_cast<std::int32_t>(n))
    return gopanic(m, "sync: WaitGroup misuse: Add called concurrently with Wait");
  if (counter > 0 || waiters == 0) return RT_OK;
  if (state.load(std::memory_order_relaxed) != now)
    return gopanic(m, "sync: WaitGroup misuse: Add called concurrently with Wait");
  state.store(0, std::memory_order_release);
  for (; waiters > 0; --waiters) semrelease(m, w->sema, false);
  return RT_OK;
}

NEWPROC_FLAT rt_status waitgroup_wait(rt_waitgroup* w) {
  M* m = enter("rt_waitgroup_wait", RT_OP_SYNC, w);
  if (m == nullptr) return RT_EPLACE;
  auto state = shared(w->state);
  for (std::uint64_t now = state.load(std::memory_order_acquire);;) {
    if (static_cast<std::int32_t>(now >> 32) == 0) {
      hb_acquire(m, w);
      return RT_OK;
    }
    if (!state.compare_exchange_weak(now, now + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
    if (static_cast<std::uint32_t>(now) == 0) hb_touch(m, &w->sema, RT_OP_WRITE);
    semacquire(m, w->sema, false, RT_WAIT_SEMACQUIRE, w);
    if (state.load(std::memory_order_acquire) != 0)
      return gopanic(getm(), "sync: WaitGroup is reused before previous Wait has returned");
    hb_acquire(getm(), w);
    return RT_OK;
  }
}

}  // namespace NEWPROC_NS
