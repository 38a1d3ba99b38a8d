// walk.hpp: the frames of a stack as text, one per line.
#pragma once
#include <string>

#include "context/stack.hpp"

namespace newproc {

/// Of the calling goroutine.
void walk_here(std::string& out);
/// The return addresses of the calling goroutine, innermost first, by its frame pointers: at most `most`, from `first` on,
/// or all if that is none of them. Returns how many.
std::size_t callers(StackMem* stack, const void* first, const void** pcs, std::size_t most);
/// One frame's lines: its function, and where that is.
void frame_line(const void* pc, std::string& out);
/// Of a stack that is parked at ctx, by its frame pointers.
void walk_parked(Context ctx, StackMem* stack, std::string& out);

}  // namespace newproc
