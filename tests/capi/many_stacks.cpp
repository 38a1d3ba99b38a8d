// 40,000 goroutines alive on a kernel before 6.13, where guard pages cost mappings: all run, and threads can still
// start. Newer kernels are made to look so: a seccomp filter refuses MADV_GUARD_INSTALL.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <newproc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>
#include <vector>

namespace {

constexpr int kGoroutines = 40'000;
constexpr unsigned kGuardInstall = 102;     // MADV_GUARD_INSTALL
constexpr std::uint64_t kByMprotect = 2;    // rt_stats_t.guard_kind

bool look_old() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kGuardInstall, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

struct Run {
  int goroutines;
  std::vector<rt_g*> parked;
  int woken = 0;
  rt_stats_t stats{};
};
Run* run = nullptr;  // one P's goroutines only

void parker(void*) {
  const auto sign_in = [](rt_g* g, void*) { return run->parked.push_back(g), 1; };
  rt_gopark(sign_in, nullptr, RT_WAIT_SELECT);
  ++run->woken;
}

void main_goroutine(void*) {
  const auto alive = static_cast<std::size_t>(run->goroutines);
  for (int i = 0; i < run->goroutines; ++i)
    if (rt_go(parker, nullptr) != RT_OK) return;
  while (run->parked.size() < alive) rt_gosched();
  run->stats.struct_size = sizeof run->stats;
  rt_stats(nullptr, &run->stats);
  std::thread([] {}).join();  // throws where no mapping is left for its stack
  for (rt_g* g : run->parked) rt_goready(g);
  while (run->woken < run->goroutines) rt_gosched();
}

/// Whether `goroutines` that are alive at once all start, park and end.
bool all_run(Run& mine) {
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.procs = 1;
  config.stack_size = 16 * 1024;
  rt_runtime* rt = nullptr;
  if (rt_new(&config, &rt) != RT_OK) return false;
  run = &mine;
  rt_end end{};
  end.struct_size = sizeof end;
  const rt_status ended = rt_start_main(rt, main_goroutine, nullptr, &end);
  std::printf("%d goroutines: %s %s; %d woken, %llu stacks, %llu without a guard page, kind %llu\n", mine.goroutines,
              rt_status_name(ended), end.message, mine.woken, static_cast<unsigned long long>(mine.stats.stacks),
              static_cast<unsigned long long>(mine.stats.stacks_unguarded), static_cast<unsigned long long>(mine.stats.guard_kind));
  rt_delete(rt);
  return ended == RT_OK && mine.woken == mine.goroutines && mine.stats.guard_kind == kByMprotect;
}

}  // namespace

int main() {
  if (!look_old()) {
    std::puts("SKIPPED 40,000 stacks: the system takes no seccomp filter, so that guard pages cannot be refused");
    return 0;
  }
  Run many{kGoroutines, {}}, few{1000, {}};
  if (!all_run(many) || many.stats.stacks_unguarded == 0 || many.stats.stacks_unguarded >= many.stats.stacks) return 1;
  return all_run(few) && few.stats.stacks_unguarded == 0 ? 0 : 1;  // the first runtime's guards were given back
}
