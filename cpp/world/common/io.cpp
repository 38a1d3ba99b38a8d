#include "world/io.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "newproc.h"

namespace newproc::io {
namespace {

template <class T>
T or_errno(T result) {
  return result >= 0 ? result : static_cast<T>(-errno);
}

}  // namespace

ssize_t read(int fd, void* buf, std::size_t len) { return or_errno(::read(fd, buf, len)); }

ssize_t write(int fd, bool socket, const void* buf, std::size_t len) {
  return or_errno(socket ? ::send(fd, buf, len, MSG_NOSIGNAL) : ::write(fd, buf, len));
}

int accept(int fd, sockaddr* addr, std::uint32_t* len) {
  return or_errno(::accept4(fd, addr, len, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int connect(int fd, const sockaddr* addr, std::uint32_t len) { return or_errno(::connect(fd, addr, len)); }

int connect_result(int fd) {
  int error = 0;
  socklen_t len = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) return -errno;
  if (error != 0) return -error;
  sockaddr_storage peer;
  len = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &len) == 0 ? 0 : -EINPROGRESS;
}

int close(int fd) { return or_errno(::close(fd)); }
int dup(int fd) { return or_errno(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

int ready(int fd, std::uint32_t want, int timeout_ms) {
  pollfd look{fd, 0, 0};
  if ((want & RT_FD_READ) != 0) look.events |= POLLIN | POLLRDHUP;
  if ((want & RT_FD_WRITE) != 0) look.events |= POLLOUT;
  if (::poll(&look, 1, timeout_ms) < 0) return -errno;
  if ((look.revents & POLLNVAL) != 0) return -EBADF;
  std::uint32_t can = 0;
  if ((look.revents & (POLLIN | POLLRDHUP | POLLHUP | POLLERR)) != 0) can |= RT_FD_READ;
  if ((look.revents & (POLLOUT | POLLHUP | POLLERR)) != 0) can |= RT_FD_WRITE;
  return static_cast<int>(can & want);
}

bool is_socket(int fd) {
  int type = 0;
  socklen_t len = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

int set_nonblock(int fd, bool on) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (wanted != flags && ::fcntl(fd, F_SETFL, wanted) != 0) return -errno;
  return (flags & O_NONBLOCK) == 0 ? 1 : 0;
}

const char* text(int error) {
  const char* words = ::strerrordesc_np(error);
  return words != nullptr ? words : "unknown error";
}

}  // namespace newproc::io
