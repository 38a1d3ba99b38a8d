#include "explore/drivers/portfolio.hpp"

namespace newproc::explore {
namespace {

/// What draws finds most within few schedules; one in three is systematic: it has the bugs of few deviations, however large
/// the program.
constexpr const char* kMembers[] = {"urw", "pos", "bounded", "random", "pct"};
constexpr std::size_t kTurns[] = {0, 1, 2, 0, 1, 2, 0, 3, 2, 0, 1, 2, 0, 4, 2};

}  // namespace

Portfolio::Portfolio(const DriverOptions& options) {
  for (const char* name : kMembers) drivers_.push_back(make_driver(name, options));
  over_.resize(drivers_.size());
}

void Portfolio::begin(std::uint64_t seed) {
  do now_ = kTurns[turn_++ % std::size(kTurns)];
  while (over_[now_]);
  drivers_[now_]->begin(seed);
}

bool Portfolio::end(const Trail& trail) {
  if (!drivers_[now_]->end(trail)) over_[now_] = true;
  return true;
}

}  // namespace newproc::explore
