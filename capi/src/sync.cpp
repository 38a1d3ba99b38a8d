// sync.cpp: channels, locks and time of newproc.h: arguments are checked here, rules are not.
#include "call.hpp"
#include "sync/handles.hpp"

using namespace newproc;

namespace {

bool is_m() { return current_m() != nullptr; }

/// What the caller hands over: an element, unless the channel's have no size.
rt_status check_elem(const char* call, const rt_chan* c, const void* elem) {
  if (elem != nullptr || c == nullptr || c->elem_size == 0) return RT_OK;
  return null(call, "elem");
}

rt_status send(const char* call, rt_chan* c, const void* elem, bool block) {
  if (const rt_status s = check_elem(call, c, elem); s != RT_OK) return s;
  if (const GOps* ops = current_ops(); __builtin_expect(ops != nullptr, 1)) return ops->chansend(c, elem, block);
  if (is_m()) return outside(call);
  return c != nullptr ? c->runtime->outside_send(c, elem) : RT_EWOULDBLOCK;
}

rt_status receive(const char* call, rt_chan* c, void* elem, int* ok, bool block) {
  if (const GOps* ops = current_ops(); __builtin_expect(ops != nullptr, 1)) return ops->chanrecv(c, elem, block, ok);
  if (is_m()) return outside(call);
  bool got = false;
  const rt_status s = c != nullptr ? c->runtime->outside_recv(c, elem, &got) : RT_EWOULDBLOCK;
  if (s == RT_OK && ok != nullptr) *ok = got ? 1 : 0;
  return s;
}

template <class T>
rt_status on(const char* call, const char* name, T* object, rt_status (*GOps::*operation)(T*)) {
  RT_IN_GOROUTINE(call);
  if (__builtin_expect(object == nullptr, 0)) return null(call, name);
  return (ops->*operation)(object);
}

/// Leaves a Once whatever happens: a goroutine that exits unwinds through it.
struct Leave {
  rt_once* o;
  ~Leave() { current_ops()->once_leave(o); }
};

}  // namespace

