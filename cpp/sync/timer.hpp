// timer.hpp: what programs do with timers. Go: time.Sleep, AfterFunc, NewTimer, NewTicker; time/sleep.go, tick.go
#pragma once
#include "queue/timerheap.hpp"
#include "sync/chan.hpp"

namespace NEWPROC_NS {

inline constexpr std::uint64_t kSimCallNs = 1'000;  // what setting a timer takes in the sim world: later ones fire later

struct ProgramTimer : rt_timer {
  Timer t;
  Sched* owner = nullptr;
  rt_chan* c = nullptr;   // of a Timer or a Ticker
  rt_func fn = nullptr;   // of AfterFunc
  void* arg = nullptr;
  std::atomic<std::uint32_t> firing{0};  // the run in which an M is at its callback; 0: none
  bool ticker = false;
  bool own = false;  // nobody has it: it frees itself
};

rt_status time_sleep(std::int64_t ns);
rt_status after_func(std::int64_t ns, rt_func fn, void* arg, rt_timer** out);
rt_status new_timer(std::int64_t ns, bool ticker, rt_timer** out);
rt_status stop_timer(rt_timer* t, bool* active);
rt_status reset_timer(rt_timer* t, std::int64_t ns, bool* active);
void free_timer(rt_timer* t);

}  // namespace NEWPROC_NS
