"""A trace as what a picture shows: stretches of goroutines on Ps, of Ps on Ms, arrows, marks. With NumPy: a million events are fast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import kinds as k

if TYPE_CHECKING:
    from .._look import Trace

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Stretches:
    """Of one lane: from x0 to x1 it had ``what`` (a goid, a P); ``source`` says where a goroutine came from."""

    x0: Floats
    x1: Floats
    what: Ints
    source: Ints

    def __len__(self) -> int:
        return len(self.x0)


@dataclass(frozen=True, slots=True)
class Model:
    """Everything about one trace, against steps or time."""

    axis: str
    x: Floats
    kind: Ints
    events: npt.NDArray[Any]
    ps: dict[int, Stretches]
    ms: dict[int, Stretches]

    @property
    def span(self) -> tuple[float, float]:
        """First and last x."""
        return (float(self.x[0]), float(self.x[-1]) + (1.0 if self.axis == "step" else 0.0)) if len(self.x) else (0.0, 1.0)

    def counts(self) -> dict[str, int]:
        """How often what happened, for captions."""
        n = np.bincount(self.kind, minlength=128) if len(self.kind) else np.zeros(128, np.int64)
        return {"goroutines": int(n[k.CREATE]), "switches": int(n[k.START]), "parks": int(n[k.PARK]), "steals": int(n[k.STEAL]),
                "overflows": int(n[k.OVERFLOW])}


def model(trace: Trace, axis: str = "auto") -> Model:
    """The picture's model. ``axis``: "step" (every event as wide as the next), "time", or "auto": time, where the clock moved."""
    events = trace.events
    time = events["time"].astype(np.float64)
    if axis == "auto":
        moved = len(time) > 1 and np.count_nonzero(np.diff(time)) * 2 > len(time)
        axis = "time" if moved else "step"
    x = time - time[0] if axis == "time" and len(time) else np.arange(len(events), dtype=np.float64)
    kind = events["kind"].astype(np.int64)
    end = float(x[-1]) + (1.0 if axis == "step" else 0.0) if len(x) else 1.0
    return Model(axis, x, kind, events, _of_ps(events, kind, x, end), _of_ms(events, kind, x, end))


def _of_ps(events: npt.NDArray[Any], kind: Ints, x: Floats, end: float) -> dict[int, Stretches]:
    lanes: dict[int, Stretches] = {}
    turns = np.isin(kind, (k.START, *k.LEAVES)) | ((kind == k.SYSEXIT) & (events["a"] == 1))
    asked = int(np.max(events["a"][kind == k.GOMAXPROCS], initial=0))
    for p in sorted({*range(asked), *np.unique(events["p"][events["p"] >= 0]).tolist()}):
        at = np.flatnonzero(turns & (events["p"] == p))
        began = np.isin(kind[at], (k.START, k.SYSEXIT))
        # Back from a system call while its P was left to it: it never stopped.
        same = np.r_[False, (kind[at][1:] == k.SYSEXIT) & began[:-1] & (events["g"][at][1:] == events["g"][at][:-1])] if len(at) else began
        at, began = at[~same], began[~same]
        if len(at) == 0:
            lanes[p] = Stretches(*(np.empty(0),) * 2, *(np.empty(0, np.int64),) * 2)
            continue
        ends = np.r_[x[at][1:], end]
        starts = at[began]
        source = np.where(kind[starts] == k.START, events["a"][starts].astype(np.int64), k.FROM_SYSCALL)
        lanes[p] = Stretches(x[starts], ends[began], events["g"][starts].astype(np.int64), source)
    return lanes


def _of_ms(events: npt.NDArray[Any], kind: Ints, x: Floats, end: float) -> dict[int, Stretches]:
    lanes: dict[int, Stretches] = {}
    for m in np.unique(events["m"][events["m"] >= 0]).tolist():
        at = np.flatnonzero(np.isin(kind, (k.PROC_START, k.PROC_STOP)) & (events["m"] == m))
        began = kind[at] == k.PROC_START
        ends = np.r_[x[at][1:], end] if len(at) else np.empty(0)
        starts = at[began]
        lanes[m] = Stretches(x[starts], ends[began], events["p"][starts].astype(np.int64), np.zeros(len(starts), np.int64))
    return lanes


def main_goid(events: npt.NDArray[Any]) -> int:
    """The goid of main: the one that nobody started."""
    first = np.flatnonzero((events["kind"] == k.CREATE) & (events["a"] == 0))
    return int(events["g"][first[0]]) if len(first) else 1


def lengths(trace: Trace, most: int) -> tuple[dict[int, list[int]], list[int]] | None:
    """How long each P's ring (runnext counted) and the global queue are after every event; None for more than ``most`` events."""
    from .replay import House

    if len(trace.events) > most:
        return None
    house, rings, globally = House(), dict[int, list[int]](), list[int]()
    for i, (_, _, g, a, b, kind, p, m) in enumerate(trace.events.tolist()):
        house.apply((kind, g, p, m, a, b))
        globally.append(len(house.runq))
        for q, state in house.ps.items():
            rings.setdefault(q, [0] * i).append(len(state.ring) + (state.runnext != 0))
        for q, line in rings.items():
            if len(line) <= i:
                line.append(0)
    return rings, globally
