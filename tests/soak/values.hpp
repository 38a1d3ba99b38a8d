// values.hpp: values on their way. Producers send numbered values, over channels, selects, a queue with conditions;
// goroutines die and are cancelled at any moment; whatever counts as sent arrives once, and nothing else does.
#pragma once
#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "check.hpp"
#include "goroutines.hpp"

namespace soak {

class Values {
 public:
  Values(Goroutines& all, Random& random, bool may_be_closed)
      : all_(all), may_be_closed_(may_be_closed), producers_(1 + random.below(12)), each_(1 + random.below(60)),
        sent_(new std::atomic<int>[producers_ * each_]()), got_(new std::atomic<int>[producers_ * each_]()) {
    const std::size_t caps[] = {0, 1, 2, 7, 100};
    for (rt_chan*& c : chans_) SOAK_CHECK(rt_chan_new(nullptr, sizeof(std::uint64_t), caps[random.below(5)], &c) == RT_OK);
    SOAK_CHECK(rt_context_with_cancel(nullptr, nullptr, &context_) == RT_OK);
    SOAK_CHECK(rt_waitgroup_add(&producing_, static_cast<std::int32_t>(producers_)) == RT_OK);
    for (std::size_t p = 0; p < producers_; ++p)
      all_.go([this, p, r = Random{random.next()}]() mutable { produce(p * each_, r); });
    for (std::size_t c = 1 + random.below(12); c > 0; --c) consumer(random.next());
    all_.go([this, r = Random{random.next()}]() mutable { finish(r); });
  }
  ~Values() {
    for (rt_chan* c : chans_) rt_chan_free(c);
    rt_context_release(context_);
  }
  Values(const Values&) = delete;

  /// Once all goroutines have ended.
  void check() const {
    for (std::size_t i = 0; i < producers_ * each_; ++i) SOAK_CHECK(sent_[i] == got_[i] && sent_[i] <= 1);
  }

 private:
  void produce(std::size_t first, Random& r) {
    struct Leave {
      rt_waitgroup& group;
      ~Leave() { rt_waitgroup_done(&group); }
    } leave{producing_};
    rt_catch_panics(1);
    for (std::uint64_t id = first; id < first + each_; ++id) {
      if (r.one_in(97)) rt_goexit();  // killed: what it has not sent is not missed
      if (r.one_in(20)) rt_sleep(static_cast<std::int64_t>(r.below(50'000)));
      if (send(id, r)) sent_[id].fetch_add(1);
    }
  }
  bool send(std::uint64_t id, Random& r) {
    rt_chan* c = chans_[r.below(kChans)];
    if (r.one_in(3)) {
      const rt_status s = rt_chan_send(c, &id);
      SOAK_CHECK(s == RT_OK || (s == RT_EPANIC && may_be_closed_));
      return s == RT_OK;
    }
    if (r.one_in(3)) {
      const rt_status s = rt_chan_try_send(c, &id);
      SOAK_CHECK(s == RT_OK || s == RT_EWOULDBLOCK || (s == RT_EPANIC && may_be_closed_));
      return s == RT_OK;
    }
    rt_case cases[] = {{c, &id, RT_SEND, 0}, {chans_[r.below(kChans)], &id, RT_SEND, 0}, {rt_context_done(context_), nullptr, RT_RECV, 0}};
    std::size_t chosen = 0;
    const rt_status s = rt_select(cases, 3, 0, &chosen);
    SOAK_CHECK(s == RT_OK || (s == RT_EPANIC && may_be_closed_));
    return s == RT_OK && chosen != 2;  // 2: cancelled in the middle
  }
  void consumer(std::uint64_t seed) {
    all_.go([this, r = Random{seed}]() mutable {
      while (receive())
        if (r.one_in(60)) {  // killed: another takes its place
          consumer(r.next());
          rt_goexit();
        }
    });
  }
  /// False: all channels are closed and empty.
  bool receive() {
    rt_case cases[kChans];
    std::uint64_t id = ~std::uint64_t{0};
    for (std::size_t i = 0; i < kChans; ++i) cases[i] = {chans_[i], &id, RT_RECV, 0};
    std::size_t chosen = 0;
    SOAK_CHECK(rt_select(cases, kChans, 0, &chosen) == RT_OK);
    int ok = cases[chosen].ok;
    for (std::size_t i = 0; ok == 0 && i < kChans; ++i)  // one is closed: soon all are
      SOAK_CHECK(rt_chan_recv(chans_[i], &id, &ok) == RT_OK);
    if (ok == 0) return false;
    SOAK_CHECK(id < producers_ * each_);
    got_[id].fetch_add(1);
    return true;
  }
  /// Closes when the producers have ended, or before where they may see that.
  void finish(Random& r) {
    if (r.one_in(2)) {
      rt_sleep(static_cast<std::int64_t>(r.below(300'000)));
      SOAK_CHECK(rt_context_cancel(context_) == RT_OK);
    }
    if (!may_be_closed_) SOAK_CHECK(rt_waitgroup_wait(&producing_) == RT_OK);
    for (rt_chan* c : chans_) SOAK_CHECK(rt_chan_close(c) == RT_OK);
  }

  static constexpr std::size_t kChans = 3;
  Goroutines& all_;
  const bool may_be_closed_;
  const std::size_t producers_, each_;
  std::unique_ptr<std::atomic<int>[]> sent_, got_;
  rt_chan* chans_[kChans] = {};
  rt_context* context_ = nullptr;
  rt_waitgroup producing_{};
};

}  // namespace soak
