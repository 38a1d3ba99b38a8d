// vm.cpp: one run of a pattern: its log, its limits, and what its goroutines begin with.
#include "pattern/vm.hpp"

#include <charconv>
#include <cstdio>

#include "base/clock.hpp"
#include "runtime/runtime.hpp"

namespace newproc::pattern {
namespace {

constexpr std::uint32_t kTick = 61, kAligned = 1;
constexpr std::uint64_t kStepsPerLook = 1024;  // between looks at the clock

[[noreturn]] void end_at_limit(const char* what, std::uint64_t most, const char* field) {
  char text[160];
  std::snprintf(text, sizeof text, "limit: %s (%llu) reached; raise rt_limits.%s", what,
                static_cast<unsigned long long>(most), field);
  current_ops()->limit(text);
  __builtin_unreachable();
}

}  // namespace

Run::Run(const Program& program, const rt_limits& limits, bool one_m, bool one_p, Director* director)
    : program_(program), limits_(limits), one_m_(one_m), one_p_(one_p), director_(director) {
  vars_ = std::make_unique<std::atomic<std::int64_t>[]>(program.vars);
  mutexes_.resize(program.mutexes);
  rwmutexes_.resize(program.rwmutexes);
  waitgroups_.resize(program.waitgroups);
  onces_.resize(program.onces);
  cond_mutexes_.resize(program.conds);
  for (rt_mutex& l : cond_mutexes_) conds_.push_back(rt_cond{&l, 0, 0, nullptr, nullptr, 0, 0});
  for (std::uint32_t i = 0; i < program.bodies.size(); ++i) refs_.push_back({this, i});
}

Run::~Run() {
  for (rt_chan* c : chans_) c->free(c);
}

void Run::rewind() {
  for (std::uint32_t i = 0; i < program_.vars; ++i) vars_[i].store(0, std::memory_order_relaxed);
  for (rt_mutex& l : mutexes_) l = {};
  for (rt_rwmutex& l : rwmutexes_) l = {};
  for (rt_waitgroup& w : waitgroups_) w = {};
  for (rt_once& o : onces_) o = {};
  for (rt_mutex& l : cond_mutexes_) l = {};
  for (rt_cond& c : conds_) c = rt_cond{c.l, 0, 0, nullptr, nullptr, 0, 0};
  for (rt_chan* c : chans_) c->rewind(c);
  pending_.clear();
  log_.clear();
  steps_.store(0, std::memory_order_relaxed);
}

rt_status Run::start(rt_runtime& runtime, rt_end& end) {
  for (const std::size_t capacity : program_.chans) {
    if (chans_.size() == program_.chans.size()) break;  // made for an earlier run
    rt_chan* c = nullptr;
    if (const rt_status s = runtime.make_chan(sizeof(std::int64_t), capacity, &c); s != RT_OK) return s;
    chans_.push_back(c);
  }
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
  run->execute(run->program_.bodies[0], true);
  run->line("\"exit\"");
  if (run->director_ != nullptr && !run->director_->main_returned()) current_ops()->gopark(nullptr, nullptr, RT_WAIT_NONE);
}

void Run::body_entry(void* raw) {
  const BodyRef ref = *static_cast<BodyRef*>(raw);
  Run* run = ref.run;
  current_ops()->catch_panics(true);
  run->line("\"start\",", std::uint64_t{ref.body}, ",", run->number(current_ops()->parent_goid()));
  run->execute(run->program_.bodies[ref.body], false);
  run->line("\"end\"");
}

void Run::spawn(std::int64_t body) {
  rt_spawn spawn{};
  spawn.struct_size = sizeof spawn;
  spawn.fn = body_entry;
  spawn.arg = &refs_[static_cast<std::size_t>(body)];
  spawn.file = program_.name.c_str();
  spawn.line = static_cast<std::int32_t>(body);
  const rt_status status = current_ops()->newproc_ex(&spawn, nullptr, nullptr);
  if (status == RT_ELIMIT) end_at_limit("goroutines", limits_.goroutines, "goroutines");
  if (status != RT_OK) current_ops()->limit("limit: memory: the system gave none for a goroutine");
}

void Run::count_step() {
  const std::uint64_t n = one_m_ ? steps_.load(std::memory_order_relaxed) + 1 : steps_.fetch_add(1, std::memory_order_relaxed) + 1;
  if (one_m_) steps_.store(n, std::memory_order_relaxed);
  if (limits_.steps != 0 && n > limits_.steps) end_at_limit("steps", limits_.steps, "steps");
  if (deadline_ != 0 && n % kStepsPerLook == 0 && monotonic_ns() >= deadline_)
    end_at_limit("nanoseconds", limits_.nanos, "nanos");
  current_ops()->checkpoint();
}

/// after: gives the milliseconds to whoever can take them now. It logs nothing.
void Run::after_entry(void* raw) {
  const Pending& pending = *static_cast<Pending*>(raw);
  const std::int64_t ms = pending.ms;
  current_ops()->chansend(pending.run->chans_[pending.chan], &ms, false);
}

void Run::after(std::uint32_t chan, std::int64_t ms) {
  Pending* pending = nullptr;
  {
    const std::lock_guard<std::mutex> lock(pending_mutex_);
    pending = &pending_.emplace_back(Pending{this, chan, ms});
  }
  if (current_ops()->after_func(nanoseconds(ms), after_entry, pending, nullptr) != RT_OK)
    current_ops()->limit("limit: memory: the system gave none for a timer");
}

}  // namespace newproc::pattern
