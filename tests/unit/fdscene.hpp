// fdscene.hpp: sockets for tests, as rt_fds.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "fixture.hpp"

namespace fixture {

inline constexpr std::int64_t kMs = 1'000'000, kHour = 3600 * 1000 * kMs;

/// Two ends of a stream socket, as rt_fds of the caller's runtime.
struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    REQUIRE(socketpair(AF_UNIX, type, 0, raw.data()) == 0);
    for (int i = 0; i < 2; ++i) REQUIRE_MESSAGE(rt_fd_open(nullptr, raw[i], 0, &end[i], nullptr) == RT_OK, rt_last_error());
  }
  ~Pair() {
    for (rt_fd* f : end) rt_fd_free(f);
  }
  Pair(const Pair&) = delete;
  std::array<int, 2> raw{};
  std::array<rt_fd*, 2> end{};
};

inline std::string read_some(rt_fd* f) {
  char buf[64];
  std::size_t n = 0;
  int err = 0;
  const rt_status s = rt_fd_read(f, buf, sizeof buf, &n, &err);
  if (s == RT_ESYS) return std::string("errno ") + std::to_string(err);
  return s == RT_OK ? std::string(buf, n) : rt_status_name(s);
}

inline rt_status write_all(rt_fd* f, const std::string& text, int* err = nullptr) {
  std::size_t n = 0;
  const rt_status s = rt_fd_write(f, text.data(), text.size(), &n, err);
  if (s == RT_OK) CHECK(n == text.size());
  return s;
}

/// A listening socket on loopback, and where to connect to.
struct Listener {
  explicit Listener(int backlog = 64) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0);
    addr.sin_family = AF_INET;
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&addr), sizeof addr) == 0);
    REQUIRE(listen(fd, backlog) == 0);
    socklen_t len = sizeof addr;
    REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&addr), &len) == 0);
    REQUIRE(rt_fd_open(nullptr, fd, 0, &f, nullptr) == RT_OK);
  }
  ~Listener() { rt_fd_free(f); }
  Listener(const Listener&) = delete;
  rt_fd* accept() const {
    int fd = -1, err = 0;
    REQUIRE(rt_fd_accept(f, nullptr, nullptr, &fd, &err) == RT_OK);
    rt_fd* made = nullptr;
    REQUIRE(rt_fd_open(nullptr, fd, 0, &made, nullptr) == RT_OK);
    return made;
  }
  rt_fd* dial() const {
    rt_fd* made = nullptr;
    REQUIRE(rt_fd_open(nullptr, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0, &made, nullptr) == RT_OK);
    REQUIRE(rt_fd_connect(made, reinterpret_cast<const sockaddr*>(&addr), sizeof addr, nullptr) == RT_OK);
    return made;
  }
  rt_fd* f = nullptr;
  sockaddr_in addr{};
};

inline std::uint32_t wait_reason(rt_runtime* rt, std::uint64_t goid) {
  rt_snapshot* s = snapshot(rt);
  std::uint32_t reason = RT_WAIT_NONE;
  for (std::size_t i = 0; i < s->ngs; ++i)
    if (s->gs[i].goid == goid && s->gs[i].status == RT_GWAITING) reason = s->gs[i].wait_reason;
  rt_snapshot_free(s);
  return reason;
}

inline void until_waiting(rt_runtime* rt, std::uint64_t goid, std::uint32_t reason = RT_WAIT_IO) {
  while (wait_reason(rt, goid) != reason) rt_gosched();
}

/// In both worlds, with one P and two.
template <class F>
void everywhere(F&& body) {
  for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(world);
      CAPTURE(procs);
      rt_config c = config(world, procs);
      c.max_nanos = 60'000'000'000;
      Runtime r(c);
      const rt_status ended = r.run([&] { body(r); });
      CHECK_MESSAGE(ended == RT_OK, r.message);
    }
}

struct WaitGroup {
  rt_waitgroup w{};
  explicit WaitGroup(int n) { rt_waitgroup_add(&w, n); }
  void done() { rt_waitgroup_done(&w); }
  void wait() { rt_waitgroup_wait(&w); }
};

}  // namespace fixture
