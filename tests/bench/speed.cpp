// speed WORKLOAD PS [traced|sim]: one workload, once cold and then warm; RESULT lines for bench.py.
// Work is counted as the rig counts it: spawn + run + exit, one switch, one goroutine.
#include <newproc.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kWarm = 3;

/// A counter that parks main until it is zero. The waiter takes part in the count: whoever takes the last
/// unit knows that the waiter is parked, or will not park.
struct Counter {
  std::atomic<long> left;
  std::atomic<rt_g*> waiter{nullptr};
  explicit Counter(long n) : left(n + 1) {}
  void done() {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) rt_goready(waiter.load(std::memory_order_acquire));
  }
  void wait() {
    rt_gopark(
        [](rt_g* g, void* self) -> int {
          auto* c = static_cast<Counter*>(self);
          c->waiter.store(g, std::memory_order_release);
          return c->left.fetch_sub(1, std::memory_order_acq_rel) != 1;
        },
        this, RT_WAIT_SEMACQUIRE);
  }
};

std::atomic<long> counted{0};

void spawn(rt_func fn, void* arg) {
  if (rt_newproc(nullptr, fn, arg, nullptr) != RT_OK) {
    std::fprintf(stderr, "%s\n", rt_last_error());
    std::exit(1);
  }
}

void count(void* counter) {
  counted.fetch_add(1, std::memory_order_relaxed);
  static_cast<Counter*>(counter)->done();
}

double spawn_wait(long n) {
  Counter counter(n);
  for (long i = 0; i < n; ++i) spawn(count, &counter);
  counter.wait();
  return static_cast<double>(n);
}
double w1() { return spawn_wait(1'000'000); }
double w1b() {
  for (int i = 0; i < 10'000; ++i) spawn_wait(100);
  return 1e6;
}

struct Yielders {
  long rounds;
  Counter counter;
};
void yield_many(void* raw) {
  auto* y = static_cast<Yielders*>(raw);
  for (long i = 0; i < y->rounds; ++i) rt_gosched();
  y->counter.done();
}
double w2(long n) {
  Yielders y{5'000'000 / n, Counter(n)};
  for (long i = 0; i < n; ++i) spawn(yield_many, &y);
  y.counter.wait();
  return static_cast<double>(n * y.rounds);
}

void compute(void* counter) {
  const auto until = Clock::now() + std::chrono::microseconds(5);
  while (Clock::now() < until) {}
  static_cast<Counter*>(counter)->done();
}
double w5us() {
  Counter counter(100'000);
  for (int i = 0; i < 100'000; ++i) spawn(compute, &counter);
  counter.wait();
  return 1e5;
}

long rss_bytes() {
  long size = 0, resident = 0;
  std::FILE* f = std::fopen("/proc/self/statm", "r");
  if (std::fscanf(f, "%ld %ld", &size, &resident) != 2) resident = 0;
  std::fclose(f);
  return resident * sysconf(_SC_PAGESIZE);
}
long page_table_bytes() {
  char line[256];
  long kib = 0;
  std::FILE* f = std::fopen("/proc/self/status", "r");
  while (std::fgets(line, sizeof line, f) != nullptr) (void)std::sscanf(line, "VmPTE: %ld", &kib);
  std::fclose(f);
  return kib * 1024;
}
long maps_lines() {
  long n = 0;
  std::FILE* f = std::fopen("/proc/self/maps", "r");
  for (int c; (c = std::getc(f)) != EOF;) n += c == '\n';
  std::fclose(f);
  return n;
}

struct Parked {
  Counter ready, done;
  std::atomic<long> at{0};
  rt_g** slots;
};
void park_one(void* raw) {
  auto* p = static_cast<Parked*>(raw);
  rt_gopark(
      [](rt_g* g, void* raw_parked) -> int {
        auto* parked = static_cast<Parked*>(raw_parked);
        parked->slots[parked->at.fetch_add(1)] = g;
        return 1;
      },
      p, RT_WAIT_CHAN_RECEIVE);
  p->done.done();
}
void parked(long n) {
  auto* slots = static_cast<rt_g**>(std::malloc(static_cast<std::size_t>(n) * sizeof(rt_g*)));
  std::memset(static_cast<void*>(slots), 0, static_cast<std::size_t>(n) * sizeof(rt_g*));
  const long before = rss_bytes() + page_table_bytes();
  for (int round = 1; round <= 2; ++round) {
    Parked p{Counter(0), Counter(n), {0}, slots};
    auto t = Clock::now();
    for (long i = 0; i < n; ++i) spawn(park_one, &p);
    while (p.at.load() < n) rt_gosched();
    const double create = std::chrono::duration<double, std::nano>(Clock::now() - t).count() / static_cast<double>(n);
    std::printf("PARKED %ld round=%d create_ns=%.0f bytes_each=%ld maps=%ld\n", n, round, create,
                (rss_bytes() + page_table_bytes() - before) / n, maps_lines());
    std::fflush(stdout);
    for (long i = 0; i < n; ++i) rt_goready(slots[i]);
    p.done.wait();
  }
  std::free(slots);
}

struct Job {
  std::string name;
  std::string procs;
};

double run(const std::string& name) {
  if (name == "W1") return w1();
  if (name == "W1b") return w1b();
  if (name == "W2_2") return w2(2);
  if (name == "W2_1000") return w2(1000);
  if (name == "W5us") return w5us();
  std::fprintf(stderr, "no workload %s; there are W1 W1b W2_2 W2_1000 W5us parked\n", name.c_str());
  std::exit(64);
}

void main_goroutine(void* raw) {
  const auto* job = static_cast<Job*>(raw);
  if (job->name == "parked") return parked(1'000'000);
  double cold = 0, best = 0;
  for (int i = 0; i <= kWarm; ++i) {
    const auto t = Clock::now();
    const double n = run(job->name);
    const double each = std::chrono::duration<double, std::nano>(Clock::now() - t).count() / n;
    if (i == 0) cold = each;
    if (i == 1 || (i > 1 && each < best)) best = each;
  }
  std::printf("RESULT %s %s cold=%.2f warm=%.2f\n", job->name.c_str(), job->procs.c_str(), cold, best);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: newproc_bench W1|W1b|W2_2|W2_1000|W5us|parked PS [traced|sim]\n");
    return 64;
  }
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.procs = static_cast<unsigned>(std::atoi(argv[2]));
  if (argc > 3 && std::strcmp(argv[3], "traced") == 0) config.trace_events = 1 << 16;
  if (argc > 3 && std::strcmp(argv[3], "sim") == 0) config.world = RT_WORLD_SIM;
  rt_runtime* rt = nullptr;
  if (rt_new(&config, &rt) != RT_OK) {
    std::fprintf(stderr, "%s\n", rt_last_error());
    return 1;
  }
  Job job{argv[1], argv[2]};
  rt_end end{};
  end.struct_size = sizeof end;
  const rt_status status = rt_start_main(rt, main_goroutine, &job, &end);
  if (status != RT_OK) std::fprintf(stderr, "%s\n", end.message);
  rt_stats_t stats{};
  stats.struct_size = sizeof stats;
  rt_stats(rt, &stats);
  rt_delete(rt);
  return status == RT_OK ? 0 : 1;
}
