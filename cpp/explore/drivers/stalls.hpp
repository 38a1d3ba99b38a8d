// stalls.hpp: a driver that lets goroutines wait at a few places.
#pragma once
#include "explore/drivers/contested.hpp"

namespace newproc::explore {

/// Most bugs need one or two goroutines to be late at the wrong place, however many goroutines there are. Those that began alike
/// have a rank, drawn for a plan; who is at one of the plan's places waits until nobody else can go on. A schedule with a new order of
/// conflicting operations leaves further plans behind: the same, and late at one more of the contested places where that
/// schedule had somebody come first. No plan is tried twice, as long as there are others.
class Stalls final : public Driver {
 public:
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool wants_all() const override { return learns_; }
  bool end(const Trail& trail) override;

 private:
  static constexpr std::uint32_t kLearn = 512;       // schedules that are learned from
  static constexpr std::uint32_t kDraws = 16;        // of ranks that have been before there are stalls, too
  static constexpr std::uint32_t kMostCounted = 6;   // kinds of goroutines whose orders are told apart
  static constexpr std::size_t kMostPlans = 4096, kLevels = 4;  // stalls of a plan: below kLevels
  static constexpr std::uint64_t kMainFirst = 1000;  // steps at most: it may wait for others by asking again and again
  enum class Main : std::uint8_t { first, last, anywhere };
  struct Stall {
    std::uint64_t place;
    std::uint32_t visit;  // which of a goroutine's; 0: all
  };
  struct Plan {
    Main main;
    std::vector<std::uint32_t> ranks;  // by turn of roots; beyond them: as they come
    std::vector<Stall> stalls;
  };
  struct Seen {  // of one goroutine at one place
    std::uint32_t done = 0, visits = 0;
  };
  void draw();
  void draw_stalls();
  static std::uint64_t sum(const Plan& plan);
  bool take();
  void leave();
  void add(std::uint32_t place, std::uint32_t visit);
  std::uint32_t rank(const Task& t);
  bool stalled(const Task& t);

  FastRand rand_;
  std::uint32_t schedules_ = 0, nroots_ = 1;
  bool main_first_ = false, learns_ = true;
  Contested contested_;
  Plan plan_;
  std::vector<Plan> plans_[kLevels];  // by the number of stalls, yet to be tried
  std::size_t nplans_ = 0;
  IdMap tried_, orders_;
  std::vector<std::uint32_t> late_;  // places of this schedule
  std::vector<std::uint32_t> rank_of_;  // by goroutine, 0: not looked up yet
  std::vector<Seen> seen_[kLevels];     // by stall, by goroutine
  IdMap roots_;  // by turn: what one draws must not depend on addresses
};

}  // namespace newproc::explore
