#include "explore/drivers/stalls.hpp"

#include <algorithm>
#include <numeric>

#include "explore/drivers/walks.hpp"

namespace newproc::explore {

/// Who is before whom, and a few places, most often one, and `more`. What it returns is equal for equal draws.
std::uint64_t Stalls::draw(std::uint32_t more) {
  const std::vector<Contested::Place>& places = contested_.places();
  const std::uint32_t main = rand_.below(8);
  main_first_ = main < 3;  // its rank then says nothing
  const bool main_last = !main_first_ && main < 7;  // whoever is started runs at once, and so the ranks say little
  ranks_.resize(nroots_);
  std::iota(ranks_.begin(), ranks_.end(), 0u);
  for (std::uint32_t i = main < 7 ? 1 : 0; i + 1 < nroots_; ++i) std::swap(ranks_[i], ranks_[i + rand_.below(nroots_ - i)]);
  std::uint64_t sum = main_first_ ? 1 : 2;
  for (std::uint32_t i = 0; !main_last && i < std::min(nroots_, kMostCounted); ++i) sum = mix_seed(sum, ranks_[i]);
  static constexpr std::uint32_t kHowMany[] = {0, 1, 1, 1, 1, 1, 1, 2};
  const std::uint32_t n = std::min<std::uint32_t>(kHowMany[rand_.below(std::size(kHowMany))] + more, static_cast<std::uint32_t>(places.size()));
  if (stalls_.size() < n) stalls_.resize(n);
  std::uint64_t where = 0;
  for (nstalls_ = 0; nstalls_ < n;) {
    const std::uint32_t i = rand_.below(static_cast<std::uint32_t>(places.size()));
    if (std::any_of(stalls_.begin(), stalls_.begin() + nstalls_, [&](const Stall& other) { return other.place == places[i].at; })) continue;
    Stall& stall = stalls_[nstalls_++];
    stall.place = places[i].at;
    stall.visit = places[i].visits > 1 && rand_.below(2) != 0 ? 1 + rand_.below(places[i].visits) : 0;
    stall.seen.clear();
    where += mix_seed(i, stall.visit);
  }
  return mix_seed(sum, where);
}

void Stalls::begin(std::uint64_t seed) {
  rand_ = FastRand(seed);
  for (std::uint32_t i = 0; i < kDraws && !tried_.insert(draw(i / kDrawsOfSome)); ++i) {
  }
  roots_.clear();
  rank_of_.clear();
  learns_ = schedules_ < kLearn || schedules_ % kLearn == 0;
  ++schedules_;
  if (learns_) contested_.begin();
}

bool Stalls::end(const Trail&) {
  if (learns_) contested_.end();
  nroots_ = std::max(nroots_, roots_.size());
  return true;
}

bool Stalls::stalled(const Task& t) {
  for (std::uint32_t i = 0; i < nstalls_; ++i) {
    Stall& stall = stalls_[i];
    if (stall.place != t.place) continue;
    if (stall.visit == 0) return true;
    if (t.id >= stall.seen.size()) stall.seen.resize(t.id + 1);
    Stall::Seen& seen = stall.seen[t.id];
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
  return rank = 1 + (root < ranks_.size() ? ranks_[root] : root);
}

std::uint32_t Stalls::pick(const Question& q) {
  const std::uint32_t n = q.goroutines();
  if (roots_.size() == 0) roots_.of(q.after->root);  // main's
  if (q.choice) return rand_.below(q.n);
  if (n == 0) return q.n - 1;
  if (main_first_ && q.after->id == 0 && (q.running || n == 1) && q.step < kMainFirst) {
    if (learns_) contested_.operation(*q.after);
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
  if (learns_) contested_.operation(q.task(best));
  return best;
}

}  // namespace newproc::explore
