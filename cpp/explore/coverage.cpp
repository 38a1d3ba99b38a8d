#include "explore/coverage.hpp"

namespace newproc::explore {
namespace {

constexpr std::uint32_t kOften = ~std::uint32_t{0};  // more than one schedule has shown it

bool only_reads(std::uint32_t kind) { return kind == RT_OP_READ || kind == RT_OP_ATOMIC_LOAD; }

}  // namespace

/// Where it is in the program. Where that is not known, what began where it began and does the same.
std::uint64_t Coverage::place_of(const Task& t) { return t.site != 0 ? t.place : mix_seed(t.root, t.next.kind); }

void Coverage::step(const Task& after, bool running, const Task* next, bool usual) {
  const bool goes_on = running && next == &after;
  const std::uint32_t left = goes_on ? 0 : running ? 1 : 2, comes = next == nullptr ? 3 : usual ? 1 : 2;
  bool& seen = seen_[((left * 4 + comes) * kKinds + after.next.kind) * kKinds + (next != nullptr ? next->next.kind : 0)];
  if (!seen) {
    seen = true;
    ++transitions_;
    last_new_ = schedule_;
  }
  if (next != nullptr && next->next.object != nullptr) pair(*next);
}

void Coverage::pair(const Task& t) {
  bool fresh = false;
  const std::uint32_t i = last_.find(reinterpret_cast<std::uintptr_t>(t.next.object), static_cast<std::uint32_t>(uses_.size()), fresh);
  const Use now{place_of(t), t.id, only_reads(t.next.kind)};
  if (fresh) {
    uses_.push_back(now);
    return;
  }
  Use& before = uses_[i];
  if (before.task != now.task && !(before.reads && now.reads)) count(mix_seed(before.place, now.place));
  before = now;
}

void Coverage::count(std::uint64_t key) {
  if (pairs_.size() >= kMostPairs) return;
  const auto number = static_cast<std::uint32_t>(schedule_);
  bool fresh = false;
  const std::uint32_t first = pairs_.find(key, number, fresh);
  if (fresh) {
    ++once_;
    last_new_ = schedule_;
  } else if (first != kOften && first != number) {
    pairs_[key] = kOften;
    --once_;
  }
}

}  // namespace newproc::explore
