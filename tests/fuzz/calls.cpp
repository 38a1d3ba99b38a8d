// Any bytes as a sequence of ABI calls by goroutines of a simulated runtime, right or wrong ones.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "newproc.h"

namespace {

constexpr std::uint64_t kMostSteps = 20'000;
constexpr std::uint64_t kMostGoroutines = 100;

struct Tape {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0, at = 0;
  std::vector<rt_g*> parked;
  bool empty() const { return at >= size; }
  std::uint8_t next() { return empty() ? 0 : data[at++]; }
};
Tape tape;

int keep(rt_g* g, void*) {
  tape.parked.push_back(g);
  return 1;
}
int take_back(rt_g*, void*) { return 0; }
void nothing(void*) {}
void body(void*);

void look() {
  rt_snapshot* snapshot = nullptr;
  if (rt_snapshot_take(nullptr, &snapshot) == RT_OK) rt_snapshot_free(snapshot);
  rt_stats_t stats{};
  stats.struct_size = tape.next() % 2 != 0 ? sizeof stats : 1;
  (void)rt_stats(nullptr, &stats);
}

void call(std::uint8_t what) {
  switch (what % 24) {
    case 0: case 1: case 2: case 3: (void)rt_newproc(nullptr, body, nullptr, nullptr); break;
    case 4: case 5: (void)rt_gosched(); break;
    case 6: (void)rt_goyield(); break;
    case 7: (void)rt_checkpoint(); break;
    case 8: (void)rt_gopark(keep, nullptr, tape.next()); break;
    case 9: (void)rt_gopark(take_back, nullptr, RT_WAIT_SELECT); break;
    case 10:
    case 11:
      if (!tape.parked.empty()) {
        rt_g* g = tape.parked.back();
        // Only a call that is accepted readies it; in a system call it is refused.
        if (rt_goready(g) == RT_OK) {
          for (std::size_t i = tape.parked.size(); i-- > 0;)
            if (tape.parked[i] == g) { tape.parked.erase(tape.parked.begin() + static_cast<long>(i)); break; }
        }
      }
      break;
    case 12: (void)rt_lock_os_thread(); break;
    case 13: (void)rt_unlock_os_thread(); break;
    case 14: (void)rt_entersyscall(); break;
    case 15: (void)rt_entersyscallblock(); break;
    case 16: (void)rt_exitsyscall(); break;
    case 17: (void)rt_gomaxprocs(nullptr, tape.next() % 6, nullptr); break;
    case 18: (void)rt_set_starting_stack_size(nullptr, 1024u << (tape.next() % 6)); break;
    case 19: look(); break;
    case 20: (void)rt_defer(nothing, nullptr); break;
    case 21: (void)rt_goexit(); break;
    case 22: if (tape.next() < 20) (void)rt_panic("fuzz"); break;
    case 23: if (tape.next() < 8) (void)rt_newproc(nullptr, nullptr, nullptr, nullptr); break;
  }
}

void body(void*) {
  for (int i = 0; i < 12 && !tape.empty(); ++i) call(tape.next());
}
void main_body(void*) {
  while (!tape.empty()) {
    call(tape.next());
    (void)rt_gosched();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4) return 0;
  tape = Tape{data, size, 4, {}};
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.world = RT_WORLD_SIM;
  config.procs = 1 + data[0] % 4;
  config.seed = data[1];
  config.randomize = data[2] & 1;
  config.stack_policy = data[2] >> 1 & 1;
  config.boot = data[2] >> 2 & 1;
  config.ancestors = data[3] % 4;
  config.trace_events = data[3] & 16 ? 256 : 0;
  config.max_steps = kMostSteps;
  config.max_goroutines = kMostGoroutines;
  config.log_level = RT_LOG_OFF;
  rt_runtime* rt = nullptr;
  if (rt_new(&config, &rt) != RT_OK) std::abort();
  (void)rt_start_main(rt, main_body, nullptr, nullptr);
  if (rt_delete(rt) != RT_OK) std::abort();
  return 0;
}
