// Prints the trace hash of simulated runs, one a line. Every compiler and build type must print the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>

#include "newproc.h"

namespace {

constexpr unsigned kSeeds = 20;
constexpr std::size_t kStackBytes = 256 * 1024;  // enough for the sanitizers, the same everywhere

void yielder(void*) {
  for (int i = 0; i < 6; ++i) rt_gosched();
}
void spawner(void*) {
  for (int i = 0; i < 20; ++i) rt_newproc(nullptr, yielder, nullptr, nullptr);
  rt_goyield();
  rt_entersyscall();
  rt_exitsyscall();
}
void main_goroutine(void*) {
  for (int i = 0; i < 20; ++i) rt_newproc(nullptr, spawner, nullptr, nullptr);
  std::uint32_t old;
  rt_gomaxprocs(nullptr, 2, &old);
  for (int i = 0; i < 40; ++i) rt_gosched();
  rt_gomaxprocs(nullptr, old, nullptr);
  for (int i = 0; i < 40; ++i) rt_gosched();
}

unsigned long long hash_of(unsigned procs, unsigned seed, unsigned randomize) {
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.world = RT_WORLD_SIM;
  config.procs = procs;
  config.seed = seed;
  config.randomize = randomize;
  config.stack_size = kStackBytes;
  config.trace_events = 1 << 16;
  rt_runtime* rt = nullptr;
  rt_trace* trace = nullptr;
  if (rt_new(&config, &rt) != RT_OK || rt_start_main(rt, main_goroutine, nullptr, nullptr) != RT_OK ||
      rt_trace_take(rt, &trace) != RT_OK) {
    std::fprintf(stderr, "procs %u seed %u: %s\n", procs, seed, rt_last_error());
    std::exit(1);
  }
  const unsigned long long hash = trace->hash;
  rt_trace_free(trace);
  rt_delete(rt);
  return hash;
}

}  // namespace

int main() {
  for (unsigned procs : {1u, 2u, 4u})
    for (unsigned seed = 1; seed <= kSeeds; ++seed)
      std::printf("procs %u seed %u %016llx %016llx\n", procs, seed, hash_of(procs, seed, 0), hash_of(procs, seed, 1));
}
