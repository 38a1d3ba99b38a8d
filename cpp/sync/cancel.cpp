// cancel.cpp: how contexts end, and who is told. Go: propagateCancel, cancel, AfterFunc, WithDeadlineCause;
// context.go:461, 533, 283, 616
//
// Everything below a context ends under one hold of its family's lock; the goroutines that this makes runnable, and
// the functions to be started, are collected there, and come after it in the order in which Go has them.
#include <new>

#include "sync/context.hpp"
#include "sync/enter.hpp"
#include "sync/timer.hpp"

namespace NEWPROC_NS {
namespace {

/// What is left to do without the lock.
struct Work {
  AfterFuncCtx* first = nullptr;  // each with the goroutines that come before it
  AfterFuncCtx** end = &first;
  Queue<G> awake;                 // behind the last
};

void take_func(AfterFuncCtx* f, Work& work) {
  std::uint8_t waiting = AfterFuncCtx::kWaiting;
  if (!f->state.compare_exchange_strong(waiting, AfterFuncCtx::kStarted, std::memory_order_acq_rel)) return;
  f->before = work.awake;
  work.awake = {};
  *work.end = f;
  work.end = &f->next;
}

void end_one(CancelCtx* c, rt_status err, Cause* cause, Work& work) {
  if (cause != nullptr) cause->refs.fetch_add(1, std::memory_order_relaxed);
  c->cause = cause;
  if (Chan* done = c->done.load(std::memory_order_relaxed); done != nullptr) close_chan(done, work.awake);
  c->err.store(err, std::memory_order_release);
  deltimer(&c->timer);
}

/// Lock of the family held. A context comes before its children, these in the order in which they were made: Go
/// takes them as its map has them.
void end_all(CancelCtx* c, rt_status err, Cause* cause, Work& work) {
  if (c->err.load(std::memory_order_relaxed) != RT_OK) return;
  c->Child::unlink();
  end_one(c, err, cause, work);
  Children& left = c->children;
  while (!left.empty()) {
    Child& next = left.front();
    left.pop_front();
    if (next.is_func) {
      take_func(static_cast<AfterFuncCtx*>(&next), work);
      continue;
    }
    auto* each = static_cast<CancelCtx*>(&next);
    left.splice(left.begin(), each->children);
    end_one(each, err, cause, work);
  }
}

/// `go f()` by whoever ends the context. The run is over if that cannot be.
void start(M* m, Sched& s, const AfterFuncCtx* f) {
  rt_spawn spawn{};
  spawn.fn = f->fn;
  spawn.arg = f->arg;
  const rt_status status = m != nullptr ? newproc_ex(&spawn, f->site, nullptr) : newproc_outside(s, &spawn, f->site, nullptr);
  if (status == RT_ELIMIT)
    end_run(s, status, nullptr, "limit: goroutines reached when a context ended; raise rt_config.max_goroutines");
  else if (status == RT_ENOMEM)
    end_run(s, status, nullptr, "the system gave no memory for the goroutine of a context");
}

/// The function is the run's no longer.
void started(Sched& s, AfterFuncCtx* f) {
  leave_run(s, f);
  release(f);
}

void finish(M* m, Sched& s, Work& work) {
  for (AfterFuncCtx* f = work.first; f != nullptr;) {
    AfterFuncCtx* next = f->next;
    while (G* gp = f->before.pop_front()) wake(m, s, gp);
    start(m, s, f);
    started(s, f);
    f = next;
  }
  while (G* gp = work.awake.pop_front()) wake(m, s, gp);
}

void drop_context(void* c) { release(static_cast<CancelCtx*>(c)); }

/// The goroutine of a deadline.
void end_by_time(void* raw) {
  auto* c = static_cast<CancelCtx*>(raw);
  cancel(getm(), c, RT_EDEADLINE, c->expired);
  static_cast<G*>(getm()->curg)->more.on_drop = nullptr;
  release(c);
}

/// On g0, with a P and no lock. context.go:633: time.AfterFunc starts a goroutine, which cancels.
void expire(void* on, Timer* t) {
  M* m = static_cast<M*>(on);
  auto* c = static_cast<CancelCtx*>(t->arg);
  const bool living = c->fire_ref = retain_living(c);
  c->firing.store(0, std::memory_order_release);  // it may be freed from here on, unless we have it
  if (!living) return;
  Sched& s = *m->sched;
  const bool room = admit(s);
  G* gp = room ? newproc1(m, m->p, end_by_time, c, nullptr, nullptr, nullptr) : nullptr;
  c->fire_ref = false;
  if (gp == nullptr) {
    release(c);
    return end_run(s, room ? RT_ENOMEM : RT_ELIMIT, nullptr,
                   room ? "the system gave no memory for the goroutine of a deadline"
                        : "limit: goroutines reached when a deadline passed; raise rt_config.max_goroutines");
  }
  GMore& more = gp->need_more();
  more.on_drop = drop_context;
  more.name = "context.WithDeadline";
  runqput(m, m->p, gp, true);
  wakep(m);
}

rt_status cancel_for(M* m, rt_context* of, void* cause, rt_func drop) {
  auto* c = static_cast<Ctx*>(of)->canceler;
  if (c != of)
    return fail(RT_EINVAL, "rt_context_cancel: ctx can not be cancelled; cancel the one that rt_context_with_cancel, "
                           "_deadline or _timeout made, and which it comes from");
  Cause* why = cause != nullptr ? make_cause(cause, drop) : nullptr;
  if (cause != nullptr && why == nullptr) return fail(RT_ENOMEM, "rt_context_cancel_cause: the system gave no memory for the cause");
  cancel(m, c, RT_ECANCELED, why);
  release(why);
  return RT_OK;
}

}  // namespace

FamilyLock::FamilyLock(const CancelCtx* c) : lock_(&c->top->lock) {
  CancelCtx* top = c->top;
  if constexpr (kSim) {
    const M* m = getm();
    if (m == nullptr) {  // the host, between steps: nobody else moves
      lock_ = nullptr;
      return;
    }
    if (top->run != m->sched->run) new (lock_) Lock;  // a run that a limit cut may have left it locked
    top->run = m->sched->run;
  }
  lock_->lock();
}

void cancel(M* m, CancelCtx* c, rt_status err, Cause* cause) {
  Work work;
  {
    const FamilyLock family(c);
    end_all(c, err, cause, work);
  }
  finish(m, *c->owner, work);
}

void propagate(CancelCtx* c, const Ctx* parent) {
  CancelCtx* up = parent != nullptr ? parent->canceler : nullptr;
  if (up == nullptr) return;
  const FamilyLock family(up);
  if (const int err = up->err.load(std::memory_order_relaxed); err != RT_OK) {
    Work nobody;
    return end_one(c, static_cast<rt_status>(err), up->cause, nobody);
  }
  up->children.push_back(*c);
}

bool start_deadline(M* m, CancelCtx* c, std::int64_t when) {
  Sched& s = *m->sched;
  if (c->err.load(std::memory_order_acquire) != RT_OK) return true;  // its parent has ended
  if (when <= static_cast<std::int64_t>(s.world.nanotime())) {
    cancel(m, c, RT_EDEADLINE, c->expired);
    return true;
  }
  s.world.spend(kSimCallNs);
  c->timer.when = when;
  c->timer.arg = c;
  c->timer.fire = expire;
  c->timer.firing = &c->firing;
  add_to_run(s, c);
  if (addtimer(m, &c->timer) != RT_OK) return false;
  const FamilyLock family(c);
  if (c->err.load(std::memory_order_relaxed) != RT_OK) deltimer(&c->timer);  // ended before there was a timer to stop
  return true;
}

void register_func(M* m, AfterFuncCtx* f) {
  Sched& s = *m->sched;
  add_to_run(s, f);
  CancelCtx* up = f->of != nullptr ? f->of->canceler : nullptr;
  if (up == nullptr) return;
  {
    const FamilyLock family(up);
    if (up->err.load(std::memory_order_relaxed) == RT_OK) {
      up->children.push_back(*f);
      return;
    }
    f->state.store(AfterFuncCtx::kStarted, std::memory_order_relaxed);
  }
  start(m, s, f);
  started(s, f);
}

bool stop_func(AfterFuncCtx* f) {
  std::uint8_t waiting = AfterFuncCtx::kWaiting;
  if (!f->state.compare_exchange_strong(waiting, AfterFuncCtx::kStopped, std::memory_order_acq_rel)) return false;
  if (f->of != nullptr && f->of->canceler != nullptr) {
    const FamilyLock family(f->of->canceler);
    f->Child::unlink();
  }
  leave_run(*f->owner, f);
  release(f);
  return true;
}

rt_status context_cancel(rt_context* c, void* cause, rt_func drop) {
  M* m = enter("rt_context_cancel", RT_OP_SELECT, nullptr);
  if (m == nullptr) return RT_EPLACE;
  if (m->runtime != c->runtime)
    return fail(RT_EPLACE, "rt_context_cancel: ctx belongs to another runtime than the calling goroutine");
  return cancel_for(m, c, cause, drop);
}

rt_status context_cancel_outside(rt_context* c, void* cause, rt_func drop) { return cancel_for(nullptr, c, cause, drop); }

void add_to_run(Sched& s, OfRun* item) {
  s.context_lock.lock();
  s.of_run.push_back(*item);
  item->in_run.store(true, std::memory_order_release);
  s.context_lock.unlock();
}

void leave_run(Sched& s, OfRun* item) {
  if (!item->in_run.load(std::memory_order_acquire)) return;  // or s may be gone
  s.context_lock.lock();
  if (item->in_run.load(std::memory_order_relaxed)) item->OfRun::unlink();
  item->in_run.store(false, std::memory_order_release);
  s.context_lock.unlock();
}

/// No M moves any more. Other threads may stop functions and free contexts at the same time.
void forget_contexts(Sched& s) {
  for (;;) {
    s.context_lock.lock();
    if (s.of_run.empty()) return s.context_lock.unlock();
    OfRun& item = s.of_run.front();
    s.of_run.pop_front();
    item.in_run.store(false, std::memory_order_release);
    AfterFuncCtx* f = item.of_func ? static_cast<AfterFuncCtx*>(&item) : nullptr;
    CancelCtx* c = item.of_func ? nullptr : static_cast<CancelCtx*>(&item);
    std::uint8_t state = AfterFuncCtx::kWaiting;
    if (f != nullptr) f->state.compare_exchange_strong(state, AfterFuncCtx::kStopped, std::memory_order_acq_rel);
    bool held = false;
    if (c != nullptr) {
      held = std::exchange(c->fire_ref, false);  // a limit stopped an M on the way
      c->firing.store(0, std::memory_order_release);
    }
    s.context_lock.unlock();
    if (held) release(c);
    if (f == nullptr || state == AfterFuncCtx::kStopped) continue;  // who stopped it frees it
    if (state == AfterFuncCtx::kWaiting && f->of != nullptr && f->of->canceler != nullptr) {
      const FamilyLock family(f->of->canceler);
      f->Child::unlink();
    }
    release(f);
  }
}

}  // namespace NEWPROC_NS
