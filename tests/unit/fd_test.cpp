// File descriptors: who waits, who is woken, what ends a wait, and what the system's refusals become.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

#include "fdscene.hpp"

using namespace fixture;

TEST_SUITE("fd") {
  TEST_CASE("a reader parks until there is something, and the writer until there is room") {
    everywhere([](Runtime& r) {
      Pair p;
      WaitGroup wg(1);
      std::string got;
      const std::uint64_t reader = r.go([&] {
        for (std::string part; !(part = read_some(p.end[0])).empty();) got += part;
        wg.done();
      });
      until_waiting(r.rt, reader);
      const std::string much(3'000'000, 'x');
      CHECK(write_all(p.end[1], "begin" + much + "end") == RT_OK);
      CHECK(rt_fd_close(p.end[1]) == RT_OK);
      wg.wait();
      CHECK(got == "begin" + much + "end");
    });
  }

  TEST_CASE("accept and connect on loopback, both ways, many at once") {
    everywhere([](Runtime& r) {
      Listener l;
      constexpr int kClients = 50;
      WaitGroup wg(2 * kClients);
      r.go([&] {
        for (int i = 0; i < kClients; ++i) {
          rt_fd* peer = l.accept();
          r.go([&, peer] {
            for (std::string s; !(s = read_some(peer)).empty();) CHECK(write_all(peer, s) == RT_OK);
            rt_fd_free(peer);
            wg.done();
          });
        }
      });
      rt_gosched();
      std::atomic<int> echoed{0};
      std::vector<Body> clients;
      for (int i = 0; i < kClients; ++i) {
        const Body client = [&, i] {
          rt_fd* f = l.dial();
          const std::string text = "hello " + std::to_string(i);
          CHECK(write_all(f, text) == RT_OK);
          std::string back;
          while (back.size() < text.size()) back += read_some(f);
          CHECK(back == text);
          rt_fd_free(f);
          ++echoed;
          wg.done();
        };
        clients.push_back(client);
      }
      struct Call {
        static void run(void* fn) { (*static_cast<Body*>(fn))(); }
      };
      for (auto& client : clients) REQUIRE(rt_newproc(nullptr, &Call::run, &client, nullptr) == RT_OK);
      wg.wait();
      CHECK(echoed == kClients);
    });
  }

  TEST_CASE("closing wakes who waits: reader, writer, those in line for a turn, and accept") {
    everywhere([](Runtime& r) {
      Pair p;
      Listener l;
      WaitGroup wg(4);
      std::atomic<int> closed{0};
      const auto expect = [&](rt_status s) {
        closed += s == RT_ECLOSED;
        wg.done();
      };
      char byte;
      std::size_t n;
      const std::uint64_t reader = r.go([&] { expect(rt_fd_read(p.end[0], &byte, 1, &n, nullptr)); });
      until_waiting(r.rt, reader);
      const std::uint64_t second = r.go([&] {
        std::size_t none;
        char other;
        expect(rt_fd_read(p.end[0], &other, 1, &none, nullptr));
      });
      until_waiting(r.rt, second, RT_WAIT_SEMACQUIRE);
      const std::uint64_t writer = r.go([&] {
        const std::string much(3'000'000, 'x');
        std::size_t some = 0;
        expect(rt_fd_write(p.end[0], much.data(), much.size(), &some, nullptr));
        CHECK(some > 0);
        CHECK(some < much.size());
      });
      const std::uint64_t acceptor = r.go([&] {
        int fd;
        expect(rt_fd_accept(l.f, nullptr, nullptr, &fd, nullptr));
      });
      until_waiting(r.rt, writer);
      until_waiting(r.rt, acceptor);
      CHECK(rt_fd_close(p.end[0]) == RT_OK);
      CHECK(rt_fd_close(p.end[0]) == RT_ECLOSED);
      CHECK(rt_fd_close(l.f) == RT_OK);
      wg.wait();
      CHECK(closed == 4);
      CHECK(fcntl(p.raw[0], F_GETFD) == -1);
      CHECK(rt_fd_read(p.end[0], &byte, 1, &n, nullptr) == RT_ECLOSED);
      CHECK(std::string(rt_last_error()).find("was closed with rt_fd_close") != std::string::npos);
      CHECK(read_some(p.end[1]).substr(0, 1) == "x");
    });
  }

  TEST_CASE("deadlines: to come, over, moved, taken away; reading and writing apart") {
    everywhere([](Runtime& r) {
      Pair p;
      const auto in = [](std::int64_t ns) { return rt_nanotime(nullptr) + ns; };
      const std::int64_t when = in(2 * kMs);
      CHECK(rt_fd_set_deadline(p.end[0], when, RT_FD_READ) == RT_OK);
      CHECK(read_some(p.end[0]) == "RT_ETIMEOUT");
      CHECK(rt_nanotime(nullptr) >= when);
      CHECK(read_some(p.end[0]) == "RT_ETIMEOUT");  // it stays over
      CHECK(write_all(p.end[0], "w") == RT_OK);     // of the other direction
      CHECK(rt_fd_set_deadline(p.end[0], RT_NO_DEADLINE, RT_FD_READ) == RT_OK);
      CHECK(write_all(p.end[1], "r") == RT_OK);
      CHECK(read_some(p.end[0]) == "r");
      for (const std::int64_t past : {std::int64_t{0}, std::int64_t{-5}, INT64_MIN}) {
        CHECK(rt_fd_set_deadline(p.end[0], past, RT_FD_READ | RT_FD_WRITE) == RT_OK);
        CHECK(write_all(p.end[1], "r") == RT_OK);
        CHECK(read_some(p.end[0]) == "RT_ETIMEOUT");  // though there is something
        CHECK(write_all(p.end[0], "w") == RT_ETIMEOUT);
      }
      // One that waits, and whose time is taken away under it.
      CHECK(rt_fd_set_deadline(p.end[0], in(kHour), RT_FD_READ | RT_FD_WRITE) == RT_OK);
      CHECK(read_some(p.end[0]) == "rrr");
      WaitGroup wg(1);
      std::string got;
      const std::uint64_t reader = r.go([&] {
        got = read_some(p.end[0]);
        wg.done();
      });
      until_waiting(r.rt, reader);
      CHECK(rt_fd_set_deadline(p.end[0], in(-1), RT_FD_READ) == RT_OK);
      wg.wait();
      CHECK(got == "RT_ETIMEOUT");
      // Moved: the earlier one must not count any more.
      CHECK(rt_fd_set_deadline(p.end[0], in(2 * kMs), RT_FD_READ) == RT_OK);
      CHECK(rt_fd_set_deadline(p.end[0], in(kHour), RT_FD_READ) == RT_OK);
      WaitGroup again(1);
      r.go([&] {
        got = read_some(p.end[0]);
        again.done();
      });
      rt_sleep(4 * kMs);
      CHECK(write_all(p.end[1], "in time") == RT_OK);
      again.wait();
      CHECK(got == "in time");
      CHECK(rt_fd_set_deadline(p.end[0], 1, 4) == RT_EINVAL);
    });
  }

  TEST_CASE("a deadline that moves while it fires ends no wait that began after it") {
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      CHECK(r.run([&] {
        Pair p;
        std::atomic<bool> last{false};
        WaitGroup wg(1);
        r.go([&] {
          const auto set = [&](std::int64_t ns, std::uint32_t which) {
            CHECK(rt_fd_set_deadline(p.end[0], rt_nanotime(nullptr) + ns, which) == RT_OK);
          };
          for (int i = 0; i < 300; ++i) {
            set(20'000 + i % 5 * 10'000, RT_FD_READ);
            set(20'000 + i % 3 * 10'000, i % 2 != 0 ? RT_FD_WRITE : RT_FD_WRITE | RT_FD_READ);
            if (i % 4 == 0) CHECK(rt_fd_write(p.end[1], "x", 1, nullptr, nullptr) == RT_OK);
            rt_sleep(i % 7 * 10'000);
          }
          last = true;
          set(0, RT_FD_READ);
          wg.done();
        });
        int timeouts = 0, bytes = 0;
        while (!last || timeouts == 0) {
          const std::string s = read_some(p.end[0]);
          timeouts += s == "RT_ETIMEOUT";
          if (s != "RT_ETIMEOUT")
            bytes += static_cast<int>(s.size());
          else if (!last)
            CHECK(rt_fd_set_deadline(p.end[0], RT_NO_DEADLINE, RT_FD_READ | RT_FD_WRITE) == RT_OK);
        }
        wg.wait();
        CHECK(rt_fd_set_deadline(p.end[0], RT_NO_DEADLINE, RT_FD_READ) == RT_OK);
        while (bytes < 75) bytes += static_cast<int>(read_some(p.end[0]).size());
        CHECK(bytes == 75);
      }) == RT_OK);
    }
  }

  TEST_CASE("a peer that vanishes: half-close is an end, a reset is an error, and nobody dies of SIGPIPE") {
    everywhere([](Runtime& r) {
      (void)r;
      Listener l;
      rt_fd* a = l.dial();
      rt_fd* b = l.accept();
      CHECK(write_all(a, "last words") == RT_OK);
      REQUIRE(shutdown(rt_fd_number(a), SHUT_WR) == 0);
      CHECK(read_some(b) == "last words");
      CHECK(read_some(b).empty());
      CHECK(write_all(b, "still heard") == RT_OK);
      CHECK(read_some(a) == "still heard");
      const linger hard{1, 0};
      REQUIRE(setsockopt(rt_fd_number(b), SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0);
      WaitGroup wg(1);
      std::string got;
      const std::uint64_t reader = r.go([&] {
        got = read_some(a);
        wg.done();
      });
      until_waiting(r.rt, reader);
      CHECK(rt_fd_close(b) == RT_OK);
      wg.wait();
      CHECK(got == "errno " + std::to_string(ECONNRESET));
      int err = 0;
      rt_status s = write_all(a, "to nobody", &err);
      CHECK(s == RT_ESYS);
      CHECK(err == EPIPE);
      rt_fd_free(a);
      rt_fd_free(b);
    });
  }

  TEST_CASE("connect says why it failed") {
    everywhere([](Runtime&) {
      sockaddr_in nobody{};
      {
        Listener l;
        nobody = l.addr;
      }
      rt_fd* f = nullptr;
      REQUIRE(rt_fd_open(nullptr, socket(AF_INET, SOCK_STREAM, 0), 0, &f, nullptr) == RT_OK);
      int err = 0;
      CHECK(rt_fd_connect(f, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody, &err) == RT_ESYS);
      CHECK(err == ECONNREFUSED);
      CHECK(std::string(rt_last_error()).find("Connection refused") != std::string::npos);
      rt_fd_free(f);
    });
  }

  TEST_CASE("EMFILE in accept leaves the connection in the queue") {
    everywhere([](Runtime&) {
      Listener l;
      rt_fd* client = l.dial();
      rlimit was;
      REQUIRE(getrlimit(RLIMIT_NOFILE, &was) == 0);
      const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
      REQUIRE(lowest >= 0);
      close(lowest);
      rlimit tight = was;
      tight.rlim_cur = static_cast<rlim_t>(lowest);
      REQUIRE(setrlimit(RLIMIT_NOFILE, &tight) == 0);
      int fd = -1, err = 0;
      const rt_status s = rt_fd_accept(l.f, nullptr, nullptr, &fd, &err);
      REQUIRE(setrlimit(RLIMIT_NOFILE, &was) == 0);
      CHECK(s == RT_ESYS);
      CHECK(err == EMFILE);
      CHECK(fd == -1);
      rt_fd* server = l.accept();
      CHECK(write_all(server, "at last") == RT_OK);
      CHECK(read_some(client) == "at last");
      rt_fd_free(client);
      rt_fd_free(server);
    });
  }

  TEST_CASE("signals interrupt nothing") {
    struct sigaction quiet{}, was{};
    quiet.sa_handler = [](int) {};  // no SA_RESTART: system calls give EINTR
    REQUIRE(sigaction(SIGUSR1, &quiet, &was) == 0);
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      std::atomic<bool> stop{false};
      std::thread sender([&] {
        while (!stop) kill(getpid(), SIGUSR1), std::this_thread::yield();
      });
      CHECK(r.run([&] {
        Pair p;
        WaitGroup wg(1);
        std::string got;
        r.go([&] {
          while (got.size() < 200'000) {
            const std::string s = read_some(p.end[0]);
            REQUIRE(s.find("errno") == std::string::npos);
            got += s;
          }
          wg.done();
        });
        for (int i = 0; i < 2000; ++i) CHECK(write_all(p.end[1], std::string(100, 'y')) == RT_OK);
        wg.wait();
        CHECK(got.size() == 200'000);
      }) == RT_OK);
      stop = true;
      sender.join();
    }
    sigaction(SIGUSR1, &was, nullptr);
  }

  TEST_CASE("a regular file blocks its M, and says so about deadlines; a borrowed descriptor stays as it was") {
    everywhere([](Runtime&) {
      char path[] = "/tmp/newproc-fd-XXXXXX";
      const int file = mkstemp(path);
      REQUIRE(file >= 0);
      unlink(path);
      rt_fd* f = nullptr;
      REQUIRE(rt_fd_open(nullptr, file, RT_FD_BORROW, &f, nullptr) == RT_OK);
      CHECK(write_all(f, "on disk") == RT_OK);
      REQUIRE(lseek(file, 0, SEEK_SET) == 0);
      CHECK(read_some(f) == "on disk");
      CHECK(read_some(f).empty());
      CHECK(rt_fd_wait(f, RT_FD_READ) == RT_OK);
      CHECK(rt_fd_set_deadline(f, 0, RT_FD_READ) == RT_ENOTSUP);
      rt_fd_free(f);
      CHECK(fcntl(file, F_GETFD) != -1);
      close(file);
      int pipe_ends[2];
      REQUIRE(pipe(pipe_ends) == 0);
      REQUIRE(rt_fd_open(nullptr, pipe_ends[0], RT_FD_BORROW, &f, nullptr) == RT_OK);
      CHECK((fcntl(pipe_ends[0], F_GETFL) & O_NONBLOCK) != 0);
      rt_fd_free(f);
      CHECK((fcntl(pipe_ends[0], F_GETFL) & O_NONBLOCK) == 0);
      close(pipe_ends[0]);
      close(pipe_ends[1]);
    });
  }

  TEST_CASE("bad arguments are named") {
    everywhere([](Runtime&) {
      rt_fd* f = nullptr;
      int err = 0;
      CHECK(rt_fd_open(nullptr, -1, 0, &f, &err) == RT_EINVAL);
      CHECK(std::string(rt_last_error()) == "rt_fd_open: fd is -1; give an open file descriptor");
      CHECK(rt_fd_open(nullptr, 0, 2, &f, &err) == RT_EINVAL);
      CHECK(rt_fd_open(nullptr, 100'000'000, 0, &f, &err) == RT_ESYS);
      CHECK(err == EBADF);
      Pair p;
      CHECK(rt_fd_open(nullptr, p.raw[0], 0, &f, &err) == RT_ESYS);
      CHECK(err == EEXIST);
      std::size_t n = 0;
      char byte = 0;
      CHECK(rt_fd_read(nullptr, &byte, 1, &n, nullptr) == RT_EINVAL);
      CHECK(rt_fd_read(p.end[0], nullptr, 1, &n, nullptr) == RT_EINVAL);
      CHECK(rt_fd_read(p.end[0], &byte, 1, nullptr, nullptr) == RT_EINVAL);
      CHECK(rt_fd_wait(p.end[0], RT_FD_READ | RT_FD_WRITE) == RT_EINVAL);
      CHECK(rt_wait_fd(p.raw[0], 0, 0, nullptr, nullptr) == RT_EINVAL);
      CHECK(rt_wait_fd(100'000'000, RT_FD_READ, 0, nullptr, &err) == RT_ESYS);
      CHECK(err == EBADF);
      CHECK(rt_blocking(nullptr, nullptr) == RT_EINVAL);
      REQUIRE(rt_entersyscall() == RT_OK);
      CHECK(rt_fd_read(p.end[0], &byte, 1, &n, nullptr) == RT_EPLACE);
      REQUIRE(rt_exitsyscall() == RT_OK);
    });
  }
}
