// A goroutine forks: what newproc.h promises about the child and about the parent.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "base/sanitizer.hpp"
#include "fixture.hpp"

using namespace fixture;

namespace {

/// The exit status of `child`, waited for as a goroutine should: without its P.
int status_of(pid_t child) {
  int status = -1;
  REQUIRE(rt_entersyscallblock() == RT_OK);
  const pid_t ended = waitpid(child, &status, 0);
  REQUIRE(rt_exitsyscall() == RT_OK);
  REQUIRE(ended == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_SUITE("fork") {
  TEST_CASE("a child of the threads world may _exit or exec, and the parent's run goes on") {
    for (const std::uint32_t procs : {1u, 2u}) {
      Runtime r(config(RT_WORLD_THREADS, procs));
      std::atomic<int> others{0};
      int exited = -1, executed = -1;
      REQUIRE(r.run([&] {
        for (int i = 0; i < 10; ++i) r.go([&] {
          for (int k = 0; k < 50; ++k) rt_gosched();
          ++others;
        });
        pid_t child = fork();
        if (child == 0) _exit(7);
        exited = status_of(child);
        child = fork();
        if (child == 0) {
          execl("/bin/sh", "sh", "-c", "exit 5", nullptr);
          _exit(127);
        }
        executed = status_of(child);
        while (others != 10) rt_gosched();
      }) == RT_OK);
      CHECK(exited == 7);
      CHECK(executed == 5);
    }
  }

  TEST_CASE("a child of the sim world is a whole copy: its goroutines run on") {
    if (newproc::kSanitized) return;  // their runtimes do not follow a fork with fibers
    Runtime r(config(RT_WORLD_SIM, 1));
    int in_child = -1;
    REQUIRE(r.run([&] {
      int ran = 0;
      for (int i = 0; i < 5; ++i) r.go([&ran] { ++ran; });
      const pid_t child = fork();
      if (child == 0) {
        r.go([&ran] { ran += 10; });
        while (ran < 15) rt_gosched();
        _exit(ran);
      }
      in_child = status_of(child);
      CHECK(ran == 0);
      while (ran < 5) rt_gosched();
      CHECK(ran == 5);
    }) == RT_OK);
    CHECK(in_child == 15);
  }
}
