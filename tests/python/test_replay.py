"""The events of a run are enough to rebuild every queue at every moment: replayed, they give what snapshots saw."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

import newproc

GO_CREATE, GO_START, GO_END, GO_SCHED, GO_PREEMPT, GO_UNPARK, OVERFLOW, GLOBRUNQ_GET, STEAL = 13, 14, 15, 17, 18, 21, 64, 65, 66
FROM_RUNNEXT, FROM_RUNQ, FROM_GLOBAL, FROM_GLOBAL61, FROM_STEAL = 0, 1, 2, 3, 4
TO_RUNNEXT, TO_GLOBAL, TO_RUNQ = 0, 1, 2
OPERATIONS_ONLY = 1  # RT_POINT_OP: between two operations no queue is half changed
RING = 256


class P:
    """The queues of one P, and what its M has taken and not started yet."""

    def __init__(self) -> None:
        self.runnext: int | None = None
        self.ring: deque[int] = deque()
        self.in_hand: int | None = None
        self.overflow: tuple[int, int] | None = None


class Queues:
    """Those of all Ps, and the global one, moved by events alone."""

    def __init__(self, procs: int) -> None:
        self.ps = [P() for _ in range(procs)]
        self.globally: deque[int] = deque()

    def put_next(self, p: P, g: int) -> None:
        kicked, p.runnext = p.runnext, g
        if kicked is not None:
            self.put(p, kicked)

    def put(self, p: P, g: int) -> None:
        if len(p.ring) < RING:
            p.ring.append(g)
            return
        spilled = [p.ring.popleft() for _ in range(RING // 2)] + [g]
        self.globally.extend(spilled)
        p.overflow = len(spilled), spilled[0]

    def start(self, p: P, g: int, source: int) -> None:
        if source == FROM_RUNNEXT:
            assert p.runnext == g
            p.runnext = None
        elif source == FROM_RUNQ:
            assert p.ring.popleft() == g
        elif source in (FROM_GLOBAL, FROM_GLOBAL61):
            assert (p.in_hand if p.in_hand is not None else self.globally.popleft()) == g
            p.in_hand = None
        elif source == FROM_STEAL:
            assert p.in_hand == g
            p.in_hand = None

    def steal(self, p: P, victim: P, g: int, others: int) -> None:
        """Half of the ring, rounded up, the last one to run at once; of an empty ring, runnext."""
        p.in_hand = g
        if not victim.ring:
            assert (victim.runnext, others) == (g, 0)
            victim.runnext = None
            return
        assert others + 1 == len(victim.ring) - len(victim.ring) // 2
        p.ring.extend(victim.ring.popleft() for _ in range(others))
        assert victim.ring.popleft() == g

    def apply(self, e: Any) -> None:
        kind, g, a, b = (int(e[field]) for field in ("kind", "g", "a", "b"))
        p = self.ps[int(e["p"])]
        if kind == GO_CREATE or (kind == GO_UNPARK and b == TO_RUNNEXT):
            self.put_next(p, g)
        elif kind == GO_UNPARK:
            self.globally.append(g) if b == TO_GLOBAL else p.ring.append(g)
        elif kind == GO_START:
            self.start(p, g, a)
        elif kind == GO_SCHED:
            self.globally.append(g)
        elif kind == GO_PREEMPT:
            self.put(p, g) if a == 1 else self.globally.append(g)
        elif kind == OVERFLOW:
            assert p.overflow == (a, b)
            p.overflow = None
        elif kind == GLOBRUNQ_GET:
            p.in_hand = self.globally.popleft()
            assert p.in_hand == g
            p.ring.extend(self.globally.popleft() for _ in range(a))
        elif kind == STEAL:
            self.steal(p, self.ps[b], g, a)


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


@pytest.mark.parametrize("procs", [1, 2, 4])
@pytest.mark.parametrize("width", [5, 257, 258, 700])
def test_every_queue_can_be_rebuilt_from_the_events(width, procs):
    compared = overflows = steals = 0
    with newproc.Runtime(procs=procs, seed=width + procs, points=OPERATIONS_ONLY, trace_events=1 << 16) as runtime:
        runtime.begin(storm, width)
        queues, applied, busy = Queues(procs), 0, True
        in_hands: set[int] = set()
        while busy:
            busy = runtime.step(5)
            trace = runtime.trace()
            assert trace.lost == 0
            for e in trace.events[applied:]:
                queues.apply(e)
                if int(e["kind"]) == GO_START and int(e["a"]) in (FROM_GLOBAL, FROM_GLOBAL61):
                    in_hands.discard(int(e["g"]))
                overflows += int(e["kind"]) == OVERFLOW
                steals += int(e["kind"]) == STEAL
            assert (trace.events["time"][1:] >= trace.events["time"][:-1]).all()
            applied = len(trace.events)
            if not busy:
                break
            snapshot = runtime.snapshot()
            for mine, real in zip(queues.ps, snapshot.ps, strict=True):
                assert (mine.runnext or 0) == (real.runnext or 0)
                assert list(mine.ring) == list(real.runq)
            taken = [g for g in queues.globally if g not in snapshot.runq]
            assert taken == list(queues.globally)[: len(taken)] and len(taken) < procs  # by an M that has yet to say so
            in_hands.update(taken)
            assert list(queues.globally)[len(taken) :] == list(snapshot.runq)
            compared += 1
    assert not in_hands
    assert compared > width // 5
    assert (steals > 0) == (procs > 1)
    if procs == 1:
        assert (overflows > 0) == (width >= 258)
