"""Tests that run under many schedules. It works with any runner; `newproc.pytest_plugin` adds options, a cache and artefacts."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from ._errors import ArgumentError, GoroutinePanic
from ._explore import Explored, explore, replay
from ._pattern import Pattern
from ._runtime import Runtime

F = TypeVar("F", bound=Callable[..., Any])
REPLAY = re.compile(r"procs=(\d+),seed=(\d+)\Z")
TRACED = 1 << 16
SKIPS = ("Skipped", "SkipTest", "XFailed")
"""Not failures, though they are raised: pytest's and unittest's."""


class ScheduleFailure(AssertionError):
    """A search over a pattern's schedules has found something; the text names it and how to see it again."""


@dataclass
class Campaign:
    """What a runner asks of every test, and what it learns: how failures are shown again, and what to look at."""

    seed: int | None = None
    schedules: int | None = None
    replay: str | None = None
    known: tuple[str, ...] = ()
    """Schedules that failed before; they run first."""
    folder: Path | None = None
    """Where a failure's page, trace and schedule go."""
    failed: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


_campaign: ContextVar[Campaign | None] = ContextVar("newproc_campaign", default=None)


@contextmanager
def campaign(asked: Campaign) -> Iterator[Campaign]:
    """For runners: the tests in this block follow ``asked``."""
    token = _campaign.set(asked)
    try:
        yield asked
    finally:
        _campaign.reset(token)


def check(
    fn: Callable[..., Any], /, *args: object, schedules: int = 100, seed: int = 1, driver: str | None = None, procs: int = 4, **settings: Any
) -> None:
    """Run ``fn(*args)`` as the main goroutine once per schedule, and raise what the first failing one raises.

    Args:
        fn: the program. Where it returns a `Pattern`, the pattern's schedules are searched instead, with `explore`.
        schedules: how many.
        seed: of the first; the next ones count up.
        driver: "random" (default) draws every choice from the seed; "go" runs once, with one P, as real Go does. For
            patterns, any of `explore`'s.
        procs: Ps of the simulated machine.
        settings: as for `Runtime`, or for `explore` where a pattern is searched.

    A failure says how to run its schedule again.
    """
    asked = _campaign.get() or Campaign()
    schedules = schedules if asked.schedules is None else asked.schedules
    seed = seed if asked.seed is None else asked.seed
    if schedules < 1:
        raise ArgumentError(f"schedules is {schedules}; give 1 or more")
    returned = fn(*args) if _makes_patterns(fn) else None
    if isinstance(returned, Pattern):
        return _search(returned, asked, schedules, seed, driver or "portfolio", settings)
    if driver not in (None, "random", "go"):
        raise ArgumentError(f'driver is {driver!r}; Python programs have "random" and "go", patterns those of newproc.explore')
    todo = [(1, seed)] if driver == "go" else [(procs, seed + i) for i in range(schedules)]
    if asked.replay is not None:
        todo = [_parse(asked.replay)]
    else:
        todo = [_parse(text) for text in asked.known if REPLAY.match(text)] + todo
    for done, (p, s) in enumerate(todo):
        error = _fails(fn, args, p, s, settings)
        if type(error).__name__ in SKIPS:
            raise error  # type: ignore[misc]
        if error is not None:
            _tell(asked, f"procs={p},seed={s}", f"schedule {done + 1} of {len(todo)}")
            _keep_run(fn, args, p, s, settings, asked)
            raise _note(error, asked)


def _makes_patterns(fn: Callable[..., Any]) -> bool:
    """By its annotation: only then is fn called outside of goroutines."""
    made = getattr(fn, "__annotations__", {}).get("return")
    return made is Pattern or (isinstance(made, str) and made.rpartition(".")[2] == "Pattern")


def _parse(text: str) -> tuple[int, int]:
    match = REPLAY.match(text)
    if match is None:
        raise ArgumentError(f"the replay text is {text!r}; it looks like procs=4,seed=17, as a failure printed it")
    return int(match[1]), int(match[2])


