#include "explore/drivers/walks.hpp"

#include <algorithm>
#include <cmath>

namespace newproc::explore {
namespace {

template <class T>
T& at(std::vector<T>& all, std::uint32_t id) {
  if (id >= all.size()) all.resize(id + 1);
  return all[id];
}

/// That all of so many schedules missed what each shows with at least this probability, whatever came before.
double all_missed(std::uint64_t schedules, double log_probability) {
  return std::exp(static_cast<double>(schedules) * std::log1p(-std::exp(log_probability)));
}

}  // namespace

std::uint32_t RandomWalk::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  ++asked_;
  const double draws = q.choice || !q.timer ? q.n : n == 0 ? 1 : std::max<double>(kTimerOdds, n * double{kTimerOdds} / (kTimerOdds - 1));
  most_ = std::max(most_, draws);
  if (q.choice) return rand_.below(q.n);
  if (n == 0 || (q.timer && rand_.below(kTimerOdds) == 0)) return q.n - 1;
  return rand_.below(n);
}

bool RandomWalk::end(const Trail&) {
  ++schedules_;
  longest_ = std::max(longest_, asked_);
  return true;
}

Missed RandomWalk::missed() const { return {all_missed(schedules_, -static_cast<double>(longest_) * std::log(most_)), 0}; }

void Pct::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  asked_ = 0;
  std::fill(priorities_.begin(), priorities_.end(), 0);
  changes_.clear();
  for (std::uint32_t i = 1; i < depth_; ++i) changes_.push_back({1 + rand_.below(static_cast<std::uint32_t>(longest_)), i});
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) { return a.at > b.at; });
  for (std::uint32_t i = 0; later_lower_ && i < changes_.size(); ++i) changes_[i].priority = i + 1;
}

std::uint32_t& Pct::priority(std::uint32_t id) {
  std::uint32_t& p = at(priorities_, id);
  if (p == 0) p = depth_ + 1 + rand_.below(1u << 30);
  return p;
}

Missed Pct::missed() const {
  if (other_draws_ || later_lower_) return {1, depth_};
  const double steps = static_cast<double>(longest_), goroutines = std::max(goroutines_, 1u);
  return {all_missed(known_since_, -std::log(goroutines) - (depth_ - 1) * std::log(steps)), depth_};
}

std::uint32_t Pct::pick(const Question& q) {
  ++asked_;
  other_draws_ = other_draws_ || q.choice || q.timer;
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
  while (!changes_.empty() && changes_.back().at <= asked_) {
    priority(q.task(best).id) = changes_.back().priority;
    changes_.pop_back();
    best = highest();
  }
  return best;
}

bool Pct::end(const Trail& trail) {
  const bool known = asked_ <= longest_ && trail.tasks <= goroutines_;
  known_since_ = known ? known_since_ + 1 : 0;
  longest_ = std::max<std::uint64_t>(longest_, asked_);
  goroutines_ = std::max(goroutines_, trail.tasks);
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
  std::fill(chosen_at_.begin(), chosen_at_.end(), ~std::uint32_t{0});
  again_ = 0;
}

std::uint32_t Urw::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  other_draws_ = other_draws_ || q.choice || q.timer;
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
  std::uint32_t i = 0;
  for (std::uint32_t w = weight(i); left >= w && i + 1 < n; w = weight(i)) {
    left -= w;
    ++i;
  }
  const Task& chosen = q.task(i);
  if (chosen.id >= chosen_at_.size()) chosen_at_.resize(chosen.id + 1, ~std::uint32_t{0});
  again_ += chosen_at_[chosen.id] == chosen.done ? 1 : 0;
  chosen_at_[chosen.id] = chosen.done;
  return i;
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
  bool known = again_ <= most_again_;
  for (std::uint32_t id = 0; id < done_.size(); ++id) {
    std::uint32_t& expected = at(expected_, id);
    known = known && done_[id] < expected;
    expected = std::max(expected, done_[id] + 1);
  }
  known_since_ = known ? known_since_ + 1 : 0;
  most_again_ = std::max(most_again_, again_);
  return true;
}

/// Of e(g) things that each goroutine g has to do, R in all, a schedule in which nobody waits has the probability of any: the product of
/// all e(g)!, by R!. One that chooses a goroutine again that could not go on takes at most a factor R off for each time.
Missed Urw::missed() const {
  if (other_draws_) return {};
  double all = 0, log_probability = 0;
  for (const std::uint32_t e : expected_) {
    all += e;
    log_probability += std::lgamma(e + 1.0);
  }
  log_probability -= std::lgamma(all + 1) + most_again_ * std::log(std::max(all, 1.0));
  return {all_missed(known_since_, log_probability), 0};
}

}  // namespace newproc::explore
