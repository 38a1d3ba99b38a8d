// soak: rounds of everything at once until the time is over: goroutines are killed and cancelled, GOMAXPROCS changes,
// the trace is on, in both worlds. It ends with an error as soon as a value is lost or doubled, a lock lets two in,
// or a goroutine, a stack or a thread stays behind.
//
//   soak [--seconds N] [--seed S] [--rounds N] [--world threads|sim]
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>
#include <thread>

#include "locks.hpp"
#include "values.hpp"

namespace {

using namespace soak;

struct Options {
  long seconds = 1800;
  std::uint64_t seed = 1;
  std::uint64_t rounds = 0;  // 0: until the time is over
  int world = -1;            // -1: both, in turn
};

struct Round {
  Random random;
  std::uint32_t world;
  std::uint32_t most_procs() const { return world == RT_WORLD_SIM ? 4 : 2; }  // no more busy threads than that
};

/// GOMAXPROCS goes up and down as long as the others run.
void resize(Goroutines& all, Random& random, std::uint32_t most) {
  all.go([most, r = Random{random.next()}]() mutable {
    for (std::uint64_t n = r.below(6); n > 0; --n) {
      rt_sleep(static_cast<std::int64_t>(r.below(200'000)));
      SOAK_CHECK(rt_gomaxprocs(nullptr, 1 + static_cast<std::uint32_t>(r.below(most)), nullptr) == RT_OK);
    }
  });
}

/// A thread that is no M: it sends, and closes.
void from_outside(rt_runtime* rt, rt_chan* c) {
  for (long v = 1; v <= 200;)
    if (rt_chan_send(c, &v) == RT_OK)
      ++v;
    else
      std::this_thread::yield();
  SOAK_CHECK(rt_chan_close(c) == RT_OK);
  SOAK_CHECK(rt_release(rt) == RT_OK);
}

void main_of(void* raw) {
  Round& round = *static_cast<Round*>(raw);
  Goroutines all;
  {
    Values open(all, round.random, false), closed(all, round.random, true);
    Locks locks(all, round.random);
    resize(all, round.random, round.most_procs());
    std::thread other;
    rt_chan* c = nullptr;
    SOAK_CHECK(rt_chan_new(nullptr, sizeof(long), 3, &c) == RT_OK);
    if (round.world == RT_WORLD_THREADS) {
      SOAK_CHECK(rt_hold(rt_current()) == RT_OK);
      other = std::thread(from_outside, rt_current(), c);
      all.go([c] {
        long sum = 0, v = 0;
        for (int ok = 1; rt_chan_recv(c, &v, &ok) == RT_OK && ok != 0;) sum += v;
        SOAK_CHECK(sum == 200 * 201 / 2);
      });
    }
    all.wait();
    if (other.joinable()) other.join();
    rt_chan_free(c);
    open.check();
    closed.check();
    locks.check();
  }
  rt_stats_t stats{};
  stats.struct_size = sizeof stats;
  do {
    rt_gosched();  // those that have done their work may not have ended yet
    SOAK_CHECK(rt_stats(nullptr, &stats) == RT_OK);
  } while (stats.goroutines != 1);
}

#if defined(__SANITIZE_THREAD__)
constexpr std::size_t kOwnThreads = 2;  // TSan has one of its own
#else
constexpr std::size_t kOwnThreads = 1;
#endif
std::size_t threads_alive() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++n;
  return n;
}

void run_round(std::uint64_t seed, int only_world, std::uint64_t& events) {
  round_seed = seed;
  Round round{Random{seed}, 0};
  round.world = only_world >= 0 ? static_cast<std::uint32_t>(only_world) : static_cast<std::uint32_t>(round.random.one_in(2) ? RT_WORLD_SIM : RT_WORLD_THREADS);
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.world = round.world;
  config.procs = 1 + static_cast<std::uint32_t>(round.random.below(round.most_procs()));
  config.seed = seed;
  config.sysmon = RT_SYSMON_ON;  // without it, goroutines that wake each other through runnext may starve the rest for ever
  config.trace_events = 1 << 12;
  config.randomize = round.random.one_in(3);
  config.stack_policy = round.random.one_in(4) ? RT_STACK_GO : RT_STACK_LAZY;
  rt_runtime* rt = nullptr;
  SOAK_CHECK(rt_new(&config, &rt) == RT_OK);
  rt_end end{};
  end.struct_size = sizeof end;
  const rt_status status = rt_start_main(rt, main_of, &round, &end);
  if (status != RT_OK) std::fprintf(stderr, "%s\n", end.message);
  SOAK_CHECK(status == RT_OK);
  rt_stats_t stats{};
  stats.struct_size = sizeof stats;
  SOAK_CHECK(rt_stats(rt, &stats) == RT_OK);
  rt_trace* trace = nullptr;
  SOAK_CHECK(rt_trace_take(rt, &trace) == RT_OK);
  events += trace->nevents + trace->lost;
  rt_trace_free(trace);
  SOAK_CHECK(rt_delete(rt) == RT_OK);
  while (threads_alive() > kOwnThreads) std::this_thread::yield();  // a joined thread may still be listed
}

Options parse(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string key = argv[i], value = argv[i + 1];
    if (key == "--seconds") o.seconds = std::stol(value);
    else if (key == "--seed") o.seed = std::stoull(value);
    else if (key == "--rounds") o.rounds = std::stoull(value);
    else if (key == "--world" && (value == "sim" || value == "threads")) o.world = value == "sim" ? RT_WORLD_SIM : RT_WORLD_THREADS;
    else argc = 0;
  }
  if (argc % 2 == 0) {
    std::fputs("usage: soak [--seconds N] [--seed S] [--rounds N] [--world threads|sim]\n", stderr);
    std::exit(64);
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = parse(argc, argv);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(o.seconds);
  std::uint64_t n = 0, events = 0;
  for (; o.rounds != 0 ? n < o.rounds : std::chrono::steady_clock::now() < end; ++n) run_round(o.seed + n, o.world, events);
  std::printf("soak: %llu rounds from seed %llu, %llu events, nothing lost, nothing left\n", static_cast<unsigned long long>(n),
              static_cast<unsigned long long>(o.seed), static_cast<unsigned long long>(events));
  return 0;
}
