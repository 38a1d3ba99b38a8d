// shapes.cpp: finding an operation in the table, and saying how it is written.
#include "pattern/compile.hpp"

namespace newproc::pattern {
namespace {

std::string all_names(int version) {
  std::string names;
  for (const OpShape& known : kOps) {
    if (known.version > version) continue;
    const std::string name(known.name);
    if ((" " + names + " ").find(" " + name + " ") == std::string::npos) names += (names.empty() ? "" : " ") + name;
  }
  return names;
}

const char* word(char kind) {
  switch (kind) {
    case 'b': return "body";
    case 'v': return "variable";
    case 'V': return "variable or null";
    case 'q': return "\"==\"";
    case 'l':
    case 'f': return "[op, ...]";
    case 'B': return "[op, ...], [op, ...], ...";
    case 'c':
    case 'S': return "channel";
    case 'C': return "capacity or null";
    case 'm': return "mutex";
    case 'r': return "rwmutex";
    case 'w': return "waitgroup";
    case 'k': return "cond";
    case 'o': return "once";
    case 't': return "timer";
    case 'n': return "context";
    case 'N': return "context or null";
    case 's': return "\"$slot\"";
    case 'L': return "[\"mutex\", mutex]";
    case 'T': return "text";
    case 'A': return "argument, ...";
    default: return "number";
  }
}

/// As it is written: ["go", body].
std::string usage(const OpShape& shape, int version) {
  if (shape.name == "try") return "[\"try\", \"send\", channel, number] or [\"try\", \"recv\", channel]";
  if (shape.name == "select" && version == 1)
    return "[\"select\", [[\"recv\", channel, [op, ...]], [\"send\", channel, number, [op, ...]], ...], [op, ...] or null]";
  if (shape.name == "select")
    return "[\"select\", [[\"recv\", channel, variable, variable, [op, ...]], [\"send\", channel, number, [op, ...]], ...], [op, ...] or null]";
  std::string text = "[\"" + std::string(shape.name) + "\"";
  for (const char kind : shape.arguments) text += std::string(", ") + word(kind);
  return text + "]";
}

bool fits(const OpShape& shape, std::size_t given) {
  if (shape.arguments == "*") return true;
  if (!shape.arguments.empty() && (shape.arguments.back() == 'A' || shape.arguments.back() == 'B'))
    return given + 1 >= shape.arguments.size() && (given > 0 || shape.arguments.back() == 'A');
  return given == shape.arguments.size();
}

}  // namespace

const OpShape& shape(const Json& op, const std::string& path, int version) {
  if (!op.is_array() || op.empty()) throw Bad(path, quoted(op) + " is no operation; write [\"name\", ...]");
  if (!op[0].is_string())
    throw Bad(at(path, 0), quoted(op[0]) + " is no name of an operation; there are: " + all_names(version));
  const auto& name = op[0].get_ref<const std::string&>();
  bool named = false, later = false;
  for (const OpShape& known : kOps) {
    if (known.name != name) continue;
    if (known.version > version) {
      later = later || fits(known, op.size() - 1);
      continue;
    }
    named = true;
    if (fits(known, op.size() - 1)) return known;
  }
  if (named) wrong_count(op, path, version);
  if (later) throw Bad(at(path, 0), "operation " + quoted(op[0]) + " is of version 2; add \"version\": 2 to the pattern");
  throw Bad(at(path, 0), "no operation " + quoted(op[0]) + "; there are: " + all_names(version));
}

void wrong_count(const Json& op, const std::string& path, int version) {
  const auto& name = op[0].get_ref<const std::string&>();
  std::string forms;
  for (const OpShape& known : kOps)
    if (known.name == name && known.version <= version) forms += (forms.empty() ? "" : " or ") + usage(known, version);
  throw Bad(path, "\"" + name + "\" has " + std::to_string(op.size() - 1) + " arguments; write " + forms);
}

}  // namespace newproc::pattern
