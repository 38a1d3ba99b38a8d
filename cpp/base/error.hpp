// error.hpp: how a function says that it failed: a status, and a sentence kept for rt_last_error().
#pragma once
#include "newproc.h"

namespace newproc {

/// Keeps the formatted sentence for this OS thread and returns `status`. The sentence names the
/// argument, its value and the remedy.
[[gnu::format(printf, 2, 3), gnu::cold]] rt_status fail(rt_status status, const char* format, ...);

/// The sentence of the last fail() on this OS thread; "" if none.
const char* last_error();

}  // namespace newproc
