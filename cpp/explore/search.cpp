#include "explore/search.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace newproc::explore {

Searched search(const Subject& subject, const SearchOptions& options, Driver& driver, const std::function<bool(const Finding&)>& found) {
  Engine engine(subject, options.engine);
  std::unique_ptr<Engine> other;  // for shrinking: the search's own goes on as if it had found nothing
  std::unordered_set<std::string> known;
  Searched done;
  const std::uint64_t start = monotonic_ns();
  const auto spent = [start] { return monotonic_ns() - start; };
  while (done.schedules < options.schedules && !done.complete) {
    if (options.nanos != 0 && done.schedules % 16 == 0 && spent() >= options.nanos) break;
    engine.run(driver, mix_seed(options.seed, done.schedules));
    ++done.schedules;
    if (engine.refused()) break;
    const Explorer& explorer = engine.explorer();
    done.steps += explorer.steps();
    done.tasks = std::max(done.tasks, explorer.tasks());
    done.complete = !driver.end({explorer.decisions(), explorer.steps(), explorer.tasks(), false});
    for (const Finding& one : engine.findings()) {
      if (!known.insert(one.key).second) continue;
      Finding f = one;
      f.schedules = done.schedules;
      f.nanos = spent();
      f.schedule = {engine.program_hash(), deviations_of(explorer.decisions())};
      if (options.shrink) {
        if (other == nullptr) other = std::make_unique<Engine>(subject, options.engine);
        shrink(*other, f);
      }
      ++done.findings;
      if (!found(f) || options.first || (other != nullptr && other->refused())) {
        done.nanos = spent();
        return done;
      }
    }
  }
  done.nanos = spent();
  return done;
}

}  // namespace newproc::explore
