// workload.cpp: one workload in a fresh runtime, a cold round and a warm one.
//   bench_workload WORKLOAD WORKERS   prints RESULT <workload> <workers> cold=<ns/op> warm=<ns/op>
//   bench_workload calibrate          prints the steps of compute() that take 5 us here
#include <cstdio>
#include <functional>
#include <string>

#include "clock.hpp"
#include "workloads.hpp"

namespace {

constexpr const char* kUsage = "bench_workload W1|W1b|W2_2|W2_1000|W5us|W3|W4|W4j|W5|W6|W7|W7y|W8 WORKERS, or bench_workload calibrate";

/// The fastest of many is the one that nothing disturbed.
long calibrate() {
  constexpr long kSteps = 1'000'000;
  double best = 0;
  for (int i = 0; i < 30; ++i) {
    const double ns = bench::time_ns([] { bench::sink += bench::compute(kSteps); });
    if (best == 0 || ns < best) best = ns;
  }
  return static_cast<long>(kSteps * (5000 / best));
}

/// A round of a workload as a number: ns of the clock on the wall for one operation, or what a gauge says.
std::function<double()> round_of(const std::string& name) {
  if (const auto gauge = bench::gauges().find(name); gauge != bench::gauges().end()) return gauge->second;
  const auto found = bench::workloads().find(name);
  if (found == bench::workloads().end()) return nullptr;
  return [run = found->second] {
    const bench::Stopwatch watch;
    const long operations = run();
    return watch.ns() / static_cast<double>(operations);
  };
}

int measure(const std::string& name, long workers) {
  const std::function<double()> round = round_of(name);
  if (round == nullptr) return std::puts("UNSUPPORTED"), 0;
  double result[2] = {};
  bench::Runtime runtime(bench::config(static_cast<std::uint32_t>(workers)));
  runtime.run([&] {
    result[0] = round();
    result[1] = name == "W5" ? result[0] : round();  // memory that was resident once stays so
  });
  std::printf("RESULT %s %ld cold=%.2f warm=%.2f\n", name.c_str(), workers, result[0], result[1]);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "calibrate") return std::printf("%ld\n", calibrate()), 0;
  if (argc != 3) return std::fprintf(stderr, "usage: %s\n", kUsage), 2;
  return measure(argv[1], bench::number_argument(argc, argv, 2, 1, kUsage));
}
