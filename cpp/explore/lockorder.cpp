#include "explore/lockorder.hpp"

#include <algorithm>

namespace newproc::explore {
namespace {

/// Two that hold these wait for one another.
bool exclude(const LockOrder::Hold& a, const LockOrder::Hold& b) { return a.lock == b.lock && !(a.shared && b.shared); }

}  // namespace

void LockOrder::clear() {
  for (std::vector<Hold>& locks : held_) locks.clear();
  steps_.clear();
  numbers_.clear();
  if (clocks_on_) clocks_.clear();
}

std::vector<LockOrder::Hold>& LockOrder::held(std::uint32_t task) {
  if (task >= held_.size()) held_.resize(task + 1);
  return held_[task];
}

/// Where clocks tell them apart, each time counts.
bool LockOrder::known(const Step& step) const {
  const auto same = [](const Hold& a, const Hold& b) { return a.lock == b.lock && a.site == b.site && a.shared == b.shared; };
  return !clocks_on_ && std::any_of(steps_.begin(), steps_.end(), [&](const Step& other) {
    return other.task == step.task && same(other.held, step.held) && same(other.taken, step.taken) &&
           std::equal(other.all.begin(), other.all.end(), step.all.begin(), step.all.end(), same);
  });
}

void LockOrder::took(std::uint32_t task, const Hold& lock, bool waits) {
  number_of(lock.lock);
  std::vector<Hold>& locks = held(task);
  for (std::size_t i = 0; waits && i < locks.size() && steps_.size() < kMostSteps; ++i) {
    if (locks[i].lock == lock.lock) continue;
    Step step{task, locks[i], lock, locks, 0, {}};
    if (known(step)) continue;
    if (clocks_on_) {
      step.tick = clocks_.now(task);
      for (std::uint32_t other = 0; other < steps_.size(); ++other)
        if (clocks_.before(steps_[other].tick, steps_[other].task, task)) step.after.push_back(other);
    }
    steps_.push_back(std::move(step));
  }
  locks.push_back(lock);
}

/// Whoever has it: a Mutex may be unlocked by another goroutine.
void LockOrder::gave(std::uint32_t task, const void* lock) {
  const auto drop = [lock](std::vector<Hold>& locks) {
    const auto last = std::find_if(locks.rbegin(), locks.rend(), [lock](const Hold& h) { return h.lock == lock; });
    if (last == locks.rend()) return false;
    locks.erase(std::next(last).base());
    return true;
  };
  if (drop(held(task))) return;
  for (std::vector<Hold>& locks : held_)
    if (drop(locks)) return;
}

/// They cannot come about at the same time.
bool LockOrder::apart(const Step& a, const Step& b) const {
  if (a.task == b.task) return true;
  for (const Hold& x : a.all)
    for (const Hold& y : b.all)
      if (exclude(x, y)) return true;
  const auto index = [this](const Step& s) { return static_cast<std::uint32_t>(&s - steps_.data()); };
  const auto ordered = [&](const Step& first, const Step& second) {
    return std::find(second.after.begin(), second.after.end(), index(first)) != second.after.end();
  };
  return ordered(a, b) || ordered(b, a);
}

void LockOrder::extend(Cycle& cycle, std::vector<Cycle>& out, std::size_t& budget) const {
  if (cycle.size() > 1 && exclude(cycle.back()->taken, cycle.front()->held)) {
    out.push_back(cycle);
    return;
  }
  if (cycle.size() == kLongest) return;
  for (const Step& next : steps_) {
    if (budget == 0 || out.size() >= kMostCycles) return;
    if (&next <= cycle.front() || !exclude(cycle.back()->taken, next.held)) continue;  // a cycle begins with its first step
    --budget;
    if (std::any_of(cycle.begin(), cycle.end(), [&](const Step* s) { return apart(*s, next); })) continue;
    cycle.push_back(&next);
    extend(cycle, out, budget);
    cycle.pop_back();
  }
}

std::vector<LockOrder::Cycle> LockOrder::cycles() const {
  std::vector<Cycle> out;
  std::size_t budget = 20'000;
  for (const Step& first : steps_) {
    Cycle cycle{&first};
    extend(cycle, out, budget);
  }
  return out;
}

}  // namespace newproc::explore
