"""Patterns written in Python: what is written reads like the program that it makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from ._errors import PatternError
from ._ops import BodyOps, ChanOps, CondOps, MutexOps, OnceOps, Op, RWMutexOps, SelectOps, Thing, VarOps, WaitGroupOps
from ._pattern import Pattern

T = TypeVar("T", bound=Thing)


class PatternBuilder:
    """Writes a `Pattern`: make the tables' things, then the bodies; `build` checks the whole.

    >>> b = PatternBuilder("bank")
    >>> balance, mu, all_done = b.var("balance"), b.mutex("mu"), b.waitgroup("all_done")
    >>> with b.body("deposit") as deposit:
    ...     with mu:
    ...         balance.inc()
    ...     all_done.done()
    >>> with b.main:
    ...     all_done.add(3)
    ...     with b.loop(3):
    ...         b.go(deposit)
    ...     all_done.wait()
    ...     balance.check(3)
    >>> b.build().run().rc
    0
    """

    def __init__(self, name: str = "", *, note: str = "") -> None:
        self.name, self.note = name, note
        self._open: list[list[Op]] = []
        self._caps: list[int] = []
        self._things: dict[str, list[Thing]] = {
            table: [] for table in ("chans", "mutexes", "rwmutexes", "waitgroups", "conds", "onces", "vars")
        }
        self._bodies: list[BodyOps] = []
        self.main = self.body("main")
        """Body 0, the main goroutine."""

    def __repr__(self) -> str:
        return f"PatternBuilder({self.name!r})"

    # tables
    def chan(self, capacity: int = 0, name: str = "") -> ChanOps:
        """A channel of ``capacity`` values; 0: a send waits for its receiver."""
        self._caps.append(capacity)
        return self._made("chans", ChanOps, name)

    def mutex(self, name: str = "") -> MutexOps:
        """A sync.Mutex."""
        return self._made("mutexes", MutexOps, name)

    def rwmutex(self, name: str = "") -> RWMutexOps:
        """A sync.RWMutex."""
        return self._made("rwmutexes", RWMutexOps, name)

    def waitgroup(self, name: str = "") -> WaitGroupOps:
        """A sync.WaitGroup."""
        return self._made("waitgroups", WaitGroupOps, name)

    def cond(self, name: str = "") -> CondOps:
        """A sync.Cond."""
        return self._made("conds", CondOps, name)

    def once(self, name: str = "") -> OnceOps:
        """A sync.Once."""
        return self._made("onces", OnceOps, name)

    def var(self, name: str = "") -> VarOps:
        """A shared variable."""
        return self._made("vars", VarOps, name)

    def body(self, name: str = "") -> BodyOps:
        """A body for `go`. It may be started before it is written, by itself, too."""
        made = BodyOps(self, len(self._bodies), name)
        self._bodies.append(made)
        return made

    # operations
    def go(self, body: BodyOps) -> None:
        """``go body()``"""
        self.op("go", self._own(body))

    def yield_(self) -> None:
        """``runtime.Gosched()``"""
        self.op("yield")

    def mark(self, k: int) -> None:
        """Write k to the log."""
        self.op("mark", k)

    def snap(self) -> None:
        """Write the queues to the log."""
        self.op("snap")

    def sleep(self, ms: int) -> None:
        """``time.Sleep``, in milliseconds."""
        self.op("sleep", ms)

    def break_(self) -> None:
        """Leave the innermost loop."""
        self.op("break")

    def return_(self) -> None:
        """Leave the body, or the once."""
        self.op("return")

    def goexit(self) -> None:
        """``runtime.Goexit()``"""
        self.op("goexit")

    def panic(self) -> None:
        """``panic("pattern")``"""
        self.op("panic")

    def op(self, *words: Any) -> None:
        """Any operation as it stands in the JSON, for those that have no method here."""
        if not self._open:
            raise PatternError(f"{words[0]}: outside of all bodies; write it inside `with b.main:` or `with body:`")
        self._open[-1].append(list(words))

    # blocks
    @contextmanager
    def loop(self, n: int = -1) -> Iterator[None]:
        """Repeat a block n times; below 0: for ever."""
        ops: list[Op] = []
        self.op("loop", n, ops)
        with self._inside(ops):
            yield

    @contextmanager
    def if_(self, var: VarOps, value: int) -> Iterator[None]:
        """A block for when ``var`` equals ``value``; `else_` may follow."""
        op: Op = ["if", self._own(var), value, [], []]
        self.op(*op[:3], op[3], op[4])
        with self._inside(op[3]):
            yield

    @contextmanager
    def else_(self) -> Iterator[None]:
        """The other block of the `if_` right before."""
        last: Op = self._open[-1][-1] if self._open and self._open[-1] else [""]
        if last[0] != "if" or last[4]:
            raise PatternError("else_: no if_ right before it")
        with self._inside(last[4]):
            yield

    @contextmanager
    def select(self) -> Iterator[SelectOps]:
        """A select; the block gets what its cases are made with."""
        self.op("select", [], None)
        op = self._open[-1][-1]
        self._open.append(_Closed("a select holds cases; write it inside `with s.recv(c):` and the like"))
        try:
            yield SelectOps(self, op)
        finally:
            self._open.pop()

    def document(self) -> dict[str, Any]:
        """The pattern as a JSON object."""
        doc: dict[str, Any] = {"name": self.name}
        if self.note:
            doc["note"] = self.note
        for table, things in self._things.items():
            if things:
                doc[table] = list(self._caps) if table == "chans" else len(things)
        named = {table: [thing.name for thing in things] for table, things in self._things.items()}
        named["bodies"] = [body.name for body in self._bodies]
        doc["names"] = {table: names for table, names in named.items() if any(names)}
        doc["bodies"] = [body.ops for body in self._bodies]
        return doc

    def build(self) -> Pattern:
        """The pattern, checked. PatternError names the place, or the body that was never written."""
        if self._open:
            raise PatternError("build: a block is still open; call it after the last `with`")
        for body in self._bodies[1:]:
            if not body._written:
                raise PatternError(f"body {body.number} ({body.name}) was never written; write it with `with`")
        return Pattern(self.document())

    def _made(self, table: str, kind: type[T], name: str) -> T:
        made = kind(self, table, len(self._things[table]), name)
        self._things[table].append(made)
        return made

    def _own(self, thing: Thing) -> int:
        if thing._b is not self:
            raise PatternError(f"{thing!r} belongs to another builder")
        return thing.number

    @contextmanager
    def _inside(self, ops: list[Op]) -> Iterator[None]:
        self._open.append(ops)
        try:
            yield
        finally:
            self._open.pop()


class _Closed(list[Op]):
    """A block that takes no operations."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self._why = why

    def append(self, op: Op) -> None:
        raise PatternError(f"{op[0]}: {self._why}")
