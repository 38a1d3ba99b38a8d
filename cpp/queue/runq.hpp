// runq.hpp: the local run queue of one P: a ring, and runnext before it.
// Go: runqput, runqputslow, runqget, runqgrab, runqsteal, runqputbatch, runqdrain; proc.go:6194-6450
//
// One owner (the M that holds the P) puts and gets; any other M may steal.
//   I1  tail - head (uint32, wraps) is the ring's length and never exceeds N.
//   I2  only the owner writes tail_; anyone may advance head_, by CAS only.
//   I3  a slot belongs to a consumer once its CAS on head_ succeeded; what it read before that is a guess.
//   I4  only the owner turns runnext_ from null to a G; a thief may only null it.
// The queue knows no scheduler: what does not fit is returned, and the caller owes it to the global queue.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>

#include "base/list.hpp"
#include "base/rand.hpp"
#include "base/throw.hpp"

namespace newproc {

struct NoPoint {
  static void at() {}
};

/// G needs a schedlink. Point::at() is called between the read and the CAS of every race.
/// N is 256 in use; tests take 4, so that wrap and overflow are one put away.
template <class G, std::uint32_t N = 256, class Point = NoPoint>
class RunQueue {
  static_assert(std::has_single_bit(N) && N >= 2);

 public:
  static constexpr std::uint32_t kCapacity = N;

  /// Makes `gp` runnable: next to run, or last in line. Owner only. Returns the Gs that no longer fit,
  /// oldest first and ending in the one put last; usually none. `shuffle`, where not null, is the source
  /// of the 50 % coin and the shuffle of Go's race builds. runqput, proc.go:6194
  /// `alone`: there is no other P, so nobody can steal; plain stores do what the CASes do.
  [[nodiscard]] Queue<G> put(G* gp, bool next, FastRand* shuffle = nullptr, bool alone = false) {
    if (next && shuffle != nullptr && shuffle->below(2) == 0) next = false;
    if (next) {
      G* old = runnext_.load(std::memory_order_relaxed);
      if (alone) {
        runnext_.store(gp, std::memory_order_release);
      } else do {
        Point::at();
        // Release publishes *gp to a thief of runnext; the failure case rereads what a thief nulled.
      } while (!runnext_.compare_exchange_weak(old, gp, std::memory_order_acq_rel, std::memory_order_relaxed));
      if (old == nullptr) return {};
      gp = old;  // kicked out: to the tail
    }
    for (;;) {
      const std::uint32_t h = head_.load(std::memory_order_acquire);  // pairs with C: slots before h were read
      const std::uint32_t t = tail_.load(std::memory_order_relaxed);
      if (t - h < N) {
        slots_[t % N].store(gp, std::memory_order_relaxed);
        tail_.store(t + 1, std::memory_order_release);  // T: publishes the slot and *gp
        return {};
      }
      Queue<G> spill = take_half(h, t, gp, shuffle);
      if (!spill.empty()) return spill;
    }  // a thief made room: the put must now succeed
  }

  /// The next G to run, or null. Owner only. `inherit`: it came from runnext and shares the slice.
  /// runqget, proc.go:6306
  [[nodiscard]] G* get(bool& inherit, bool alone = false) {
    G* next = runnext_.load(std::memory_order_relaxed);
    if (next != nullptr && alone) {
      runnext_.store(nullptr, std::memory_order_relaxed);
      inherit = true;
      return next;
    }
    if (next != nullptr) {
      Point::at();
      // A failed CAS means that it was stolen; only the owner could set another (I4), so no retry.
      if (runnext_.compare_exchange_strong(next, nullptr, std::memory_order_acquire, std::memory_order_relaxed)) {
        inherit = true;
        return next;
      }
    }
    inherit = false;
    for (;;) {
      std::uint32_t h = head_.load(std::memory_order_acquire);
      const std::uint32_t t = tail_.load(std::memory_order_relaxed);
      if (t == h) return nullptr;
      G* gp = slots_[h % N].load(std::memory_order_relaxed);
      if (alone) {
        head_.store(h + 1, std::memory_order_release);
        return gp;
      }
      Point::at();
      if (head_.compare_exchange_strong(h, h + 1, std::memory_order_release, std::memory_order_relaxed)) return gp;  // C
    }
  }

