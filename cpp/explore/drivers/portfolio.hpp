// portfolio.hpp: several drivers in turn: what one never finds another does soon.
#pragma once
#include "explore/driver.hpp"

namespace newproc::explore {

class Portfolio final : public Driver {
 public:
  explicit Portfolio(const DriverOptions& options);
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override { return drivers_[now_]->pick(q); }
  bool wants_all() const override { return drivers_[now_]->wants_all(); }
  bool end(const Trail& trail) override;

 private:
  std::vector<std::unique_ptr<Driver>> drivers_;
  std::vector<bool> over_;
  std::size_t turn_ = 0, now_ = 0;
};

}  // namespace newproc::explore
