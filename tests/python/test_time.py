"""Timers, tickers, and blocks that must be left in time. What depends on time runs on virtual time."""

from __future__ import annotations

import gc

import pytest

import newproc
from newproc import Chan, Ticker, Timer, select, sleep, timeout

SIM = pytest.mark.parametrize("where", [{"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}], ids=["sim1", "sim3"])
WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


def now():
    return newproc._core.nanotime() / 1e9


@WORLDS
def test_a_timer_fires_once(where):
    def main():
        began = now()
        timer = Timer(0.001)
        assert timer.chan.recv() >= began
        assert timer.stop() is False
        assert timer.chan.try_recv() is None
        assert timer.reset(0.001) is False
        timer.chan.recv()

    newproc.run(main, **where)


@SIM
def test_a_stopped_timer_never_fires(where):
    def main():
        timer = Timer(1)
        assert timer.stop() is True
        assert timer.stop() is False
        sleep(5)
        assert timer.chan.try_recv() is None
        assert timer.reset(1) is False
        assert timer.reset(2) is True
        began = now()
        assert timer.chan.recv() - began == pytest.approx(2, abs=0.01)

    newproc.run(main, **where)


@SIM
def test_a_ticker_ticks_until_it_is_stopped_and_drops_what_nobody_takes(where):
    def main():
        ticker = Ticker(1)
        began = now()
        times = [round(ticker.chan.recv() - began) for _ in range(3)]
        assert times == [1, 2, 3]
        sleep(3.5)
        assert len(ticker.chan) == 1
        ticker.chan.recv()
        ticker.reset(10)
        began = now()
        assert round(ticker.chan.recv() - began) == 10
        assert ticker.stop() is True
        sleep(100)
        assert ticker.chan.try_recv() is None

    newproc.run(main, **where)


@WORLDS
def test_what_timers_refuse(where):
    def main():
        with pytest.raises(newproc.Panic, match="^non-positive interval for NewTicker$"):
            Ticker(0)
        with pytest.raises(ValueError, match="seconds is 1e\\+300; give less than 9e9"):
            Timer(1e300)
        with pytest.raises(TypeError):
            Timer("soon")
        timer = Timer(100)
        for misuse in (lambda: timer.chan.send(1.0), timer.chan.close, lambda: timer.chan.try_send(1.0)):
            with pytest.raises(TypeError, match="only receives"):
                misuse()

    newproc.run(main, **where)
    for make in (Timer, Ticker, newproc.after):
        with pytest.raises(newproc.PlaceError, match="called outside of goroutines"):
            make(1)


@WORLDS
def test_timers_that_outlive_their_run(where):
    kept = []

    def main():
        kept.extend([Timer(1000), Ticker(1000), newproc.after(1000)])

    newproc.run(main, **where)
    timer, ticker, channel = kept
    assert channel.try_recv() is None

    def later():
        with pytest.raises(newproc.StateError, match="the run that the timer belongs to is over"):
            timer.stop()
        with pytest.raises(newproc.StateError):
            ticker.reset(1)

    newproc.run(later, **where)
    kept.clear()
    del timer, ticker, channel
    gc.collect()


@SIM
def test_an_after_that_nobody_waits_for_keeps_no_run_alive(where):
    def main():
        sleep(0.5)
        for _ in range(1000):
            newproc.after(1e6)
        chosen = select(newproc.after(2).recv_case(), newproc.after(1).recv_case())
        assert chosen.chosen == 1
        assert now() < 10

    stats = newproc.run(main, **where).stats
    assert stats.goroutines_total == 1  # a timer is no goroutine


@SIM
def test_timeout_ends_every_kind_of_wait(where):
    def main():
        waits = [lambda: Chan().recv(), lambda: Chan().send(1), lambda: sleep(100), lambda: next(Chan()), lambda: list(Chan()),
                 lambda: select(Chan().recv_case(), Chan().send_case(2)), lambda: select(), lambda: Chan().recv_ok()]
        for wait in waits:
            began = now()
            with pytest.raises(TimeoutError, match="the time of a block around this call is over"):
                with timeout(2) as limit:
                    assert not limit.expired
                    wait()
            assert limit.expired
            assert now() - began == pytest.approx(2, abs=0.01)
        sleep(5)  # the limits are gone

    newproc.run(main, **where)


@WORLDS
def test_timeout_lets_go_what_need_not_wait(where):
    def main():
        c: Chan[int] = Chan(1)
        with timeout(0) as limit:
            assert limit.expired
            c.send(1)
            assert c.recv() == 1
            with pytest.raises(TimeoutError):
                c.recv()
        with timeout(1000) as limit:
            newproc.go(c.send, 2)
            assert c.recv() == 2
            newproc.go(c.recv)
            assert select(Chan().recv_case(), c.send_case(3)).chosen == 1
        assert not limit.expired
        with timeout(None):
            sleep(0.001)

    newproc.run(main, **where)


@SIM
def test_timeouts_nest_and_the_earliest_counts(where):
    def main():
        began = now()
        with pytest.raises(TimeoutError), timeout(1) as outer:
            with timeout(5) as inner:
                sleep(100)
        assert outer.expired and inner.expired
        assert round(now() - began) == 1

        began = now()
        with timeout(10) as outer:
            with pytest.raises(TimeoutError), timeout(1):
                sleep(100)
            sleep(3)
            with pytest.raises(TimeoutError), timeout(None):
                sleep(100)
        assert outer.expired
        assert round(now() - began) == 10

    newproc.run(main, **where)


@SIM
def test_a_timeout_is_of_its_goroutine_only(where):
    def main():
        done = Chan()
        with timeout(1):
            newproc.go(lambda: (sleep(3), done.send(None)))
        began = now()
        done.recv()
        assert now() - began > 2

        limit = timeout(5)
        with limit:
            with pytest.raises(RuntimeError, match="one object is for one block"), limit:
                pass
        with pytest.raises(RuntimeError, match="one object is for one block"), limit:
            pass

    newproc.run(main, **where)
    with pytest.raises(newproc.PlaceError, match="newproc.timeout"), timeout(1):
        pass


@WORLDS
def test_goroutines_that_are_dropped_inside_of_a_timeout(where):
    def main():
        def wait():
            with timeout(1000):
                Chan().recv()

        for _ in range(20):
            newproc.go(wait)
        for _ in range(5):
            newproc.gosched()

    newproc.run(main, **where)
    gc.collect()
