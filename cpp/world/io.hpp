// io.hpp: system calls on descriptors that return -errno. A file of their own, never inlined: errno belongs to the OS
// thread, and a compiler that sees a goroutine's whole function may look up its address once, on the thread before.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <cstdint>

struct sockaddr;

namespace newproc::io {

ssize_t read(int fd, void* buf, std::size_t len);
/// On a socket, a peer that is gone is EPIPE and no SIGPIPE.
ssize_t write(int fd, bool socket, const void* buf, std::size_t len);
/// The new descriptor: non-blocking, closed on exec.
int accept(int fd, sockaddr* addr, std::uint32_t* len);
int connect(int fd, const sockaddr* addr, std::uint32_t len);
/// 0: connected; -EINPROGRESS: not yet; else why it failed.
int connect_result(int fd);
int close(int fd);
int dup(int fd);
/// Which of RT_FD_READ and RT_FD_WRITE would not wait now, errors being such; only those of `want`. timeout_ms as poll(2).
int ready(int fd, std::uint32_t want, int timeout_ms);
bool is_socket(int fd);
/// 1: it was blocking before; 0: it was not.
int set_nonblock(int fd, bool on);
/// "Connection reset by peer".
const char* text(int error);

}  // namespace newproc::io
