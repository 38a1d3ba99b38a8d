// locks.hpp: locks exclude, conditions wake, a once runs once, timers fire once, groups wait for all.
#pragma once
#include <atomic>

#include "check.hpp"
#include "goroutines.hpp"

namespace soak {

class Locks {
 public:
  Locks(Goroutines& all, Random& random) : all_(all) {
    SOAK_CHECK(rt_context_with_timeout(nullptr, static_cast<std::int64_t>(random.below(2'000'000)), nullptr, nullptr, &context_) == RT_OK);
    cond_.l = &queue_lock_;
    const int n = 2 + static_cast<int>(random.below(10));
    for (int i = 0; i < n; ++i) {
      all_.go([this, r = Random{random.next()}]() mutable { count(r); });
      all_.go([this, r = Random{random.next()}]() mutable { read_and_write(r); });
      all_.go([this, r = Random{random.next()}]() mutable { put(r); });
      all_.go([this] { take(); });
      all_.go([this] {
        SOAK_CHECK(rt_once_do(&once_, [](void* ran) { ++*static_cast<int*>(ran), rt_gosched(); }, &once_ran_) == RT_OK);
        SOAK_CHECK(once_ran_ == 1);
      });
      all_.go([this, r = Random{random.next()}]() mutable { timers(r); });
    }
    all_.go([this, r = Random{random.next()}]() mutable { group(r); });
  }
  ~Locks() { rt_context_release(context_); }
  Locks(const Locks&) = delete;

  void check() const {
    SOAK_CHECK(counter_ == counted_);
    SOAK_CHECK(put_ == taken_);
    SOAK_CHECK(once_ran_ == 1);
    SOAK_CHECK(a_ == b_);
    SOAK_CHECK(fired_ + stopped_ == armed_);
  }

 private:
  struct Held {
    rt_mutex& l;
    explicit Held(rt_mutex& l) : l(l) { SOAK_CHECK(rt_mutex_lock(&l) == RT_OK); }
    ~Held() { SOAK_CHECK(rt_mutex_unlock(&l) == RT_OK); }
  };
  void count(Random& r) {
    for (int i = 0; i < 40; ++i) {
      const Held held(lock_);
      const long before = counter_;
      if (r.one_in(4)) rt_gosched();
      if (r.one_in(70)) rt_goexit();  // killed while it holds the lock, before it has counted
      if (r.one_in(50)) rt_chan_recv(rt_context_done(context_), nullptr, nullptr);  // cancelled while it holds it
      counter_ = before + 1;
      counted_.fetch_add(1);
    }
  }
  void read_and_write(Random& r) {
    for (int i = 0; i < 30; ++i)
      if (r.one_in(4)) {
        SOAK_CHECK(rt_rwmutex_lock(&rw_) == RT_OK);
        const long next = ++a_;
        if (r.one_in(3)) rt_gosched();
        b_ = next;
        SOAK_CHECK(rt_rwmutex_unlock(&rw_) == RT_OK);
      } else {
        SOAK_CHECK(rt_rwmutex_rlock(&rw_) == RT_OK);
        const long a = a_;
        if (r.one_in(3)) rt_gosched();
        SOAK_CHECK(a == b_);
        SOAK_CHECK(rt_rwmutex_runlock(&rw_) == RT_OK);
      }
  }
  /// As many puts as takes: both of a pair move the same number.
  void put(Random& r) {
    for (int i = 0; i < kMoves; ++i) {
      if (r.one_in(5)) rt_gosched();
      const Held held(queue_lock_);
      while (queued_ == 3) rt_cond_wait(&cond_);
      ++queued_;
      ++put_;
      rt_cond_broadcast(&cond_);
    }
  }
  void take() {
    for (int i = 0; i < kMoves; ++i) {
      const Held held(queue_lock_);
      while (queued_ == 0) rt_cond_wait(&cond_);
      --queued_;
      ++taken_;
      rt_cond_broadcast(&cond_);
    }
  }
  void timers(Random& r) {
    for (int i = 0; i < 10; ++i) {
      rt_timer* t = nullptr;
      rt_context_func* f = nullptr;
      rt_context* c = nullptr;
      int active = 0;
      armed_.fetch_add(2);
      const rt_func fire = [](void* self) { static_cast<Locks*>(self)->fire(); };
      pending_.fetch_add(2);
      SOAK_CHECK(rt_after_func(static_cast<std::int64_t>(r.below(200'000)), fire, this, &t) == RT_OK);
      SOAK_CHECK(rt_context_with_timeout(context_, static_cast<std::int64_t>(r.below(200'000)), nullptr, nullptr, &c) == RT_OK);
      SOAK_CHECK(rt_context_after_func(c, fire, this, &f) == RT_OK);
      if (r.one_in(3)) rt_sleep(static_cast<std::int64_t>(r.below(200'000)));
      if (r.one_in(3)) rt_context_cancel(c);
      SOAK_CHECK(rt_timer_stop(t, &active) == RT_OK);
      const int gone = active + rt_context_func_stop(f);
      stopped_.fetch_add(gone);
      pending_.fetch_sub(gone);
      rt_timer_free(t);
      rt_context_func_free(f);
      rt_context_release(c);
    }
    while (pending_.load() != 0) rt_sleep(1'000'000);  // those that have been started; shorter, and the sleepers alone keep a P busy
  }
  void fire() {
    fired_.fetch_add(1);
    pending_.fetch_sub(1);
  }
  void group(Random& r) {
    rt_group* g = nullptr;
    SOAK_CHECK(rt_group_new(context_, nullptr, &g) == RT_OK);
    SOAK_CHECK(rt_group_set_limit(g, 1 + static_cast<std::int32_t>(r.below(4))) == RT_OK);
    std::atomic<int> ran{0};
    const rt_group_func fn = [](void* n) -> void* {
      static_cast<std::atomic<int>*>(n)->fetch_add(1);
      rt_gosched();
      return static_cast<std::atomic<int>*>(n)->load() % 3 == 0 ? n : nullptr;
    };
    int started = 0;
    for (int i = 0; i < 20; ++i) {
      const rt_status s = r.one_in(2) ? rt_group_go(g, fn, &ran) : rt_group_try_go(g, fn, &ran);
      SOAK_CHECK(s == RT_OK || s == RT_EWOULDBLOCK);
      started += s == RT_OK;
    }
    SOAK_CHECK(rt_group_wait(g, nullptr) == RT_OK);
    SOAK_CHECK(ran == started);
    SOAK_CHECK(rt_context_err(rt_group_context(g)) != RT_OK);
    rt_group_free(g);
  }

  static constexpr int kMoves = 20;
  Goroutines& all_;
  rt_context* context_ = nullptr;
  rt_mutex lock_{}, queue_lock_{};
  rt_rwmutex rw_{};
  rt_cond cond_{};
  rt_once once_{};
  int once_ran_ = 0, queued_ = 0;
  long counter_ = 0, a_ = 0, b_ = 0, put_ = 0, taken_ = 0;
  std::atomic<long> counted_{0}, armed_{0}, fired_{0}, stopped_{0}, pending_{0};
};

}  // namespace soak
