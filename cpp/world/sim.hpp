// sim.hpp: the simulated world. Every M is a context on the caller's thread; time is virtual and jumps
// when nothing can run; a driver decides, at every point where the order matters, which M moves.
//
// The caller's own stack is the driver (World::drive). An M comes back to it at a point, when it blocks
// and when it ends. While a single M can move and nobody is stepping, a point costs one compare.
//
// A parallel machine (rt_config.parallel): each M has a clock of its own, and the earliest always moves. What an M does between two
// points happens at the time of the first and is paid for at the second, so that no M sees what comes later than itself.
#pragma once
#include <cstdint>
#include <vector>

#include "base/rand.hpp"
#include "context/eh_globals.hpp"
#include "context/fcontext.hpp"
#include "context/stack.hpp"
#include "newproc.h"
#include "world/epoll.hpp"

namespace newproc::sim {

inline constexpr bool kSim = true;
/// Goroutines leave through g0, so that nothing is queued before its context is saved.
inline constexpr bool kDirectSwitch = false;

class World;

struct WorldM {
  enum class Run : std::uint8_t { none, runnable, blocked, ended };
  EhGlobals* eh = nullptr;
  World* world = nullptr;
  Context world_ctx = nullptr;  // where the driver resumes it
  void* header = nullptr;       // MHeader, for current_m()
  StackMem* g0_stack = nullptr;
  void (*fn)(void*) = nullptr;
  void* arg = nullptr;
  std::int32_t world_id = 0;
  Run run = Run::none;
  bool timed_out = false;
  std::int64_t wake_at = -1;  // virtual ns; -1: no timeout
  int wait_fd = -1;           // that ends the block when it is readable; -1: none
  WorldM* next_waiter = nullptr;  // behind it at the same Lock
  std::uint64_t clock = 0, owed = 0;  // of a parallel machine: virtual ns; what its next point pays, too
  std::uint32_t moves = 0;            // the number of its latest Move
  void* asan_fake = nullptr;
  const void* running_bottom = nullptr;  // bounds of the stack that it was on when it lost control
  std::size_t running_size = 0;
  void* running_tsan = nullptr;
};

/// No memory of its own, and nothing to destroy: it may be made anew where a run ended in the middle of it.
class Lock {
 public:
  void lock();
  void unlock();
  bool try_lock();

 private:
  WorldM* owner_ = nullptr;
  WorldM* first_ = nullptr;  // of those that wait, through WorldM::next_waiter
  WorldM* last_ = nullptr;
};

class Note {
 public:
  void clear() { woken_ = false; }
  void wakeup();
  bool sleep(std::int64_t timeout_ns = -1, int fd = -1);

 private:
  bool woken_ = false;
  WorldM* sleeper_ = nullptr;
};

/// Descriptors are real here too. While an M waits for them, the World looks at them for it.
class Poller {
 public:
  int open(rt_fault_func fault, void* arg) { return epoll_.open(fault, arg); }
  Epoll& epoll() { return epoll_; }
  void wake() {
    note_.wakeup();
    interrupt();
  }
  /// From another thread or a signal handler, which may touch nothing of this world: ends a wait for real. Nothing else
  /// lasts, for the clock jumps.
  void interrupt() {
    if (epoll_.is_open()) epoll_.wake();
  }
  /// In whole milliseconds, at least one, as epoll_wait counts them for Go (netpoll_epoll.go:104): timers that
  /// were set shortly after one another fire at one look.
  int wait(IoReady* out, std::int64_t ns) {
    constexpr std::int64_t kMs = 1'000'000;
    note_.sleep(ns <= 0 ? ns : ns < kMs ? kMs : ns / kMs * kMs, epoll_.fd());
    note_.clear();
    return epoll_.is_open() ? epoll_.drain(out) : 0;
  }
  int look(IoReady* out) { return epoll_.is_open() ? epoll_.wait(out, 0) : 0; }
  /// A run is over: neither its last wake-up nor who slept is left for the next one.
  void forget() { note_ = {}; }

 private:
  Note note_;
  Epoll epoll_;
};

/// What takes time on a parallel machine, beside operations and waking.
enum class Cost { goroutine_switch, look, steal, syscall };

class World {
 public:
  explicit World(const rt_config& config);
  ~World();
  std::uint64_t nanotime() const { return now_; }
  std::uint64_t stamp() const { return now_; }
  std::uint64_t event_ns(std::uint64_t stamp) const { return stamp; }
  std::uint64_t duration_ns(std::uint64_t stamps) const { return stamps; }
  void calibrate() {}
  void usleep(std::uint32_t us);
  /// A call that takes time: what follows happens later.
  void spend(std::uint64_t ns) {
    if (parallel_) current_->owed += ns;
    else now_ += ns;
  }
  void charge(Cost cost) {
    if (parallel_) current_->owed += costs_[static_cast<std::size_t>(cost)];
  }
  void yield_thread() { block(parallel_ ? kYieldNs : 0); }  // who is waited for may be later
  std::uint64_t seed() const { return seed_; }
  void reseed() { rand_ = FastRand(mix_seed(seed_, 0xd21e)); }

