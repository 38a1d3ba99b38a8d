#include "pattern/compile.hpp"

namespace newproc::pattern {
namespace {

std::string all_names() {
  std::string names;
  for (const OpShape& known : kOps) names += (names.empty() ? "" : " ") + std::string(known.name);
  return names;
}

const OpShape& shape(const Json& op, const std::string& path) {
  if (!op.is_array() || op.empty()) throw Bad(path, quoted(op) + " is no operation; write [\"name\", ...]");
  if (!op[0].is_string()) throw Bad(at(path, 0), quoted(op[0]) + " is no name of an operation; there are: " + all_names());
  const auto& name = op[0].get_ref<const std::string&>();
  for (const OpShape& known : kOps)
    if (known.name == name) return known;
  throw Bad(at(path, 0), "no operation " + quoted(op[0]) + "; there are: " + all_names());
}

const char* word(char kind) {
  switch (kind) {
    case 'b': return "body";
    case 'v': return "variable";
    case 'l': return "[op, ...]";
    case 'c': return "channel";
    case 'm': return "mutex";
    case 'r': return "rwmutex";
    case 'w': return "waitgroup";
    case 'k': return "cond";
    case 'o': return "once";
    default: return "number";
  }
}

/// As it is written: ["go", body].
std::string usage(const OpShape& shape) {
  if (shape.name == "try") return "[\"try\", \"send\", channel, number] or [\"try\", \"recv\", channel]";
  if (shape.name == "select")
    return "[\"select\", [[\"recv\", channel, [op, ...]], [\"send\", channel, number, [op, ...]], ...], [op, ...] or null]";
  std::string text = "[\"" + std::string(shape.name) + "\"";
  for (const char kind : shape.arguments) text += std::string(", ") + word(kind);
  return text + "]";
}

[[noreturn]] void wrong_count(const Json& op, const OpShape& shape, const std::string& path) {
  throw Bad(path, "\"" + std::string(shape.name) + "\" has " + std::to_string(op.size() - 1) + " arguments; write " + usage(shape));
}

}  // namespace

Body Compiler::body(const Json& ops, const std::string& path) {
  Body out;
  body_ = &out;
  depth_ = 0;
  breaks_.assign(1, {});
  returns_.clear();
  list(ops, path);
  land(breaks_[0]);  // without a loop, break leaves the body
  emit(Op::ret);
  return out;
}

void Compiler::land(const Jumps& jumps) {
  for (const std::size_t i : jumps) body_->code[i].target = here();
}

void Compiler::list(const Json& ops, const std::string& path) {
  if (!ops.is_array()) throw Bad(path, quoted(ops) + " is no list of operations");
  for (std::size_t i = 0; i < ops.size(); ++i) operation(ops[i], at(path, i));
}

std::int64_t Compiler::index(const Json& value, const std::string& path, std::size_t size, const char* what, const char* key) const {
  const std::int64_t i = integer(value, path);
  if (i >= 0 && static_cast<std::uint64_t>(i) < size) return i;
  throw Bad(path, "no " + std::string(what) + " " + std::to_string(i) + "; the pattern has " + std::to_string(size) +
                      (key[0] != '\0' ? "; raise \"" + std::string(key) + "\"" : ""));
}

std::int64_t Compiler::argument(char kind, const Json& value, const std::string& path) const {
  switch (kind) {
    case 'b': return index(value, path, bodies_, "body", "");
    case 'v': return index(value, path, program_.vars, "variable", "vars");
    case 'c': return index(value, path, program_.chans.size(), "channel", "chans");
    case 'm': return index(value, path, program_.mutexes, "mutex", "mutexes");
    case 'r': return index(value, path, program_.rwmutexes, "rwmutex", "rwmutexes");
    case 'w': return index(value, path, program_.waitgroups, "waitgroup", "waitgroups");
    case 'k': return index(value, path, program_.conds, "cond", "conds");
    case 'o': return index(value, path, program_.onces, "once", "onces");
    default: return integer(value, path);
  }
}

void Compiler::check(const Json& op, const OpShape& shape, const std::string& path, std::int64_t (&values)[2]) const {
  if (shape.arguments == "*") return;
  if (op.size() != shape.arguments.size() + 1) wrong_count(op, shape, path);
  for (std::size_t i = 0; i < shape.arguments.size() && i < 2; ++i)
    if (shape.arguments[i] != 'l') values[i] = argument(shape.arguments[i], op[i + 1], at(path, i + 1));
}

void Compiler::operation(const Json& op, const std::string& path) {
  const OpShape& s = shape(op, path);
  std::int64_t v[2] = {0, 0};
  check(op, s, path, v);
  switch (s.op) {
    case Op::counter: return loop(op, v[0], path);
    case Op::unless: return branch(op, v[0], v[1], path);
    case Op::once_enter: return once(op, v[0], path);
    case Op::try_recv: return attempt(op, path);
    case Op::select: return select(op, path);
    case Op::jump: return breaks_.back().push_back(emit(Op::jump));
    case Op::ret:
      if (returns_.empty())
        emit(Op::ret);
      else
        returns_.back().push_back(emit(Op::jump));
      return;
    default: emit(s.op, v[0], v[1]);
  }
}

void Compiler::loop(const Json& op, std::int64_t rounds, const std::string& path) {
  const std::int64_t slot = depth_++;
  emit(Op::counter, slot, rounds);
  const std::size_t round = emit(Op::round, slot);
  breaks_.emplace_back();
  list(op[2], at(path, 2));
  body_->code[emit(Op::jump)].target = static_cast<std::uint32_t>(round);
  body_->code[round].target = here();
  land(breaks_.back());
  breaks_.pop_back();
  --depth_;
}

void Compiler::branch(const Json& op, std::int64_t variable, std::int64_t value, const std::string& path) {
  const std::size_t unless = emit(Op::unless, variable, value);
  list(op[3], at(path, 3));
  const std::size_t skip = emit(Op::jump);
  body_->code[unless].target = here();
  list(op[4], at(path, 4));
  body_->code[skip].target = here();
}

/// break and return leave just the once's list.
void Compiler::once(const Json& op, std::int64_t index, const std::string& path) {
  const std::size_t enter = emit(Op::once_enter, index);
  breaks_.emplace_back();
  returns_.emplace_back();
  list(op[2], at(path, 2));
  land(breaks_.back());
  land(returns_.back());
  breaks_.pop_back();
  returns_.pop_back();
  emit(Op::once_leave, index);
  body_->code[enter].target = here();
  emit(Op::once_log, index);
}

/// "try": a select with one case and a default.
void Compiler::attempt(const Json& op, const std::string& path) {
  const OpShape& s = shape(op, path);
  if (op.size() < 2) wrong_count(op, s, path);
  const bool send = op[1] == "send";
  if (!send && op[1] != "recv") throw Bad(at(path, 1), quoted(op[1]) + " is neither \"send\" nor \"recv\"");
  if (op.size() != (send ? 4u : 3u)) wrong_count(op, s, path);
  const std::int64_t chan = argument('c', op[2], at(path, 2));
  emit(send ? Op::try_send : Op::try_recv, chan, send ? integer(op[3], at(path, 3)) : 0);
}

SelectCase Compiler::select_case(const Json& one, const std::string& path) {
  const char* form = "; write [\"recv\", channel, [op, ...]] or [\"send\", channel, number, [op, ...]]";
  if (!one.is_array() || one.empty()) throw Bad(path, quoted(one) + " is no case" + form);
  SelectCase out;
  out.send = one[0] == "send";
  if (!out.send && one[0] != "recv") throw Bad(at(path, 0), quoted(one[0]) + " is neither \"send\" nor \"recv\"");
  if (one.size() != (out.send ? 4u : 3u)) throw Bad(path, "a case of " + std::to_string(one.size()) + " parts" + form);
  out.chan = static_cast<std::uint32_t>(argument('c', one[1], at(path, 1)));
  if (out.send) out.value = integer(one[2], at(path, 2));
  return out;
}

void Compiler::select(const Json& op, const std::string& path) {
  if (op.size() != 3) wrong_count(op, shape(op, path), path);
  const Json& cases = op[1];
  const std::string where = at(path, 1);
  if (!cases.is_array()) throw Bad(where, quoted(cases) + " is no list of cases");
  if (cases.size() > kMostCases)
    throw Bad(where, std::to_string(cases.size()) + " cases; the most is " + std::to_string(kMostCases));
  emit(Op::select, static_cast<std::int64_t>(program_.selects.size()));
  const std::size_t mine = program_.selects.size();
  program_.selects.emplace_back();  // lists may hold selects of their own: no reference is kept
  Jumps ends;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SelectCase one = select_case(cases[i], at(where, i));
    one.target = here();
    program_.selects[mine].cases.push_back(one);
    list(cases[i].back(), at(at(where, i), cases[i].size() - 1));
    ends.push_back(emit(Op::jump));
  }
  if (!op[2].is_null()) {
    program_.selects[mine].has_default = true;
    program_.selects[mine].default_target = here();
    list(op[2], at(path, 2));
  }
  land(ends);
}

}  // namespace newproc::pattern
