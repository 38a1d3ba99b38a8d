// netpoll.cpp: waiting for time to pass, and for file descriptors, without a P.
// Go: the end of findRunnable, proc.go:3163-3226; wakeNetPoller, 3429; netpoll_epoll.go
//
// One M at a time polls: lastpoll is 0 meanwhile, and poll_until says until when it sleeps.
#include "sched/fast.hpp"

namespace NEWPROC_NS {

void netpollBreak(Sched& s) { s.poller.wake(); }

/// A timer for `when` was set. Whoever sleeps for longer must know.
void wakeNetPoller(M* m, std::int64_t when) {
  Sched& s = *m->sched;
  if (s.lastpoll.load(std::memory_order_seq_cst) != 0) return wakep(m);
  const std::int64_t until = s.poll_until.load(std::memory_order_seq_cst);
  if (until == 0 || until > when) netpollBreak(s);
}

/// Nothing is to do for m, which has given its P back: it sleeps until poll_until (0: for ever), or until a
/// descriptor is ready. True: it has a P again. If another M polls, it returns at once.
bool poll(M* m, std::int64_t poll_until, bool was_spinning) {
  Sched& s = *m->sched;
  if (poll_until == 0 && s.holds.load(std::memory_order_seq_cst) == 0) return false;
  if (s.lastpoll.exchange(0, std::memory_order_seq_cst) == 0) {
    const std::int64_t until = s.poll_until.load(std::memory_order_seq_cst);
    if (poll_until != 0 && (until == 0 || until > poll_until)) netpollBreak(s);
    return false;
  }
  s.poll_until.store(poll_until, std::memory_order_seq_cst);
  const auto now = static_cast<std::int64_t>(s.world.nanotime());
  if (s.attention.load(std::memory_order_seq_cst) == 0)
    s.poller.sleep(poll_until == 0 ? -1 : poll_until > now ? poll_until - now : 0);
  if ((s.attention.load(std::memory_order_seq_cst) & Sched::kInterrupt) != 0) end_run(s, RT_EINTR, nullptr, "interrupted");
  s.poll_until.store(0, std::memory_order_seq_cst);
  s.lastpoll.store(static_cast<std::int64_t>(s.world.nanotime()) | 1, std::memory_order_seq_cst);
  s.lock.lock();
  P* p = s.attention.load(std::memory_order_acquire) != 0 ? nullptr : pidleget(s);
  s.lock.unlock();
  if (p == nullptr) return false;
  acquirep(m, p);
  if (was_spinning) becomeSpinning(m);
  return true;
}

}  // namespace NEWPROC_NS
