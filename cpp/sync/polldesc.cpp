#include "sync/polldesc.hpp"

#include <cerrno>
#include <new>

#include "sync/enter.hpp"

namespace NEWPROC_NS {
namespace {

std::atomic<std::uintptr_t>& semaphore(PollDesc* pd, Use use) { return use == Use::read ? pd->rg : pd->wg; }

rt_status check(const PollDesc* pd, Use use) {
  const std::uint32_t info = pd->info.load(std::memory_order_seq_cst);
  if ((info & PollDesc::kClosing) != 0) return RT_ECLOSED;
  if ((info & (use == Use::read ? PollDesc::kReadExpired : PollDesc::kWriteExpired)) != 0) return RT_ETIMEOUT;
  // A writer learns more from trying.
  return use == Use::read && (info & PollDesc::kEventErr) != 0 && !pd->either ? RT_ENOTSUP : RT_OK;
}

/// Lock held; after it, and before anybody is unblocked, check() says what was changed.
void publish(PollDesc* pd) {
  const std::uint32_t now = (pd->closing ? std::uint32_t{PollDesc::kClosing} : 0) |
                            (pd->rd < 0 ? std::uint32_t{PollDesc::kReadExpired} : 0) |
                            (pd->wd < 0 ? std::uint32_t{PollDesc::kWriteExpired} : 0);
  std::uint32_t old = pd->info.load(std::memory_order_relaxed);
  while (!pd->info.compare_exchange_weak(old, (old & PollDesc::kEventErr) | now, std::memory_order_seq_cst)) {}
}

/// The count comes last: between the two, checkdead must not see that nobody waits.
void wake_poller_of(M* m, Sched& s, G* gp) {
  if (gp == nullptr) return;
  wake(m, s, gp);
  s.netpoll_waiters.fetch_sub(1, std::memory_order_seq_cst);
}

/// park_m with a commit that can fail: what was awaited has come between the last look and this.
void park_on(M* m, PollDesc* pd, std::atomic<std::uintptr_t>& sema) {
  G* gp = m->curg;
  if (__builtin_expect(gp->has(G::kUnguarded), 0)) check_canary(m, gp);
  gp->waitreason = RT_WAIT_IO;
  gp->stack()->wait_object = pd;
  m->commit_arg = &sema;
  mcall(m, gp, [](M* on, G* parked) {
    auto& last = *static_cast<std::atomic<std::uintptr_t>*>(on->commit_arg);
    Sched& s = *on->sched;
    leave_waiting(on, parked);
    std::uintptr_t was = kPdWait;
    s.netpoll_waiters.fetch_add(1, std::memory_order_seq_cst);
    if (last.compare_exchange_strong(was, reinterpret_cast<std::uintptr_t>(parked), std::memory_order_seq_cst)) return false;
    s.netpoll_waiters.fetch_sub(1, std::memory_order_seq_cst);
    casgstatus(parked, RT_GWAITING, RT_GRUNNABLE);
    track_runnable(s, parked);
    execute(on, {parked, true, RT_FROM_PARK, -1});
    return true;
  });
}

/// False: not ready, but timed out or closed. Go: netpollblock
bool block(M* m, PollDesc* pd, Use use) {
  auto& sema = semaphore(pd, use);
  for (;;) {
    std::uintptr_t old = kPdReady;
    if (sema.compare_exchange_strong(old, kPdNil, std::memory_order_seq_cst)) return true;
    if (old != kPdNil) gothrow("runtime: double wait");  // fd_lock lets one in
    if (sema.compare_exchange_strong(old, kPdWait, std::memory_order_seq_cst)) break;
  }
  point(m, RT_POINT_WAKE);
  // Whoever closes it or ends its time does the reverse: says so, then looks who waits.
  if (check(pd, use) == RT_OK) park_on(m, pd, sema);
  const std::uintptr_t old = sema.exchange(kPdNil, std::memory_order_seq_cst);
  if (old > kPdWait) gothrow("runtime: corrupted polldesc");
  return old == kPdReady;
}

bool over(std::int64_t deadline, std::int64_t now) { return deadline > 0 && deadline <= now; }

/// A timer that fired. Where Go compares the number under which it was set, this looks whether the deadline is over:
/// it may have been moved, or the descriptor may be another one, since the timer left its heap.
void expire(M* m, PollDesc* pd, bool reader) {
  Sched& s = *m->sched;
  const auto now = static_cast<std::int64_t>(s.world.nanotime());
  G *rg = nullptr, *wg = nullptr;
  pd->lock.lock();
  const bool both = reader && pd->rd == pd->wd;
  if (reader && over(pd->rd, now)) {
    pd->rd = -1;
    publish(pd);
    rg = netpollunblock(pd->rg, false);
  }
  if ((both || !reader) && over(pd->wd, now)) {
    pd->wd = -1;
    publish(pd);
    wg = netpollunblock(pd->wg, false);
  }
  pd->lock.unlock();
  wake_poller_of(m, s, rg);
  wake_poller_of(m, s, wg);
}

void read_deadline(void* m, Timer* t) { expire(static_cast<M*>(m), static_cast<PollDesc*>(t->arg), true); }
void write_deadline(void* m, Timer* t) { expire(static_cast<M*>(m), static_cast<PollDesc*>(t->arg), false); }

/// Sets, moves or stops one timer. when <= 0: none.
rt_status arm(M* m, Timer* t, bool& armed, std::int64_t when, bool changed) {
  if (armed && !changed) return RT_OK;
  if (when <= 0) {
    if (armed) deltimer(t);
    armed = false;
    return RT_OK;
  }
  bool active = false;
  const rt_status status = modtimer(m, t, when, 0, &active);
  armed = status == RT_OK;
  return status;
}

PollDesc* take_free(Sched& s) {
  if (s.polldescs == nullptr) {
    const bool refused = s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0;
    auto* slab = refused ? nullptr : new (std::nothrow) PollDesc[kPollDescSlab];
    if (slab == nullptr) return nullptr;
    s.polldesc_slabs.push_back(slab);
    for (std::uint32_t i = kPollDescSlab; i-- > 0;) {
      PollDesc* pd = &slab[i];
      pd->runtime = s.runtime;
      pd->rt.arg = pd->wt.arg = pd;
      pd->rt.fire = read_deadline;
      pd->wt.fire = write_deadline;
      pd->link = s.polldescs;
      s.polldescs = pd;
    }
  }
  PollDesc* pd = s.polldescs;
  s.polldescs = pd->link;
  return pd;
}

}  // namespace

PollDesc* poll_alloc(Sched& s, int* error) {
  s.polldesc_lock.lock();
  *error = s.poller.open(s.cfg.fault, s.cfg.fault_arg);
  PollDesc* pd = *error == 0 ? take_free(s) : nullptr;
  s.polldesc_lock.unlock();
  if (pd == nullptr && *error == 0) *error = ENOMEM;
  return pd;
}

int poll_open(Sched& s, PollDesc* pd, bool read, bool write) {
  pd->lock.lock();
  pd->closing = pd->freed = pd->gone = false;
  pd->rd = pd->wd = 0;
  pd->rg.store(kPdNil, std::memory_order_relaxed);
  pd->wg.store(kPdNil, std::memory_order_relaxed);
  pd->info.store(0, std::memory_order_relaxed);
  pd->fdseq.store(pd->fdseq.load(std::memory_order_relaxed), std::memory_order_release);  // pairs with netpollready
  pd->lock.unlock();
  return s.poller.epoll().add(pd->sysfd, netpoll_data(pd), read, write);
}

void poll_close(Sched& s, PollDesc* pd) { s.poller.epoll().remove(pd->sysfd); }

/// Events that are on their way find another number.
void poll_free(Sched& s, PollDesc* pd) {
  const std::uint32_t seq = pd->fdseq.load(std::memory_order_relaxed);
  pd->fdseq.store(seq == kFdSeqMask ? 1 : seq + 1, std::memory_order_release);
  s.polldesc_lock.lock();
  pd->link = s.polldescs;
  s.polldescs = pd;
  s.polldesc_lock.unlock();
}

rt_status poll_reset(PollDesc* pd, Use use) {
  const rt_status status = check(pd, use);
  if (status == RT_OK) semaphore(pd, use).store(kPdNil, std::memory_order_seq_cst);
  return status;
}

rt_status poll_wait(PollDesc* pd, Use use) {
  for (;;) {
    if (const rt_status status = check(pd, use); status != RT_OK) return status;
    if (block(getm(), pd, use)) return RT_OK;
    // Not ready: a deadline passed, and may have been moved before this goroutine could run.
  }
}

rt_status poll_set_deadline(M* m, PollDesc* pd, std::int64_t when, bool read, bool write) {
  Sched& s = *m->sched;
  const auto now = static_cast<std::int64_t>(s.world.nanotime());
  const std::int64_t to = when == kNoDeadline ? 0 : when > now ? when : -1;
  pd->lock.lock();
  if (pd->closing) {
    pd->lock.unlock();
    return RT_ECLOSED;
  }
  const std::int64_t rd0 = pd->rd, wd0 = pd->wd;
  const bool both0 = rd0 > 0 && rd0 == wd0;
  if (read) pd->rd = to;
  if (write) pd->wd = to;
  publish(pd);
  const bool both = pd->rd > 0 && pd->rd == pd->wd;
  rt_status status = arm(m, &pd->rt, pd->rt_armed, pd->rd, pd->rd != rd0 || both != both0);
  if (status == RT_OK) status = arm(m, &pd->wt, pd->wt_armed, both ? 0 : pd->wd, pd->wd != wd0 || both != both0);
  if (status != RT_OK) {
    if (read) pd->rd = 0;
    if (write) pd->wd = 0;
    publish(pd);
  }
  G* rg = pd->rd < 0 ? netpollunblock(pd->rg, false) : nullptr;
  G* wg = pd->wd < 0 ? netpollunblock(pd->wg, false) : nullptr;
  pd->lock.unlock();
  wake_poller_of(m, s, rg);
  wake_poller_of(m, s, wg);
  return status;
}

void poll_unblock(M* m, Sched& s, PollDesc* pd) {
  pd->lock.lock();
  if (pd->closing) gothrow("runtime: unblock on closing polldesc");
  pd->closing = true;
  publish(pd);
  G* rg = netpollunblock(pd->rg, false);
  G* wg = netpollunblock(pd->wg, false);
  if (pd->rt_armed) deltimer(&pd->rt);
  if (pd->wt_armed) deltimer(&pd->wt);
  pd->rt_armed = pd->wt_armed = false;
  pd->rd = pd->wd = 0;
  pd->lock.unlock();
  wake_poller_of(m, s, rg);
  wake_poller_of(m, s, wg);
}

}  // namespace NEWPROC_NS
