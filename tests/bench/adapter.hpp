// adapter.hpp: newproc.h in the few words that a workload needs: run, spawn, yield, and a counter to wait on.
#pragma once
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

#include "newproc.h"

namespace bench {

/// A benchmark that failed has no number: it says why and ends.
inline void check(rt_status status, const char* call) {
  if (status == RT_OK) return;
  std::fprintf(stderr, "%s: %s: %s\n", call, rt_status_name(status), rt_last_error());
  std::exit(1);
}

inline rt_config config(std::uint32_t procs) {
  rt_config cfg;
  check(rt_config_init(&cfg, sizeof cfg), "rt_config_init");
  cfg.procs = procs;
  return cfg;
}

/// A runtime, deleted at the end of the scope.
class Runtime {
 public:
  explicit Runtime(const rt_config& cfg) { check(rt_new(&cfg, &rt_), "rt_new"); }
  ~Runtime() { check(rt_delete(rt_), "rt_delete"); }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Runs f() as the main goroutine, and returns when it has returned.
  template <class F>
  void run(F&& f) {
    const auto call = [](void* arg) { (*static_cast<std::remove_reference_t<F>*>(arg))(); };
    check(rt_start_main(rt_, call, const_cast<void*>(static_cast<const void*>(&f)), nullptr), "rt_start_main");
  }
  rt_runtime* get() const { return rt_; }

 private:
  rt_runtime* rt_ = nullptr;
};

/// The go statement. F is copied into the argument itself, so that no allocation is measured.
template <class F>
void spawn(F f) {
  static_assert(sizeof(F) <= sizeof(void*) && std::is_trivially_copyable_v<F>, "capture one pointer at most");
  void* packed = nullptr;
  std::memcpy(&packed, &f, sizeof f);
  const auto entry = [](void* arg) {
    alignas(F) unsigned char bytes[sizeof(F)];
    std::memcpy(bytes, &arg, sizeof bytes);
    (*std::launder(reinterpret_cast<F*>(bytes)))();
  };
  check(rt_newproc(nullptr, entry, packed, nullptr), "rt_newproc");
}

inline void yield() { rt_gosched(); }

/// A counter that parks one goroutine until it is zero: WaitGroup with one waiter.
///
/// state = 2 * count + (1: a waiter has been published). One word, so that "count fell to zero" and "a
/// waiter is there" are decided by the order of two read-modify-writes, and just one of the two sides acts:
///   commit first   the fetch_or sees a count and stays parked; the last done sees the bit and readies it
///   done first     the last fetch_sub sees no bit and leaves; commit sees zero and takes the park back
/// Neither side touches the counter after its own operation, so it may live on the waiter's stack.
class Wg {
 public:
  explicit Wg(std::uint64_t count) : state_(2 * count) {}

  void done() {
    if (state_.fetch_sub(2, std::memory_order_acq_rel) != 3) return;
    check(rt_goready(waiter_), "rt_goready");
  }
  void wait() {
    if (state_.load(std::memory_order_acquire) < 2) return;
    check(rt_gopark(publish, this, RT_WAIT_SEMACQUIRE), "rt_gopark");
  }

 private:
  static int publish(rt_g* g, void* self) {
    Wg& wg = *static_cast<Wg*>(self);
    wg.waiter_ = g;  // before the bit: whoever sees the bit reads it
    return wg.state_.fetch_or(1, std::memory_order_acq_rel) >= 2;
  }

  std::atomic<std::uint64_t> state_;
  rt_g* waiter_ = nullptr;
};

}  // namespace bench
