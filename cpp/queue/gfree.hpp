// gfree.hpp: free Gs: a stack per P, and two global ones behind a lock. Go: gfput, gfget, gfpurge; proc.go:4619-4740
//
// A P keeps 31 to 63. The 64th put moves 33 to the global lists, newest first and each to the front, so that
// the oldest of the moved is the first to come back. A get on an empty P fetches until it has 32.
// Pointers in arrays: a free G is not touched until it is taken.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>

#include "base/prefetch.hpp"
#include "base/relaxed.hpp"

namespace newproc {

inline constexpr std::uint32_t kGfreeHigh = 64, kGfreeLow = 32;

/// A P's. Never holds more than kGfreeHigh.
template <class G>
struct LocalGfree {
  G* slots[kGfreeHigh];
  G* soon[kGfreeLow];       // a hint: on the global lists, and probably here when this stack is empty
  std::uint32_t nsoon = 0;
  Relaxed<std::uint32_t> size = 0;  // one owner; others may look

  bool empty() const { return size == 0; }
  void push(G* gp) {
    slots[size] = gp;
    size = size + 1;
  }
  G* pop() {
    if (size == 0) return nullptr;
    size = size - 1;
    return slots[size];
  }
  /// A free G is out of every cache. One at a time: a burst of fetches would be dropped.
  void fetch_soon() const {
    if (size < nsoon) prefetch_to_write(soon[size]);
  }
};

/// Last in, first out, with room made beforehand: whoever makes the n-th G calls reserve(n).
template <class G>
class GfreeStack {
 public:
  GfreeStack() = default;
  ~GfreeStack() { std::free(slots_); }
  GfreeStack(const GfreeStack&) = delete;
  GfreeStack& operator=(const GfreeStack&) = delete;

  /// False: no memory, and nothing has changed.
  [[nodiscard]] bool reserve(std::uint32_t n) {
    if (n <= capacity_) return true;
    const std::uint32_t capacity = std::bit_ceil(n);
    auto* slots = static_cast<G**>(std::realloc(slots_, sizeof(G*) * capacity));
    if (slots == nullptr) return false;
    slots_ = slots;
    capacity_ = capacity;
    return true;
  }
  std::uint32_t size() const { return size_; }
  void push(G* gp) { slots_[size_++] = gp; }
  G* pop() { return size_ != 0 ? slots_[--size_] : nullptr; }
  /// The i-th that pop() would give.
  G* at(std::uint32_t i) const { return slots_[size_ - 1 - i]; }
  void clear() { size_ = 0; }

 private:
  G** slots_ = nullptr;
  std::uint32_t capacity_ = 0, size_ = 0;
};

/// The global lists. `stack` holds Gs that own a (nominal) stack. Callers hold the lock.
template <class G>
struct GlobalGfree {
  GfreeStack<G> stack, no_stack;
  std::atomic<std::uint32_t> n{0};  // of both; read without the lock

  [[nodiscard]] bool reserve(std::uint32_t gs) { return stack.reserve(gs) && no_stack.reserve(gs); }
  G* pop() {
    G* gp = stack.pop();
    if (gp == nullptr) gp = no_stack.pop();
    publish();
    return gp;
  }
  void publish() { n.store(stack.size() + no_stack.size(), std::memory_order_relaxed); }
  void clear() {
    stack.clear();
    no_stack.clear();
    publish();
  }
};

/// Moves from `local` to the global lists until `keep` are left. Returns how many.
template <class G>
std::uint32_t gfree_spill(LocalGfree<G>& local, std::uint32_t keep, GlobalGfree<G>& global) {
  std::uint32_t moved = 0;
  for (; local.size > keep; ++moved) {
    G* gp = local.pop();
    (gp->nominal_stack() != 0 ? global.stack : global.no_stack).push(gp);
  }
  global.publish();
  return moved;
}

}  // namespace newproc
