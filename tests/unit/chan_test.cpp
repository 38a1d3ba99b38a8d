// Channels and select: what Go's own tests of them check (chan_test.go, select_test.go), in our words.
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>


#include "scene.hpp"

using namespace fixture;

namespace {

void everywhere(const std::function<void(Runtime&)>& scenario, std::uint64_t seeds = 20) { in_all_worlds(seeds, scenario); }

/// How a run of main ends, which may not come back to free a channel.
void ends(rt_status status, const char* message, const std::function<void(rt_chan*)>& main) {
  for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
    CAPTURE(world);
    Runtime r(config(world, 1));
    rt_chan* c = nullptr;
    REQUIRE(rt_chan_new(r.rt, sizeof(long), 1, &c) == RT_OK);
    CHECK(r.run([&] { main(c); }) == status);
    CHECK(r.message == message);
    rt_chan_free(c);
  }
}

}  // namespace

TEST_SUITE("chan") {
  TEST_CASE("nothing is lost, doubled or reordered: each sender's values arrive in its order") {
    for (const std::size_t cap : {0, 1, 7, 100})
      everywhere([cap](Runtime& r) {
        constexpr int kSenders = 4, kEach = 50;
        auto c = std::make_unique<Channel<>>(cap);
        rt_waitgroup senders{}, receivers{};
        std::array<std::vector<long>, 3> got;
        rt_waitgroup_add(&senders, kSenders);
        rt_waitgroup_add(&receivers, static_cast<int>(got.size()));
        for (auto& mine : got)
          r.go([&] {
            for (long v; (v = c->recv(-1)) != -1;) mine.push_back(v);
            rt_waitgroup_done(&receivers);
          });
        for (int s = 0; s < kSenders; ++s)
          r.go([&, s] {
            for (int i = 0; i < kEach; ++i) c->send(s * 1000 + i);
            rt_waitgroup_done(&senders);
          });
        rt_waitgroup_wait(&senders);
        c->close();
        rt_waitgroup_wait(&receivers);
        std::vector<long> all;
        for (const auto& mine : got) {
          std::array<long, kSenders> last;
          last.fill(-1);
          for (const long v : mine) {
            CHECK(v % 1000 > last[static_cast<std::size_t>(v / 1000)]);
            last[static_cast<std::size_t>(v / 1000)] = v % 1000;
          }
          all.insert(all.end(), mine.begin(), mine.end());
        }
        std::sort(all.begin(), all.end());
        std::vector<long> expected;
        for (int s = 0; s < kSenders; ++s)
          for (int i = 0; i < kEach; ++i) expected.push_back(s * 1000 + i);
        CHECK(all == expected);
      }, 8);
  }

  TEST_CASE("elements of any size up to 64 KiB, and of none") {
    everywhere([](Runtime& r) {
      for (const std::size_t size : {0, 1, 3, 8, 24, 4096, 65536}) {
        for (const std::size_t cap : {0, 2}) {
          rt_chan* c = nullptr;
          REQUIRE(rt_chan_new(nullptr, size, cap, &c) == RT_OK);
          std::vector<unsigned char> out(size + 1, 7), in(size + 1, 9);
          for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(i * 31);
          r.go([&] { CHECK(rt_chan_send(c, out.data()) == RT_OK); });
          int ok = 0;
          CHECK(rt_chan_recv(c, in.data(), &ok) == RT_OK);
          CHECK(ok == 1);
          CHECK(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size), in.begin()));
          CHECK(in[size] == 9);
          rt_chan_free(c);
        }
      }
    }, 2);
    Runtime r(config(RT_WORLD_SIM, 1));
    rt_chan* c = nullptr;
    CHECK(rt_chan_new(r.rt, 65537, 0, &c) == RT_EINVAL);
    CHECK(std::string(rt_last_error()) == "rt_chan_new: elem_size is 65537 bytes; give 0 to 65536, or send pointers");
    CHECK(rt_chan_new(r.rt, 8, std::size_t{1} << 60, &c) == RT_EPANIC);
    CHECK(std::string(rt_last_error()) == "makechan: size out of range");
    CHECK(c == nullptr);
  }

  TEST_CASE("never waiting: full, empty, closed") {
    everywhere([](Runtime&) {
      Channel<> c(2), none;
      long v = 5;
      int ok = 9;
      CHECK(rt_chan_try_recv(c.c, &v, &ok) == RT_EWOULDBLOCK);
      CHECK(rt_chan_try_send(none.c, &v) == RT_EWOULDBLOCK);
      CHECK(rt_chan_try_recv(none.c, &v, &ok) == RT_EWOULDBLOCK);
      CHECK(ok == 9);
      CHECK(rt_chan_try_send(c.c, &v) == RT_OK);
      CHECK(rt_chan_try_send(c.c, &v) == RT_OK);
      CHECK(rt_chan_try_send(c.c, &v) == RT_EWOULDBLOCK);
      CHECK(rt_chan_len(c.c) == 2);
      CHECK(rt_chan_cap(c.c) == 2);
      c.close();
      CHECK(rt_chan_try_recv(c.c, &v, &ok) == RT_OK);
      CHECK(ok == 1);
      CHECK(c.recv() == 5);
      CHECK(rt_chan_try_recv(c.c, &v, &ok) == RT_OK);
      CHECK(ok == 0);
      CHECK(v == 0);
      CHECK(rt_chan_try_send(nullptr, &v) == RT_EWOULDBLOCK);
      CHECK(rt_chan_try_recv(nullptr, &v, &ok) == RT_EWOULDBLOCK);
    }, 2);
  }

  TEST_CASE("misuse ends the run with Go's words") {
    ends(RT_EPANIC, "panic: send on closed channel", [](rt_chan* c) {
      const long v = 1;
      rt_chan_close(c);
      rt_chan_send(c, &v);
    });
    ends(RT_EPANIC, "panic: close of closed channel", [](rt_chan* c) {
      rt_chan_close(c);
      rt_chan_close(c);
    });
    ends(RT_EPANIC, "panic: close of nil channel", [](rt_chan*) { rt_chan_close(nullptr); });
    ends(RT_EDEADLOCK, "fatal error: all goroutines are asleep - deadlock!", [](rt_chan*) { rt_chan_recv(nullptr, nullptr, nullptr); });
    ends(RT_EDEADLOCK, "fatal error: all goroutines are asleep - deadlock!", [](rt_chan*) { rt_chan_send(nullptr, nullptr); });
    ends(RT_EDEADLOCK, "fatal error: all goroutines are asleep - deadlock!", [](rt_chan*) { rt_select(nullptr, 0, 0, nullptr); });
  }

  TEST_CASE("a goroutine that catches panics gets a status; the next one does not") {
    ends(RT_EPANIC, "panic: close of nil channel", [](rt_chan*) {
      rt_catch_panics(1);
      CHECK(rt_chan_close(nullptr) == RT_EPANIC);
      CHECK(std::string(rt_last_error()) == "close of nil channel");
      static Channel<>* c;
      c = new Channel<>;
      rt_newproc(nullptr, [](void*) { rt_chan_close(c->c); }, nullptr, nullptr);
      c->recv();
      delete c;
      rt_catch_panics(0);
      rt_chan_close(nullptr);
    });
  }

  TEST_CASE("what waited when its run ended is gone; what was in the buffer is not") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      Runtime r(config(world, 1));
      rt_chan *full = nullptr, *empty = nullptr;
      REQUIRE(rt_chan_new(r.rt, 8, 1, &full) == RT_OK);
      REQUIRE(rt_chan_new(r.rt, 8, 0, &empty) == RT_OK);
      for (int round = 0; round < 3; ++round) {
        CHECK(r.run([&] {
          long v = round;
          if (round > 0) {
            CHECK(rt_chan_recv(full, &v, nullptr) == RT_OK);
            CHECK(v == round - 1);
            v = round;
          }
          CHECK(rt_chan_send(full, &v) == RT_OK);
          for (int i = 0; i < 5; ++i) {
            r.go([&] { rt_chan_recv(empty, nullptr, nullptr); });
            r.go([&] {
              long mine = -1;
              rt_chan_send(full, &mine);
            });
          }
          for (int i = 0; i < 20; ++i) rt_gosched();
        }) == RT_OK);
        r.forget();
      }
      rt_chan_free(full);
      rt_chan_free(empty);
    }
  }

  TEST_CASE("another runtime's channel is refused") {
    Runtime a(config(RT_WORLD_SIM, 1)), b(config(RT_WORLD_THREADS, 1));
    rt_chan* c = nullptr;
    REQUIRE(rt_chan_new(b.rt, 8, 1, &c) == RT_OK);
    CHECK(a.run([&] {
      long v = 0;
      CHECK(rt_chan_send(c, &v) == RT_EPLACE);
      CHECK(std::string(rt_last_error()).find("another runtime") != std::string::npos);
      CHECK(rt_chan_close(c) == RT_EPLACE);
    }) == RT_OK);
    rt_chan_free(c);
  }
}

