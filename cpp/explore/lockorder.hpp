// lockorder.hpp: which locks goroutines take while they hold others, in one schedule, and cycles of that which could deadlock
// (Havelund, Goodlock, SPIN 2000, with the locks that all in a cycle hold; Bensalem, Havelund, PADTAD 2005, with what orders
// them by other means).
#pragma once
#include "explore/clocks.hpp"

namespace newproc::explore {

class LockOrder {
 public:
  struct Hold {
    const void* lock;
    std::uint64_t site;
    bool shared;
  };
  /// `task` takes `taken` while it holds `held`.
  struct Step {
    std::uint32_t task;
    Hold held, taken;
    std::vector<Hold> all;          // that it holds
    std::uint32_t tick;             // of its clock
    std::vector<std::uint32_t> after;  // steps of others that come before this one in any schedule
  };
  using Cycle = std::vector<const Step*>;

  /// `clocks`: what comes about in this order only is told apart, which costs a clock for each goroutine.
  explicit LockOrder(bool clocks) : clocks_on_(clocks) {}
  void clear();
  void spawned(std::uint32_t task, std::uint32_t parent, bool has_parent) {
    if (clocks_on_) clocks_.spawned(task, parent, has_parent);
  }
  /// Not of locks.
  void acquire(std::uint32_t task, const void* object) {
    if (clocks_on_) clocks_.acquire(task, object);
  }
  void release(std::uint32_t task, const void* object, bool merge) {
    if (clocks_on_) clocks_.release(task, object, merge);
  }
  void took(std::uint32_t task, const Hold& lock, bool waits);
  void gave(std::uint32_t task, const void* lock);
  /// Sets of steps of different goroutines, each of which takes what the next holds, while no lock keeps them apart.
  std::vector<Cycle> cycles() const;
  /// By the order in which they were first taken, from 0 on.
  std::uint32_t number_of(const void* lock) { return numbers_.of(reinterpret_cast<std::uintptr_t>(lock)); }

 private:
  static constexpr std::size_t kMostSteps = 512, kMostCycles = 16, kLongest = 8;
  std::vector<Hold>& held(std::uint32_t task);
  bool known(const Step& step) const;
  bool apart(const Step& a, const Step& b) const;
  void extend(Cycle& cycle, std::vector<Cycle>& out, std::size_t& budget) const;

  const bool clocks_on_;
  Clocks clocks_;
  std::vector<std::vector<Hold>> held_;  // by task
  std::vector<Step> steps_;
  IdMap numbers_;
};

}  // namespace newproc::explore
