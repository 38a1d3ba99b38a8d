// What Go 1.21.13 was seen to do where goroutines wait for one another: run order at one P, 20 fresh processes
// each, all equal. Both worlds must give it.
#include "scene.hpp"

using namespace fixture;

TEST_SUITE("golden sync") {
  TEST_CASE("unbuffered ping-pong") {
    golden("20 10 11 12 21 22 13 11 12 21 22 13 11 12 21 22 13 99", [](Scene& s) {
      s.align(1);
      Channel<> a, b, fin;
      s.go([&] {
        s.note(10);
        for (int i = 0; i < 3; ++i) {
          s.note(11);
          a.send(i);
          s.note(12);
          b.recv();
          s.note(13);
        }
        fin.send(0);
      });
      s.go([&] {
        s.note(20);
        for (int i = 0; i < 3; ++i) {
          a.recv();
          s.note(21);
          b.send(i);
          s.note(22);
        }
      });
      fin.recv();
      s.note(99);
    });
  }

  TEST_CASE("parked receivers: a send goes to the first, and the last woken runs first") {
    golden("99 44 0 11 22 33", [](Scene& s) {
      Channel<> c;
      s.park(5, [&](int i) { s.note(i * 10 + static_cast<int>(c.recv())); });
      for (int v = 0; v < 5; ++v) c.send(v);
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("parked senders: values come in their order") {
    golden("1000-1004 99 4 0 1 2 3", [](Scene& s) {
      Channel<> c;
      s.park(5, [&](int i) {
        c.send(i);
        s.note(i);
      });
      for (int v = 0; v < 5; ++v) s.note(1000 + static_cast<int>(c.recv()));
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("close wakes all receivers, from the last to the first") {
    golden("99 0 4 3 2 1", [](Scene& s) {
      Channel<> c;
      s.park(5, [&](int i) { s.note(c.recv(-1) == -1 ? i : 100 + i); });
      c.close();
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("close makes parked senders panic") {
    golden("99 0 2 1", [](Scene& s) {
      Channel<> c;
      s.park(3, [&](int i) {
        rt_catch_panics(1);
        CHECK(c.send(i) == RT_EPANIC);
        CHECK(std::string(rt_last_error()) == "send on closed channel");
        s.note(i);
      });
      c.close();
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("a buffer of 3") {
    golden("100-103 0 1 2 3 104-108 4 5 6 7 8 109 9", [](Scene& s) {
      s.align(1);
      Channel<> c(3), fin;
      s.go([&] {
        for (long v = 0; (v = c.recv(-1)) >= 0;) s.note(static_cast<int>(v));
        fin.send(0);
      });
      for (int v = 0; v < 10; ++v) {
        s.note(100 + v);
        c.send(v);
      }
      c.close();
      fin.recv();
    });
  }

  TEST_CASE("selects on three channels, woken by one each") {
    golden("99 21 2 13", [](Scene& s) {
      Channel<> a, b, c;
      s.park(3, [&](int i) {
        long v = 0;
        rt_case cases[] = {{a.c, &v, RT_RECV, 0}, {b.c, &v, RT_RECV, 0}, {c.c, &v, RT_RECV, 0}};
        std::size_t chosen = 9;
        REQUIRE(rt_select(cases, 3, 0, &chosen) == RT_OK);
        s.note(i * 10 + 1 + static_cast<int>(chosen));
      });
      b.send(0);
      c.send(0);
      a.send(0);
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("WaitGroup: waiters, and the last Done") {
    golden("99 4 0 1 2 3", [](Scene& s) {
      rt_waitgroup wg{};
      rt_waitgroup_add(&wg, 1);
      s.park(5, [&](int i) {
        rt_waitgroup_wait(&wg);
        s.note(i);
      });
      rt_waitgroup_done(&wg);
      s.note(99);
      s.settle();
    });
    golden("4 1 2 3 14 11 12 13 99 24 21 22 23", [](Scene& s) {
      s.align(1);
      rt_waitgroup wg{};
      for (int i = 1; i <= 4; ++i) {
        rt_waitgroup_add(&wg, 1);
        s.go([&, i] {
          s.note(i);
          rt_gosched();
          rt_waitgroup_done(&wg);
          s.note(10 + i);
          rt_gosched();
          s.note(20 + i);
        });
      }
      rt_waitgroup_wait(&wg);
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("Cond: Broadcast, and as many Signals") {
    for (const bool broadcast : {true, false})
      golden("99 4 0 1 2 3", [broadcast](Scene& s) {
        rt_mutex mu{};
        rt_cond c{};
        c.l = &mu;
        s.park(5, [&](int i) {
          rt_mutex_lock(&mu);
          rt_cond_wait(&c);
          s.note(i);
          rt_mutex_unlock(&mu);
        });
        for (int i = 0; i < (broadcast ? 1 : 5); ++i) broadcast ? rt_cond_broadcast(&c) : rt_cond_signal(&c);
        s.note(99);
        s.settle();
      });
  }

  TEST_CASE("Mutex: waiters in the order in which they came; whoever runs may barge in") {
    golden("99 4 0 1 2 3", [](Scene& s) {
      rt_mutex mu{};
      rt_waitgroup wg{};
      rt_mutex_lock(&mu);
      s.align(1);
      for (int i = 0; i < 5; ++i) {
        rt_waitgroup_add(&wg, 1);
        s.go([&, i] {
          rt_mutex_lock(&mu);
          s.note(i);
          rt_mutex_unlock(&mu);
          rt_waitgroup_done(&wg);
        });
      }
      rt_gosched();
      s.log.clear();
      rt_mutex_unlock(&mu);
      s.note(99);
      rt_waitgroup_wait(&wg);
    });
    golden("90 91 92 1", [](Scene& s) {
      rt_mutex mu{};
      rt_mutex_lock(&mu);
      s.align(1);
      bool done = false;
      s.go([&] {
        rt_mutex_lock(&mu);
        s.note(1);
        rt_mutex_unlock(&mu);
        done = true;
      });
      rt_gosched();
      for (int k = 0; k < 3; ++k) {
        rt_mutex_unlock(&mu);
        rt_mutex_lock(&mu);
        s.note(90 + k);
      }
      rt_mutex_unlock(&mu);
      while (!done) rt_gosched();
    });
  }

  TEST_CASE("Mutex: a waiter that lost for over 1 ms is handed the mutex, and the M") {
    golden_timed(
        "90 91 20 10 11 92 93 21",
        [](Scene& s) {
          rt_mutex mu{};
          rt_mutex_lock(&mu);
          s.align(1);
          int done = 0;
          for (int i = 1; i <= 2; ++i)
            s.go([&, i] {
              rt_mutex_lock(&mu);
              s.note(i * 10);
              rt_mutex_unlock(&mu);
              s.note(i * 10 + 1);
              ++done;
            });
          rt_gosched();
          Scene::spin(2'000'000);
          rt_mutex_unlock(&mu);
          rt_mutex_lock(&mu);
          s.note(90);
          rt_gosched();
          s.note(91);
          rt_mutex_unlock(&mu);
          s.note(92);
          rt_mutex_lock(&mu);
          s.note(93);
          rt_mutex_unlock(&mu);
          while (done < 2) rt_gosched();
        });
  }

  TEST_CASE("RWMutex: a writer waits for the reader, readers for the writer") {
    golden("99 0 1 30 10 20", [](Scene& s) {
      rt_rwmutex rw{};
      rt_rwmutex_rlock(&rw);
      s.park(4, [&](int i) {
        if (i == 0) {
          rt_rwmutex_lock(&rw);
          s.note(0);
          rt_rwmutex_unlock(&rw);
          s.note(1);
          return;
        }
        rt_rwmutex_rlock(&rw);
        s.note(i * 10);
        rt_rwmutex_runlock(&rw);
      });
      rt_rwmutex_runlock(&rw);
      s.note(99);
      s.settle();
    });
  }

  TEST_CASE("timers that are due at one look fire before any goroutine runs; the last one runs first") {
    golden_timed(
        "5 1 2 3 4",
        [](Scene& s) {
          s.align(1);
          for (int i = 5; i >= 1; --i)
            s.go([&s, i] {
              rt_sleep(std::int64_t{i} * 1'000'000);
              s.note(i);
            });
          rt_gosched();
          Scene::spin(8'000'000);
          s.settle();
        });
    golden_timed(
        "7 0 1 2",
        [](Scene& s) {
          s.align(1);
          s.go([&] {
            rt_sleep(1'000'000);
            s.note(7);
          });
          s.settle();
          Scene::spin(3'000'000);
          Channel<> due;
          for (int i = 0; i < 3; ++i)
            s.go([&, i] {
              s.note(i);
              if (i == 1) due.close();
            });
          due.recv();
          s.settle();
        });
  }

  TEST_CASE("sleepers wake in the order of their deadlines") {
    golden_timed("10 20 30 60", [](Scene& s) {
      for (const int ms : {30, 10, 20})
        s.go([&s, ms] {
          rt_sleep(std::int64_t{ms} * 1'000'000);
          s.note(ms);
        });
      rt_sleep(60'000'000);
      s.note(60);
    });
  }

  TEST_CASE("functions of timers that are due together have no parent and no labels") {
    static Scene* scene;
    static int next;
    golden_timed(
        "3 0 1 2",
        [](Scene& s) {
          scene = &s;
          s.align(1);
          int label = 0;
          rt_set_labels(&label);
          static const int ids[] = {0, 1, 2, 3};
          for (int i = 0; i < 4; ++i)
            rt_after_func((i + 1) * 1'000'000, [](void* id) {
              scene->note(*static_cast<const int*>(id));
              CHECK(rt_get_labels() == nullptr);
              rt_snapshot* look = snapshot(scene->runtime.rt);
              for (std::size_t k = 0; k < look->ngs; ++k)
                if (look->gs[k].goid == rt_goid()) CHECK(look->gs[k].parent_goid == 0);
              rt_snapshot_free(look);
              ++next;
            }, const_cast<int*>(&ids[i]), nullptr);
          Scene::spin(8'000'000);
          s.settle();
        });
    CHECK(next == 4);
  }
}
