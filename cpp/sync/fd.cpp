#include "sync/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <new>

#include "sync/enter.hpp"
#include "sync/polldesc.hpp"
#include "sync/sema.hpp"
#include "world/io.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;  // of one system call. fd_unix.go:134

PollDesc* desc(rt_fd* f) { return static_cast<PollDesc*>(f); }

[[gnu::cold]] rt_status refused(const char* call, const PollDesc* pd, rt_status why) {
  switch (why) {
    case RT_ECLOSED: return fail(why, "%s: descriptor %d was closed with rt_fd_close", call, pd->sysfd);
    case RT_ETIMEOUT: return fail(why, "%s: the deadline of descriptor %d is over; set a later one", call, pd->sysfd);
    case RT_ELIMIT: return fail(why, "%s: too many calls at once on descriptor %d (1048575)", call, pd->sysfd);
    default: return fail(why, "%s: descriptor %d cannot be waited for", call, pd->sysfd);
  }
}

[[gnu::cold]] rt_status system_says(const char* call, int fd, int error, int* out) {
  if (out != nullptr) *out = error;
  return fail(RT_ESYS, "%s: descriptor %d: %s (errno %d)", call, fd, io::text(error), error);
}

/// Off the poller, and the number back to the system; by the last user.
void destroy(M* m, Sched& s, PollDesc* pd) {
  if (pd->pollable) poll_close(s, pd);
  if (!pd->borrowed)
    io::close(pd->sysfd);
  else if (pd->was_blocking)
    io::set_nonblock(pd->sysfd, false);
  semrelease(m, s, pd->csema, false);  // whoever closed it
  pd->lock.lock();
  pd->gone = true;
  const bool freed = pd->freed;
  pd->lock.unlock();
  if (freed) poll_free(s, pd);
}

/// The calling goroutine's M, with a P, at a safe point: one that finds its descriptors ready for ever must not keep
/// others from running. Null: fail() has said why.
M* enter_fd(const char* call, const rt_fd* f) {
  // Which descriptors are connected only the system knows: a search takes all of them for one object.
  M* m = enter(call, RT_OP_SYNC, &getm()->sched->poller);
  if (m == nullptr) return nullptr;
  if (__builtin_expect(m->runtime != f->runtime, 0)) {
    fail(RT_EPLACE, "%s: f belongs to another runtime than the calling goroutine", call);
    return nullptr;
  }
  if (__builtin_expect(static_cast<G*>(m->curg)->preempt.load(std::memory_order_relaxed), 0) && m->locks == 0) {
    preempt_self(m);
    m = getm();
  }
  return m;
}

/// One call's turn at a descriptor.
class Turn {
 public:
  Turn(const char* call, rt_fd* f, Use use) : pd(desc(f)), call_(call), use_(use) {
    M* m = enter_fd(call, f);
    if (m == nullptr) {
      status = RT_EPLACE;
      return;
    }
    status = fd_lock(m, pd, use);
    held_ = status == RT_OK;
    if (held_ && pd->pollable) status = poll_reset(pd, use);
    if (status != RT_OK) refused(call, pd, status);
  }
  ~Turn() {
    if (!held_) return;
    M* m = getm();
    if (fd_unlock(m, pd, use_)) destroy(m, *m->sched, pd);
  }
  Turn(const Turn&) = delete;

  /// operation() until it says something other than "not now", parking in between: what it returned, or -EAGAIN, and
  /// `status` is why.
  template <class Operation>
  ssize_t until_done(Operation&& operation) {
    for (;;) {
      const ssize_t n = once(operation);
      if (n == -EINTR) continue;
      if (n != -EAGAIN || !pd->pollable) return n;
      status = poll_wait(pd, use_);
      if (status == RT_OK) continue;
      refused(call_, pd, status);
      return n;
    }
  }
  rt_status system(ssize_t result, int* error) const { return system_says(call_, pd->sysfd, static_cast<int>(-result), error); }

  PollDesc* pd;
  rt_status status;

 private:
  /// What cannot be polled blocks its M; the P goes on elsewhere if that takes long.
  template <class Operation>
  ssize_t once(Operation&& operation) {
    if (__builtin_expect(pd->pollable, 1)) return operation();
    entersyscall();
    const ssize_t n = operation();
    exitsyscall();
    return n;
  }

