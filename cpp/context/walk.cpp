#include "context/walk.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <cstdint>
#include <cstdio>

namespace newproc {
namespace {

constexpr int kMostFrames = 100;  // as Go's traceback prints

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

}  // namespace

void walk_here(std::string& out) {
  void* frames[kMostFrames];
  const int n = backtrace(frames, kMostFrames);
  for (int i = 1; i < n; ++i) frame_line(frames[i], out);
}

#if defined(__x86_64__)
// Boost's saved context on x86-64: +0 mxcsr and x87, +8 r12, r13, r14, r15, rbx, +48 rbp, +56 rip.
void walk_parked(Context ctx, StackMem* stack, std::string& out) {
  const auto* saved = static_cast<const std::uintptr_t*>(ctx);
  const auto lo = reinterpret_cast<std::uintptr_t>(stack->lo), hi = reinterpret_cast<std::uintptr_t>(stack->top());
  std::uintptr_t fp = saved[6];
  frame_line(reinterpret_cast<const void*>(saved[7]), out);
  for (int i = 1; i < kMostFrames && fp >= lo && fp + 16 <= hi && fp % 8 == 0; ++i) {
    const auto* frame = reinterpret_cast<const std::uintptr_t*>(fp);
    if (frame[1] == 0) break;
    frame_line(reinterpret_cast<const void*>(frame[1]), out);
    if (frame[0] <= fp) break;  // outwards only: code without frame pointers leaves anything there
    fp = frame[0];
  }
}
#else
void walk_parked(Context, StackMem*, std::string& out) { out += "\tstack unavailable on this machine\n"; }
#endif

}  // namespace newproc
