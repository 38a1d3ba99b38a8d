// instance.cpp: a runtime of this world: rt_runtime's functions on a Sched.
#include <cstring>
#include <memory>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "context/overflow.hpp"
#include "runtime/boot.hpp"
#include "runtime/dump.hpp"
#include "runtime/make.hpp"
#include "runtime/runtime.hpp"
#include "sched/switch.hpp"
#include "sync/chan.hpp"
#include "sync/context.hpp"
#include "sync/fd.hpp"
#include "sync/timer.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::uint64_t kSimPointNs = 100;  // virtual time that a point takes where sysmon watches

/// Callers of before the dump have a shorter struct.
bool wants_dump(const rt_end* end) { return end != nullptr && end->struct_size >= sizeof(rt_end); }

class Instance final : public rt_runtime {
 public:
  explicit Instance(const rt_config& config) : config_(config) { sched_ = std::make_unique<Sched>(config_, this); }
  ~Instance() override {
    clear();
    close_fds(*sched_);
  }

  rt_status start_main(rt_func fn, void* arg, rt_end* end) override;
  rt_status begin(rt_func fn, void* arg) override;
  rt_status step(std::uint64_t steps, int* over, rt_end* end) override;
  rt_status abandon() override;
  rt_status interrupt() override;
  rt_status on_stop(rt_func fn, void* arg) override;
  bool running() const override { return running_.load(std::memory_order_acquire); }
  rt_status set_starting_stack_size(std::uint32_t bytes) override {
    sched_->starting_stack_size.store(bytes, std::memory_order_relaxed);
    return RT_OK;
  }
  std::uint32_t gomaxprocs() const override {
    const std::uint32_t n = sched_->gomaxprocs.load(std::memory_order_relaxed);
    return n != 0 ? n : config_.procs;
  }
  rt_status stats(rt_stats_t* out) override { return take_stats(*sched_, out); }
  rt_status snapshot(rt_snapshot** out) override { return take_snapshot(*sched_, out); }
  rt_status dump(int fd) override { return dump_goroutines(*sched_, fd); }
  rt_status trace(rt_trace** out) override { return take_trace(*sched_, out); }
  void reset() override;
  rt_status direct(Director* director, bool check) override {
    if (!kSim || config_.procs != 1) return fail(RT_ENOTSUP, "a director needs the sim world and one P");
    sched_->direction.director = director;
    sched_->direction.check = check;
    return RT_OK;
  }

  rt_status make_chan(std::size_t elem_size, std::size_t cap, rt_chan** out) override {
    return NEWPROC_NS::make_chan(*sched_, elem_size, cap, out);
  }
  rt_status make_cancel(rt_context* parent, rt_context** out) override {
    return NEWPROC_NS::make_cancel(*sched_, parent, out);
  }
  rt_status make_value(rt_context* parent, const void* key, void* value, rt_func drop, rt_context** out) override {
    return NEWPROC_NS::make_value(*sched_, parent, key, value, drop, out);
  }
  rt_status make_without(rt_context* parent, rt_context** out) override {
    return NEWPROC_NS::make_without(*sched_, parent, out);
  }
  std::int64_t nanotime() const override { return static_cast<std::int64_t>(sched_->world.nanotime()); }
  rt_status hold(int by) override;
  rt_status outside_newproc(const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid) override {
    return NEWPROC_NS::outside_newproc(*sched_, spawn, callerpc, goid);
  }
  rt_status outside_ready(rt_g* g) override { return NEWPROC_NS::outside_ready(*sched_, reinterpret_cast<G*>(g)); }
  rt_status outside_send(rt_chan* c, const void* elem) override {
    return outside([&] { return chansend_outside(c, elem); });
  }
  rt_status outside_recv(rt_chan* c, void* elem, bool* ok) override {
    return outside([&] { return chanrecv_outside(c, elem, ok); });
  }
  rt_status outside_close(rt_chan* c) override {
    return outside([&] { return closechan_outside(c); });
  }
  rt_status outside_cancel(rt_context* c, void* cause, rt_func drop) override {
    return outside([&] { return context_cancel_outside(c, cause, drop); });
  }
  rt_status stop_timer(rt_timer* t, bool* active) override { return NEWPROC_NS::stop_timer(t, active); }
  rt_status reset_timer(rt_timer* t, std::int64_t ns, bool* active) override {
    return NEWPROC_NS::reset_timer(t, ns, active);
  }
  rt_chan* timer_chan(rt_timer* t) override { return static_cast<ProgramTimer*>(t)->c; }
  void free_timer(rt_timer* t) override { NEWPROC_NS::free_timer(t); }
  rt_status open_fd(int fd, std::uint32_t flags, rt_fd** out, int* error) override {
    return fd_open(*sched_, fd, flags, out, error);
  }
  rt_status outside_close_fd(rt_fd* f) override {
    return outside([&] { return outside_fd_close(*sched_, f); });
  }
  void free_fd(rt_fd* f) override { fd_free(*sched_, f); }

