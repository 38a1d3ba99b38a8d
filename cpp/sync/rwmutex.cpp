// rwmutex.cpp: RWMutex. A waiting writer keeps new readers out. Go: sync/rwmutex.go
#include "sync/enter.hpp"
#include "sync/locks.hpp"
#include "sync/sema.hpp"

namespace NEWPROC_NS {
namespace {
constexpr std::int32_t kMaxReaders = 1 << 30;  // taken off reader_count while a writer waits or writes

/// Adds, and returns the sum. It wraps, as Go's does: misuse by several at once comes that far.
std::int32_t add(std::int32_t& word, std::int32_t n) {
  const std::int32_t was = shared(word).fetch_add(n, std::memory_order_acq_rel);
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(was) + static_cast<std::uint32_t>(n));
}

}  // namespace

rt_status rwmutex_rlock(rt_rwmutex* l) {
  M* m = enter("rt_rwmutex_rlock", RT_OP_SYNC, l);
  if (m == nullptr) return RT_EPLACE;
  if (add(l->reader_count, 1) < 0)
    semacquire(m, l->reader_sem, false, RT_WAIT_RWMUTEX_RLOCK, l);
  m = getm();
  hb_lock_acquire(m, &l->reader_sem);
  lock_taken(m, &l->w, true, true);
  return RT_OK;
}

rt_status rwmutex_try_rlock(rt_rwmutex* l) {
  const M* m = enter("rt_rwmutex_try_rlock", RT_OP_SYNC, l);
  if (m == nullptr) return RT_EPLACE;
  auto count = shared(l->reader_count);
  for (std::int32_t c = count.load(std::memory_order_relaxed); c >= 0;)
    if (count.compare_exchange_weak(c, c + 1, std::memory_order_acq_rel, std::memory_order_relaxed)) {
      hb_lock_acquire(m, &l->reader_sem);
      lock_taken(m, &l->w, true, false);
      return RT_OK;
    }
  return RT_EWOULDBLOCK;
}

rt_status rwmutex_runlock(rt_rwmutex* l) {
  M* m = enter("rt_rwmutex_runlock", RT_OP_SYNC | kGivesBack, l);
  if (m == nullptr) return RT_EPLACE;
  hb_lock_release(m, &l->writer_sem, true);
  lock_given(m, &l->w);
  const std::int32_t r = add(l->reader_count, -1);
  if (r >= 0) return RT_OK;
  if (r == -1 || r == -kMaxReaders - 1) fatal("sync: RUnlock of unlocked RWMutex");
  if (add(l->reader_wait, -1) == 0) semrelease(m, l->writer_sem, false);
  return RT_OK;
}

rt_status rwmutex_lock(rt_rwmutex* l) {
  if (const rt_status s = mutex_lock(&l->w); s != RT_OK) return s;
  M* m = getm();
  const std::int32_t readers = shared(l->reader_count).fetch_sub(kMaxReaders, std::memory_order_acq_rel);
  if (readers != 0 && add(l->reader_wait, readers) != 0)
    semacquire(m, l->writer_sem, false, RT_WAIT_RWMUTEX_LOCK, l);
  hb_lock_acquire(getm(), &l->reader_sem);
  hb_lock_acquire(getm(), &l->writer_sem);
  return RT_OK;
}

rt_status rwmutex_try_lock(rt_rwmutex* l) {
  if (const rt_status s = mutex_try_lock(&l->w); s != RT_OK) return s;
  std::int32_t none = 0;
  if (shared(l->reader_count).compare_exchange_strong(none, -kMaxReaders, std::memory_order_acq_rel)) {
    hb_lock_acquire(getm(), &l->reader_sem);
    hb_lock_acquire(getm(), &l->writer_sem);
    return RT_OK;
  }
  mutex_unlock(&l->w);
  return RT_EWOULDBLOCK;
}

rt_status rwmutex_unlock(rt_rwmutex* l) {
  M* m = enter("rt_rwmutex_unlock", RT_OP_SYNC | kGivesBack, l);
  if (m == nullptr) return RT_EPLACE;
  hb_lock_release(m, &l->reader_sem);
  const std::int32_t readers = add(l->reader_count, kMaxReaders);
  if (readers >= kMaxReaders) fatal("sync: Unlock of unlocked RWMutex");
  // After a fatal error of another goroutine the count may be anything: the run is over, and need not be waited for.
  for (std::int32_t i = 0; i < readers && !m->sched->exiting(); ++i) semrelease(m, l->reader_sem, false);
  return mutex_unlock(&l->w);
}

}  // namespace NEWPROC_NS