  const char* call_;
  Use use_;
  bool held_ = false;
};

rt_status shut(M* m, Sched& s, PollDesc* pd) {
  if (!fd_shut(m, s, pd)) return refused("rt_fd_close", pd, RT_ECLOSED);
  poll_unblock(m, s, pd);
  if (fd_unref(pd)) destroy(m, s, pd);
  return RT_OK;
}

}  // namespace

rt_status fd_open(Sched& s, int fd, std::uint32_t flags, rt_fd** out, int* error) {
  const char* call = "rt_fd_open";
  int why = 0;
  PollDesc* pd = poll_alloc(s, &why);
  if (pd == nullptr) return system_says(call, fd, why, error);
  pd->sysfd = fd;
  pd->either = false;
  pd->borrowed = (flags & RT_FD_BORROW) != 0;
  pd->socket = io::is_socket(fd);
  const int was_blocking = io::set_nonblock(fd, true);
  why = was_blocking < 0 ? -was_blocking : poll_open(s, pd, true, true);
  pd->pollable = why == 0;
  if (why != 0 && was_blocking == 1) io::set_nonblock(fd, false);
  if (why != 0 && why != EPERM) {
    poll_free(s, pd);
    return system_says(call, fd, why, error);
  }
  pd->was_blocking = was_blocking == 1 && why == 0;
  fd_mutex_open(pd);
  *out = pd;
  return RT_OK;
}

rt_status fd_read(rt_fd* f, void* buf, std::size_t len, std::size_t* done, int* error) {
  Turn turn("rt_fd_read", f, Use::read);
  if (turn.status != RT_OK) return turn.status;
  const std::size_t most = std::min(len, kMostBytes);
  const ssize_t n = len == 0 ? 0 : turn.until_done([&] { return io::read(f->sysfd, buf, most); });
  if (turn.status != RT_OK) return turn.status;
  if (n < 0) return turn.system(n, error);
  if (n > 0) hb_acquire(getm(), &getm()->sched->poller);  // Go: ioSync, syscall_unix.go
  *done = static_cast<std::size_t>(n);
  return RT_OK;
}

rt_status fd_write(rt_fd* f, const void* buf, std::size_t len, std::size_t* done, int* error) {
  std::size_t unwanted = 0, &sum = done != nullptr ? *done : unwanted;
  sum = 0;
  Turn turn("rt_fd_write", f, Use::write);
  const auto* at = static_cast<const char*>(buf);
  if (turn.status == RT_OK) hb_release_merge(getm(), &getm()->sched->poller);
  while (turn.status == RT_OK && sum < len) {
    const std::size_t most = std::min(len - sum, kMostBytes);
    const ssize_t n = turn.until_done([&] { return io::write(f->sysfd, turn.pd->socket, at + sum, most); });
    if (turn.status != RT_OK) break;
    if (n <= 0) return turn.system(n == 0 ? -EIO : n, error);
    sum += static_cast<std::size_t>(n);
  }
  return turn.status;
}

rt_status fd_accept(rt_fd* f, sockaddr* addr, std::uint32_t* len, int* fd, int* error) {
  Turn turn("rt_fd_accept", f, Use::read);
  if (turn.status != RT_OK) return turn.status;
  const std::uint32_t room = len != nullptr ? *len : 0;
  const ssize_t made = turn.until_done([&] {
    if (len != nullptr) *len = room;
    const int n = io::accept(f->sysfd, addr, len);
    return static_cast<ssize_t>(n == -ECONNABORTED ? -EINTR : n);  // that peer has gone already: the next
  });
  if (turn.status != RT_OK) return turn.status;
  if (made < 0) return turn.system(made, error);
  *fd = static_cast<int>(made);
  return RT_OK;
}

