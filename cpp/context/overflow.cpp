#include "context/overflow.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstring>
#include <mutex>

#include "base/sanitizer.hpp"

namespace newproc {
namespace {

constexpr std::size_t kSignalStackBytes = 64 * 1024;
constexpr int kMostPools = 256;

std::atomic<const StackPool*> watched[kMostPools];
struct sigaction old_segv, old_bus;

struct Text {
  char bytes[512];
  std::size_t n = 0;
  void add(const char* s) {
    while (*s != '\0' && n < sizeof bytes) bytes[n++] = *s++;
  }
  void add(unsigned long long value, int base = 10) {
    const auto r = std::to_chars(bytes + n, bytes + sizeof bytes, value, base);
    if (r.ec == std::errc{}) n = static_cast<std::size_t>(r.ptr - bytes);
  }
};

[[noreturn]] void report(const StackPool& pool, StackMem* stack, const OverflowInfo& info, unsigned long long sp) {
  Text t;
  t.add("runtime: goroutine stack exceeds ");
  t.add(static_cast<unsigned long long>(stack->size()));
  t.add("-byte limit (stride ");
  t.add(static_cast<unsigned long long>(pool.stride()));
  t.add("; raise rt_config.stack_size)\nruntime: sp=0x");
  t.add(sp, 16);
  t.add(" stack=[0x");
  t.add(reinterpret_cast<unsigned long long>(stack->lo), 16);
  t.add(", 0x");
  t.add(reinterpret_cast<unsigned long long>(stack->top()), 16);
  t.add("]\nfatal error: stack overflow\n\ngoroutine ");
  t.add(info.goid);
  t.add(" [running]:\ncreated by ");
  if (info.file != nullptr) {
    t.add(info.file);
    t.add(":");
    t.add(static_cast<unsigned long long>(info.line));
  } else {
    t.add("0x");
    t.add(reinterpret_cast<unsigned long long>(info.gopc), 16);
  }
  t.add("\n");
  (void)!write(2, t.bytes, t.n);
  if (getenv("NEWPROC_ABORT_ON_OVERFLOW") != nullptr) abort();  // for a core file
  _exit(2);
}

void pass_on(int signal, siginfo_t* info, void* context) {
  struct sigaction& old = signal == SIGSEGV ? old_segv : old_bus;
  if ((old.sa_flags & SA_SIGINFO) != 0 && old.sa_sigaction != nullptr) return old.sa_sigaction(signal, info, context);
  if (old.sa_handler != SIG_DFL && old.sa_handler != SIG_IGN) return old.sa_handler(signal);
  // The instruction faults again, now with the default action, which leaves a core.
  ::signal(signal, SIG_DFL);
}

unsigned long long stack_pointer([[maybe_unused]] void* context) {
#if defined(__x86_64__)
  return static_cast<unsigned long long>(static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RSP]);
#else
  return 0;
#endif
}

void on_fault(int signal, siginfo_t* info, void* context) {
  // faulthandler prints, restores us and raises the signal itself: return, and the instruction faults again.
  if (info->si_code == SI_TKILL || info->si_code == SI_USER) {
    static std::atomic<int> raised{0};
    if (raised.fetch_add(1) == 0) return;
  }
  for (const auto& slot : watched) {
    const StackPool* pool = slot.load(std::memory_order_acquire);
    if (pool == nullptr) continue;
    StackMem* stack = pool->find(info->si_addr);
    if (stack == nullptr || !pool->in_guard(stack, info->si_addr)) continue;
    const void* owner = stack->owner.load(std::memory_order_relaxed);
    if (owner == nullptr) break;
    report(*pool, stack, pool->describe(owner), stack_pointer(context));
  }
  pass_on(signal, info, context);
}

struct SignalStack {
  void* memory = nullptr;
  int holds = 0;
};
thread_local SignalStack signal_stack;

}  // namespace

void report_overflow(const StackPool& pool, StackMem* stack) {
  report(pool, stack, pool.describe(stack->owner.load(std::memory_order_relaxed)),
         reinterpret_cast<unsigned long long>(__builtin_frame_address(0)));
}

void install_overflow_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action;
    std::memset(&action, 0, sizeof action);
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &old_segv);
    sigaction(SIGBUS, &action, &old_bus);
  });
}

[[gnu::noinline]] void enter_signal_stack() {
  if (signal_stack.holds != 0) return;
  stack_t now;
  if (sigaltstack(nullptr, &now) == 0 && (now.ss_flags & SS_DISABLE) == 0) return;  // the host has one
  void* memory = mmap(nullptr, kSignalStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;  // an overflow is then an ordinary crash
  stack_t mine{};
  mine.ss_sp = memory;
  mine.ss_size = kSignalStackBytes;
  sigaltstack(&mine, nullptr);
  signal_stack.memory = memory;
}

[[gnu::noinline]] void leave_signal_stack() {
  if (signal_stack.memory == nullptr || signal_stack.holds != 0) return;
  stack_t off{};
  off.ss_flags = SS_DISABLE;
  sigaltstack(&off, nullptr);
  munmap(signal_stack.memory, kSignalStackBytes);
  signal_stack.memory = nullptr;
}

SignalStackHold::SignalStackHold() {
  enter_signal_stack();
  ++signal_stack.holds;
}

SignalStackHold::~SignalStackHold() {
  if (--signal_stack.holds == 0) leave_signal_stack();
}

void watch_pool(const StackPool* pool) {
  for (auto& slot : watched) {
    const StackPool* none = nullptr;
    if (slot.compare_exchange_strong(none, pool, std::memory_order_acq_rel)) return;
  }
}

void unwatch_pool(const StackPool* pool) {
  for (auto& slot : watched) {
    const StackPool* is = pool;
    if (slot.compare_exchange_strong(is, nullptr, std::memory_order_acq_rel)) return;
  }
}

}  // namespace newproc
