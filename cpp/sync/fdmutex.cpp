#include "sync/fdmutex.hpp"

#include "sync/enter.hpp"
#include "sync/sema.hpp"

namespace NEWPROC_NS {
namespace {

// PollDesc::mu: closed, a lock for reading, one for writing, and three counts of 20 bits.
constexpr std::uint64_t kClosed = 1;
constexpr std::uint64_t kCount = (1 << 20) - 1;
constexpr std::uint64_t kRef = 8;

/// Where a use has its lock and its waiters.
struct Half {
  std::uint64_t locked, wait;
  std::uint64_t waiters(std::uint64_t mu) const { return mu & (kCount * wait); }
};
constexpr Half kRead{2, std::uint64_t{1} << 23}, kWrite{4, std::uint64_t{1} << 43};

const Half& half(Use use) { return use == Use::read ? kRead : kWrite; }
std::uint32_t& sema(PollDesc* pd, Use use) { return use == Use::read ? pd->rsema : pd->wsema; }

std::uint64_t refs(std::uint64_t mu) { return mu & (kCount * kRef); }
bool full(std::uint64_t mu) { return refs(mu) == kCount * kRef; }
bool over(std::uint64_t mu) { return (mu & kClosed) != 0 && refs(mu) == 0; }

bool swap(PollDesc* pd, std::uint64_t& old, std::uint64_t now) {
  return pd->mu.compare_exchange_weak(old, now, std::memory_order_acq_rel, std::memory_order_acquire);
}

}  // namespace

rt_status fd_lock(M* m, PollDesc* pd, Use use) {
  const Half& h = half(use);
  const std::uint32_t seq = pd->fdseq.load(std::memory_order_relaxed);
  for (std::uint64_t old = pd->mu.load(std::memory_order_acquire);;) {
    if ((old & kClosed) != 0 || pd->fdseq.load(std::memory_order_relaxed) != seq) return RT_ECLOSED;
    if (full(old) || h.waiters(old) == kCount * h.wait) return RT_ELIMIT;
    const bool free = (old & h.locked) == 0;
    if (!swap(pd, old, free ? (old | h.locked) + kRef : old + h.wait)) continue;
    if (free) return RT_OK;
    semacquire(m, sema(pd, use), false, RT_WAIT_SEMACQUIRE, pd);
    m = getm();
    old = pd->mu.load(std::memory_order_acquire);
  }
}

bool fd_unlock(M* m, PollDesc* pd, Use use) {
  const Half& h = half(use);
  for (std::uint64_t old = pd->mu.load(std::memory_order_relaxed);;) {
    if ((old & h.locked) == 0 || refs(old) == 0) gothrow("inconsistent poll.fdMutex");
    const bool waiting = h.waiters(old) != 0;
    const std::uint64_t now = (old & ~h.locked) - kRef - (waiting ? h.wait : 0);
    if (!swap(pd, old, now)) continue;
    if (waiting) semrelease(m, *m->sched, sema(pd, use), false);
    return over(now);
  }
}

rt_status fd_ref(PollDesc* pd) {
  for (std::uint64_t old = pd->mu.load(std::memory_order_acquire);;) {
    if ((old & kClosed) != 0) return RT_ECLOSED;
    if (full(old)) return RT_ELIMIT;
    if (swap(pd, old, old + kRef)) return RT_OK;
  }
}

bool fd_unref(PollDesc* pd) {
  for (std::uint64_t old = pd->mu.load(std::memory_order_relaxed);;) {
    if (refs(old) == 0) gothrow("inconsistent poll.fdMutex");
    if (swap(pd, old, old - kRef)) return over(old - kRef);
  }
}

bool fd_shut(M* m, Sched& s, PollDesc* pd) {
  for (std::uint64_t old = pd->mu.load(std::memory_order_acquire);;) {
    if ((old & kClosed) != 0) return false;
    if (!swap(pd, old, ((old | kClosed) & ~(kCount * kRead.wait) & ~(kCount * kWrite.wait)) + kRef)) continue;
    for (const Use use : {Use::read, Use::write})
      for (std::uint64_t n = half(use).waiters(old) / half(use).wait; n > 0; --n) semrelease(m, s, sema(pd, use), false);
    return true;
  }
}

bool fd_forget_users(PollDesc* pd) {
  const std::uint64_t old = pd->mu.load(std::memory_order_relaxed);
  pd->mu.store(old & kClosed, std::memory_order_relaxed);
  pd->rsema = pd->wsema = pd->csema = 0;
  return (old & kClosed) != 0 && refs(old) != 0;
}

void fd_mutex_open(PollDesc* pd) {
  pd->rsema = pd->wsema = pd->csema = 0;
  pd->mu.store(0, std::memory_order_release);
}

void fd_mutex_close(PollDesc* pd) { pd->mu.store(kClosed, std::memory_order_relaxed); }

}  // namespace NEWPROC_NS
