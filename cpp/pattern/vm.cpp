// vm.cpp: one run of a pattern: its log, its limits, and what its goroutines begin with.
#include "pattern/vm.hpp"

#include <charconv>
#include <cstdio>

#include "base/clock.hpp"
#include "pattern/limits.hpp"
#include "runtime/runtime.hpp"

namespace newproc::pattern {
namespace {

constexpr std::uint32_t kTick = 61, kAligned = 1;
constexpr std::uint64_t kStepsPerLook = 1024;  // between looks at the clock

}  // namespace

void end_at_limit(const char* what, std::uint64_t most, const char* field) {
  char text[160];
  std::snprintf(text, sizeof text, "limit: %s (%llu) reached; raise rt_limits.%s", what,
                static_cast<unsigned long long>(most), field);
  current_ops()->limit(text);
  __builtin_unreachable();
}

void end_for_memory(const char* what) {
  char text[160];
  std::snprintf(text, sizeof text, "limit: memory: the system gave none for %s", what);
  current_ops()->limit(text);
  __builtin_unreachable();
}

Run::Run(const Program& program, const rt_limits& limits, bool one_m, bool one_p, Director* director)
    : program_(program), limits_(limits), one_m_(one_m), one_p_(one_p), director_(director), objects_(program) {
  for (std::uint32_t i = 0; i < program.bodies.size(); ++i) starts_.push_back({{this, static_cast<std::int32_t>(i)}, {}});
}

void Run::rewind() {
  objects_.rewind();
  pending_.clear();
  log_.clear();
  steps_.store(0, std::memory_order_relaxed);
}

rt_status Run::start(rt_runtime& runtime, rt_end& end) {
  if (const rt_status s = objects_.open(runtime); s != RT_OK) return s;
  deadline_ = limits_.nanos != 0 ? monotonic_ns() + limits_.nanos : 0;
  return runtime.start_main(main_entry, this, &end);
}

void Run::append(std::uint64_t value) {
  char text[24];
  log_.append(text, static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text));
}

void Run::append(std::int64_t value) {
  char text[24];
  log_.append(text, static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text));
}

/// As the pattern writes it.
void Run::append(Ref ref) {
  const auto index = static_cast<std::uint64_t>(Ref::index(ref.packed));
  const Ref::Space space = Ref::space(ref.packed);
  const bool timer = space == Ref::timer_table || space == Ref::timer_slot, done = space == Ref::done_table || space == Ref::done_slot;
  if (timer) log_.append("[\"timer\",");
  if (done) log_.append("[\"done\",");
  const bool slot = space == Ref::slot || space == Ref::timer_slot || space == Ref::done_slot;
  if (slot) log_.append("\"$");
  append(index);
  if (slot) log_.push_back('"');
  if (timer || done) log_.push_back(']');
}

void Run::check_log() {
  if (limits_.log_bytes != 0 && log_.size() > limits_.log_bytes) end_at_limit("log bytes", limits_.log_bytes, "log_bytes");
}

void Run::append_numbers(const std::vector<std::uint64_t>& goids) {
  log_.push_back('[');
  for (std::size_t i = 0; i < goids.size(); ++i) {
    if (i > 0) log_.push_back(',');
    append(number(goids[i]));
  }
  log_.push_back(']');
}

void Run::snap() {
  const GOps* ops = current_ops();
  QueueView view;
  ops->queues(view);
  std::unique_lock<std::mutex> lock(log_mutex_, std::defer_lock);
  if (!one_m_) lock.lock();
  log_.push_back('[');
  append(number(ops->goid()));
  append(",\"snap\",");
  if (view.runnext != 0)
    append(number(view.runnext));
  else
    append("null");
  log_.push_back(',');
  append_numbers(view.runq);
  log_.push_back(',');
  append_numbers(view.global);
  for (const std::uint32_t n : {view.schedtick % kTick, view.gfree, view.gfree_global}) {
    log_.push_back(',');
    append(std::uint64_t{n});
  }
  append("]\n");
}

/// Starts where the oracle starts: nothing else is runnable, schedtick is 1 mod 61.
void Run::align() {
  const GOps* ops = current_ops();
  QueueView view;
  do {
    ops->gosched(current_m());
    ops = current_ops();
    ops->queues(view);
  } while (one_p_ && (view.runnext != 0 || !view.runq.empty() || !view.global.empty() || view.schedtick % kTick != kAligned));
  base_ = one_p_ ? view.next_goid - 1 : 1;
}

void Run::main_entry(void* raw) {
  auto* run = static_cast<Run*>(raw);
  if (run->director_ == nullptr) run->align();
  current_ops()->catch_panics(true);
  run->execute(run->program_.bodies[0], true, nullptr, 0);
  run->line("\"exit\"");
  if (run->director_ != nullptr && !run->director_->main_returned()) current_ops()->gopark(nullptr, nullptr, RT_WAIT_NONE);
}

void Run::body_entry(void* raw) {
  const Start& start = *static_cast<Start*>(raw);
  Run* run = start.run;
  current_ops()->catch_panics(true);
  run->line("\"start\",", std::int64_t{start.body}, ",", run->number(current_ops()->parent_goid()));
  run->execute(run->program_.bodies[static_cast<std::size_t>(start.body)], false, start.slots.data(), start.slots.size());
  run->line("\"end\"");
}

/// What a timer starts has no parent.
void Run::timer_entry(void* raw) {
  const Start& start = *static_cast<Start*>(raw);
  Run* run = start.run;
  current_ops()->catch_panics(true);
  run->line("\"start\",", std::int64_t{start.body}, ",null");
  run->execute(run->program_.bodies[static_cast<std::size_t>(start.body)], false, start.slots.data(), start.slots.size());
  run->line("\"end\"");
}

void Run::count_step() {
  const std::uint64_t n = one_m_ ? steps_.load(std::memory_order_relaxed) + 1 : steps_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (one_m_) steps_.store(n, std::memory_order_relaxed);
  if (limits_.steps != 0 && n > limits_.steps) end_at_limit("steps", limits_.steps, "steps");
  if (deadline_ != 0 && n % kStepsPerLook == 0 && monotonic_ns() >= deadline_)
    end_at_limit("nanoseconds", limits_.nanos, "nanos");
  current_ops()->checkpoint();
}

}  // namespace newproc::pattern
