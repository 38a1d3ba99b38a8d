"""Channels, select, locks and time, in goroutines that park in mid-frame."""

from __future__ import annotations

import gc
import sys
import threading
import weakref

import pytest

import newproc
from newproc import Chan, Mutex, Once, RWMutex, WaitGroup

WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


class Thing:
    """Something whose end can be seen."""


@WORLDS
@pytest.mark.parametrize("capacity", [0, 1, 5])
def test_values_arrive_once_and_in_order(where, capacity):
    got = []

    def main():
        c = Chan(capacity)
        wg = WaitGroup()

        def produce(s):
            for i in range(30):
                c.send((s, i))

        for s in range(3):
            wg.go(produce, s)

        def close():
            wg.wait()
            c.close()

        newproc.go(close)
        got.extend(c)

    newproc.run(main, **where)
    assert sorted(got) == [(s, i) for s in range(3) for i in range(30)]
    for s in range(3):
        assert [i for t, i in got if t == s] == list(range(30))


def test_ping_pong_runs_in_gos_order():
    log = []

    def main():
        a, b, fin = Chan(), Chan(), Chan()

        def left():
            log.append(10)
            for i in range(3):
                log.append(11)
                a.send(i)
                log.append(12)
                b.recv()
                log.append(13)
            fin.send(None)

        def right():
            log.append(20)
            for i in range(3):
                a.recv()
                log.append(21)
                b.send(i)
                log.append(22)

        newproc.go(left)
        newproc.go(right)
        newproc.gosched()  # main's first yield at tick 0 gives it itself back
        fin.recv()
        log.append(99)

    newproc.run(main, procs=1, seed=1)
    assert log == [20, 10, 11, 12, 21, 22, 13, 11, 12, 21, 22, 13, 11, 12, 21, 22, 13, 99]


@WORLDS
def test_closed_and_misused(where):
    def main():
        c = Chan(1)
        c.send("last")
        c.close()
        assert c.recv() == "last"
        assert c.recv_ok() == (None, False)
        assert c.try_recv() == (None, False)
        assert list(c) == []
        with pytest.raises(newproc.Closed, match="closed and empty"):
            c.recv()
        with pytest.raises(newproc.Panic, match="^send on closed channel$"):
            c.send(1)
        with pytest.raises(newproc.Panic, match="^close of closed channel$"):
            c.close()
        with pytest.raises(newproc.Panic, match="negative WaitGroup counter"):
            WaitGroup().done()
        with pytest.raises(ValueError, match="capacity is -1; give 0 or more"):
            Chan(-1)
        with pytest.raises(newproc.Panic, match="makechan: size out of range"):
            Chan(1 << 60)
        empty = Chan(2)
        assert empty.try_recv() is None
        assert [empty.try_send(i) for i in range(3)] == [True, True, False]
        assert (len(empty), empty.capacity, bool(Chan())) == (2, 2, True)
        assert repr(empty).startswith("<Chan 2/2 at 0x")

    newproc.run(main, **where)


@WORLDS
def test_select(where):
    def main():
        a, b = Chan(), Chan(1)
        assert newproc.select(a.recv_case(), default=True) == (None, None, True)
        b.send(5)
        assert newproc.select(a.recv_case(), b.recv_case()) == (1, 5, True)
        assert newproc.select(a.recv_case(), b.send_case(6)) == (1, None, True)
        newproc.go(a.send, "woken")
        assert newproc.select(a.recv_case(), a.recv_case())[1:] == ("woken", True)
        b.recv()
        b.close()
        assert newproc.select(a.recv_case(), b.recv_case()) == (1, None, False)
        with pytest.raises(newproc.Panic, match="send on closed channel"):
            newproc.select(a.recv_case(), b.send_case(1))
        with pytest.raises(TypeError, match="is no Chan"):
            newproc.select(newproc.Case(3, False, None))  # type: ignore[arg-type]

    newproc.run(main, **where)


def test_an_uncaught_panic_ends_the_run_with_its_cause():
    def main():
        c = Chan()
        c.close()
        c.close()

    with pytest.raises(newproc.GoroutinePanic) as caught:
        newproc.run(main)
    assert isinstance(caught.value.__cause__, newproc.Panic)


def test_fatal_errors_cannot_be_caught():
    def main():
        try:
            Mutex().unlock()
        except BaseException:
            pytest.fail("caught")

    with pytest.raises(newproc.FatalError, match="^fatal error: sync: unlock of unlocked mutex$"):
        newproc.run(main, seed=1)


