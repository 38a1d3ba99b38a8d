"""Groups of goroutines, and blocks whose waits a channel ends."""

from __future__ import annotations

import sys

import pytest

import newproc
from newproc import Canceled, Chan, Group, shield, sleep, timeout, until

WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


def causes(error):
    """What a Group raised, as a list."""
    return list(error.exceptions) if sys.version_info >= (3, 11) else [error]


@WORLDS
def test_the_block_ends_after_its_goroutines(where):
    got = []

    def main():
        with Group() as group:
            for i in range(20):
                group.go(lambda i: (newproc.gosched(), got.append(i)), i)
        assert sorted(got) == list(range(20))
        with pytest.raises(RuntimeError, match="the group's block has not begun, or is over"):
            group.go(print)

    newproc.run(main, **where)


@WORLDS
def test_the_first_error_cancels_the_others(where):
    ended = []

    def main():
        def wait(i):
            try:
                Chan().recv()
            except Canceled as error:
                ended.append((i, str(error)))
                raise

        def fail():
            newproc.gosched()
            raise ValueError("no")

        with pytest.raises(BaseException) as info:
            with Group() as group:
                for i in range(5):
                    group.go(wait, i)
                group.go(fail)
                Chan().recv()  # the block is canceled, too
        assert [str(e) for e in causes(info.value)] == ["no"]
        assert sorted(ended) == [(i, "context canceled") for i in range(5)]

    newproc.run(main, **where)


@WORLDS
def test_an_error_of_the_block_passes_as_it_is(where):
    ended = []

    def main():
        def wait():
            try:
                sleep(10000)
            finally:
                ended.append(True)

        with pytest.raises(KeyError), Group() as group:
            group.go(wait)
            newproc.gosched()
            raise KeyError

    newproc.run(main, **where)
    assert ended in ([True], [])  # canceled before it began to run, it never waited


@WORLDS
def test_a_limit_keeps_goroutines_waiting(where):
    most = []
    running = []

    def main():
        def one():
            running.append(1)
            most.append(len(running))
            newproc.gosched()
            running.pop()

        with Group(limit=3) as group:
            for _ in range(30):
                group.go(one)

    newproc.run(main, **where)
    assert len(most) == 30
    assert max(most) <= 3
    with pytest.raises(ValueError, match="limit is 0; give 1 or more"):
        Group(limit=0)


@WORLDS
def test_a_timeout_around_a_group_ends_its_goroutines(where):
    ended = []

    def main():
        def wait():
            try:
                Chan().recv()
            finally:
                ended.append(True)

        with pytest.raises(TimeoutError), timeout(0.01), Group() as group:
            group.go(wait)
        assert ended == [True]

    newproc.run(main, **where)


@WORLDS
def test_groups_nest(where):
    def main():
        def inner():
            with Group() as group:
                group.go(Chan().recv)

        with pytest.raises(BaseException) as info:
            with Group() as group:
                group.go(inner)
                newproc.gosched()
                group.go(lambda: 1 // 0)
        assert isinstance(causes(info.value)[0], ZeroDivisionError)

    newproc.run(main, **where)


@WORLDS
def test_canceling_is_no_error(where):
    def main():
        with Group() as group:
            group.go(Chan().recv)
            assert group.canceled.try_recv() is None
            group.cancel()
            group.cancel()
            assert group.canceled.recv_ok() == (None, False)

    newproc.run(main, **where)


@WORLDS
def test_goexit_ends_one_goroutine_of_a_group(where):
    def main():
        with Group() as group:
            group.go(newproc.goexit)
            group.go(sleep, 0.001)

    newproc.run(main, **where)


@WORLDS
def test_until_raises_once_and_shield_not_at_all(where):
    def main():
        stop, c = Chan(), Chan(1)
        newproc.go(stop.close)
        with until(stop, KeyError("stop")):
            with pytest.raises(KeyError, match="stop"):
                Chan().recv()
            sleep(0.001)  # told once
        with until(stop, KeyError):
            with shield():
                sleep(0.001)
            with pytest.raises(KeyError):
                sleep(1000)
        with until(stop, KeyError), until(Chan(), OSError), timeout(1000), timeout(2000):
            c.send(1)  # needs no waiting
            with pytest.raises(KeyError):
                c.send(2)
        with pytest.raises(TimeoutError), timeout(0), until(Chan(), KeyError):
            Chan().recv()
        with pytest.raises(TypeError, match="error is 3; give an exception, its class, or what makes one"):
            until(stop, 3)

    newproc.run(main, **where)
