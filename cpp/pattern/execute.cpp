// execute.cpp: the loop that runs a body, and its control operations. The others are in a file for each family.
#include <alloca.h>

#include <algorithm>

#include "pattern/vm.hpp"

namespace newproc::pattern {
namespace {

/// Nothing that another goroutine could notice: no step.
constexpr bool free_of_charge(Op op) {
  switch (op) {
    case Op::jump:
    case Op::ret:
    case Op::counter:
    case Op::function_enter:
    case Op::function_leave:
    case Op::defer:
    case Op::once_log: return true;
    default: return false;
  }
}

}  // namespace

/// Runs a body to its end. Slots beyond those given begin with zero values.
void Run::execute(const Body& body, bool main, void* const* arguments, std::size_t given) {
  Frame frame;
  frame.body = &body;
  frame.main = main;
  frame.counters = static_cast<std::int64_t*>(alloca((body.loops + 1) * sizeof(std::int64_t)));
  frame.calls = static_cast<Call*>(alloca(body.calls * sizeof(Call)));
  frame.slots = static_cast<void**>(alloca((body.slots.size() + 1) * sizeof(void*)));
  std::copy(arguments, arguments + given, frame.slots);
  for (std::size_t i = given; i < body.slots.size(); ++i) frame.slots[i] = objects_.zero(body.slots[i]);
  call(frame, 0, 0, false, Ref::kNone, nullptr);
  loop(frame);
}

/// An instruction begins. A director is asked by the operation itself, which knows its object, or by touch().
inline void Run::begin_step(const Frame& frame) {
  if (director_ == nullptr) return count_step();
  if (++instructions_ % kInstructionsPerLook == 0 && !director_->goes_on()) current_ops()->limit("limit: the steps of a schedule");
  director_->site = static_cast<std::uint64_t>(frame.body - program_.bodies.data()) << 32 | (frame.pc - 1);
}

void Run::loop(Frame& frame) {
  const Instruction* code = frame.body->code.data();
  for (;;) {
    const Instruction& in = code[frame.pc++];
    if (!free_of_charge(in.op)) begin_step(frame);
    if (in.op == Op::ret || in.op == Op::function_leave) {
      if (leave(frame)) return;
      continue;
    }
    if (!control(frame, in) && !variable(frame, in) && !communicate(frame, in) && !lock_or_wait(frame, in) && !timed(frame, in))
      contextual(frame, in);
  }
}

/// False: it is none of these.
bool Run::control(Frame& frame, const Instruction& in) {
  switch (in.op) {
    case Op::go:
      spawn(frame, program_.spawns[static_cast<std::size_t>(in.a)]);
      line("\"go\",", std::uint64_t{program_.spawns[static_cast<std::size_t>(in.a)].body});
      return true;
    case Op::yield:
      current_ops()->gosched(current_m());
      line("\"yield\"");
      return true;
    case Op::mark: line("\"mark\",", in.a); return true;
    case Op::snap:
      snap();
      check_log();
      return true;
    case Op::counter: frame.counters[in.a] = in.b; return true;
    case Op::round:
      if (frame.counters[in.a] == 0)
        frame.pc = in.target;
      else if (frame.counters[in.a] > 0)
        --frame.counters[in.a];
      else if (director_ != nullptr)
        director_->lap();
      return true;
    case Op::jump:
      if (in.a != 0 && director_ != nullptr) director_->lap();
      frame.pc = in.target;
      return true;
    case Op::unless: {
      const std::int64_t is = read(objects_.var(frame, in.a));
      if (!holds(is, in.compare, value(frame, in.b, in.var))) frame.pc = in.target;
      return true;
    }
    case Op::choose: {
      const std::vector<std::uint32_t>& targets = program_.choices[static_cast<std::size_t>(in.a)];
      const std::uint32_t i = current_ops()->choose(static_cast<std::uint32_t>(targets.size()));
      frame.pc = targets[i];
      line("\"choose\",", std::uint64_t{i});
      return true;
    }
    case Op::function_enter:
      call(frame, static_cast<std::uint32_t>(in.a), in.target, false, Ref::kNone, nullptr);
      return true;
    case Op::defer: ++frame.calls[frame.depth - 1].pending; return true;
    case Op::recover: recover(frame, in); return true;
    case Op::goexit: raise(frame, nullptr); return true;
    case Op::panic: raise(frame, in.a == Ref::kNone ? "pattern" : program_.texts[static_cast<std::size_t>(in.a)].c_str()); return true;
    case Op::once_enter: {
      bool run = false;
      if (!ok(frame, current_ops()->once_enter(&objects_.once(frame, in.a), &run))) return true;
      if (run)
        call(frame, static_cast<std::uint32_t>(in.b), in.target, false, in.a, nullptr);
      else
        frame.pc = in.target;
      return true;
    }
    case Op::once_log: line("\"once\",", Ref{in.a}); return true;
    default: return false;
  }
}

}  // namespace newproc::pattern
