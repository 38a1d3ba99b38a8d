// fd.hpp: descriptors as newproc.h has them: rt_fd, rt_wait_fd. Go: internal/poll/fd_unix.go
#pragma once
#include <cstddef>
#include <cstdint>

#include "newproc.h"
#include "sched/fdhandle.hpp"
#include "world/world.hpp"

struct sockaddr;

namespace NEWPROC_NS {

struct PollDesc;
struct Sched;

rt_status fd_open(Sched& s, int fd, std::uint32_t flags, rt_fd** out, int* error);
rt_status fd_read(rt_fd* f, void* buf, std::size_t len, std::size_t* done, int* error);         // [parks]
rt_status fd_write(rt_fd* f, const void* buf, std::size_t len, std::size_t* done, int* error);  // [parks]
rt_status fd_accept(rt_fd* f, sockaddr* addr, std::uint32_t* len, int* fd, int* error);         // [parks]
rt_status fd_connect(rt_fd* f, const sockaddr* addr, std::uint32_t len, int* error);            // [parks]
rt_status fd_wait(rt_fd* f, std::uint32_t event);                                               // [parks]
rt_status fd_set_deadline(rt_fd* f, std::int64_t when, std::uint32_t which);
rt_status fd_close(rt_fd* f);  // [parks] until nobody uses it
rt_status outside_fd_close(Sched& s, rt_fd* f);
void fd_free(Sched& s, rt_fd* f);
/// The run is over: nobody waits.
void forget_fds(Sched& s);
/// The runtime is deleted: what is open and ours is closed.
void close_fds(Sched& s);

// waitfd.cpp
rt_status wait_fd(int fd, std::uint32_t events, std::int64_t timeout_ns, std::uint32_t* ready, int* error);  // [parks]
void forget_wait(Sched& s, PollDesc* pd);  // its goroutine is gone

}  // namespace NEWPROC_NS
