// cond.cpp: Cond. Waiters draw tickets, and are notified in the tickets' order. Go: sema.go:492-620, sync/cond.go
#include "sync/enter.hpp"
#include "sync/locks.hpp"
#include "sync/sema.hpp"

namespace NEWPROC_NS {
namespace {

/// In the frame of the goroutine that waits.
struct Waiter {
  G* g;
  std::uint32_t ticket;
  Waiter* next;
};

/// Locks the list, and forgets waiters of a run that is over.
Lock& lock_list(Sched& s, rt_cond* c) {
  Lock& lock = sema_root(s, c).lock;
  lock.lock();
  if (shared(c->run).load(std::memory_order_relaxed) != s.run) {
    c->head = c->tail = nullptr;
    shared(c->run).store(s.run, std::memory_order_relaxed);
    shared(c->notify).store(shared(c->wait).load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  return lock;
}

bool less(std::uint32_t a, std::uint32_t b) { return static_cast<std::int32_t>(a - b) < 0; }  // tickets wrap

void notify_list_wait(M* m, rt_cond* c, std::uint32_t ticket) {
  Lock& lock = lock_list(*m->sched, c);
  if (less(ticket, shared(c->notify).load(std::memory_order_relaxed))) return lock.unlock();
  Waiter me{m->curg, ticket, nullptr};
  if (c->tail != nullptr)
    static_cast<Waiter*>(c->tail)->next = &me;
  else
    c->head = &me;
  c->tail = &me;
  park(m, RT_WAIT_COND, c, [&lock] { lock.unlock(); });
}

/// Takes the waiter with this ticket off the list. It may not have come to the list yet.
G* take(rt_cond* c, std::uint32_t ticket) {
  Waiter* before = nullptr;
  for (auto* w = static_cast<Waiter*>(c->head); w != nullptr; before = w, w = w->next) {
    if (w->ticket != ticket) continue;
    if (before != nullptr)
      before->next = w->next;
    else
      c->head = w->next;
    if (w->next == nullptr) c->tail = before;
    return w->g;
  }
  return nullptr;
}

bool nobody_new(rt_cond* c) {
  return shared(c->wait).load(std::memory_order_acquire) == shared(c->notify).load(std::memory_order_acquire);
}

/// What a waiter holds is let go once it has its ticket, and taken again when it has been notified. [parks]
template <class Unlock, class LockAgain>
rt_status wait_between(rt_cond* c, Unlock&& unlock, LockAgain&& lock_again) {
  M* m = NEWPROC_NS::enter("rt_cond_wait", RT_OP_SYNC, c);
  if (m == nullptr) return RT_EPLACE;
  if (shared(c->run).load(std::memory_order_relaxed) != m->sched->run) lock_list(*m->sched, c).unlock();  // a ticket of this run
  const std::uint32_t ticket = shared(c->wait).fetch_add(1, std::memory_order_acq_rel);
  unlock();
  notify_list_wait(getm(), c, ticket);
  hb_acquire(getm(), c);
  return lock_again();
}

}  // namespace

rt_status cond_wait(rt_cond* c) {
  return wait_between(c, [c] { return mutex_unlock(c->l); }, [c] { return mutex_lock(c->l); });
}

rt_status cond_wait_rw(rt_cond* c, rt_rwmutex* l, bool reads) {
  if (reads) return wait_between(c, [l] { return rwmutex_runlock(l); }, [l] { return rwmutex_rlock(l); });
  return wait_between(c, [l] { return rwmutex_unlock(l); }, [l] { return rwmutex_lock(l); });
}

rt_status cond_signal(rt_cond* c) {
  M* m = enter("rt_cond_signal", RT_OP_SYNC, c);
  if (m == nullptr) return RT_EPLACE;
  hb_release_merge(m, c);
  if (nobody_new(c)) return RT_OK;
  Sched& s = *m->sched;
  Lock& lock = lock_list(s, c);
  G* gp = nullptr;
  if (!nobody_new(c)) {
    const std::uint32_t ticket = shared(c->notify).load(std::memory_order_relaxed);
    shared(c->notify).store(ticket + 1, std::memory_order_release);
    gp = take(c, ticket);
  }
  lock.unlock();
  if (gp != nullptr) wake(m, s, gp);
  return RT_OK;
}

rt_status cond_broadcast(rt_cond* c) {
  M* m = enter("rt_cond_broadcast", RT_OP_SYNC, c);
  if (m == nullptr) return RT_EPLACE;
  hb_release_merge(m, c);
  if (nobody_new(c)) return RT_OK;
  Sched& s = *m->sched;
  Lock& lock = lock_list(s, c);
  auto* w = static_cast<Waiter*>(c->head);
  c->head = c->tail = nullptr;
  shared(c->notify).store(shared(c->wait).load(std::memory_order_relaxed), std::memory_order_release);
  lock.unlock();
  while (w != nullptr) {
    Waiter* next = w->next;  // w is gone once its goroutine runs
    wake(m, s, w->g);
    w = next;
  }
  return RT_OK;
}

}  // namespace NEWPROC_NS
