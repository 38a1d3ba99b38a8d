// staged.hpp: the tail of the global run queue that one P has written and nobody has collected.
//
// A yield puts a goroutine on the global queue. With every P at it, the queue's lock would be all they do.
// So a P appends here, without a lock, and whoever takes the lock to look at the queue, to take from it or
// to put something else, first moves all that is staged to the queue itself. Nobody can tell the
// difference, but for one: goroutines that two Ps stage at the same time are queued P by P.
//   one producer   the M that holds the P
//   one consumer   whoever holds sched.lock
#pragma once
#include <atomic>
#include <cstdint>

namespace newproc {

template <class G, std::uint32_t N = 64>
class Staged {
 public:
  /// False: full. Producer.
  [[nodiscard]] bool put(G* gp) {
    const std::uint32_t t = tail_.load(std::memory_order_relaxed);
    if (t - head_.load(std::memory_order_acquire) == N) return false;  // pairs with collect's head
    slots_[t % N].store(gp, std::memory_order_relaxed);
    tail_.store(t + 1, std::memory_order_release);  // publishes the slot and *gp
    return true;
  }
  /// Anyone.
  bool empty() const { return head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire); }
  /// Hands all to put(G*), oldest first. Consumer.
  template <class Put>
  void collect(Put&& put) {
    std::uint32_t h = head_.load(std::memory_order_relaxed);
    const std::uint32_t t = tail_.load(std::memory_order_acquire);
    if (h == t) return;
    for (; h != t; ++h) put(slots_[h % N].load(std::memory_order_relaxed));
    head_.store(h, std::memory_order_release);  // the slots may be written again
  }

 private:
  std::atomic<G*> slots_[N] = {};
  alignas(64) std::atomic<std::uint32_t> tail_{0};
  std::atomic<std::uint32_t> head_{0};
};

}  // namespace newproc
