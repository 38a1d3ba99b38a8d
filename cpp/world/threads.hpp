// threads.hpp: the world of OS threads, the machine's clock and its random numbers.
#pragma once
#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "context/eh_globals.hpp"
#include "newproc.h"
#include "world/epoll.hpp"

namespace newproc::thr {

inline constexpr bool kSim = false;
/// A goroutine that stops running picks its successor on its own stack and jumps straight to it.
inline constexpr bool kDirectSwitch = true;

struct WorldM {
  EhGlobals* eh = nullptr;  // of this OS thread
};

/// Spins briefly, then gives the CPU away: critical sections are tens of nanoseconds long, but on a
/// shared machine the holder may have lost its core.
class Lock {
 public:
  void lock() {
    if (word_.exchange(1, std::memory_order_acquire) != 0) lock_slow();
  }
  void unlock() { word_.store(0, std::memory_order_release); }
  bool try_lock() { return word_.exchange(1, std::memory_order_acquire) == 0; }

 private:
  void lock_slow();
  std::atomic<std::uint32_t> word_{0};
};

/// One sleeper, one waker; clear() before the next use.
class Note {
 public:
  /// A full fence: a sleeper clears and then looks for what it was woken for; a plain store could land
  /// after that look and wipe out the next wakeup.
  void clear() { word_.exchange(0, std::memory_order_seq_cst); }
  void wakeup();
  bool woken() const { return word_.load(std::memory_order_seq_cst) != 0; }
  /// timeout_ns < 0: no timeout. False: it timed out.
  bool sleep(std::int64_t timeout_ns = -1);

 private:
  std::atomic<std::uint32_t> word_{0};
};

/// Where one M waits for descriptors, for time to pass, or to be called. Many may call. Without descriptors it
/// is a futex; from the first one on, epoll.
class Poller {
 public:
  /// 0 or an errno. One caller at a time.
  int open(rt_fault_func fault, void* arg) {
    const int error = epoll_.open(fault, arg);
    if (error == 0) note_.wakeup();  // who sleeps there has to look at descriptors from now on
    return error;
  }
  Epoll& epoll() { return epoll_; }
  void wake() {
    if (epoll_.is_open()) return epoll_.wake();
    note_.wakeup();  // wait() looks there, even if epoll has been opened meanwhile
  }
  void interrupt() { wake(); }  // async-signal-safe
  /// Up to Epoll::kMost ready descriptors. ns < 0: until there is one, or a call. A call that came before is enough.
  int wait(IoReady* out, std::int64_t ns) {
    const bool poll = epoll_.is_open();
    if (poll && !note_.woken()) return epoll_.wait(out, ns);
    if (!poll) note_.sleep(ns);
    note_.clear();
    return poll ? epoll_.drain(out) : 0;
  }
  /// Those that are ready now.
  int look(IoReady* out) { return epoll_.is_open() ? epoll_.wait(out, 0) : 0; }

 private:
  Note note_;
  Epoll epoll_;
};

class World {
 public:
  explicit World(const rt_config& config);
  std::uint64_t nanotime() const { return monotonic_ns(); }
  /// Cheap stamps for events; event_ns() makes nanoseconds of them.
  std::uint64_t stamp() const { return cpu_ticks(); }
  std::uint64_t event_ns(std::uint64_t stamp) const { return scale_.ns(stamp); }
  std::uint64_t duration_ns(std::uint64_t stamps) const { return scale_.duration_ns(stamps); }
  void calibrate() { scale_.calibrate(); }
  void usleep(std::uint32_t us) const;
  void yield_thread() const;
  void spend(std::uint64_t) const {}
  std::uint64_t seed() const { return seed_; }

  /// The calling thread becomes m0.
  void adopt(WorldM* m);
  /// Starts a thread that runs fn(arg). False: the system gave none.
  bool start(WorldM* m, void (*fn)(void*), void* arg);
  /// Waits until all started threads have ended.
  void join_all();

 private:
  std::uint64_t seed_;
  rt_fault_func fault_;
  void* fault_arg_;
  TickScale scale_;
  std::mutex threads_mutex_;
  std::vector<pthread_t> threads_;
};

/// What takes time here takes it by itself.
enum class Cost { goroutine_switch, look, steal, syscall };
template <class M>
inline void charge(M*, Cost) {}

template <class M>
inline void point(M*, int) {}
inline void point_here(int) {}

}  // namespace newproc::thr
