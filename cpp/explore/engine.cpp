#include "explore/engine.hpp"

#include <algorithm>
#include <cstring>

#include "base/names.hpp"
#include "base/symbol.hpp"

namespace newproc::explore {
namespace {

rt_config config_for(const Subject& subject, const EngineOptions& options) {
  rt_config config;
  pattern::pattern_config(config);
  config.trace_events = options.trace_events;
  config.log_level = RT_LOG_OFF;
  if (subject.stack_size != 0) config.stack_size = subject.stack_size;
  return config;
}

bool starts(const char* text, const char* with) { return std::strncmp(text, with, std::strlen(with)) == 0; }

}  // namespace

Engine::Engine(const Subject& subject, const EngineOptions& options)
    : subject_(subject),
      options_(options),
      hash_(subject.hash),
      properties_((options.find & RT_FIND_ASSERT) != 0 ? options.properties : std::vector<rt_property>{}),
      locks_(options.lock_clocks),
      explorer_(options.bounds, (options.find & RT_FIND_RACE) != 0, subject.pattern == nullptr, properties_.always() ? &properties_ : nullptr,
                (options.find & RT_WARN_LOCK_ORDER) != 0 ? &locks_ : nullptr, options.coverage ? &coverage_ : nullptr) {
  runtime_.reset(make_runtime(config_for(subject, options)));
  runtime_->direct(&explorer_, options.check_scheduler);
  end_.struct_size = offsetof(rt_end, dump);  // nobody reads it
  if (subject.pattern == nullptr) return;
  rt_limits limits;
  pattern::default_limits(limits);
  hash_ = subject.pattern->hash;
  run_ = std::make_unique<pattern::Run>(*subject.pattern, limits, true, true, &explorer_);
  run_->keep_log(options.log);
  properties_.of(run_.get());
}

Engine::~Engine() = default;

void Engine::main_entry(void* raw) {
  auto* engine = static_cast<Engine*>(raw);
  engine->subject_.fn(engine->subject_.arg);
  if (!engine->explorer_.main_returned()) current_ops()->gopark(nullptr, nullptr, RT_WAIT_NONE);
}

void Engine::run(Driver& driver, std::uint64_t seed) {
  driver.begin(seed);
  explorer_.begin(driver);
  properties_.begin();
  findings_.clear();
  if (run_ != nullptr) {
    run_->rewind();
    run_->start(*runtime_, end_);
  } else {
    runtime_->start_main(main_entry, this, &end_);
  }
  classify();
  if (properties_.stop()) refused_ = true;
  if (subject_.ended != nullptr && subject_.ended(subject_.arg) != 0) refused_ = true;
}

pattern::Outcome Engine::outcome() {
  pattern::Outcome out;
  if (run_ != nullptr) out.log = run_->log();
  if (properties_.broken() != nullptr) {
    out.status = RT_EPANIC;
    out.exit_code = 2;
    out.message = properties_.message();
    return out;
  }
  out.status = explorer_.main_done() && end_.status == RT_EDEADLOCK ? RT_OK : end_.status;
  out.exit_code = out.status == RT_OK ? 0 : out.status == RT_ELIMIT ? 3 : 2;
  if (out.status != RT_OK) out.message = end_.message;
  return out;
}

/// Nothing can go on any more: it was not a bound that ended the run, nor a panic.
bool Engine::at_rest() const {
  if (explorer_.stopped()) return false;
  return end_.status == RT_OK || end_.status == RT_EDEADLOCK || end_.status == RT_EGOEXIT || (end_.status == RT_ELIMIT && explorer_.in_circles());
}

void Engine::classify() {
  if (!explorer_.races().empty()) raced();
  if (properties_.broken() == nullptr && properties_.any() && at_rest()) properties_.hold(explorer_.moment(true));
  if (properties_.broken() != nullptr) broken();
  if ((options_.find & RT_WARN_LOCK_ORDER) != 0) lock_orders();
  switch (end_.status) {
    case RT_EDEADLOCK:
    case RT_EGOEXIT:
      if (!explorer_.main_done()) return blocked(RT_FIND_DEADLOCK, end_.message, false);
      return blocked(RT_FIND_LEAK, "main has returned, and these can never run again", false);
    case RT_EPANIC: return raised(starts(end_.message, "panic: assert") ? RT_FIND_ASSERT : RT_FIND_PANIC);
    case RT_EFATAL: return raised(RT_FIND_PANIC);
    case RT_ELIMIT:
      if (properties_.broken() != nullptr) return;  // that ended it
      if (explorer_.too_long() && !explorer_.main_done())
        return blocked(RT_FIND_LIVELOCK, "no end after " + std::to_string(explorer_.steps()) + " steps", true);
      if (explorer_.too_long() && explorer_.in_circles())
        return blocked(RT_FIND_LEAK, "main has returned, and these can never run again", false);
      return;
    default: return;
  }
}

void Engine::add(Finding&& finding) {
  if ((options_.find & finding.kind) == 0) return;
  for (const Finding& other : findings_)
    if (other.key == finding.key) return;
  findings_.push_back(std::move(finding));
}

Involved Engine::involved(std::uint32_t task, std::string what) const {
  Involved one;
  one.goroutine = task;
  one.what = std::move(what);
  one.site = explorer_.task(task).site;
  if (run_ != nullptr) one.body = task == 0 ? 0 : run_->body_of(explorer_.task_arg(task));
  return one;
}

/// The same in every run: the body, where there is one, or where it was started.
std::string Engine::name_of(const Involved& one) const {
  if (one.body >= 0) return "b" + std::to_string(one.body);
  const std::uint64_t from = explorer_.started_at(one.goroutine);
  return from != 0 ? "s" + std::to_string(from) : "g" + std::to_string(one.goroutine);
}

/// Who waits at the end; with `all_alive`, who does not, too.
void Engine::blocked(std::uint32_t kind, const std::string& message, bool all_alive) {
  rt_snapshot* snapshot = nullptr;
  if ((options_.find & kind) == 0 || runtime_->snapshot(&snapshot) != RT_OK) return;
  Finding f;
  f.kind = kind;
  f.message = message;
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < snapshot->ngs; ++i) {
    const rt_g_info& g = snapshot->gs[i];
    if ((g.flags & RT_G_SYSTEM) != 0 || g.status == RT_GDEAD || g.status == RT_GIDLE) continue;
    const auto task = static_cast<std::uint32_t>(g.goid - 1);
    if (task == 0 && explorer_.main_done()) continue;
    if (!all_alive && g.status != RT_GWAITING) continue;
    const Involved one = involved(task, g.status == RT_GWAITING ? rt_wait_reason_text(g.wait_reason) : "running");
    parts.push_back(name_of(one) + ":" + one.what + "@" + std::to_string(one.site));
    f.goroutines.push_back(one);
  }
  delete static_cast<SnapshotStore*>(snapshot);
  if (f.goroutines.empty() && kind == RT_FIND_LEAK) return;
  std::sort(f.goroutines.begin(), f.goroutines.end(), [](const Involved& a, const Involved& b) { return a.goroutine < b.goroutine; });
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  f.key = find_name(kind);
  for (const std::string& part : parts) f.key += ";" + part;
  add(std::move(f));
}

