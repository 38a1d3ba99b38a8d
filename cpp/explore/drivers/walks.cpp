#include "explore/drivers/walks.hpp"

#include <algorithm>

namespace newproc::explore {
namespace {

template <class T>
T& at(std::vector<T>& all, std::uint32_t id) {
  if (id >= all.size()) all.resize(id + 1);
  return all[id];
}

}  // namespace

std::uint32_t RandomWalk::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  return rand_.below(n);
}

void Pct::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  asked_ = 0;
  low_ = depth_;
  std::fill(priorities_.begin(), priorities_.end(), 0);
  changes_.clear();
  for (std::uint32_t i = 1; i < depth_; ++i) changes_.push_back(1 + rand_.below(static_cast<std::uint32_t>(longest_)));
  std::sort(changes_.begin(), changes_.end(), std::greater<>());
}

std::uint32_t& Pct::priority(std::uint32_t id) {
  std::uint32_t& p = at(priorities_, id);
  if (p == 0) p = depth_ + 1 + rand_.below(1u << 30);
  return p;
}

std::uint32_t Pct::pick(const Question& q) {
  ++asked_;
  const std::uint32_t n = q.goroutines();
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  const auto highest = [&] {
    std::uint32_t best = 0;
    for (std::uint32_t i = 1; i < n; ++i)
      if (priority(q.task(i).id) > priority(q.task(best).id)) best = i;
    return best;
  };
  std::uint32_t best = highest();
  while (!changes_.empty() && changes_.back() <= asked_) {
    changes_.pop_back();
    priority(q.task(best).id) = --low_;
    if (low_ == 0) low_ = 1;
    best = highest();
  }
  return best;
}

bool Pct::end(const Trail&) {
  longest_ = std::max<std::uint64_t>(longest_, asked_);
  return true;
}

void Pos::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  std::fill(priorities_.begin(), priorities_.end(), 0);
}

std::uint32_t Pos::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  std::uint32_t best = 0, most = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint32_t& p = at(priorities_, q.task(i).id);
    if (p == 0) p = 1 + rand_.below(1u << 30);
    if (p > most) {
      most = p;
      best = i;
    }
  }
  const Task& chosen = q.task(best);
  for (std::uint32_t i = 0; i < n; ++i)
    if (i == best || conflict(q.task(i).next, chosen.next)) priorities_[q.task(i).id] = 0;
  return best;
}

void Urw::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  std::fill(done_.begin(), done_.end(), 0);
}

std::uint32_t Urw::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  const auto weight = [&](std::uint32_t i) {
    const std::uint32_t id = q.task(i).id, has = q.task(i).done;
    at(done_, id) = has;
    const std::uint32_t all = at(expected_, id);
    return all > has ? all - has : 1;
  };
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < n; ++i) sum += weight(i);
  std::uint32_t left = rand_.below(sum);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint32_t w = weight(i);
    if (left < w) return i;
    left -= w;
  }
  return n - 1;
}

std::uint32_t Places::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (main_first_ && !q.choice) {
    if (q.running && q.after->id == 0 && q.step < kMainFirst) return q.usual;
    main_first_ = false;
  }
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  classes_.clear();
  std::uint32_t sum = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint64_t place = q.task(i).place;
    const auto known = std::find_if(classes_.begin(), classes_.end(), [place](const Class& c) { return c.place == place; });
    if (known != classes_.end()) {
      ++known->n;
      continue;
    }
    const auto weight = 1u << (mix_seed(seen_.of(place), salt_) % kWeights * kWeightBits);
    classes_.push_back({place, weight, 1});
    sum += weight;
  }
  std::uint32_t left = rand_.below(sum);
  std::size_t at = 0;
  while (left >= classes_[at].weight) left -= classes_[at++].weight;
  std::uint32_t nth = rand_.below(classes_[at].n);
  for (std::uint32_t i = 0; i < n; ++i)
    if (q.task(i).place == classes_[at].place && nth-- == 0) return i;
  return n - 1;
}

bool Urw::end(const Trail&) {
  for (std::uint32_t id = 0; id < done_.size(); ++id) at(expected_, id) = std::max(expected_[id], done_[id] + 1);
  return true;
}

}  // namespace newproc::explore
