#include "explore/drivers/stalls.hpp"

#include <algorithm>
#include <numeric>

#include "explore/drivers/walks.hpp"

namespace newproc::explore {

/// Equal for equal plans.
std::uint64_t Stalls::sum(const Plan& plan) {
  std::uint64_t ranks = static_cast<std::uint64_t>(plan.main) + 1, stalls = 0;
  // Where main is last whoever is started runs at once, and the ranks say little.
  for (std::uint32_t i = 0; plan.main != Main::last && i < std::min<std::size_t>(plan.ranks.size(), kMostCounted); ++i)
    ranks = mix_seed(ranks, plan.ranks[i]);
  for (const Stall& stall : plan.stalls) stalls += mix_seed(stall.place, stall.visit);
  return ranks + stalls;
}

/// Any, where every plan that somebody has left behind is done.
void Stalls::draw_stalls() {
  const std::vector<Contested::Place>& places = contested_.places();
  for (std::uint32_t n = places.empty() ? 0 : 1 + rand_.below(kLevels - 1); n > 0; --n) {
    const Contested::Place& place = places[rand_.below(static_cast<std::uint32_t>(places.size()))];
    plan_.stalls.push_back({place.at, rand_.below(2) != 0 ? 0 : 1 + rand_.below(place.visits)});
  }
}

/// A plan without stalls, as long as there are others than have been.
void Stalls::draw() {
  static constexpr Main kMains[] = {Main::last, Main::last, Main::first, Main::first, Main::first, Main::first, Main::first, Main::anywhere};
  plan_.stalls.clear();
  std::vector<std::uint32_t>& ranks = plan_.ranks;
  for (std::uint32_t i = 0; i < kDraws; ++i) {
    plan_.main = schedules_ == 0 ? Main::last : kMains[rand_.below(std::size(kMains))];
    ranks.resize(nroots_);
    std::iota(ranks.begin(), ranks.end(), 0u);
    for (std::uint32_t k = plan_.main == Main::anywhere ? 0 : 1; k + 1 < nroots_; ++k) std::swap(ranks[k], ranks[k + rand_.below(nroots_ - k)]);
    if (tried_.insert(sum(plan_))) return;
  }
  draw_stalls();
}

/// One that is waiting: with fewest stalls, as a rule. False: there is none.
bool Stalls::take() {
  std::vector<Plan>* from = nullptr;
  for (std::vector<Plan>& plans : plans_) {
    if (plans.empty()) continue;
    from = &plans;
    if (rand_.below(4) != 0) break;
  }
  if (from == nullptr) return false;
  std::swap((*from)[rand_.below(static_cast<std::uint32_t>(from->size()))], from->back());
  plan_ = std::move(from->back());
  from->pop_back();
  --nplans_;
  return true;
}

void Stalls::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  if (rand_.below(4) == 0 || !take()) draw();
  main_first_ = plan_.main == Main::first;
  roots_.clear();
  rank_of_.clear();
  for (std::vector<Seen>& seen : seen_) seen.clear();
  learns_ = schedules_++ < kLearn;
  if (learns_) contested_.begin();
}

void Stalls::add(std::uint32_t place, std::uint32_t visit) {
  Plan plan = plan_;
  plan.stalls.push_back({contested_.places()[place].at, visit});
  if (nplans_ == kMostPlans || !tried_.insert(sum(plan))) return;
  plans_[plan.stalls.size()].push_back(std::move(plan));
  ++nplans_;
}

/// The plans that this schedule leaves behind.
void Stalls::leave() {
  late_.clear();
  contested_.end(&late_);
  if (plan_.stalls.size() + 1 == kLevels || !orders_.insert(contested_.order())) return;
  for (const std::uint32_t i : late_) {
    const Contested::Place& place = contested_.places()[i];
    if (std::any_of(plan_.stalls.begin(), plan_.stalls.end(), [&place](const Stall& other) { return other.place == place.at; })) continue;
    add(i, 0);
    if (place.visits > 1) add(i, 1 + rand_.below(place.visits));
  }
}

bool Stalls::end(const Trail&) {
  nroots_ = std::max(nroots_, roots_.size());
  if (learns_) leave();
  return true;
}

bool Stalls::stalled(const Task& t) {
  for (std::size_t i = 0; i < plan_.stalls.size(); ++i) {
    const Stall& stall = plan_.stalls[i];
    if (stall.place != t.place) continue;
    if (stall.visit == 0) return true;
    if (t.id >= seen_[i].size()) seen_[i].resize(t.id + 1);
    Seen& seen = seen_[i][t.id];
    if (seen.done != t.done) seen = {t.done, seen.visits + 1};
    return seen.visits == stall.visit;
  }
  return false;
}

/// From 1 on.
std::uint32_t Stalls::rank(const Task& t) {
  if (t.id >= rank_of_.size()) rank_of_.resize(t.id + 1);
  std::uint32_t& rank = rank_of_[t.id];
  if (rank != 0) return rank;
  const std::uint32_t root = roots_.of(t.root);
  return rank = 1 + (root < plan_.ranks.size() ? plan_.ranks[root] : root);
}

std::uint32_t Stalls::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (roots_.size() == 0) roots_.of(q.after->root);  // main's
  if (q.choice) return rand_.below(q.n);
  if (n == 0) return q.n - 1;
  if (main_first_ && q.after->id == 0 && (q.running || n == 1) && q.step < kMainFirst) {
    if (learns_) contested_.operation(*q.after, n == 1);
    return q.usual;
  }
  main_first_ = false;
  if (q.timer && rand_.below(kTimerOdds) == 0) return q.n - 1;
  std::uint32_t best = n, same = 0, highest = 0;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Task& t = q.task(i);
    if (stalled(t)) continue;
    const std::uint32_t r = rank(t);
    if (r < highest || (r == highest && q.running && best == 0)) continue;  // of equals, who runs goes on
    same = r == highest ? same + 1 : 1;
    if (r > highest || rand_.below(same) == 0) best = i;
    highest = r;
  }
  if (best == n) best = rand_.below(n);
  if (learns_) contested_.operation(q.task(best), n == 1);
  return best;
}

}  // namespace newproc::explore