 private:
  rt_status prepare(rt_func fn, void* arg);
  rt_status finish(rt_end* end);
  void report(rt_end* end) const;
  void free_ms();
  void clear();
  void reset_slabs();
  void reset_ps();
  void forget_goroutines();
  void close_to_outside();
  void forget_waiters();
  template <class F>
  rt_status outside(F&& f) {
    sched_->outside_lock.lock();
    const rt_status status = f();
    sched_->outside_lock.unlock();
    return status;
  }

  rt_config config_;
  std::unique_ptr<Sched> sched_;
  MainStart main_{};
  rt_func on_stop_ = nullptr;
  void* on_stop_arg_ = nullptr;
  std::atomic<bool> running_{false};
  bool ran_ = false;  // the state of a finished run is still to be seen
};

/// The stacks of goroutines that never ended. Their frames are abandoned.
void Instance::forget_goroutines() {
  Sched& s = *sched_;
  for (G* gp : s.allgs) {
    StackMem* stack = gp->stack();
    if (stack == nullptr) continue;
    stack->ctx.store(nullptr, std::memory_order_relaxed);
    stack->owner.store(nullptr, std::memory_order_relaxed);
    s.pool.give(&stack, 1);
    gp->unbind();
  }
}

void Instance::free_ms() {
  Sched& s = *sched_;
  for (M* m = s.allm.load(std::memory_order_acquire); m != nullptr;) {
    M* next = m->alllink;
    m->stacks.drain(s.pool);
    delete m;
    m = next;
  }
  if (s.outside_m != nullptr) s.outside_m->stacks.drain(s.pool);
  delete s.outside_m;
  delete s.outside_p;
  s.outside_m = nullptr;
  s.outside_p = nullptr;
  s.allm.store(nullptr, std::memory_order_release);
}

/// From here on other threads wake nobody and start no M. Wait lists of this run are dropped when they are met next.
void Instance::close_to_outside() {
  Sched& s = *sched_;
  s.outside_lock.lock();
  s.open = false;
  ++s.run;
  s.outside_lock.unlock();
}

/// Nobody waits any more, and nobody runs.
void Instance::forget_waiters() {
  Sched& s = *sched_;
  forget_timers(s);
  forget_fds(s);
  if constexpr (kSim) {  // an M that a limit stopped gives nothing back
    for (Lock* lock : {&s.lock, &s.gfree_lock, &s.allg_lock, &s.slab_lock, &s.sudog_lock, &s.world_sema, &s.context_lock}) new (lock) Lock;
    new (&s.semtable[0].lock) Lock;
  }
  for (std::size_t i = 0; i < (kSim ? 1 : kSemaRoots); ++i) {  // the sim world uses the first only
    s.semtable[i].waiters.forget();
    s.semtable[i].nwait.store(0, std::memory_order_relaxed);
  }
  s.outside_lock.lock();  // another thread may be ending a context
  forget_contexts(s);
  s.outside_lock.unlock();
}

void Instance::clear() {
  forget_goroutines();
  free_ms();
}

/// The first slab of Gs is kept: all are made anew when they are taken.
void Instance::reset_slabs() {
  Sched& s = *sched_;
  while (s.slabs.size() > 1) {
    std::free(s.slabs.back());
    s.slabs.pop_back();
  }
  if (s.slabs.empty()) return;
  s.slab_next = s.slabs[0];
  s.slab_left = s.slab_gs = kSlabGs;
}

