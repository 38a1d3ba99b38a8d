#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "pattern/ops.hpp"
#include "pattern/program.hpp"

namespace newproc::pattern {
namespace {

using Json = nlohmann::json;

struct Bad : std::runtime_error {
  Bad(const std::string& path, const std::string& what) : runtime_error(path.empty() ? what : path + ": " + what) {}
};

std::string quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text;
}

std::string at(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

// The JSON reader recurses, and so do we: the depth is bounded before either begins.
void check_depth(const char* text, std::size_t size) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostNesting)
        throw Bad("", "brackets nest deeper than " + std::to_string(kMostNesting) + " at byte " + std::to_string(i));
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
}

Json read(const char* text, std::size_t size) {
  if (size > kMostBytes) throw Bad("", "the text has " + std::to_string(size) + " bytes; the most is " + std::to_string(kMostBytes));
  if (const void* nul = std::memchr(text, 0, size))  // the reader would take it for the end
    throw Bad("", "byte " + std::to_string(static_cast<const char*>(nul) - text) + " is NUL; give the length without the terminator");
  check_depth(text, size);
  std::vector<std::set<std::string>> keys;
  const auto look = [&keys](int, Json::parse_event_t event, Json& value) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second)
      throw Bad("", "key " + quoted(value) + " is there twice");
    return true;
  };
  try {
    return Json::parse(text, text + size, look);
  } catch (const Json::parse_error& e) {
    const std::string_view what = e.what();  // "[json.exception.parse_error.101] parse error at line ..."
    const auto from = what.find("] ");
    throw Bad("", "not JSON: " + std::string(from == what.npos ? what : what.substr(from + 2)));
  }
}

std::int64_t integer(const Json& value, const std::string& path) {
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
    throw Bad(path, quoted(value) + " is outside of 64 bits");
  if (value.is_number_float() && std::abs(value.get<double>()) >= 9223372036854775808.0)
    throw Bad(path, quoted(value) + " is outside of 64 bits");
  if (!value.is_number_integer()) throw Bad(path, quoted(value) + " is no integer");
  return value.get<std::int64_t>();
}

std::int64_t count(const Json& doc, const char* key) {
  const auto found = doc.find(key);
  if (found == doc.end()) return 0;
  const std::int64_t n = integer(*found, key);
  if (n < 0 || n > kMostCount) throw Bad(key, std::to_string(n) + " is outside of 0 to " + std::to_string(kMostCount));
  return n;
}

class Compiler {
 public:
  Compiler(Program& program, std::size_t bodies) : program_(program), bodies_(bodies) {}

  Body body(const Json& ops, const std::string& path) {
    Body out;
    body_ = &out;
    depth_ = 0;
    breaks_.assign(1, {});
    list(ops, path);
    const auto end = static_cast<std::uint32_t>(out.code.size());
    for (const std::size_t i : breaks_[0]) out.code[i].target = end;  // without a loop, break leaves the body
    emit(Op::ret);
    return out;
  }

 private:
  std::size_t emit(Op op, std::int64_t a = 0, std::int64_t b = 0) {
    body_->code.push_back({op, 0, a, b});
    return body_->code.size() - 1;
  }
  std::uint32_t here() const { return static_cast<std::uint32_t>(body_->code.size()); }

  void list(const Json& ops, const std::string& path) {
    if (!ops.is_array()) throw Bad(path, quoted(ops) + " is no list of operations");
    for (std::size_t i = 0; i < ops.size(); ++i) operation(ops[i], at(path, i));
  }

  const OpShape& shape(const Json& op, const std::string& path) const {
    if (!op.is_array() || op.empty()) throw Bad(path, quoted(op) + " is no operation; write [\"name\", ...]");
    if (!op[0].is_string()) throw Bad(at(path, 0), quoted(op[0]) + " is no name of an operation; there are: " + built());
    const auto& name = op[0].get_ref<const std::string&>();
    for (const OpShape& known : kOps) {
      if (known.name != name) continue;
      if (known.built) return known;
      throw Bad(at(path, 0), "operation \"" + name + "\" is not built yet; built are: " + built());
    }
    throw Bad(at(path, 0), "no operation " + quoted(op[0]) + "; there are: " + built());
  }
  static std::string built() {
    std::string names;
    for (const OpShape& known : kOps)
      if (known.built) names += (names.empty() ? "" : " ") + std::string(known.name);
    return names;
  }

  /// As it is written: ["go", body].
  static std::string usage(const OpShape& shape) {
    std::string text = "[\"" + std::string(shape.name) + "\"";
    for (const char kind : shape.arguments)
      text += kind == 'b' ? ", body" : kind == 'v' ? ", variable" : kind == 'l' ? ", [op, ...]" : ", number";
    return text + "]";
  }

  std::int64_t index(const Json& value, const std::string& path, std::int64_t size, const char* what, const char* key) const {
    const std::int64_t i = integer(value, path);
    if (i >= 0 && i < size) return i;
    throw Bad(path, "no " + std::string(what) + " " + std::to_string(i) + "; the pattern has " + std::to_string(size) +
                        (key[0] != '\0' ? "; raise \"" + std::string(key) + "\"" : ""));
  }

