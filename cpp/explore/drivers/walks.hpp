// walks.hpp: drivers that draw: random walk, PCT, POS, URW, places.
#pragma once
#include "explore/driver.hpp"
#include "explore/idmap.hpp"

namespace newproc::explore {

inline constexpr std::uint32_t kTimerOdds = 8;  // one draw in so many lets time pass, where that is possible

/// What Go does with one P: no decision of its own.
class Faithful final : public Driver {
 public:
  void begin(std::uint64_t) override {}
  std::uint32_t pick(const Question& q) override { return q.usual; }
  bool end(const Trail&) override { return false; }
};

/// Each way is as likely as any other.
class RandomWalk final : public Driver {
 public:
  void begin(std::uint64_t seed) override {
    rand_ = FastRand(seed);
    asked_ = 0;
  }
  std::uint32_t pick(const Question& q) override;
  bool end(const Trail& trail) override;
  /// A schedule is at least as likely as the most ways at each decision, all of them taken at once, say.
  Missed missed() const override;

 private:
  FastRand rand_;
  std::uint64_t schedules_ = 0;
  std::uint32_t asked_ = 0, longest_ = 0;
  double most_ = 1;  // ways, as likely as the least likely one
};

/// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): the first in a random order runs; at d - 1 random
/// steps it becomes the last.
class Pct final : public Driver {
 public:
  explicit Pct(std::uint32_t depth, bool later_lower = false) : depth_(depth), later_lower_(later_lower) {}
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool end(const Trail& trail) override;
  /// The paper's bound, for each schedule since the number of decisions and of goroutines was known.
  Missed missed() const override;

 private:
  struct Change {
    std::uint32_t at, priority;
  };
  std::uint32_t& priority(std::uint32_t id);
  const std::uint32_t depth_;
  const bool later_lower_;
  std::uint64_t longest_ = 16, known_since_ = 0;  // schedules
  std::uint32_t asked_ = 0, goroutines_ = 0;
  bool other_draws_ = false;  // of timers or cases: the bound knows none
  FastRand rand_;
  std::vector<std::uint32_t> priorities_;  // 0: not drawn yet
  std::vector<Change> changes_;            // the last comes first
};

/// Partial order sampling (Yuan et al., CAV 2018): operations have random priorities; those that conflict with the one
/// that was done draw anew.
class Pos final : public Driver {
 public:
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;

 private:
  FastRand rand_;
  std::vector<std::uint32_t> priorities_;  // 0: to be drawn
};

/// Uniform random walk (Sen, ASE 2007; Zhao et al., ASPLOS 2025): goroutines are weighted by what they have still to do, as far as
/// earlier schedules tell, so that every interleaving is as likely as any other.
class Urw final : public Driver {
 public:
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool end(const Trail& trail) override;
  /// Where what each goroutine has to do is known, a schedule is as likely as any other, or more likely where somebody had to wait.
  Missed missed() const override;

 private:
  FastRand rand_;
  std::vector<std::uint32_t> expected_, done_, chosen_at_;
  std::uint64_t known_since_ = 0;       // schedules
  std::uint32_t again_ = 0, most_again_ = 0;  // chosen without having done anything since
  bool other_draws_ = false;
};

/// Places in the code draw weights, some many times as high as others, for a whole schedule; a place is as likely as it weighs,
/// however many goroutines are there. In three schedules of four main goes on until it waits: by then the others have started.
class Places final : public Driver {
 public:
  void begin(std::uint64_t seed) override {
    rand_ = FastRand(seed);
    salt_ = mix_seed(seed, 2);
    seen_.clear();
    main_first_ = salt_ % 4 != 0;
  }
  std::uint32_t pick(const Question& q) override;

 private:
  static constexpr std::uint32_t kWeights = 4, kWeightBits = 4;  // 1, 16, 256, 4096
  static constexpr std::uint64_t kMainFirst = 1000;  // steps at most: it may wait for others by asking again and again
  struct Class {
    std::uint64_t place;
    std::uint32_t weight, n;
  };
  FastRand rand_;
  std::uint64_t salt_ = 0;
  bool main_first_ = false;
  std::vector<Class> classes_;  // of one question
  IdMap seen_;  // by turn: what a place draws must not depend on addresses
};

}  // namespace newproc::explore
