// compile.cpp: bodies, lists, and the operations that are one instruction each.
#include "pattern/compile.hpp"

namespace newproc::pattern {

void Compiler::body(std::size_t index, const Json& ops, const std::string& path) {
  body_ = &program_.bodies[index];
  depth_ = 0;
  lists_ = 0;
  breaks_.assign(1, {});
  returns_.clear();
  body_->functions.assign(1, {});
  open_.assign(1, {0, 1, false});
  list(ops, path);
  land(breaks_[0]);  // without a loop, break leaves the body
  emit(Op::ret);
}

void Compiler::land(const Jumps& jumps) {
  for (const std::size_t i : jumps) body_->code[i].target = here();
}

void Compiler::list(const Json& ops, const std::string& path) {
  if (!ops.is_array()) throw Bad(path, quoted(ops) + " is no list of operations");
  ++lists_;
  for (std::size_t i = 0; i < ops.size(); ++i) operation(ops[i], at(path, i));
  --lists_;
}

void Compiler::operation(const Json& op, const std::string& path) {
  const OpShape& s = shape(op, path, program_.version);
  switch (s.op) {
    case Op::go: emit(Op::go, spawn(op, 1, path)); return;
    case Op::counter: return loop(op, s, path);
    case Op::unless: return s.name == "while" ? repeat(op, s, path) : branch(op, s, path);
    case Op::range: return range(op, s, path);
    case Op::choose: return choose(op, path);
    case Op::once_enter: return once(op, s, path);
    case Op::function_enter: return func(op, path);
    case Op::defer: return defer(op, path);
    case Op::recover: return recover(op, s, path);
    case Op::try_recv: return attempt(op, path);
    case Op::select: return select(op, path);
    case Op::jump: return breaks_.back().push_back(emit(Op::jump));
    case Op::ret:
      if (returns_.empty())
        emit(Op::ret);
      else
        returns_.back().push_back(emit(Op::jump));
      return;
    default: simple(op, s, path);
  }
}

/// What "new" and "cond" make anew.
void Compiler::check_slot(const OpShape& shape, const Instruction& in, const std::string& path) const {
  if (shape.op != Op::make && shape.op != Op::make_cond) return;
  const std::size_t i = Ref::index(in.a);
  const Kind kind = body_->slots[i];
  if (shape.op == Op::make_cond && kind != Kind::cond) throw Bad(path, "slot " + std::to_string(i) + " holds no cond");
  if (shape.op == Op::make_cond) return;
  if (kind == Kind::chan) throw Bad(path, "\"new\" makes no channel; use \"chan\"");
  if (kind == Kind::timer) throw Bad(path, "\"new\" makes no timer; use \"timer\"");
  if (kind == Kind::context) throw Bad(path, "\"new\" makes no context; use \"withcancel\"");
}

/// One instruction of the operands that the shape names; lists among them are left to the caller.
std::size_t Compiler::simple(const Json& op, const OpShape& shape, const std::string& path) {
  Value values[kMostOperands] = {};
  std::size_t n = 0;
  Instruction in{shape.op};
  for (std::size_t i = 0; i < shape.arguments.size(); ++i) {
    const char kind = shape.arguments[i];
    const std::string where = at(path, i + 1);
    if (kind == 'l' || kind == 'f') continue;
    if (kind == 'q') {
      const auto known = [&](std::size_t c) { return op[i + 1] == kCompares[c]; };
      std::size_t c = 0;
      while (c < std::size(kCompares) && !known(c)) ++c;
      if (c == std::size(kCompares)) throw Bad(where, quoted(op[i + 1]) + " is no comparison; there are: == != < <= > >=");
      in.compare = static_cast<Compare>(c);
    } else if (kind == 'L') {
      locker(op[i + 1], where, values, n);
    } else if (kind == 'b') {
      values[n++] = {spawn(op, i + 1, path)};
      break;
    } else {
      values[n++] = argument(kind, op[i + 1], where);
    }
  }
  if (n < 2 && (shape.op == Op::recv || shape.op == Op::range || shape.op == Op::stop || shape.op == Op::err)) values[n++] = {Ref::kNone};
  if (n == 0 && shape.op == Op::panic) values[n++] = {Ref::kNone};
  in.a = values[0].number;
  in.b = values[1].number;
  in.var = values[1].var;
  if (n > 2) {
    in.target = static_cast<std::uint32_t>(program_.operands.size());
    program_.operands.insert(program_.operands.end(), values + 2, values + n);
  }
  check_slot(shape, in, at(path, 1));
  body_->code.push_back(in);
  return body_->code.size() - 1;
}

}  // namespace newproc::pattern
