// The wall clock jumps by hours at every look, and nobody sees it: sleeps, tickers and deadlines go by the monotonic clock.
// This program's clock_gettime, gettimeofday and time come before libc's for the library, too.
#include <newproc.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>

namespace {

constexpr std::int64_t kMs = 1'000'000;
std::atomic<long> monotonic{0}, wall{0};

void main_goroutine(void*) {
  const std::int64_t began = rt_nanotime(nullptr);
  bool good = rt_sleep(2 * kMs) == RT_OK && rt_nanotime(nullptr) - began >= 2 * kMs;
  rt_timer* ticker = nullptr;
  std::int64_t at = 0, before = 0;
  good = good && rt_ticker_new(kMs, &ticker) == RT_OK;
  for (int i = 0; i < 5 && good; ++i, before = at) good = rt_chan_recv(rt_timer_chan(ticker), &at, nullptr) == RT_OK && at > before;
  rt_timer_free(ticker);
  int ends[2] = {-1, -1};
  char byte;
  std::size_t n;
  rt_fd* f = nullptr;
  good = good && pipe(ends) == 0 && rt_fd_open(nullptr, ends[0], 0, &f, nullptr) == RT_OK;
  for (int i = 0; i < 3 && good; ++i) {
    const std::int64_t when = rt_nanotime(nullptr) + 2 * kMs;
    good = rt_fd_set_deadline(f, when, RT_FD_READ) == RT_OK && rt_fd_read(f, &byte, 1, &n, nullptr) == RT_ETIMEOUT &&
           rt_nanotime(nullptr) >= when;
  }
  good = good && rt_wait_fd(ends[0], RT_FD_READ, kMs, nullptr, nullptr) == RT_ETIMEOUT;
  if (!good) rt_fatal("a time was missed");
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* t) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, t);
  if (clock == CLOCK_REALTIME)
    t->tv_sec += ++wall % 2 == 0 ? 7200 : -7200;
  else
    ++monotonic;
  return static_cast<int>(result);
}

int gettimeofday(timeval* __restrict t, void* __restrict) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  t->tv_sec = now.tv_sec;
  t->tv_usec = static_cast<suseconds_t>(now.tv_nsec / 1000);
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

}  // extern "C"

int main() {
  rt_runtime* rt = nullptr;
  rt_end end{};
  end.struct_size = sizeof end;
  if (rt_new(nullptr, &rt) != RT_OK) return 1;
  rt_start_main(rt, main_goroutine, nullptr, &end);
  rt_delete(rt);
  std::printf("%ld looks at the monotonic clock, %ld at the wall's; %s\n", monotonic.load(), wall.load(), end.message);
  return end.exit_code != 0 || monotonic == 0 || wall != 0;
}
