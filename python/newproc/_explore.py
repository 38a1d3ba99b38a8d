"""Searches over the schedules of a program: every way it can go, and the smallest one that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import ArgumentError
from ._finding import (
    LOCK_ORDER, Coverage, Driver, Explored, Finding, Frame, Involved, Locked, LockOrder, Missed, Operation, Question, Replayed, Step, Task,
    explored_from, finding_from, mask_of, warning_from,
)  # fmt: skip
from ._look import Trace, snapshot_from
from ._pattern import Pattern
from ._program import Program, programs_only
from ._property import properties_of
from ._runtime import TRACED

if TYPE_CHECKING:
    from ._property import Asked, Properties

    Source = Pattern | str | dict[str, Any] | Callable[[], object]


def program_of(program: Source, points: Iterable[Any], level: str, check: bool | None) -> Pattern | Program:
    """What is searched."""
    if callable(program):
        return Program(program, points, level)
    programs_only(points, level, check)
    return program if isinstance(program, Pattern) else Pattern(program)


def pick_of(driver: Driver) -> Callable[..., int | None]:
    """As the extension calls it."""
    if not callable(getattr(driver, "pick", None)):
        raise ArgumentError(f"driver is {driver!r}; give the name of one, or an object with a method pick(question)")
    return lambda *asked: driver.pick(Question.of(*asked))


def explore(
    program: Source,
    *,
    driver: str | Driver = "portfolio",
    schedules: int = 10_000,
    seed: int = 1,
    seconds: float | None = None,
    first: bool = False,
    find: str | Iterable[str] | None = None,
    on_finding: Callable[[Finding], object] | None = None,
    points: Iterable[Any] = (),
    level: str = "line",
    check: bool | None = None,
    invariant: Properties = None,
    eventually: Properties = None,
    warnings: bool = True,
    coverage: bool = True,
    **options: Any,
) -> Explored:
    """Search over the schedules of a Python program or of a spawn pattern.

    >>> import newproc
    >>> def main():
    ...     total, wg = newproc.Var(0, name="total"), newproc.WaitGroup()
    ...     for _ in range(2):
    ...         wg.go(total.update, lambda n: n + 1)
    ...     wg.wait()
    ...     assert total.value == 2
    >>> found = newproc.explore(main, find="assert", first=True).findings[0]
    >>> found.kind, len(newproc.replay(main, found.schedule).findings) > 0
    ('assert', True)

    Args:
        program: a function, which is the main goroutine of each run, or a pattern, or what makes one. A function must do the same whenever it
            does not ask newproc: what it changes outside of itself, the next schedule finds changed.
        driver: portfolio, go, random, pct, pos, urw, surw, places, stalls, bounded, dfs, or an object with `Driver.pick`.
        schedules: most of them.
        seed: equal seeds find the same.
        seconds: stop after this time.
        first: stop at the first finding.
        find: the kinds that count, such as ``"deadlock,leak"`` (default all).
        on_finding: called for each finding as it comes up.
        points: functions, methods or classes in which others may come before each line, beside what newproc's own operations give.
        level: ``"line"``, or ``"instruction"``: where in ``points``.
        check: run one schedule twice first, to see that the program does the same again (default: for functions).
        invariant: a function, or several, that looks at the program's state before each operation that others could notice, and at the end.
            Where it returns false, or an assert in it fails, that is a finding of the kind ``assert``. Of a pattern it gets the variables, a tuple, or it
            is a text such as ``"v0 + v1 == 10"``. It must change nothing; `Var` and `Atomic` are read there without a point.
        eventually: the same, looked at once nothing can go on any more: main has returned and the others have ended or wait for ever, or all wait.
        warnings: also look for orders of locks that can deadlock, though they did not; they are no findings.
        coverage: count what is covered.
        options: other fields of ``rt_explore_options``: steps, after_main, shrink, depth, bound, prefix, check_scheduler.

    Raises:
        NondeterminismError: the function depends on more than its schedule; the text names the first point that differs.
    """
    source = program_of(program, points, level, check)
    find_mask = mask_of(find) | (LOCK_ORDER if warnings else 0)
    fields: dict[str, Any] = {"schedules": schedules, "seed": seed, "first": int(first), "find": find_mask, "coverage": int(coverage),
                              **options}
    for flag in ("shrink", "check_scheduler"):
        if flag in fields:
            fields[flag] = int(fields[flag])
    if seconds is not None:
        fields["nanos"] = int(seconds * 1e9)
    pick = None
    if isinstance(driver, str):
        fields["driver"] = driver
    else:
        pick = pick_of(driver)
    properties = properties_of(source, invariant, eventually)
    findings: list[Finding] = []
    warned: list[LockOrder] = []

    def hear(raw: dict[str, Any], finding: Callable[[dict[str, Any]], Finding]) -> bool:
        if raw["kind"] == "lock order":
            warned.append(warning_from(raw))
            return True
        return tell(finding(raw))

    def tell(finding: Finding) -> bool:
        findings.append(finding)
        if on_finding is not None:
            on_finding(finding)
        return True

    if isinstance(source, Program):
        source.properties = properties
        done = source.explore(fields, hear, pick, check is not False)
    else:
        done = _core.explore(source._core, fields, lambda raw: hear(raw, finding_from), pick, properties)
    return explored_from(done, findings, warned, coverage)


def replay(
    program: Source, schedule: str, *, lenient: bool = False, snapshot: bool = False, trace: int | bool = False,
    points: Iterable[Any] = (), level: str = "line", invariant: Properties = None, eventually: Properties = None, **options: Any,
) -> Replayed:
    """Run one schedule of a Python program or of a spawn pattern again.

    Args:
        program: what was searched.
        schedule: as a finding has it.
        lenient: pass over what does not fit the program instead of raising.
        snapshot: keep the state at the end.
        trace: how many events to keep; True for 65,536.
        points: as `explore` had them.
        level: as `explore` had it.
        invariant: as `explore` had it.
        eventually: as `explore` had it.
        options: other fields of ``rt_replay_options``: steps, after_main, check_scheduler.

    Raises:
        ArgumentError: the text is no schedule.
        StateError: it does not fit the program; the message names the first place.
    """
    source = program_of(program, points, level, None)
    fields = {"lenient": int(lenient), "want_snapshot": int(snapshot), "trace_events": TRACED if trace is True else int(trace), **options}
    return replayed(source, schedule, fields, properties_of(source, invariant, eventually))


def replayed(
    source: Pattern | Program, schedule: str, fields: dict[str, Any], properties: list[Asked], pick: Callable[..., int | None] | None = None,
) -> Replayed:
    """What `replay` returns; ``pick`` is asked at each decision, with the schedule's way as the usual one."""
    if isinstance(source, Program):
        source.properties = properties
        return source.replay(schedule, fields, pick)
    log, rc, end, events, shot, raw = _core.replay(source._core, schedule, fields, pick, properties)
    lines = tuple(tuple(json.loads(line)) for line in log.splitlines())
    return Replayed(lines, rc, end, Trace(events) if events is not None else None,
                    snapshot_from(shot) if shot is not None else None, tuple(finding_from(f) for f in raw), log)


__all__ = [
    "Coverage", "Driver", "Explored", "Finding", "Frame", "Involved", "LockOrder", "Locked", "Missed", "Operation", "Question", "Replayed", "Step", "Task", "explore",
    "replay",
]  # fmt: skip
