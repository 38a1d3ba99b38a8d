"""Snapshots, counters and traces as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _core

EVENT_DTYPE = np.dtype(
    [("seq", "<u8"), ("time", "<u8"), ("g", "<u8"), ("a", "<u8"), ("b", "<u8"), ("kind", "<u2"), ("p", "<i2"), ("m", "<i4")]
)
"""One event, 48 bytes: position, nanoseconds, goid, two arguments, kind, P and M (-1: none). See RT_EVENT_MAP."""


@dataclass(frozen=True, slots=True)
class G:
    """One goroutine. ``site`` is where it was started; ``m`` is None unless it runs or is in a system call."""

    goid: int
    parent_goid: int
    status: str
    wait_reason: str
    m: int | None
    site: str
    name: str
    stack_size: int
    system: bool
    locked: bool
    ancestors: tuple[int, ...]

    def __repr__(self) -> str:
        state = self.wait_reason if self.status == "waiting" and self.wait_reason else self.status
        return f"G{self.goid}[{state}]" + (f" {self.name or self.site}" if self.name or self.site else "")


@dataclass(frozen=True, slots=True)
class P:
    """One P: its next goroutine, its ring (head first), how many free Gs it keeps, its batch of goids."""

    id: int
    status: str
    m: int | None
    schedtick: int
    syscalltick: int
    runnext: int | None
    runq: tuple[int, ...]
    gfree: int
    goidcache: tuple[int, int]

    def __repr__(self) -> str:
        return f"P{self.id}[{self.status}] next={self.runnext} ring={_short(self.runq)} tick={self.schedtick} gfree={self.gfree}"


@dataclass(frozen=True, slots=True)
class M:
    """One M: its P, the goroutine that it runs, the one that is wired to it."""

    id: int
    p: int | None
    curg: int | None
    lockedg: int | None
    spinning: bool
    blocked: bool
    idle: bool

    def __repr__(self) -> str:
        states = [word for word in ("spinning", "blocked", "idle") if getattr(self, word)]
        return f"M{self.id} p={self.p} g={self.curg}" + (f" [{', '.join(states)}]" if states else "")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything at one instant: goroutines in allgs order, Ps, Ms, the global queue (front first), free lists."""

    nanotime: int
    gs: tuple[G, ...]
    ps: tuple[P, ...]
    ms: tuple[M, ...]
    runq: tuple[int, ...]
    gfree_stack: tuple[int, ...]
    gfree_nostack: tuple[int, ...]
    pidle: tuple[int, ...]
    gomaxprocs: int
    nmspinning: int
    needspinning: int
    goidgen: int
    ngsys: int

    def __repr__(self) -> str:
        live = [g for g in self.gs if g.status != "dead"]
        lines = [f"Snapshot: {len(live)} goroutines, global queue {_short(self.runq)}"]
        lines += [f"  {part!r}" for part in (*self.ps, *self.ms, *live[:20])]
        if len(live) > 20:
            lines.append(f"  ... {len(live) - 20} more goroutines")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Stats:
    """Counters. ``goroutines`` counts live ones, main included; ``time_to_run[i]`` counts waits below 2**i ns."""

    gomaxprocs: int
    npidle: int
    nmspinning: int
    needspinning: int
    nmidle: int
    threads: int
    goroutines: int
    goroutines_total: int
    allgs: int
    ngsys: int
    runqsize: int
    gfree: int
    gfree_global: int
    goidgen: int
    stacks: int
    stacks_cached: int
    stack_bytes: int
    scannable_stack: int
    switches: int
    steals: int
    guard_kind: int
    stacks_unguarded: int
    time_to_run: tuple[int, ...]


class Trace:
    """The events of a run. ``events`` is a structured array over the library's memory, not a copy."""

    def __init__(self, buffer: _core.TraceBuffer) -> None:
        self._buffer = buffer
        self.events: npt.NDArray[Any] = np.frombuffer(memoryview(buffer), dtype=EVENT_DTYPE)

    @property
    def lost(self) -> int:
        """How many older events the rings no longer held."""
        return self._buffer.lost

    @property
    def hash(self) -> int:
        """Equal for equal runs, on every machine: times and addresses are left out."""
        return self._buffer.hash

    def names(self) -> list[str]:
        """The name of each event's kind, in order."""
        return [_core.event_name(int(kind)) for kind in self.events["kind"]]

    def write_perfetto(self, path: str) -> None:
        """Write Perfetto's format for ui.perfetto.dev. Raises `OutputError` where path cannot be written."""
        self._buffer.write_perfetto(path)

    def __len__(self) -> int:
        return len(self.events)

    def __repr__(self) -> str:
        return f"Trace({len(self.events)} events, {self.lost} lost, hash {self.hash:#x})"


def snapshot_from(raw: dict[str, Any]) -> Snapshot:
    """The typed snapshot of what _core gives."""
    parts = dict(raw)
    parts["gs"] = tuple(G(**g) for g in raw["gs"])
    parts["ps"] = tuple(P(**p) for p in raw["ps"])
    parts["ms"] = tuple(M(**m) for m in raw["ms"])
    return Snapshot(**parts)


def _short(goids: tuple[int, ...]) -> str:
    if len(goids) <= 8:
        return str(list(goids))
    return f"[{goids[0]}, {goids[1]}, {goids[2]}, ... {goids[-1]}] ({len(goids)})"


def asleep(snapshot: Snapshot) -> str:
    """Every goroutine that waits: for what, and where it was started."""
    lines = []
    for g in snapshot.gs:
        if g.status != "waiting" or g.system:
            continue
        lines.append(f"goroutine {g.goid} [{g.wait_reason}]: {g.name or '?'}")
        if g.parent_goid:
            lines.append(f"    created by goroutine {g.parent_goid} at {g.site or '?'}")
    return "\n".join(lines)
