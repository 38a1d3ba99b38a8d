#include "explore/reduce.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/clock.hpp"
#include "pattern/document.hpp"

namespace newproc::explore {
namespace {

using pattern::Document;

constexpr std::uint64_t kMostSteps = 50'000;  // of all schedules of one candidate
constexpr std::uint64_t kTooLong = 10'000;    // steps that a schedule without an end counts for, beside its own

/// A text without its numbers: those of variables and values are others in a smaller pattern.
std::string without_digits(std::string text) {
  std::erase_if(text, [](char c) { return (c >= '0' && c <= '9') || c == '-'; });
  return text;
}

/// What of a finding stays the same in smaller patterns.
class Sameness {
 public:
  Sameness() = default;
  Sameness(const Finding& f, const std::vector<std::uint32_t>& bodies, bool kind_only) : kind_(f.kind) {
    if (kind_only) return;
    if (kind_ == RT_FIND_PANIC) message_ = without_digits(f.message);
    for (const Involved& one : f.goroutines)
      who_.emplace(one.body >= 0 ? static_cast<std::int64_t>(bodies[static_cast<std::size_t>(one.body)]) : -1, without_digits(one.what));
  }
  bool operator==(const Sameness&) const = default;

 private:
  std::uint32_t kind_ = 0;
  std::string message_;
  std::set<std::pair<std::int64_t, std::string>> who_;
};

class Reducer {
 public:
  Reducer(const std::string& text, const ReduceOptions& options) : options_(options), best_(text) {}

  /// The first finding. False: the schedule does not show it.
  bool begin(const Schedule& schedule) {
    finding_.schedule = schedule;
    pattern::Program program;
    Engine engine = engine_for(best_, program);
    usual_ = usual_kinds(engine);
    const std::uint64_t usual_steps = engine.explorer().steps();
    replay_.follow(schedule.deviations);
    engine.run(replay_, 0);
    for (const Finding& f : engine.findings()) {
      if (options_.kind != 0 && f.kind != options_.kind) continue;
      wanted_ = Sameness(f, best_.bodies(), options_.kind_only);
      if (f.kind != RT_FIND_LIVELOCK) shorten(usual_steps, engine.explorer().steps());
      take(engine, f);
      return true;
    }
    return false;
  }

  /// Everything, until nothing can be less.
  void run() {
    better(best_.without(std::vector<bool>(best_.parts())));  // what nothing names
    for (bool any = true; any && !late();) {
      any = false;
      any = each([](const Document& d, std::size_t i) { return body(d, i); }) || any;
      any = each([](const Document& d, std::size_t i) { return object(d, i); }) || any;
      any = chunks() || any;
      any = each([](const Document& d, std::size_t i) { return list(d, i); }) || any;
      any = each([](const Document& d, std::size_t i) { return count(d, i); }) || any;
      any = each([](const Document& d, std::size_t i) { return number(d, i); }) || any;
      any = each([](const Document& d, std::size_t i) { return spawn(d, i); }) || any;
      any = each([](const Document& d, std::size_t i) { return pair(d, i); }) || any;
    }
  }

  const Document& best() const { return best_; }
  const Finding& finding() const { return finding_; }
  std::uint64_t tried() const { return tried_; }
  /// Once it is, it stays so.
  bool late() const { return options_.nanos != 0 && monotonic_ns() - start_ >= options_.nanos; }
  std::uint64_t spent() const { return monotonic_ns() - start_; }

 private:
  using Way = std::optional<Document>;

  // The i-th way to make less of something; nothing: there is no i-th.
  static Way body(const Document& d, std::size_t i) {
    const std::size_t n = d.bodies().size() - 1;
    return i < n ? Way(d.without_body(n - i)) : std::nullopt;
  }
  static Way object(const Document& d, std::size_t i) {
    const auto all = d.objects();
    return i < all.size() ? Way(d.without(all[all.size() - 1 - i])) : std::nullopt;
  }
  static Way list(const Document& d, std::size_t i) {
    const auto lists = d.lists();
    for (std::size_t part = lists.size(); part-- > 0; i -= lists[part])
      if (i < lists[part]) return d.unwrapped(part, i);
    return std::nullopt;
  }
  /// What a number may become, the least first.
  static std::vector<std::int64_t> less(std::int64_t n, std::int64_t least) {
    if (n < 0) return {1, 2};  // for ever
    std::set<std::int64_t> out;
    for (const std::int64_t m : {least, least + 1, n / 2, n - 1})
      if (m >= least && m < n) out.insert(m);
    return {out.begin(), out.end()};
  }
  static Way count(const Document& d, std::size_t i) {
    const auto counts = d.counts();
    for (std::size_t at = 0; at < counts.size(); ++at) {
      const auto ways = less(counts[at], 0);
      if (i < ways.size()) return d.counted(at, ways[i]);
      i -= ways.size();
    }
    return std::nullopt;
  }
  static Way number(const Document& d, std::size_t i) {
    for (const std::int64_t n : d.numbers()) {
      const auto ways = less(n, 1);
      if (i < ways.size()) return d.numbered(n, ways[i]);
      i -= ways.size();
    }
    return std::nullopt;
  }
  /// One goroutine less, and one less where they are counted.
  static Way spawn(const Document& d, std::size_t i) {
    const auto spawns = d.spawns();
    const auto numbers = d.numbers();
    if (i >= spawns.size() * numbers.size()) return std::nullopt;
    std::vector<bool> gone(d.parts());
    gone[spawns[i / numbers.size()]] = true;
    const std::int64_t n = numbers[i % numbers.size()];
    return d.numbered(n, n - 1).without(gone);
  }
  static Way pair(const Document& d, std::size_t i) {
    const auto pairs = d.pairs();
    if (i >= pairs.size()) return std::nullopt;
    std::vector<bool> gone(d.parts());
    gone[pairs[i].first] = gone[pairs[i].second] = true;
    return d.without(gone);
  }

