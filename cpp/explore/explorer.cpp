#include "explore/explorer.hpp"

#include <algorithm>

namespace newproc::explore {
namespace {

std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return mix_seed(a ^ (b * 0xff51afd7ed558ccdULL), 0); }

}  // namespace

void Explorer::begin(Driver& driver) {
  driver_ = &driver;
  ntasks_ = alive_ = last_ = 0;
  steps_ = changes_ = main_done_at_ = laps_ = busy_at_ = busy_ = 0;
  main_done_ = stopped_ = too_long_ = in_circles_ = driver_failed_ = false;
  decisions_.clear();
  races_.clear();
  clocks_.clear();
  objects_.clear();
  if (locks_ != nullptr) locks_->clear();
  if (coverage_ != nullptr) coverage_->begin();
  changed_ = true;
  site = 0;
}

/// What is the same in every schedule that has begun alike.
const void* Explorer::name_of(const void* object) {
  if (!function_ || object == nullptr) return object;
  return reinterpret_cast<const void*>(std::uintptr_t{objects_.of(reinterpret_cast<std::uintptr_t>(object))} + 1);
}

void Explorer::spawned(std::uint64_t g, std::uint64_t parent, rt_func fn, void* arg) {
  const std::uint32_t i = id(g);
  while (tasks_.size() <= i) tasks_.emplace_back();
  if (ntasks_ <= i) ntasks_ = i + 1;
  State& s = tasks_[i];
  s = State{};
  s.task.id = i;
  s.arg = arg;
  s.parent = parent != 0 ? id(parent) : 0;
  // Where a function says where it is, what is started at the same place is alike; its argument is some address.
  s.started_at = function_ && parent != 0 ? site : 0;
  s.task.history = mix(reinterpret_cast<std::uintptr_t>(fn), s.started_at != 0 ? s.started_at : reinterpret_cast<std::uintptr_t>(arg));
  s.task.place = s.task.root = s.task.history;
  ++alive_;
  ++changes_;
  if (races_on_) clocks_.spawned(i, s.parent, parent != 0);
  if (locks_ != nullptr) locks_->spawned(i, s.parent, parent != 0);
}

void Explorer::ended(std::uint64_t) {
  --alive_;
  ++changes_;
}

/// Looks at the invariants, unless nothing has changed: a pattern tells of each write to a variable.
bool Explorer::properties_hold() {
  if (!changed_ && !function_) return true;
  changed_ = false;
  return properties_->hold(moment(false));
}

Director::Say Explorer::arrives(std::uint64_t g, const Operation& op) {
  if (op.kind == RT_OP_LOCAL) return Say::on;
  if (properties_ != nullptr && !properties_hold()) return Say::end;
  State& s = tasks_[id(g)];
  Task& t = s.task;
  t.next = {op.kind, name_of(op.object), op.gives_back};
  t.site = site;
  t.history = mix(t.history, reinterpret_cast<std::uintptr_t>(t.next.object) * 16 + op.kind);
  t.place = site != 0 ? mix(site, op.kind) : t.history;
  ++t.done;
  ++steps_;
  if (function_) watch(s, mix(mix(site, op.kind), reinterpret_cast<std::uintptr_t>(t.next.object)));
  if (steps_ > bounds_.steps || (main_done_ && steps_ - main_done_at_ > bounds_.after_main)) {
    too_long_ = true;
    return Say::end;
  }
  return Say::ask;
}

/// Puts the question, unless there is one way only, and writes the answer down.
std::uint32_t Explorer::decide(const Question& q, std::uint32_t only) {
  const std::uint32_t nth = tasks_[last_].task.decisions++;
  if (only != kStop) return only;
  std::uint32_t i = driver_->pick(q);
  if (i == kStop) {
    stopped_ = true;
    return kStop;
  }
  if (i >= q.n) {
    driver_failed_ = true;
    i = q.usual;
  }
  decisions_.push_back({last_, nth, q.name(i), q.name(q.usual), q.choice});
  return i;
}

const Task* Explorer::direct_task(const void* raw, std::uint32_t i) {
  const auto& e = *static_cast<const Explorer*>(raw);
  return &e.tasks_[id((*e.ready_)[i])].task;
}

const Task* Explorer::indirect_task(const void* raw, std::uint32_t i) {
  const auto& e = *static_cast<const Explorer*>(raw);
  return &e.tasks_[id((*e.ready_)[e.indices_[i]])].task;
}

/// All at once: most drivers look at each.
const Task* const* Explorer::direct_tasks(const void* raw) {
  const auto& e = *static_cast<const Explorer*>(raw);
  const std::uint32_t n = e.ready_->n;
  if (e.goids_.size() < n) {
    e.goids_.resize(2 * n);
    e.lineup_.resize(2 * n);
  }
  e.ready_->goids(e.ready_->of, e.goids_.data());
  for (std::uint32_t i = 0; i < n; ++i) e.lineup_[i] = &e.tasks_[id(e.goids_[i])].task;
  return e.lineup_.data();
}

const Task* const* Explorer::indirect_tasks(const void* raw) {
  const auto& e = *static_cast<const Explorer*>(raw);
  direct_tasks(raw);
  for (std::uint32_t i = 0; i < e.indices_.size(); ++i) e.lineup_[i] = e.lineup_[e.indices_[i]];  // they rise
  return e.lineup_.data();
}

