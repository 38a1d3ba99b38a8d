// epoll.hpp: which descriptors are ready, and a way to end the wait for them. Both worlds have one inside their
// Poller. Go: netpoll_epoll.go
#pragma once
#include <atomic>
#include <cstdint>

#include "newproc.h"

namespace newproc {

/// One descriptor that became ready. Registration is edge-triggered: it is told once.
struct IoReady {
  std::uint64_t data = 0;  // as given to add()
  bool read = false, write = false;
  bool error = false;  // EPOLLERR and nothing else
};

class Epoll {
 public:
  static constexpr int kMost = 128;  // descriptors of one wait

  Epoll() = default;
  ~Epoll();
  Epoll(const Epoll&) = delete;

  /// 0, or the errno of what the system refused. One caller at a time; after a success it does nothing.
  int open(rt_fault_func fault, void* fault_arg);
  bool is_open() const { return fd_.load(std::memory_order_seq_cst) >= 0; }
  /// Readable while wait() would find something. -1: not open.
  int fd() const { return fd_.load(std::memory_order_relaxed); }

  /// 0 or an errno: EPERM, for a descriptor that is always ready, such as a regular file's.
  int add(int fd, std::uint64_t data, bool read, bool write);
  void remove(int fd);
  /// Fills out[kMost]; how many. ns < 0: until something is ready or wake() is called; a wake() that came before
  /// is enough, once. ns == 0: looks, and leaves a wake() to others.
  int wait(IoReady* out, std::int64_t ns);
  /// What is ready now, and a wake() that came.
  int drain(IoReady* out) { return take(out, 0, true); }
  /// Ends a wait. Async-signal-safe. Many may call.
  void wake();

 private:
  int take(IoReady* out, std::int64_t ns, bool take_wake);

  std::atomic<int> fd_{-1};
  int event_ = -1;                       // eventfd
  std::atomic<std::uint32_t> woken_{0};  // 1: event_ is readable, or about to be
  rt_fault_func fault_ = nullptr;
  void* fault_arg_ = nullptr;
};

}  // namespace newproc
