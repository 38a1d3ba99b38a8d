"""Tests that run under many schedules. It works with any runner; `newproc.pytest_plugin` adds options, a cache and artefacts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from ._errors import ArgumentError, DeadlockError, GoroutinePanic
from ._explore import explore, replay
from ._failure import Campaign, ScheduleFailure, current
from ._finding import Driver, Finding
from ._machine import REPLAY, check_on_machines, parsed
from ._pattern import Pattern
from ._runtime import TRACED

F = TypeVar("F", bound=Callable[..., Any])
MACHINE = "machine"
BOUNDS = ("steps", "after_main")
ALSO_FOR_REPLAY = ("points", "level", "invariant", "eventually", *BOUNDS)


def check(
    fn: Callable[..., Any], /, *args: object, schedules: int = 100, seed: int = 1, driver: str | Driver | None = None, procs: int | None = None,
    **settings: Any,
) -> None:
    """Search the schedules of ``fn(*args)``, the main goroutine, and raise for the first finding what went wrong in it.

    Args:
        fn: the program. Where it is annotated to return a `Pattern`, the pattern's schedules are searched instead.
        schedules: how many.
        seed: equal seeds search the same schedules.
        driver: any of `explore`'s (default: portfolio), or "machine": runs on a simulated machine, the seed of each counting up.
        procs: Ps of the simulated machine; giving them asks for it.
        settings: as for `explore`, or for `Runtime` on a simulated machine.

    A failure says how to run its schedule again.
    """
    asked = current.get() or Campaign()
    schedules = schedules if asked.schedules is None else asked.schedules
    seed = seed if asked.seed is None else asked.seed
    if schedules < 1:
        raise ArgumentError(f"schedules is {schedules}; give 1 or more")
    if procs is not None and driver not in (None, MACHINE):
        raise ArgumentError(f"procs is {procs} and driver is {driver!r}; procs are those of the simulated machine: leave one of them out")
    on_machine = asked.replay is not None and REPLAY.match(asked.replay) is not None
    if asked.replay is not None and not on_machine and not asked.replay.startswith("np1r-"):
        parsed(asked.replay)
    if procs is not None or driver == MACHINE or on_machine:
        todo = [(procs or 4, seed + i) for i in range(schedules)]
        known = [parsed(text) for text in asked.known if REPLAY.match(text)]
        return check_on_machines(fn, args, known + todo if asked.replay is None else [parsed(asked.replay)], settings, asked)
    main = functools.partial(fn, *args) if args else fn
    _search(fn(*args) if _makes_patterns(fn) else main, asked, schedules, seed, driver or "portfolio", settings)


def _makes_patterns(fn: Callable[..., Any]) -> bool:
    """By its annotation: only then is fn called outside of goroutines."""
    made = getattr(fn, "__annotations__", {}).get("return")
    return made is Pattern or (isinstance(made, str) and made.rpartition(".")[2] == "Pattern")


def _search(main: Any, asked: Campaign, schedules: int, seed: int, driver: str | Driver, settings: dict[str, Any]) -> None:
    again = {name: settings[name] for name in ALSO_FOR_REPLAY if name in settings}
    for text in (asked.replay,) if asked.replay is not None else tuple(text for text in asked.known if not REPLAY.match(text)):
        # What failed before may be of an older text of the test.
        shown = replay(main, text, lenient=asked.replay is None, **again)
        if shown.findings:
            _found(main, asked, shown.findings[-1], "the schedule that was given" if asked.replay else "a schedule that failed before", again)
    if asked.replay is None:
        for finding in explore(main, driver=driver, schedules=schedules, seed=seed, first=True, **settings).findings:
            _found(main, asked, finding, f"schedule {finding.schedules} of {schedules}", again)


def _found(main: Any, asked: Campaign, finding: Finding, where: str, again: dict[str, Any]) -> None:
    asked.tell(finding.schedule, where)
    if finding.goroutines and finding.goroutines[0].stack:
        asked.said.append(f"{finding.kind}: {finding.message}\n{finding.stacks()}")
    if asked.folder is not None:
        from .picture.html import Bundle

        shown = replay(main, finding.schedule, trace=TRACED, snapshot=True, **again)
        name = main.name or "pattern" if isinstance(main, Pattern) else getattr(main, "__name__", "main")
        message = str(finding) if finding.cause is None else f"{type(finding.cause).__name__}: {finding}"
        asked.write(Bundle(name, trace=shown.trace, snapshot=shown.snapshot, message=message))
        if isinstance(main, Pattern):
            asked.write_smaller(main, finding, {name: again[name] for name in BOUNDS if name in again})
    error = _error_of(main, finding)
    raise asked.note(error) from (None if error is finding.cause else finding.cause)


def _error_of(main: Any, finding: Finding) -> BaseException:
    if isinstance(main, Pattern):
        return ScheduleFailure(f"{main!r}: {finding}")
    if finding.cause is not None and finding.goroutines:
        # What main raised is the test's own failure; of other goroutines the wrapper tells which one it was.
        main_raised = finding.goroutines[0].goroutine == 0
        return finding.cause if main_raised else GoroutinePanic(finding.message, finding.goroutines[0].goroutine + 1)
    if finding.kind == "deadlock":
        error = DeadlockError(finding.message)
        error.dump = finding.stacks()
        return error
    return ScheduleFailure(str(finding))


def test(*, schedules: int = 100, seed: int = 1, driver: str | Driver | None = None, procs: int | None = None, **settings: Any) -> Callable[[F], F]:
    """A test whose body is the main goroutine of many runs, each with a schedule of its own. Arguments as of `check`.

    >>> import newproc
    >>> @newproc.test(schedules=20)
    ... def test_sum():
    ...     c = newproc.Chan(3)
    ...     for i in range(3):
    ...         newproc.go(c.send, i)
    ...     assert sum(c.recv() for _ in range(3)) == 3
    >>> test_sum()
    """

    def decorate(fn: F) -> F:
        @functools.wraps(fn)
        def run(*args: Any, **kwargs: Any) -> None:
            body = functools.partial(fn, *args, **kwargs) if args or kwargs else fn
            functools.update_wrapper(body, fn) if body is not fn else None
            check(body, schedules=schedules, seed=seed, driver=driver, procs=procs, **settings)

        return run  # type: ignore[return-value]

    return decorate


test.__test__ = False  # type: ignore[attr-defined]
"""pytest: a decorator, no test."""