  /// Makes the i-th in order (0: runnext, or the head) the next to run, and leaves the others in theirs. Owner only,
  /// and nobody may steal. False: there are not so many.
  bool promote(std::uint32_t i) {
    G* next = runnext_.load(std::memory_order_relaxed);
    if (next != nullptr && i-- == 0) return true;
    std::uint32_t h = head_.load(std::memory_order_relaxed), t = tail_.load(std::memory_order_relaxed);
    const std::uint32_t n = t - h;
    if (i >= n) return false;
    const auto move = [this](std::uint32_t from, std::uint32_t to) {
      slots_[to % N].store(slots_[from % N].load(std::memory_order_relaxed), std::memory_order_relaxed);
    };
    G* chosen = slots_[(h + i) % N].load(std::memory_order_relaxed);
    if (i < n / 2) {  // the fewer ones close the gap
      for (std::uint32_t at = h + i; at != h; --at) move(at - 1, at);
      ++h;
    } else {
      for (std::uint32_t at = h + i; at != t - 1; ++at) move(at + 1, at);
      --t;
    }
    if (next != nullptr) slots_[--h % N].store(next, std::memory_order_relaxed);
    tail_.store(t, std::memory_order_release);
    head_.store(h, std::memory_order_release);
    runnext_.store(chosen, std::memory_order_release);
    return true;
  }
  /// The i-th in that order; there is one. Owner only, and nobody may steal.
  G* peek(std::uint32_t i) const {
    G* next = runnext_.load(std::memory_order_relaxed);
    if (next != nullptr && i-- == 0) return next;
    return slots_[(head_.load(std::memory_order_relaxed) + i) % N].load(std::memory_order_relaxed);
  }
  /// How many it holds, runnext included. Owner only, and nobody may steal.
  std::uint32_t all() const { return size() + (runnext() != nullptr ? 1 : 0); }

  /// Moves as many of `batch` to the ring as fit, in order; the rest stay in `batch` and belong to the
  /// global queue. Owner only. runqputbatch, proc.go:6272
  void put_batch(Queue<G>& batch, FastRand* shuffle = nullptr) {
    const std::uint32_t h = head_.load(std::memory_order_acquire);
    const std::uint32_t first = tail_.load(std::memory_order_relaxed);
    std::uint32_t t = first;
    while (!batch.empty() && t - h < N) slots_[t++ % N].store(batch.pop_front(), std::memory_order_relaxed);
    if (shuffle != nullptr) shuffle_slots(first, t - first, *shuffle);
    tail_.store(t, std::memory_order_release);
  }

  /// Appends what next() gives, n times, all published at once. Owner only; there must be room.
  template <class Next>
  void put_n(std::uint32_t n, Next&& next) {
    const std::uint32_t t = tail_.load(std::memory_order_relaxed);
    if (t - head_.load(std::memory_order_acquire) + n > N) gothrow("runqput: no room for a batch");
    for (std::uint32_t i = 0; i < n; ++i) slots_[(t + i) % N].store(next(), std::memory_order_relaxed);
    tail_.store(t + n, std::memory_order_release);
  }

  /// Takes half of the victim's ring, oldest first, into this (empty) queue and returns the newest of
  /// them, to be run. With `steal_runnext`, an empty ring's runnext is taken instead, after
  /// victim_backoff() returned: the victim usually runs it in a moment itself. `taken` counts all.
  /// runqsteal, proc.go:6427
  template <class Backoff>
  [[nodiscard]] G* steal(RunQueue& victim, bool steal_runnext, Backoff&& victim_backoff, std::uint32_t& taken) {
    const std::uint32_t t = tail_.load(std::memory_order_relaxed);
    const std::uint32_t n = victim.grab(*this, t, steal_runnext, victim_backoff);
    taken = n;
    if (n == 0) return nullptr;
    G* last = slots_[(t + n - 1) % N].load(std::memory_order_relaxed);
    if (n == 1) return last;
    const std::uint32_t h = head_.load(std::memory_order_acquire);
    if (t - h + n - 1 >= N) gothrow("runqsteal: runq overflow");
    tail_.store(t + n - 1, std::memory_order_release);
    return last;
  }

  /// Empties the queue: runnext first, then the ring. Owner only. runqdrain, proc.go:6331
  [[nodiscard]] Queue<G> drain() {
    Queue<G> all;
    bool inherit;
    while (G* gp = get(inherit)) all.push_back(gp);
    return all;
  }

  /// No G in ring or runnext. Anyone; a G that moves from runnext to the ring meanwhile is not missed.
  /// runqempty, proc.go:6166
  bool empty() const {
    for (;;) {
      const std::uint32_t h = head_.load(std::memory_order_acquire);
      const std::uint32_t t = tail_.load(std::memory_order_acquire);
      const G* next = runnext_.load(std::memory_order_acquire);
      if (t == tail_.load(std::memory_order_acquire)) return h == t && next == nullptr;
    }
  }

