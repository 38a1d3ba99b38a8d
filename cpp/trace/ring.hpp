// ring.hpp: the events of one M: fixed-size records, the oldest overwritten. One writer, no lock.
#pragma once
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "newproc.h"

namespace newproc::trace {

/// A record of the ring. `stamp` is the world's; seq is made when rings are merged.
struct Record {
  std::uint64_t stamp, g, a, b;
  std::uint16_t kind;
  std::int16_t p;
  std::int32_t m;
};

class Ring {
 public:
  explicit Ring(std::uint64_t capacity) : mask_(std::bit_ceil(capacity) - 1), records_(new Record[mask_ + 1]) {}

  void emit(std::uint64_t stamp, std::uint16_t kind, std::int16_t p, std::int32_t m, std::uint64_t g, std::uint64_t a,
            std::uint64_t b) {
    const std::uint64_t n = next_.load(std::memory_order_relaxed);
    records_[n & mask_] = Record{stamp, g, a, b, kind, p, m};
    next_.store(n + 1, std::memory_order_release);  // pairs with read()
  }
  /// Appends what is held, oldest first; returns how many older ones were overwritten. Exact when the
  /// writer stands still; else the oldest quarter may be torn and is left out.
  std::uint64_t read(std::vector<Record>& out, bool writer_stands_still) const {
    const std::uint64_t end = next_.load(std::memory_order_acquire);
    const std::uint64_t room = writer_stands_still ? mask_ + 1 : (mask_ + 1) - (mask_ + 1) / 4;
    const std::uint64_t begin = end > room ? end - room : 0;
    for (std::uint64_t i = begin; i < end; ++i) out.push_back(records_[i & mask_]);
    return begin;
  }
  void clear() { next_.store(0, std::memory_order_relaxed); }

 private:
  std::uint64_t mask_;
  std::unique_ptr<Record[]> records_;
  std::atomic<std::uint64_t> next_{0};
};

}  // namespace newproc::trace
