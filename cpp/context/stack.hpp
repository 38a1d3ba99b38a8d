// stack.hpp: memory for goroutines' stacks. Slabs of address space, cut in equal strides, each with a
// guard at its low end; a stack keeps its context between goroutines (docs: cpp/doc/adr/0003-stacks.md).
//
//   slab:  | guard | ........ stack ........ | header |  guard | ...
//
// The header sits at the top, in the page that the first frame touches anyway.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/prefetch.hpp"
#include "base/relaxed.hpp"
#include "context/fcontext.hpp"
#include "newproc.h"

namespace newproc {

/// One stack. Lives at the top of its own memory.
struct alignas(64) StackMem {
  std::atomic<Context> ctx{nullptr};      // the entry loop, waiting for a goroutine; null: make it anew
  char* lo = nullptr;                     // lowest usable byte, above the guard
  std::atomic<const void*> owner{nullptr};  // the G that runs or is parked here, for the overflow report
  void* arg = nullptr;     // of the goroutine: G::arg()
  void* defers = nullptr;  // its deferred calls: only a running goroutine has any
  Relaxed<const void*> wait_object = nullptr;  // what it parked for last, for dumps
  Relaxed<std::uint64_t> wait_since = 0;       // ns of the world's clock, to 10 ms; 0: unknown
  bool guarded = true;     // false: the system gave no guard, and a canary stands in
  void* tsan_fiber = nullptr;
  alignas(16) char unwind[32];              // rt_goexit's _Unwind_Exception: outlives the frames it unwinds
  char* top() { return reinterpret_cast<char*>(this) - 64; }  // 64 zero bytes end every walk of the stack
  std::size_t size() { return static_cast<std::size_t>(top() - lo); }
};

/// What an overflow report says about the goroutine on a stack. Async-signal-safe.
struct OverflowInfo {
  unsigned long long goid = 0;
  const char* file = nullptr;
  int line = 0;
  const void* gopc = nullptr;
};
using OverflowDescribe = OverflowInfo (*)(const void* owner);

enum class GuardKind : std::uint64_t { none = 0, guard_install = 1, mprotect = 2 };

/// All stacks of one size of one runtime. Thread-safe; a mutex is fine since Ms keep caches.
class StackPool {
 public:
  StackPool(std::size_t stack_size, std::size_t guard_size, rt_fault_func fault, void* fault_arg);
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  OverflowDescribe describe = nullptr;  // of an owner; set before the first stack is taken

  /// Takes up to `want` stacks, out[0] the coldest; returns how many. 0: the system gave no memory.
  std::size_t take(std::size_t want, StackMem** out);
  /// Takes back n stacks, the coldest first.
  void give(StackMem* const* stacks, std::size_t n);
  /// Returns the pages of cached stacks to the system, all but the top one. Returns how many stacks.
  std::size_t trim();

  std::size_t stacks() const { return made_.load(std::memory_order_relaxed); }
  std::size_t cached() const;
  std::size_t stride() const { return stride_; }
  GuardKind guard_kind() const { return guard_kind_; }

  /// The stack whose guard or memory holds the address, or null. Lock-free: a signal handler asks.
  StackMem* find(const void* address) const;
  bool in_guard(StackMem* stack, const void* address) const;
  /// Stacks without a guard page; each has a canary at its low end instead.
  std::size_t unguarded() const { return unguarded_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kSlabBytes = std::size_t{256} << 20;
  static constexpr std::size_t kMaxSlabs = 4096;
  static constexpr std::size_t kColors = 16, kColorBytes = 128;
  bool add_slab();
  StackMem* carve();
  enum class Guard { page, canary, none };
  Guard guard(char* stack_base);
  void* header_at(char* stack_base, std::size_t index) const;

  const std::size_t stack_size_, guard_size_;
  const std::size_t stride_;  // a page more than the size: at a power of two, all tops would share TLB sets
  const std::size_t per_slab_;
  rt_fault_func fault_;
  void* fault_arg_;
  GuardKind guard_kind_ = GuardKind::none;
  mutable std::mutex mutex_;
  std::vector<StackMem*> free_;  // with room for all stacks: giving back cannot fail. The last is the hottest
  std::size_t carved_ = 0;  // of the last slab
  std::atomic<char*> slabs_[kMaxSlabs] = {};
  std::atomic<std::size_t> nslabs_{0};
  std::atomic<std::size_t> made_{0};
  std::atomic<std::size_t> unguarded_{0};
};

/// The low end of a stack without a guard, which nobody but an overflow writes to.
void plant_canary(StackMem* stack);
bool canary_lives(const StackMem* stack);

/// The stacks that one M has at hand, hottest last. No locking: only that M touches it.
class StackCache {
 public:
  StackMem* get(StackPool& pool) {
    if (size_ == 0 && !refill(pool)) return nullptr;
    if (size_ > kAhead) fetch(stacks_[size_ - 1 - kAhead]);
    return stacks_[--size_];
  }
  void put(StackPool& pool, StackMem* stack) {
    if (size_ == kMost) spill(pool);
    stacks_[size_++] = stack;
  }
  /// Gives everything back.
  void drain(StackPool& pool);

 private:
  static constexpr std::size_t kMost = 256, kBatch = 128, kAhead = 4;
  /// A stack that was at rest is out of every cache: its header, and the frames of the entry loop below it.
  static void fetch(const StackMem* stack) {
    constexpr std::ptrdiff_t kLine = 64, kBelow = 10;
    for (std::ptrdiff_t i = -kBelow; i <= 1; ++i) prefetch_to_write(reinterpret_cast<const char*>(stack) + i * kLine);
  }
  bool refill(StackPool& pool);
  void spill(StackPool& pool);
  std::size_t size_ = 0;
  StackMem* stacks_[kMost];
};

/// The page size of the system, in bytes.
std::size_t page_size();

}  // namespace newproc
