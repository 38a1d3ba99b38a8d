"""Calls that block their thread, while other goroutines go on."""

from __future__ import annotations

import threading

import pytest

import newproc

WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


@pytest.mark.parametrize("procs", [1, 2])
def test_others_run_while_one_blocks(procs):
    log = []

    def main():
        opened = threading.Event()
        done = newproc.WaitGroup()

        def wait():
            assert newproc.blocking(opened.wait, timeout=60)
            log.append("waited")

        for _ in range(5):
            done.go(wait)
        newproc.sleep(0.001)
        log.append("meanwhile")
        opened.set()
        done.wait()

    newproc.run(main, procs=procs)
    assert log == ["meanwhile"] + ["waited"] * 5


@WORLDS
def test_results_and_errors_come_back(where):
    def main():
        assert newproc.blocking(divmod, 7, 2) == (3, 1)
        assert newproc.blocking(dict, a=1) == {"a": 1}
        with pytest.raises(ZeroDivisionError):
            newproc.blocking(lambda: 1 // 0)
        with pytest.raises(TypeError):
            newproc.blocking(3)
        with pytest.raises(TypeError, match="fn is missing"):
            newproc.blocking()
        newproc.gosched()

    newproc.run(main, **where)
    with pytest.raises(newproc.PlaceError):
        newproc.blocking(int)


@WORLDS
def test_what_parks_is_out_of_place_there(where):
    def main():
        for park in (newproc.gosched, lambda: newproc.sleep(1), newproc.Chan().recv):
            with pytest.raises(newproc.PlaceError):
                newproc.blocking(park)
        with pytest.raises(newproc.StateError, match="already in a system call"):
            newproc.blocking(newproc.blocking, int)
        newproc.gosched()

    newproc.run(main, **where)
