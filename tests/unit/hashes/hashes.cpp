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

/// Everything that waits. Where these lie in memory must not matter.
struct Shared {
  rt_chan *a = nullptr, *b = nullptr;
  rt_mutex mu{}, turn_mu{};
  rt_rwmutex rw{};
  rt_waitgroup wg{};
  rt_cond turn{};
  int whose = 0;
} shared;

void waiter(void* raw) {
  const long me = reinterpret_cast<std::intptr_t>(raw);
  for (long i = 0; i < 5; ++i) {
    long v = me * 100 + i;
    rt_case cases[] = {{shared.b, &v, RT_RECV, 0}, {shared.a, &v, me % 2 != 0 ? RT_SEND : RT_RECV, 0}};
    std::size_t chosen;
    rt_select(cases, 2, i % 2 == 0, &chosen);
    rt_mutex_lock(&shared.mu);
    if (i == me % 5) rt_gosched();
    rt_mutex_unlock(&shared.mu);
    i % 3 == 0 ? rt_rwmutex_lock(&shared.rw) : rt_rwmutex_rlock(&shared.rw);
    if (i == 3) rt_sleep(me * 1000);
    i % 3 == 0 ? rt_rwmutex_unlock(&shared.rw) : rt_rwmutex_runlock(&shared.rw);
  }
  rt_mutex_lock(&shared.turn_mu);
  while (shared.whose != me) rt_cond_wait(&shared.turn);
  ++shared.whose;
  rt_mutex_unlock(&shared.turn_mu);
  rt_cond_broadcast(&shared.turn);
  rt_waitgroup_done(&shared.wg);
}
/// Takes and gives until nobody is left who needs it.
void feeder(void*) {
  for (long v = 0; shared.whose < 8; ++v) {
    rt_chan_try_send(shared.b, &v);
    rt_chan_try_send(shared.a, &v);
    rt_chan_try_recv(shared.a, nullptr, nullptr);
    rt_sleep(500);
  }
}
void waiting_main(void*) {
  constexpr int kWaiters = 8;
  shared = Shared{};
  rt_chan_new(nullptr, sizeof(long), 0, &shared.a);
  rt_chan_new(nullptr, sizeof(long), 2, &shared.b);
  shared.turn.l = &shared.turn_mu;
  rt_waitgroup_add(&shared.wg, kWaiters);
  for (std::intptr_t i = 0; i < kWaiters; ++i) rt_newproc(nullptr, waiter, reinterpret_cast<void*>(i), nullptr);
  rt_newproc(nullptr, feeder, nullptr, nullptr);
  rt_timer* ticker = nullptr;
  rt_ticker_new(700, &ticker);
  for (int i = 0; i < 5; ++i) rt_chan_recv(rt_timer_chan(ticker), nullptr, nullptr);
  rt_timer_free(ticker);
  rt_waitgroup_wait(&shared.wg);
}

unsigned long long hash_of(rt_func main_function, unsigned procs, unsigned seed, unsigned randomize) {
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
  if (rt_new(&config, &rt) != RT_OK || rt_start_main(rt, main_function, nullptr, nullptr) != RT_OK ||
      rt_trace_take(rt, &trace) != RT_OK) {
    std::fprintf(stderr, "procs %u seed %u: %s\n", procs, seed, rt_last_error());
    std::exit(1);
  }
  const unsigned long long hash = trace->hash;
  rt_trace_free(trace);
  rt_chan_free(shared.a);
  rt_chan_free(shared.b);
  shared.a = shared.b = nullptr;
  rt_delete(rt);
  return hash;
}

}  // namespace

int main() {
  for (unsigned procs : {1u, 2u, 4u})
    for (unsigned seed = 1; seed <= kSeeds; ++seed)
      std::printf("procs %u seed %u %016llx %016llx %016llx\n", procs, seed, hash_of(main_goroutine, procs, seed, 0),
                  hash_of(main_goroutine, procs, seed, 1), hash_of(waiting_main, procs, seed, 0));
}
