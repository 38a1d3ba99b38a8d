#include "explore/drivers/portfolio.hpp"

namespace newproc::explore {
namespace {

/// Every other schedule is a systematic one: it has the bugs of few deviations, however large the program.
constexpr const char* kMembers[] = {"bounded", "pos", "pct", "random", "urw"};
constexpr std::size_t kTurns[] = {0, 1, 0, 2, 0, 3, 0, 4};

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
