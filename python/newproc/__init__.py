"""newproc: Go 1.21's goroutine scheduler for Python.

`run` starts a main goroutine; `go`, `gosched`, `goexit` work inside it. A seed runs it in the sim world,
where the same seed is the same run. `Chan`, `select`, `Mutex` and the like park goroutines. `Pattern` runs spawn patterns natively.
"""

from __future__ import annotations

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from . import _supported

_supported.check()  # before the extension is loaded, which in a sub-interpreter of 3.11 never ends

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
from ._runtime import (
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
    set_name,
    unlock_os_thread,
    work,
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

if _TYPE_CHECKING:
    from ._build import PatternBuilder
    from ._campaign import Progress, campaign
    from ._explore import (
        Coverage, Driver, Explored, Finding, Frame, Involved, Locked, LockOrder, Missed, Operation, Question, Replayed, Step, Task, explore, replay,
    )  # fmt: skip
    from ._failure import ScheduleFailure
    from ._group import Group
    from ._look import EVENT_DTYPE, G, M, P, Run, Snapshot, Stats, Times, Trace
    from ._pattern import Pattern, Result, run_jsonl
    from ._session import Session
    from ._shrink import Shrunk, shrink
    from ._table import Table
    from ._testing import check, test
    from ._top import top

_LATER = {  # imported when first asked for: what a program that only runs goroutines does without
    "_build": "PatternBuilder",
    "_campaign": "Progress campaign",
    "_explore": "Coverage Driver Explored Finding Frame Involved LockOrder Locked Missed Operation Question Replayed Step Task explore replay",
    "_failure": "ScheduleFailure",
    "_group": "Group",
    "_look": "EVENT_DTYPE G M P Run Snapshot Stats Times Trace",
    "_pattern": "Pattern Result run_jsonl",
    "_session": "Session",
    "_shrink": "Shrunk shrink",
    "_table": "Table",
    "_testing": "check test",
    "_top": "top",
}
_HOME = {name: module for module, names in _LATER.items() for name in names.split()}


def __getattr__(name: str) -> _Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})


__all__ = [
    "ArgumentError",
    "Atomic",
    "Canceled",
    "Case",
    "Chan",
    "Closed",
    "Cond",
    "Context",
    "Coverage",
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
    "LockOrder",
    "Locked",
    "M",
    "Missed",
    "Mutex",
    "NewprocError",
    "NondeterminismError",
    "Once",
    "Operation",
    "OutputError",
    "P",
    "Panic",
    "Pattern",
    "PatternBuilder",
    "PatternError",
    "PlaceError",
    "Progress",
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
    "Shrunk",
    "Snapshot",
    "StateError",
    "Stats",
    "Step",
    "Table",
    "Task",
    "Ticker",
    "Timer",
    "Times",
    "Trace",
    "UnsupportedError",
    "Var",
    "WRITE",
    "WaitGroup",
    "__version__",
    "after",
    "blocking",
    "campaign",
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
    "set_name",
    "shield",
    "shrink",
    "sleep",
    "test",
    "timeout",
    "top",
    "unlock_os_thread",
    "until",
    "wait_fd",
    "work",
]