/// fd_unix.go's connect: once begun, only the socket's error says how it ended.
rt_status fd_connect(rt_fd* f, const sockaddr* addr, std::uint32_t len, int* error) {
  Turn turn("rt_fd_connect", f, Use::write);
  if (turn.status != RT_OK) return turn.status;
  bool begun = false;
  const ssize_t n = turn.until_done([&]() -> ssize_t {
    const int said = begun ? io::connect_result(f->sysfd) : io::connect(f->sysfd, addr, len);
    if (begun) return said == -EINPROGRESS ? -EAGAIN : said;
    if (said != -EINPROGRESS && said != -EALREADY && said != -EINTR) return said == -EISCONN ? 0 : said;
    begun = true;
    return -EAGAIN;
  });
  if (turn.status != RT_OK) return turn.status;
  return n < 0 ? turn.system(n, error) : RT_OK;
}

rt_status fd_wait(rt_fd* f, std::uint32_t event) {
  Turn turn("rt_fd_wait", f, event == RT_FD_READ ? Use::read : Use::write);
  if (turn.status != RT_OK || !turn.pd->pollable) return turn.status;
  // What an earlier call was told, and left unused, is not told again: look first.
  turn.until_done([&] { return io::ready(f->sysfd, event, 0) != 0 ? 0 : ssize_t{-EAGAIN}; });
  return turn.status;
}

rt_status fd_set_deadline(rt_fd* f, std::int64_t when, std::uint32_t which) {
  const char* call = "rt_fd_set_deadline";
  M* m = enter_fd(call, f);
  if (m == nullptr) return RT_EPLACE;
  PollDesc* pd = desc(f);
  if (const rt_status s = fd_ref(pd); s != RT_OK) return refused(call, pd, s);
  rt_status status = RT_OK;
  if (pd->pollable)
    status = poll_set_deadline(m, pd, when, (which & RT_FD_READ) != 0, (which & RT_FD_WRITE) != 0);
  else
    status = fail(RT_ENOTSUP, "%s: descriptor %d cannot be polled, as a regular file's; its calls never wait", call, f->sysfd);
  if (status == RT_ECLOSED) refused(call, pd, status);
  if (fd_unref(pd)) destroy(m, *m->sched, pd);
  return status;
}

rt_status fd_close(rt_fd* f) {
  M* m = enter("rt_fd_close", RT_OP_SYNC, &getm()->sched->poller);
  if (m == nullptr) return RT_EPLACE;
  if (m->runtime != f->runtime)
    return fail(RT_EPLACE, "rt_fd_close: f belongs to another runtime than the calling goroutine");
  PollDesc* pd = desc(f);
  if (const rt_status s = shut(m, *m->sched, pd); s != RT_OK) return s;
  // Until those who were woken have left it. Who blocks its M in a call may take for ever.
  if (pd->pollable) semacquire(m, pd->csema, false, RT_WAIT_SEMACQUIRE, pd);
  return RT_OK;
}

rt_status outside_fd_close(Sched& s, rt_fd* f) { return shut(nullptr, s, desc(f)); }

void fd_free(Sched& s, rt_fd* f) {
  PollDesc* pd = desc(f);
  pd->lock.lock();
  const bool gone = pd->gone;
  pd->freed = !gone;
  pd->lock.unlock();
  if (gone) poll_free(s, pd);
}

void forget_fds(Sched& s) {
  s.netpoll_waiters.store(0, std::memory_order_relaxed);
  if constexpr (kSim) new (&s.polldesc_lock) Lock;  // an M that a limit stopped gives nothing back
  for (PollDesc* slab : s.polldesc_slabs)
    for (PollDesc* pd = slab; pd != slab + kPollDescSlab; ++pd) {
      if constexpr (kSim) new (&pd->lock) Lock;
      for (auto* sema : {&pd->rg, &pd->wg})
        if (sema->load(std::memory_order_relaxed) != kPdReady) sema->store(kPdNil, std::memory_order_relaxed);
      pd->rt_armed = pd->wt_armed = false;
      pd->rd = pd->wd = 0;
      if (!pd->closing) pd->info.store(0, std::memory_order_relaxed);
      if (fd_forget_users(pd)) destroy(nullptr, s, pd);
      if (pd->either && fd_is_open(pd)) forget_wait(s, pd);
    }
}

void close_fds(Sched& s) {
  for (PollDesc* slab : s.polldesc_slabs)
    for (PollDesc* pd = slab; pd != slab + kPollDescSlab; ++pd)
      if (fd_is_open(pd) && !pd->borrowed) io::close(pd->sysfd);
}

}  // namespace NEWPROC_NS
