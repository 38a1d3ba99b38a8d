// idmap.hpp: small numbers for addresses and hashes, by the order in which they come up. Nothing is allocated once it is as
// large as it gets.
#pragma once
#include <cstdint>
#include <vector>

namespace newproc::explore {

/// Emptied in no time.
class IdMap {
 public:
  IdMap() : slots_(64) {}
  void clear() {
    ++era_;
    size_ = 0;
  }
  std::uint32_t size() const { return size_; }
  /// The number of `key`; `next` where it has none yet.
  std::uint32_t find(std::uint64_t key, std::uint32_t next, bool& fresh) {
    return slot_of(key, next, fresh).number;
  }
  /// Counted from 0.
  std::uint32_t of(std::uint64_t key) {
    bool fresh = false;
    return find(key, size_, fresh);
  }
  /// `none` where it has no number.
  std::uint32_t get(std::uint64_t key, std::uint32_t none) const {
    const Slot& slot = slots_[at(key)];
    return slot.era == era_ ? slot.number : none;
  }
  /// False: it was there.
  bool insert(std::uint64_t key) {
    bool fresh = false;
    find(key, 0, fresh);
    return fresh;
  }
  /// The number of `key`, to be changed; 0 where it is new.
  std::uint32_t& operator[](std::uint64_t key) {
    bool fresh = false;
    return slot_of(key, 0, fresh).number;
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::uint32_t number = 0, era = 0;
  };
  Slot& slot_of(std::uint64_t key, std::uint32_t next, bool& fresh) {
    if (size_ * 2 >= slots_.size()) grow();
    Slot& slot = slots_[at(key)];
    fresh = slot.era != era_;
    if (fresh) {
      slot = {key, next, era_};
      ++size_;
    }
    return slot;
  }
  std::size_t at(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = (key * 0x9e3779b97f4a7c15ULL >> 32) & mask;
    while (slots_[i].era == era_ && slots_[i].key != key) i = (i + 1) & mask;
    return i;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old)
      if (slot.era == era_) slots_[at(slot.key)] = slot;
  }

  std::vector<Slot> slots_;
  std::uint32_t size_ = 0, era_ = 1;
};

}  // namespace newproc::explore