Question Explorer::question(std::uint32_t goroutines, bool running, bool timer) {
  return {false, running, timer, goroutines + (timer ? 1 : 0), 0, &tasks_[last_].task, steps_, direct_task, direct_tasks, this};
}

/// Who goes on: asked for where there is a choice, or where the driver wants to know of all.
std::uint32_t Explorer::ask(const Question& q) { return decide(q, q.n == 1 && !driver_->wants_all() ? 0 : kStop); }

std::uint32_t Explorer::next(const Ready& ready, bool running, bool timer) {
  ready_ = &ready;
  if (properties_ != nullptr && !running && steps_ != 0 && !properties_hold()) return kStop;  // who ran last may have ended
  if (laps_ != 0) return next_but_idle(ready, running, timer);
  const Question q = question(ready.n, running, timer);
  const std::uint32_t i = ask(q);
  if (i == kStop) return kStop;
  if (i == ready.n)
    time_passes(running);
  else
    goes_on(id(ready[i]), running, i == q.usual);
  return i;
}

/// Goroutines that go in circles wait until something has changed; if all do, time passes.
std::uint32_t Explorer::next_but_idle(const Ready& ready, bool running, bool timer) {
  indices_.clear();
  std::uint32_t least = ~std::uint32_t{0};
  for (std::uint32_t i = 0; i < ready.n; ++i) {
    const State& s = tasks_[id(ready[i])];
    if (idle(s))
      least = std::min(least, s.laps);
    else
      indices_.push_back(i);
  }
  if (indices_.empty() && timer) {
    time_passes(running);
    return decide(question(0, false, true), ready.n);
  }
  if (indices_.empty() && least >= kLapsToGiveUp && !function_) {
    too_long_ = in_circles_ = true;
    return kStop;
  }
  if (indices_.empty())
    for (std::uint32_t i = 0; i < ready.n; ++i)
      if (tasks_[id(ready[i])].laps == least) indices_.push_back(i);
  const auto goroutines = static_cast<std::uint32_t>(indices_.size());
  Question q = question(goroutines, running && indices_[0] == 0, timer);
  q.get = indirect_task;
  q.get_all = indirect_tasks;
  const std::uint32_t i = ask(q);
  if (i == kStop) return kStop;
  if (i == goroutines) {
    time_passes(running);
    return ready.n;
  }
  goes_on(id(ready[indices_[i]]), running, i == q.usual);
  return indices_[i];
}

std::uint32_t Explorer::choose(std::uint64_t, std::uint32_t n) {
  Question q = question(n, false, false);
  q.choice = true;
  const std::uint32_t i = decide(q, kStop);
  return i == kStop ? 0 : i;
}

void Explorer::acquire(std::uint64_t g, const void* object, bool lock) {
  State& s = tasks_[id(g)];
  // On a channel it has come about: on a lock it may be one more round in a circle.
  if (s.task.next.kind == RT_OP_CHAN || s.task.next.kind == RT_OP_SELECT) progress();
  if (races_on_) clocks_.acquire(id(g), object);
  if (locks_ != nullptr && !lock) locks_->acquire(id(g), object);
}

void Explorer::release(std::uint64_t g, const void* object, bool merge, bool lock) {
  State& s = tasks_[id(g)];
  if (s.task.next.kind == RT_OP_CHAN || s.task.next.kind == RT_OP_SELECT) progress();
  if (races_on_) clocks_.release(id(g), object, merge);
  if (locks_ != nullptr && !lock) locks_->release(id(g), object, merge);
}

void Explorer::took(std::uint64_t g, const void* lock, bool shared, bool waits) {
  if (locks_ != nullptr) locks_->took(id(g), {lock, site, shared}, waits);
}

void Explorer::gave(std::uint64_t g, const void* lock) {
  if (locks_ != nullptr) locks_->gave(id(g), lock);
}

void Explorer::touches(std::uint64_t g, const void* cell, std::uint32_t kind) {
  if (kind == RT_OP_WRITE || kind == RT_OP_ATOMIC) {
    progress();
    changed_ = true;
  }
  if (races_on_) clocks_.touches({id(g), kind, site}, cell, races_);
}

/// A pattern says where a loop of its begins again. A function does not: that it comes back to the same operation on the
/// same object, by Brent's way of finding a cycle, must do.
void Explorer::watch(State& s, std::uint64_t at) {
  if (at == s.head) {
    s.since = 0;
    return lap_of(s);
  }
  if (++s.since < s.reach) return;
  s.head = at;
  s.since = 0;
  s.reach = std::min(2 * s.reach, kLongestLoop);
}

void Explorer::lap() { lap_of(tasks_[last_]); }

void Explorer::lap_of(State& s) {
  if (s.progress) s.laps = 0;
  else laps_ += ++s.laps;
  s.progress = false;
  s.idle_since = changes_;
}

bool Explorer::goes_on() {
  busy_ = steps_ == busy_at_ ? busy_ + 1 : 0;
  busy_at_ = steps_;
  too_long_ = too_long_ || busy_ > kMostBusy;
  return !too_long_;
}

bool Explorer::main_returned() {
  main_done_ = true;
  main_done_at_ = steps_;
  return alive_ == 1;
}

}  // namespace newproc::explore
