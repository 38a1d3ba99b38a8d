#include "context/walk.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <cstdint>
#include <cstdio>

namespace newproc {
namespace {

constexpr int kMostFrames = 100;  // as Go's traceback prints

/// Calls see(pc) for the frames that fp leads to, outwards, until it says false.
template <class See>
[[maybe_unused]] void follow(std::uintptr_t fp, StackMem* stack, See&& see) {
  const auto lo = reinterpret_cast<std::uintptr_t>(stack->lo), hi = reinterpret_cast<std::uintptr_t>(stack->top());
  while (fp >= lo && fp + 16 <= hi && fp % 8 == 0) {
    const auto* frame = reinterpret_cast<const std::uintptr_t*>(fp);
    if (frame[1] == 0 || !see(reinterpret_cast<const void*>(frame[1]))) return;
    if (frame[0] <= fp) return;  // outwards only: code without frame pointers leaves anything there
    fp = frame[0];
  }
}

}  // namespace

void frame_line(const void* pc, std::string& out) {
  Dl_info info;
  char text[512];
  // The return address may be the next function's first byte: look one back.
  const void* call = static_cast<const char*>(pc) - 1;
  if (dladdr(call, &info) != 0 && info.dli_fname != nullptr) {
    const char* name = info.dli_sname != nullptr ? info.dli_sname : "?";
    const auto base = static_cast<const char*>(info.dli_fbase);
    std::snprintf(text, sizeof text, "%s(...)\n\t%s +0x%zx\n", name, info.dli_fname,
                  static_cast<std::size_t>(static_cast<const char*>(call) - base));
  } else {
    std::snprintf(text, sizeof text, "?(...)\n\t%p\n", pc);
  }
  out += text;
}

void walk_here(std::string& out) {
  void* frames[kMostFrames];
  const int n = backtrace(frames, kMostFrames);
  for (int i = 1; i < n; ++i) frame_line(frames[i], out);
}

#if defined(__x86_64__)
// Boost's saved context on x86-64: +0 mxcsr and x87, +8 r12, r13, r14, r15, rbx, +48 rbp, +56 rip.
void walk_parked(Context ctx, StackMem* stack, std::string& out) {
  const auto* saved = static_cast<const std::uintptr_t*>(ctx);
  frame_line(reinterpret_cast<const void*>(saved[7]), out);
  int left = kMostFrames - 1;
  follow(saved[6], stack, [&](const void* pc) {
    frame_line(pc, out);
    return --left > 0;
  });
}

std::size_t callers(StackMem* stack, const void* first, const void** pcs, std::size_t most) {
  const auto fp = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  std::size_t before = 0;  // inside the library
  bool found = false;
  follow(fp, stack, [&](const void* pc) {
    found = pc == first;
    return !found && ++before < most;
  });
  if (!found) before = 0;
  std::size_t n = 0;
  follow(fp, stack, [&](const void* pc) {
    if (before > 0) {
      --before;
      return true;
    }
    pcs[n++] = pc;
    return n < most;
  });
  return n;
}
#else
void walk_parked(Context, StackMem*, std::string& out) { out += "\tstack unavailable on this machine\n"; }
std::size_t callers(StackMem*, const void* first, const void** pcs, std::size_t most) {
  if (most == 0) return 0;
  pcs[0] = first;
  return 1;
}
#endif

}  // namespace newproc
