"""Searches over the schedules of Python programs: main is a function, run afresh for each schedule."""

from __future__ import annotations

import functools
import inspect
import linecache
import textwrap
import traceback
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import ArgumentError, NondeterminismError, StateError
from ._finding import Finding, Frame, Involved, Replayed, Step, finding_from, schedule_text
from ._look import Trace, snapshot_from
from ._points import LEVELS, codes_of, watched
from ._runtime import PYTHON_STACK_BYTES

if TYPE_CHECKING:
    from ._property import Asked

OPS = {1: "read", 2: "write", 3: "atomic access", 4: "channel", 5: "select", 6: "lock or wait", 7: "timer", 8: "atomic load"}
SKIPS = ("Skipped", "SkipTest", "XFailed")
"""Not failures, though they are raised: pytest's and unittest's."""
Pick = Callable[..., "int | None"]


def passes(exception: BaseException) -> bool:
    """It is no finding: the search ends, and its caller gets it."""
    name = type(exception).__name__
    return name in SKIPS or not (isinstance(exception, Exception) or name == "Failed")  # pytest.fail's is no Exception


def hash_of(main: Callable[..., object]) -> int:
    """Of the function's name and text; what it calls may change, and its schedules are still its own."""
    fn: Any = main
    while isinstance(fn, functools.partial):
        fn = fn.func
    fn = inspect.unwrap(fn)
    try:
        text = textwrap.dedent(inspect.getsource(fn))
    except (OSError, TypeError):
        text = ""
    return zlib.crc32(f"{getattr(fn, '__qualname__', type(fn).__qualname__)}\n{text}".encode())


class Recorder:
    """Watches a replay, and writes down what each decision led to."""

    def __init__(self, pick: Pick | None = None) -> None:
        self.at: dict[int, tuple[str, str | None, tuple[tuple[str, int, str], ...]]] = {}
        self.steps: list[Step] = []
        self.sites: list[int] = []
        self._told: dict[int, object] = {}
        self._pick = pick

    def pick(self, tasks: list[tuple[int, int, int, int]] | None, ways: int, usual: int, *rest: Any) -> int | None:
        """Take the schedule's way, or who was given says which."""
        way = usual if self._pick is None else self._pick(tasks, ways, usual, *rest)
        if way is not None:
            self._tell(tasks, ways, way, *rest)
        return way

    def _tell(self, tasks: list[tuple[int, int, int, int]] | None, ways: int, way: int, *rest: Any) -> None:
        _, timer, _, _, after, _ = rest
        site = 0
        if tasks is None:
            step = Step(after, f"select: ready case {way} of {ways}", *self._place(after))
        elif timer and way == ways - 1:
            step = Step(None, "the next timer fires")
        else:
            goroutine, op, _, site = tasks[way]
            at = self.at.get(goroutine)
            if at is None:
                step = Step(goroutine, OPS.get(op, "starts"))
            elif self._told.get(goroutine) is at:
                step = Step(goroutine, "goes on", *self._place(goroutine))
            else:
                step = Step(goroutine, at[0] if at[1] is None else f"{at[0]} of {at[1]}", *self._place(goroutine))
            self._told[goroutine] = at
        self.steps.append(step)
        self.sites.append(site)

    def stack(self, goroutine: int) -> tuple[Frame, ...]:
        """Where it was last."""
        at = self.at.get(goroutine)
        return tuple(Frame(*f) for f in at[2]) if at is not None else ()

    def _place(self, goroutine: int) -> tuple[Frame | None, tuple[Frame, ...]]:
        stack = self.stack(goroutine)
        return (stack[-1] if stack else None), stack

    def access(self, goroutine: int, site: int, what: str) -> Step | None:
        """The last read, write or atomic access of it at that place, as the search calls it."""
        verb = what.split(" ")[0]
        for step, at in zip(reversed(self.steps), reversed(self.sites), strict=True):
            if step.goroutine == goroutine and at == site and step.what.startswith(verb):
                return step
        return None


