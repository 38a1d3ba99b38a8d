// schedule.hpp: a schedule as text: what Go would do, with deviations. Each says after which decision of which goroutine
// something else came about, so that an edit of one goroutine leaves those of the others alive.
//
//   np1r-5f3a9c1e-0.3=2,2.1=t,1.4=c1
//   version 1, relaxed; the program's hash; after goroutine 0's decision 3 goroutine 2 goes on, after 2's decision 1 the
//   next timer fires, 1's decision 4 takes way 1 of a choice. Goroutines are numbered as in logs: main is 0.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "explore/driver.hpp"

namespace newproc::explore {

struct Deviation {
  std::uint32_t after, nth;
  bool choice;
  std::uint32_t to;  // a goroutine, kTimer, or the choice's number
  bool operator==(const Deviation&) const = default;
};

struct Schedule {
  std::uint32_t program = 0;  // hash; of other programs it may still be replayed leniently
  std::vector<Deviation> deviations;
};

/// Where the decisions differ from what is usual.
std::vector<Deviation> deviations_of(const std::vector<Decision>& decisions);
std::string to_text(const Schedule& schedule);
/// False: `why` says where the text is wrong.
bool from_text(std::string_view text, Schedule& out, std::string& why);
/// "after decision 3 of goroutine 0: goroutine 2"
std::string describe(const Deviation& d);

/// Follows a schedule. Strict: what does not fit is an error, and trouble() says the first. `then`: once all deviations have
/// come about, this driver goes on; null: as usual.
class Replay final : public Driver {
 public:
  Replay(bool strict, Driver* then = nullptr) : strict_(strict), then_(then) {}
  void follow(const std::vector<Deviation>& deviations) { list_ = &deviations; }
  void begin(std::uint64_t seed) override;
  std::uint32_t pick(const Question& q) override;
  bool end(const Trail& trail) override;
  const std::string& trouble() const { return trouble_; }

 private:
  bool strict_;
  Driver* then_;
  const std::vector<Deviation>* list_ = nullptr;
  std::vector<char> used_;
  std::size_t left_ = 0;
  std::string trouble_;
};

}  // namespace newproc::explore
