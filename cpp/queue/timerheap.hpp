// timerheap.hpp: timers by their time, a heap with four children a node. Go: time.go:249-640, 1070-1136
//
// Stopping and resetting leave a timer where it is and say so in its status; it is moved when somebody gets
// there. Which of two timers for the same nanosecond fires first depends on all of this, so it is as Go does it.
// Not locked: whoever has it does that.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace newproc {

inline constexpr std::int64_t kMaxWhen = INT64_MAX;

class TimerHeap;

struct Timer {
  enum Status : std::uint8_t { kNone, kWaiting, kDeleted, kModifiedEarlier, kModifiedLater };
  std::int64_t when = 0;      // ns of the world's clock; what the heap is ordered by
  std::int64_t nextwhen = 0;  // kModified*: what it is to be
  std::int64_t period = 0;    // ns; 0: fires once
  void (*fire)(void* m, Timer* t) = nullptr;  // on an M with a P; the heap is not locked
  void (*release)(Timer* t) = nullptr;        // kDeleted: called when it has left the heap
  void (*forget)(Timer* t) = nullptr;         // called if its run ends before it fires
  void* arg = nullptr;
  Timer* next = nullptr;  // on a list of adjust()
  std::atomic<std::uint32_t>* firing = nullptr;  // the run's number, before fire is called, which makes it 0 as its last act
  std::atomic<void*> owner{nullptr};  // the P in whose heap it is; null: in none
  Status status = kNone;
};

/// What the heap's user has to do after a look at the first timer.
struct Look {
  std::int64_t when = 0;  // > 0: not due before that; 0: *fired is due and has been taken care of; -1: empty
  Timer* fired = nullptr;
  void (*fire)(void*, Timer*) = nullptr;
};

class TimerHeap {
 public:
  TimerHeap() = default;
  ~TimerHeap() { std::free(at_); }
  TimerHeap(const TimerHeap&) = delete;
  TimerHeap& operator=(const TimerHeap&) = delete;

  // For looks without the lock.
  std::int64_t first_when() const { return timer0_when_.load(std::memory_order_acquire); }         // 0: empty
  std::int64_t modified_earliest() const { return modified_.load(std::memory_order_acquire); }     // 0: none
  std::uint32_t size() const { return n_.load(std::memory_order_relaxed); }
  std::uint32_t deleted() const { return deleted_.load(std::memory_order_relaxed); }
  /// When somebody has to look here: 0 never.
  std::int64_t next_look() const {
    const std::int64_t next = first_when(), moved = modified_earliest();
    return next == 0 || (moved != 0 && moved < next) ? moved : next;
  }

  /// Room for one more. False: no memory.
  [[nodiscard]] bool reserve();
  /// Puts a timer in that is in no heap; there is room. owner is t->owner from now on.
  void add(Timer* t, void* owner);
  /// It is in this heap. True: it had yet to fire.
  bool remove(Timer* t);
  /// It is in this heap. True: it had yet to fire. *earlier: somebody may sleep for too long now.
  bool modify(Timer* t, std::int64_t when, std::int64_t period, bool* earlier);
  /// Cleans the front up, as every add does first. time.go:541
  void clean();
  /// Puts timers whose time was moved where they belong, if one of them may be due. time.go:660
  void adjust(std::int64_t now);
  /// The first timer, if due: taken out, or set for its next period.
  Look run(std::int64_t now, std::uint32_t run_number = 1);
  /// Drops all that were stopped, when they are more than a quarter. time.go:850
  void clear_deleted();
  /// Empties it, in the array's order: for a P that dies, or a run that is over. Those that were stopped are
  /// dropped; the others come to take(Timer*), in no heap.
  template <class Take>
  void drain(Take&& take) {
    const std::uint32_t n = size();
    count(0);
    publish();
    modified_.store(0, std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < n; ++i)
      if (Timer* t = left(at_[i].timer); t != nullptr) take(t);
  }

 private:
  /// `when` is the timer's: to compare two must not cost a look at either. A sleeper's timer is on its stack, out of
  /// every cache.
  struct Entry {
    std::int64_t when;
    Timer* timer;
  };
  void set(std::uint32_t i, Timer* t) { at_[i] = Entry{t->when, t}; }
  void push(Timer* t);
  std::uint32_t erase(std::uint32_t i);
  void erase0();
  std::uint32_t up(std::uint32_t i);
  void down(std::uint32_t i);
  void drop(Timer* t);
  Timer* left(Timer* t);
  void publish() { timer0_when_.store(n_.load(std::memory_order_relaxed) == 0 ? 0 : at_[0].when, std::memory_order_release); }
  void count(std::uint32_t n) { n_.store(n, std::memory_order_relaxed); }

  Entry* at_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::atomic<std::uint32_t> n_{0}, deleted_{0};
  std::atomic<std::int64_t> timer0_when_{0}, modified_{0};
};

}  // namespace newproc
