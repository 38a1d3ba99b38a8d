// What Go's own tests check, where no other test of ours does: tests/go-tests.md has the whole table.
#include <array>
#include <atomic>
#include <set>

#include "scene.hpp"

using namespace fixture;

namespace {

constexpr std::int64_t kMs = 1'000'000;

void everywhere(const std::function<void(Runtime&)>& body) {
  for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS})
    for (const std::uint32_t procs : {1u, 2u}) {
      CAPTURE(world);
      CAPTURE(procs);
      Runtime r(config(world, procs, 7));
      CHECK_MESSAGE(r.run([&] { body(r); }) == RT_OK, r.message);
    }
}

rt_case to(const Channel<long>& c, long& v) { return {c.c, &v, RT_SEND, 0}; }
rt_case from(const Channel<long>& c, long* v = nullptr) { return {c.c, v, RT_RECV, 0}; }

}  // namespace

TEST_SUITE("go") {
  TEST_CASE("select3: what waits for ever, and what goes on") {
    struct One {
      bool waits;
      std::function<void(rt_chan* full, rt_chan* empty, rt_chan* closed)> act;
    };
    static long v;
    const auto select = [](std::array<rt_case, 2> cases, std::size_t n, bool has_default = false) {  // no memory: some never return
      std::size_t chosen = 0;
      rt_select(cases.data(), n, has_default, &chosen);
    };
    const std::vector<One> all = {
        {true, [](rt_chan*, rt_chan*, rt_chan*) { rt_chan_send(nullptr, &v); }},
        {true, [](rt_chan*, rt_chan*, rt_chan*) { rt_chan_recv(nullptr, &v, nullptr); }},
        {true, [](rt_chan* full, rt_chan*, rt_chan*) { rt_chan_send(full, &v); }},
        {true, [](rt_chan*, rt_chan* empty, rt_chan*) { rt_chan_recv(empty, &v, nullptr); }},
        {false, [](rt_chan* full, rt_chan*, rt_chan*) { rt_chan_recv(full, &v, nullptr); }},
        {false, [](rt_chan*, rt_chan* empty, rt_chan*) { rt_chan_send(empty, &v); }},
        {false, [](rt_chan*, rt_chan*, rt_chan* closed) { rt_chan_recv(closed, &v, nullptr); }},
        {true, [&](rt_chan*, rt_chan*, rt_chan*) { select({}, 0); }},
        {false, [&](rt_chan*, rt_chan*, rt_chan*) { select({}, 0, true); }},
        {true, [&](rt_chan*, rt_chan*, rt_chan*) { select({{{nullptr, &v, RT_SEND, 0}, {nullptr, &v, RT_RECV, 0}}}, 2); }},
        {false, [&](rt_chan*, rt_chan*, rt_chan*) { select({{{nullptr, &v, RT_SEND, 0}}}, 1, true); }},
        {true, [&](rt_chan* full, rt_chan* empty, rt_chan*) { select({{{full, &v, RT_SEND, 0}, {empty, &v, RT_RECV, 0}}}, 2); }},
        {false, [&](rt_chan* full, rt_chan* empty, rt_chan*) { select({{{full, &v, RT_SEND, 0}, {empty, &v, RT_RECV, 0}}}, 2, true); }},
        {false, [&](rt_chan* full, rt_chan*, rt_chan* closed) { select({{{full, &v, RT_SEND, 0}, {closed, &v, RT_RECV, 0}}}, 2); }},
        {false, [&](rt_chan*, rt_chan* empty, rt_chan*) { select({{{nullptr, &v, RT_SEND, 0}, {empty, &v, RT_SEND, 0}}}, 2); }},
    };
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
        CAPTURE(i);
        CAPTURE(world);
        Runtime r(config(world, 1));
        rt_chan *full = nullptr, *empty = nullptr, *closed = nullptr;
        for (rt_chan** c : {&full, &empty, &closed}) REQUIRE(rt_chan_new(r.rt, sizeof v, 1, c) == RT_OK);
        CHECK(r.run([&] {
          rt_chan_send(full, &v);
          rt_chan_close(closed);
          all[i].act(full, empty, closed);
        }) == (all[i].waits ? RT_EDEADLOCK : RT_OK));
        for (rt_chan* c : {full, empty, closed}) rt_chan_free(c);
      }
  }

  TEST_CASE("select6: a select that lost takes its waiter off every channel") {
    everywhere([](Runtime& r) {
      Channel<long> c1, c2, c3, c4, done;
      r.go([&] {
        c1.recv();
        done.send(1);
      });
      r.go([&] {
        std::size_t chosen = 0;
        rt_case cases[] = {from(c1), from(c2)};
        REQUIRE(rt_select(cases, 2, 0, &chosen) == RT_OK);
        CHECK(chosen == 1);
        c3.send(1);
        c4.recv();
        done.send(1);
      });
      r.go([&] {
        c2.send(1);
        c3.recv();
        c4.send(1);
        c1.send(1);
        done.send(1);
      });
      for (int i = 0; i < 3; ++i) done.recv();
    });
  }

  TEST_CASE("TestSelfSelect: a select does not receive what it sends") {
    for (const std::size_t cap : {0, 10})
      everywhere([cap](Runtime& r) {
        Channel<long> c(cap);
        rt_waitgroup all{};
        rt_waitgroup_add(&all, 2);
        for (long p = 0; p < 2; ++p) r.go([&, p] {
          for (int i = 0; i < 500; ++i) {
            long mine = p, got = -1;
            std::size_t chosen = 0;
            rt_case cases[] = {to(c, mine), from(c, &got)};
            if (p == 0 && i % 2 == 0) std::swap(cases[0], cases[1]);
            REQUIRE(rt_select(cases, 2, 0, &chosen) == RT_OK);
            if (cap == 0 && cases[chosen].dir == RT_RECV) CHECK(got != p);
          }
          rt_waitgroup_done(&all);
        });
        rt_waitgroup_wait(&all);
      });
  }

  TEST_CASE("TestPseudoRandomSend: of two sends that are ready each comes") {
    everywhere([](Runtime& r) {
      for (const std::size_t cap : {0, 100}) {
        Channel<long> c(cap), over;
        int seen[2] = {};
        r.go([&] {
          for (int i = 0; i < 100; ++i) ++seen[c.recv()];
          over.send(0);
        });
        for (int i = 0; i < 100; ++i) {
          long zero = 0, one = 1;
          rt_case cases[] = {to(c, zero), to(c, one)};
          REQUIRE(rt_select(cases, 2, 0, nullptr) == RT_OK);
        }
        over.recv();
        CHECK(seen[0] > 20);
        CHECK(seen[1] > 20);
      }
    });
  }

  TEST_CASE("TestMultiConsumer, sieve: values through chains of goroutines") {
    everywhere([](Runtime& r) {
      Channel<long> q(3), results(3);
      rt_waitgroup workers{};
      constexpr long kEach[] = {2, 3, 7, 5, 11};
      rt_waitgroup_add(&workers, 5);
      for (int w = 0; w < 5; ++w) r.go([&] {
        for (long v = q.recv(-1); v >= 0; v = q.recv(-1)) {
          if (v % 3 == 0) rt_gosched();
          results.send(v);
        }
        rt_waitgroup_done(&workers);
      });
      long expected = 0;
      r.go([&] {
        for (int i = 0; i < 600; ++i) q.send(kEach[i % 5]);
        q.close();
        rt_waitgroup_wait(&workers);
        results.close();
      });
      for (int i = 0; i < 600; ++i) expected += kEach[i % 5];
      long sum = 0;
      for (long v = results.recv(-1); v >= 0; v = results.recv(-1)) sum += v;
      CHECK(sum == expected);

      std::deque<Channel<long>> filters(1);
      r.go([first = &filters.front()] {
        for (long n = 2; n < 200; ++n) first->send(n);
        first->close();
      });
      std::vector<long> primes;
      for (Channel<long>* in = &filters.back();;) {
        const long prime = in->recv(-1);
        if (prime < 0) break;
        primes.push_back(prime);
        Channel<long>* out = &filters.emplace_back();
        r.go([in, out, prime] {
          for (long n = in->recv(-1); n >= 0; n = in->recv(-1))
            if (n % prime != 0) out->send(n);
          out->close();
        });
        in = out;
      }
      CHECK(primes.size() == 46);
      CHECK(primes.back() == 199);
      rt_gosched();
    });
  }

  TEST_CASE("TestNonblockSelectRace: a value that was sent before a close is never missed") {
    everywhere([](Runtime& r) {
      for (int i = 0; i < 200; ++i) {
        Channel<long> c1(1), c2, done;
        c1.send(1);
        r.go([&] {
          rt_case cases[] = {from(c1), from(c2)};
          std::size_t chosen = 2;
          REQUIRE(rt_select(cases, 2, 1, &chosen) == RT_OK);
          CHECK(chosen != 2);  // one of them is ready at every moment
          done.send(1);
        });
        c2.close();
        rt_chan_try_recv(c1.c, nullptr, nullptr);
        done.recv();
      }
    });
  }

  TEST_CASE("TestCondSignalGenerations: each signal wakes one, in the order in which they came") {
    golden("0-19", [](Scene& s) {
      rt_mutex m{};
      rt_cond c{};
      c.l = &m;
      s.park(20, [&](int i) {
        rt_mutex_lock(&m);
        rt_cond_wait(&c);
        s.note(i);
        rt_mutex_unlock(&m);
      });
      for (int i = 0; i < 20; ++i) {
        rt_mutex_lock(&m);
        rt_cond_signal(&c);
        rt_mutex_unlock(&m);
        s.settle();
      }
    });
  }

  TEST_CASE("TestInterlockedCancels, TestSimultaneousCancels: contexts that end each other") {
    everywhere([](Runtime& r) {
      rt_context *parent = nullptr, *child = nullptr;
      REQUIRE(rt_context_with_cancel(nullptr, nullptr, &parent) == RT_OK);
      REQUIRE(rt_context_with_cancel(nullptr, parent, &child) == RT_OK);
      r.go([&] {
        rt_chan_recv(rt_context_done(parent), nullptr, nullptr);
        rt_context_cancel(child);
      });
      rt_context_cancel(parent);
      rt_chan_recv(rt_context_done(child), nullptr, nullptr);
      constexpr int kMany = 100;
      rt_context *root = nullptr, *each[kMany];
      REQUIRE(rt_context_with_cancel(nullptr, nullptr, &root) == RT_OK);
      rt_waitgroup all{};
      rt_waitgroup_add(&all, kMany);
      for (auto& c : each) REQUIRE(rt_context_with_timeout(root, 3600 * 1000 * kMs, nullptr, nullptr, &c) == RT_OK);
      for (auto& c : each) r.go([&, c] {
        rt_context_cancel(c);
        CHECK(rt_context_err(c) == RT_ECANCELED);
        rt_waitgroup_done(&all);
      });
      rt_context_cancel(root);
      for (auto& c : each) CHECK(rt_context_err(c) == RT_ECANCELED);
      rt_waitgroup_wait(&all);
      for (auto& c : each) rt_context_release(c);
      for (rt_context* c : {parent, child, root}) rt_context_release(c);
    });
  }

  TEST_CASE("TestTimerModifiedEarlier, TestOverflowSleep, TestAfterQueuing: timers that are moved, endless, many") {
    everywhere([](Runtime& r) {
      rt_timer *moved = nullptr, *endless = nullptr;
      int active = 0;
      REQUIRE(rt_timer_new(INT64_MAX, &endless) == RT_OK);
      REQUIRE(rt_timer_new(3600 * 1000 * kMs, &moved) == RT_OK);
      REQUIRE(rt_timer_reset(moved, kMs, &active) == RT_OK);
      CHECK(active == 1);
      rt_chan_recv(rt_timer_chan(moved), nullptr, nullptr);
      REQUIRE(rt_timer_stop(endless, &active) == RT_OK);
      CHECK(active == 1);
      rt_timer_free(moved);
      rt_timer_free(endless);
      std::vector<int> order;
      rt_mutex lock{};
      rt_waitgroup all{};
      constexpr int kSlots[] = {5, 3, 6, 6, 6, 1, 1, 2, 7, 9, 4, 8, 0};
      rt_waitgroup_add(&all, 13);
      for (const int slot : kSlots) r.go([&, slot] {
        rt_sleep(slot * 20 * kMs);
        rt_mutex_lock(&lock);
        order.push_back(slot);
        rt_mutex_unlock(&lock);
        rt_waitgroup_done(&all);
      });
      rt_waitgroup_wait(&all);
      CHECK(std::multiset<int>(order.begin(), order.end()) == std::multiset<int>(std::begin(kSlots), std::end(kSlots)));
    });
  }
}