  void check(const Json& op, const OpShape& shape, const std::string& path, std::int64_t (&values)[2]) const {
    if (op.size() != shape.arguments.size() + 1)
      throw Bad(path, "\"" + std::string(shape.name) + "\" has " + std::to_string(op.size() - 1) +
                          " arguments; write " + usage(shape));
    for (std::size_t i = 0; i < shape.arguments.size() && i < 2; ++i) {
      const Json& value = op[i + 1];
      const std::string where = at(path, i + 1);
      switch (shape.arguments[i]) {
        case 'b': values[i] = index(value, where, static_cast<std::int64_t>(bodies_), "body", ""); break;
        case 'v': values[i] = index(value, where, program_.vars, "variable", "vars"); break;
        case 'i': values[i] = integer(value, where); break;
        default: break;
      }
    }
  }

  void operation(const Json& op, const std::string& path) {
    const OpShape& s = shape(op, path);
    std::int64_t v[2] = {0, 0};
    check(op, s, path, v);
    const std::string_view name = s.name;
    if (name == "loop") return loop(op, v[0], path);
    if (name == "if") return branch(op, v[0], v[1], path);
    if (name == "break") {
      breaks_.back().push_back(emit(Op::jump));
      return;
    }
    emit(plain(name), v[0], v[1]);
  }

  static Op plain(std::string_view name) {
    constexpr std::pair<std::string_view, Op> kPlain[] = {
        {"go", Op::go},   {"yield", Op::yield}, {"mark", Op::mark},     {"snap", Op::snap},      {"return", Op::ret},
        {"set", Op::set}, {"inc", Op::inc},     {"atomic", Op::atomic}, {"assert", Op::assert_}, {"goexit", Op::goexit},
        {"panic", Op::panic}};
    for (const auto& [known, op] : kPlain)
      if (known == name) return op;
    throw std::logic_error("an operation without code");
  }

  void loop(const Json& op, std::int64_t rounds, const std::string& path) {
    const std::int64_t slot = depth_++;
    if (depth_ > body_->counters) body_->counters = depth_;
    emit(Op::counter, slot, rounds);
    const std::size_t round = emit(Op::round, slot);
    breaks_.emplace_back();
    list(op[2], at(path, 2));
    body_->code[emit(Op::jump)].target = static_cast<std::uint32_t>(round);
    body_->code[round].target = here();
    for (const std::size_t i : breaks_.back()) body_->code[i].target = here();
    breaks_.pop_back();
    --depth_;
  }

  void branch(const Json& op, std::int64_t variable, std::int64_t value, const std::string& path) {
    const std::size_t unless = emit(Op::unless, variable, value);
    list(op[3], at(path, 3));
    const std::size_t skip = emit(Op::jump);
    body_->code[unless].target = here();
    list(op[4], at(path, 4));
    body_->code[skip].target = here();
  }

  Program& program_;
  std::size_t bodies_;
  Body* body_ = nullptr;
  std::uint32_t depth_ = 0;
  std::vector<std::vector<std::size_t>> breaks_;  // jumps out of each open loop, the body's own first
};

void check_chans(const Json& doc) {
  const auto chans = doc.find("chans");
  if (chans == doc.end()) return;
  if (!chans->is_array()) throw Bad("chans", quoted(*chans) + " is no list of capacities");
  for (std::size_t i = 0; i < chans->size(); ++i) {
    const std::int64_t capacity = integer((*chans)[i], at("chans", i));
    if (capacity < 0 || capacity > kMostCount) throw Bad(at("chans", i), "capacity " + std::to_string(capacity) + " is outside of 0 to " + std::to_string(kMostCount));
  }
}

void check_atomics(const Json& doc, std::int64_t vars) {
  const auto atomics = doc.find("atomics");
  if (atomics == doc.end()) return;
  if (!atomics->is_array()) throw Bad("atomics", quoted(*atomics) + " is no list of variables");
  for (std::size_t i = 0; i < atomics->size(); ++i) {
    const std::int64_t v = integer((*atomics)[i], at("atomics", i));
    if (v < 0 || v >= vars) throw Bad(at("atomics", i), "no variable " + std::to_string(v) + "; the pattern has " + std::to_string(vars) + "; raise \"vars\"");
  }
}

void compile(const Json& doc, Program& out) {
  if (!doc.is_object()) throw Bad("", quoted(doc) + " is no object; a pattern is {\"bodies\": [[op, ...], ...], ...}");
  if (const auto name = doc.find("name"); name != doc.end()) {
    if (!name->is_string()) throw Bad("name", quoted(*name) + " is no text");
    out.name = name->get<std::string>();
  }
  for (const char* key : {"mutexes", "rwmutexes", "waitgroups", "conds", "onces"}) (void)count(doc, key);
  check_chans(doc);
  out.vars = static_cast<std::uint32_t>(count(doc, "vars"));
  check_atomics(doc, out.vars);
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
