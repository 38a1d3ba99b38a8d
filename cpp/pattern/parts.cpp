#include "pattern/parts.hpp"

#include <cstring>

namespace newproc::pattern {
namespace {

bool tagged(const Json& value) { return value.is_array() && value.size() == 2 && value[0].is_string(); }

Kind kind_of(char letter) {
  switch (letter) {
    case 'c':
    case 'S': return Kind::chan;
    case 'm': return Kind::mutex;
    case 'r': return Kind::rwmutex;
    case 'w': return Kind::waitgroup;
    case 'k': return Kind::cond;
    case 'o': return Kind::once;
    case 't': return Kind::timer;
    case 'n':
    case 'N': return Kind::context;
    default: return Kind::var;
  }
}

void of_case(Json& one, std::vector<Operand>& out) {
  const bool send = one[0] == "send";
  out.push_back({send ? 'c' : 'S', &one[1], 0});
  for (std::size_t i = 2; i + 1 < one.size(); ++i) out.push_back({send ? 'x' : 'V', &one[i], 0});
}

void of_try(Json& op, std::vector<Operand>& out) {
  out.push_back({op[1] == "send" ? 'c' : 'S', &op[2], 0});
  if (op.size() > 3) out.push_back({'x', &op[3], 0});
}

void of_operation(Json& op, int version, std::vector<Operand>& out) {
  const std::string_view letters = shape(op, "", version).arguments;
  for (std::size_t i = 0; i < letters.size() && i + 1 < op.size(); ++i) {
    if (std::strchr("lfB*", letters[i]) != nullptr) continue;
    if (letters[i] != 'A') {
      out.push_back({letters[i], &op[i + 1], 0});
      continue;
    }
    for (std::size_t at = i + 1; at < op.size(); ++at) out.push_back({'A', &op[at], at - i - 1});
  }
}

}  // namespace

std::vector<Operand> operands_of(const Part& part, int version) {
  std::vector<Operand> out;
  if (part.is == PartIs::one_case)
    of_case(part.json, out);
  else if (part.is == PartIs::operation && part.json[0] == "try")
    of_try(part.json, out);
  else if (part.is == PartIs::operation)
    of_operation(part.json, version, out);
  return out;
}

std::vector<Reference> references_of(const Part& part, int version, const Slots& slots) {
  std::vector<Reference> out;
  for (Operand one : operands_of(part, version)) {
    Json& value = *one.value;
    Kind kind = kind_of(one.kind);
    if (one.kind == 'A') {
      if (tagged(value)) {
        one = {'x', &value[1], 0};
      } else {
        kind = slots.at(started_by(part)->get<std::size_t>()).at(one.argument);
      }
    }
    switch (one.kind) {
      case 'b':
      case 'i':
      case 'q':
      case 'C':
      case 'T': break;
      case 'x':
        if (tagged(*one.value)) out.push_back({Kind::var, &(*one.value)[1], false});
        break;
      case 'S':
        if (tagged(value)) out.push_back({value[0] == "timer" ? Kind::timer : Kind::context, &value[1], false});
        else out.push_back({kind, &value, false});
        break;
      case 'L': out.push_back({value[0] == "mutex" ? Kind::mutex : Kind::rwmutex, &value[1], false}); break;
      case 's': out.push_back({kind, &value, false}); break;  // of any kind, but of no table
      case 'V':
      case 'N':
        if (!value.is_null()) out.push_back({kind, &value, true});
        break;
      default: out.push_back({kind, &value, false});
    }
  }
  return out;
}

Json* started_by(const Part& part) {
  if (part.is != PartIs::operation) return nullptr;
  if (part.json[0] == "go") return &part.json[1];
  return part.json[0] == "afterfunc" ? &part.json[3] : nullptr;
}

std::size_t first_argument(const Json& op) { return op[0] == "go" ? 2 : 4; }

std::vector<Json*> lists_of(Json& op, int version) {
  std::vector<Json*> out;
  if (op[0] == "select") {
    for (Json& one : op[1]) out.push_back(&one.back());
    if (!op[2].is_null()) out.push_back(&op[2]);
    return out;
  }
  const std::string_view letters = shape(op, "", version).arguments;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] == 'l' || letters[i] == 'f') out.push_back(&op[i + 1]);
    if (letters[i] == 'B')
      for (std::size_t at = i + 1; at < op.size(); ++at) out.push_back(&op[at]);
  }
  return out;
}

const char* table_of(Kind kind) {
  constexpr const char* kTables[kKinds] = {"chans", "mutexes", "rwmutexes", "waitgroups", "conds", "onces", "vars", "timers", "contexts"};
  return kTables[static_cast<std::size_t>(kind)];
}

}  // namespace newproc::pattern
