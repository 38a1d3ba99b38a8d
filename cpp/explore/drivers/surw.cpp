#include "explore/drivers/surw.hpp"

#include <algorithm>

#include "explore/drivers/walks.hpp"

namespace newproc::explore {

void Surw::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  const std::uint32_t n = contested_.objects();
  object_ = n != 0 ? rand_.below(n) : 0;
  if (expected_.size() < n) expected_.resize(n);
  intended_ = kNobody;
  born_ = 1;
  done_.clear();
  known_.clear();
  learns_ = schedules_ < kLearn || schedules_ % kLearn == 0;
  ++schedules_;
  if (learns_) contested_.begin();
}

bool Surw::end(const Trail&) {
  if (object_ < expected_.size()) {
    Counts& counts = expected_[object_];
    if (counts.size() < done_.size()) counts.resize(done_.size());
    for (std::size_t i = 0; i < done_.size(); ++i) counts[i] = std::max(counts[i], done_[i]);
  }
  if (learns_) contested_.end();
  return true;
}

bool Surw::selected(const Task& t) {
  if (t.id >= known_.size()) known_.resize(t.id + 1);
  Known& known = known_[t.id];
  if (known.place != t.place) known = {t.place, object_ < expected_.size() && contested_.object_at(t.place) == object_};
  return known.selected;
}

std::uint32_t Surw::left(std::uint32_t task) const {
  if (object_ >= expected_.size() || task >= expected_[object_].size()) return 0;
  const std::uint32_t done = task < done_.size() ? done_[task] : 0;
  return expected_[object_][task] - std::min(done, expected_[object_][task]);
}

/// What those have to do that nobody has started yet: it counts as main's.
std::uint32_t Surw::unborn() const {
  std::uint32_t sum = 0;
  if (object_ < expected_.size())
    for (std::uint32_t task = born_; task < expected_[object_].size(); ++task) sum += left(task);
  return sum;
}

void Surw::draw_intended(const Question& q) {
  const auto weight = [&](const Task& t) { return std::max(left(t.id) + (t.id == 0 ? unborn() : 0), selected(t) ? 1u : 0u); };
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < q.goroutines(); ++i) sum += weight(q.task(i));
  intended_ = kNobody;
  if (sum == 0) return;
  std::uint32_t drawn = rand_.below(sum);
  for (std::uint32_t i = 0; i < q.goroutines(); ++i) {
    const std::uint32_t w = weight(q.task(i));
    if (drawn < w) {
      intended_ = q.task(i).id;
      return;
    }
    drawn -= w;
  }
}

std::uint32_t Surw::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  const std::uint32_t born = born_;
  for (std::uint32_t i = 0; i < n; ++i) born_ = std::max(born_, q.task(i).id + 1);
  if (intended_ == kNobody || (born_ != born && intended_ == 0)) draw_intended(q);
  std::uint32_t best = n;
  for (std::uint32_t round = 0; round < 2 && best == n; ++round) {
    std::uint32_t among = 0;
    for (std::uint32_t i = 0; i < n; ++i)
      if ((q.task(i).id == intended_ || !selected(q.task(i))) && rand_.below(++among) == 0) best = i;
    if (best == n) draw_intended(q);  // all wait for one that cannot go on
  }
  if (best == n) best = rand_.below(n);
  const Task& chosen = q.task(best);
  if (selected(chosen)) {
    if (chosen.id >= done_.size()) done_.resize(chosen.id + 1);
    ++done_[chosen.id];
    intended_ = kNobody;
  }
  if (learns_) contested_.operation(chosen, n == 1);
  return best;
}

}  // namespace newproc::explore
