// ops.hpp: the operations of the pattern language: what each takes, and which are built.
#pragma once
#include <string_view>

namespace newproc::pattern {

/// Kinds of arguments, one letter each: b body, v variable, i integer, l list of operations, and for the
/// operations that are not built yet nothing is said.
struct OpShape {
  std::string_view name;
  std::string_view arguments;
  bool built;
};

constexpr OpShape kOps[] = {
    {"go", "b", true},      {"yield", "", true},       {"mark", "i", true},     {"snap", "", true},
    {"loop", "il", true},   {"break", "", true},       {"return", "", true},    {"set", "vi", true},
    {"inc", "v", true},     {"atomic", "vi", true},    {"if", "vill", true},    {"assert", "vi", true},
    {"goexit", "", true},   {"panic", "", true},       {"send", "", false},     {"recv", "", false},
    {"close", "", false},   {"try", "", false},        {"select", "", false},   {"lock", "", false},
    {"unlock", "", false},  {"rwlock", "", false},     {"rwunlock", "", false}, {"rlock", "", false},
    {"runlock", "", false}, {"add", "", false},        {"done", "", false},     {"wait", "", false},
    {"condwait", "", false}, {"signal", "", false},    {"broadcast", "", false}, {"once", "", false},
    {"sleep", "", false},   {"after", "", false},
};

}  // namespace newproc::pattern
