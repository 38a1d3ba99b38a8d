#include "explore/drivers/portfolio.hpp"

namespace newproc::explore {
namespace {

constexpr const char* kMembers[] = {"stalls", "surw", "places", "bounded", "pos", "pct", "urw", "random"};

/// First what does not mind how many goroutines are alike: it finds most bugs of few deviations within few schedules,
/// however large the program. Then the others' turn comes, too, for what takes an order of many steps.
constexpr std::size_t kEarly = 64;
constexpr std::size_t kEarlyTurns[] = {0, 0, 0, 1, 0, 0, 0, 2};
constexpr std::size_t kTurns[] = {0, 2, 4, 3, 0, 1, 2, 5, 0, 2, 4, 3, 1, 6, 2, 7};

std::size_t turn(std::size_t n) { return n < kEarly ? kEarlyTurns[n % std::size(kEarlyTurns)] : kTurns[n % std::size(kTurns)]; }

}  // namespace

Portfolio::Portfolio(const DriverOptions& options) {
  DriverOptions of_members = options;
  of_members.later_lower = true;
  for (const char* name : kMembers) drivers_.push_back(make_driver(name, of_members));
  over_.resize(drivers_.size());
}

void Portfolio::begin(std::uint64_t seed) {
  do now_ = turn(turn_++);
  while (over_[now_]);
  drivers_[now_]->begin(seed);
}

bool Portfolio::end(const Trail& trail) {
  if (!drivers_[now_]->end(trail)) over_[now_] = true;
  return true;
}

}  // namespace newproc::explore
