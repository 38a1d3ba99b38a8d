"""What seems wrong in a running scheduler: who never yields, who polls, who waits for what does not come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._look import G, Snapshot

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._watch import Running

LONG_SECONDS = 1.0
"""A goroutine that runs for so long without a switch is named: nobody else had its P meanwhile."""
YIELDS = 100
"""Of one goroutine, in the events at hand, without a park: it polls."""
FOR_EVER = ("chan receive (nil chan)", "chan send (nil chan)", "select (no cases)")
NO_LEAK = ("sleep", "IO wait", *FOR_EVER)
"""Waits that end by themselves or by the outside, however long they take."""
MAIN = 1
START, END, SCHED, PREEMPT, PARK, SYSCALL, STEAL = 14, 15, 17, 18, 20, 28, 66


@dataclass(frozen=True, slots=True)
class Lint:
    """Something that is likely wrong: `kind` is "never yields", "self-wakes", "waits for ever", "leaked" or "left behind"."""

    kind: str
    who: str
    what: str


class Names:
    """What goroutines are called, by goid."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._names = {g.goid: name_of(g) for g in snapshot.gs} if snapshot is not None else {}

    def __getitem__(self, goid: int) -> str:
        return self._names.get(goid, f"G{goid}")


def name_of(g: G | None) -> str:
    """"G7 worker"; "-" for none."""
    return "-" if g is None else f"G{g.goid} {g.name.rpartition('<locals>.')[2] or g.site}".rstrip()


def seconds_of(g: G, snapshot: Snapshot) -> float:
    """How long it has waited; 0 where that is not known."""
    return (snapshot.nanotime - g.waiting_since) / 1e9 if g.waiting_since else 0.0


def never_yield(ps: tuple[Running, ...]) -> Iterator[Lint]:
    """Who has kept a P for long."""
    for p in ps:
        if p.seconds >= LONG_SECONDS:
            yield Lint("never yields", name_of(p.g), f"has had P{p.p} for {p.seconds:.0f} s; call newproc.checkpoint() in its loop, or newproc.blocking()")


def polls(events: npt.NDArray[Any] | None, names: Names) -> Iterator[Lint]:
    """Who yields again and again, and waits for nothing."""
    if events is None or not len(events):
        return
    scheds = events[events["kind"] == SCHED]
    yields = Counter(scheds["g"].tolist())
    parks = set(events["g"][events["kind"] == PARK].tolist())
    for goid, n in yields.most_common(5):
        if n >= YIELDS and goid not in parks:
            when = scheds["time"][scheds["g"] == goid]
            span = int(when.max() - when.min()) / 1e9  # 0 where time is virtual
            often = f"yields {n / span:,.0f} times a second" if span else f"has yielded {n:,} times"
            yield Lint("self-wakes", names[goid], f"{often} and waits for nothing; let it wait for a channel or a Cond")


def leaks(snapshot: Snapshot, after: float) -> Iterator[Lint]:
    """Who waits for what cannot come, or has waited for long; one for those that were started at one place."""
    groups: dict[tuple[str, str, str], list[G]] = defaultdict(list)
    for g in snapshot.gs:
        if g.status != "waiting" or g.system:
            continue
        if g.wait_reason in FOR_EVER:
            groups["waits for ever", g.wait_reason, g.site].append(g)
        elif g.wait_reason not in NO_LEAK and g.parent_goid and seconds_of(g, snapshot) >= after:
            groups["leaked", g.wait_reason, g.site].append(g)
    for (kind, reason, site), gs in groups.items():
        who = _all_of(gs)
        longest_wait = max(seconds_of(g, snapshot) for g in gs)
        started = f", started at {site}" if site else ""
        yield Lint(kind, who, f"waits in {reason}" + (f" for {longest_wait:.0f} s" if kind == "leaked" else "") + started)


def left(snapshot: Snapshot) -> Iterator[Lint]:
    """Who had not ended when main did; one for those that were started at one place and do the same."""
    groups: dict[tuple[bool, str, str], list[G]] = defaultdict(list)
    for g in snapshot.gs:
        if g.status != "dead" and g.goid != MAIN and not g.system:
            groups[g.status == "waiting", g.wait_reason if g.status == "waiting" else g.status, g.site].append(g)
    for (waits, state, site), gs in groups.items():
        yield Lint("left behind", _all_of(gs), f"{'waits in ' if waits else 'is '}{state} and main has ended" + (f", started at {site}" if site else ""))


def _all_of(gs: list[G]) -> str:
    return name_of(gs[0]) + (f" and {len(gs) - 1} more" if len(gs) > 1 else "")


def longest(events: npt.NDArray[Any] | None, names: Names, most: int = 3) -> Iterator[tuple[str, float]]:
    """The longest runs without a switch: from a start to the next event that takes the goroutine off its M."""
    if events is None or not len(events):
        return
    import numpy as np

    moves = events[np.isin(events["kind"], (START, END, SCHED, PREEMPT, PARK, SYSCALL))]
    moves = moves[np.argsort(moves["m"], kind="stable")]
    starts = np.flatnonzero((moves["kind"][:-1] == START) & (moves["g"][:-1] == moves["g"][1:]) & (moves["kind"][1:] != START))
    lengths = moves["time"][starts + 1].astype(np.int64) - moves["time"][starts].astype(np.int64)
    best: dict[int, int] = {}
    for i in np.argsort(lengths)[::-1][: 20 * most]:
        best.setdefault(int(moves["g"][starts[i]]), int(lengths[i]))
    for goid, ns in list(best.items())[:most]:
        yield names[goid], ns / 1e9
