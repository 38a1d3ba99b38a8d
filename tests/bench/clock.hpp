// clock.hpp: time, medians, and what Linux says about this process.
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <time.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace bench {

class Stopwatch {
 public:
  double ns() const { return std::chrono::duration<double, std::nano>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

template <class F>
double time_ns(F&& f) {
  const Stopwatch watch;
  std::forward<F>(f)();
  return watch.ns();
}

/// The processor's time that this process has had, user and system, ns.
inline double cpu_ns() {
  timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 != 0 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

struct Memory {
  double rss = 0;           // bytes, second field of /proc/self/statm
  double page_tables = 0;   // bytes, VmPTE of /proc/self/status
  long map_lines = 0;       // lines of /proc/self/maps
};

/// Calls line(text) for each line of a file of /proc.
template <class F>
void each_line(const char* path, F&& line) {
  std::FILE* file = std::fopen(path, "r");
  if (file == nullptr) {
    std::perror(path);
    std::exit(1);
  }
  char text[4096];
  while (std::fgets(text, sizeof text, file) != nullptr) line(text);
  std::fclose(file);
}

inline Memory memory() {
  Memory m;
  each_line("/proc/self/statm", [&](const char* text) {
    long total = 0, resident = 0;
    if (std::sscanf(text, "%ld %ld", &total, &resident) == 2) m.rss = static_cast<double>(resident * sysconf(_SC_PAGESIZE));
  });
  each_line("/proc/self/status", [&](const char* text) {
    long kib = 0;
    if (std::sscanf(text, "VmPTE: %ld", &kib) == 1) m.page_tables = static_cast<double>(kib) * 1024;
  });
  each_line("/proc/self/maps", [&](const char* text) { m.map_lines += std::strchr(text, '\n') != nullptr; });
  return m;
}

/// argv[i] as a number above zero; ends the program with a usage line where it is none.
inline long number_argument(int argc, char** argv, int i, long otherwise, const char* usage) {
  if (argc <= i) return otherwise;
  char* end = nullptr;
  const long value = std::strtol(argv[i], &end, 10);
  if (*end == '\0' && value > 0) return value;
  std::fprintf(stderr, "%s is no number above zero\nusage: %s\n", argv[i], usage);
  std::exit(2);
}

}  // namespace bench
