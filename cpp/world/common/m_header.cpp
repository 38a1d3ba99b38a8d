#include "world/m_header.hpp"

namespace newproc {
namespace {
// One pointer of initial-exec TLS: a library that is dlopened gets 1,600 bytes of it for sure, and no call.
thread_local MHeader* tls_m __attribute__((tls_model("initial-exec"))) = nullptr;
}  // namespace

// noinline and the barrier keep the compiler from using an address of another thread after a switch.
[[gnu::noinline]] MHeader* current_m() {
  MHeader* m = tls_m;
  asm volatile("" : "+r"(m)::"memory");
  return m;
}

[[gnu::noinline]] void set_current_m(MHeader* m) { tls_m = m; }

}  // namespace newproc
