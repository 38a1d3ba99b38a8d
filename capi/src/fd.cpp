// fd.cpp: file descriptors of newproc.h: arguments are checked here, rules are not.
#include "call.hpp"
#include "sched/fdhandle.hpp"

using namespace newproc;

namespace {

constexpr std::uint32_t kBoth = RT_FD_READ | RT_FD_WRITE;

rt_status bad_events(const char* call, const char* name, std::uint32_t events) {
  return fail(RT_EINVAL, "%s: %s is %u; give RT_FD_READ (1), RT_FD_WRITE (2) or, where the header says so, both", call, name, events);
}

/// Leaves the system call whatever happens: a C++ exception may pass through fn.
struct Back {
  ~Back() { current_ops()->exitsyscall(); }
};

}  // namespace

#define RT_ON_FD(call, f) \
  RT_IN_GOROUTINE(call);  \
  if (__builtin_expect((f) == nullptr, 0)) return null(call, "f")

extern "C" {

rt_status rt_fd_open(rt_runtime* rt, int fd, uint32_t flags, rt_fd** out, int* err) {
  const char* call = "rt_fd_open";
  if (out == nullptr) return null(call, "out");
  if (fd < 0) return fail(RT_EINVAL, "%s: fd is %d; give an open file descriptor", call, fd);
  if ((flags & ~std::uint32_t{RT_FD_BORROW}) != 0)
    return fail(RT_EINVAL, "%s: flags is %#x; RT_FD_BORROW (1) is the only flag", call, flags);
  if (const rt_status s = find_runtime(call, rt); s != RT_OK) return s;
  return guarded(call, [&] { return rt->open_fd(fd, flags, out, err); });
}

rt_status rt_fd_close(rt_fd* f) {
  if (f == nullptr) return null("rt_fd_close", "f");
  if (const GOps* ops = current_ops(); ops != nullptr) return ops->fd_close(f);
  if (current_m() != nullptr) return outside("rt_fd_close");
  return f->runtime->outside_close_fd(f);
}

void rt_fd_free(rt_fd* f) {
  if (f == nullptr) return;
  const rt_status s = rt_fd_close(f);
  if (s == RT_OK || s == RT_ECLOSED) f->runtime->free_fd(f);
}

int rt_fd_number(const rt_fd* f) { return f != nullptr ? f->sysfd : -1; }

rt_status rt_fd_read(rt_fd* f, void* buf, size_t len, size_t* done, int* err) {
  RT_ON_FD("rt_fd_read", f);
  if (buf == nullptr && len != 0) return null("rt_fd_read", "buf");
  if (done == nullptr) return null("rt_fd_read", "done");
  return ops->fd_read(f, buf, len, done, err);
}

rt_status rt_fd_write(rt_fd* f, const void* buf, size_t len, size_t* done, int* err) {
  RT_ON_FD("rt_fd_write", f);
  if (buf == nullptr && len != 0) return null("rt_fd_write", "buf");
  return ops->fd_write(f, buf, len, done, err);
}

rt_status rt_fd_accept(rt_fd* f, struct sockaddr* addr, uint32_t* len, int* fd, int* err) {
  RT_ON_FD("rt_fd_accept", f);
  if (fd == nullptr) return null("rt_fd_accept", "fd");
  if (addr != nullptr && len == nullptr) return null("rt_fd_accept", "len");
  return ops->fd_accept(f, addr, len, fd, err);
}

rt_status rt_fd_connect(rt_fd* f, const struct sockaddr* addr, uint32_t len, int* err) {
  RT_ON_FD("rt_fd_connect", f);
  if (addr == nullptr) return null("rt_fd_connect", "addr");
  return ops->fd_connect(f, addr, len, err);
}

rt_status rt_fd_wait(rt_fd* f, uint32_t event) {
  RT_ON_FD("rt_fd_wait", f);
  if (event != RT_FD_READ && event != RT_FD_WRITE) return bad_events("rt_fd_wait", "event", event);
  return ops->fd_wait(f, event);
}

rt_status rt_fd_set_deadline(rt_fd* f, int64_t when, uint32_t which) {
  RT_ON_FD("rt_fd_set_deadline", f);
  if (which == 0 || (which & ~kBoth) != 0) return bad_events("rt_fd_set_deadline", "which", which);
  return ops->fd_set_deadline(f, when, which);
}

rt_status rt_wait_fd(int fd, uint32_t events, int64_t timeout_ns, uint32_t* ready, int* err) {
  RT_IN_GOROUTINE("rt_wait_fd");
  if (fd < 0) return fail(RT_EINVAL, "rt_wait_fd: fd is %d; give an open file descriptor", fd);
  if (events == 0 || (events & ~kBoth) != 0) return bad_events("rt_wait_fd", "events", events);
  return ops->wait_fd(fd, events, timeout_ns, ready, err);
}

rt_status rt_blocking(rt_func fn, void* arg) {
  RT_IN_GOROUTINE("rt_blocking");
  if (fn == nullptr) return null("rt_blocking", "fn");
  if (const rt_status s = ops->entersyscallblock(); s != RT_OK) return s;
  const Back back;
  fn(arg);
  return RT_OK;
}

}  // extern "C"
