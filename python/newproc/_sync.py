"""What goroutines wait for one another with: channels, select, locks, and time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import _core
from ._core import Atomic, Chan, Context, Mutex, Ticker, Timer, Var, WaitGroup, after, shield, sleep, timeout, until, wait_fd

class Case(NamedTuple):
    """One case of `select`, made by `Chan.recv_case` or `Chan.send_case`."""

    chan: Chan[Any]
    is_send: bool
    value: Any


class Selected(NamedTuple):
    """What `select` did: which case was ``chosen``, counted from 0 (None: the default), the ``value`` received, and ``ok``
    (False: the channel was closed and empty)."""

    chosen: int | None
    value: Any
    ok: bool


def select(*cases: Case, default: bool = False) -> Selected:
    """Wait until one of the cases can go on, and do it; one of the ready ones at random. Go: selectgo, select.go:121

    Args:
        cases: made by ``c.recv_case()`` and ``c.send_case(value)``. None at all waits for ever.
        default: do not wait: if none is ready, ``chosen`` is None.

    Raises:
        Panic: "send on closed channel".
        PlaceError: outside of goroutines.
    """
    chosen, value, ok = _core.select(cases, default)
    return Selected(None if chosen == len(cases) else chosen, value, ok)


class RWMutex(_core.RWMutex):
    """sync.RWMutex: many readers (``rlock``, ``runlock``) or one writer (``lock``, ``unlock``); a waiting writer keeps new
    readers out. sync/rwmutex.go"""


class Cond(_core.Cond):
    """sync.Cond of ``mutex``: waiters are woken in the order in which they came. Hold the mutex around `wait`. sync/cond.go"""

    def wait_for(self, holds: Callable[[], object]) -> None:
        """Wait until ``holds()`` is true. The mutex is held."""
        while not holds():
            self.wait()


class Once:
    """sync.Once: the first caller runs fn, others wait for its end; it counts as done even when fn raises. sync/once.go"""

    def __init__(self) -> None:
        self._mutex = Mutex()
        self._done = False

    def do(self, fn: Callable[[], object], /) -> None:
        """Run ``fn()`` unless somebody has."""
        if self._done:
            return
        with self._mutex:
            if not self._done:
                try:
                    fn()
                finally:
                    self._done = True


READ = 1
"""For `wait_fd`: until a read would not block."""
WRITE = 2
"""For `wait_fd`: until a write would not block."""

__all__ = [
    "Atomic", "Case", "Chan", "Cond", "Context", "Mutex", "Once", "RWMutex", "Selected", "Ticker", "Timer", "Var", "WaitGroup", "after", "select",
    "shield", "sleep", "timeout", "until",
    "READ", "WRITE", "wait_fd",
]
