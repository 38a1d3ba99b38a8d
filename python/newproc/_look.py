"""Snapshots, counters and traces as values; what a run leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import _core

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from ._table import Table
    from .picture.html import Bundle

    EVENT_DTYPE: np.dtype[Any]
    """One event, 48 bytes: position, nanoseconds, goid, two arguments, kind, P and M (-1: none). See RT_EVENT_MAP."""

EVENT_FIELDS = (("seq", "<u8"), ("time", "<u8"), ("g", "<u8"), ("a", "<u8"), ("b", "<u8"), ("kind", "<u2"), ("p", "<i2"), ("m", "<i4"))
_GO_CREATE, _GO_START, _STEAL = 13, 14, 66


def __getattr__(name: str) -> Any:
    if name != "EVENT_DTYPE":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import numpy as np  # only when somebody looks at events: it takes longer to import than all of newproc

    dtype = globals()["EVENT_DTYPE"] = np.dtype(list(EVENT_FIELDS))
    return dtype


@dataclass(frozen=True, slots=True)
class G:
    """One goroutine. ``site`` is where it was started; ``m`` is None unless it runs or is in a system call.

    While it waits: ``waits_for`` is the address of what it waits for (None: nothing that has one), ``waits_for_name`` that thing's
    name (`set_name`), ``waiting_since`` when it began, in nanoseconds of the world's clock (on threads to 10 ms; 0: not known).
    """

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
    waits_for: int | None = field(default=None, compare=False)  # another address in each run
    waits_for_name: str = ""
    waiting_since: int = 0

    def __repr__(self) -> str:
        state = self.wait_reason if self.status == "waiting" and self.wait_reason else self.status
        state += f" of {self.waits_for_name}" if self.waits_for_name else ""
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

    def table(self, what: str, /) -> Table:
        """The goroutines ("gs"), the Ps ("ps") or the Ms ("ms") as a `Table`, for pandas, polars, pyarrow, DuckDB and NumPy.

        Raises:
            ArgumentError: there is no such table.
        """
        from ._table import table_of

        return table_of(self, what)

    def to_svg(self) -> str:
        """The house of Gs, Ms and Ps with their queues, as SVG that stands alone."""
        from .picture.house import house_svg

        return house_svg(self)

    def to_html(self, path: str | Path | None = None, *, title: str = "snapshot") -> str:
        """The same as a self-contained page, with a table of the goroutines; also written to ``path``."""
        return self._bundle(title).to_html(path)

    def _repr_html_(self) -> str:
        return self._bundle("snapshot").inline()

    def _bundle(self, title: str) -> Bundle:
        from .picture.html import Bundle

        return Bundle(title, snapshot=self)


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


@dataclass(frozen=True, slots=True)
class Times:
    """What events tell of time, in nanoseconds: from the first to the last, and how long goroutines that could run waited until they did.

    ``steals`` counts goroutines.
    """

    ns: int
    steals: int
    waits: int
    median_wait: int
    longest_wait: int

    def __str__(self) -> str:
        return (f"{self.ns / 1e6:,.3f} ms, {self.steals:,} goroutines stolen; {self.waits:,} waits to run, "
                f"median {self.median_wait / 1e3:,.1f} us, longest {self.longest_wait / 1e3:,.1f} us")


class Trace(_core.TraceBuffer):
    """The events of a run, in the library's memory.

    The buffer protocol gives them as they are: ``numpy.asarray(trace)``, ``memoryview(trace)``. Arrow's PyCapsule interface
    gives them as columns, made once in one pass: ``polars.DataFrame(trace)``, ``pyarrow.table(trace)``,
    ``pandas.DataFrame.from_arrow(trace)``; in DuckDB ``FROM trace``. Columns have the names and values of `EVENT_DTYPE`,
    but ``kind`` is a word.
    """

    @cached_property
    def events(self) -> npt.NDArray[Any]:
        """The events by position, with `EVENT_DTYPE`; an array over the library's memory, not a copy."""
        import numpy as np

        return np.frombuffer(memoryview(self), dtype=__getattr__("EVENT_DTYPE"))

    @cached_property
    def _columns(self) -> _core.Column:
        return self.make_columns()

    def __arrow_c_schema__(self) -> object:
        return self._columns.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._columns.__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._columns.__arrow_c_stream__(requested_schema)

    @property
    def main(self) -> int:
        """The goid of main: the goroutine that no other started."""
        first = self.events["g"][(self.events["kind"] == _GO_CREATE) & (self.events["a"] == 0)]
        return int(first[0]) if len(first) else 1

    def times(self) -> Times:
        """How long it took, how long goroutines waited for a P, and how many were stolen: of the events that were kept."""
        import numpy as np

        events = self.events
        if not len(events):
            return Times(0, 0, 0, 0, 0)
        by_g = events[np.lexsort((events["seq"], events["g"]))]
        # What came before a goroutine's start, of its own events, made it runnable.
        started = np.flatnonzero((by_g["kind"][1:] == _GO_START) & (by_g["g"][1:] == by_g["g"][:-1])) + 1
        waits = by_g["time"][started] - by_g["time"][started - 1]
        stolen = events["kind"] == _STEAL
        return Times(int(events["time"].max() - events["time"].min()), int(stolen.sum() + events["a"][stolen].sum()), len(waits),
                     int(np.median(waits)) if len(waits) else 0, int(waits.max()) if len(waits) else 0)

    def names(self) -> list[str]:
        """The name of each event's kind, in order."""
        return [_core.event_name(int(kind)) for kind in self.events["kind"]]

    @property
    def goroutines(self) -> dict[int, str]:
        """What goroutines are called, by goid: the name of the callable, or of the C function."""
        return self.names_of(1)

    @property
    def objects(self) -> dict[int, str]:
        """What has a name and was waited for, by address: ``b`` of ``GoPark``."""
        return self.names_of(2)

    def to_svg(self, *, axis: str = "auto", names: dict[int, str] | None = None) -> str:
        """A timeline as SVG that stands alone: lanes per P and per M, queue lengths, arrows.

        Args:
            axis: "step", "time", or "auto": time where the clock moved.
            names: of goroutines, by goid.
        """
        from .picture.timeline import timeline_svg

        return timeline_svg(self, names, axis)

    def to_html(self, path: str | Path | None = None, *, title: str = "trace", names: dict[int, str] | None = None) -> str:
        """A self-contained page to step through offline, with all queues at each step; also written to ``path``."""
        return self._bundle(title, names).to_html(path)

    def view(self, *, title: str = "trace", names: dict[int, str] | None = None) -> Any:
        """The same as a widget for Jupyter, VS Code, Colab and marimo. It needs ``newproc[notebook]``."""
        from .picture.widget import viewer

        return viewer(self._bundle(title, names))

    def story(self, most: int = 60) -> list[tuple[int, str]]:
        """The steps that matter, told in words: pairs of a step and a sentence."""
        from .picture.words import story

        return story(self, {}, most)

    def _repr_html_(self) -> str:
        return self._bundle("trace", None).inline()

    def _bundle(self, title: str, names: dict[int, str] | None) -> Bundle:
        from .picture.html import Bundle

        return Bundle(title, trace=self, names=names or {})

    def __repr__(self) -> str:
        return f"Trace({len(self)} events, {self.lost} lost, hash {self.hash:#x})"


@dataclass(frozen=True, slots=True)
class Run:
    """What a finished run leaves: counters, the last snapshot, and the trace where one was asked for."""

    stats: Stats
    snapshot: Snapshot
    trace: Trace | None

    def to_html(self, path: str | Path | None = None, *, title: str = "run") -> str:
        """The run as a self-contained page, to step through where it was traced; also written to ``path``."""
        return self._bundle(title).to_html(path)

    def _repr_html_(self) -> str:
        return self._bundle("run").inline()

    def _bundle(self, title: str) -> Bundle:
        from .picture.html import Bundle

        return Bundle(title, trace=self.trace, snapshot=self.snapshot)


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
