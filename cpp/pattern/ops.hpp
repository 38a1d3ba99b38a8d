// ops.hpp: the operations of the pattern language, and what each takes.
#pragma once
#include <string_view>

#include "pattern/program.hpp"

namespace newproc::pattern {

/// Kinds of arguments, one letter each: b body, v variable, V variable or null, i integer, x value (an integer; in
/// version 2 also ["var", v]), ms milliseconds are i, q comparison, l list of operations, f the list of a function,
/// c channel, S channel to receive from, m mutex, r read-write mutex, w waitgroup, k condition, o once, t timer, n context, N context or null,
/// C capacity or null, s slot, L locker, T text; A: any number of arguments of go, to the end;
/// B: any number of lists, to the end; * is read by the operation's own code.
struct OpShape {
  std::string_view name;
  std::string_view arguments;
  Op op;  // of one that is a single instruction with these arguments
  int version = 1;
};

/// An operation with several forms has a row for each; they differ in the number of arguments.
constexpr OpShape kOps[] = {
    {"go", "b", Op::go},
    {"yield", "", Op::yield},
    {"mark", "i", Op::mark},
    {"snap", "", Op::snap},
    {"loop", "il", Op::counter},
    {"break", "", Op::jump},
    {"return", "", Op::ret},
    {"set", "vx", Op::set},
    {"inc", "v", Op::inc},
    {"atomic", "vx", Op::atomic},
    {"if", "vxll", Op::unless},
    {"assert", "vx", Op::assert_},
    {"goexit", "", Op::goexit},
    {"panic", "", Op::panic},
    {"send", "cx", Op::send},
    {"recv", "S", Op::recv},
    {"close", "c", Op::close},
    {"try", "*", Op::try_recv},
    {"select", "*", Op::select},
    {"lock", "m", Op::lock},
    {"unlock", "m", Op::unlock},
    {"rwlock", "r", Op::rwlock},
    {"rwunlock", "r", Op::rwunlock},
    {"rlock", "r", Op::rlock},
    {"runlock", "r", Op::runlock},
    {"add", "wx", Op::add},
    {"done", "w", Op::done},
    {"wait", "w", Op::wait},
    {"condwait", "k", Op::condwait},
    {"signal", "k", Op::signal},
    {"broadcast", "k", Op::broadcast},
    {"once", "of", Op::once_enter},
    {"sleep", "i", Op::sleep},
    {"after", "ci", Op::after},

    {"go", "bA", Op::go, 2},
    {"if", "vqxll", Op::unless, 2},
    {"assert", "vqx", Op::assert_, 2},
    {"while", "vqxl", Op::unless, 2},
    {"range", "Sl", Op::range, 2},
    {"range", "SVl", Op::range, 2},
    {"choose", "B", Op::choose, 2},
    {"func", "f", Op::function_enter, 2},
    {"defer", "f", Op::defer, 2},
    {"recover", "", Op::recover, 2},
    {"recover", "v", Op::recover, 2},
    {"panic", "T", Op::panic, 2},
    {"sum", "vxx", Op::sum, 2},
    {"diff", "vxx", Op::diff, 2},
    {"atomic", "vxv", Op::atomic, 2},
    {"load", "vv", Op::load, 2},
    {"store", "vx", Op::store, 2},
    {"swap", "vxv", Op::swap, 2},
    {"cas", "vxxv", Op::cas, 2},
    {"recv", "SV", Op::recv, 2},
    {"recv", "SVV", Op::recv, 2},
    {"chan", "cC", Op::make_chan, 2},
    {"new", "s", Op::make, 2},
    {"cond", "sL", Op::make_cond, 2},
    {"cwait", "k", Op::cwait, 2},
    {"trylock", "mv", Op::try_lock, 2},
    {"rwtrylock", "rv", Op::try_rwlock, 2},
    {"tryrlock", "rv", Op::try_rlock, 2},
    {"timer", "ti", Op::timer, 2},
    {"ticker", "ti", Op::ticker, 2},
    {"afterfunc", "tibA", Op::afterfunc, 2},
    {"stop", "t", Op::stop, 2},
    {"stop", "tV", Op::stop, 2},
    {"reset", "ti", Op::reset, 2},
    {"reset", "tiV", Op::reset, 2},
    {"withcancel", "nN", Op::withcancel, 2},
    {"withtimeout", "nNi", Op::withtimeout, 2},
    {"cancel", "n", Op::cancel, 2},
    {"err", "n", Op::err, 2},
    {"err", "nV", Op::err, 2},
};

}  // namespace newproc::pattern
