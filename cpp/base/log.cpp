#include "base/log.hpp"

#ifndef FMT_HEADER_ONLY
#define FMT_HEADER_ONLY  // no libfmt at run time
#endif
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

namespace newproc {
namespace {

struct LevelName {
  const char* name;
  int level;
};
constexpr LevelName kLevels[] = {{"off", RT_LOG_OFF},   {"error", RT_LOG_ERROR}, {"warn", RT_LOG_WARN},
                                 {"info", RT_LOG_INFO}, {"debug", RT_LOG_DEBUG}};

spdlog::level::level_enum to_spdlog(int level) {
  switch (level) {
    case RT_LOG_ERROR: return spdlog::level::err;
    case RT_LOG_WARN: return spdlog::level::warn;
    case RT_LOG_INFO: return spdlog::level::info;
    default: return spdlog::level::debug;
  }
}

int from_spdlog(spdlog::level::level_enum level) {
  for (const auto& known : kLevels)
    if (known.level != RT_LOG_OFF && to_spdlog(known.level) == level) return known.level;
  return RT_LOG_DEBUG;
}

/// Hands every line to the caller's function.
class FunctionSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  FunctionSink(rt_log_func function, void* arg) : function_(function), arg_(arg) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    function_(arg_, from_spdlog(message.level), std::string(message.payload.data(), message.payload.size()).c_str());
  }
  void flush_() override {}
  rt_log_func function_;
  void* arg_;
};

/// NEWPROC_LOG, where it is set. False: it names no level.
bool log_level_from_environment(int& level) {
  const char* text = std::getenv("NEWPROC_LOG");
  if (text == nullptr || *text == '\0') return true;
  for (const auto& known : kLevels) {
    if (std::strcmp(text, known.name) != 0) continue;
    level = known.level;
    return true;
  }
  return false;
}

}  // namespace

struct Log::Sink {
  explicit Sink(spdlog::sink_ptr sink) : logger("newproc", std::move(sink)) { logger.set_level(spdlog::level::trace); }
  spdlog::logger logger;
};

void Log::open(int level, rt_log_func function, void* arg) {
  int chosen = level >= 0 ? level : RT_LOG_WARN;
  const bool known = level >= 0 || log_level_from_environment(chosen);
  level_.store(chosen, std::memory_order_relaxed);
  spdlog::sink_ptr sink;
  if (function != nullptr)
    sink = std::make_shared<FunctionSink>(function, arg);
  else
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  delete sink_;
  sink_ = new Sink(std::move(sink));
  if (!known)
    write(RT_LOG_WARN, "NEWPROC_LOG is \"%s\"; give off, error, warn, info or debug. It is warn for now", std::getenv("NEWPROC_LOG"));
}

void Log::write(int level, const char* format, ...) {
  char line[1024];
  std::va_list args;
  va_start(args, format);
  std::vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (sink_ != nullptr) sink_->logger.log(to_spdlog(level), "{}", line);
}

Log::~Log() { delete sink_; }

}  // namespace newproc