extern "C" {

rt_status rt_catch_panics(int on) {
  RT_IN_GOROUTINE("rt_catch_panics");
  ops->catch_panics(on != 0);
  return RT_OK;
}

rt_status rt_chan_new(rt_runtime* rt, size_t elem_size, size_t cap, rt_chan** out) {
  if (out == nullptr) return null("rt_chan_new", "out");
  if (const rt_status s = find_runtime("rt_chan_new", rt); s != RT_OK) return s;
  return rt->make_chan(elem_size, cap, out);
}
void rt_chan_free(rt_chan* c) {
  if (c != nullptr) c->free(c);
}
void rt_chan_drain(rt_chan* c, void (*fn)(void* arg, const void* elem), void* arg) {
  if (c != nullptr && fn != nullptr) c->drain(c, fn, arg);
}
rt_status rt_chan_send(rt_chan* c, const void* elem) { return send("rt_chan_send", c, elem, true); }
rt_status rt_chan_try_send(rt_chan* c, const void* elem) { return send("rt_chan_try_send", c, elem, false); }
rt_status rt_chan_recv(rt_chan* c, void* elem, int* ok) { return receive("rt_chan_recv", c, elem, ok, true); }
rt_status rt_chan_try_recv(rt_chan* c, void* elem, int* ok) { return receive("rt_chan_try_recv", c, elem, ok, false); }

rt_status rt_chan_close(rt_chan* c) {
  if (const GOps* ops = current_ops(); ops != nullptr) return ops->closechan(c);
  if (is_m()) return outside("rt_chan_close");
  return c != nullptr ? c->runtime->outside_close(c) : fail(RT_EPANIC, "close of nil channel");
}

size_t rt_chan_len(const rt_chan* c) { return c != nullptr ? c->len(c) : 0; }
size_t rt_chan_cap(const rt_chan* c) { return c != nullptr ? c->cap : 0; }

rt_status rt_select(rt_case* cases, size_t n, int has_default, size_t* chosen) {
  RT_IN_GOROUTINE("rt_select");
  if (cases == nullptr && n != 0) return null("rt_select", "cases");
  size_t none;
  return ops->select(cases, n, has_default == 0, chosen != nullptr ? chosen : &none);
}

rt_status rt_mutex_lock(rt_mutex* l) { return on("rt_mutex_lock", "l", l, &GOps::mutex_lock); }
rt_status rt_mutex_try_lock(rt_mutex* l) { return on("rt_mutex_try_lock", "l", l, &GOps::mutex_try_lock); }
rt_status rt_mutex_unlock(rt_mutex* l) { return on("rt_mutex_unlock", "l", l, &GOps::mutex_unlock); }
rt_status rt_rwmutex_lock(rt_rwmutex* l) { return on("rt_rwmutex_lock", "l", l, &GOps::rwmutex_lock); }
rt_status rt_rwmutex_unlock(rt_rwmutex* l) { return on("rt_rwmutex_unlock", "l", l, &GOps::rwmutex_unlock); }
rt_status rt_rwmutex_rlock(rt_rwmutex* l) { return on("rt_rwmutex_rlock", "l", l, &GOps::rwmutex_rlock); }
rt_status rt_rwmutex_runlock(rt_rwmutex* l) { return on("rt_rwmutex_runlock", "l", l, &GOps::rwmutex_runlock); }
rt_status rt_rwmutex_try_lock(rt_rwmutex* l) { return on("rt_rwmutex_try_lock", "l", l, &GOps::rwmutex_try_lock); }
rt_status rt_rwmutex_try_rlock(rt_rwmutex* l) { return on("rt_rwmutex_try_rlock", "l", l, &GOps::rwmutex_try_rlock); }
rt_status rt_waitgroup_wait(rt_waitgroup* w) { return on("rt_waitgroup_wait", "w", w, &GOps::waitgroup_wait); }
rt_status rt_cond_signal(rt_cond* c) { return on("rt_cond_signal", "c", c, &GOps::cond_signal); }
rt_status rt_cond_broadcast(rt_cond* c) { return on("rt_cond_broadcast", "c", c, &GOps::cond_broadcast); }
rt_status rt_cond_wait(rt_cond* c) {
  if (c != nullptr && c->l == nullptr) return null("rt_cond_wait", "c->l, the mutex that goes with it,");
  return on("rt_cond_wait", "c", c, &GOps::cond_wait);
}
rt_status rt_waitgroup_add(rt_waitgroup* w, int32_t n) {
  RT_IN_GOROUTINE("rt_waitgroup_add");
  if (w == nullptr) return null("rt_waitgroup_add", "w");
  return ops->waitgroup_add(w, n);
}
rt_status rt_waitgroup_done(rt_waitgroup* w) {
  RT_IN_GOROUTINE("rt_waitgroup_done");
  if (w == nullptr) return null("rt_waitgroup_done", "w");
  return ops->waitgroup_add(w, -1);
}
rt_status rt_once_do(rt_once* o, rt_func fn, void* arg) {
  RT_IN_GOROUTINE("rt_once_do");
  if (o == nullptr) return null("rt_once_do", "o");
  if (fn == nullptr) return null("rt_once_do", "fn");
  bool run = false;
  if (const rt_status s = ops->once_enter(o, &run); s != RT_OK || !run) return s;
  const Leave leave{o};
  fn(arg);
  return RT_OK;
}

int64_t rt_nanotime(rt_runtime* rt) {
  return find_runtime("rt_nanotime", rt) == RT_OK ? rt->nanotime() : 0;
}
rt_status rt_sleep(int64_t ns) {
  RT_IN_GOROUTINE("rt_sleep");
  return ops->sleep(ns);
}
rt_status rt_after_func(int64_t ns, rt_func fn, void* arg, rt_timer** out) {
  RT_IN_GOROUTINE("rt_after_func");
  if (fn == nullptr) return null("rt_after_func", "fn");
  return ops->after_func(ns, fn, arg, out);
}
rt_status rt_timer_new(int64_t ns, rt_timer** out) {
  RT_IN_GOROUTINE("rt_timer_new");
  if (out == nullptr) return null("rt_timer_new", "out");
  return ops->new_timer(ns, false, out);
}
rt_status rt_ticker_new(int64_t ns, rt_timer** out) {
  RT_IN_GOROUTINE("rt_ticker_new");
  if (out == nullptr) return null("rt_ticker_new", "out");
  return ops->new_timer(ns, true, out);
}
rt_chan* rt_timer_chan(rt_timer* t) { return t != nullptr ? t->runtime->timer_chan(t) : nullptr; }
rt_status rt_timer_stop(rt_timer* t, int* was_active) {
  RT_IN_GOROUTINE("rt_timer_stop");
  if (t == nullptr) return null("rt_timer_stop", "t");
  bool active = false;
  const rt_status s = t->runtime->stop_timer(t, &active);
  if (s == RT_OK && was_active != nullptr) *was_active = active ? 1 : 0;
  return s;
}
rt_status rt_timer_reset(rt_timer* t, int64_t ns, int* was_active) {
  RT_IN_GOROUTINE("rt_timer_reset");
  if (t == nullptr) return null("rt_timer_reset", "t");
  bool active = false;
  const rt_status s = t->runtime->reset_timer(t, ns, &active);
  if (s == RT_OK && was_active != nullptr) *was_active = active ? 1 : 0;
  return s;
}
void rt_timer_free(rt_timer* t) {
  if (t != nullptr) t->runtime->free_timer(t);
}

rt_status rt_ready(rt_runtime* rt, rt_g* g) {
  if (g == nullptr) return null("rt_ready", "g");
  if (is_m()) return fail(RT_EPLACE, "rt_ready: called on an M; use rt_goready in a goroutine");
  if (const rt_status s = find_runtime("rt_ready", rt); s != RT_OK) return s;
  return rt->outside_ready(g);
}
rt_status rt_hold(rt_runtime* rt) {
  if (const rt_status s = find_runtime("rt_hold", rt); s != RT_OK) return s;
  return rt->hold(1);
}
rt_status rt_release(rt_runtime* rt) {
  if (const rt_status s = find_runtime("rt_release", rt); s != RT_OK) return s;
  return rt->hold(-1);
}

}  // extern "C"
