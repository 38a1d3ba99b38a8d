"""Searches over the schedules of a program: every way it can go, and the smallest one that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from . import _core
from ._errors import ArgumentError
from ._look import Snapshot, Trace, snapshot_from
from ._pattern import Pattern, names_from

if TYPE_CHECKING:
    from pathlib import Path

    from .picture.html import Bundle

KINDS = {"deadlock": 1, "leak": 2, "panic": 4, "assert": 8, "race": 16, "livelock": 32}
"""What a search can find."""


@dataclass(frozen=True, slots=True)
class Involved:
    """A goroutine that takes part in a finding: its number in logs, its body, what it waits for or does."""

    goroutine: int
    body: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search has found, and the schedule that shows it again."""

    kind: str
    goroutines: tuple[Involved, ...]
    schedule: str
    schedules: int
    seconds: float
    message: str

    def json(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self))

    def __str__(self) -> str:
        who = ", ".join(f"goroutine {g.goroutine}: {g.what}" for g in self.goroutines)
        return f"{self.kind}: {self.message}" + (f" ({who})" if who else "") + f"; replay it with {self.schedule}"


@dataclass(frozen=True, slots=True)
class Explored:
    """What a search did. ``complete``: the driver had nothing left to try."""

    findings: tuple[Finding, ...]
    schedules: int
    steps: int
    seconds: float
    complete: bool
    tasks: int

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.findings)


@dataclass(frozen=True, slots=True)
class Task:
    """A goroutine that may go on: its number, what it would do (an ``RT_OP_*`` number), and an id of the object."""

    goroutine: int
    op: int
    object: int


@dataclass(frozen=True, slots=True)
class Question:
    """A decision. Way i lets ``tasks[i]`` go on; with ``timer``, the last way lets the next timer fire first.

    ``tasks`` is None for a select with several ready cases.
    """

    tasks: tuple[Task, ...] | None
    ways: int
    usual: int
    running: bool
    timer: bool
    schedule: int
    step: int


class Driver(Protocol):
    """Your own way to choose."""

    def pick(self, question: Question, /) -> int:
        """Return the number of a way, below ``question.ways``; any other number takes the usual way."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """A schedule that has been run again: as `Result`, with what it shows; ``text`` is the log as the oracle writes it."""

    log: tuple[tuple[Any, ...], ...]
    rc: int
    end: str
    trace: Trace | None
    snapshot: Snapshot | None
    findings: tuple[Finding, ...]
    text: str

    def to_html(self, path: str | Path | None = None, *, title: str = "replay") -> str:
        """One self-contained page of the run, to step through where it was traced; also written to ``path``."""
        return self._bundle(title).to_html(path)

    def _repr_html_(self) -> str:
        return self._bundle("replay").inline()

    def _bundle(self, title: str) -> Bundle:
        from .picture.html import Bundle

        message = "; ".join(f"{f.kind}: {f.message}" for f in self.findings) or self.end
        return Bundle(title, trace=self.trace, snapshot=self.snapshot, names=names_from(self.log, self.trace), message=message)


def _finding(raw: dict[str, Any]) -> Finding:
    return Finding(raw["kind"], tuple(Involved(**g) for g in raw["goroutines"]), raw["schedule"], raw["schedules"], raw["seconds"], raw["message"])


def _mask(find: str | Iterable[str] | None) -> int:
    names = list(KINDS) if find is None else find.split(",") if isinstance(find, str) else list(find)
    for name in names:
        if name not in KINDS:
            raise ArgumentError(f"find has {name!r}; there are {', '.join(KINDS)}")
    if not names:
        raise ArgumentError(f"find is empty; give some of {', '.join(KINDS)}")
    return sum(KINDS[name] for name in set(names))


def explore(
    program: Pattern | str | dict[str, Any],
    *,
    driver: str | Driver = "portfolio",
    schedules: int = 10_000,
    seed: int = 1,
    seconds: float | None = None,
    first: bool = False,
    find: str | Iterable[str] | None = None,
    on_finding: Callable[[Finding], object] | None = None,
    **options: Any,
) -> Explored:
    """Search over the schedules of a spawn pattern.

    Args:
        program: a pattern, or what makes one.
        driver: portfolio, go, random, pct, pos, urw, places, bounded, dfs, or an object with `Driver.pick`.
        schedules: most of them.
        seed: equal seeds find the same.
        seconds: stop after this time.
        first: stop at the first finding.
        find: the kinds that count, such as ``"deadlock,leak"`` (default all).
        on_finding: called for each finding as it comes up.
        options: other fields of ``rt_explore_options``: steps, after_main, shrink, depth, bound, prefix.
    """
    pattern = program if isinstance(program, Pattern) else Pattern(program)
    fields: dict[str, Any] = {"schedules": schedules, "seed": seed, "first": int(first), "find": _mask(find), **options}
    if "shrink" in fields:
        fields["shrink"] = int(fields["shrink"])
    if seconds is not None:
        fields["nanos"] = int(seconds * 1e9)
    pick: Callable[..., int] | None = None
    if isinstance(driver, str):
        fields["driver"] = driver
    else:
        own = driver

        def pick(tasks: list[tuple[int, int, int]] | None, *rest: Any) -> int:
            return own.pick(Question(None if tasks is None else tuple(Task(*t) for t in tasks), *rest))

    findings: list[Finding] = []

    def tell(raw: dict[str, Any]) -> bool:
        findings.append(_finding(raw))
        if on_finding is not None:
            on_finding(findings[-1])
        return True

    done = _core.explore(pattern._core, fields, tell, pick)
    return Explored(tuple(findings), done["schedules"], done["steps"], done["seconds"], done["complete"], done["tasks"])


def replay(
    program: Pattern | str | dict[str, Any], schedule: str, *, lenient: bool = False, snapshot: bool = False, trace: int | bool = False
) -> Replayed:
    """Run one schedule of a spawn pattern again.

    Args:
        program: a pattern, or what makes one.
        schedule: as a finding has it.
        lenient: pass over what does not fit the program instead of raising.
        snapshot: keep the state at the end.
        trace: how many events to keep; True for 65,536.

    Raises:
        ArgumentError: the text is no schedule.
        StateError: it does not fit the program; the message names the first place.
    """
    pattern = program if isinstance(program, Pattern) else Pattern(program)
    log, rc, end, events, shot, raw = _core.replay(pattern._core, schedule, lenient, snapshot, (1 << 16) if trace is True else int(trace))
    lines = tuple(tuple(json.loads(line)) for line in log.splitlines())
    return Replayed(lines, rc, end, Trace(events) if events is not None else None,
                    snapshot_from(shot) if shot is not None else None, tuple(_finding(f) for f in raw), log)
