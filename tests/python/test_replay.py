"""The events of a run are enough to rebuild every queue at every moment: replayed, they give what snapshots saw."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

import newproc

GO_CREATE, GO_START, GO_END, GO_SCHED, GO_PREEMPT, GO_UNPARK, OVERFLOW, GLOBRUNQ_GET = 13, 14, 15, 17, 18, 21, 64, 65
FROM_RUNNEXT, FROM_RUNQ, FROM_GLOBAL, FROM_GLOBAL61 = 0, 1, 2, 3
OPERATIONS_ONLY = 1  # RT_POINT_OP: between two operations no queue is half changed
RING = 256


class Queues:
    """Those of one P, and the global one, moved by events alone."""

    def __init__(self) -> None:
        self.runnext: int | None = None
        self.ring: deque[int] = deque()
        self.globally: deque[int] = deque()
        self.in_hand: int | None = None
        self.overflow: tuple[int, int] | None = None

    def put_next(self, g: int) -> None:
        kicked, self.runnext = self.runnext, g
        if kicked is not None:
            self.put(kicked)

    def put(self, g: int) -> None:
        if len(self.ring) < RING:
            self.ring.append(g)
            return
        spilled = [self.ring.popleft() for _ in range(RING // 2)] + [g]
        self.globally.extend(spilled)
        self.overflow = len(spilled), spilled[0]

    def start(self, g: int, source: int) -> None:
        if source == FROM_RUNNEXT:
            assert self.runnext == g
            self.runnext = None
        elif source == FROM_RUNQ:
            assert self.ring.popleft() == g
        elif source in (FROM_GLOBAL, FROM_GLOBAL61):
            assert (self.in_hand if self.in_hand is not None else self.globally.popleft()) == g
            self.in_hand = None

    def apply(self, e: Any) -> None:
        kind, g, a, b = (int(e[field]) for field in ("kind", "g", "a", "b"))
        if kind in (GO_CREATE, GO_UNPARK):
            self.put_next(g)
        elif kind == GO_START:
            self.start(g, a)
        elif kind == GO_SCHED:
            self.globally.append(g)
        elif kind == GO_PREEMPT:
            self.put(g) if a == 1 else self.globally.append(g)
        elif kind == OVERFLOW:
            assert self.overflow == (a, b)
            self.overflow = None
        elif kind == GLOBRUNQ_GET:
            self.in_hand = self.globally.popleft()
            assert self.in_hand == g
            self.ring.extend(self.globally.popleft() for _ in range(a))


def storm(width: int) -> None:
    """Spawns past the ring, nests, and yields in between."""
    left = [width]

    def leaf() -> None:
        newproc.gosched()

    def node(i: int) -> None:
        if i % 3 == 0:
            newproc.go(leaf)
        if i % 2 == 0:
            newproc.gosched()
        left[0] -= 1

    for i in range(width):
        newproc.go(node, i)
        if i % 297 == 296:
            newproc.gosched()
    while left[0] > 0:
        newproc.gosched()


@pytest.mark.parametrize("width", [5, 257, 258, 700])
def test_every_queue_can_be_rebuilt_from_the_events(width):
    compared = overflows = 0
    with newproc.Runtime(procs=1, seed=1, points=OPERATIONS_ONLY, trace_events=1 << 16) as runtime:
        runtime.begin(storm, width)
        queues, applied, busy = Queues(), 0, True
        while busy:
            busy = runtime.step(5)
            events = runtime.trace().events
            for e in events[applied:]:
                queues.apply(e)
                overflows += int(e["kind"]) == OVERFLOW
            applied = len(events)
            if not busy:
                break
            snapshot = runtime.snapshot()
            assert (queues.runnext or 0) == (snapshot.ps[0].runnext or 0)
            assert list(queues.ring) == list(snapshot.ps[0].runq)
            assert list(queues.globally) == list(snapshot.runq)
            compared += 1
    assert compared > width // 5
    assert (overflows > 0) == (width >= 258)
