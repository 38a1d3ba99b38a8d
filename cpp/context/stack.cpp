#include "context/stack.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/sanitizer.hpp"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102  // Linux 6.13
#endif

namespace newproc {
namespace {
// Each guard that mprotect makes splits a mapping, and a process may have 65,530 (vm.max_map_count). Without any left
// no thread starts and no slab can be had: half stay for everybody else.
constexpr std::size_t kMostMprotected = 16'000;
std::atomic<std::size_t> mprotected{0};  // in the process
}  // namespace

std::size_t page_size() {
  static const std::size_t size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

StackPool::StackPool(std::size_t stack_size, std::size_t guard_size, rt_fault_func fault, void* fault_arg)
    : stack_size_(stack_size),
      guard_size_(guard_size),
      stride_(stack_size + page_size()),
      per_slab_(kSlabBytes / stride_ > 0 ? kSlabBytes / stride_ : 1),
      fault_(fault),
      fault_arg_(fault_arg) {}

StackPool::~StackPool() {
  if (guard_kind_ == GuardKind::mprotect) mprotected.fetch_sub(stacks() - unguarded());
#if NEWPROC_TSAN
  for (StackMem* s : free_)
    if (s->tsan_fiber != nullptr) __tsan_destroy_fiber(s->tsan_fiber);
#endif
  const std::size_t n = nslabs_.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < n; ++i) {
    char* slab = slabs_[i].load(std::memory_order_relaxed);
#if NEWPROC_ASAN
    __asan_unpoison_memory_region(slab, per_slab_ * stride_);
#endif
    munmap(slab, per_slab_ * stride_);
  }
}

bool StackPool::add_slab() {
  const std::size_t n = nslabs_.load(std::memory_order_relaxed);
  if (n == kMaxSlabs) return false;
  if (fault_ != nullptr && fault_(fault_arg_, RT_FAULT_MMAP) != 0) return false;
  const std::size_t bytes = per_slab_ * stride_;
  // NORESERVE: a million stacks are 64 GB of address space of which a few pages each are ever touched.
  void* slab = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (slab == MAP_FAILED) return false;
  madvise(slab, bytes, MADV_NOHUGEPAGE);  // a huge page would make every stack resident whole
  slabs_[n].store(static_cast<char*>(slab), std::memory_order_relaxed);
  nslabs_.store(n + 1, std::memory_order_release);  // pairs with find()
  carved_ = 0;
  return true;
}

// Neighbouring stacks start at different offsets of their top page: with one offset for all, a thousand
// goroutines' hot lines would share one cache set. The offset stays small, so that one page is enough.
void* StackPool::header_at(char* base, std::size_t index) const {
  return base + stack_size_ - sizeof(StackMem) - index % kColors * kColorBytes;
}

StackPool::Guard StackPool::guard(char* base) {
  if (guard_size_ == 0) return Guard::page;  // as asked for
  if (fault_ != nullptr && fault_(fault_arg_, RT_FAULT_GUARD) != 0) return Guard::canary;
  if (guard_kind_ != GuardKind::mprotect) {
    if (madvise(base, guard_size_, MADV_GUARD_INSTALL) == 0) {
      guard_kind_ = GuardKind::guard_install;
      return Guard::page;
    }
    if (guard_kind_ == GuardKind::guard_install) return Guard::none;
  }
  // Kernels before 6.13, or locked memory. Further stacks get a canary, which is looked at when the goroutine
  // yields, parks or ends.
  guard_kind_ = GuardKind::mprotect;
  if (mprotected.fetch_add(1) < kMostMprotected && mprotect(base, guard_size_, PROT_NONE) == 0) return Guard::page;
  mprotected.fetch_sub(1);
  return Guard::canary;
}

namespace {
constexpr std::uint64_t kCanary = 0x5afe57ac4e4d6d61;
constexpr std::size_t kCanaryWords = 8;
}  // namespace

void plant_canary(StackMem* stack) {
  auto* words = reinterpret_cast<std::uint64_t*>(stack->lo);
  std::fill(words, words + kCanaryWords, kCanary);
}
bool canary_lives(const StackMem* stack) {
  const auto* words = reinterpret_cast<const std::uint64_t*>(stack->lo);
  return std::all_of(words, words + kCanaryWords, [](std::uint64_t word) { return word == kCanary; });
}

StackMem* StackPool::carve() {
  if (nslabs_.load(std::memory_order_relaxed) == 0 || carved_ == per_slab_)
    if (!add_slab()) return nullptr;
  char* base = slabs_[nslabs_.load(std::memory_order_relaxed) - 1].load(std::memory_order_relaxed) +
               carved_ * stride_;
  const std::size_t made = made_.load(std::memory_order_relaxed);
  if (made == free_.capacity()) try {
      free_.reserve(std::max<std::size_t>(2 * made, 1024));
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  const Guard guarded = guard(base);
  if (guarded == Guard::none) return nullptr;
  ++carved_;
  auto* stack = new (header_at(base, carved_ - 1)) StackMem;
  stack->lo = base + guard_size_;
  if (guarded == Guard::canary) {
    stack->guarded = false;
    plant_canary(stack);
    unguarded_.fetch_add(1, std::memory_order_relaxed);
  }
  made_.fetch_add(1, std::memory_order_release);  // pairs with find()
  return stack;
}

std::size_t StackPool::take(std::size_t want, StackMem** out) {
  std::lock_guard lock(mutex_);
  const std::size_t n = std::min(want, free_.size());
  std::copy(free_.end() - static_cast<std::ptrdiff_t>(n), free_.end(), out);
  free_.resize(free_.size() - n);
  if (n != 0) return n;
  out[0] = carve();  // one: do not make what nobody has asked for yet
  return out[0] != nullptr ? 1 : 0;
}

void StackPool::give(StackMem* const* stacks, std::size_t n) {
  std::lock_guard lock(mutex_);
  free_.insert(free_.end(), stacks, stacks + n);
}

std::size_t StackPool::cached() const {
  std::lock_guard lock(mutex_);
  return free_.size();
}

std::size_t StackPool::trim() {
  std::lock_guard lock(mutex_);
  std::size_t trimmed = 0;
  for (StackMem* s : free_) {
    // The context lives in the top page. Pages below hold dead frames.
    const auto top_page = reinterpret_cast<std::uintptr_t>(s) & ~(page_size() - 1);
    const auto below = top_page - page_size();
    const auto lo = reinterpret_cast<std::uintptr_t>(s->lo);
    if (below <= lo) continue;
    madvise(s->lo, below - lo, MADV_DONTNEED);
    if (!s->guarded) plant_canary(s);
    ++trimmed;
  }
  return trimmed;
}

StackMem* StackPool::find(const void* address) const {
  const auto* at = static_cast<const char*>(address);
  const std::size_t n = nslabs_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < n; ++i) {
    char* slab = slabs_[i].load(std::memory_order_relaxed);
    if (at < slab || at >= slab + per_slab_ * stride_) continue;
    const std::size_t index = static_cast<std::size_t>(at - slab) / stride_;
    if (i * per_slab_ + index >= made_.load(std::memory_order_acquire)) return nullptr;
    return static_cast<StackMem*>(header_at(slab + index * stride_, index));
  }
  return nullptr;
}

bool StackPool::in_guard(StackMem* stack, const void* address) const {
  return static_cast<const char*>(address) < stack->lo &&
         static_cast<const char*>(address) >= stack->lo - guard_size_;
}

bool StackCache::refill(StackPool& pool) {
  size_ = pool.take(kBatch, stacks_);
  return size_ > 0;
}

void StackCache::spill(StackPool& pool) {
  pool.give(stacks_, kBatch);  // the hot half stays
  std::copy(stacks_ + kBatch, stacks_ + size_, stacks_);
  size_ -= kBatch;
}

void StackCache::drain(StackPool& pool) {
  pool.give(stacks_, size_);
  size_ = 0;
}

}  // namespace newproc
