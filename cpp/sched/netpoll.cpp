// netpoll.cpp: waiting for descriptors and for time to pass, and who does it.
// Go: netpoll.go; netpoll_epoll.go; findRunnable's two polls, proc.go:3021, 3163; wakeNetPoller, 3429
//
// One M at a time polls without a P: lastpoll is 0 meanwhile, and poll_until says until when it sleeps. What is
// registered, and how a goroutine waits: netpoll.hpp, sync/polldesc.cpp.
#include "sched/netpoll.hpp"

#include "base/clock.hpp"
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::uint64_t kTagBits = 16;  // above an address, whose alignment gives six more below

static_assert(kFdSeqMask == (1u << (kTagBits + 6)) - 1 && alignof(PollDesc) == 64);

PollDesc* desc_of(std::uint64_t data) { return reinterpret_cast<PollDesc*>((data & ~std::uint64_t{kFdSeqMask}) >> kTagBits); }

void set_event_err(PollDesc* pd, bool error) {
  if (error)
    pd->info.fetch_or(PollDesc::kEventErr, std::memory_order_acq_rel);
  else if ((pd->info.load(std::memory_order_relaxed) & PollDesc::kEventErr) != 0)
    pd->info.fetch_and(~std::uint32_t{PollDesc::kEventErr}, std::memory_order_acq_rel);
}

/// From an M without a P or with one: gp, which waited for a descriptor, is runnable from here on.
void unpark(M* m, G* gp, std::uint64_t to) {
  emit(m, RT_EV_GO_UNPARK, gp->goid, 0, to);
  casgstatus(gp, RT_GWAITING, RT_GRUNNABLE);
  track_runnable(*m->sched, gp);
}

/// The last to become ready comes first, as from Go's list.
void netpollready(Queue<G>& list, const IoReady& event) {
  PollDesc* pd = desc_of(event.data);
  if (pd->fdseq.load(std::memory_order_acquire) != (event.data & kFdSeqMask)) return;  // closed meanwhile
  set_event_err(pd, event.error);
  G* rg = event.read || (pd->either && event.write) ? netpollunblock(pd->rg, true) : nullptr;
  G* wg = event.write && !pd->either ? netpollunblock(pd->wg, true) : nullptr;
  if (rg != nullptr) list.push_front(rg);
  if (wg != nullptr) list.push_front(wg);
}

/// What the first of a list, and the list, become: the first runs next on m, which has a P.
Found take_first(M* m, Queue<G>& list) {
  Sched& s = *m->sched;
  const std::uint32_t n = list.size;
  G* gp = list.pop_front();
  injectglist(m, list);
  unpark(m, gp, RT_TO_RUN);
  s.netpoll_waiters.fetch_sub(n, std::memory_order_seq_cst);
  return {gp, false, RT_FROM_NETPOLL, -1};
}

void inject_all(M* m, const Queue<G>& list) {
  const std::uint32_t n = list.size;
  injectglist(m, list);
  m->sched->netpoll_waiters.fetch_sub(n, std::memory_order_seq_cst);
}

void collect(const IoReady* events, int n, Queue<G>& list) {
  for (int i = 0; i < n; ++i) netpollready(list, events[i]);
}

}  // namespace

std::uint64_t netpoll_data(const PollDesc* pd) {
  return reinterpret_cast<std::uintptr_t>(pd) << kTagBits | pd->fdseq.load(std::memory_order_relaxed);
}

