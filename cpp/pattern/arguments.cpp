// arguments.cpp: what an operation is given: objects by index or slot, values, lockers, arguments of go.
#include <cstring>

#include "pattern/compile.hpp"

namespace newproc::pattern {
namespace {

struct KindNames {
  Kind kind;
  const char* word;
  const char* key;  // of its table
};

constexpr KindNames kKindNames[] = {
    {Kind::chan, "channel", "chans"},       {Kind::mutex, "mutex", "mutexes"},   {Kind::rwmutex, "rwmutex", "rwmutexes"},
    {Kind::waitgroup, "waitgroup", "waitgroups"}, {Kind::cond, "cond", "conds"}, {Kind::once, "once", "onces"},
    {Kind::var, "variable", "vars"},        {Kind::timer, "timer", "timers"},    {Kind::context, "context", "contexts"},
};

const KindNames& names(Kind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

std::size_t table_size(const Program& p, Kind kind) {
  switch (kind) {
    case Kind::chan: return p.chans.size();
    case Kind::mutex: return p.mutexes;
    case Kind::rwmutex: return p.rwmutexes;
    case Kind::waitgroup: return p.waitgroups;
    case Kind::cond: return p.conds.size();
    case Kind::once: return p.onces;
    case Kind::var: return p.vars;
    case Kind::timer: return p.timers;
    default: return p.contexts;
  }
}

std::int64_t index(const Json& value, const std::string& path, std::size_t size, const char* what, const char* key) {
  const std::int64_t i = integer(value, path);
  if (i >= 0 && static_cast<std::uint64_t>(i) < size) return i;
  throw Bad(path, "no " + std::string(what) + " " + std::to_string(i) + "; the pattern has " + std::to_string(size) +
                      (key[0] != '\0' ? "; raise \"" + std::string(key) + "\"" : ""));
}

/// ["word", x]
bool tagged(const Json& value, const char* word) {
  return value.is_array() && value.size() == 2 && value[0].is_string() && value[0].get_ref<const std::string&>() == word;
}

}  // namespace

/// "$3" of the body that is being compiled.
std::int64_t Compiler::slot(const std::string& name, const std::string& path) const {
  std::size_t i = 0;
  bool good = name.size() >= 2 && name.size() <= 4 && name[0] == '$' && (name[1] != '0' || name.size() == 2);
  for (std::size_t at = 1; good && at < name.size(); ++at) {
    good = name[at] >= '0' && name[at] <= '9';
    i = i * 10 + static_cast<std::size_t>(name[at] - '0');
  }
  if (!good) throw Bad(path, quoted(Json(name)) + " names no slot; write \"$0\", \"$1\", ...");
  if (i >= body_->slots.size())
    throw Bad(path, "no slot " + std::to_string(i) + "; the body has " + std::to_string(body_->slots.size()) + "; name its kind in \"slots\"");
  return static_cast<std::int64_t>(i);
}

std::int64_t Compiler::object(Kind kind, const Json& value, const std::string& path) const {
  if (program_.version < 2 || !value.is_string())
    return index(value, path, table_size(program_, kind), names(kind).word, names(kind).key);
  const std::int64_t i = slot(value.get_ref<const std::string&>(), path);
  const Kind is = body_->slots[static_cast<std::size_t>(i)];
  if (is != kind) throw Bad(path, "slot " + std::to_string(i) + " holds a " + names(is).word + ", not a " + names(kind).word);
  return Ref::pack(Ref::slot, i);
}

/// A channel to receive from: of the table, a slot, a timer or a context.
std::int64_t Compiler::channel(const Json& value, const std::string& path) const {
  const auto of = [&](Kind kind, Ref::Space in_table, Ref::Space in_slot) {
    const std::int64_t ref = object(kind, value[1], at(path, 1));
    return Ref::pack(Ref::space(ref) == Ref::table ? in_table : in_slot, static_cast<std::int64_t>(Ref::index(ref)));
  };
  if (program_.version >= 2 && tagged(value, "timer")) return of(Kind::timer, Ref::timer_table, Ref::timer_slot);
  if (program_.version >= 2 && tagged(value, "done")) return of(Kind::context, Ref::done_table, Ref::done_slot);
  return object(Kind::chan, value, path);
}

Value Compiler::value(const Json& value, const std::string& path) const {
  if (program_.version >= 2 && tagged(value, "var")) return {object(Kind::var, value[1], at(path, 1)), true};
  if (program_.version >= 2 && !value.is_number()) throw Bad(path, quoted(value) + " is no value; write a number or [\"var\", variable]");
  return {integer(value, path), false};
}

Value Compiler::argument(char kind, const Json& value, const std::string& path) {
  switch (kind) {
    case 'b': return {index(value, path, program_.bodies.size(), "body", "")};
    case 'v': return {object(Kind::var, value, path)};
    case 'V': return {value.is_null() ? Ref::kNone : object(Kind::var, value, path)};
    case 'c': return {object(Kind::chan, value, path)};
    case 'S': return {channel(value, path)};
    case 'm': return {object(Kind::mutex, value, path)};
    case 'r': return {object(Kind::rwmutex, value, path)};
    case 'w': return {object(Kind::waitgroup, value, path)};
    case 'k': return {object(Kind::cond, value, path)};
    case 'o': return {object(Kind::once, value, path)};
    case 't': return {object(Kind::timer, value, path)};
    case 'n': return {object(Kind::context, value, path)};
    case 'N': return {value.is_null() ? Ref::kNone : object(Kind::context, value, path)};
    case 'x': return this->value(value, path);
    case 'C': {
      if (value.is_null()) return {kNil};
      const std::int64_t capacity = integer(value, path);
      if (capacity < 0 || capacity > kMostCount)
        throw Bad(path, "capacity " + std::to_string(capacity) + " is outside of 0 to " + std::to_string(kMostCount));
      return {capacity};
    }
    case 's': {
      if (!value.is_string()) throw Bad(path, quoted(value) + " names no slot; write \"$0\", \"$1\", ...");
      const std::int64_t i = slot(value.get_ref<const std::string&>(), path);
      return {Ref::pack(Ref::slot, i)};
    }
    case 'T': {
      if (!value.is_string() || value.get_ref<const std::string&>().size() > kMostText)
        throw Bad(path, quoted(value) + " is no text of at most " + std::to_string(kMostText) + " bytes");
      for (const char c : value.get_ref<const std::string&>())
        if (c < ' ' || c > '~') throw Bad(path, quoted(value) + " has characters other than those of ASCII that print");
      program_.texts.push_back(value.get<std::string>());
      return {static_cast<std::int64_t>(program_.texts.size() - 1)};
    }
    default: return {integer(value, path)};
  }
}

/// What go and afterfunc start; `body` is where in the operation that is named, its arguments follow.
std::int64_t Compiler::spawn(const Json& op, std::size_t body, const std::string& path) {
  Spawn out;
  out.body = static_cast<std::uint32_t>(argument('b', op[body], at(path, body)).number);
  const std::vector<Kind>& slots = program_.bodies[out.body].slots;
  const std::size_t given = op.size() - body - 1;
  if (given > slots.size())
    throw Bad(path, std::to_string(given) + " arguments for body " + std::to_string(out.body) + ", which has " +
                        std::to_string(slots.size()) + " slots; name their kinds in \"slots\"");
  for (std::size_t i = 0; i < given; ++i) {
    const Json& one = op[body + 1 + i];
    const std::string where = at(path, body + 1 + i);
    if (tagged(one, "value") && slots[i] == Kind::var)
      out.arguments.push_back({true, value(one[1], at(where, 1))});
    else
      out.arguments.push_back({false, {object(slots[i], one, where)}});
  }
  program_.spawns.push_back(std::move(out));
  return static_cast<std::int64_t>(program_.spawns.size() - 1);
}

CondSpec read_locker(const Json& value, const std::string& path, const Program& program) {
  const char* form = " is no locker; write [\"mutex\", mutex], [\"rwmutex\", rwmutex] or [\"rlocker\", rwmutex]";
  const bool mutex = tagged(value, "mutex"), writes = tagged(value, "rwmutex"), reads = tagged(value, "rlocker");
  if (!mutex && !writes && !reads) throw Bad(path, quoted(value) + form);
  const Kind kind = mutex ? Kind::mutex : Kind::rwmutex;
  const std::int64_t i = index(value[1], at(path, 1), table_size(program, kind), names(kind).word, names(kind).key);
  return {mutex ? CondSpec::mutex : writes ? CondSpec::rwmutex : CondSpec::rlocker, static_cast<std::uint32_t>(i)};
}

/// Of the operation "cond": which kind, and the object, which may be in a slot.
void Compiler::locker(const Json& value, const std::string& path, Value (&out)[kMostOperands], std::size_t& n) const {
  const bool in_slot = value.is_array() && value.size() == 2 && value[1].is_string();
  if (!in_slot) {
    const CondSpec spec = read_locker(value, path, program_);
    out[n++] = {spec.locker};
    out[n++] = {spec.index};
    return;
  }
  Json named = value;
  const bool mutex = tagged(value, "mutex");
  named[1] = 0;  // the form is checked as if it were one of a table
  Program any;
  any.mutexes = any.rwmutexes = 1;
  out[n++] = {read_locker(named, path, any).locker};
  out[n++] = {object(mutex ? Kind::mutex : Kind::rwmutex, value[1], at(path, 1))};
}

}  // namespace newproc::pattern
