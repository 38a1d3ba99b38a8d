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

Run::Run(const Program& program, const rt_limits& limits, bool one_m, bool one_p)
    : program_(program), limits_(limits), one_m_(one_m), one_p_(one_p) {
  vars_ = std::make_unique<std::atomic<std::int64_t>[]>(program.vars);
  for (std::uint32_t i = 0; i < program.bodies.size(); ++i) refs_.push_back({this, i});
}

rt_status Run::start(rt_runtime& runtime, rt_end& end) {
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

template <class... Parts>
void Run::line(const Parts&... parts) {
  const std::uint64_t g = number(current_ops()->goid());
  {
    std::unique_lock<std::mutex> lock(log_mutex_, std::defer_lock);
    if (!one_m_) lock.lock();
    log_.push_back('[');
    append(g);
    log_.push_back(',');
    (append(parts), ...);
    log_.append("]\n");
  }
  check_log();
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
  run->align();
  run->execute(run->program_.bodies[0], true);
  run->line("\"exit\"");
}

void Run::body_entry(void* raw) {
  const BodyRef ref = *static_cast<BodyRef*>(raw);
  Run* run = ref.run;
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

/// goexit and panic: the oracle's deferred "end" comes first; main has none.
void Run::end_goroutine(const GOps* ops, bool main, const char* panic) {
  if (!main) line("\"end\"");
  if (panic != nullptr)
    ops->panic(panic);
  else
    ops->goexit();
  __builtin_unreachable();
}

void Run::execute(const Body& body, bool main) {
  std::int64_t counters[kMostNesting];
  const Instruction* code = body.code.data();
  for (std::uint32_t pc = 0;;) {
    const Instruction& in = code[pc++];
    if (in.op != Op::jump && in.op != Op::ret && in.op != Op::counter) count_step();
    std::atomic<std::int64_t>& variable = vars_[static_cast<std::size_t>(in.a)];
    switch (in.op) {
      case Op::go:
        spawn(in.a);
        line("\"go\",", in.a);
        break;
      case Op::yield:
        current_ops()->gosched(current_m());
        line("\"yield\"");
        break;
      case Op::mark: line("\"mark\",", in.a); break;
      case Op::snap:
        snap();
        check_log();
        break;
      case Op::counter: counters[in.a] = in.b; break;
      case Op::round:
        if (counters[in.a] == 0)
          pc = in.target;
        else if (counters[in.a] > 0)
          --counters[in.a];
        break;
      case Op::jump: pc = in.target; break;
      case Op::ret: return;
      case Op::set:
        variable.store(in.b, std::memory_order_relaxed);
        line("\"set\",", in.a);
        break;
      case Op::inc: {
        const std::int64_t was = variable.load(std::memory_order_relaxed);
        current_ops()->checkpoint();  // between the read and the write another goroutine may come
        variable.store(static_cast<std::int64_t>(static_cast<std::uint64_t>(was) + 1), std::memory_order_relaxed);
        line("\"inc\",", in.a);
        break;
      }
      case Op::atomic:
        variable.fetch_add(in.b, std::memory_order_relaxed);
        line("\"atomic\",", in.a);
        break;
      case Op::unless:
        if (variable.load(std::memory_order_relaxed) != in.b) pc = in.target;
        break;
      case Op::assert_: {
        const std::int64_t is = variable.load(std::memory_order_relaxed);
        if (is == in.b) break;
        char text[128];
        std::snprintf(text, sizeof text, "assert: variable %lld is %lld, not %lld", static_cast<long long>(in.a),
                      static_cast<long long>(is), static_cast<long long>(in.b));
        end_goroutine(current_ops(), main, text);
      }
      case Op::goexit: end_goroutine(current_ops(), main, nullptr);
      case Op::panic: end_goroutine(current_ops(), main, "pattern");
    }
  }
}

}  // namespace newproc::pattern
