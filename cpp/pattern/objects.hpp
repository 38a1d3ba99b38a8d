// objects.hpp: what a pattern's operands name, and the fresh ones that it makes as it runs.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "newproc.h"
#include "pattern/frame.hpp"
#include "pattern/program.hpp"

namespace newproc::pattern {

class Run;

using Cell = std::atomic<std::int64_t>;

/// A timer variable's value.
struct TimerBox {
  rt_timer* timer = nullptr;
  bool ticker = false, func = false;
};

/// A cond and what it locks.
struct CondBox {
  rt_cond cond{};
  rt_mutex own{};
  rt_rwmutex* rw = nullptr;  // its locker, if not a mutex
  bool reads = false;        // the read side of it
};

/// What every goroutine of a pattern but main is started with begins with this.
struct Began {
  Run* run = nullptr;
  std::int32_t body = -1;  // none: a timer of after
};

/// A goroutine's beginning: the body and what the slots begin with.
struct Start : Began {
  std::vector<void*> slots;
};

/// Tables of a pattern. What is made while it runs lives until the run is over.
class Objects {
 public:
  explicit Objects(const Program& program);
  ~Objects();
  Objects(const Objects&) = delete;
  /// Makes the channels, before the first run.
  rt_status open(rt_runtime& runtime);
  /// Everything as before the first run.
  void rewind();
  /// The variable of a cell; -1: it is no variable of the table.
  std::int64_t variable_of(const void* cell) const {
    const auto* v = static_cast<const Cell*>(cell);
    return std::less<>{}(v, vars_.get()) || !std::less<>{}(v, vars_.get() + program_.vars) ? -1 : v - vars_.get();
  }

  void variables(std::vector<std::int64_t>& out) const;
  /// "mutex 0", of the pattern's tables or made as it ran.
  std::string lock_name(const void* lock) const;

  rt_mutex& mutex(const Frame& f, std::int64_t ref) { return in_table(ref) ? mutexes_[index(ref)] : *slot<rt_mutex>(f, ref); }
  rt_rwmutex& rwmutex(const Frame& f, std::int64_t ref) { return in_table(ref) ? rwmutexes_[index(ref)] : *slot<rt_rwmutex>(f, ref); }
  rt_waitgroup& waitgroup(const Frame& f, std::int64_t ref) { return in_table(ref) ? waitgroups_[index(ref)] : *slot<rt_waitgroup>(f, ref); }
  CondBox& cond(const Frame& f, std::int64_t ref) { return in_table(ref) ? conds_[index(ref)] : *slot<CondBox>(f, ref); }
  rt_once& once(const Frame& f, std::int64_t ref) { return in_table(ref) ? onces_[index(ref)] : *slot<rt_once>(f, ref); }
  Cell& var(const Frame& f, std::int64_t ref) { return in_table(ref) ? vars_[index(ref)] : *slot<Cell>(f, ref); }
  TimerBox* timer(const Frame& f, std::int64_t ref) { return static_cast<TimerBox*>(holder(f, ref, timers_.get())); }
  /// Null: Background.
  rt_context* context(const Frame& f, std::int64_t ref) { return static_cast<rt_context*>(holder(f, ref, contexts_.get())); }
  /// A channel; null: nil. False: of a timer that was never set, where Go panics.
  bool chan(const Frame& f, std::int64_t ref, rt_chan*& out);

  void set_chan(Frame& f, std::int64_t ref, rt_chan* c) { set(f, ref, chans_.get(), c); }
  void set_timer(Frame& f, std::int64_t ref, TimerBox* t) { set(f, ref, timers_.get(), t); }
  /// It is kept until the run is over.
  void set_context(Frame& f, std::int64_t ref, rt_context* c);

  /// What a slot of that kind begins with: Go's zero value.
  void* zero(Kind kind);
  Cell* fresh_cell(std::int64_t value);
  CondBox* fresh_cond();
  TimerBox* fresh_timer(rt_timer* t, bool ticker, bool func);
  Start* fresh_start(Run* run, std::uint32_t body);
  Unwind* fresh_unwind();
  /// Null: no memory.
  rt_chan* fresh_chan(std::int64_t capacity);
  /// What an argument of go or of afterfunc passes.
  void* passed(const Frame& f, Kind kind, std::int64_t ref);
  rt_runtime& runtime() { return *runtime_; }
  std::size_t made() const { return made_.load(std::memory_order_relaxed); }

 private:
  static bool in_table(std::int64_t ref) { return ref >> 32 == 0; }
  static std::size_t index(std::int64_t ref) { return Ref::index(ref); }
  template <class T>
  static T* slot(const Frame& f, std::int64_t ref) { return static_cast<T*>(f.slots[index(ref)]); }
  using Holder = std::atomic<void*>;  // a variable that holds a reference
  static void* holder(const Frame& f, std::int64_t ref, const Holder* table) {
    return in_table(ref) ? table[index(ref)].load(std::memory_order_relaxed) : f.slots[index(ref)];
  }
  static void set(Frame& f, std::int64_t ref, Holder* table, void* value) {
    if (in_table(ref))
      table[index(ref)].store(value, std::memory_order_relaxed);
    else
      f.slots[index(ref)] = value;
  }
  template <class T>
  T* keep(std::deque<T>& all) {
    const std::lock_guard<std::mutex> lock(lock_);
    made_.fetch_add(1, std::memory_order_relaxed);
    return &all.emplace_back();
  }

  void forget_made();

  const Program& program_;
  rt_runtime* runtime_ = nullptr;
  std::unique_ptr<Cell[]> vars_;
  std::unique_ptr<Holder[]> chans_, timers_, contexts_;
  std::vector<rt_mutex> mutexes_;
  std::vector<rt_rwmutex> rwmutexes_;
  std::vector<rt_waitgroup> waitgroups_;
  std::vector<rt_once> onces_;
  std::unique_ptr<CondBox[]> conds_;

  std::mutex lock_;  // of what follows; never held across a park
  std::atomic<std::size_t> made_{0};
  std::vector<rt_chan*> all_chans_;  // those of the table first
  std::size_t table_chans_ = 0;
  std::deque<rt_mutex> fresh_mutexes_;
  std::deque<rt_rwmutex> fresh_rwmutexes_;
  std::deque<rt_waitgroup> fresh_waitgroups_;
  std::deque<rt_once> fresh_onces_;
  std::deque<Cell> fresh_cells_;
  std::deque<CondBox> fresh_conds_;
  std::deque<TimerBox> fresh_timers_;
  std::vector<rt_context*> fresh_contexts_;
  std::deque<Start> starts_;
  std::deque<Unwind> unwinds_;
};

}  // namespace newproc::pattern
