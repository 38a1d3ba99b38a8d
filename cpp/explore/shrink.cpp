// shrink.cpp: delta debugging over deviations (Zeller, Hildebrandt, TSE 2002): halves, quarters, ..., one by one, until none
// can be left out; then each is moved to where it can come earlier.
#include <algorithm>

#include "base/clock.hpp"
#include "explore/search.hpp"

namespace newproc::explore {
namespace {

using List = std::vector<Deviation>;
constexpr std::uint32_t kMostRuns = 5'000;
constexpr std::uint32_t kEarlier = 6;  // places that are tried before the one found

class Shrinker {
 public:
  Shrinker(Engine& engine, const Finding& finding) : engine_(engine), finding_(finding), best_(finding.schedule.deviations) {}

  void run() {
    if (!shows(best_)) return;  // it takes more than the schedule: nothing is claimed of it
    fewer();
    while (earlier()) fewer();
  }
  const List& best() const { return best_; }
  const Finding& found() const { return found_; }

 private:
  /// Runs `list`. If that still shows the finding, what came about of it is the new best.
  bool shows(const List& list) {
    if (runs_++ >= kMostRuns || engine_.refused()) return false;
    replay_.follow(list);
    engine_.run(replay_, 0);
    for (const Finding& f : engine_.findings()) {
      if (f.key != finding_.key) continue;
      best_ = deviations_of(engine_.explorer().decisions());
      found_ = f;
      return true;
    }
    return false;
  }

  void fewer() {
    for (std::size_t part = std::max<std::size_t>(best_.size() / 2, 1); !best_.empty();) {
      bool any = false;
      for (std::size_t end = best_.size(); end > 0 && !best_.empty();) {  // from the back: what came after it went wrong goes first
        end = std::min(end, best_.size());
        const std::size_t begin = end > part ? end - part : 0;
        List less(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(begin));
        less.insert(less.end(), best_.begin() + static_cast<std::ptrdiff_t>(end), best_.end());
        const std::size_t before = best_.size();
        const List kept = best_;
        if (shows(less)) {
          if (best_.size() >= before) best_ = kept;
          else any = true;
        }
        end = begin;
      }
      if (part == 1 && !any) return;
      if (!any || part > best_.size()) part = std::max<std::size_t>(part / 2, 1);
    }
  }

  /// One deviation to an earlier place, nothing more. False: there is none.
  bool earlier() {
    for (std::size_t i = 0; i < best_.size(); ++i) {
      const Deviation was = best_[i];
      for (std::uint32_t nth = was.nth > kEarlier ? was.nth - kEarlier : 0; nth < was.nth; ++nth) {
        List moved = best_;
        moved[i].nth = nth;
        const List kept = best_;
        if (!shows(moved)) continue;
        if (best_.size() < kept.size() || (best_.size() == kept.size() && best_ == moved)) return true;
        best_ = kept;
      }
    }
    return false;
  }

  Engine& engine_;
  const Finding& finding_;
  List best_;
  Finding found_;
  Replay replay_{false};
  std::uint32_t runs_ = 0;
};

}  // namespace

void shrink(Engine& engine, Finding& finding) {
  Shrinker shrinker(engine, finding);
  shrinker.run();
  if (shrinker.found().key.empty()) return;
  finding.goroutines = shrinker.found().goroutines;
  finding.message = shrinker.found().message;
  finding.schedule.deviations = shrinker.best();
}

}  // namespace newproc::explore
