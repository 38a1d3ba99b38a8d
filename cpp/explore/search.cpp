#include "explore/search.hpp"

#include <algorithm>
#include <unordered_map>

#include "base/clock.hpp"

namespace newproc::explore {
namespace {

/// One search.
class Search {
 public:
  Search(const Subject& subject, const SearchOptions& options, Driver& driver, const std::function<bool(const Finding&)>& found)
      : subject_(subject), options_(options), driver_(driver), found_(found), engine_(subject, options.engine) {}

  Searched run() {
    while (goes_on()) {
      engine_.run(driver_, mix_seed(options_.seed, done_.schedules));
      ++done_.schedules;
      refused_ = engine_.refused();
      if (refused_) break;
      const Explorer& explorer = engine_.explorer();
      done_.steps += explorer.steps();
      done_.tasks = std::max(done_.tasks, explorer.tasks());
      done_.complete = !driver_.end({explorer.decisions(), explorer.steps(), explorer.tasks()});
      for (const Finding& one : engine_.findings())
        if (!stop_) take(one);
    }
    for (std::size_t i = 0; !refused_ && i < warnings_.size(); ++i) warn(warnings_[i]);
    const Coverage& coverage = engine_.coverage();
    done_.transitions = coverage.transitions();
    done_.pairs = coverage.pairs();
    done_.last_new = coverage.last_new();
    done_.unseen = coverage.unseen();
    done_.missed = driver_.missed();
    done_.nanos = spent();
    return done_;
  }

 private:
  std::uint64_t spent() const { return monotonic_ns() - start_; }
  bool goes_on() const {
    if (stop_ || done_.complete || done_.schedules >= options_.schedules) return false;
    return options_.nanos == 0 || done_.schedules % 16 != 0 || spent() < options_.nanos;
  }

  /// For looking at schedules again: the search's own engine goes on as if it had found nothing.
  Engine& other() {
    if (other_ != nullptr) return *other_;
    EngineOptions options = options_.engine;
    options.lock_clocks = true;
    other_ = std::make_unique<Engine>(subject_, options);
    return *other_;
  }

  void take(const Finding& one) {
    const bool warning = one.kind == RT_WARN_LOCK_ORDER;
    if (warning ? known_.count(one.key) != 0 || doubts_[one.key]++ >= kMostDoubts : !known_.insert(one.key).second) return;
    Finding f = one;
    f.schedules = done_.schedules;
    f.nanos = spent();
    f.schedule = {engine_.program_hash(), deviations_of(engine_.explorer().decisions())};
    if (warning) return doubt(f);
    if (options_.shrink) shrink(other(), f);
    if (f.kind == RT_FIND_DEADLOCK || f.kind == RT_FIND_LEAK) blocked_.push_back(f.goroutines);
    ++done_.findings;
    refused_ = !found_(f) || (other_ != nullptr && other_->refused());
    stop_ = refused_ || options_.first;
  }

  /// Locks that are taken in a bad order, but perhaps never at the same time: that takes clocks to tell, and another look.
  void doubt(Finding& f) {
    Replay replay(false);
    replay.follow(f.schedule.deviations);
    other().run(replay, 0);
    for (const Finding& again : other().findings()) {
      if (again.key != f.key) continue;
      known_.insert(f.key);
      if (options_.shrink) shrink(other(), f);
      warnings_.push_back(std::move(f));
      return;
    }
  }

  /// Unless a deadlock has come of it.
  void warn(const Finding& f) {
    const auto waits_in = [](const std::vector<Involved>& all, const Involved& one) {
      return std::any_of(all.begin(), all.end(), [&one](const Involved& other) { return other.body == one.body && other.site == one.site; });
    };
    for (const std::vector<Involved>& blocked : blocked_)
      if (std::all_of(f.goroutines.begin(), f.goroutines.end(), [&](const Involved& one) { return waits_in(blocked, one); })) return;
    ++done_.warnings;
    if (!found_(f)) refused_ = true;
  }

  static constexpr int kMostDoubts = 8;  // looks at one order of locks
  const Subject& subject_;
  const SearchOptions& options_;
  Driver& driver_;
  const std::function<bool(const Finding&)>& found_;
  Engine engine_;
  std::unique_ptr<Engine> other_;
  std::unordered_set<std::string> known_;
  std::unordered_map<std::string, int> doubts_;
  std::vector<Finding> warnings_;
  std::vector<std::vector<Involved>> blocked_;
  Searched done_;
  const std::uint64_t start_ = monotonic_ns();
  bool stop_ = false, refused_ = false;
};

}  // namespace

Searched search(const Subject& subject, const SearchOptions& options, Driver& driver, const std::function<bool(const Finding&)>& found) {
  return Search(subject, options, driver, found).run();
}

}  // namespace newproc::explore
