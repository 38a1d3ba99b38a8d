// sim.cpp: events a second of the sim world, in one thread.
//   bench_sim [REPEATS]   default: 7
// An event is what the trace records. Equal runs have equal events, so the traced run counts them and the
// run without a trace is timed as well.
#include <cstdio>

#include "clock.hpp"
#include "workloads.hpp"

namespace {

struct Run {
  double ns = 0;
  std::uint64_t events = 0;
};

Run run(std::uint32_t procs, std::uint64_t ring, const std::function<void()>& workload) {
  rt_config cfg = bench::config(procs);
  cfg.world = RT_WORLD_SIM;
  cfg.seed = 1;
  cfg.trace_events = ring;
  bench::Runtime runtime(cfg);
  Run result;
  result.ns = bench::time_ns([&] { runtime.run(workload); });
  if (ring == 0) return result;
  rt_trace* trace = nullptr;
  bench::check(rt_trace_take(runtime.get(), &trace), "rt_trace_take");
  result.events = trace->nevents + trace->lost;
  rt_trace_free(trace);
  return result;
}

void measure(const char* name, std::uint32_t procs, long repeats, const std::function<void()>& workload) {
  constexpr std::uint64_t kRing = 1 << 12;
  std::vector<double> off, on;
  std::uint64_t events = 0;
  for (long i = 0; i < repeats; ++i) {
    off.push_back(run(procs, 0, workload).ns);
    const Run traced = run(procs, kRing, workload);
    on.push_back(traced.ns);
    events = traced.events;
  }
  const auto a_second = [events](double ns) { return static_cast<double>(events) * 1e9 / ns; };
  std::printf("RESULT sim_%s %u events=%llu events_per_s=%.0f events_per_s_traced=%.0f\n", name, procs,
              static_cast<unsigned long long>(events), a_second(bench::median(off)), a_second(bench::median(on)));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const long repeats = bench::number_argument(argc, argv, 1, 7, "bench_sim [REPEATS]");
  for (const std::uint32_t procs : {1U, 2U, 4U}) {
    measure("spawn", procs, repeats, [] {
      for (int batch = 0; batch < 2000; ++batch) bench::spawn_and_wait(100);
    });
    measure("yield", procs, repeats, [] { bench::yields(100, 500'000); });
  }
}
