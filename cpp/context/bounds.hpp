// bounds.hpp: what the sanitizers must be told at every switch. Empty functions in other builds.
#pragma once
#include <cstddef>

#include "base/sanitizer.hpp"
#include "context/stack.hpp"

namespace newproc {

/// Immediately before a jump: the stack that is jumped to, and where to keep this one's fake stack (null:
/// this stack is never resumed).
inline void start_switch([[maybe_unused]] void** save, [[maybe_unused]] const void* bottom,
                         [[maybe_unused]] std::size_t size, [[maybe_unused]] void* tsan_fiber) {
#if NEWPROC_ASAN
  __sanitizer_start_switch_fiber(save, bottom, size);
#endif
#if NEWPROC_TSAN
  __tsan_switch_to_fiber(tsan_fiber, 0);
#endif
}

/// Immediately after one, on the stack that was jumped to; receives the bounds of the one that was left.
inline void finish_switch([[maybe_unused]] void* saved, [[maybe_unused]] const void** bottom,
                          [[maybe_unused]] std::size_t* size) {
#if NEWPROC_ASAN
  __sanitizer_finish_switch_fiber(saved, bottom, size);
#endif
}

inline void* current_fiber() {
#if NEWPROC_TSAN
  return __tsan_get_current_fiber();
#else
  return nullptr;
#endif
}

/// The TSan fiber of a stack, made at its first use: TSan has room for 8128 in all.
inline void* fiber_of([[maybe_unused]] StackMem* stack) {
#if NEWPROC_TSAN
  if (stack->tsan_fiber == nullptr) stack->tsan_fiber = __tsan_create_fiber(0);
  return stack->tsan_fiber;
#else
  return nullptr;
#endif
}

/// Abandoned frames leave poisoned redzones behind.
inline void unpoison([[maybe_unused]] StackMem* stack) {
#if NEWPROC_ASAN
  __asan_unpoison_memory_region(stack->lo, stack->size());
#endif
}

}  // namespace newproc
