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

/// What goroutines wait for one another with: three channels, two of each lock.
struct Shared {
  rt_chan* chans[3] = {};
  rt_mutex mutexes[2] = {};
  rt_rwmutex rwmutexes[2] = {};
  rt_waitgroup waitgroups[2] = {};
  rt_cond conds[2] = {};
  rt_once onces[2] = {};
  std::vector<rt_timer*> timers;
  std::vector<rt_context*> contexts;
  std::vector<rt_context_func*> funcs;
  std::vector<rt_group*> groups;
};
Shared shared;
rt_chan* chan() {
  const std::uint8_t i = tape.next() % 13;
  return i == 12 ? nullptr : shared.chans[i % 3];
}

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

void select_some() {
  rt_case cases[4];
  std::int64_t v = 1;
  const std::size_t n = tape.next() % 5;
  for (std::size_t i = 0; i < n; ++i) cases[i] = rt_case{chan(), &v, 1 + tape.next() % 2, 0};
  (void)rt_select(cases, n, tape.next() % 2, nullptr);
}

void time(std::uint8_t what) {
  rt_timer* t = nullptr;
  if (what < 60) return (void)rt_sleep(what * 1000);
  if (what < 90 && rt_timer_new(what * 1000, &t) == RT_OK) return shared.timers.push_back(t);
  if (what < 110 && rt_ticker_new(what * 1000, &t) == RT_OK) return shared.timers.push_back(t);
  if (what < 140) return (void)rt_after_func(what * 1000, nothing, nullptr, nullptr);
  if (shared.timers.empty()) return;
  t = shared.timers[what % shared.timers.size()];
  if (what < 170) return (void)rt_timer_stop(t, nullptr);
  if (what < 200) return (void)rt_timer_reset(t, what * 500, nullptr);
  (void)rt_chan_try_recv(rt_timer_chan(t), nullptr, nullptr);
}

rt_context* context() {
  const std::size_t n = shared.contexts.size();
  const std::size_t i = tape.next() % (n + 1);
  return i == n ? nullptr : shared.contexts[i];
}
void hold_on(rt_status made, rt_context* c) {
  if (made == RT_OK) shared.contexts.push_back(c);
}
void* group_body(void*) {
  body(nullptr);
  return tape.next() % 2 != 0 ? &shared : nullptr;
}

void contexts(std::uint8_t what) {
  rt_context* c = nullptr;
  rt_context* parent = context();
  std::int64_t v = 0;
  switch (what % 12) {
    case 0: case 1: hold_on(rt_context_with_cancel(nullptr, parent, &c), c); break;
    case 2: hold_on(rt_context_with_timeout(parent, (tape.next() - 20) * 1000, &shared, nothing, &c), c); break;
    case 3: hold_on(rt_context_with_value(nullptr, parent, &shared.chans[tape.next() % 2], &shared, nothing, &c), c); break;
    case 4: hold_on(rt_context_without_cancel(nullptr, parent, &c), c); break;
    case 5: (void)rt_context_cancel(parent); break;
    case 6: (void)rt_context_cancel_cause(parent, &shared, nothing); break;
    case 7: (void)rt_context_value(parent, &shared.chans[tape.next() % 3]); break;
    case 8: {
      rt_context_func* f = nullptr;
      if (rt_context_after_func(parent, body, nullptr, &f) == RT_OK) shared.funcs.push_back(f);
      break;
    }
    case 9:
      if (!shared.funcs.empty()) (void)rt_context_func_stop(shared.funcs[tape.next() % shared.funcs.size()]);
      break;
    case 10:
      if (parent != nullptr) (void)rt_chan_recv(rt_context_done(parent), &v, nullptr);
      break;
    case 11: (void)rt_context_err(parent), (void)rt_context_cause(parent), (void)rt_context_deadline(parent, &v); break;
  }
}

