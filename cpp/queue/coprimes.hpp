// coprimes.hpp: a random order that visits every P once. Go: randomOrder, proc.go:6643
#pragma once
#include <cstdint>
#include <numeric>
#include <vector>

namespace newproc {

class StealOrder {
 public:
  void reset(std::uint32_t count) {
    count_ = count;
    coprimes_.clear();
    for (std::uint32_t i = 1; i <= count; ++i)
      if (std::gcd(i, count) == 1) coprimes_.push_back(i);
  }
  /// Calls visit(index) for all of 0..count-1, starting and stepping as `random` says, until it returns true.
  template <class Visit>
  bool walk(std::uint32_t random, Visit&& visit) const {
    std::uint32_t pos = random % count_;
    const std::uint32_t inc = coprimes_[(random / count_) % coprimes_.size()];
    for (std::uint32_t i = 0; i < count_; ++i, pos = (pos + inc) % count_)
      if (visit(pos)) return true;
    return false;
  }

 private:
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> coprimes_;
};

}  // namespace newproc
