// gfree.hpp: free Gs: a stack per P, and two global ones behind a lock. Go: gfput, gfget, gfpurge; proc.go:4619-4740
//
// A P keeps 31 to 63. The 64th put moves 33 to the global lists, newest first and each to the front, so that
// the oldest of the moved is the first to come back. A get on an empty P fetches until it has 32.
#pragma once
#include <atomic>
#include <cstdint>

#include "base/list.hpp"

namespace newproc {

inline constexpr std::uint32_t kGfreeHigh = 64, kGfreeLow = 32;

/// The global lists. `stack` holds Gs that own a (nominal) stack. Callers hold the lock.
template <class G>
struct GlobalGfree {
  Stack<G> stack, no_stack;
  std::atomic<std::uint32_t> n{0};  // of both; read without the lock

  void put(Queue<G> with_stack, Queue<G> without) {
    n.store(n.load(std::memory_order_relaxed) + with_stack.size + without.size, std::memory_order_relaxed);
    no_stack.push_all(without);
    stack.push_all(with_stack);
  }
  G* pop() {
    G* gp = stack.pop();
    if (gp == nullptr) gp = no_stack.pop();
    if (gp != nullptr) n.store(n.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return gp;
  }
};

/// Pops from `local` until `keep` are left, each to the front of the queue it belongs to. Returns how many.
template <class G>
std::uint32_t gfree_spill(Stack<G>& local, std::uint32_t keep, Queue<G>& with_stack, Queue<G>& without) {
  std::uint32_t moved = 0;
  for (; local.size > keep; ++moved) {
    G* gp = local.pop();
    (gp->nominal_stack != 0 ? with_stack : without).push_front(gp);
  }
  return moved;
}

}  // namespace newproc
