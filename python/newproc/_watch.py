"""What there is to say about a running scheduler, look by look: rates, long runs, waits, and what seems wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ._errors import StateError
from ._lints import START, STEAL, Lint, Names, leaks, left, longest, never_yield, polls, seconds_of
from ._look import G, Snapshot, Stats, Trace
from ._runtime import Runtime

if TYPE_CHECKING:
    import numpy.typing as npt

MOST_GOROUTINES = 20_000
"""Beyond, goroutines are counted and not looked at one by one: a look must not take longer than the time between two."""


@dataclass(frozen=True, slots=True)
class Running:
    """A P, and what it runs: `seconds` is how long without a switch, as far as was seen."""

    p: int
    status: str
    m: int | None
    g: G | None
    seconds: float
    runnext: int | None
    ring: int
    stolen: int
    """Goroutines that it took from others since the look before, as far as events are at hand."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Goroutines that wait for the same kind of thing: how many, the longest, and some of them."""

    reason: str
    count: int
    seconds: float
    such_as: tuple[G, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a running scheduler. Rates are a second, since the look before; None in the first one."""

    stats: Stats
    switches: float | None
    steals: float | None
    spawns: float | None
    ran_after: tuple[int, int] | None
    """Waits in run queues since the look before, in ns: half of them below the first, 99 of 100 below the second."""
    ps: tuple[Running, ...]
    waiting: tuple[Waiting, ...]
    longest: tuple[tuple[str, float], ...]
    """The longest runs without a switch in the events at hand: who, seconds. Empty without a trace."""
    lints: tuple[Lint, ...]
    counted_only: bool
    traced: bool


@dataclass
class Watch:
    """Looks at one run, from a thread that is no M or from a goroutine.

    Args:
        runtime: what is looked at; one that traces tells more: who polls, who stole, who ran for long.
        leaked_after: seconds that a goroutine waits before it is called leaked.
    """

    runtime: Runtime
    leaked_after: float = 10.0
    _seconds: float = 0.0
    _before: Stats | None = None
    _runs: dict[int, tuple[int, int, float]] = field(default_factory=dict)
    _seen: int = 0
    """Events that there ever were, at the last look."""

    def look(self, now: float, *, over: bool = False) -> Look:
        """What there is to say now, in seconds of any clock that does not go back; of a run that is ``over``, who was left."""
        stats = self.runtime.stats()
        events = self._events()
        few = stats.allgs <= MOST_GOROUTINES
        snapshot = self.runtime.snapshot() if few else None
        names = Names(snapshot)
        ps = tuple(self._ps(snapshot, now, events)) if snapshot is not None else ()
        waiting = tuple(waits(snapshot)) if snapshot is not None else ()
        lints = [*polls(events, names)]
        if snapshot is not None:
            lints = [*lints, *left(snapshot)] if over else [*never_yield(ps), *lints, *leaks(snapshot, self.leaked_after)]
        before, span = self._before, now - self._seconds
        rate = (lambda of: (getattr(stats, of) - getattr(before, of)) / span) if before is not None and span > 0 else (lambda of: None)
        self._before, self._seconds = stats, now
        return Look(
            stats, rate("switches"), rate("steals"), rate("goroutines_total"), ran_after(stats, before), ps, waiting,
            tuple(longest(events, names)), tuple(lints), not few, self.runtime._traced,
        )

    def _events(self) -> npt.NDArray[Any] | None:
        """Those since the look before, as far as the rings hold them. None: nothing is traced."""
        try:
            trace: Trace = self.runtime.trace()
        except StateError:
            return None
        events = trace.events
        ever = trace.lost + len(events)
        fresh, self._seen = min(ever - self._seen, len(events)), ever
        return events[len(events) - fresh :]

    def _ps(self, snapshot: Snapshot, now: float, events: npt.NDArray[Any] | None) -> Iterator[Running]:
        goroutines = {g.goid: g for g in snapshot.gs}
        running = {m.p: m.curg for m in snapshot.ms if m.p is not None}
        stolen = Counter[int]() if events is None else Counter(events["p"][events["kind"] == STEAL].tolist())
        switched = set() if events is None else set(events["p"][events["kind"] == START].tolist())  # also where no tick tells: from runnext
        runs: dict[int, tuple[int, int, float]] = {}
        for p in snapshot.ps:
            g = goroutines.get(running.get(p.id) or 0)
            since = now
            if g is not None:
                last = self._runs.get(p.id)
                same = last is not None and last[:2] == (g.goid, p.schedtick) and p.id not in switched
                since = last[2] if last is not None and same else now
                runs[p.id] = (g.goid, p.schedtick, since)
            yield Running(p.id, p.status, p.m, g, now - since, p.runnext, len(p.runq), stolen[p.id])
        self._runs = runs


def ran_after(now: Stats, before: Stats | None) -> tuple[int, int] | None:
    """The median and the 99th percentile of the waits in run queues since `before`, in ns, rounded up to powers of two."""
    old = before.time_to_run if before is not None else (0,) * len(now.time_to_run)
    fresh = [a - b for a, b in zip(now.time_to_run, old, strict=True)]
    total = sum(fresh)
    if total <= 0:
        return None

    def below(share: float) -> int:
        seen = 0
        for i, n in enumerate(fresh):
            seen += n
            if seen >= share * total:
                return int(2**i)
        return int(2 ** len(fresh))

    return below(0.5), below(0.99)


def waits(snapshot: Snapshot) -> Iterator[Waiting]:
    """Who waits, by reason, the most frequent first."""
    by_reason: dict[str, list[G]] = defaultdict(list)
    for g in snapshot.gs:
        if g.status == "waiting" and not g.system:
            by_reason[g.wait_reason].append(g)
    for reason, gs in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        gs.sort(key=lambda g: g.waiting_since or snapshot.nanotime)
        yield Waiting(reason, len(gs), seconds_of(gs[0], snapshot), tuple(gs[:3]))
