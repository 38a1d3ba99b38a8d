"""Searches over the schedules of a program: every way it can go, and the smallest one that breaks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import ArgumentError
from ._finding import Driver, Explored, Finding, Frame, Involved, Question, Replayed, Step, Task, finding_from, mask_of
from ._look import Trace, snapshot_from
from ._pattern import Pattern
from ._program import Program, programs_only
from ._runtime import TRACED

if TYPE_CHECKING:
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
        options: other fields of ``rt_explore_options``: steps, after_main, shrink, depth, bound, prefix.

    Raises:
        NondeterminismError: the function depends on more than its schedule; the text names the first point that differs.
    """
    source = program_of(program, points, level, check)
    fields: dict[str, Any] = {"schedules": schedules, "seed": seed, "first": int(first), "find": mask_of(find), **options}
    if "shrink" in fields:
        fields["shrink"] = int(fields["shrink"])
    if seconds is not None:
        fields["nanos"] = int(seconds * 1e9)
    pick = None
    if isinstance(driver, str):
        fields["driver"] = driver
    else:
        pick = pick_of(driver)
    findings: list[Finding] = []

    def tell(finding: Finding) -> bool:
        findings.append(finding)
        if on_finding is not None:
            on_finding(finding)
        return True

    if isinstance(source, Program):
        done = source.explore(fields, tell, pick, check is not False)
    else:
        done = _core.explore(source._core, fields, lambda raw: tell(finding_from(raw)), pick)
    return Explored(tuple(findings), done["schedules"], done["steps"], done["seconds"], done["complete"], done["tasks"])


def replay(
    program: Source, schedule: str, *, lenient: bool = False, snapshot: bool = False, trace: int | bool = False,
    points: Iterable[Any] = (), level: str = "line", **options: Any,
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
        options: other fields of ``rt_replay_options``: steps, after_main.

    Raises:
        ArgumentError: the text is no schedule.
        StateError: it does not fit the program; the message names the first place.
    """
    source = program_of(program, points, level, None)
    fields = {"lenient": int(lenient), "want_snapshot": int(snapshot), "trace_events": TRACED if trace is True else int(trace), **options}
    return replayed(source, schedule, fields)


def replayed(source: Pattern | Program, schedule: str, fields: dict[str, Any], pick: Callable[..., int | None] | None = None) -> Replayed:
    """What `replay` returns; ``pick`` is asked at each decision, with the schedule's way as the usual one."""
    if isinstance(source, Program):
        return source.replay(schedule, fields, pick)
    log, rc, end, events, shot, raw = _core.replay(source._core, schedule, fields, pick)
    lines = tuple(tuple(json.loads(line)) for line in log.splitlines())
    return Replayed(lines, rc, end, Trace(events) if events is not None else None,
                    snapshot_from(shot) if shot is not None else None, tuple(finding_from(f) for f in raw), log)


__all__ = ["Driver", "Explored", "Finding", "Frame", "Involved", "Question", "Replayed", "Step", "Task", "explore", "replay"]