class Program:
    """A main function, with what a search has to know about it."""

    def __init__(self, main: Callable[[], object], points: Iterable[Any] = (), level: str = LEVELS[0]) -> None:
        self.main, self.codes, self.level, self.hash = main, codes_of(points), level, hash_of(main)
        self._raw: list[dict[str, Any]] = []  # what the last replay has shown
        self.properties: list[Asked] = []
        self._watched = False
        self._lines: set[CodeType] | None = None
        self._bounds: dict[str, Any] = {}  # of a schedule, where the search has its own

    def __repr__(self) -> str:
        return f"<program {getattr(self.main, '__qualname__', self.main)!r}>"

    @contextmanager
    def _about(self, pick: Pick | None, tell: Callable[[dict[str, Any]], bool]) -> Iterator[dict[str, Any]]:
        about: dict[str, Any] = {"passes": passes, "instructions": self.level != LEVELS[0], "pick": pick, "tell": tell, "hash": self.hash,
                                 "properties": self.properties}
        if self._watched:  # a replay in the middle of a search: its points are there already
            yield {**about, "lines": self._lines}
            return
        with watched(self.codes, self.level) as self._lines:
            self._watched = True
            try:
                yield {**about, "lines": self._lines}
            finally:
                self._watched = False

    def explore(
        self, fields: dict[str, Any], hear: Callable[[dict[str, Any], Callable[[dict[str, Any]], Finding]], bool], pick: Pick | None, check: bool,
    ) -> dict[str, Any]:
        """What was done. Each finding is run once more, with all that Python can say of it: `shown`, which ``hear`` calls."""
        self._bounds = {name: fields[name] for name in ("steps", "after_main") if name in fields}
        if check:
            self.check(None)
        with self._about(pick, lambda raw: hear(raw, self.shown)) as about:
            return _core.explore_program(self.main, fields, about, PYTHON_STACK_BYTES)

    def shown(self, raw: dict[str, Any]) -> Finding:
        """The finding with stacks and cause."""
        try:
            again = self.replay(raw["schedule"])
        except StateError as error:
            self.check(raw["schedule"])
            raise NondeterminismError(f"{self!r} does not do the same again: {error}") from None
        for finding, other in zip(again.findings, self._raw, strict=True):
            if same(raw, other):
                return Finding(finding.kind, finding.goroutines, raw["schedule"], raw["schedules"], raw["seconds"], finding.message, finding.cause)
        self.check(raw["schedule"])
        raise NondeterminismError(f"{self!r}: {raw['kind']} ({raw['message']}) was found, and running {raw['schedule']} again does not show it; "
                                  "main must do the same whenever the schedule is the same")

    def replay(self, schedule: str, fields: dict[str, Any] | None = None, pick: Pick | None = None) -> Replayed:
        """One schedule again, with its steps."""
        recorder = Recorder(pick)
        self._raw = found = []

        def tell(raw: dict[str, Any]) -> bool:
            found.append(raw)
            return True

        with self._about(recorder.pick, tell) as about:
            end, rc, trace, shot, exception = _core.replay_program(self.main, schedule, {**self._bounds, **(fields or {})}, about, PYTHON_STACK_BYTES, recorder.at)
        steps = tuple(recorder.steps)
        return Replayed((), rc, end, Trace(trace) if trace is not None else None, snapshot_from(shot) if shot is not None else None,
                        tuple(explained(raw, recorder, exception) for raw in found), "".join(f"{step}\n" for step in steps), steps)

    def check(self, schedule: str | None) -> None:
        """Run one schedule twice. NondeterminismError: it does not go the same way; the text names the first point that differs."""
        from ._steady import first_difference

        difference = first_difference(self, schedule or schedule_text(self.hash))
        if difference is not None:
            raise NondeterminismError(f"{self!r} does not do the same when the same schedule is run again: {difference}. "
                                      "Take out what depends on real time, random numbers, addresses, the order of sets, or what an earlier run left behind")


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """The same kind, goroutines and places."""
    return one["kind"] == other["kind"] and [(g["goroutine"], g["site"], g["what"]) for g in one["goroutines"]] == [
        (g["goroutine"], g["site"], g["what"]) for g in other["goroutines"]]


def where_raised(exception: BaseException) -> tuple[Frame, ...]:
    """Its traceback, outermost first."""
    frames = traceback.extract_tb(exception.__traceback__)
    return tuple(Frame(f.filename, f.lineno or 0, f.name) for f in frames)


def explained(raw: dict[str, Any], recorder: Recorder, exception: BaseException | None) -> Finding:
    """The finding with the names and places that Python has."""
    kind, message = raw["kind"], raw["message"]
    raised = kind in ("panic", "assert") and exception is not None
    who = []
    for g in raw["goroutines"]:
        number, what = g["goroutine"], g["what"]
        stack = recorder.stack(number)
        if raised and exception is not None:
            stack = where_raised(exception)
        elif kind == "race" and (step := recorder.access(number, g["site"], what)) is not None:
            what, stack = step.what, step.stack
        who.append(Involved(number, None, what, stack))
    if kind == "race":
        cells = {g.what.partition(" of ")[2] for g in who} - {""}
        message = f"data race on {' and '.join(sorted(cells)) or 'a cell'}: " + ", ".join(
            f"{g.what.partition(' of ')[0]} by goroutine {g.goroutine}" + (f" at {g.stack[-1]}" if g.stack else "") for g in who)
    elif raised and who and who[0].stack:
        place = who[0].stack[-1]
        first, newline, rest = message.partition("\n")
        code = linecache.getline(place.file, place.line).strip()
        message = f"{first} at {place}" + (f": {code}" if code else "") + newline + rest
    return finding_from(raw, goroutines=tuple(who), message=message, cause=exception if raised else None)


def programs_only(points: Iterable[Any], level: str, check: bool | None) -> None:
    """For patterns: what was given for a Python program has no meaning."""
    if tuple(points) or level != LEVELS[0] or check is not None:
        raise ArgumentError("points, level and check are for Python programs; a pattern has its own points, and always does the same")


