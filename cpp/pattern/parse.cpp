// parse.cpp: the document of a pattern: its tables, and its bodies in turn.
#include "pattern/compile.hpp"

namespace newproc::pattern {
namespace {

std::uint32_t table(const Json& doc, const char* key) { return static_cast<std::uint32_t>(count(doc, key)); }

void read_chans(const Json& doc, Program& out) {
  const auto chans = doc.find("chans");
  if (chans == doc.end()) return;
  if (!chans->is_array()) throw Bad("chans", quoted(*chans) + " is no list of capacities");
  if (chans->size() > static_cast<std::size_t>(kMostCount))
    throw Bad("chans", std::to_string(chans->size()) + " channels; the most is " + std::to_string(kMostCount));
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < chans->size(); ++i) {
    if (out.version >= 2 && (*chans)[i].is_null()) {
      out.chans.push_back(kNil);
      continue;
    }
    const std::int64_t capacity = integer((*chans)[i], at("chans", i));
    if (capacity < 0 || capacity > kMostCount)
      throw Bad(at("chans", i), "capacity " + std::to_string(capacity) + " is outside of 0 to " + std::to_string(kMostCount));
    out.chans.push_back(capacity);
    all += static_cast<std::uint64_t>(capacity);
  }
  if (all > kMostBuffer) throw Bad("chans", "capacities of " + std::to_string(all) + " together; the most is " + std::to_string(kMostBuffer));
}

void read_atomics(const Json& doc, std::int64_t vars, Program& out) {
  const auto atomics = doc.find("atomics");
  if (atomics == doc.end()) return;
  if (!atomics->is_array()) throw Bad("atomics", quoted(*atomics) + " is no list of variables");
  for (std::size_t i = 0; i < atomics->size(); ++i) {
    const std::int64_t v = integer((*atomics)[i], at("atomics", i));
    if (v < 0 || v >= vars) throw Bad(at("atomics", i), "no variable " + std::to_string(v) + "; the pattern has " + std::to_string(vars) + "; raise \"vars\"");
    out.atomics.resize(static_cast<std::size_t>(vars));
    out.atomics[static_cast<std::size_t>(v)] = true;
  }
}

/// FNV-1a: the same on every machine.
std::uint32_t hash_of(Json doc) {
  doc.erase("name");
  std::uint32_t hash = 2166136261u;
  for (const char c : doc.dump(-1, ' ', false, Json::error_handler_t::replace)) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

void read_version(const Json& doc, Program& out) {
  const auto version = doc.find("version");
  if (version == doc.end()) return;
  const std::int64_t v = integer(*version, "version");
  if (v != 1 && v != 2) throw Bad("version", std::to_string(v) + " is not known; there are 1 and 2");
  out.version = static_cast<int>(v);
}

/// A count, or in version 2 what each of them locks.
void read_conds(const Json& doc, Program& out) {
  const auto conds = doc.find("conds");
  if (conds == doc.end() || out.version < 2 || !conds->is_array()) {
    out.conds.resize(table(doc, "conds"));
    return;
  }
  if (conds->size() > static_cast<std::size_t>(kMostCount))
    throw Bad("conds", std::to_string(conds->size()) + " conds; the most is " + std::to_string(kMostCount));
  for (std::size_t i = 0; i < conds->size(); ++i)
    out.conds.push_back((*conds)[i].is_null() ? CondSpec{} : read_locker((*conds)[i], at("conds", i), out));
}

constexpr const char* kKindWords[kKinds] = {"chan", "mutex", "rwmutex", "waitgroup", "cond", "once", "var", "timer", "context"};

std::vector<Kind> read_slots(const Json& list, const std::string& path) {
  if (!list.is_array()) throw Bad(path, quoted(list) + " is no list of kinds");
  if (list.size() > kMostSlots) throw Bad(path, std::to_string(list.size()) + " slots; the most is " + std::to_string(kMostSlots));
  std::vector<Kind> out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::size_t k = 0;
    while (k < kKinds && list[i] != kKindWords[k]) ++k;
    if (k == kKinds) throw Bad(at(path, i), quoted(list[i]) + " is no kind; there are: chan mutex rwmutex waitgroup cond once var timer context");
    out.push_back(static_cast<Kind>(k));
  }
  return out;
}

/// What each body's slots hold; bodies without a list have none.
void read_all_slots(const Json& doc, Program& out) {
  const auto slots = doc.find("slots");
  if (slots == doc.end() || out.version < 2) return;
  if (!slots->is_array()) throw Bad("slots", quoted(*slots) + " is no list of lists of kinds, one for each body");
  if (slots->size() > out.bodies.size())
    throw Bad("slots", std::to_string(slots->size()) + " lists for " + std::to_string(out.bodies.size()) + " bodies");
  for (std::size_t i = 0; i < slots->size(); ++i) out.bodies[i].slots = read_slots((*slots)[i], at("slots", i));
}

void compile(const Json& doc, Program& out) {
  if (!doc.is_object()) throw Bad("", quoted(doc) + " is no object; a pattern is {\"bodies\": [[op, ...], ...], ...}");
  if (const auto name = doc.find("name"); name != doc.end()) {
    if (!name->is_string()) throw Bad("name", quoted(*name) + " is no text");
    out.name = name->get<std::string>();
  }
  out.hash = hash_of(doc);
  read_version(doc, out);
  out.mutexes = table(doc, "mutexes");
  out.rwmutexes = table(doc, "rwmutexes");
  out.waitgroups = table(doc, "waitgroups");
  read_conds(doc, out);
  out.onces = table(doc, "onces");
  if (out.version >= 2) {
    out.timers = table(doc, "timers");
    out.contexts = table(doc, "contexts");
  }
  read_chans(doc, out);
  out.vars = table(doc, "vars");
  read_atomics(doc, out.vars, out);
  const auto bodies = doc.find("bodies");
  if (bodies == doc.end()) throw Bad("bodies", "missing; give [[op, ...], ...], the first is main's");
  if (!bodies->is_array()) throw Bad("bodies", quoted(*bodies) + " is no list of bodies");
  if (bodies->empty()) throw Bad("bodies", "empty; body 0 is the main goroutine");
  out.operands.assign(2, {Ref::kNone});  // of instructions that have no further ones
  out.bodies.resize(bodies->size());
  read_all_slots(doc, out);
  Compiler compiler(out);
  for (std::size_t i = 0; i < bodies->size(); ++i) compiler.body(i, (*bodies)[i], at("bodies", i));
}

}  // namespace

bool parse(const char* text, std::size_t size, Program& out, std::string& why) {
  try {
    out = Program{};
    compile(read(text, size), out);
    return true;
  } catch (const Bad& e) {
    why = e.what();
  } catch (const Json::exception& e) {
    why = e.what();
  }
  return false;
}

}  // namespace newproc::pattern
