#include "world/world.hpp"

#if NEWPROC_WORLD_SIM
#include <algorithm>
#include <utility>

#include "base/clock.hpp"
#include "base/sanitizer.hpp"
#include "base/throw.hpp"
#include "context/bounds.hpp"
#include "world/io.hpp"
#include "world/m_header.hpp"

namespace newproc::sim {
namespace {
constexpr std::size_t kG0StackBytes = 256 * 1024;
constexpr std::uint64_t kLookNs = 100'000;  // virtual: how long others move before descriptors are looked at
constexpr std::uint64_t kLeastNs = 1;  // of a point: who goes round and round lets others come
constexpr std::uint64_t kNever = ~std::uint64_t{0};
}

World::World(const rt_config& config)
    : seed_(config.seed),
      points_(config.points),
      driver_(config.driver),
      driver_arg_(config.driver_arg),
      stacks_(kG0StackBytes, page_size(), config.fault, config.fault_arg),
      rand_(mix_seed(config.seed, 0xd21e)),
      parallel_(config.parallel != 0),
      costs_{config.cost_switch, config.cost_look, config.cost_steal, config.cost_syscall},
      op_ns_(config.cost_op),
      wake_ns_(config.cost_wake) {}

World::~World() { cache_.drain(stacks_); }

void World::adopt(WorldM* m) { m->world = this; }

bool World::start(WorldM* m, void (*fn)(void*), void* arg) {
  StackMem* stack = cache_.get(stacks_);
  if (stack == nullptr) return false;
  m->g0_stack = stack;
  m->world = this;
  m->fn = fn;
  m->arg = arg;
  m->run = WorldM::Run::runnable;
  m->wake_at = -1;
  m->world_id = static_cast<std::int32_t>(ms_.size());
  m->world_ctx = make_context(stack->top(), stack->size(), &World::entry);
  m->running_bottom = stack->lo;
  m->running_size = stack->size();
  m->running_tsan = fiber_of(stack);
  m->eh = eh_ = eh_globals();
  m->clock = now_ + (current_ != nullptr ? wake_ns_ : 0);
  m->owed = 0;
  enqueue(m, m->clock);
  ms_.push_back(m);
  ++nrunnable_;
  refresh_attention();
  return true;
}

void World::join_all() {
  for (WorldM* m : ms_) {
    if (m->g0_stack == nullptr) continue;
    m->g0_stack->ctx.store(nullptr, std::memory_order_relaxed);
    unpoison(m->g0_stack);
    cache_.put(stacks_, m->g0_stack);
    m->g0_stack = nullptr;
  }
  ms_.clear();
  nrunnable_ = 0;
  now_ = 0;
  steps_ = 0;
  next_wake_ = next_move_ = kNever;
  moves_.clear();
  fd_waiter_ = nullptr;
  refresh_attention();
}

void World::entry(Transfer t) {
  asm volatile(".cfi_undefined rip");
  auto* m = static_cast<WorldM*>(t.data);
  m->world->host_ctx_ = t.fctx;
  finish_switch(nullptr, &m->world->host_bottom_, &m->world->host_size_);
  m->fn(m->arg);
  m->run = WorldM::Run::ended;
  --m->world->nrunnable_;
  m->world->refresh_attention();
  m->world->to_driver();
  gothrow("sim: an ended M was resumed");
}

void World::to_driver() {
  WorldM* m = current_;
  const bool last = m->run == WorldM::Run::ended;
  start_switch(last ? nullptr : &m->asan_fake, host_bottom_, host_size_, host_tsan_);
  const EhGlobals saved = *eh_;
  *eh_ = {};
  const Transfer t = jump(host_ctx_, nullptr);
  *eh_ = saved;
  host_ctx_ = t.fctx;
  finish_switch(m->asan_fake, &host_bottom_, &host_size_);
}

void World::resume(WorldM* m) {
  current_ = m;
  set_current_m(static_cast<MHeader*>(m->header));
  host_tsan_ = current_fiber();
  start_switch(&host_fake_, m->running_bottom, m->running_size, m->running_tsan);
  const EhGlobals saved = *eh_;
  *eh_ = {};
  const Transfer t = jump(m->world_ctx, m);
  *eh_ = saved;
  m->world_ctx = t.fctx;
  finish_switch(host_fake_, &m->running_bottom, &m->running_size);
  set_current_m(nullptr);
  current_ = nullptr;
}

void World::lose_control(int kind) {
  if (current_ == nullptr) return;  // the host looks, or sets things up
  // A step ends, and an M whose time has come goes on, between operations, or where points were asked for anyhow.
  const bool due = kind == RT_POINT_OP && (steps_ >= stop_at_ || now_ >= next_wake_);
  if ((points_ & static_cast<std::uint32_t>(kind)) == 0 && !due) return;
  last_kind_ = kind;
  current_->running_tsan = current_fiber();
  to_driver();
}

/// Time passes for this M alone. It goes on unless another is to move before that.
void World::pay(int kind) {
  WorldM* m = current_;
  if (m == nullptr) return;
  now_ = m->clock += std::exchange(m->owed, 0) + (kind == RT_POINT_OP ? std::max<std::uint64_t>(op_ns_, kLeastNs) : kLeastNs);
  if (now_ <= next_move_ && !(kind == RT_POINT_OP && stop_at_ != 0 && steps_ >= stop_at_)) return;
  last_kind_ = kind;
  enqueue(m, m->clock);
  m->running_tsan = current_fiber();
  to_driver();
}

void World::block(std::int64_t timeout_ns, int fd) {
  WorldM* m = current_;
  if (parallel_) now_ = m->clock += std::exchange(m->owed, 0);
  if (fd >= 0) {
    m->wait_fd = fd;
    fd_waiter_ = m;
    look_at_ = now_ + kLookNs;
  }
  m->run = WorldM::Run::blocked;
  m->timed_out = false;
  m->wake_at = timeout_ns < 0 ? -1 : static_cast<std::int64_t>(now_) + timeout_ns;
  if (m->wake_at >= 0) next_wake_ = std::min(next_wake_, static_cast<std::uint64_t>(m->wake_at));
  if (m->wake_at >= 0) enqueue(m, static_cast<std::uint64_t>(m->wake_at));
  --nrunnable_;
  refresh_attention();
  last_kind_ = 0;
  m->running_tsan = current_fiber();
  to_driver();
  if (fd_waiter_ == m) fd_waiter_ = nullptr;
}

/// True: the descriptors that are waited for have something, and the M that waits can move.
bool World::look_at_fd(int timeout_ms) {
  if (!waits_for_fd() || io::ready(fd_waiter_->wait_fd, RT_FD_READ, timeout_ms) == 0) return false;
  unblock(fd_waiter_);
  return true;
}

/// For real. The M that waits can move afterwards: a descriptor is ready, a signal came, or the time is over.
void World::wait_for_fd(std::uint64_t deadline) {
  constexpr std::uint64_t kMs = 1'000'000, kMost = 1'000'000'000;
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t left = deadline > now ? std::min((deadline - now) / kMs + 1, kMost) : 0;
  if (!look_at_fd(deadline == 0 ? -1 : static_cast<int>(left))) unblock(fd_waiter_);
}

void World::unblock(WorldM* m, std::uint64_t later) {
  if (m->run != WorldM::Run::blocked) return;
  m->clock = std::max(m->clock, now_) + later;
  enqueue(m, m->clock);
  m->run = WorldM::Run::runnable;
  m->wake_at = -1;
  ++nrunnable_;
  refresh_attention();
}

void World::usleep(std::uint32_t us) { block(static_cast<std::int64_t>(us) * 1000); }

void World::refresh_attention() { attention_ = nrunnable_ > 1 || stop_at_ != 0 || driver_ != nullptr; }

bool World::advance_clock() {
  std::int64_t next = -1;
  for (const WorldM* m : ms_)
    if (m->run == WorldM::Run::blocked && m->wake_at >= 0 && (next < 0 || m->wake_at < next)) next = m->wake_at;
  if (next < 0) return false;
  now_ = std::max(now_, static_cast<std::uint64_t>(next));
  return true;
}

/// Collects the Ms that can move, timeouts that are due included, in rising id order.
WorldM* World::choose(int kind) {
  candidates_.clear();
  next_wake_ = ~std::uint64_t{0};
  if (waits_for_fd()) {
    if (now_ >= look_at_) {
      look_at_ = now_ + kLookNs;
      look_at_fd(0);
    }
    next_wake_ = look_at_;
  }
  for (WorldM* m : ms_) {
    if (m->run == WorldM::Run::blocked && m->wake_at >= 0 && static_cast<std::uint64_t>(m->wake_at) <= now_) {
      m->timed_out = true;
      unblock(m);
    }
    if (m->run == WorldM::Run::blocked && m->wake_at >= 0)
      next_wake_ = std::min(next_wake_, static_cast<std::uint64_t>(m->wake_at));
    if (m->run == WorldM::Run::runnable) candidates_.push_back(m);
  }
  if (candidates_.empty()) return nullptr;
  if (candidates_.size() == 1 && driver_ == nullptr) return candidates_[0];
  const auto n = static_cast<std::uint32_t>(candidates_.size());
  std::uint32_t pick = 0;
  if (driver_ != nullptr) {
    ids_.clear();
    for (const WorldM* m : candidates_) ids_.push_back(m->world_id);
    pick = driver_(driver_arg_, ids_.data(), n, kind);
    if (pick >= n) pick = n - 1;
  } else {
    pick = rand_.below(n);
  }
  return candidates_[pick];
}

/// Of a parallel machine: m moves then, and at no other time that was said before.
void World::enqueue(WorldM* m, std::uint64_t when) {
  if (!parallel_) return;
  moves_.push_back({when, rand_.next(), ++m->moves, m});
  std::push_heap(moves_.begin(), moves_.end(), later);
  next_move_ = std::min(next_move_, when);
}

/// Of a parallel machine: the M that is to move first. next_move_ says how far it may go before the next one.
WorldM* World::earliest() {
  if (waits_for_fd() && now_ >= look_at_) {
    look_at_ = now_ + kLookNs;
    look_at_fd(0);
  }
  const auto take = [this] {
    std::pop_heap(moves_.begin(), moves_.end(), later);
    moving_ = moves_.back();
    moves_.pop_back();
  };
  const auto drop_old = [this] {
    while (!moves_.empty() && moves_.front().number != moves_.front().m->moves) {
      std::pop_heap(moves_.begin(), moves_.end(), later);
      moves_.pop_back();
    }
  };
  drop_old();
  if (moves_.empty()) return nullptr;
  take();
  drop_old();
  WorldM* m = moving_.m;
  if (m->run == WorldM::Run::blocked) {
    m->timed_out = true;
    m->run = WorldM::Run::runnable;
    m->wake_at = -1;
    ++nrunnable_;
  }
  next_move_ = moves_.empty() ? kNever : moves_.front().when;
  now_ = m->clock = moving_.when;
  return m;
}

/// It does not move after all.
void World::put_back() {
  moves_.push_back(moving_);
  std::push_heap(moves_.begin(), moves_.end(), later);
}

World::Drive World::drive(std::uint64_t budget, bool patient, std::uint64_t deadline) {
  stop_at_ = budget == 0 ? 0 : steps_ + budget;
  eh_ = eh_globals();
  for (WorldM* m : ms_) m->eh = eh_;
  refresh_attention();
  for (;;) {
    WorldM* m = parallel_ ? earliest() : choose(last_kind_);
    if (m == nullptr) {
      if (look_at_fd(0) || advance_clock()) continue;
      if (patient && waits_for_fd()) {
        wait_for_fd(deadline);
        continue;
      }
      const bool over = std::all_of(ms_.begin(), ms_.end(),
                                    [](const WorldM* each) { return each->run == WorldM::Run::ended; });
      return over ? Drive::over : Drive::stuck;
    }
    if (stop_at_ != 0 && steps_ >= stop_at_) {
      if (parallel_) put_back();
      return Drive::budget;
    }
    resume(m);
  }
}

void point_here(int kind) {
  MHeader* header = current_m();
  if (header == nullptr) return;
  if (World* world = static_cast<World*>(header->sim_world); world != nullptr) world->point(kind);
}

void Lock::lock() {
  MHeader* header = current_m();
  World* world = header != nullptr ? static_cast<World*>(header->sim_world) : nullptr;
  WorldM* me = world != nullptr ? world->current() : nullptr;
  if (me == nullptr) return;  // the host, between steps: nobody else moves
  world->point(RT_POINT_LOCK);
  while (owner_ != nullptr) {
    me->next_waiter = nullptr;
    (last_ != nullptr ? last_->next_waiter : first_) = me;
    last_ = me;
    world->block(-1);
  }
  owner_ = me;
}

bool Lock::try_lock() {
  MHeader* header = current_m();
  World* world = header != nullptr ? static_cast<World*>(header->sim_world) : nullptr;
  if (owner_ != nullptr) return false;
  owner_ = world != nullptr ? world->current() : nullptr;
  return true;
}

void Lock::unlock() {
  WorldM* owner = owner_;
  if (owner == nullptr) return;
  owner_ = nullptr;
  WorldM* m = first_;
  first_ = last_ = nullptr;
  for (; m != nullptr; m = m->next_waiter) owner->world->unblock(m);  // each tries again
}

void Note::wakeup() {
  woken_ = true;
  if (sleeper_ != nullptr) sleeper_->world->wake(sleeper_);
}

bool Note::sleep(std::int64_t timeout_ns, int fd) {
  World* world = static_cast<World*>(current_m()->sim_world);
  sleeper_ = world->current();
  if (!woken_) world->block(timeout_ns, fd);
  sleeper_ = nullptr;
  return woken_;
}

}  // namespace newproc::sim
#endif
