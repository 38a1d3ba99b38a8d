"""P1 to P4 in one library, one process: workloads.py LIBRARY WORKLOAD prints one RESULT line.

P1 spawns 100,000 that do nothing and waits for all. P2 has ten yield until there were a million yields. P3 sends
200,000 numbers there and back through two queues of one place. P4 parks 100,000 and looks at the memory. Raw
greenlets have no scheduler, no queue and nobody to wait for: P2 and P3 are switches with a value.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from typing import Any

SPAWNED, YIELDS, TRIPS, PARKED, YIELDERS = 100_000, 1_000_000, 200_000, 100_000, 10


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * 4096


def timed(operations: int, work: Callable[[], object]) -> None:
    """Two rounds in one process, cold and warm."""
    rounds = []
    for _ in range(2):
        began = time.perf_counter_ns()
        work()
        rounds.append((time.perf_counter_ns() - began) / operations)
    print(f"RESULT cold={rounds[0]:.1f} warm={rounds[1]:.1f}")


def weighed(park: Callable[[], Any]) -> Any:
    """Bytes of each that is parked; what is returned keeps them so."""
    gc.collect()
    before, began = resident(), time.perf_counter_ns()
    kept = park()
    nanos = time.perf_counter_ns() - began
    print(f"RESULT cold={nanos / PARKED:.1f} warm={nanos / PARKED:.1f} bytes={(resident() - before) / PARKED:.0f}")
    return kept


def newproc(workload: str) -> None:
    import newproc as np

    def spawn() -> None:
        wg = np.WaitGroup()
        for _ in range(SPAWNED):
            wg.go(int)
        wg.wait()

    def yields() -> None:
        def one() -> None:
            for _ in range(YIELDS // YIELDERS):
                np.gosched()

        wg = np.WaitGroup()
        for _ in range(YIELDERS):
            wg.go(one)
        wg.wait()

    def trips() -> None:
        there: np.Chan[int] = np.Chan(1)
        back: np.Chan[int] = np.Chan(1)

        def echo() -> None:
            for _ in range(TRIPS):
                back.send(there.recv())

        np.go(echo)
        for i in range(TRIPS):
            there.send(i)
            back.recv()

    def park() -> None:
        never: np.Chan[None] = np.Chan()

        def one() -> None:
            never.recv()

        for _ in range(PARKED):
            np.go(one)
        for _ in range(3):  # behind them on the global queue
            np.gosched()

    def main() -> None:
        if workload == "P4":
            weighed(park)
        else:
            timed(*{"P1": (SPAWNED, spawn), "P2": (YIELDS, yields), "P3": (TRIPS, trips)}[workload])

    np.run(main, procs=1)


def greenlet(workload: str) -> None:
    from greenlet import getcurrent
    from greenlet import greenlet as Greenlet

    hub = getcurrent()

    def spawn() -> None:
        for _ in range(SPAWNED):
            Greenlet(int).switch()

    def yields() -> None:
        def one() -> None:
            while True:
                hub.switch()

        all_of_them = [Greenlet(one) for _ in range(YIELDERS)]
        for _ in range(YIELDS // (2 * YIELDERS)):  # there and back are two
            for each in all_of_them:
                each.switch()

    def trips() -> None:
        def echo(value: int) -> None:
            while True:
                value = hub.switch(value)

        other = Greenlet(echo)
        for i in range(TRIPS):
            other.switch(i)

    def park() -> list[Any]:
        def one() -> None:
            hub.switch()

        parked = [Greenlet(one) for _ in range(PARKED)]
        for each in parked:
            each.switch()
        return parked

    if workload == "P4":
        weighed(park)
    else:
        timed(*{"P1": (SPAWNED, spawn), "P2": (YIELDS, yields), "P3": (TRIPS, trips)}[workload])


def gevent(workload: str) -> None:
    import gevent as ge
    import gevent.event
    import gevent.queue

    def spawn() -> None:
        ge.joinall([ge.spawn(int) for _ in range(SPAWNED)])

    def yields() -> None:
        def one() -> None:
            for _ in range(YIELDS // YIELDERS):
                ge.sleep(0)

        ge.joinall([ge.spawn(one) for _ in range(YIELDERS)])

    def trips() -> None:
        there, back = gevent.queue.Queue(1), gevent.queue.Queue(1)

        def echo() -> None:
            for _ in range(TRIPS):
                back.put(there.get())

        def send() -> None:
            for i in range(TRIPS):
                there.put(i)
                back.get()

        ge.joinall([ge.spawn(echo), ge.spawn(send)])

    def park() -> list[Any]:
        never = gevent.event.Event()

        def one() -> None:
            never.wait()

        parked = [ge.spawn(one) for _ in range(PARKED)]
        ge.sleep(0)
        return parked

    if workload == "P4":
        weighed(park)
    else:
        timed(*{"P1": (SPAWNED, spawn), "P2": (YIELDS, yields), "P3": (TRIPS, trips)}[workload])


def asyncio(workload: str) -> None:
    import asyncio as aio

    async def timed_async(operations: int, work: Any) -> None:
        rounds = []
        for _ in range(2):
            began = time.perf_counter_ns()
            await work()
            rounds.append((time.perf_counter_ns() - began) / operations)
        print(f"RESULT cold={rounds[0]:.1f} warm={rounds[1]:.1f}")

    async def spawn() -> None:
        async def one() -> None:
            pass

        await aio.gather(*[aio.create_task(one()) for _ in range(SPAWNED)])

    async def yields() -> None:
        async def one() -> None:
            for _ in range(YIELDS // YIELDERS):
                await aio.sleep(0)

        await aio.gather(*[aio.create_task(one()) for _ in range(YIELDERS)])

    async def trips() -> None:
        there: aio.Queue[int] = aio.Queue(1)
        back: aio.Queue[int] = aio.Queue(1)

        async def echo() -> None:
            for _ in range(TRIPS):
                await back.put(await there.get())

        task = aio.create_task(echo())
        for i in range(TRIPS):
            await there.put(i)
            await back.get()
        await task

    async def park() -> None:
        never = aio.Event()

        async def one() -> None:
            await never.wait()

        gc.collect()
        before, began = resident(), time.perf_counter_ns()
        parked = [aio.create_task(one()) for _ in range(PARKED)]
        await aio.sleep(0)
        nanos = (time.perf_counter_ns() - began) / PARKED
        print(f"RESULT cold={nanos:.1f} warm={nanos:.1f} bytes={(resident() - before) / PARKED:.0f}")
        never.set()
        await aio.gather(*parked)

    async def main() -> None:
        if workload == "P4":
            await park()
        else:
            await timed_async(*{"P1": (SPAWNED, spawn), "P2": (YIELDS, yields), "P3": (TRIPS, trips)}[workload])

    aio.run(main())


LIBRARIES = {each.__name__: each for each in (newproc, greenlet, gevent, asyncio)}

if __name__ == "__main__":
    LIBRARIES[sys.argv[1]](sys.argv[2])
