// clocks.hpp: what happens before what, and the data races that follow from it: vector clocks of goroutines and of what
// orders them, and FastTrack's epochs for cells (Flanagan, Freund, PLDI 2009). Nothing is allocated once a few schedules have run.
#pragma once
#include <cstdint>
#include <vector>

#include "explore/idmap.hpp"

namespace newproc::explore {

/// One access that takes part in a race.
struct Access {
  std::uint32_t task = 0;
  std::uint32_t kind = 0;  // RT_OP_*
  std::uint64_t site = 0;
};
struct Race {
  const void* cell;
  Access first, second;
};

class Clocks {
 public:
  static constexpr std::uint32_t kMostTasks = 1024;  // beyond them no race is looked for
  void clear();
  void spawned(std::uint32_t task, std::uint32_t parent, bool has_parent);
  void acquire(std::uint32_t task, const void* object);
  void release(std::uint32_t task, const void* object, bool merge);
  /// Appends to `races` those that this access completes.
  void touches(const Access& access, const void* cell, std::vector<Race>& races);

  using Tick = std::uint32_t;
  /// Of a task's own clock; 0: it has none.
  Tick now(std::uint32_t task) const { return task < ntasks_ ? tasks_[task].ticks[task] : 0; }
  /// What `of` had done at that tick comes before whatever `task` does now.
  bool before(Tick tick, std::uint32_t of, std::uint32_t task) const {
    if (task >= ntasks_) return false;
    const Clock& c = tasks_[task];
    return of < c.ticks.size() && tick <= c.ticks[of];
  }

 private:
  struct Clock {
    std::vector<Tick> ticks;  // beyond its size: 0
  };
  struct Cell {
    Access write;
    Tick write_tick = 0;
    bool written = false;
    std::vector<Access> reads;       // the last of each task since the last write
    std::vector<Tick> read_ticks;
  };
  static void join(Clock& into, const Clock& from);
  Clock& object(const void* address);

  std::vector<Clock> tasks_, objects_;
  std::vector<Cell> cells_;
  std::uint32_t ntasks_ = 0, nobjects_ = 0, ncells_ = 0;
  IdMap object_index_, cell_index_;
};

}  // namespace newproc::explore