def test_a_deadlock_says_who_waits_for_what():
    def main():
        wg = WaitGroup()
        newproc.go(Chan().recv)
        wg.go(newproc.select)
        with Mutex() as m:
            wg.wait()
            m.lock()

    with pytest.raises(newproc.DeadlockError, match="all goroutines are asleep") as caught:
        newproc.run(main, seed=1, procs=1)
    dump = caught.value.dump
    assert "goroutine 1 [semacquire]:" in dump
    waits = dump[dump.index("goroutine 2 [chan receive]:"):]
    assert "\nChan.recv(...)\nwaits for chan #1 (0x" in waits
    assert "\ncreated by " in waits and " in goroutine 1\n" in waits
    assert "[select (no cases)]" in dump
    assert "test_sync.py:" in dump


@WORLDS
def test_references_are_neither_lost_nor_leaked(where):
    seen = []

    def main():
        thing = Thing()
        seen.append(weakref.ref(thing))
        before = sys.getrefcount(thing)
        c = Chan(3)
        for _ in range(100):
            c.send(thing)
            assert c.recv() is thing
            newproc.select(c.send_case(thing), Chan().recv_case())
            assert newproc.select(c.recv_case()) == (0, thing, True)
            assert c.try_send(thing)
            assert c.try_recv() == (thing, True)
        newproc.go(c.send, thing)
        assert c.recv() is thing
        unbuffered = Chan()
        newproc.go(unbuffered.send, thing)
        assert unbuffered.recv() is thing
        newproc.gosched()
        newproc.gosched()
        gc.collect()
        assert sys.getrefcount(thing) <= before + 1
        c.send(thing)  # stays in the buffer: freed with the channel

    newproc.run(main, **where)
    gc.collect()
    assert seen[0]() is None


@WORLDS
def test_locks(where):
    def main():
        mutex, rw, wg, once = Mutex(), RWMutex(), WaitGroup(), Once()
        inside, runs, order = [0], [], []
        cond = newproc.Cond(mutex)

        def work(i):
            for _ in range(10):
                with mutex:
                    inside[0] += 1
                    assert inside[0] == 1
                    newproc.gosched()
                    inside[0] -= 1
                rw.rlock()
                rw.runlock()
                rw.lock()
                rw.unlock()
            once.do(lambda: (runs.append(i), newproc.gosched()))
            assert len(runs) == 1
            with mutex:
                cond.wait_for(lambda: len(order) == i)
                order.append(i)
                cond.broadcast()

        for i in range(5):
            wg.go(work, i)
        wg.wait()
        assert order == list(range(5))
        assert mutex.try_lock() and not mutex.try_lock()
        mutex.unlock()
        assert rw.try_rlock() and not rw.try_lock()

    newproc.run(main, **where)


def test_time_is_virtual_in_the_sim_world():
    log = []

    def main():
        def sleeper(s):
            newproc.sleep(s)
            log.append(s)

        for s in (3000, 1000, 2000):
            newproc.go(sleeper, s)
        due = newproc.after(5000)
        assert due.recv() >= 5000
        log.append("after")

    newproc.run(main, procs=1, seed=1)
    assert log == [1000, 2000, 3000, "after"]


def test_another_thread_sends_while_all_goroutines_sleep():
    got = []
    with newproc.Runtime(procs=1) as runtime:
        c = Chan(4, runtime=runtime)
        ready = threading.Event()

        def outside():
            ready.wait()
            with runtime.hold():
                for i in range(50):
                    while not c.try_send(i):
                        pass
                c.close()

        def main():
            ready.set()
            got.extend(c)

        thread = threading.Thread(target=outside)
        with runtime.hold():
            thread.start()
            runtime.start_main(main)
        thread.join()
    assert got == list(range(50))


@pytest.mark.parametrize("call", [lambda c: c.send(1), lambda c: c.recv(), lambda c: newproc.select(c.recv_case()), lambda c: newproc.sleep(1)])
def test_what_may_wait_belongs_in_a_goroutine(call):
    with newproc.Runtime() as runtime:
        c = Chan(runtime=runtime)
        with pytest.raises(newproc.PlaceError, match="called outside of goroutines"):
            call(c)
    with pytest.raises(newproc.PlaceError, match="rt is NULL and the caller is no goroutine"):
        Chan()