def _fails(fn: Callable[..., Any], args: tuple[object, ...], procs: int, seed: int, settings: dict[str, Any]) -> BaseException | None:
    with Runtime(procs=procs, seed=seed, **settings) as runtime:
        return _failure_of(runtime, fn, args)


def _failure_of(runtime: Runtime, fn: Callable[..., Any], args: tuple[object, ...]) -> BaseException | None:
    try:
        runtime.start_main(fn, *args)
    except GoroutinePanic as error:
        # What main raised is the test's own failure (or skip); of other goroutines the wrapper tells which one it was.
        return error.__cause__ if error.goid == 1 and error.__cause__ is not None else error
    except KeyboardInterrupt:
        raise
    except Exception as error:
        return error
    return None


def _keep_run(fn: Callable[..., Any], args: tuple[object, ...], procs: int, seed: int, settings: dict[str, Any], asked: Campaign) -> None:
    """The failing schedule once more, traced."""
    if asked.folder is None:
        return
    from .picture.html import Bundle

    with Runtime(procs=procs, seed=seed, **{**settings, "trace": TRACED}) as runtime:
        error = _failure_of(runtime, fn, args)
        if error is None:
            asked.said.append("run again, the same schedule passes: the test depends on more than its schedule")
        bundle = Bundle(f"{getattr(fn, '__name__', 'main')} at procs={procs},seed={seed}", trace=runtime.trace(), snapshot=runtime.snapshot(),
                        message=f"{type(error).__name__}: {error}" if error is not None else "")
        _write(asked, bundle)


def _write(asked: Campaign, bundle: Any) -> None:
    folder = asked.folder
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "schedule.txt").write_text(asked.failed[-1] + "\n", encoding="utf-8")
        bundle.to_html(folder / "run.html")
        if bundle.trace is not None:
            bundle.trace.write_perfetto(str(folder / "run.pftrace"))
        asked.said.append(f"picture: {folder / 'run.html'}")
    except (OSError, ImportError) as error:  # the failure itself is what must be seen
        asked.said.append(f"no picture in {folder}: {error}")


def _search(pattern: Pattern, asked: Campaign, schedules: int, seed: int, driver: str, settings: dict[str, Any]) -> None:
    again = (asked.replay,) if asked.replay is not None else tuple(text for text in asked.known if not REPLAY.match(text))
    for text in again:
        shown = replay(pattern, text)
        if shown.findings:
            return _found(pattern, asked, text, str(shown.findings[0]), "the schedule that was given")
    if asked.replay is None:
        result: Explored = explore(pattern, driver=driver, schedules=schedules, seed=seed, first=True, **settings)
        if result:
            finding = result.findings[0]
            _found(pattern, asked, finding.schedule, str(finding), f"schedule {finding.schedules} of {schedules}")


def _found(pattern: Pattern, asked: Campaign, schedule: str, what: str, where: str) -> None:
    _tell(asked, schedule, where)
    if asked.folder is not None:
        from .picture.html import Bundle

        shown = replay(pattern, schedule, trace=TRACED, snapshot=True)
        _write(asked, Bundle(pattern.name or "pattern", trace=shown.trace, snapshot=shown.snapshot, message=what))
    raise _note(ScheduleFailure(f"{pattern!r}: {what}"), asked)


def _tell(asked: Campaign, replay_text: str, where: str) -> None:
    asked.failed.append(replay_text)
    asked.said.append(f"failed at {where}; replay it with --newproc-replay='{replay_text}'")


def _note(error: BaseException, asked: Campaign) -> BaseException:
    if hasattr(error, "add_note"):
        error.add_note(f"newproc: {asked.said[0]}")
    return error


def test(*, schedules: int = 100, seed: int = 1, driver: str | None = None, procs: int = 4, **settings: Any) -> Callable[[F], F]:
    """A test whose body is the main goroutine of many runs, each with a schedule of its own. Arguments as of `check`.

    >>> import newproc
    >>> @newproc.test(schedules=20, procs=2)
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
