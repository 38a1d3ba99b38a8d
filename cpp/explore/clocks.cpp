#include "explore/clocks.hpp"

#include <algorithm>

#include "newproc.h"

namespace newproc::explore {

void Clocks::clear() {
  ntasks_ = nobjects_ = ncells_ = 0;
  object_index_.clear();
  cell_index_.clear();
}

void Clocks::join(Clock& into, const Clock& from) {
  if (into.ticks.size() < from.ticks.size()) into.ticks.resize(from.ticks.size());
  for (std::size_t i = 0; i < from.ticks.size(); ++i) into.ticks[i] = std::max(into.ticks[i], from.ticks[i]);
}

void Clocks::spawned(std::uint32_t task, std::uint32_t parent, bool has_parent) {
  if (task >= kMostTasks) return;
  while (ntasks_ <= task) {
    if (tasks_.size() == ntasks_) tasks_.emplace_back();
    tasks_[ntasks_++].ticks.clear();
  }
  Clock& mine = tasks_[task];
  if (has_parent && parent < ntasks_) {
    mine.ticks.assign(tasks_[parent].ticks.begin(), tasks_[parent].ticks.end());
    ++tasks_[parent].ticks[parent];
  }
  if (mine.ticks.size() <= task) mine.ticks.resize(task + 1);
  mine.ticks[task] = 1;
}

Clocks::Clock& Clocks::object(const void* address) {
  bool fresh = false;
  const std::uint32_t i = object_index_.find(reinterpret_cast<std::uintptr_t>(address), nobjects_, fresh);
  if (fresh) {
    ++nobjects_;
    if (objects_.size() < nobjects_) objects_.emplace_back();
    objects_[i].ticks.clear();
  }
  return objects_[i];
}

void Clocks::acquire(std::uint32_t task, const void* address) {
  if (task < ntasks_) join(tasks_[task], object(address));
}

void Clocks::release(std::uint32_t task, const void* address, bool merge) {
  if (task >= ntasks_) return;
  Clock& c = object(address);
  Clock& mine = tasks_[task];
  if (merge)
    join(c, mine);
  else
    c.ticks.assign(mine.ticks.begin(), mine.ticks.end());
  ++mine.ticks[task];
}

void Clocks::touches(const Access& access, const void* cell, std::vector<Race>& races) {
  const std::uint32_t task = access.task;
  if (task >= ntasks_) return;
  // Atomic accesses order one another, and race with plain ones only.
  const bool atomic = access.kind == RT_OP_ATOMIC || access.kind == RT_OP_ATOMIC_LOAD;
  if (atomic) acquire(task, cell);
  const auto races_with = [&](const Access& other, Tick tick) {
    const bool both = atomic && (other.kind == RT_OP_ATOMIC || other.kind == RT_OP_ATOMIC_LOAD);
    return !both && other.task != task && !before(tick, other.task, task);
  };
  bool fresh = false;
  const std::uint32_t i = cell_index_.find(reinterpret_cast<std::uintptr_t>(cell), ncells_, fresh);
  if (fresh) {
    ++ncells_;
    if (cells_.size() < ncells_) cells_.emplace_back();
    cells_[i].written = false;
    cells_[i].reads.clear();
    cells_[i].read_ticks.clear();
  }
  Cell& c = cells_[i];
  if (c.written && races_with(c.write, c.write_tick)) races.push_back({cell, c.write, access});
  const Tick now = tasks_[task].ticks[task];
  if (access.kind == RT_OP_READ || access.kind == RT_OP_ATOMIC_LOAD) {
    for (std::size_t r = 0; r < c.reads.size(); ++r)
      if (c.reads[r].task == task) {
        c.reads[r] = access;
        c.read_ticks[r] = now;
        return;
      }
    c.reads.push_back(access);
    c.read_ticks.push_back(now);
    return;
  }
  for (std::size_t r = 0; r < c.reads.size(); ++r)
    if (races_with(c.reads[r], c.read_ticks[r])) races.push_back({cell, c.reads[r], access});
  c.reads.clear();
  c.read_ticks.clear();
  c.write = access;
  c.write_tick = now;
  c.written = true;
  if (atomic) release(task, cell, true);
}

}  // namespace newproc::explore
