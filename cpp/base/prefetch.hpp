// prefetch.hpp: fetching a cache line that is about to be written.
#pragma once

namespace newproc {

/// Takes the line away from other cores at once: fetched to be read, it would cost a second trip when it is
/// written. Any address will do. On x86-64 the compiler's own knows PREFETCHW only where every processor has it;
/// those that have not take it for a no-op.
inline void prefetch_to_write(const void* address) {
#if defined(__x86_64__)
  asm volatile("prefetchw (%0)" : : "r"(address));
#else
  __builtin_prefetch(address, 1);
#endif
}

}  // namespace newproc
