// m_header.hpp: the part of an M that code outside the two worlds may see, and how to find it.
#pragma once
struct rt_runtime;

namespace newproc {

struct GOps;

struct MHeader {
  const GOps* ops = nullptr;  // null while the M runs no goroutine
  rt_runtime* runtime = nullptr;
  void* sim_world = nullptr;  // sim::World in the sim world
};

/// The M of this OS thread, or null. Never cache the result across a call that parks: it reads the thread's
/// pointer anew each time, and the volatile asm keeps the compiler from merging two reads.
#if defined(__x86_64__) && !defined(__ILP32__)
extern "C" {
extern __attribute__((visibility("hidden"), tls_model("initial-exec"))) thread_local MHeader* newproc_tls_m;
}
inline MHeader* current_m() {
  MHeader* m;
  asm volatile("movq newproc_tls_m@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(m)::"memory");
  return m;
}
#else
MHeader* current_m();
#endif
void set_current_m(MHeader* m);

}  // namespace newproc
