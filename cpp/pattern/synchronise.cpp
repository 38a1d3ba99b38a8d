// synchronise.cpp: package sync: locks, wait groups, conditions.
#include "pattern/limits.hpp"
#include "pattern/vm.hpp"

namespace newproc::pattern {

/// False: it is none of these.
bool Run::lock_or_wait(Frame& frame, const Instruction& in) {
  const GOps* ops = current_ops();
  const auto done = [&](rt_status status, const char* name) {
    if (ok(frame, status)) line("\"", name, "\",", Ref{in.a});
    return true;
  };
  const auto tried = [&](rt_status status, const char* name) {
    if (status != RT_EWOULDBLOCK && !ok(frame, status)) return true;
    store(frame, in.b, status == RT_OK ? 1 : 0);
    line("\"", name, "\",", Ref{in.a}, status == RT_OK ? ",true" : ",false");
    return true;
  };
  switch (in.op) {
    case Op::lock: return done(ops->mutex_lock(&objects_.mutex(frame, in.a)), "lock");
    case Op::unlock: return done(ops->mutex_unlock(&objects_.mutex(frame, in.a)), "unlock");
    case Op::rwlock: return done(ops->rwmutex_lock(&objects_.rwmutex(frame, in.a)), "rwlock");
    case Op::rwunlock: return done(ops->rwmutex_unlock(&objects_.rwmutex(frame, in.a)), "rwunlock");
    case Op::rlock: return done(ops->rwmutex_rlock(&objects_.rwmutex(frame, in.a)), "rlock");
    case Op::runlock: return done(ops->rwmutex_runlock(&objects_.rwmutex(frame, in.a)), "runlock");
    case Op::try_lock: return tried(ops->mutex_try_lock(&objects_.mutex(frame, in.a)), "trylock");
    case Op::try_rwlock: return tried(ops->rwmutex_try_lock(&objects_.rwmutex(frame, in.a)), "rwtrylock");
    case Op::try_rlock: return tried(ops->rwmutex_try_rlock(&objects_.rwmutex(frame, in.a)), "tryrlock");
    case Op::add: return done(ops->waitgroup_add(&objects_.waitgroup(frame, in.a), value(frame, in.b, in.var)), "add");
    case Op::done: return done(ops->waitgroup_add(&objects_.waitgroup(frame, in.a), -1), "done");
    case Op::wait: return done(ops->waitgroup_wait(&objects_.waitgroup(frame, in.a)), "wait");
    case Op::make:
    case Op::make_cond: make(frame, in); return true;
    default: return cond(frame, in);
  }
}

bool Run::cond(Frame& frame, const Instruction& in) {
  if (in.op < Op::condwait || in.op > Op::broadcast) return false;
  CondBox& box = objects_.cond(frame, in.a);
  const GOps* ops = current_ops();
  if (in.op == Op::signal || in.op == Op::broadcast) {
    if (ok(frame, in.op == Op::signal ? ops->cond_signal(&box.cond) : ops->cond_broadcast(&box.cond)))
      line(in.op == Op::signal ? "\"signal\"," : "\"broadcast\",", Ref{in.a});
    return true;
  }
  const auto wait = [&box] {
    return box.rw == nullptr ? current_ops()->cond_wait(&box.cond) : current_ops()->cond_wait_rw(&box.cond, box.rw, box.reads);
  };
  const auto lock = [&] { return box.rw == nullptr ? ops->mutex_lock(box.cond.l) : box.reads ? ops->rwmutex_rlock(box.rw) : ops->rwmutex_lock(box.rw); };
  const auto unlock = [&box] {
    const GOps* now = current_ops();
    return box.rw == nullptr ? now->mutex_unlock(box.cond.l) : box.reads ? now->rwmutex_runlock(box.rw) : now->rwmutex_unlock(box.rw);
  };
  if (in.op == Op::cwait) {
    if (ok(frame, wait())) line("\"cwait\",", Ref{in.a});
    return true;
  }
  if (ok(frame, lock()) && ok(frame, wait()) && ok(frame, unlock())) line("\"condwait\",", Ref{in.a});
  return true;
}

/// A fresh object in a slot.
void Run::make(Frame& frame, const Instruction& in) {
  if (objects_.made() >= kMostMade) end_at_limit("fresh objects", kMostMade, "steps");
  const std::size_t slot = Ref::index(in.a);
  if (in.op == Op::make) {
    frame.slots[slot] = objects_.zero(frame.body->slots[slot]);
    return line("\"new\",", Ref{in.a});
  }
  CondBox* box = objects_.fresh_cond();
  const std::int64_t which = more(in).number;
  if (in.b == CondSpec::mutex) {
    box->cond.l = &objects_.mutex(frame, which);
  } else {
    box->rw = &objects_.rwmutex(frame, which);
    box->reads = in.b == CondSpec::rlocker;
  }
  frame.slots[slot] = box;
  line("\"cond\",", Ref{in.a});
}

}  // namespace newproc::pattern
