// surw.hpp: a driver that draws orders of a few operations, each as likely as any other.
#pragma once
#include "explore/drivers/contested.hpp"

namespace newproc::explore {

/// Selectively uniform random walk (Zhao et al., ASPLOS 2025). One contested object is selected for a schedule. Who is to work on it
/// next is drawn, weighted by how often each has still to do so, as far as earlier schedules tell; the others wait there.
/// Everything else goes in random order: it does not make one order of the selected operations likelier than another.
class Surw final : public Driver {
 public:
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool wants_all() const override { return true; }  // each selected operation counts
  bool end(const Trail& trail) override;

 private:
  static constexpr std::uint32_t kLearn = 64;  // schedules that are learned from; then one in so many
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
  using Counts = std::vector<std::uint32_t>;  // by goroutine
  bool selected(const Task& t);
  std::uint32_t left(std::uint32_t task) const;
  std::uint32_t unborn() const;
  void draw_intended(const Question& q);

  FastRand rand_;
  Contested contested_;
  bool learns_ = true;
  std::uint32_t schedules_ = 0, object_ = 0, intended_ = kNobody, born_ = 0;
  std::vector<Counts> expected_;  // by object
  Counts done_;
  struct Known {
    std::uint64_t place = 0;
    bool selected = false;
  };
  std::vector<Known> known_;  // of goroutines, where they were seen last
};

}  // namespace newproc::explore
