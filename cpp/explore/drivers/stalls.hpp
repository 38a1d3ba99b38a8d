// stalls.hpp: a driver that lets goroutines wait at a few places.
#pragma once
#include "explore/drivers/contested.hpp"

namespace newproc::explore {

/// Most bugs need one or two goroutines to be late at the wrong place, however many goroutines there are. Those that began alike
/// have a rank, drawn for the schedule, and who is at one of a few contested places waits until nobody else can go on.
/// Ranks and places are drawn without putting them back, as long as there are others.
class Stalls final : public Driver {
 public:
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool wants_all() const override { return learns_; }
  bool end(const Trail& trail) override;

 private:
  static constexpr std::uint32_t kLearn = 64;       // schedules that are learned from; then one in so many
  static constexpr std::uint32_t kDraws = 32;       // of what has been before it is repeated
  static constexpr std::uint32_t kDrawsOfSome = 8;  // before there are more places
  static constexpr std::uint32_t kMostCounted = 6;  // kinds of goroutines whose orders are told apart
  static constexpr std::uint64_t kMainFirst = 1000;  // steps at most: it may wait for others by asking again and again
  std::uint64_t draw(std::uint32_t more);
  std::uint32_t rank(const Task& t);
  bool stalled(const Task& t);

  FastRand rand_;
  std::uint32_t schedules_ = 0, nroots_ = 1;
  bool main_first_ = false, learns_ = true;
  Contested contested_;
  struct Stall {
    std::uint64_t place;
    std::uint32_t visit;  // which of a goroutine's; 0: all
    struct Seen {
      std::uint32_t done = 0, visits = 0;
    };
    std::vector<Seen> seen;  // by goroutine
  };
  std::vector<Stall> stalls_;  // of this schedule; the first nstalls_
  std::uint32_t nstalls_ = 0;
  std::vector<std::uint32_t> ranks_;   // by turn of roots; beyond them: as they come
  std::vector<std::uint32_t> rank_of_;  // by goroutine, 0: not looked up yet
  IdMap tried_;
  IdMap roots_;  // by turn: what one draws must not depend on addresses
};

}  // namespace newproc::explore
