// context.cpp: making contexts, asking them, and their lives. Go: context.go:230-760
#include "sync/context.hpp"

#include <cstdlib>
#include <new>

#include "base/clock.hpp"
#include "base/objects.hpp"
#include "sync/enter.hpp"

namespace NEWPROC_NS {
namespace {

rt_status no_memory(const char* call) { return fail(RT_ENOMEM, "%s: the system gave no memory for a context", call); }

const Ctx* as(const rt_context* c) { return static_cast<const Ctx*>(c); }
Ctx* as(rt_context* c) { return static_cast<Ctx*>(c); }

template <class T>
T* make(Sched& s, Ctx* parent) {
  auto* c = refused(s) ? nullptr : new (std::nothrow) T;
  if (c == nullptr) return nullptr;
  c->runtime = s.runtime;
  c->ops = &context_ops;
  c->owner = &s;
  c->parent = parent;
  if (parent == nullptr) return c;
  retain(parent);
  c->canceler = parent->canceler;
  c->has_deadline = parent->has_deadline;
  c->deadline = parent->deadline;
  return c;
}

void destroy_value(Ctx* c) {
  auto* v = static_cast<ValueCtx*>(c);
  if (v->drop != nullptr) v->drop(v->value);
  delete v;
}

void destroy_without(Ctx* c) { delete c; }

/// Nobody has c any more, but its parent knows it, and a timer may be about to take a reference.
void destroy_cancel(Ctx* raw) {
  auto* c = static_cast<CancelCtx*>(raw);
  if (c->top != c) {
    const FamilyLock family(c);
    c->Child::unlink();
  }
  leave_run(*c->owner, c);
  deltimer(&c->timer);
  while (c->firing.load(std::memory_order_acquire) != 0) cpu_relax();  // on another M, for nanoseconds
  release(c->cause);
  release(c->expired);
  forget_name(c->done.load(std::memory_order_relaxed));
  const auto free = [](Timer* t) { delete static_cast<CancelCtx*>(t->arg); };
  c->timer.arg = c;
  if (!deltimer_for_good(&c->timer, free)) delete c;
}

}  // namespace

bool refused(Sched& s) { return s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0; }

Cause* make_cause(void* value, rt_func drop) {
  auto* cause = new (std::nothrow) Cause;
  if (cause == nullptr) return nullptr;
  cause->value = value;
  cause->drop = drop;
  return cause;
}

void retain(Ctx* c) { c->refs.fetch_add(1, std::memory_order_relaxed); }

bool retain_living(Ctx* c) {
  for (std::uint32_t n = c->refs.load(std::memory_order_relaxed); n != 0;)
    if (c->refs.compare_exchange_weak(n, n + 1, std::memory_order_relaxed)) return true;
  return false;
}

void release(Ctx* c) {
  while (c != nullptr && c->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Ctx* parent = c->parent;
    c->destroy(c);
    c = parent;
  }
}

void release(Cause* cause) {
  if (cause == nullptr || cause->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (cause->drop != nullptr) cause->drop(cause->value);
  delete cause;
}

void release(AfterFuncCtx* f) {
  if (f->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  release(f->of);
  delete f;
}

namespace {

CancelCtx* make_cancel_ctx(Sched& s, Ctx* parent) {
  auto* c = make<CancelCtx>(s, parent);
  if (c == nullptr) return nullptr;
  c->destroy = destroy_cancel;
  if (c->canceler != nullptr) c->top = c->canceler->top;
  c->canceler = c;
  return c;
}

}  // namespace

rt_status make_cancel(Sched& s, rt_context* parent, rt_context** out) {
  CancelCtx* c = make_cancel_ctx(s, as(parent));
  if (c == nullptr) return no_memory("rt_context_with_cancel");
  propagate(c, c->parent);
  *out = c;
  return RT_OK;
}

rt_status make_value(Sched& s, rt_context* parent, const void* key, void* value, rt_func drop, rt_context** out) {
  if (key == nullptr) return gopanic(getm(), "nil key");
  auto* c = make<ValueCtx>(s, as(parent));
  if (c == nullptr) return no_memory("rt_context_with_value");
  c->destroy = destroy_value;
  c->key = key;
  c->value = value;
  c->drop = drop;
  *out = c;
  return RT_OK;
}

rt_status make_without(Sched& s, rt_context* parent, rt_context** out) {
  auto* c = make<Ctx>(s, as(parent));
  if (c == nullptr) return no_memory("rt_context_without_cancel");
  c->destroy = destroy_without;
  c->canceler = nullptr;
  c->has_deadline = false;
  *out = c;
  return RT_OK;
}

rt_status make_deadline(rt_context* parent, std::int64_t when, bool from_now, void* cause, rt_func drop, rt_context** out) {
  const char* call = from_now ? "rt_context_with_timeout" : "rt_context_with_deadline";
  M* m = enter(call, RT_OP_SELECT, nullptr);
  if (m == nullptr) return RT_EPLACE;
  Sched& s = *m->sched;
  if (parent != nullptr && parent->runtime != s.runtime)
    return fail(RT_EPLACE, "%s: parent belongs to another runtime than the calling goroutine", call);
  if (from_now) when = when_after(s, when > 0 ? when : 0);
  CancelCtx* c = make_cancel_ctx(s, as(parent));
  if (c == nullptr) return no_memory(call);
  const bool sooner = !c->has_deadline || when <= c->deadline;
  if (sooner) {
    c->has_deadline = true;
    c->deadline = when;
    c->expired = cause != nullptr ? make_cause(cause, drop) : nullptr;
  }
  if (sooner && cause != nullptr && c->expired == nullptr) {
    release(c);
    return no_memory(call);
  }
  propagate(c, c->parent);
  if (sooner && !start_deadline(m, c, when)) {
    if (c->expired != nullptr) c->expired->drop = nullptr;  // the caller's still
    release(c);
    return no_memory(call);
  }
  if (!sooner && cause != nullptr && drop != nullptr) drop(cause);
  *out = c;
  return RT_OK;
}

rt_status after_context(rt_context* c, rt_func fn, void* arg, const void* site, rt_context_func** out) {
  M* m = enter("rt_context_after_func", RT_OP_SELECT, nullptr);
  if (m == nullptr) return RT_EPLACE;
  Sched& s = *m->sched;
  if (c != nullptr && c->runtime != s.runtime)
    return fail(RT_EPLACE, "rt_context_after_func: ctx belongs to another runtime than the calling goroutine");
  auto* f = refused(s) ? nullptr : new (std::nothrow) AfterFuncCtx;
  if (f == nullptr) return no_memory("rt_context_after_func");
  f->ops = &context_ops;
  f->owner = &s;
  f->fn = fn;
  f->arg = arg;
  f->site = site;
  f->of = as(c);
  if (f->of != nullptr) retain(f->of);
  if (out != nullptr) {
    f->refs.store(2, std::memory_order_relaxed);
    *out = f;
  }
  register_func(m, f);
  return RT_OK;
}

namespace {

/// Err is nil until Done is closed, and never after: who sees the one sees the other.
rt_status err(const rt_context* of) {
  const CancelCtx* c = as(of)->canceler;
  if (c == nullptr) return RT_OK;
  const auto seen = static_cast<rt_status>(c->err.load(std::memory_order_acquire));
  const Chan* done = c->done.load(std::memory_order_acquire);
  if (seen != RT_OK || done == nullptr || !done->closed.load(std::memory_order_acquire)) return seen;
  const FamilyLock family(c);  // somebody is at it
  return static_cast<rt_status>(c->err.load(std::memory_order_acquire));
}

void* cause(const rt_context* of) {
  if (err(of) == RT_OK) return nullptr;
  const Cause* why = as(of)->canceler->cause;
  return why != nullptr ? why->value : nullptr;
}

rt_chan* done(rt_context* of) {
  CancelCtx* c = as(of)->canceler;
  if (c == nullptr) return nullptr;
  if (Chan* made = c->done.load(std::memory_order_acquire); made != nullptr) return made;
  const FamilyLock family(c);
  if (c->done.load(std::memory_order_relaxed) == nullptr) {
    Chan* made = init_chan(c->done_memory, *c->owner, 0, 0);
    made->closed.store(c->err.load(std::memory_order_relaxed) != RT_OK, std::memory_order_relaxed);
    c->done.store(made, std::memory_order_release);
  }
  return c->done.load(std::memory_order_relaxed);
}

bool deadline(const rt_context* c, std::int64_t* when) {
  *when = as(c)->deadline;
  return as(c)->has_deadline;
}

void* value(const rt_context* of, const void* key) {
  for (const Ctx* c = as(of); c != nullptr; c = c->parent) {
    if (c->destroy != destroy_value) continue;
    const auto* v = static_cast<const ValueCtx*>(c);
    if (v->key == key) return v->value;
  }
  return nullptr;
}

}  // namespace

const ContextOps context_ops = {
    [](rt_context* c) { retain(as(c)); },
    [](rt_context* c) { release(as(c)); },
    err,
    cause,
    done,
    deadline,
    value,
    [](rt_context_func* f) { return stop_func(static_cast<AfterFuncCtx*>(f)); },
    [](rt_context_func* f) {
      stop_func(static_cast<AfterFuncCtx*>(f));
      release(static_cast<AfterFuncCtx*>(f));
    },
};

}  // namespace NEWPROC_NS
