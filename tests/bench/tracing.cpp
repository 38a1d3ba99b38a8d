// tracing.cpp: the same workload with the trace off and on, in turns, in fresh runtimes.
//   bench_tracing [WORKERS [REPEATS]]   default: 1 7
#include <cstdio>

#include "clock.hpp"
#include "workloads.hpp"

namespace {

constexpr std::uint64_t kEvents = 1 << 16;  // per M: the ring wraps, as in a long run

double warm_ns(const std::function<long()>& workload, long workers, std::uint64_t events) {
  rt_config cfg = bench::config(static_cast<std::uint32_t>(workers));
  cfg.trace_events = events;
  bench::Runtime runtime(cfg);
  double ns = 0;
  runtime.run([&] {
    workload();
    const bench::Stopwatch watch;
    const long operations = workload();
    ns = watch.ns() / static_cast<double>(operations);
  });
  return ns;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char* kUsage = "bench_tracing [WORKERS [REPEATS]]";
  const long workers = bench::number_argument(argc, argv, 1, 1, kUsage);
  const long repeats = bench::number_argument(argc, argv, 2, 7, kUsage);
  for (const auto& [name, workload] : bench::workloads()) {
    std::vector<double> off, on;
    for (long i = 0; i < repeats; ++i) {
      off.push_back(warm_ns(workload, workers, 0));
      on.push_back(warm_ns(workload, workers, kEvents));
    }
    const double without = bench::median(off), with = bench::median(on);
    std::printf("RESULT tracing_%s %ld off_ns=%.2f on_ns=%.2f cost_percent=%.1f\n", name.c_str(), workers, without, with,
                100 * (with / without - 1));
    std::fflush(stdout);
  }
}
