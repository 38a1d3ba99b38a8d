// systematic.hpp: drivers that count through: depth-first search, and fewest deviations first.
#pragma once
#include "explore/driver.hpp"
#include "explore/idmap.hpp"

namespace newproc::explore {

/// Every interleaving, but those that differ only in the order of operations that do not conflict (sleep sets: Godefroid 1996).
class DepthFirst final : public Driver {
 public:
  void begin(std::uint64_t) override {
    depth_ = 0;
    sleep_.clear();
  }
  std::uint32_t pick(const Question& q) override;
  bool wants_all() const override { return true; }  // the one way may be asleep
  bool end(const Trail& trail) override;

 private:
  struct Way {
    std::uint32_t name;  // a goroutine, kTimer, or a choice's number
    Operation op;
  };
  struct Node {
    std::vector<Way> ways;   // that are worth trying
    std::vector<Way> sleep;  // of those that need not be tried, what they would do
    std::size_t at = 0;      // of ways
    bool choice = false;
  };
  std::uint32_t follow(const Question& q, const Node& node);
  void put_to_sleep(const Node& node);

  std::vector<Node> nodes_;
  std::size_t depth_ = 0;
  std::vector<Way> sleep_;  // at this point of the schedule
};

/// Schedules with fewest deviations from what is usual first, and of them those first that are least like others: a
/// deviation that comes about in the same way (the same code with the same past is left for the same) counts as one more each
/// time the number of its like doubles.
class FewestFirst final : public Driver {
 public:
  explicit FewestFirst(std::uint32_t most) : most_(most) {}
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool end(const Trail& trail) override;

 private:
  static constexpr std::uint32_t kRoot = ~std::uint32_t{0};
  static constexpr std::size_t kMostNodes = 1u << 18;  // 24 MiB with what has been seen; beyond it nothing is added
  static constexpr std::uint32_t kCosts = 64;
  struct Node {
    std::uint32_t parent;    // kRoot: none
    std::uint32_t decision;  // the how-manieth of the schedule
    std::uint32_t name;      // what is chosen there
    std::uint32_t cost;
    std::uint64_t like;      // hash of how it comes about
  };
  void offer(const Question& q);
  void add(std::uint32_t name, std::uint64_t like);

  const std::uint32_t most_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> waiting_[kCosts];  // by cost; first come, first served
  std::size_t served_[kCosts] = {};
  IdMap seen_;
  std::vector<std::uint64_t> pasts_;  // of one question
  std::vector<Node> path_;  // of this schedule
  std::size_t on_path_ = 0;
  std::uint32_t current_ = kRoot, decision_ = 0;
  std::uint64_t base_like_ = 0;
  std::uint32_t base_cost_ = 0, deviations_ = 0;
  bool started_ = false, full_ = false;
};

}  // namespace newproc::explore
