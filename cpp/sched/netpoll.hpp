// netpoll.hpp: a descriptor that goroutines wait for. Go: type pollDesc, netpoll.go:75; type FD, internal/poll/fd_unix.go:16
//
// rg and wg are binary semaphores, one for a reader, one for a writer:
//   kPdNil    nobody waits, nothing is known
//   kPdReady  it became ready, and nobody has made use of that yet
//   kPdWait   a goroutine is about to park: it does so only if this can be turned into
//   a G       which is parked; who turns that into kPdReady or kPdNil has to ready it
// A PollDesc is never freed before its runtime: an event that was on its way when the descriptor was closed finds
// another fdseq. So does a goroutine that waited for a lock on it.
#pragma once
#include <atomic>
#include <cstdint>

#include "queue/timerheap.hpp"
#include "sched/fdhandle.hpp"
#include "world/world.hpp"

namespace NEWPROC_NS {

inline constexpr std::uintptr_t kPdNil = 0, kPdReady = 1, kPdWait = 2;
inline constexpr std::uint32_t kFdSeqMask = (1u << 22) - 1;  // beside a 64-byte aligned address in 64 bits
inline constexpr std::uint32_t kPollDescSlab = 32;

struct alignas(64) PollDesc : rt_fd {
  enum Info : std::uint32_t { kClosing = 1, kEventErr = 2, kReadExpired = 4, kWriteExpired = 8 };

  std::atomic<std::uintptr_t> rg{kPdNil}, wg{kPdNil};
  std::atomic<std::uint32_t> info{0};   // Info bits: written under lock, but for kEventErr, which netpoll sets
  std::atomic<std::uint32_t> fdseq{1};  // of this use; 1 to kFdSeqMask

  // Who may use the descriptor (sync/fdmutex.hpp).
  std::atomic<std::uint64_t> mu{1};
  std::uint32_t rsema = 0, wsema = 0, csema = 0;  // csema: it has been closed

  // Constant while it is open.
  bool pollable = false;  // false: always ready, such as a regular file; calls block their M
  bool socket = false;
  bool borrowed = false;     // RT_FD_BORROW
  bool was_blocking = false;
  bool either = false;  // of rt_wait_fd: whatever is ready wakes the reader

  Lock lock;  // guards the rest, and info
  bool closing = false;
  bool rt_armed = false, wt_armed = false;
  bool gone = false;   // its number is given back to the system
  bool freed = false;  // rt_fd_free was called while goroutines were still in calls
  std::int64_t rd = 0, wd = 0;       // deadlines, ns; 0: none, -1: over
  Timer rt, wt;                      // wt is armed only while rd != wd: rt is for both then
  PollDesc* link = nullptr;          // on sched.polldescs
};

}  // namespace NEWPROC_NS
