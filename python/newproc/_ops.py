"""The things that a pattern's operations are about, each with its operations as methods."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ._errors import PatternError

if TYPE_CHECKING:
    from ._build import PatternBuilder

Op = list[Any]


class Thing:
    """A row of one of the pattern's tables: its builder, its number there, its name."""

    def __init__(self, builder: PatternBuilder, table: str, number: int, name: str) -> None:
        self._b, self.table, self.number, self.name = builder, table, number, name

    def __repr__(self) -> str:
        return f"<{self.table[:-1]} {self.number}" + (f" {self.name!r}" if self.name else "") + f" of {self._b!r}>"

    def _add(self, op: str, *rest: Any) -> None:
        self._b.op(op, self.number, *rest)


class ChanOps(Thing):
    """A channel of integers."""

    def send(self, value: int) -> None:
        """``c <- value``"""
        self._add("send", value)

    def recv(self) -> None:
        """``<-c``"""
        self._add("recv")

    def close(self) -> None:
        """``close(c)``"""
        self._add("close")

    def try_send(self, value: int) -> None:
        """A select with this send and a default."""
        self._b.op("try", "send", self.number, value)

    def try_recv(self) -> None:
        """A select with this receive and a default."""
        self._b.op("try", "recv", self.number)

    def after(self, ms: int) -> None:
        """Start a timer: in ``ms`` milliseconds a new goroutine tries to send ``ms`` here."""
        self._add("after", ms)


class MutexOps(Thing):
    """A sync.Mutex. ``with mutex:`` locks and unlocks."""

    def lock(self) -> None:
        """``mu.Lock()``"""
        self._add("lock")

    def unlock(self) -> None:
        """``mu.Unlock()``"""
        self._add("unlock")

    def __enter__(self) -> None:
        self.lock()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.unlock()


class RWMutexOps(Thing):
    """A sync.RWMutex. ``with rw:`` writes, ``with rw.reading():`` reads."""

    def lock(self) -> None:
        """``rw.Lock()``"""
        self._add("rwlock")

    def unlock(self) -> None:
        """``rw.Unlock()``"""
        self._add("rwunlock")

    def rlock(self) -> None:
        """``rw.RLock()``"""
        self._add("rlock")

    def runlock(self) -> None:
        """``rw.RUnlock()``"""
        self._add("runlock")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Lock for reading around a block."""
        self.rlock()
        yield
        self.runlock()

    def __enter__(self) -> None:
        self.lock()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.unlock()


class WaitGroupOps(Thing):
    """A sync.WaitGroup."""

    def add(self, n: int = 1) -> None:
        """``wg.Add(n)``"""
        self._add("add", n)

    def done(self) -> None:
        """``wg.Done()``"""
        self._add("done")

    def wait(self) -> None:
        """``wg.Wait()``"""
        self._add("wait")


class CondOps(Thing):
    """A sync.Cond with a mutex of its own."""

    def wait(self) -> None:
        """Lock its mutex, wait once, unlock."""
        self._add("condwait")

    def signal(self) -> None:
        """``cond.Signal()``"""
        self._add("signal")

    def broadcast(self) -> None:
        """``cond.Broadcast()``"""
        self._add("broadcast")


class OnceOps(Thing):
    """A sync.Once."""

    @contextmanager
    def do(self) -> Iterator[None]:
        """What the first one to come does; the others wait for its end."""
        ops: list[Op] = []
        self._add("once", ops)
        with self._b._inside(ops):
            yield


class VarOps(Thing):
    """A shared variable, 0 at first."""

    def set(self, value: int) -> None:
        """Write it."""
        self._add("set", value)

    def inc(self) -> None:
        """Read it, then write one more: not one atomic step."""
        self._add("inc")

    def add(self, n: int) -> None:
        """Add n in one atomic step."""
        self._add("atomic", n)

    def check(self, value: int) -> None:
        """Panic unless it is ``value``."""
        self._add("assert", value)


class BodyOps(Thing):
    """What a goroutine does; ``with body:`` writes it, once."""

    def __init__(self, builder: PatternBuilder, number: int, name: str) -> None:
        super().__init__(builder, "bodies", number, name)
        self.ops: list[Op] = []
        self._written = False

    def __repr__(self) -> str:
        return f"<body {self.number} {self.name!r} of {self._b!r}>"

    def __enter__(self) -> BodyOps:
        if self._b._open:
            raise PatternError(f"body {self.number} ({self.name}) begins inside of another block; leave that first")
        if self._written:
            raise PatternError(f"body {self.number} ({self.name}) has been written already; make another with body()")
        self._written = True
        self._b._open.append(self.ops)
        return self

    def __exit__(self, *_: object) -> None:
        self._b._open.clear()


class SelectOps:
    """The cases of a select: ``with s.recv(c):``, ``with s.send(c, 7):``, ``with s.default():``."""

    def __init__(self, builder: PatternBuilder, op: Op) -> None:
        self._b, self._op = builder, op

    @contextmanager
    def recv(self, chan: ChanOps) -> Iterator[None]:
        """``case <-chan:``"""
        ops: list[Op] = []
        self._op[1].append(["recv", self._b._own(chan), ops])
        with self._b._inside(ops):
            yield

    @contextmanager
    def send(self, chan: ChanOps, value: int) -> Iterator[None]:
        """``case chan <- value:``"""
        ops: list[Op] = []
        self._op[1].append(["send", self._b._own(chan), value, ops])
        with self._b._inside(ops):
            yield

    @contextmanager
    def default(self) -> Iterator[None]:
        """``default:``"""
        if self._op[2] is not None:
            raise PatternError("a select has one default")
        ops: list[Op] = []
        self._op[2] = ops
        with self._b._inside(ops):
            yield