/// Ps in the same memory, as new.
void Instance::reset_ps() {
  Sched& s = *sched_;
  while (s.nallp > config_.procs) delete s.allp[--s.nallp];
  for (std::uint32_t i = 0; i < s.nallp; ++i) {
    P* p = s.allp[i];
    p->~P();
    new (p) P;
    p->id = static_cast<std::int32_t>(i);
  }
}

void Instance::reset() {
  if (!ran_) return;
  clear();
  Sched& s = *sched_;
  free_all_ancestors(s);
  s.allgs.clear();
  reset_slabs();
  reset_ps();
  for (Sudog* slab : s.sudog_slabs) delete[] slab;
  s.sudog_slabs.clear();
  s.sudogs = nullptr;
  s.lastpoll.store(1);
  s.idle_ticks = s.idle_polls = 0;
  s.poll_until.store(0);
  for (trace::Ring* ring : s.rings) delete ring;
  s.rings.clear();
  s.goidgen.store(0);
  s.gomaxprocs.store(0);
  s.runq.clear();
  s.runqsize.store(0);
  s.pidle = nullptr;
  s.npidle.store(0);
  s.midle = nullptr;
  s.nmidle = s.nmidlelocked = s.nmsys = s.nmfreed = 0;
  s.mnext = 0;
  s.nmspinning.store(0);
  s.needspinning.store(0);
  s.gfree.clear();
  s.starting_stack_size.store(config_.starting_stack_size);
  s.ngsys.store(0);
  s.live.store(0);
  s.main_started.store(false);
  s.attention.store(0);
  s.stopwait = 0;
  s.direction.decided = false;
  s.sysmonwait.store(false);
  s.sysmonnote.clear();
  s.stopnote.clear();
  s.scavenger = nullptr;
  s.end = {};
  s.maing = nullptr;
  s.start_ns = s.world.nanotime();
#if NEWPROC_WORLD_SIM
  s.world.reseed();
  s.poller.forget();
#endif
  ran_ = false;
}

rt_status Instance::prepare(rt_func fn, void* arg) {
  bool idle = false;
  if (!running_.compare_exchange_strong(idle, true))
    return fail(RT_ESTATE, "rt_start_main: the runtime is running already; wait for that run, or make another runtime");
  reset();
  Sched& s = *sched_;
  main_ = MainStart{fn, arg};
  const bool sysmon_on = config_.sysmon == RT_SYSMON_ON ||
                         (config_.sysmon == RT_SYSMON_AUTO && !(kSim && config_.procs == 1));
  s.sysmon_on.store(sysmon_on, std::memory_order_relaxed);
  s.deadline = config_.max_nanos != 0 ? monotonic_ns() + config_.max_nanos : 0;
#if NEWPROC_WORLD_SIM
  s.world.set_cost(sysmon_on ? kSimPointNs : 0);
#endif
  ran_ = true;
  const rt_status status = boot(s, &main_);
  s.outside_lock.lock();
  s.open = status == RT_OK;
  s.outside_lock.unlock();
  if (status == RT_OK) return RT_OK;
  s.attention.fetch_or(Sched::kExiting);
  s.world.join_all();
  running_.store(false, std::memory_order_release);
  return status;
}

void Instance::report(rt_end* end) const {
  if (end == nullptr) return;
  const End& e = sched_->end;
  end->status = e.status;
  end->goid = e.goid;
  end->exit_code = e.status == RT_OK ? 0 : 2;
  end->message = e.message.c_str();
  end->site = e.site.c_str();
  if (wants_dump(end)) end->dump = e.dump.c_str();
}

rt_status Instance::finish(rt_end* end) {
  Sched& s = *sched_;
  close_to_outside();
  if (on_stop_ != nullptr) on_stop_(on_stop_arg_);
  s.world.join_all();
  forget_waiters();
  leave_signal_stack();
  if (wants_dump(end) && s.end.status != RT_OK) s.end.dump = end_dump(s);  // while their stacks are there
  drop_goroutines(s);
  report(end);
  const rt_status status = s.end.status;
  running_.store(false, std::memory_order_release);
  return status == RT_OK ? RT_OK : fail(status, "%s", s.end.message.c_str());
}

