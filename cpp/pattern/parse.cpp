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
    const std::int64_t capacity = integer((*chans)[i], at("chans", i));
    if (capacity < 0 || capacity > kMostCount)
      throw Bad(at("chans", i), "capacity " + std::to_string(capacity) + " is outside of 0 to " + std::to_string(kMostCount));
    out.chans.push_back(static_cast<std::size_t>(capacity));
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

void compile(const Json& doc, Program& out) {
  if (!doc.is_object()) throw Bad("", quoted(doc) + " is no object; a pattern is {\"bodies\": [[op, ...], ...], ...}");
  if (const auto name = doc.find("name"); name != doc.end()) {
    if (!name->is_string()) throw Bad("name", quoted(*name) + " is no text");
    out.name = name->get<std::string>();
  }
  out.hash = hash_of(doc);
  out.mutexes = table(doc, "mutexes");
  out.rwmutexes = table(doc, "rwmutexes");
  out.waitgroups = table(doc, "waitgroups");
  out.conds = table(doc, "conds");
  out.onces = table(doc, "onces");
  read_chans(doc, out);
  out.vars = table(doc, "vars");
  read_atomics(doc, out.vars, out);
  const auto bodies = doc.find("bodies");
  if (bodies == doc.end()) throw Bad("bodies", "missing; give [[op, ...], ...], the first is main's");
  if (!bodies->is_array()) throw Bad("bodies", quoted(*bodies) + " is no list of bodies");
  if (bodies->empty()) throw Bad("bodies", "empty; body 0 is the main goroutine");
  Compiler compiler(out, bodies->size());
  for (std::size_t i = 0; i < bodies->size(); ++i) out.bodies.push_back(compiler.body((*bodies)[i], at("bodies", i)));
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
