"""Tests on simulated machines: each seed is a run with some Ps, as Go's scheduler could do it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._errors import ArgumentError, GoroutinePanic
from ._program import SKIPS
from ._runtime import TRACED, Runtime

if TYPE_CHECKING:
    from ._failure import Campaign

REPLAY = re.compile(r"procs=(\d+),seed=(\d+)\Z")
Main = Callable[..., Any]


def parsed(text: str) -> tuple[int, int]:
    """Ps and seed of a replay text."""
    match = REPLAY.match(text)
    if match is None:
        raise ArgumentError(f"the replay text is {text!r}; it looks like np1r-5f3a9c1e-0.3=2 or procs=4,seed=17, as a failure printed it")
    return int(match[1]), int(match[2])


def check_on_machines(fn: Main, args: tuple[object, ...], todo: list[tuple[int, int]], settings: dict[str, Any], asked: Campaign) -> None:
    """Each run in turn, Ps and seed; the first that fails raises."""
    for done, (procs, seed) in enumerate(todo):
        error = _fails(fn, args, procs, seed, settings)
        if type(error).__name__ in SKIPS:
            raise error  # type: ignore[misc]
        if error is not None:
            asked.tell(f"procs={procs},seed={seed}", f"schedule {done + 1} of {len(todo)}")
            _keep_run(fn, args, procs, seed, settings, asked)
            raise asked.note(error)


def _fails(fn: Main, args: tuple[object, ...], procs: int, seed: int, settings: dict[str, Any]) -> BaseException | None:
    with Runtime(procs=procs, seed=seed, **settings) as runtime:
        return _failure_of(runtime, fn, args)


def _failure_of(runtime: Runtime, fn: Main, args: tuple[object, ...]) -> BaseException | None:
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


def _keep_run(fn: Main, args: tuple[object, ...], procs: int, seed: int, settings: dict[str, Any], asked: Campaign) -> None:
    """The failing schedule once more, traced."""
    if asked.folder is None:
        return
    from .picture.html import Bundle

    with Runtime(procs=procs, seed=seed, **{**settings, "trace": TRACED}) as runtime:
        error = _failure_of(runtime, fn, args)
        if error is None:
            asked.said.append("run again, the same schedule passes: the test depends on more than its schedule")
        asked.write(Bundle(f"{getattr(fn, '__name__', 'main')} at procs={procs},seed={seed}", trace=runtime.trace(), snapshot=runtime.snapshot(),
                           message=f"{type(error).__name__}: {error}" if error is not None else ""))