  /// All ways in turn; after one that went, those that come at its place.
  template <class F>
  bool each(const F& way) {
    bool any = false;
    for (std::size_t i = 0; !late();) {
      const Way candidate = way(best_, i);
      if (!candidate) break;
      if (better(*candidate)) any = true;
      else ++i;
    }
    return any;
  }

  /// Halves of all parts, quarters, ..., one by one, from the back.
  bool chunks() {
    bool any = false;
    for (std::size_t size = std::max<std::size_t>(best_.parts() / 2, 1);; size /= 2) {
      for (std::size_t end = best_.parts(); end > 0 && !late();) {
        const std::size_t begin = end > size ? end - size : 0;
        std::vector<bool> gone(best_.parts());
        std::fill(gone.begin() + static_cast<std::ptrdiff_t>(begin), gone.begin() + static_cast<std::ptrdiff_t>(end), true);
        any = better(best_.without(gone)) || any;
        end = std::min(begin, best_.parts());
      }
      if (size <= 1) return any;
    }
  }

  /// The candidate shows it: it is the best now.
  bool better(const Document& candidate) {
    ++tried_;
    pattern::Program program;
    const std::string text = candidate.text();
    std::string why;
    if (!pattern::parse(text.data(), text.size(), program, why)) return false;
    Engine engine = engine_for(program);
    const std::uint32_t usual = usual_kinds(engine);
    if ((usual & ~usual_) != 0) return false;
    replay_.follow(finding_.schedule.deviations);
    engine.run(replay_, 0);
    if (!shown(engine, candidate) && !found(engine, candidate)) return false;
    best_ = candidate;
    return true;
  }

  /// Less takes no longer: whatever goes on for more than some times as long can be left.
  void shorten(std::uint64_t usual, std::uint64_t finding) {
    bounds_.steps = std::min(bounds_.steps, 2 * std::max(usual, finding) + 500);
    bounds_.after_main = std::min(bounds_.after_main, 4 * finding + 200);
  }

  Engine engine_for(const pattern::Program& program) const {
    Subject subject;
    subject.pattern = &program;
    return Engine(subject, {bounds_, RT_FIND_ALL, 0, false});
  }
  Engine engine_for(const Document& document, pattern::Program& program) const {
    const std::string text = document.text();
    std::string why;
    pattern::parse(text.data(), text.size(), program, why);
    return engine_for(program);
  }

  /// What the run without deviations shows.
  std::uint32_t usual_kinds(Engine& engine) {
    replay_.follow(none_);
    engine.run(replay_, 0);
    std::uint32_t kinds = 0;
    for (const Finding& f : engine.findings()) kinds |= f.kind;
    return kinds;
  }

  bool shown(const Engine& engine, const Document& candidate) {
    for (const Finding& f : engine.findings()) {
      if (Sameness(f, candidate.bodies(), options_.kind_only) != wanted_) continue;
      take(engine, f);
      return true;
    }
    return false;
  }

  bool found(Engine& engine, const Document& candidate) {
    const std::unique_ptr<Driver> driver = make_driver("portfolio", {});
    std::uint64_t steps = 0;
    for (std::uint64_t n = 0; n < options_.schedules && steps < kMostSteps; ++n) {
      engine.run(*driver, mix_seed(options_.seed, n));
      const Explorer& explorer = engine.explorer();
      steps += explorer.steps() + (explorer.too_long() ? kTooLong : 0);
      const bool more = driver->end({explorer.decisions(), explorer.steps(), explorer.tasks()});
      if (shown(engine, candidate)) {
        shrink(engine, finding_);
        return true;
      }
      if (!more) break;
    }
    return false;
  }

  void take(const Engine& engine, const Finding& f) {
    finding_ = f;
    finding_.schedule = {engine.program_hash(), deviations_of(engine.explorer().decisions())};
  }

  const ReduceOptions options_;
  Bounds bounds_ = options_.bounds;
  const std::uint64_t start_ = monotonic_ns();
  Document best_;
  Finding finding_;  // of it
  Sameness wanted_;
  std::uint32_t usual_ = 0;  // kinds that the first one's usual run shows
  std::uint64_t tried_ = 0;
  const std::vector<Deviation> none_;
  Replay replay_{false};
};

}  // namespace

Reduced reduce(const std::string& text, const Schedule& schedule, const ReduceOptions& options) {
  Reduced out;
  Reducer reducer(text, options);
  if (!reducer.begin(schedule)) return out;
  reducer.run();
  out.text = reducer.best().text();
  out.finding = reducer.finding();
  out.tried = reducer.tried();
  out.nanos = reducer.spent();
  out.minimal = !reducer.late();
  return out;
}

}  // namespace newproc::explore