  /// Nothing to get. Owner only: others can take, but not add.
  bool empty_for_owner() const {
    return runnext_.load(std::memory_order_relaxed) == nullptr &&
           head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_relaxed);
  }
  /// Length of the ring. Exact for the owner while nobody steals.
  std::uint32_t size() const {
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire);
  }
  /// Calls f(at), at(i) being the G i places behind the head, if there are more than `ahead`: for
  /// prefetching. A thief may have them already. Owner only.
  template <class F>
  void ahead(std::uint32_t ahead, F&& f) const {
    const std::uint32_t h = head_.load(std::memory_order_relaxed);
    if (tail_.load(std::memory_order_relaxed) - h <= ahead) return;
    f([this, h](std::uint32_t i) { return slots_[(h + i) % N].load(std::memory_order_relaxed); });
  }
  G* runnext() const { return runnext_.load(std::memory_order_acquire); }
  /// Calls f(G*) for the ring's Gs, head first. Exact while nobody else moves.
  template <class F>
  void each(F&& f) const {
    const std::uint32_t t = tail_.load(std::memory_order_acquire);
    for (std::uint32_t i = head_.load(std::memory_order_acquire); i != t; ++i)
      f(slots_[i % N].load(std::memory_order_relaxed));
  }

 private:
  // runqputslow, proc.go:6229. Empty: a thief advanced head meanwhile.
  // noinline: its array would make the frame of every spawn a kilobyte.
  [[gnu::noinline]] Queue<G> take_half(std::uint32_t h, std::uint32_t t, G* gp, FastRand* shuffle) {
    constexpr std::uint32_t half = N / 2;
    if ((t - h) / 2 != half) gothrow("runqputslow: queue is not full");
    G* batch[half + 1];
    for (std::uint32_t i = 0; i < half; ++i) batch[i] = slots_[(h + i) % N].load(std::memory_order_relaxed);
    Point::at();
    if (!head_.compare_exchange_strong(h, h + half, std::memory_order_release, std::memory_order_relaxed)) return {};
    batch[half] = gp;
    if (shuffle != nullptr)
      for (std::uint32_t i = 1; i <= half; ++i) std::swap(batch[i], batch[shuffle->below(i + 1)]);
    Queue<G> spill;
    for (G* each : batch) spill.push_back(each);
    return spill;
  }

  // runqgrab, proc.go:6372. Copies into into's slots from index t on; how many.
  template <class Backoff>
  std::uint32_t grab(RunQueue& into, std::uint32_t t0, bool steal_runnext, Backoff& backoff) {
    for (;;) {
      std::uint32_t h = head_.load(std::memory_order_acquire);
      const std::uint32_t t = tail_.load(std::memory_order_acquire);  // pairs with T
      std::uint32_t n = t - h;
      n -= n / 2;
      if (n == 0) {
        if (!steal_runnext) return 0;
        G* next = runnext_.load(std::memory_order_acquire);
        if (next == nullptr) return 0;
        backoff();
        if (!runnext_.compare_exchange_strong(next, nullptr, std::memory_order_acq_rel, std::memory_order_relaxed))
          continue;
        into.slots_[t0 % N].store(next, std::memory_order_relaxed);
        return 1;
      }
      if (n > N / 2) continue;  // head and tail were read at different moments
      for (std::uint32_t i = 0; i < n; ++i)
        into.slots_[(t0 + i) % N].store(slots_[(h + i) % N].load(std::memory_order_relaxed), std::memory_order_relaxed);
      Point::at();
      if (head_.compare_exchange_strong(h, h + n, std::memory_order_acq_rel, std::memory_order_relaxed)) return n;
    }
  }

  void shuffle_slots(std::uint32_t first, std::uint32_t n, FastRand& shuffle) {
    for (std::uint32_t i = 1; i < n; ++i) {
      auto& a = slots_[(first + i) % N];
      auto& b = slots_[(first + shuffle.below(i + 1)) % N];
      G* was = a.load(std::memory_order_relaxed);
      a.store(b.load(std::memory_order_relaxed), std::memory_order_relaxed);
      b.store(was, std::memory_order_relaxed);
    }
  }

  std::atomic<std::uint32_t> head_{0};
  std::atomic<std::uint32_t> tail_{0};
  std::atomic<G*> runnext_{nullptr};
  std::atomic<G*> slots_[N] = {};
};

}  // namespace newproc
