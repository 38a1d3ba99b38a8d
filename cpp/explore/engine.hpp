// engine.hpp: runs one schedule of a program after another, all in one runtime, and says how each ended.
#pragma once
#include <memory>

#include "context/overflow.hpp"
#include "explore/explorer.hpp"
#include "explore/finding.hpp"
#include "pattern/run.hpp"

namespace newproc::explore {

/// What is searched: a pattern, or a function as main.
struct Subject {
  const pattern::Program* pattern = nullptr;
  rt_func fn = nullptr;
  void* arg = nullptr;
  int (*ended)(void* arg) = nullptr;  // after each schedule of fn; non-zero: no more
  std::size_t stack_size = 0;         // 0: the default
  std::uint32_t hash = 0;             // of fn
};

struct EngineOptions {
  Bounds bounds;
  std::uint32_t find = RT_FIND_ALL;
  std::uint64_t trace_events = 0;
  bool log = false;
  std::vector<rt_property> properties = {};
  bool check_scheduler = false;
  bool coverage = false;
  bool lock_clocks = false;  // of lock orders, only those that come about in any order: slower
};

class Engine {
 public:
  Engine(const Subject& subject, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  /// One schedule. What it found is in findings(), without schedules and counts.
  void run(Driver& driver, std::uint64_t seed);
  const std::vector<Finding>& findings() const { return findings_; }
  const Explorer& explorer() const { return explorer_; }
  const Coverage& coverage() const { return coverage_; }
  std::uint32_t program_hash() const { return hash_; }
  /// The program asks to be left alone.
  bool refused() const { return refused_; }
  /// How the last run ended, as of a pattern run alone.
  pattern::Outcome outcome();
  rt_runtime& runtime() { return *runtime_; }

 private:
  static void main_entry(void* engine);
  void classify();
  void blocked(std::uint32_t kind, const std::string& message, bool all_alive);
  void raised(std::uint32_t kind);
  void raced();
  void broken();
  bool at_rest() const;
  void lock_orders();
  std::string lock_name(const void* lock);
  void add(Finding&& finding);
  Involved involved(std::uint32_t task, std::string what) const;
  std::string name_of(const Involved& one) const;

  const SignalStackHold signal_stack_;
  const Subject subject_;
  const EngineOptions options_;
  std::uint32_t hash_ = 0;
  bool refused_ = false;
  std::unique_ptr<rt_runtime> runtime_;
  Properties properties_;
  LockOrder locks_;
  Coverage coverage_;
  Explorer explorer_;
  std::unique_ptr<pattern::Run> run_;
  rt_end end_{};
  std::vector<Finding> findings_;
};

}  // namespace newproc::explore
