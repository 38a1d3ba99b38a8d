// control.cpp: operations that hold lists: loops, branches, functions, selects.
#include <algorithm>

#include "pattern/compile.hpp"

namespace newproc::pattern {

/// The list of a loop whose test is at `head`, which goes past it.
void Compiler::rounds(const Json& ops, const std::string& path, std::size_t head) {
  breaks_.emplace_back();
  list(ops, path);
  body_->code[emit(Op::jump, body_->code[head].op == Op::unless)].target = static_cast<std::uint32_t>(head);
  body_->code[head].target = here();
  land(breaks_.back());
  breaks_.pop_back();
}

void Compiler::loop(const Json& op, const OpShape&, const std::string& path) {
  const std::int64_t slot = depth_++;
  body_->loops = std::max(body_->loops, depth_);
  emit(Op::counter, slot, integer(op[1], at(path, 1)));
  rounds(op[2], at(path, 2), emit(Op::round, slot));
  --depth_;
}

void Compiler::repeat(const Json& op, const OpShape& shape, const std::string& path) {
  rounds(op.back(), at(path, op.size() - 1), simple(op, shape, path));
}

void Compiler::range(const Json& op, const OpShape& shape, const std::string& path) {
  rounds(op.back(), at(path, op.size() - 1), simple(op, shape, path));
}

void Compiler::branch(const Json& op, const OpShape& shape, const std::string& path) {
  const std::size_t unless = simple(op, shape, path), yes = op.size() - 2;
  list(op[yes], at(path, yes));
  const std::size_t skip = emit(Op::jump);
  body_->code[unless].target = here();
  list(op[yes + 1], at(path, yes + 1));
  body_->code[skip].target = here();
}

void Compiler::choose(const Json& op, const std::string& path) {
  if (op.size() - 1 > kMostCases)
    throw Bad(path, std::to_string(op.size() - 1) + " branches; the most is " + std::to_string(kMostCases));
  const std::size_t mine = program_.choices.size();
  emit(Op::choose, static_cast<std::int64_t>(mine));
  program_.choices.emplace_back();  // lists may hold choices of their own: no reference is kept
  Jumps ends;
  for (std::size_t i = 1; i < op.size(); ++i) {
    program_.choices[mine].push_back(here());
    list(op[i], at(path, i));
    ends.push_back(emit(Op::jump));
  }
  land(ends);
}

/// The list of a function. break and return leave just it.
std::uint32_t Compiler::function(const Json& ops, const std::string& path, bool deferred) {
  const auto mine = static_cast<std::uint32_t>(body_->functions.size());
  body_->functions.emplace_back();
  body_->functions[mine].entry = here();
  open_.push_back({mine, lists_ + 1, deferred});
  body_->calls = std::max(body_->calls, static_cast<std::uint32_t>(open_.size()));
  breaks_.emplace_back();
  returns_.emplace_back();
  list(ops, path);
  land(breaks_.back());
  land(returns_.back());
  breaks_.pop_back();
  returns_.pop_back();
  open_.pop_back();
  emit(Op::function_leave);
  return mine;
}

void Compiler::once(const Json& op, const OpShape& shape, const std::string& path) {
  const std::size_t enter = simple(op, shape, path);
  const std::uint32_t mine = function(op[2], at(path, 2), false);
  body_->code[enter].b = mine;
  body_->code[enter].target = here();
  emit(Op::once_log, body_->code[enter].a);
}

void Compiler::func(const Json& op, const std::string& path) {
  const std::size_t enter = emit(Op::function_enter);
  const std::uint32_t mine = function(op[1], at(path, 1), false);
  body_->code[enter].a = mine;
  body_->code[enter].target = here();
}

/// Which calls a function has still to make is a number if its defers run in one order: none in a branch or a loop.
void Compiler::defer(const Json& op, const std::string& path) {
  if (lists_ != open_.back().lists || open_.back().deferred)
    throw Bad(path, "\"defer\" stands in the list of a loop, a branch, a select or a defer; put it directly into the list of a body, a func or a once");
  const std::uint32_t owner = open_.back().function;
  emit(Op::defer);
  const std::size_t skip = emit(Op::jump);
  const std::uint32_t mine = function(op[1], at(path, 1), true);
  body_->functions[owner].defers.push_back(mine);
  body_->code[skip].target = here();
  body_->defers = true;
}

void Compiler::recover(const Json& op, const OpShape& shape, const std::string& path) {
  if (!open_.back().deferred || lists_ != open_.back().lists)
    throw Bad(path, "\"recover\" stands outside of a defer; put it directly into the list of a \"defer\"");
  Instruction& in = body_->code[simple(op, shape, path)];
  if (op.size() == 1) in.a = Ref::kNone;
}

/// "try": a select with one case and a default.
void Compiler::attempt(const Json& op, const std::string& path) {
  if (op.size() < 2) wrong_count(op, path, program_.version);
  const bool send = op[1] == "send";
  if (!send && op[1] != "recv") throw Bad(at(path, 1), quoted(op[1]) + " is neither \"send\" nor \"recv\"");
  if (op.size() != (send ? 4u : 3u)) wrong_count(op, path, program_.version);
  const std::int64_t chan = argument(send ? 'c' : 'S', op[2], at(path, 2)).number;
  const Value sent = send ? value(op[3], at(path, 3)) : Value{};
  body_->code[emit(send ? Op::try_send : Op::try_recv, chan, sent.number)].var = sent.var;
}

SelectCase Compiler::select_case(const Json& one, const std::string& path) {
  const bool second = program_.version >= 2;
  const char* form = second ? "; write [\"recv\", channel, variable or null, variable or null, [op, ...]], without variables that are not wanted, or [\"send\", channel, number, [op, ...]]"
                            : "; write [\"recv\", channel, [op, ...]] or [\"send\", channel, number, [op, ...]]";
  if (!one.is_array() || one.empty()) throw Bad(path, quoted(one) + " is no case" + form);
  SelectCase out;
  out.send = one[0] == "send";
  if (!out.send && one[0] != "recv") throw Bad(at(path, 0), quoted(one[0]) + " is neither \"send\" nor \"recv\"");
  const std::size_t most = out.send ? 4 : second ? 5 : 3;
  if (one.size() > most || one.size() < (out.send ? 4u : 3u)) throw Bad(path, "a case of " + std::to_string(one.size()) + " parts" + form);
  out.chan = argument(out.send ? 'c' : 'S', one[1], at(path, 1)).number;
  if (out.send) {
    out.value = value(one[2], at(path, 2));
    return out;
  }
  if (one.size() > 3) out.to = argument('V', one[2], at(path, 2)).number;
  if (one.size() > 4) out.ok = argument('V', one[3], at(path, 3)).number;
  return out;
}

void Compiler::select(const Json& op, const std::string& path) {
  if (op.size() != 3) wrong_count(op, path, program_.version);
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
