"""What goroutines wait for one another with: channels, select, locks, and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Generic, NamedTuple, TypeVar

from . import _core
from ._errors import Closed
from ._runtime import Runtime, go

T = TypeVar("T")


class Chan(_core.Chan, Generic[T]):
    """A channel of ``capacity`` values. Go: make(chan T, capacity), chan.go:72.

    Args:
        capacity: values it holds; 0: a send waits for its receiver.
        runtime: whose goroutines use it (default: the caller's; needed outside of goroutines).

    A channel can be iterated until it is closed and empty, and is a context manager that closes it:

    >>> import newproc
    >>> def main():
    ...     squares = newproc.Chan(2)
    ...     def produce():
    ...         with squares:
    ...             for i in range(4):
    ...                 squares.send(i * i)
    ...     newproc.go(produce)
    ...     print(list(squares))
    >>> _ = newproc.run(main)
    [0, 1, 4, 9]

    Raises:
        ArgumentError, Panic: a capacity that no memory has ("makechan: size out of range").
        PlaceError: outside of goroutines without ``runtime``.
    """

    def __new__(cls, capacity: int = 0, *, runtime: Runtime | None = None) -> Chan[T]:
        made: Chan[T] = super().__new__(cls, capacity, 0 if runtime is None else runtime._core.handle())
        return made

    def __init__(self, capacity: int = 0, *, runtime: Runtime | None = None) -> None:
        self._runtime = runtime  # it lives as long as its channels

    def send(self, value: T) -> None:
        """Hand ``value`` to a receiver or to the buffer, or wait. Panic: "send on closed channel". chan.go:160"""
        super().send(value)

    def recv(self) -> T:
        """The next value; waits for it. Closed: the channel is closed and empty. chan.go:457"""
        value, ok = super().receive()
        if not ok:
            raise Closed("the channel is closed and empty")
        return value  # type: ignore[no-any-return]

    def recv_ok(self) -> tuple[T | None, bool]:
        """``v, ok := <-c``: (value, True), or (None, False) from a channel that is closed and empty."""
        return super().receive()

    def try_send(self, value: T) -> bool:
        """Send without waiting; False where nobody could take it. Also from threads that run no goroutine."""
        return super().try_send(value)

    def try_recv(self) -> tuple[T | None, bool] | None:
        """As `recv_ok`, without waiting: None where there is nothing. Also from threads that run no goroutine."""
        return super().try_recv()

    def close(self) -> None:
        """Close it: all that wait are woken. Panic: "close of closed channel". chan.go:357"""
        super().close()

    @property
    def capacity(self) -> int:
        """How many values it holds; ``len()`` says how many it has."""
        return super().cap()

    def recv_case(self) -> Case:
        """For `select`: to receive from this channel."""
        return Case(self, False, None)

    def send_case(self, value: T) -> Case:
        """For `select`: to send ``value`` on this channel."""
        return Case(self, True, value)

    def __iter__(self) -> Iterator[T]:
        while True:
            value, ok = super().receive()
            if not ok:
                return
            yield value

    def __enter__(self) -> Chan[T]:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __bool__(self) -> bool:
        return True  # an empty channel is a channel

    def __repr__(self) -> str:
        return f"<Chan {len(self)}/{self.capacity} at {id(self):#x}>"


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
    chosen, value, ok = _core.select(list(cases), default)
    return Selected(None if chosen == len(cases) else chosen, value, ok)


class Mutex(_core.Mutex):
    """sync.Mutex: normal and starvation mode as Go's. ``with mutex:`` locks. FatalError ends the run on misuse. sync/mutex.go"""

    def __enter__(self) -> Mutex:
        self.lock()
        return self

    def __exit__(self, *_: object) -> None:
        self.unlock()


class RWMutex(_core.RWMutex):
    """sync.RWMutex: many readers (``rlock``, ``runlock``) or one writer (``lock``, ``unlock``); a waiting writer keeps new
    readers out. sync/rwmutex.go"""


class WaitGroup(_core.WaitGroup):
    """sync.WaitGroup. Panic: "sync: negative WaitGroup counter". sync/waitgroup.go"""

    def go(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> int:
        """Add one, and start ``fn`` in a goroutine that is done when fn returns, raises or exits. Returns its goid."""
        self.add(1)

        def body() -> None:
            try:
                fn(*args, **kwargs)
            finally:
                self.done()

        return go(body)


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


def sleep(seconds: float, /) -> None:
    """Park this goroutine for so long; 0 or less returns at once. Virtual time in the sim world. time.go:178"""
    _core.sleep(seconds)


def after(seconds: float, /) -> Chan[float]:
    """A channel that has the time, in seconds of the world's clock, once ``seconds`` have passed. Go: time.After"""
    c: Chan[float] = Chan(1)

    def fire() -> None:
        sleep(seconds)
        c.try_send(_core.nanotime() / 1e9)

    go(fire)
    return c


__all__ = ["Case", "Chan", "Cond", "Mutex", "Once", "RWMutex", "Selected", "WaitGroup", "after", "select", "sleep"]