  void adopt(WorldM* m);
  /// The M can move from now on. False: no memory for its stack.
  bool start(WorldM* m, void (*fn)(void*), void* arg);
  void join_all();

  enum class Drive { over, budget, stuck };
  /// Lets Ms move until all have ended or `budget` points were passed (0: no budget). Where nothing can move but a
  /// descriptor is waited for, the thread waits for that, `patient`, no longer than to `deadline` of the machine's
  /// clock (0: none); else it is stuck.
  Drive drive(std::uint64_t budget, bool patient, std::uint64_t deadline);
  std::uint64_t steps() const { return steps_; }
  /// A point of the class `kind`. `cost` virtual nanoseconds pass, so that slices end.
  void point(int kind) {
    ++steps_;
    if (parallel_) return pay(kind);
    now_ += cost_ns_;
    if (attention_ || now_ >= next_wake_) lose_control(kind);
  }
  void set_cost(std::uint64_t ns) { cost_ns_ = ns; }
  WorldM* current() const { return current_; }
  void block(std::int64_t timeout_ns, int fd = -1);
  void unblock(WorldM* m, std::uint64_t later = 0);
  /// As unblock, of one that sleeps: what the system needs to wake a thread.
  void wake(WorldM* m) { unblock(m, wake_ns_); }

 private:
  static constexpr std::int64_t kYieldNs = 100;
  friend class Lock;
  friend class Note;
  static void entry(Transfer t);
  void lose_control(int kind);
  void to_driver();
  void resume(WorldM* m);
  WorldM* choose(int kind);
  void pay(int kind);
  void enqueue(WorldM* m, std::uint64_t when);
  WorldM* earliest();
  void put_back();
  bool advance_clock();
  bool look_at_fd(int timeout_ms);
  void wait_for_fd(std::uint64_t deadline);
  bool waits_for_fd() const { return fd_waiter_ != nullptr && fd_waiter_->run == WorldM::Run::blocked; }
  void refresh_attention();

  std::uint64_t seed_;
  std::uint32_t points_;
  rt_driver_func driver_;
  void* driver_arg_;
  StackPool stacks_;
  StackCache cache_;
  FastRand rand_;
  std::uint64_t now_ = 0, steps_ = 0, cost_ns_ = 0, stop_at_ = 0;
  std::uint64_t next_wake_ = ~std::uint64_t{0};  // of the earliest sleeper
  const bool parallel_;
  const std::uint32_t costs_[4], op_ns_, wake_ns_;
  struct Move {
    std::uint64_t when;
    std::uint32_t tie;     // of equal times, by the seed
    std::uint32_t number;  // WorldM::moves, unless it was taken back since
    WorldM* m;
  };
  static bool later(const Move& a, const Move& b) { return a.when != b.when ? a.when > b.when : a.tie != b.tie ? a.tie > b.tie : a.m->world_id > b.m->world_id; }
  std::vector<Move> moves_;  // a heap, the earliest first
  Move moving_{};            // the one that was taken last
  std::uint64_t next_move_ = ~std::uint64_t{0};  // of the earliest of the other Ms
  WorldM* fd_waiter_ = nullptr;  // the one that polls, while it is blocked
  std::uint64_t look_at_ = 0;    // virtual ns: when others have moved for so long, its descriptors are looked at
  bool attention_ = false;
  int last_kind_ = 0;
  std::uint32_t nrunnable_ = 0;
  std::vector<WorldM*> ms_;
  std::vector<WorldM*> candidates_;
  std::vector<std::int32_t> ids_;
  WorldM* current_ = nullptr;
  Context host_ctx_ = nullptr;
  EhGlobals* eh_ = nullptr;
  void* host_fake_ = nullptr;
  const void* host_bottom_ = nullptr;
  std::size_t host_size_ = 0;
  void* host_tsan_ = nullptr;
};

template <class M>
inline void point(M* m, int kind) {
  m->world->point(kind);
}
/// On a parallel machine: the M pays for it at its next point.
template <class M>
inline void charge(M* m, Cost cost) {
  m->world->charge(cost);
}
/// For code that does not know its M (the lock-free queues).
void point_here(int kind);

}  // namespace newproc::sim
