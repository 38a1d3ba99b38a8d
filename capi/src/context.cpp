// context.cpp: contexts and groups of newproc.h: arguments are checked here, rules are not.
#include "call.hpp"
#include "sync/handles.hpp"

using namespace newproc;

namespace {

/// The runtime of a context that is made from parent: its own, or rt, or the caller's.
rt_status runtime_of(const char* call, rt_runtime*& rt, const rt_context* parent) {
  if (parent != nullptr) {
    if (rt != nullptr && rt != parent->runtime)
      return fail(RT_EPLACE, "%s: rt (%p) is not the runtime of parent (%p); pass NULL", call, static_cast<void*>(rt),
                  static_cast<void*>(parent->runtime));
    rt = parent->runtime;
  }
  if (const rt_status s = find_runtime(call, rt); s != RT_OK) return s;
  if (rt_runtime* own = rt_current(); own != nullptr && own != rt)
    return fail(RT_EPLACE, "%s: %s belongs to another runtime than the calling goroutine", call, parent != nullptr ? "parent" : "rt");
  return RT_OK;
}

rt_status group_go(const char* call, rt_group* group, rt_group_func fn, void* arg, const void* pc, bool block) {
  RT_IN_GOROUTINE(call);
  if (group == nullptr) return null(call, "group");
  if (fn == nullptr) return null(call, "fn");
  return ops->group_go(group, fn, arg, pc, block);
}

}  // namespace

extern "C" {

rt_status rt_context_with_cancel(rt_runtime* rt, rt_context* parent, rt_context** out) {
  if (out == nullptr) return null("rt_context_with_cancel", "out");
  if (const rt_status s = runtime_of("rt_context_with_cancel", rt, parent); s != RT_OK) return s;
  return rt->make_cancel(parent, out);
}
rt_status rt_context_with_value(rt_runtime* rt, rt_context* parent, const void* key, void* value, rt_func drop, rt_context** out) {
  if (out == nullptr) return null("rt_context_with_value", "out");
  if (const rt_status s = runtime_of("rt_context_with_value", rt, parent); s != RT_OK) return s;
  return rt->make_value(parent, key, value, drop, out);
}
rt_status rt_context_without_cancel(rt_runtime* rt, rt_context* parent, rt_context** out) {
  if (out == nullptr) return null("rt_context_without_cancel", "out");
  if (const rt_status s = runtime_of("rt_context_without_cancel", rt, parent); s != RT_OK) return s;
  return rt->make_without(parent, out);
}
rt_status rt_context_with_deadline(rt_context* parent, int64_t when, void* cause, rt_func drop, rt_context** out) {
  RT_IN_GOROUTINE("rt_context_with_deadline");
  if (out == nullptr) return null("rt_context_with_deadline", "out");
  return ops->context_deadline(parent, when, false, cause, drop, out);
}
rt_status rt_context_with_timeout(rt_context* parent, int64_t ns, void* cause, rt_func drop, rt_context** out) {
  RT_IN_GOROUTINE("rt_context_with_timeout");
  if (out == nullptr) return null("rt_context_with_timeout", "out");
  return ops->context_deadline(parent, ns, true, cause, drop, out);
}

rt_context* rt_context_retain(rt_context* ctx) {
  if (ctx != nullptr) ctx->ops->retain(ctx);
  return ctx;
}
void rt_context_release(rt_context* ctx) {
  if (ctx != nullptr) ctx->ops->release(ctx);
}

rt_status rt_context_cancel_cause(rt_context* ctx, void* cause, rt_func drop) {
  const char* call = "rt_context_cancel";
  if (ctx == nullptr) return fail(RT_EINVAL, "%s: ctx is NULL, which is Background and never ends", call);
  if (const GOps* ops = current_ops(); ops != nullptr) return ops->context_cancel(ctx, cause, drop);
  if (current_m() != nullptr) return outside(call);
  rt_runtime* rt = ctx->runtime;
  if (const rt_status s = find_runtime(call, rt); s != RT_OK) return s;
  return rt->outside_cancel(ctx, cause, drop);
}
rt_status rt_context_cancel(rt_context* ctx) { return rt_context_cancel_cause(ctx, nullptr, nullptr); }

rt_status rt_context_err(const rt_context* ctx) { return ctx != nullptr ? ctx->ops->err(ctx) : RT_OK; }
void* rt_context_cause(const rt_context* ctx) { return ctx != nullptr ? ctx->ops->cause(ctx) : nullptr; }
rt_chan* rt_context_done(rt_context* ctx) { return ctx != nullptr ? ctx->ops->done(ctx) : nullptr; }
int rt_context_deadline(const rt_context* ctx, int64_t* when) {
  int64_t at = 0;
  if (ctx == nullptr || !ctx->ops->deadline(ctx, &at)) return 0;
  if (when != nullptr) *when = at;
  return 1;
}
void* rt_context_value(const rt_context* ctx, const void* key) { return ctx != nullptr ? ctx->ops->value(ctx, key) : nullptr; }

[[gnu::noinline]] rt_status rt_context_after_func(rt_context* ctx, rt_func fn, void* arg, rt_context_func** out) {
  RT_IN_GOROUTINE("rt_context_after_func");
  if (fn == nullptr) return null("rt_context_after_func", "fn");
  return ops->context_after(ctx, fn, arg, __builtin_return_address(0), out);
}
int rt_context_func_stop(rt_context_func* f) { return f != nullptr && f->ops->stop_func(f) ? 1 : 0; }
void rt_context_func_free(rt_context_func* f) {
  if (f != nullptr) f->ops->free_func(f);
}

rt_status rt_group_new(rt_context* parent, rt_func drop, rt_group** out) {
  RT_IN_GOROUTINE("rt_group_new");
  if (out == nullptr) return null("rt_group_new", "out");
  return ops->group_new(parent, drop, out);
}
rt_context* rt_group_context(rt_group* group) { return group != nullptr ? group->context : nullptr; }
rt_status rt_group_set_limit(rt_group* group, int32_t n) {
  RT_IN_GOROUTINE("rt_group_set_limit");
  if (group == nullptr) return null("rt_group_set_limit", "group");
  return ops->group_set_limit(group, n);
}
[[gnu::noinline]] rt_status rt_group_go(rt_group* group, rt_group_func fn, void* arg) {
  return group_go("rt_group_go", group, fn, arg, __builtin_return_address(0), true);
}
[[gnu::noinline]] rt_status rt_group_try_go(rt_group* group, rt_group_func fn, void* arg) {
  return group_go("rt_group_try_go", group, fn, arg, __builtin_return_address(0), false);
}
rt_status rt_group_wait(rt_group* group, void** error) {
  RT_IN_GOROUTINE("rt_group_wait");
  if (group == nullptr) return null("rt_group_wait", "group");
  return ops->group_wait(group, error);
}
void rt_group_free(rt_group* group) {
  if (group != nullptr) group->free(group);
}

}  // extern "C"