void Engine::raised(std::uint32_t kind) {
  Finding f;
  f.kind = kind;
  f.message = end_.message;
  if (end_.goid != 0) f.goroutines.push_back(involved(static_cast<std::uint32_t>(end_.goid - 1), "panicked"));
  // A message may have addresses and counts in it: where a function says where it is, that tells better what is the same.
  const bool placed = run_ == nullptr && explorer_.site != 0;
  f.key = std::string(find_name(kind)) + ";" + (placed ? std::to_string(explorer_.site) : f.message) +
          (f.goroutines.empty() ? "" : ";" + name_of(f.goroutines[0]));
  add(std::move(f));
}

/// A property of the user's. Which one it is tells what is the same: any step may have broken it.
void Engine::broken() {
  Finding f;
  f.kind = RT_FIND_ASSERT;
  f.message = properties_.message();
  const rt_property& property = *properties_.broken();
  const std::uint32_t last = explorer_.moment(true).goroutine;
  if (property.when == RT_ALWAYS) f.goroutines.push_back(involved(last, "went the step after which it does not hold"));
  f.key = "property;" + std::to_string(property.when) + ";" + (property.name != nullptr ? property.name : "");
  add(std::move(f));
}

std::string Engine::lock_name(const void* lock) {
  return run_ != nullptr ? run_->lock_name(lock) : "lock " + std::to_string(locks_.number_of(lock));
}

void Engine::lock_orders() {
  for (const LockOrder::Cycle& cycle : locks_.cycles()) {
    Finding f;
    f.kind = RT_WARN_LOCK_ORDER;
    f.message = "locks are taken in orders that can deadlock";
    std::vector<std::string> parts;
    for (const LockOrder::Step* step : cycle) {
      Involved one = involved(step->task, "takes " + lock_name(step->taken.lock) + " while it holds " + lock_name(step->held.lock));
      one.site = step->taken.site;
      one.held_site = step->held.site;
      one.object = step->taken.lock;
      f.message += (f.goroutines.empty() ? ": goroutine " : ", goroutine ") + std::to_string(one.goroutine) + " " + one.what;
      parts.push_back(name_of(one) + "@" + std::to_string(one.held_site) + "@" + std::to_string(one.site));
      f.goroutines.push_back(std::move(one));
    }
    std::sort(parts.begin(), parts.end());
    f.key = find_name(f.kind);
    for (const std::string& part : parts) f.key += ";" + part;
    add(std::move(f));
  }
}

void Engine::raced() {
  const auto verb = [](std::uint32_t kind) {
    switch (kind) {
      case RT_OP_READ: return "read of ";
      case RT_OP_WRITE: return "write of ";
      default: return "atomic access to ";
    }
  };
  for (const Race& race : explorer_.races()) {
    const std::int64_t v = run_ != nullptr ? run_->variable_of(race.cell) : -1;
    const std::string cell = v >= 0 ? "variable " + std::to_string(v) : run_ != nullptr ? "a wait group's first Add and Wait" : "a cell";
    Finding f;
    f.kind = RT_FIND_RACE;
    f.message = "data race on " + cell;
    std::string ends[2];
    for (int i = 0; i < 2; ++i) {
      const Access& a = i == 0 ? race.first : race.second;
      Involved one = involved(a.task, verb(a.kind) + cell);
      one.site = a.site;
      one.object = race.cell;
      ends[i] = name_of(one) + "@" + std::to_string(a.site) + std::to_string(a.kind);
      f.message += (i == 0 ? ": " : ", ") + one.what.substr(0, one.what.find(" of ")) + " by goroutine " + std::to_string(a.task);
      f.goroutines.push_back(one);
    }
    if (ends[1] < ends[0]) std::swap(ends[0], ends[1]);
    f.key = "race;" + cell + ";" + ends[0] + ";" + ends[1];
    add(std::move(f));
  }
}

}  // namespace newproc::explore
