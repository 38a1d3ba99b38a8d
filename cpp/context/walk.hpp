// walk.hpp: the frames of a stack as text, one per line.
#pragma once
#include <string>

#include "context/stack.hpp"

namespace newproc {

/// Of the calling goroutine.
void walk_here(std::string& out);
/// Of a stack that is parked at ctx, by its frame pointers.
void walk_parked(Context ctx, StackMem* stack, std::string& out);

}  // namespace newproc