void groups(std::uint8_t what) {
  rt_group* group = nullptr;
  if (what % 6 == 0 && rt_group_new(context(), nothing, &group) == RT_OK) return shared.groups.push_back(group);
  if (shared.groups.empty()) return;
  group = shared.groups[tape.next() % shared.groups.size()];
  void* error = nullptr;
  switch (what % 6) {
    case 1: (void)rt_group_go(group, group_body, nullptr); break;
    case 2: (void)rt_group_try_go(group, group_body, nullptr); break;
    case 3: (void)rt_group_set_limit(group, tape.next() % 4 - 1); break;
    case 4: (void)rt_group_wait(group, &error); break;
    case 5: (void)rt_context_err(rt_group_context(group)); break;
  }
}

void wait(std::uint8_t what) {
  const std::uint8_t i = tape.next() % 2;
  std::int64_t v = what;
  switch (what % 28) {
    case 24: case 25: contexts(tape.next()); break;
    case 26: groups(tape.next()); break;
    case 27: (void)rt_set_preemptible(tape.next() % 2); break;
    case 0: case 1: (void)rt_chan_send(chan(), &v); break;
    case 2: case 3: (void)rt_chan_recv(chan(), &v, nullptr); break;
    case 4: (void)rt_chan_try_send(chan(), &v); break;
    case 5: (void)rt_chan_try_recv(chan(), &v, nullptr); break;
    case 6: if (tape.next() < 60) (void)rt_chan_close(chan()); break;
    case 7: case 8: select_some(); break;
    case 9: (void)rt_mutex_lock(&shared.mutexes[i]); break;
    case 10: (void)rt_mutex_try_lock(&shared.mutexes[i]); break;
    case 11: if (shared.mutexes[i].state != 0) (void)rt_mutex_unlock(&shared.mutexes[i]); break;
    case 12: (void)rt_rwmutex_rlock(&shared.rwmutexes[i]); break;
    case 13: (void)rt_rwmutex_lock(&shared.rwmutexes[i]); break;
    case 14: (void)rt_rwmutex_runlock(&shared.rwmutexes[i]); break;
    case 15: (void)rt_rwmutex_unlock(&shared.rwmutexes[i]); break;
    case 16: (void)rt_waitgroup_add(&shared.waitgroups[i], tape.next() % 3); break;
    case 17: (void)rt_waitgroup_done(&shared.waitgroups[i]); break;
    case 18: (void)rt_waitgroup_wait(&shared.waitgroups[i]); break;
    case 19: (void)rt_cond_signal(&shared.conds[i]); break;
    case 20: (void)rt_cond_broadcast(&shared.conds[i]); break;
    case 21: (void)rt_once_do(&shared.onces[i], nothing, nullptr); break;
    case 22: (void)rt_catch_panics(1); break;
    case 23:
      if (rt_mutex_lock(&shared.mutexes[i]) == RT_OK) (void)rt_cond_wait(&shared.conds[i]);
      break;
  }
}

void call(std::uint8_t what) {
  switch (what % 32) {
    case 24: case 25: case 26: case 27: case 28: wait(tape.next()); break;
    case 29: case 30: time(tape.next()); break;
    case 31: (void)rt_nanotime(nullptr); break;
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
  shared = Shared{};
  for (std::size_t i = 0; i < 3; ++i) (void)rt_chan_new(rt, sizeof(std::int64_t), i, &shared.chans[i]);
  for (std::size_t i = 0; i < 2; ++i) shared.conds[i].l = &shared.mutexes[i];
  (void)rt_start_main(rt, main_body, nullptr, nullptr);
  for (rt_timer* t : shared.timers) rt_timer_free(t);
  for (rt_context_func* f : shared.funcs) rt_context_func_free(f);
  for (rt_group* g : shared.groups) rt_group_free(g);
  for (rt_context* c : shared.contexts) rt_context_release(c);
  for (rt_chan* c : shared.chans) rt_chan_free(c);
  if (rt_delete(rt) != RT_OK) std::abort();
  return 0;
}
