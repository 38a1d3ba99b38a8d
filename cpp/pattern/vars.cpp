// vars.cpp: a pattern's variables: plain reads and writes, each a step of its own, and atomic operations.
#include <cstdio>

#include "pattern/vm.hpp"

namespace newproc::pattern {

constexpr auto kPlain = std::memory_order_relaxed;

/// A variable is about to be read or written (RT_OP_READ, ...): a director may let others go first.
void Run::touch(const Cell& cell, std::uint32_t kind) {
  if (director_ == nullptr) return;
  if (!program_.atomics.empty() && kind <= RT_OP_WRITE) {
    const std::int64_t v = objects_.variable_of(&cell);
    if (v >= 0 && program_.atomics[static_cast<std::size_t>(v)]) kind = kind == RT_OP_READ ? RT_OP_ATOMIC_LOAD : RT_OP_ATOMIC;
  }
  current_ops()->access(&cell, kind);
}

std::int64_t Run::read(Cell& cell) {
  touch(cell, RT_OP_READ);
  return cell.load(kPlain);
}

void Run::write(Cell& cell, std::int64_t value) {
  touch(cell, RT_OP_WRITE);
  cell.store(value, kPlain);
}

Cell& Run::atomically(Cell& cell, std::uint32_t kind) {
  touch(cell, kind);
  return cell;
}

std::int64_t Run::value(const Frame& frame, std::int64_t number, bool var) {
  return var ? read(objects_.var(frame, number)) : number;
}

void Run::store(const Frame& frame, std::int64_t variable, std::int64_t value) {
  if (variable != Ref::kNone) write(objects_.var(frame, variable), value);
}

void Run::assert_holds(Frame& frame, const Instruction& in) {
  const std::int64_t is = read(objects_.var(frame, in.a)), wanted = value(frame, in.b, in.var);
  if (holds(is, in.compare, wanted)) return;
  char text[128];
  const bool slot = Ref::space(in.a) == Ref::slot;
  std::snprintf(text, sizeof text, "assert: variable %s%zu is %lld, not %s%s%lld", slot ? "$" : "", Ref::index(in.a), static_cast<long long>(is),
                in.compare == Compare::eq ? "" : kCompares[static_cast<int>(in.compare)], in.compare == Compare::eq ? "" : " ",
                static_cast<long long>(wanted));
  raise(frame, text);
}

/// False: it is none of these.
bool Run::variable(Frame& frame, const Instruction& in) {
  const auto wrap = [](std::int64_t x) { return static_cast<std::uint64_t>(x); };
  switch (in.op) {
    case Op::set:
      store(frame, in.a, value(frame, in.b, in.var));
      line("\"set\",", Ref{in.a});
      return true;
    case Op::inc: {
      Cell& v = objects_.var(frame, in.a);
      const std::int64_t was = read(v);
      if (director_ == nullptr) current_ops()->checkpoint();  // between the read and the write another goroutine may come
      write(v, static_cast<std::int64_t>(wrap(was) + 1));
      line("\"inc\",", Ref{in.a});
      return true;
    }
    case Op::sum:
    case Op::diff: {
      const std::uint64_t x = wrap(value(frame, in.b, in.var)), y = wrap(value(frame, more(in)));
      if (director_ == nullptr) current_ops()->checkpoint();
      store(frame, in.a, static_cast<std::int64_t>(in.op == Op::sum ? x + y : x - y));
      line(in.op == Op::sum ? "\"sum\"," : "\"diff\",", Ref{in.a});
      return true;
    }
    case Op::assert_: assert_holds(frame, in); return true;
    default: return atomic(frame, in);
  }
}

bool Run::atomic(Frame& frame, const Instruction& in) {
  if (in.op != Op::atomic && (in.op < Op::load || in.op > Op::cas)) return false;
  // Operands are read before the atomic step.
  const std::int64_t operand = in.op == Op::load ? 0 : value(frame, in.b, in.var);
  std::int64_t other = in.op == Op::cas ? value(frame, more(in)) : 0;
  Cell& v = atomically(objects_.var(frame, in.a), in.op == Op::load ? RT_OP_ATOMIC_LOAD : RT_OP_ATOMIC);
  const auto log_and_store = [&](const char* name, std::int64_t to, std::int64_t result) {
    store(frame, to, result);
    line("\"", name, "\",", Ref{in.a}, ",", result);
  };
  switch (in.op) {
    case Op::atomic: {
      const auto now = static_cast<std::int64_t>(static_cast<std::uint64_t>(v.fetch_add(operand)) + static_cast<std::uint64_t>(operand));
      if (const std::int64_t to = more(in).number; to != Ref::kNone)
        log_and_store("atomic", to, now);
      else
        line("\"atomic\",", Ref{in.a});
      break;
    }
    case Op::load: log_and_store("load", in.b, v.load()); break;
    case Op::store:
      v.store(operand);
      line("\"store\",", Ref{in.a});
      break;
    case Op::swap: log_and_store("swap", more(in).number, v.exchange(operand)); break;
    default: {
      std::int64_t expected = operand;
      log_and_store("cas", more(in, 1).number, v.compare_exchange_strong(expected, other) ? 1 : 0);
    }
  }
  return true;
}

}  // namespace newproc::pattern
