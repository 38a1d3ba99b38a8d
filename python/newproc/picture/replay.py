"""Every queue at every step, rebuilt from the events alone.

An event may stand a little before or after the change that it tells of where an M lost control in between (points
inside the queues); a goroutine that is not where the event says is taken from where it is. With `RT_POINT_OP` alone
there is no such moment, and tests/python/test_picture.py holds this against snapshots. `assets/replay.js` is the same in JavaScript.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from . import kinds as k

Event = tuple[int, int, int, int, int, int]
"""kind, g, p, m, a, b"""


@dataclass(slots=True)
class PState:
    """One P: who runs, who is next, its ring (head first), its M."""

    running: int = 0
    runnext: int = 0
    ring: list[int] = field(default_factory=list)
    m: int = -1


@dataclass(slots=True)
class House:
    """All queues at one step."""

    ps: dict[int, PState] = field(default_factory=dict)
    ms: dict[int, int] = field(default_factory=dict)
    """M to its P; -1: it sleeps or looks for one."""
    runq: list[int] = field(default_factory=list)
    waiting: dict[int, int] = field(default_factory=dict)
    """Goroutine to its wait reason."""
    hands: list[int] = field(default_factory=list)
    """Taken from a queue and not started yet."""
    ended: int = 0

    def p(self, p: int) -> PState:
        """The P, made when first named."""
        if p not in self.ps:
            self.ps[p] = PState()
        return self.ps[p]

    def apply(self, event: Event) -> None:
        """One step on."""
        kind, g, p, m, a, b = event
        if kind in (k.CREATE, k.UNPARK):
            self.waiting.pop(g, None)
            to = b if kind == k.UNPARK else k.TO_RUNNEXT
            if p < 0 or to == k.TO_GLOBAL:
                self.runq.append(g)
            elif to == k.TO_RUNNEXT:
                self._put_next(p, g)
            else:
                (self.p(p).ring if to == k.TO_RUNQ else self.hands).append(g)
        elif kind == k.START:
            self._take(g, p, a, b)
            self.p(p).running = g
        elif kind in (k.END, k.SCHED, k.PREEMPT, k.PARK):
            self._leave(kind, g, p, a)
        elif kind == k.OVERFLOW:
            self._overflow(p, a)
        elif kind == k.GLOBRUNQ_GET:
            self._take(g, p, k.FROM_GLOBAL, 0)
            self.hands.append(g)
            self.p(p).ring += self.runq[:a]
            del self.runq[:a]
        elif kind == k.STEAL:
            self._steal(g, p, a, b)
        else:
            self._of_ms(kind, g, p, m, a)

    def _put_next(self, p: int, g: int) -> None:
        at = self.p(p)
        if at.runnext:
            at.ring.append(at.runnext)
        at.runnext = g

    def _leave(self, kind: int, g: int, p: int, a: int) -> None:
        if p >= 0 and self.p(p).running == g:
            self.ps[p].running = 0
        if kind == k.END:
            self.ended += 1
        elif kind == k.PARK:
            self.waiting[g] = a
        elif kind == k.PREEMPT and a == 1:
            self.p(p).ring.append(g)
        else:
            self.runq.append(g)

    def _overflow(self, p: int, n: int) -> None:
        ring = self.p(p).ring
        spilled = ring[: n - 1] + ring[-1:]
        del ring[: n - 1]
        del ring[-1:]
        self.runq += spilled

    def _steal(self, g: int, p: int, n: int, victim: int) -> None:
        of, at = self.p(victim), self.p(p)
        if of.runnext == g:
            of.runnext = 0
        else:
            try:
                i = of.ring.index(g, n)
                at.ring += of.ring[i - n : i]
                del of.ring[i - n : i + 1]
            except ValueError:
                self._take(g, victim, k.FROM_RUNQ, 0)
        self.hands.append(g)

    def _take(self, g: int, p: int, source: int, b: int) -> None:
        """g from where it is; first looked for where the event says."""
        self.waiting.pop(g, None)
        if g in self.hands:
            return self.hands.remove(g)
        at = self.p(p)
        if at.runnext == g:
            at.runnext = 0
        elif at.ring and at.ring[0] == g:
            del at.ring[0]
        elif self.runq and self.runq[0] == g:
            del self.runq[0]
        else:
            self._search(g)

    def _search(self, g: int) -> None:
        for other in self.ps.values():
            if other.runnext == g:
                other.runnext = 0
                return
            if g in other.ring:
                return other.ring.remove(g)
        if g in self.runq:
            self.runq.remove(g)

    def _of_ms(self, kind: int, g: int, p: int, m: int, a: int) -> None:
        if kind == k.PROC_START:
            self.p(p).m = m
            self.ms[m] = p
        elif kind == k.PROC_STOP:
            self.p(p).m = -1
            self.p(p).running = 0
            self.ms[m] = -1
        elif kind == k.M_START:
            self.ms.setdefault(a, -1)
        elif kind == k.M_STOP:
            self.ms[m] = -1
        elif kind == k.SYSBLOCK:
            self.p(p).running = 0
        elif kind == k.SYSEXIT and a == 0:
            self.runq.append(g)
        elif kind == k.SYSEXIT:
            self.p(p).running = g
        elif kind == k.GOMAXPROCS:
            self._resize(a)

    def _resize(self, n: int) -> None:
        for p in range(n):
            self.p(p)
        for p in sorted(self.ps, reverse=True):
            if p >= n:
                gone = self.ps.pop(p)
                self.runq[:0] = gone.ring + ([gone.runnext] if gone.runnext else [])
