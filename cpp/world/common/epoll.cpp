#include "world/epoll.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/throw.hpp"

namespace newproc {
namespace {

constexpr std::uint64_t kWakeData = 0;  // no descriptor's: theirs are addresses
constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kLongest = 1'000'000'000;  // ms, netpoll_epoll.go:112

bool refused(rt_fault_func fault, void* arg) { return fault != nullptr && fault(arg, RT_FAULT_POLL) != 0; }

/// Nanoseconds, where the kernel has epoll_pwait2 (5.11); else whole milliseconds, never less than asked.
int wait_timed(int fd, epoll_event* events, int most, std::int64_t ns) {
#if defined(SYS_epoll_pwait2)
  static std::atomic<bool> missing{false};
  if (!missing.load(std::memory_order_relaxed)) {
    const timespec timeout{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
    const long n = syscall(SYS_epoll_pwait2, fd, events, most, &timeout, nullptr, 0);
    if (n >= 0 || errno == EINTR) return static_cast<int>(n);
    missing.store(true, std::memory_order_relaxed);
  }
#endif
  const std::int64_t ms = ns / kMs + (ns % kMs != 0 ? 1 : 0);
  return epoll_wait(fd, events, most, static_cast<int>(ms < kLongest ? ms : kLongest));
}

}  // namespace

Epoll::~Epoll() {
  if (event_ >= 0) ::close(event_);
  if (const int fd = fd_.load(); fd >= 0) ::close(fd);
}

int Epoll::open(rt_fault_func fault, void* fault_arg) {
  if (is_open()) return 0;
  fault_ = fault;
  fault_arg_ = fault_arg;
  const int fd = refused(fault, fault_arg) ? (errno = EMFILE, -1) : epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return errno;
  const int event = refused(fault, fault_arg) ? (errno = EMFILE, -1) : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  epoll_event want{};
  want.events = EPOLLIN;
  want.data.u64 = kWakeData;
  if (event < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, event, &want) != 0) {
    const int error = errno;
    if (event >= 0) ::close(event);
    ::close(fd);
    return error;
  }
  event_ = event;
  fd_.store(fd, std::memory_order_seq_cst);
  return 0;
}

int Epoll::add(int fd, std::uint64_t data, bool read, bool write) {
  if (refused(fault_, fault_arg_)) return ENOSPC;
  epoll_event want{};
  want.events = EPOLLET | (read ? EPOLLIN | EPOLLRDHUP : 0u) | (write ? EPOLLOUT : 0u);
  want.data.u64 = data;
  return epoll_ctl(this->fd(), EPOLL_CTL_ADD, fd, &want) == 0 ? 0 : errno;
}

void Epoll::remove(int fd) {
  epoll_event unused{};
  epoll_ctl(this->fd(), EPOLL_CTL_DEL, fd, &unused);
}

int Epoll::wait(IoReady* out, std::int64_t ns) { return take(out, ns, ns != 0); }

int Epoll::take(IoReady* out, std::int64_t ns, bool take_wake) {
  epoll_event events[kMost];
  int n;
  do n = ns <= 0 ? epoll_wait(fd(), events, kMost, ns < 0 ? -1 : 0) : wait_timed(fd(), events, kMost, ns);
  while (n < 0 && errno == EINTR && ns <= 0);  // a timed one: the caller computes what is left
  if (n < 0 && errno != EINTR) {
    std::fprintf(stderr, "runtime: epollwait on fd %d failed with %d\n", fd(), errno);
    gothrow("netpoll: epoll_wait failed");
  }
  int ready = 0;
  for (int i = 0; i < n; ++i) {
    const std::uint32_t what = events[i].events;
    if (events[i].data.u64 == kWakeData) {
      if (!take_wake) continue;
      std::uint64_t count;
      while (::read(event_, &count, sizeof count) < 0 && errno == EINTR) {}
      woken_.store(0, std::memory_order_seq_cst);
      continue;
    }
    IoReady& one = out[ready++];
    one.data = events[i].data.u64;
    one.read = (what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    one.write = (what & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    one.error = what == EPOLLERR;
  }
  return ready;
}

void Epoll::wake() {
  if (woken_.exchange(1, std::memory_order_seq_cst) != 0) return;  // one is under way
  const int kept = errno;
  const std::uint64_t one = 1;
  while (::write(event_, &one, sizeof one) < 0 && errno == EINTR) {}
  errno = kept;
}

}  // namespace newproc
