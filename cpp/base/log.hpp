// log.hpp: log lines. A line that is off costs one relaxed load and a branch that is predicted.
#pragma once
#include <atomic>

#include "newproc.h"

namespace newproc {

/// The sink and level of one runtime. spdlog formats and writes behind it (log.cpp is its only user).
class Log {
 public:
  Log() = default;
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// level -1: NEWPROC_LOG of the environment, else RT_LOG_WARN. sink null: standard error.
  void open(int level, rt_log_func sink, void* arg);
  bool on(int level) const { return level <= level_.load(std::memory_order_relaxed); }
  /// Call only behind on(). Formats as printf; the line gets time and level when it goes to standard error.
  [[gnu::format(printf, 3, 4), gnu::cold]] void write(int level, const char* format, ...);

 private:
  std::atomic<int> level_{RT_LOG_WARN};
  struct Sink;
  Sink* sink_ = nullptr;
};


}  // namespace newproc

#define NEWPROC_LOG_LINE(log, level, ...)                                   \
  do {                                                                      \
    if (__builtin_expect((log).on(level), 0)) (log).write(level, __VA_ARGS__); \
  } while (0)