rt_status Instance::hold(int by) {
  Sched& s = *sched_;
  std::uint32_t n = s.holds.load(std::memory_order_relaxed);
  do {
    if (by < 0 && n == 0) return fail(RT_ESTATE, "rt_release: the runtime is not held; call rt_hold first");
  } while (!s.holds.compare_exchange_weak(n, by < 0 ? n - 1 : n + 1, std::memory_order_seq_cst));
  if (by < 0 && n == 1) netpollBreak(s);  // whoever polls looks whether all are asleep
  return RT_OK;
}

rt_status Instance::interrupt() {
  sched_->attention.fetch_or(Sched::kInterrupt, std::memory_order_seq_cst);
  sched_->poller.interrupt();
  return RT_OK;
}

rt_status Instance::on_stop(rt_func fn, void* arg) {
  if (running()) return fail(RT_ESTATE, "rt_on_stop: a run is under way; call it before rt_start_main or rt_begin");
  on_stop_ = fn;
  on_stop_arg_ = arg;
  return RT_OK;
}

#if NEWPROC_WORLD_SIM

rt_status Instance::begin(rt_func fn, void* arg) { return prepare(fn, arg); }

rt_status Instance::step(std::uint64_t steps, int* over, rt_end* end) {
  if (!running()) return fail(RT_ESTATE, "rt_step: no run is under way; call rt_begin first");
  Sched& s = *sched_;
  s.want_dump = wants_dump(end);
  const std::uint64_t most = config_.max_steps;
  const std::uint64_t left = most == 0 ? 0 : most - std::min(most, s.world.steps());
  std::uint64_t budget = steps;
  if (most != 0 && (steps == 0 || left < steps)) budget = left;
  const bool limited = most != 0 && left == 0;
  enter_signal_stack();
  const World::Drive how = limited ? World::Drive::budget : s.world.drive(budget, s.holds.load() == 0 || steps == 0, s.deadline);
  *over = 0;
  if (how == World::Drive::budget && (most == 0 || s.world.steps() < most)) return RT_OK;
  const bool held = s.holds.load(std::memory_order_relaxed) != 0;
  if (how == World::Drive::stuck && !held) gothrow("sim: no M can move and the run has not ended");
  if (how == World::Drive::stuck && steps != 0) return RT_OK;  // the host may still wake somebody
  *over = 1;
  if (how == World::Drive::stuck)
    end_run(s, RT_EDEADLOCK, nullptr, "fatal error: all goroutines are asleep - deadlock!");
  if (how == World::Drive::budget)
    end_run(s, RT_ELIMIT, nullptr,
            "limit: steps (" + std::to_string(most) + ") reached; raise rt_config.max_steps");
  return finish(end);
}

rt_status Instance::abandon() {
  if (!running()) return fail(RT_ESTATE, "rt_abandon: no run is under way");
  end_run(*sched_, RT_EINTR, nullptr, "abandoned");
  finish(nullptr);
  return RT_OK;
}

rt_status Instance::start_main(rt_func fn, void* arg, rt_end* end) {
  if (const rt_status status = prepare(fn, arg); status != RT_OK) return status;
  int over = 0;
  return step(0, &over, end);
}

#else

rt_status Instance::begin(rt_func, void*) {
  return fail(RT_ENOTSUP, "rt_begin: only a runtime of the sim world can be stepped; set rt_config.world to RT_WORLD_SIM");
}
rt_status Instance::step(std::uint64_t, int*, rt_end*) { return begin(nullptr, nullptr); }
rt_status Instance::abandon() { return begin(nullptr, nullptr); }

/// The calling thread becomes m0 until the run is over.
rt_status Instance::start_main(rt_func fn, void* arg, rt_end* end) {
  if (const rt_status status = prepare(fn, arg); status != RT_OK) return status;
  Sched& s = *sched_;
  s.want_dump = wants_dump(end);
  M* m0 = s.allm.load(std::memory_order_acquire);
  while (m0->alllink != nullptr) m0 = m0->alllink;
  set_current_m(m0);
  enter_signal_stack();
  mstart(m0);
  while (!s.exiting()) {  // m0's goroutine exited while locked: the others go on without this thread
    m0->park.sleep();
    m0->park.clear();
  }
  set_current_m(nullptr);
  return finish(end);
}

#endif

}  // namespace

rt_runtime* make_instance(const rt_config& config) { return new Instance(config); }

}  // namespace NEWPROC_NS
