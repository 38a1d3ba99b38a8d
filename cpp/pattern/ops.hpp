// ops.hpp: the operations of the pattern language, and what each takes.
#pragma once
#include <string_view>

#include "pattern/program.hpp"

namespace newproc::pattern {

/// Kinds of arguments, one letter each: b body, v variable, i integer, l list of operations, c channel,
/// m mutex, r read-write mutex, w waitgroup, k condition, o once; * is read by the operation's own code.
struct OpShape {
  std::string_view name;
  std::string_view arguments;
  Op op;  // of one that is a single instruction with these arguments
};

constexpr OpShape kOps[] = {
    {"go", "b", Op::go},
    {"yield", "", Op::yield},
    {"mark", "i", Op::mark},
    {"snap", "", Op::snap},
    {"loop", "il", Op::counter},
    {"break", "", Op::jump},
    {"return", "", Op::ret},
    {"set", "vi", Op::set},
    {"inc", "v", Op::inc},
    {"atomic", "vi", Op::atomic},
    {"if", "vill", Op::unless},
    {"assert", "vi", Op::assert_},
    {"goexit", "", Op::goexit},
    {"panic", "", Op::panic},
    {"send", "ci", Op::send},
    {"recv", "c", Op::recv},
    {"close", "c", Op::close},
    {"try", "*", Op::try_recv},
    {"select", "*", Op::select},
    {"lock", "m", Op::lock},
    {"unlock", "m", Op::unlock},
    {"rwlock", "r", Op::rwlock},
    {"rwunlock", "r", Op::rwunlock},
    {"rlock", "r", Op::rlock},
    {"runlock", "r", Op::runlock},
    {"add", "wi", Op::add},
    {"done", "w", Op::done},
    {"wait", "w", Op::wait},
    {"condwait", "k", Op::condwait},
    {"signal", "k", Op::signal},
    {"broadcast", "k", Op::broadcast},
    {"once", "ol", Op::once_enter},
    {"sleep", "i", Op::sleep},
    {"after", "ci", Op::after},
};

}  // namespace newproc::pattern
