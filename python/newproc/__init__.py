"""newproc: Go 1.21's goroutine scheduler for Python.

`run` starts a main goroutine; `go`, `gosched`, `goexit` work inside it. A seed runs it in the sim world,
where the same seed is the same run. `Chan`, `select`, `Mutex` and the like park goroutines. `Pattern` runs spawn patterns natively.
"""

from __future__ import annotations

import sys as _sys
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if hasattr(_sys, "_is_gil_enabled") and not _sys._is_gil_enabled():
    raise ImportError("newproc needs a CPython with the GIL; this one runs without it")

from ._build import PatternBuilder
from ._core import version as __version__
from ._errors import (
    ArgumentError,
    Canceled,
    Closed,
    DeadlockError,
    FatalError,
    GoExit,
    GoroutinePanic,
    InterruptError,
    LimitError,
    NewprocError,
    NondeterminismError,
    OutputError,
    Panic,
    PatternError,
    PlaceError,
    ResourceError,
    StateError,
    UnsupportedError,
)
from ._group import Group
from ._explore import Driver, Explored, Finding, Frame, Involved, Question, Replayed, Step, Task, explore, replay
from ._look import G, M, P, Snapshot, Stats, Trace
from ._pattern import Pattern, Result, run_jsonl
from ._runtime import (
    Run,
    Runtime,
    blocking,
    checkpoint,
    get_labels,
    go,
    goexit,
    goid,
    gomaxprocs,
    gosched,
    goyield,
    lock_os_thread,
    nanotime,
    run,
    set_labels,
    unlock_os_thread,
)
from ._sync import (
    READ,
    WRITE,
    Atomic,
    Case,
    Chan,
    Cond,
    Context,
    Mutex,
    Once,
    RWMutex,
    Selected,
    Ticker,
    Timer,
    Var,
    WaitGroup,
    after,
    select,
    shield,
    sleep,
    timeout,
    until,
    wait_fd,
)

from ._session import Session
from ._failure import ScheduleFailure
from ._testing import check, test

if _TYPE_CHECKING:
    from ._look import EVENT_DTYPE


def __getattr__(name: str) -> _Any:
    if name == "EVENT_DTYPE":  # NumPy is imported when it is needed
        from . import _look

        return _look.EVENT_DTYPE
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "ArgumentError",
    "Atomic",
    "Canceled",
    "Case",
    "Chan",
    "Closed",
    "Cond",
    "Context",
    "DeadlockError",
    "Driver",
    "EVENT_DTYPE",
    "Explored",
    "FatalError",
    "Finding",
    "Frame",
    "G",
    "GoExit",
    "GoroutinePanic",
    "Group",
    "InterruptError",
    "Involved",
    "LimitError",
    "M",
    "Mutex",
    "NewprocError",
    "NondeterminismError",
    "Once",
    "OutputError",
    "P",
    "Panic",
    "Pattern",
    "PatternBuilder",
    "PatternError",
    "PlaceError",
    "Question",
    "READ",
    "RWMutex",
    "Replayed",
    "ResourceError",
    "Result",
    "Run",
    "Runtime",
    "ScheduleFailure",
    "Selected",
    "Session",
    "Snapshot",
    "StateError",
    "Stats",
    "Step",
    "Task",
    "Ticker",
    "Timer",
    "Trace",
    "UnsupportedError",
    "Var",
    "WRITE",
    "WaitGroup",
    "__version__",
    "after",
    "blocking",
    "check",
    "checkpoint",
    "explore",
    "get_labels",
    "go",
    "goexit",
    "goid",
    "gomaxprocs",
    "gosched",
    "goyield",
    "lock_os_thread",
    "nanotime",
    "replay",
    "run",
    "run_jsonl",
    "select",
    "set_labels",
    "shield",
    "sleep",
    "test",
    "timeout",
    "unlock_os_thread",
    "until",
    "wait_fd",
]
