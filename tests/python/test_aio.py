"""asyncio around goroutines, and inside of them."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

import newproc
from newproc import Chan, aio

PROCS = pytest.mark.parametrize("procs", [1, 2])
name = contextvars.ContextVar("name", default="nobody")


@PROCS
def test_a_coroutine_awaits_a_run(procs):
    async def program():
        beats = 0

        async def beat():
            nonlocal beats
            while True:
                beats += 1
                await asyncio.sleep(0)

        def main(a, b):
            c = Chan()
            newproc.go(lambda: c.send(a + b))
            newproc.sleep(0.01)
            return c.recv(), threading.current_thread() is threading.main_thread()

        task = asyncio.create_task(beat())
        result = await aio.run(main, 2, 3, procs=procs)
        task.cancel()
        assert beats > 1  # the loop went on
        return result

    assert asyncio.run(program()) == (5, False)


@PROCS
def test_what_main_raises_is_what_the_awaiter_gets(procs):
    def main():
        raise KeyError("mine")

    def other():
        newproc.go(lambda: 1 // 0)
        Chan().recv()

    with pytest.raises(KeyError, match="mine"):
        asyncio.run(aio.run(main, procs=procs))
    with pytest.raises(newproc.GoroutinePanic) as info:
        asyncio.run(aio.run(other, procs=procs))
    assert isinstance(info.value.__cause__, ZeroDivisionError)


@PROCS
def test_the_loop_may_send_to_goroutines(procs):
    async def program():
        loop = asyncio.get_running_loop()

        def main():
            c = Chan(1)
            loop.call_soon_threadsafe(c.try_send, "from the loop")
            return c.recv()

        return await aio.run(main, procs=procs)

    assert asyncio.run(program()) == "from the loop"


@PROCS
def test_cancellation_reaches_main_which_may_clean_up(procs):
    log = []

    async def program():
        started = asyncio.Event()
        loop = asyncio.get_running_loop()

        def main():
            loop.call_soon_threadsafe(started.set)
            try:
                Chan().recv()
            except asyncio.CancelledError:
                log.append("canceled")
                newproc.sleep(0.001)  # told once
                log.append("cleaned up")
                raise

        task = asyncio.create_task(aio.run(main, procs=procs))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(program())
    assert log == ["canceled", "cleaned up"]


@PROCS
def test_timeout_of_asyncio_around_a_run(procs):
    async def program():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(aio.run(lambda: newproc.sleep(1000), procs=procs), 0.02)

    asyncio.run(program())


@PROCS
def test_context_variables_go_in(procs):
    async def program():
        name.set("host")

        def main():
            got = [name.get()]
            name.set("main")
            done = Chan()
            newproc.go(lambda: done.send(name.get()))
            got.append(done.recv())

            async def coroutine():
                got.append(name.get())
                name.set("coroutine")

            aio.wait(coroutine())
            return [*got, name.get()]

        assert await aio.run(main, procs=procs) == ["host", "main", "main", "main"]
        assert name.get() == "host"

    asyncio.run(program())


@PROCS
def test_goroutines_await_coroutines_while_others_run(procs):
    order = []

    async def slow(i):
        await asyncio.sleep(0.001 * (5 - i))
        return i * i

    def main():
        def one(i):
            order.append(aio.wait(slow(i)))

        wg = newproc.WaitGroup()
        for i in range(5):
            wg.go(one, i)
        wg.wait()

    newproc.run(main, procs=procs)
    assert sorted(order) == [0, 1, 4, 9, 16]


@PROCS
def test_a_coroutine_of_a_goroutine_runs_on_the_hosts_loop(procs):
    async def program():
        loop = asyncio.get_running_loop()

        async def where():
            return asyncio.get_running_loop() is loop and threading.current_thread() is threading.main_thread()

        assert await aio.run(lambda: aio.wait(where()), procs=procs)

    asyncio.run(program())


@PROCS
def test_what_a_coroutine_raises_is_what_the_goroutine_gets(procs):
    async def fail():
        raise ValueError("theirs")

    async def give_up():
        raise asyncio.CancelledError

    def main():
        with pytest.raises(ValueError, match="theirs"):
            aio.wait(fail())
        with pytest.raises(asyncio.CancelledError):
            aio.wait(give_up())

    newproc.run(main, procs=procs)


@PROCS
def test_a_wait_that_ends_early_cancels_the_coroutine_and_waits_for_its_end(procs):
    log = []

    def main():
        begun = Chan()

        async def forever():
            begun.close()
            try:
                await asyncio.sleep(1000)
            finally:
                await asyncio.sleep(0.001)
                log.append("ended")

        with pytest.raises(KeyError), newproc.until(begun, KeyError):
            aio.wait(forever())
        assert log == ["ended"]
        with pytest.raises(TimeoutError), newproc.timeout(0):  # it may not have begun
            aio.wait(asyncio.sleep(1000))

    newproc.run(main, procs=procs)


@PROCS
def test_a_run_that_ends_before_the_coroutine(procs):
    release = threading.Event()

    async def wait():
        await asyncio.get_running_loop().run_in_executor(None, release.wait)

    def main():
        newproc.go(lambda: aio.wait(wait()))
        newproc.sleep(0.01)

    newproc.run(main, procs=procs)
    release.set()  # nobody is there to be told
    newproc.run(lambda: aio.wait(asyncio.sleep(0.001)), procs=procs)
    with newproc.Runtime(procs=procs) as runtime:
        runtime.start_main(main)
        with pytest.raises(newproc.DeadlockError):  # the dropped goroutine holds nothing up
            runtime.start_main(lambda: Chan().recv())


def test_where_it_cannot_be():
    async def nothing():
        pass

    def main():
        with pytest.raises(newproc.UnsupportedError, match="the sim world has virtual time"):
            aio.wait(nothing())

    newproc.run(main, seed=1)
    with pytest.raises(newproc.PlaceError):
        aio.wait(nothing())


def test_channels_that_outlive_their_runtime_refuse_what_would_reach_it():
    kept = []
    newproc.run(lambda: kept.append(Chan(1)))
    for use in (lambda: kept[0].try_send(1), kept[0].try_recv, kept[0].close):
        with pytest.raises(newproc.StateError, match="its Runtime is closed"):
            use()
