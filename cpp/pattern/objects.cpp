// objects.cpp: the objects of a run, from first to last.
#include "pattern/objects.hpp"

#include "runtime/runtime.hpp"
#include "sync/handles.hpp"

namespace newproc::pattern {

Objects::Objects(const Program& p) : program_(p) {
  vars_ = std::make_unique<Cell[]>(p.vars);
  chans_ = std::make_unique<Holder[]>(p.chans.size());
  timers_ = std::make_unique<Holder[]>(p.timers);
  contexts_ = std::make_unique<Holder[]>(p.contexts);
  mutexes_.resize(p.mutexes);
  rwmutexes_.resize(p.rwmutexes);
  waitgroups_.resize(p.waitgroups);
  onces_.resize(p.onces);
  conds_ = std::make_unique<CondBox[]>(p.conds.size());
  for (std::size_t i = 0; i < p.conds.size(); ++i) {
    const CondSpec& spec = p.conds[i];
    conds_[i].cond.l = spec.locker == CondSpec::mutex ? &mutexes_[spec.index] : &conds_[i].own;
    if (spec.locker == CondSpec::rwmutex || spec.locker == CondSpec::rlocker) conds_[i].rw = &rwmutexes_[spec.index];
    conds_[i].reads = spec.locker == CondSpec::rlocker;
  }
}

Objects::~Objects() {
  forget_made();
  for (rt_chan* c : all_chans_) c->free(c);
}

/// What the run has made beside the tables.
void Objects::forget_made() {
  if (made() == 0) return;
  for (TimerBox& box : fresh_timers_)
    if (box.timer != nullptr) runtime_->free_timer(box.timer);
  for (rt_context* c : fresh_contexts_) c->ops->release(c);
  fresh_contexts_.clear();
  for (std::size_t i = table_chans_; i < all_chans_.size(); ++i) all_chans_[i]->free(all_chans_[i]);
  all_chans_.resize(table_chans_);
  fresh_timers_.clear();
  fresh_mutexes_.clear();
  fresh_rwmutexes_.clear();
  fresh_waitgroups_.clear();
  fresh_onces_.clear();
  fresh_cells_.clear();
  fresh_conds_.clear();
  starts_.clear();
  unwinds_.clear();
  made_.store(0, std::memory_order_relaxed);
}

void Objects::rewind() {
  if (runtime_ == nullptr) return;  // nothing has run
  forget_made();
  for (std::uint32_t i = 0; i < program_.vars; ++i) vars_[i].store(0, std::memory_order_relaxed);
  for (rt_mutex& l : mutexes_) l = {};
  for (rt_rwmutex& l : rwmutexes_) l = {};
  for (rt_waitgroup& w : waitgroups_) w = {};
  for (rt_once& o : onces_) o = {};
  for (std::size_t i = 0; i < program_.conds.size(); ++i) {
    conds_[i].own = {};
    conds_[i].cond = rt_cond{conds_[i].cond.l, 0, 0, nullptr, nullptr, 0, 0};
  }
  for (std::uint32_t i = 0; i < program_.timers; ++i) timers_[i].store(nullptr, std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < program_.contexts; ++i) contexts_[i].store(nullptr, std::memory_order_relaxed);
  for (rt_chan* c : all_chans_) c->rewind(c);
  std::size_t made = 0;
  for (std::size_t i = 0; i < program_.chans.size(); ++i)
    chans_[i].store(program_.chans[i] == kNil ? nullptr : all_chans_[made++], std::memory_order_relaxed);
}

rt_status Objects::open(rt_runtime& runtime) {
  if (runtime_ != nullptr) return RT_OK;  // for an earlier run
  runtime_ = &runtime;
  for (std::size_t i = 0; i < program_.chans.size(); ++i) {
    if (program_.chans[i] == kNil) continue;
    rt_chan* c = nullptr;
    if (const rt_status s = runtime.make_chan(sizeof(std::int64_t), static_cast<std::size_t>(program_.chans[i]), &c); s != RT_OK) return s;
    all_chans_.push_back(c);
    chans_[i].store(c, std::memory_order_relaxed);
    table_chans_ = all_chans_.size();
  }
  return RT_OK;
}

bool Objects::chan(const Frame& f, std::int64_t ref, rt_chan*& out) {
  const Ref::Space space = Ref::space(ref);
  if (space == Ref::table || space == Ref::slot) {
    out = static_cast<rt_chan*>(holder(f, ref, chans_.get()));
    return true;
  }
  const bool table = space == Ref::timer_table || space == Ref::done_table;
  const std::int64_t in = Ref::pack(table ? Ref::table : Ref::slot, static_cast<std::int64_t>(index(ref)));
  if (space == Ref::done_table || space == Ref::done_slot) {
    rt_context* of = context(f, in);
    out = of != nullptr ? of->ops->done(of) : nullptr;
    return true;
  }
  const TimerBox* t = timer(f, in);
  if (t == nullptr) return false;
  out = t->func ? nullptr : runtime_->timer_chan(t->timer);
  return true;
}

rt_chan* Objects::fresh_chan(std::int64_t capacity) {
  rt_chan* c = nullptr;
  if (runtime_->make_chan(sizeof(std::int64_t), static_cast<std::size_t>(capacity), &c) != RT_OK) return nullptr;
  const std::lock_guard<std::mutex> lock(lock_);
  made_.fetch_add(1, std::memory_order_relaxed);
  all_chans_.push_back(c);
  return c;
}

void Objects::set_context(Frame& f, std::int64_t ref, rt_context* c) {
  {
    const std::lock_guard<std::mutex> lock(lock_);
    made_.fetch_add(1, std::memory_order_relaxed);
    fresh_contexts_.push_back(c);
  }
  set(f, ref, contexts_.get(), c);
}

Cell* Objects::fresh_cell(std::int64_t value) {
  Cell* cell = keep(fresh_cells_);
  cell->store(value, std::memory_order_relaxed);
  return cell;
}

CondBox* Objects::fresh_cond() {
  CondBox* box = keep(fresh_conds_);
  box->cond.l = &box->own;
  return box;
}

TimerBox* Objects::fresh_timer(rt_timer* t, bool ticker, bool func) {
  TimerBox* box = keep(fresh_timers_);
  *box = TimerBox{t, ticker, func};
  return box;
}

Start* Objects::fresh_start(Run* run, std::uint32_t body) {
  Start* start = keep(starts_);
  start->run = run;
  start->body = static_cast<std::int32_t>(body);
  return start;
}

Unwind* Objects::fresh_unwind() { return keep(unwinds_); }

void* Objects::zero(Kind kind) {
  switch (kind) {
    case Kind::mutex: return keep(fresh_mutexes_);
    case Kind::rwmutex: return keep(fresh_rwmutexes_);
    case Kind::waitgroup: return keep(fresh_waitgroups_);
    case Kind::once: return keep(fresh_onces_);
    case Kind::cond: return fresh_cond();
    case Kind::var: return fresh_cell(0);
    default: return nullptr;  // a nil channel, no timer, the background context
  }
}

void* Objects::passed(const Frame& f, Kind kind, std::int64_t ref) {
  switch (kind) {
    case Kind::chan: {
      rt_chan* c = nullptr;
      return chan(f, ref, c) ? c : nullptr;
    }
    case Kind::mutex: return &mutex(f, ref);
    case Kind::rwmutex: return &rwmutex(f, ref);
    case Kind::waitgroup: return &waitgroup(f, ref);
    case Kind::once: return &once(f, ref);
    case Kind::cond: return &cond(f, ref);
    case Kind::var: return &var(f, ref);
    case Kind::timer: return timer(f, ref);
    default: return context(f, ref);
  }
}

void Objects::variables(std::vector<std::int64_t>& out) const {
  out.resize(static_cast<std::size_t>(program_.vars));
  for (std::size_t v = 0; v < out.size(); ++v) out[v] = vars_[v].load(std::memory_order_relaxed);
}

std::string Objects::lock_name(const void* lock) const {
  for (std::size_t i = 0; i < mutexes_.size(); ++i)
    if (lock == &mutexes_[i]) return "mutex " + std::to_string(i);
  for (std::size_t i = 0; i < rwmutexes_.size(); ++i)
    if (lock == &rwmutexes_[i].w) return "rwmutex " + std::to_string(i);
  for (std::size_t i = 0; i < onces_.size(); ++i)
    if (lock == &onces_[i].m) return "once " + std::to_string(i);
  for (std::size_t i = 0; i < static_cast<std::size_t>(program_.conds.size()); ++i)
    if (lock == &conds_[i].own) return "the mutex of cond " + std::to_string(i);
  return "a lock made on the way";
}

}  // namespace newproc::pattern
