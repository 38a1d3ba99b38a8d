// fcontext.hpp: the switch. The only place that knows Boost.Context; raw contexts, no wrapper class,
// because a context here moves between threads and is resumed from many places.
#pragma once
#include <boost/context/detail/fcontext.hpp>
#include <cstddef>

#include "base/sanitizer.hpp"

#if defined(__x86_64__) && !defined(__ILP32__) && !NEWPROC_ASAN && !NEWPROC_TSAN
#define NEWPROC_OWN_JUMP 1
#else
#define NEWPROC_OWN_JUMP 0
#endif

namespace newproc {

using Context = boost::context::detail::fcontext_t;
using Transfer = boost::context::detail::transfer_t;
using ContextEntry = void (*)(Transfer);

/// A context that calls entry on the stack that ends at `top`. entry must not return.
inline Context make_context(void* top, std::size_t size, ContextEntry entry) {
  return boost::context::detail::make_fcontext(top, size, entry);
}
#if NEWPROC_OWN_JUMP
#if defined(__AVX512F__)
#define NEWPROC_UPPER_VECTORS , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", \
    "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7"
#else
#define NEWPROC_UPPER_VECTORS
#endif

/// The jump, inline, without the floating-point modes. No call, hence no return that the processor has
/// predicted to lead elsewhere; no mode words, whose stores wait for the pipeline; and only the registers
/// that hold something are saved, by the compiler. The frame is Boost.Context's (walk.cpp, capi/gdb):
///   +40 rbx (the function of a new context)   +48 rbp   +56 where to go on
[[gnu::always_inline]] inline Transfer jump_inline(Context to, void* data) {
  void* left;
  void* received;
  asm volatile(
      "leaq 1f(%%rip), %%rcx\n\t"
      "leaq -64(%%rsp), %%rsp\n\t"  // -mno-red-zone: nothing lives there
      "movq %%rbp, 48(%%rsp)\n\t"
      "movq %%rcx, 56(%%rsp)\n\t"
      "movq %%rsp, %%rax\n\t"  // left: the first result there, and the argument of a new context
      "movq 56(%%rdi), %%rcx\n\t"
      "movq 48(%%rdi), %%rbp\n\t"
      "movq 40(%%rdi), %%rbx\n\t"
      "leaq 64(%%rdi), %%rsp\n\t"
      "movq %%rsi, %%rdx\n\t"
      "movq %%rax, %%rdi\n\t"
      "jmp *%%rcx\n"
      "1:\n\t"
      : "=a"(left), "=d"(received), "+D"(to), "+S"(data)
      :
      : "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4",
        "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)",
        "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)", "memory", "cc" NEWPROC_UPPER_VECTORS);
  return {left, received};
}
#endif

/// Leaves the current context and resumes `to`, which sees `data`; returns when somebody jumps back.
/// `fp_modes`: the floating-point control words (rounding, masks) stay with the context (rt_config.fp_modes).
[[gnu::always_inline]] inline Transfer jump(Context to, void* data, [[maybe_unused]] bool fp_modes = true) {
#if NEWPROC_OWN_JUMP
  if (!fp_modes) return jump_inline(to, data);
#endif
  return boost::context::detail::jump_fcontext(to, data);
}

}  // namespace newproc
