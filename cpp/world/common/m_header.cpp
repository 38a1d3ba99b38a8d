#include "world/m_header.hpp"

namespace newproc {

// One pointer of initial-exec TLS: a library that is dlopened gets 1,600 bytes of it for sure, and no call.
#if defined(__x86_64__) && !defined(__ILP32__)
extern "C" {
__attribute__((visibility("hidden"), tls_model("initial-exec"))) thread_local MHeader* newproc_tls_m = nullptr;
}
#else
static thread_local MHeader* newproc_tls_m __attribute__((tls_model("initial-exec"))) = nullptr;

// noinline and the barrier keep the compiler from using an address of another thread after a switch.
[[gnu::noinline]] MHeader* current_m() {
  MHeader* m = newproc_tls_m;
  asm volatile("" : "+r"(m)::"memory");
  return m;
}
#endif

[[gnu::noinline]] void set_current_m(MHeader* m) { newproc_tls_m = m; }

}  // namespace newproc
