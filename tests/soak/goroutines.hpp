// goroutines.hpp: the goroutines of a round, as lambdas; the round waits for all, however they end.
#pragma once
#include <functional>

#include "check.hpp"

namespace soak {

class Goroutines {
 public:
  void go(std::function<void()> body) {
    SOAK_CHECK(rt_waitgroup_add(&running_, 1) == RT_OK);
    auto* one = new One{this, std::move(body)};
    SOAK_CHECK(rt_newproc(nullptr, call, one, nullptr) == RT_OK);
  }
  void wait() { SOAK_CHECK(rt_waitgroup_wait(&running_) == RT_OK); }

 private:
  struct One {
    Goroutines* all;
    std::function<void()> body;
    ~One() { rt_waitgroup_done(&all->running_); }
  };
  static void call(void* raw) {
    struct Leave {
      One* one;
      ~Leave() { delete one; }  // by return or by rt_goexit
    } leave{static_cast<One*>(raw)};
    leave.one->body();
  }
  rt_waitgroup running_{};
};

}  // namespace soak
