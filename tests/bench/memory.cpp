// memory.cpp: many parked goroutines: bytes each, lines of /proc/self/maps, and what making them costs, twice.
//   bench_memory [GOROUTINES [WORKERS]]   default: 1000000 1
#include <cstdio>
#include <vector>

#include "clock.hpp"
#include "workloads.hpp"

namespace {

struct Crowd {
  std::vector<rt_g*> parked;          // written by each goroutine as it parks
  std::atomic<std::size_t> count{0};
  bench::Wg* ended = nullptr;
};
Crowd crowd;

int sign_in(rt_g* g, void*) {
  crowd.parked[crowd.count.fetch_add(1, std::memory_order_relaxed)] = g;
  return 1;
}

void member() {
  bench::check(rt_gopark(sign_in, nullptr, RT_WAIT_SEMACQUIRE), "rt_gopark");
  crowd.ended->done();
}

struct Creation {
  double spawned = 0, parked = 0;  // ns each, from the first spawn
};

Creation create(std::size_t n) {
  Creation cost;
  crowd.count = 0;
  const bench::Stopwatch watch;
  for (std::size_t i = 0; i < n; ++i) bench::spawn([] { member(); });
  cost.spawned = watch.ns() / static_cast<double>(n);
  while (crowd.count.load() != n) bench::yield();
  cost.parked = watch.ns() / static_cast<double>(n);
  return cost;
}

double wake(std::size_t n) {
  bench::Wg ended(n);
  crowd.ended = &ended;
  const double ns = bench::time_ns([&] {
    for (rt_g* g : crowd.parked) bench::check(rt_goready(g), "rt_goready");
    ended.wait();
  });
  return ns / static_cast<double>(n);
}

const char* guard_name(std::uint64_t kind) {
  return kind == 1 ? "MADV_GUARD_INSTALL" : kind == 2 ? "mprotect" : "none";
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char* kUsage = "bench_memory [GOROUTINES [WORKERS]]";
  const auto n = static_cast<std::size_t>(bench::number_argument(argc, argv, 1, 1'000'000, kUsage));
  const long workers = bench::number_argument(argc, argv, 2, 1, kUsage);
  crowd.parked.assign(n, nullptr);  // touched now: it is not the goroutines' memory

  bench::Runtime runtime(bench::config(static_cast<std::uint32_t>(workers)));
  bench::Memory before, during;
  Creation first, second;
  double first_wake = 0;
  rt_stats_t stats{};
  stats.struct_size = sizeof stats;
  runtime.run([&] {
    before = bench::memory();
    first = create(n);
    during = bench::memory();
    bench::check(rt_stats(nullptr, &stats), "rt_stats");
    first_wake = wake(n);
    second = create(n);
    wake(n);
  });
  const auto each = [n](double bytes) { return bytes / static_cast<double>(n); };
  const double rss = each(during.rss - before.rss), tables = each(during.page_tables - before.page_tables);
  std::printf("RESULT memory %ld goroutines=%zu bytes_each=%.0f rss_each=%.0f page_tables_each=%.0f map_lines=%ld "
              "map_lines_before=%ld guard=%s first_spawn_ns=%.1f first_parked_ns=%.1f wake_ns=%.1f "
              "second_spawn_ns=%.1f second_parked_ns=%.1f\n",
              workers, n, rss + tables, rss, tables, during.map_lines, before.map_lines, guard_name(stats.guard_kind),
              first.spawned, first.parked, first_wake, second.spawned, second.parked);
}