/// The goroutine that has to be readied, or null. io_ready: remember it for who comes next. Go: netpollunblock
G* netpollunblock(std::atomic<std::uintptr_t>& sema, bool io_ready) {
  for (std::uintptr_t old = sema.load(std::memory_order_seq_cst);;) {
    if (old == kPdReady || (old == kPdNil && !io_ready)) return nullptr;
    if (!sema.compare_exchange_weak(old, io_ready ? kPdReady : kPdNil, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    return old == kPdNil || old == kPdWait ? nullptr : reinterpret_cast<G*>(old);
  }
}

void netpollBreak(Sched& s) { s.poller.wake(); }

/// A timer for `when` was set. Whoever sleeps for longer must know.
void wakeNetPoller(M* m, std::int64_t when) {
  Sched& s = *m->sched;
  if (s.lastpoll.load(std::memory_order_seq_cst) != 0) return wakep(m);
  const std::int64_t until = s.poll_until.load(std::memory_order_seq_cst);
  if (until == 0 || until > when) netpollBreak(s);
}

/// Looks, before stealing. One that waits for descriptors already will see what comes.
Found netpoll_now(M* m) {
  Sched& s = *m->sched;
  if (s.netpoll_waiters.load(std::memory_order_relaxed) == 0 || s.lastpoll.load(std::memory_order_relaxed) == 0) return {};
  IoReady events[Epoll::kMost];
  Queue<G> list;
  collect(events, s.poller.look(events), list);
  return list.empty() ? Found{} : take_first(m, list);
}

/// From sysmon: nobody has polled for 10 ms. proc.go:5592
void netpoll_from_sysmon(M* m, std::uint64_t now) {
  constexpr std::int64_t kTooLong = 10'000'000;
  Sched& s = *m->sched;
  std::int64_t last = s.lastpoll.load(std::memory_order_relaxed);
  if (s.netpoll_waiters.load(std::memory_order_relaxed) == 0 || last == 0) return;
  if (last + kTooLong >= static_cast<std::int64_t>(now)) return;
  s.lastpoll.compare_exchange_strong(last, static_cast<std::int64_t>(now) | 1, std::memory_order_seq_cst);
  IoReady events[Epoll::kMost];
  Queue<G> list;
  collect(events, s.poller.look(events), list);
  if (list.empty()) return;
  incidlelocked(s, -1);  // so that checkdead does not see all Ms idle while this one starts others
  inject_all(m, list);
  incidlelocked(s, 1);
}

#if NEWPROC_WORLD_SIM
constexpr std::uint32_t kMostIdlePolls = 1'000'000;

/// Time passes, and no goroutine comes to run any more: all that is left are tickers that nobody listens to. Virtual
/// time would go on like that for ever.
static void check_idle(Sched& s) {
  std::uint64_t ticks = 0;
  for (std::uint32_t i = 0; i < s.nallp; ++i) ticks += s.allp[i]->schedtick.load(std::memory_order_relaxed);
  s.idle_polls = ticks == s.idle_ticks ? s.idle_polls + 1 : 0;
  s.idle_ticks = ticks;
  if (s.idle_polls >= kMostIdlePolls)
    end_run(s, RT_ELIMIT, nullptr, "limit: a million timers have fired in a row and no goroutine ran; stop tickers that nobody listens to");
}
#else
static void check_idle(Sched&) {}
#endif

/// Nothing is to do for m, which has given its P back: it sleeps until poll_until (0: for ever), or until a
/// descriptor is ready. `again`: it has a P again. If another M polls, it returns at once.
Found poll(M* m, std::int64_t poll_until, bool was_spinning, bool& again) {
  Sched& s = *m->sched;
  if (poll_until == 0 && s.netpoll_waiters.load(std::memory_order_seq_cst) == 0 &&
      s.holds.load(std::memory_order_seq_cst) == 0)
    return {};
  if (s.lastpoll.exchange(0, std::memory_order_seq_cst) == 0) {
    const std::int64_t until = s.poll_until.load(std::memory_order_seq_cst);
    if (poll_until != 0 && (until == 0 || until > poll_until)) netpollBreak(s);
    return {};
  }
  s.poll_until.store(poll_until, std::memory_order_seq_cst);
  const auto now = static_cast<std::int64_t>(s.world.nanotime());
  IoReady events[Epoll::kMost];
  Queue<G> list;
  if (s.attention.load(std::memory_order_seq_cst) == 0)
    collect(events, s.poller.wait(events, poll_until == 0 ? -1 : poll_until > now ? poll_until - now : 0), list);
  end_if_interrupted(s);
  if (kSim && s.deadline != 0 && monotonic_ns() >= s.deadline) limit_time(s);  // it may have waited for real
  check_idle(s);
  s.poll_until.store(0, std::memory_order_seq_cst);
  s.lastpoll.store(static_cast<std::int64_t>(s.world.nanotime()) | 1, std::memory_order_seq_cst);
  s.lock.lock();
  P* p = s.attention.load(std::memory_order_acquire) != 0 ? nullptr : pidleget(s);
  s.lock.unlock();
  if (p == nullptr) {
    end_if_interrupted(s);  // that may be why
    inject_all(m, list);
    return {};
  }
  acquirep(m, p);
  if (!list.empty()) return take_first(m, list);
  if (was_spinning) becomeSpinning(m);
  again = true;
  return {};
}

}  // namespace NEWPROC_NS