TEST_SUITE("select") {
  TEST_CASE("any of the ready cases is taken, and each about as often") {
    for (const std::uint32_t world : {RT_WORLD_SIM, RT_WORLD_THREADS}) {
      CAPTURE(world);
      std::array<int, 4> taken{};
      Runtime r(config(world, 1, 3));
      CHECK(r.run([&] {
        Channel<> c[4] = {Channel<>{1}, Channel<>{1}, Channel<>{1}, Channel<>{1}};
        for (int i = 0; i < 4; ++i) c[i].send(i);
        for (int round = 0; round < 4000; ++round) {
          long v = -1;
          rt_case cases[4];
          for (int i = 0; i < 4; ++i) cases[i] = {c[i].c, &v, RT_RECV, 0};
          std::size_t k = 9;
          REQUIRE(rt_select(cases, 4, 0, &k) == RT_OK);
          REQUIRE(v == static_cast<long>(k));
          REQUIRE(cases[k].ok == 1);
          ++taken[k];
          c[k].send(v);
        }
      }) == RT_OK);
      for (const int n : taken) CHECK(n > 800);  // 1000 expected; 800 is 7 standard deviations away
    }
  }

  TEST_CASE("default, nil channels, closed channels, one channel in many cases") {
    everywhere([](Runtime& r) {
      Channel<> a, b(1), shut;
      shut.close();
      long v = 1;
      std::size_t k = 9;
      rt_case nothing[] = {{a.c, &v, RT_RECV, 0}, {nullptr, &v, RT_SEND, 0}, {b.c, &v, RT_RECV, 0}};
      CHECK(rt_select(nothing, 3, 1, &k) == RT_OK);
      CHECK(k == 3);
      CHECK(rt_select(nothing, 1, 1, &k) == RT_OK);
      CHECK(k == 1);
      CHECK(rt_select(nullptr, 0, 1, &k) == RT_OK);
      CHECK(k == 0);
      rt_case closed[] = {{a.c, &v, RT_RECV, 0}, {shut.c, &v, RT_RECV, 0}};
      CHECK(rt_select(closed, 2, 0, &k) == RT_OK);
      CHECK(k == 1);
      CHECK(closed[1].ok == 0);
      CHECK(v == 0);
      rt_case room[] = {{a.c, &v, RT_SEND, 0}, {b.c, &v, RT_SEND, 0}};
      v = 42;
      CHECK(rt_select(room, 2, 0, &k) == RT_OK);
      CHECK(k == 1);
      CHECK(b.recv() == 42);
      rt_case same[20];
      for (auto& one : same) one = {a.c, &v, RT_RECV, 0};
      r.go([&] { a.send(77); });
      CHECK(rt_select(same, 20, 0, &k) == RT_OK);
      CHECK(v == 77);
      CHECK(k < 20);
      rt_case wrong[] = {{a.c, &v, RT_RECV, 0}, {a.c, &v, 3, 0}};
      CHECK(rt_select(wrong, 2, 0, &k) == RT_EINVAL);
      CHECK(std::string(rt_last_error()) == "rt_select: cases[1].dir is 3; give RT_SEND (1) or RT_RECV (2)");
    }, 3);
  }

  TEST_CASE("selects on both sides hand over each value once") {
    everywhere([](Runtime& r) {
      constexpr int kEach = 60;
      Channel<> a, b;
      rt_waitgroup left{};
      rt_waitgroup_add(&left, 4);
      long sent = 0, got = 0;
      std::vector<long> values;
      for (int s = 0; s < 2; ++s)
        r.go([&, s] {
          for (int i = 0; i < kEach; ++i) {
            long v = s * 1000 + i;
            rt_case cases[] = {{a.c, &v, RT_SEND, 0}, {b.c, &v, RT_SEND, 0}};
            REQUIRE(rt_select(cases, 2, 0, nullptr) == RT_OK);
            std::atomic_ref<long>(sent).fetch_add(v);
          }
          rt_waitgroup_done(&left);
        });
      for (int s = 0; s < 2; ++s)
        r.go([&] {
          for (int i = 0; i < kEach; ++i) {
            long v = -1;
            rt_case cases[] = {{a.c, &v, RT_RECV, 0}, {b.c, &v, RT_RECV, 0}};
            REQUIRE(rt_select(cases, 2, 0, nullptr) == RT_OK);
            std::atomic_ref<long>(got).fetch_add(v);
          }
          rt_waitgroup_done(&left);
        });
      rt_waitgroup_wait(&left);
      CHECK(sent == got);
      CHECK(got == kEach * (kEach - 1) + 1000 * kEach);
    });
  }

  TEST_CASE("a select that sends panics when its channel is closed while it waits") {
    everywhere([](Runtime& r) {
      Channel<> a, b;
      Channel<> done(1);
      r.go([&] {
        rt_catch_panics(1);
        long v = 0;
        rt_case cases[] = {{a.c, &v, RT_SEND, 0}, {b.c, &v, RT_SEND, 0}};
        CHECK(rt_select(cases, 2, 0, nullptr) == RT_EPANIC);
        CHECK(std::string(rt_last_error()) == "send on closed channel");
        done.send(1);
      });
      rt_gosched();
      b.close();
      done.recv();
    });
  }

  TEST_CASE("many cases") {
    everywhere([](Runtime& r) {
      constexpr std::size_t kMany = 1000;
      std::deque<Channel<>> c(kMany);
      std::vector<rt_case> cases;
      long v = 0;
      for (auto& one : c) cases.push_back({one.c, &v, RT_RECV, 0});
      r.go([&] { c[617].send(5); });
      std::size_t k = 0;
      CHECK(rt_select(cases.data(), kMany, 0, &k) == RT_OK);
      CHECK(k == 617);
      CHECK(v == 5);
      r.go([&] { c[0].send(6); });  // the other channels have forgotten it
      CHECK(c[0].recv() == 6);
    }, 1);
  }
}
