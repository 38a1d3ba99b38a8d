#include "world/world.hpp"

#if !NEWPROC_WORLD_SIM
#include <linux/futex.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <memory>

namespace newproc::thr {
namespace {

constexpr int kSpins = 100;
constexpr int kYields = 50;
constexpr std::uint32_t kBackoffUs = 20;

long futex(std::atomic<std::uint32_t>* word, int op, std::uint32_t value, const timespec* timeout) {
  return syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(word), op | FUTEX_PRIVATE_FLAG, value, timeout, nullptr,
                 0);
}

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed) seed = cpu_ticks();
  return seed;
}

}  // namespace

[[gnu::noinline]] void Lock::lock_slow() {
  for (int round = 0;; ++round) {
    for (int i = 0; i < kSpins; ++i) {
      if (word_.load(std::memory_order_relaxed) == 0 && word_.exchange(1, std::memory_order_acquire) == 0) return;
      cpu_relax();
    }
    if (round < kYields) {
      sched_yield();
    } else {
      const timespec pause{0, kBackoffUs * 1000};
      nanosleep(&pause, nullptr);
    }
  }
}

void Note::wakeup() {
  word_.exchange(1, std::memory_order_seq_cst);
  futex(&word_, FUTEX_WAKE, 1, nullptr);
}

bool Note::sleep(std::int64_t timeout_ns) {
  const std::uint64_t deadline = timeout_ns >= 0 ? monotonic_ns() + static_cast<std::uint64_t>(timeout_ns) : 0;
  while (word_.load(std::memory_order_acquire) == 0) {
    if (timeout_ns < 0) {
      futex(&word_, FUTEX_WAIT, 0, nullptr);
      continue;
    }
    const std::uint64_t now = monotonic_ns();
    if (now >= deadline) return false;
    const std::uint64_t left = deadline - now;
    const timespec wait{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    futex(&word_, FUTEX_WAIT, 0, &wait);
  }
  return true;
}

World::World(const rt_config& config)
    : seed_(config.seed != 0 ? config.seed : random_seed()), fault_(config.fault), fault_arg_(config.fault_arg) {}

void World::usleep(std::uint32_t us) const {
  const timespec pause{static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000) * 1000};
  nanosleep(&pause, nullptr);
}

void World::yield_thread() const { sched_yield(); }

void World::adopt(WorldM* m) { m->eh = eh_globals(); }

bool World::start(WorldM* m, void (*fn)(void*), void* arg) {
  struct Start {
    WorldM* m;
    void (*fn)(void*);
    void* arg;
  };
  if (fault_ != nullptr && fault_(fault_arg_, RT_FAULT_THREAD) != 0) return false;
  std::lock_guard lock(threads_mutex_);
  threads_.reserve(threads_.size() + 1);
  auto start = std::make_unique<Start>(Start{m, fn, arg});
  pthread_t thread;
  const auto main = [](void* raw) -> void* {
    const std::unique_ptr<Start> mine(static_cast<Start*>(raw));
    mine->m->eh = eh_globals();
    mine->fn(mine->arg);
    return nullptr;
  };
  if (pthread_create(&thread, nullptr, main, start.get()) != 0) return false;
  (void)start.release();
  threads_.push_back(thread);
  return true;
}

void World::join_all() {
  for (;;) {
    std::vector<pthread_t> mine;
    {
      std::lock_guard lock(threads_mutex_);
      mine.swap(threads_);
    }
    if (mine.empty()) return;
    for (pthread_t thread : mine) pthread_join(thread, nullptr);
  }
}

}  // namespace newproc::thr
#endif
