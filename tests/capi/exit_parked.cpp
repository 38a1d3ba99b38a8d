// exit() inside a goroutine, while 100,000 others are parked on a channel, in line for a descriptor, and asleep.
#include <newproc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace {

rt_chan* never = nullptr;
rt_fd* silent = nullptr;

void receive(void*) { rt_chan_recv(never, nullptr, nullptr); }
void sleep(void*) { rt_sleep(INT64_C(3600000000000)); }
void read(void*) {
  char byte;
  std::size_t n;
  rt_fd_read(silent, &byte, 1, &n, nullptr);
}

void main_goroutine(void*) {
  int ends[2];
  if (pipe(ends) != 0 || rt_chan_new(nullptr, 0, 0, &never) != RT_OK || rt_fd_open(nullptr, ends[0], 0, &silent, nullptr) != RT_OK) abort();
  const rt_func kinds[] = {receive, sleep, read};
  for (int i = 0; i < 100'000; ++i)
    if (rt_newproc(nullptr, kinds[i % 3], nullptr, nullptr) != RT_OK) abort();
  rt_stats_t stats{};
  stats.struct_size = sizeof stats;
  do rt_gosched();
  while (rt_stats(nullptr, &stats) == RT_OK && stats.stacks < 100'000);
  std::printf("%llu goroutines are left behind\n", static_cast<unsigned long long>(stats.goroutines));
  std::exit(7);
}

}  // namespace

int main() {
  rt_runtime* rt = nullptr;
  if (rt_new(nullptr, &rt) == RT_OK) rt_start_main(rt, main_goroutine, nullptr, nullptr);
  return 1;
}
