// The poller and the scheduler: in which order, when, by whom, and what is left when a run ends.
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <thread>
#include <vector>

#include "base/sanitizer.hpp"
#include "fdscene.hpp"
#include "scene.hpp"

using namespace fixture;

namespace {

/// Raises what the process may open; how many that is.
rlim_t open_many() {
  rlimit most;
  REQUIRE(getrlimit(RLIMIT_NOFILE, &most) == 0);
  most.rlim_cur = most.rlim_max;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &most) == 0);
  return most.rlim_cur;
}

using newproc::kSanitized;

struct Refuser {
  std::atomic<int> asked{0};
  int refuse = -1;
  static int ask(void* self, int kind) {
    auto* me = static_cast<Refuser*>(self);
    return kind == RT_FAULT_POLL && me->asked++ == me->refuse;
  }
};

}  // namespace

TEST_SUITE("netpoll") {
  // Seen of real Go at one P: 200 readers, and main that writes to each and waits.
  TEST_CASE("of 128 that are ready the last comes first, and then the others, as in Go") {
    open_many();
    golden("127..0 199..128", [](Scene& s) {
      constexpr int kReaders = 200;
      struct One {  // whose other end is no business of the poller's
        int ends[2] = {-1, -1};
        rt_fd* f = nullptr;
      };
      std::vector<One> ones(kReaders);
      for (One& one : ones) {
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, one.ends) == 0);
        REQUIRE(rt_fd_open(nullptr, one.ends[0], 0, &one.f, nullptr) == RT_OK);
      }
      s.park(kReaders, [&](int i) {
        read_some(ones[static_cast<std::size_t>(i)].f);
        s.note(i);
        s.done();
      });
      s.expect(kReaders);
      for (One& one : ones) REQUIRE(write(one.ends[1], "x", 1) == 1);
      s.wait();
      for (One& one : ones) {
        rt_fd_free(one.f);
        close(one.ends[1]);
      }
    });
  }

  TEST_CASE("who waits for descriptors alone is no deadlock; without one it is, whatever was waited for before") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
      for (const std::uint32_t procs : {1u, 2u}) {
        CAPTURE(world);
        CAPTURE(procs);
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        Runtime r(config(world, procs));
        std::thread other;
        CHECK(r.run([&] {
          rt_fd* f = nullptr;
          REQUIRE(rt_fd_open(nullptr, ends[0], 0, &f, nullptr) == RT_OK);
          other = std::thread([&] {
            // Not before everything is asleep: a look at the clock is no proof, a minute of it would be.
            for (int i = 0; i < 50; ++i) std::this_thread::yield();
            REQUIRE(write(ends[1], "go", 2) == 2);
          });
          CHECK(read_some(f) == "go");
          rt_fd_free(f);
          rt_chan_recv(nullptr, nullptr, nullptr);
        }) == RT_EDEADLOCK);
        CHECK(r.message == "fatal error: all goroutines are asleep - deadlock!");
        other.join();
        close(ends[1]);
      }
  }

  TEST_CASE("a limit on the machine's time ends a wait for real") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      rt_config c = config(world, 1);
      c.max_nanos = 20'000'000;
      Runtime r(c);
      CHECK(r.run([&] {
        Pair p;
        CHECK(read_some(p.end[0]) == "never");
      }) == RT_ELIMIT);
    }
  }

  TEST_CASE("rt_interrupt and a panic elsewhere end it too") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 2));
      std::thread other;
      CHECK(r.run([&] {
        Pair p;
        other = std::thread([&] { rt_interrupt(r.rt); });
        read_some(p.end[0]);
      }) == RT_EINTR);
      other.join();
      CHECK(r.run([&] {
        Pair p;
        r.go([&] { rt_panic("enough"); });
        read_some(p.end[0]);
      }) == RT_EPANIC);
      CHECK(r.run([&] {
        Pair p;
        CHECK(write_all(p.end[1], "and the next run is well") == RT_OK);
        CHECK(read_some(p.end[0]) == "and the next run is well");
      }) == RT_OK);
    }
  }

  TEST_CASE("sysmon polls for those that never stop yielding") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
      for (const std::uint32_t procs : {1u, 2u}) {
        CAPTURE(world);
        CAPTURE(procs);
        rt_config c = config(world, procs);
        c.sysmon = RT_SYSMON_ON;
        Runtime r(c);
        CHECK(r.run([&] {
          Pair p;
          std::atomic<bool> seen{false};
          const std::uint64_t reader = r.go([&] {
            read_some(p.end[0]);
            seen = true;
          });
          until_waiting(r.rt, reader);
          REQUIRE(write(p.raw[1], "x", 1) == 1);
          while (!seen) rt_gosched();
        }) == RT_OK);
      }
  }

  TEST_CASE("the sim world: I/O takes no time, and a deadline passes at once where nothing comes") {
    Runtime r(config(RT_WORLD_SIM, 1));
    CHECK(r.run([&] {
      Pair p;
      const std::int64_t began = rt_nanotime(nullptr);
      r.go([&] {
        rt_sleep(kHour);
        CHECK(write_all(p.end[1], "an hour later") == RT_OK);
      });
      CHECK(read_some(p.end[0]) == "an hour later");
      CHECK(rt_nanotime(nullptr) - began >= kHour);
      CHECK(rt_nanotime(nullptr) - began < kHour + kMs);
      CHECK(rt_fd_set_deadline(p.end[0], rt_nanotime(nullptr) + kHour, RT_FD_READ) == RT_OK);
      CHECK(read_some(p.end[0]) == "RT_ETIMEOUT");
    }) == RT_OK);
  }

  TEST_CASE("a held run that is stepped comes back instead of waiting for a descriptor") {
    Runtime r(config(RT_WORLD_SIM, 1));
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    static std::string got;
    got.clear();
    rt_fd* f = nullptr;
    REQUIRE(rt_fd_open(r.rt, ends[0], 0, &f, nullptr) == RT_OK);
    REQUIRE(rt_hold(r.rt) == RT_OK);
    REQUIRE(rt_begin(r.rt, [](void* raw) { got = read_some(static_cast<rt_fd*>(raw)); }, f) == RT_OK);
    int over = 0;
    for (int i = 0; i < 20; ++i) REQUIRE(rt_step(r.rt, 10, &over, nullptr) == RT_OK);
    CHECK(over == 0);
    REQUIRE(write(ends[1], "step", 4) == 4);
    while (over == 0) REQUIRE(rt_step(r.rt, 10, &over, nullptr) == RT_OK);
    CHECK(got == "step");
    CHECK(rt_release(r.rt) == RT_OK);
    rt_fd_free(f);
    close(ends[1]);
  }

  TEST_CASE("a thread that is no M closes what a goroutine waits for") {
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      int ends[2];
      REQUIRE(pipe(ends) == 0);
      rt_fd* f = nullptr;
      REQUIRE(rt_fd_open(r.rt, ends[0], 0, &f, nullptr) == RT_OK);
      std::thread other;
      CHECK(r.run([&] {
        other = std::thread([&] { CHECK(rt_fd_close(f) == RT_OK); });
        CHECK(read_some(f) == "RT_ECLOSED");
      }) == RT_OK);
      other.join();
      rt_fd_free(f);
      close(ends[1]);
    }
  }

  TEST_CASE("a run ends with 100,000 goroutines on descriptors, and the next one uses them") {
    constexpr int kMany = kSanitized ? 3'000 : 100'000;  // TSan knows 8,128 stacks
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 2));
      int ends[2];
      REQUIRE(pipe(ends) == 0);
      rt_fd* f = nullptr;
      REQUIRE(rt_fd_open(r.rt, ends[0], 0, &f, nullptr) == RT_OK);
      const auto reader = [](void* from) { read_some(static_cast<rt_fd*>(from)); };
      CHECK(r.run([&] {  // one has the turn, and is parked; the others are in line
        for (int i = 0; i < kMany; ++i) REQUIRE(rt_newproc(nullptr, reader, f, nullptr) == RT_OK);
        for (int i = 0; i < 10; ++i) rt_gosched();
        (void)rt_fd_set_deadline(f, rt_nanotime(nullptr) + kHour, RT_FD_READ);
      }) == RT_OK);
      CHECK(r.run([&] {
        REQUIRE(write(ends[1], "still open", 10) == 10);
        CHECK(read_some(f) == "still open");
      }) == RT_OK);
      CHECK(r.run([&] {
        const std::uint64_t one = r.go([&] { read_some(f); });
        until_waiting(r.rt, one);
        r.go([&] { rt_wait_fd(ends[0], RT_FD_READ, -1, nullptr, nullptr); });
        rt_gosched();
        rt_newproc(nullptr, [](void* raw) { rt_fd_close(static_cast<rt_fd*>(raw)); }, f, nullptr);
      }) == RT_OK);
      rt_fd_free(f);
      close(ends[1]);
    }
  }

  TEST_CASE("rt_wait_fd: any descriptor, either direction, also one that has an rt_fd") {
    everywhere([](Runtime& r) {
      Pair p;
      std::uint32_t ready = 0;
      int err = 0;
      CHECK(rt_wait_fd(p.raw[0], RT_FD_READ | RT_FD_WRITE, -1, &ready, &err) == RT_OK);
      CHECK(ready == RT_FD_WRITE);
      CHECK(rt_wait_fd(p.raw[0], RT_FD_READ, 0, &ready, &err) == RT_ETIMEOUT);
      CHECK(rt_wait_fd(p.raw[0], RT_FD_READ, 2 * kMs, &ready, &err) == RT_ETIMEOUT);
      const int event = eventfd(0, EFD_CLOEXEC);
      REQUIRE(event >= 0);
      WaitGroup wg(4);
      std::atomic<int> woken{0};
      for (const int fd : {event, event, p.raw[0], p.raw[0]}) {
        const std::uint64_t goid = r.go([&, fd] {
          std::uint32_t can = 0;
          CHECK(rt_wait_fd(fd, RT_FD_READ, kHour, &can, nullptr) == RT_OK);
          CHECK(can == RT_FD_READ);
          ++woken;
          wg.done();
        });
        until_waiting(r.rt, goid);
      }
      CHECK(woken == 0);
      const std::uint64_t one = 1;
      REQUIRE(write(event, &one, sizeof one) == sizeof one);
      CHECK(write_all(p.end[1], "x") == RT_OK);
      wg.wait();
      CHECK(woken == 4);
      CHECK((fcntl(event, F_GETFL) & O_NONBLOCK) == 0);
      close(event);
    });
  }

  TEST_CASE("rt_fd_wait sees what an earlier call left") {
    everywhere([](Runtime& r) {
      Pair p;
      CHECK(write_all(p.end[1], "abc") == RT_OK);
      char c;
      std::size_t n = 0;
      CHECK(rt_fd_read(p.end[0], &c, 1, &n, nullptr) == RT_OK);
      CHECK(rt_fd_wait(p.end[0], RT_FD_READ) == RT_OK);
      CHECK(recv(p.raw[0], &c, 1, 0) == 1);
      CHECK(recv(p.raw[0], &c, 1, 0) == 1);
      CHECK(recv(p.raw[0], &c, 1, 0) == -1);
      WaitGroup wg(1);
      const std::uint64_t goid = r.go([&] {
        CHECK(rt_fd_wait(p.end[0], RT_FD_READ) == RT_OK);
        wg.done();
      });
      until_waiting(r.rt, goid);
      CHECK(write_all(p.end[1], "d") == RT_OK);
      wg.wait();
    });
  }

  TEST_CASE("rt_blocking gives its P away") {
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      static std::atomic<int> stage;
      stage = 0;
      CHECK(r.run([&] {
        r.go([] { stage = 1; });
        CHECK(rt_blocking([](void*) {
          while (stage != 1) std::this_thread::yield();  // only another goroutine can end this
          CHECK(rt_gosched() == RT_EPLACE);
        }, nullptr) == RT_OK);
        // A sleeper's time comes though the only M that ran is blocked.
        r.go([] {
          rt_sleep(kMs);
          stage = 2;
        });
        rt_gosched();
        CHECK(rt_blocking([](void*) {
          while (stage != 2) std::this_thread::yield();
        }, nullptr) == RT_OK);
        try {
          rt_blocking([](void*) { throw 7; }, nullptr);
          CHECK(false);
        } catch (int seven) {
          CHECK(seven == 7);
        }
        CHECK(rt_gosched() == RT_OK);
      }) == RT_OK);
    }
    Runtime sim(config(RT_WORLD_SIM, 1));
    int n = 0;
    CHECK(sim.run([&] { CHECK(rt_blocking([](void* raw) { ++*static_cast<int*>(raw); }, &n) == RT_OK); }) == RT_OK);
    CHECK(n == 1);
  }

  TEST_CASE("epoll_create, eventfd and epoll_ctl are refused in turn") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
      for (int n = 0; n < 6; ++n) {
        CAPTURE(world);
        CAPTURE(n);
        Refuser refuser;
        rt_config c = config(world, 1);
        c.fault = Refuser::ask;
        c.fault_arg = &refuser;
        Runtime r(c);
        refuser.refuse = n;
        CHECK(r.run([&] {
          int ends[2];
          REQUIRE(pipe(ends) == 0);
          rt_fd* f = nullptr;
          int err = 0, refused = 0;
          while (rt_fd_open(nullptr, ends[0], 0, &f, &err) == RT_ESYS) {
            CHECK(err == (refuser.asked - 1 < 2 ? EMFILE : ENOSPC));
            ++refused;
          }
          CHECK(refused == (n < 3 ? 1 : 0));
          const rt_status waited = rt_wait_fd(ends[0], RT_FD_READ, kMs, nullptr, &err);
          CHECK(waited == (n == 3 || n == 4 ? RT_ESYS : RT_ETIMEOUT));  // the second try is for a copy of ends[0]
          REQUIRE(write(ends[1], "well", 4) == 4);
          CHECK(read_some(f) == "well");
          rt_fd_free(f);
          close(ends[1]);
        }) == RT_OK);
      }
  }

  TEST_CASE("a million deadlines are set and taken away") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 2));
      CHECK(r.run([&] {
        Pair p;
        for (int i = 0; i < 500'000; ++i) {
          rt_fd_set_deadline(p.end[i % 2], rt_nanotime(nullptr) + kHour + i, RT_FD_READ | RT_FD_WRITE);
          rt_fd_set_deadline(p.end[i % 2], RT_NO_DEADLINE, RT_FD_READ | RT_FD_WRITE);
        }
        CHECK(write_all(p.end[0], "x") == RT_OK);
        CHECK(read_some(p.end[1]) == "x");
      }) == RT_OK);
    }
  }

  TEST_CASE("a million timers are stopped at once") {
    constexpr int kTimers = kSanitized ? 100'000 : 1'000'000;
    Runtime r(config(RT_WORLD_THREADS, 2));
    CHECK(r.run([&] {
      std::vector<rt_timer*> timers(kTimers);
      for (auto& t : timers) REQUIRE(rt_after_func(kHour, [](void*) { CHECK(false); }, nullptr, &t) == RT_OK);
      struct Half {
        rt_timer **begin, **end;
        WaitGroup* wg;
        static void stop(void* raw) {
          auto* half = static_cast<Half*>(raw);
          int stopped = 0, active = 0;
          for (rt_timer** t = half->begin; t != half->end; ++t) stopped += rt_timer_stop(*t, &active) == RT_OK && active == 1;
          CHECK(stopped == kTimers / 2);
          half->wg->done();
        }
      };
      WaitGroup wg(2);
      rt_timer** middle = timers.data() + kTimers / 2;
      Half halves[] = {{timers.data(), middle, &wg}, {middle, middle + kTimers / 2, &wg}};
      for (Half& half : halves) REQUIRE(rt_newproc(nullptr, &Half::stop, &half, nullptr) == RT_OK);
      wg.wait();
      for (rt_timer* t : timers) rt_timer_free(t);
      CHECK(rt_sleep(kMs) == RT_OK);
    }) == RT_OK);
  }

  TEST_CASE("descriptors are closed and opened while others wait: no event of the old one reaches the new") {
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(procs);
      Runtime r(config(RT_WORLD_THREADS, procs));
      CHECK(r.run([&] {
        constexpr int kWorkers = 8, kRounds = 200;
        WaitGroup wg(kWorkers);
        struct Worker {
          WaitGroup* wg;
          static void run(void* raw) {
            for (int i = 0; i < kRounds; ++i) {
              Pair p;
              char text[16];
              const int len = std::snprintf(text, sizeof text, "%d", i);
              REQUIRE(write(p.raw[1], text, static_cast<std::size_t>(len)) == len);
              rt_goyield();
              CHECK(read_some(p.end[0]) == std::string(text));
              REQUIRE(write(p.raw[1], "late", 4) == 4);  // its event may be on its way when the descriptor is closed
            }
            static_cast<Worker*>(raw)->wg->done();
          }
        } worker{&wg};
        for (int i = 0; i < kWorkers; ++i) REQUIRE(rt_newproc(nullptr, &Worker::run, &worker, nullptr) == RT_OK);
        wg.wait();
      }) == RT_OK);
    }
  }
}
