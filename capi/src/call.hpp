// call.hpp: what every function of the C ABI checks first, and how it says what is wrong.
#pragma once
#include <exception>
#include <new>

#include "base/error.hpp"
#include "runtime/runtime.hpp"

namespace newproc {

/// The caller's own runtime where rt is NULL; else rt must be a live one.
rt_status find_runtime(const char* call, rt_runtime*& rt);

inline rt_status outside(const char* call) {
  return fail(RT_EPLACE, "%s: called outside of goroutines; call it from a function that rt_start_main or rt_newproc runs", call);
}
inline rt_status inside(const char* call) {
  return fail(RT_EPLACE, "%s: called inside a goroutine; call it from the thread that owns the runtime", call);
}
inline rt_status null(const char* call, const char* argument) {
  return fail(RT_EINVAL, "%s: %s is NULL", call, argument);
}

/// The operations of the calling goroutine, which must belong to rt (NULL: any).
inline rt_status ops_of(const char* call, rt_runtime* rt, const GOps*& ops) {
  ops = current_ops();
  if (ops == nullptr) return outside(call);
  if (rt != nullptr && current_m()->runtime != rt)
    return fail(RT_EPLACE, "%s: rt (%p) is not the runtime of the calling goroutine (%p); pass NULL", call,
                static_cast<void*>(rt), static_cast<void*>(current_m()->runtime));
  return RT_OK;
}

template <class F>
rt_status guarded(const char* call, F&& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    return fail(RT_ENOMEM, "%s: the system gave no memory", call);
  } catch (const std::exception& e) {
    return fail(RT_EINVAL, "%s: %s", call, e.what());
  }
}

}  // namespace newproc

#define RT_IN_GOROUTINE(call) \
  const GOps* ops = current_ops(); \
  if (__builtin_expect(ops == nullptr, 0)) return outside(call)
