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

/// The M of this OS thread, or null. Never cache the result across a call that parks.
MHeader* current_m();
void set_current_m(MHeader* m);

}  // namespace newproc
