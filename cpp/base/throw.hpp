// throw.hpp: the end of the process, for invariants of ours that broke. Go: throw, panic.go:1047
#pragma once

namespace newproc {

/// Prints "fatal error: <text>" on standard error and aborts. Never for what a program did wrong.
[[noreturn, gnu::cold]] void gothrow(const char* text);

}  // namespace newproc
