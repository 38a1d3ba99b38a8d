// waitfd.cpp: rt_wait_fd: waiting for any descriptor, once, whoever else has registered it.
#include <cerrno>

#include "sync/enter.hpp"
#include "sync/fd.hpp"
#include "sync/polldesc.hpp"
#include "world/io.hpp"

namespace NEWPROC_NS {
namespace {

rt_status system_says(int fd, int error, int* out) {
  if (out != nullptr) *out = error;
  return fail(RT_ESYS, "rt_wait_fd: descriptor %d: %s (errno %d)", fd, io::text(error), error);
}

/// A registration that ends with the call.
struct Registered {
  Registered(Sched& s, PollDesc* pd, int fd, std::uint32_t events) : s(s), pd(pd) {
    pd->sysfd = fd;
    pd->either = pd->pollable = pd->borrowed = true;
    fd_mutex_open(pd);
    const bool read = (events & RT_FD_READ) != 0, write = (events & RT_FD_WRITE) != 0;
    error = poll_open(s, pd, read, write);
    if (error != EEXIST) return;
    const int copy = io::dup(fd);  // epoll knows a descriptor by its number and its file
    error = copy < 0 ? -copy : 0;
    if (copy < 0) return;
    pd->sysfd = copy;
    pd->borrowed = false;
    error = poll_open(s, pd, read, write);
  }
  ~Registered() {
    if (error == 0) poll_unblock(getm(), s, pd);  // its deadline
    forget_wait(s, pd);
  }
  Registered(const Registered&) = delete;
  Sched& s;
  PollDesc* pd;
  int error = 0;
};

}  // namespace

void forget_wait(Sched& s, PollDesc* pd) {
  poll_close(s, pd);
  if (!pd->borrowed) io::close(pd->sysfd);
  fd_mutex_close(pd);
  poll_free(s, pd);
}

rt_status wait_fd(int fd, std::uint32_t events, std::int64_t timeout_ns, std::uint32_t* ready, int* error) {
  M* m = enter("rt_wait_fd", RT_OP_SYNC, &getm()->sched->poller);
  if (m == nullptr) return RT_EPLACE;
  Sched& s = *m->sched;
  const auto look = [&] { return io::ready(fd, events, 0); };
  int can = look();
  if (can < 0) return system_says(fd, -can, error);
  if (can == 0) {
    if (timeout_ns == 0) return fail(RT_ETIMEOUT, "rt_wait_fd: descriptor %d is not ready", fd);
    const std::int64_t when = timeout_ns < 0 ? kNoDeadline : when_after(s, timeout_ns);
    int why = 0;
    PollDesc* pd = poll_alloc(s, &why);
    if (pd == nullptr) return system_says(fd, why, error);
    Registered registered(s, pd, fd, events);
    if (registered.error != 0) return system_says(fd, registered.error, error);
    rt_status status = poll_set_deadline(m, pd, when, true, false);
    while (status == RT_OK && (can = look()) == 0) status = poll_wait(pd, Use::read);
    if (status == RT_ETIMEOUT) return fail(status, "rt_wait_fd: descriptor %d is not ready after %lld ns", fd, static_cast<long long>(timeout_ns));
    if (status != RT_OK) return fail(status, "rt_wait_fd: descriptor %d cannot be waited for", fd);
    if (can < 0) return system_says(fd, -can, error);
  }
  if (ready != nullptr) *ready = static_cast<std::uint32_t>(can);
  return RT_OK;
}

}  // namespace NEWPROC_NS
