// Two parked goroutines, and main that aborts: for gdb.
#include <newproc.h>

#include <cstdlib>

namespace {
int stay(rt_g*, void*) { return 1; }
}  // namespace

extern "C" void parker(void*) {
  rt_gopark(stay, nullptr, RT_WAIT_CHAN_RECEIVE);
  std::abort();  // never readied; and so the call above is no tail call
}

static void main_goroutine(void*) {
  rt_go(parker, nullptr);
  rt_go(parker, nullptr);
  for (int i = 0; i < 5; ++i) rt_gosched();
  std::abort();
}

int main() {
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.procs = 1;
  rt_runtime* rt = nullptr;
  if (rt_new(&config, &rt) == RT_OK) rt_start_main(rt, main_goroutine, nullptr, nullptr);
}
