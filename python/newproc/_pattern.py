"""Spawn patterns: small programs in JSON that run natively, without the GIL."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from . import _core
from ._look import Snapshot, Trace, snapshot_from
from ._runtime import settings_from

if TYPE_CHECKING:
    from .picture.html import Bundle

TABLES = ("mutexes", "rwmutexes", "waitgroups", "conds", "onces", "vars")


@dataclass(frozen=True, slots=True)
class Result:
    """How a pattern ran: its log lines, Go's exit status, the first line of standard error."""

    log: tuple[tuple[Any, ...], ...]
    rc: int
    end: str
    trace: Trace | None
    snapshot: Snapshot | None
    pattern: Pattern | None = None

    def __repr__(self) -> str:
        went = f"rc={self.rc}" + (f", end={self.end!r}" if self.end else "")
        return f"Result({self.pattern!r}, {len(self.log)} log lines, {went})"

    def names(self) -> dict[int, str]:
        """The goroutines' names by goid, as far as the log tells their bodies."""
        return names_from(self.log, self.trace, self.pattern.body_names if self.pattern is not None else ())

    def to_html(self, path: str | Path | None = None) -> str:
        """One self-contained page of the run, to step through offline; also written to ``path``. It needs a trace."""
        return self._bundle().to_html(path)

    def _repr_html_(self) -> str:
        return self._bundle().inline()

    def _bundle(self) -> Bundle:
        from .picture.html import Bundle

        title = (self.pattern.name if self.pattern is not None else "") or "pattern"
        return Bundle(title, trace=self.trace, snapshot=self.snapshot, names=self.names(), message=self.end)


def names_from(log: tuple[tuple[Any, ...], ...], trace: Trace | None, bodies: tuple[str, ...] = ()) -> dict[int, str]:
    """Names by goid: the log numbers goroutines from main, which is 0, and says which body each one runs."""
    first = trace.main if trace is not None else 1
    names = {first: bodies[0] if bodies else "main"}
    for line in log:
        if line[1] == "start":
            names[line[0] + first] = bodies[line[2]] if line[2] < len(bodies) else f"body {line[2]}"
    return names


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    settings.setdefault("world", "sim")
    settings.setdefault("procs", 1)
    return settings_from(**settings)


class Pattern:
    """A spawn pattern, checked when made; it does not change. Patterns of the same program are equal.

    Args:
        source: JSON text, or the object it stands for. `PatternBuilder` writes one.

    Raises:
        PatternError: names the place, ``bodies[2][5][1]: no body 9; the pattern has 4``.
    """

    def __init__(self, source: str | dict[str, Any]) -> None:
        text = source if isinstance(source, str) else json.dumps(source)
        self._core = _core.Pattern(text)
        self.source = text

    @classmethod
    def load(cls, file: str | os.PathLike[str] | TextIO) -> Pattern:
        """Read a pattern from a path or an open file."""
        if isinstance(file, (str, os.PathLike)):
            return cls(Path(file).read_text(encoding="utf-8"))
        return cls(file.read())

    @classmethod
    def loads(cls, text: str) -> Pattern:
        """Read a pattern from JSON text."""
        return cls(text)

    def dump(self, file: str | os.PathLike[str] | TextIO) -> None:
        """Write it to a path or an open file, as `dumps`."""
        if isinstance(file, (str, os.PathLike)):
            Path(file).write_text(self.dumps() + "\n", encoding="utf-8")
        else:
            file.write(self.dumps() + "\n")

    def dumps(self) -> str:
        """JSON text, a key a line and a body a line."""
        doc = self.document
        bodies = ",\n".join(f"    {json.dumps(body)}" for body in doc.pop("bodies"))
        head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in doc.items())
        return f'{{\n{head}  "bodies": [\n{bodies}\n  ]\n}}'

    def __reduce__(self) -> tuple[type[Pattern], tuple[str]]:
        return type(self), (self.source,)

    @property
    def name(self) -> str:
        """The pattern's own name; may be empty."""
        return self._core.name

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object, a copy."""
        doc: dict[str, Any] = json.loads(self.source)
        return doc

    @property
    def body_names(self) -> tuple[str, ...]:
        """A name for each body: what ``names`` says, else its number."""
        doc = self.document
        told = doc.get("names")
        told = told.get("bodies") if isinstance(told, dict) else None
        told = [name if isinstance(name, str) else "" for name in told] if isinstance(told, list) else []
        told += [""] * len(doc["bodies"])
        return tuple(told[i] or (f"body {i}" if i else "main") for i in range(len(doc["bodies"])))

    def _key(self) -> str:
        doc = copy.copy(self.document)
        for table in TABLES:
            doc.setdefault(table, 0)
        for table in ("chans", "atomics"):
            doc.setdefault(table, [])
        doc.setdefault("name", "")
        return json.dumps(doc, sort_keys=True, separators=(",", ":"))

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, Pattern) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __getstate__(self) -> str:
        return self.source

    def __setstate__(self, source: str) -> None:
        self.__init__(source)  # type: ignore[misc]

    def __repr__(self) -> str:
        doc = self.document
        has = [f"{len(doc['bodies'])} bodies"] + ([f"{len(doc['chans'])} chans"] if doc.get("chans") else [])
        has += [f"{doc[table]} {table}" for table in TABLES if doc.get(table)]
        return f"Pattern({self.name!r}: {', '.join(has)})"

    def __str__(self) -> str:
        return self.dumps()

    def to_python(self, *, procs: int = 1, seed: int = 1) -> str:
        """The pattern as a Python program that needs newproc only and prints the same log. PatternError: an operation that has no such form."""
        from .emit.python import emit

        return emit(self, procs, seed)

    def to_c(self, *, procs: int = 1, seed: int = 1) -> str:
        """The pattern as a C program against ``newproc.h`` that prints the same log."""
        from .emit.c import emit

        return emit(self, procs, seed)

    def run(self, *, limits: dict[str, int] | None = None, snapshot: bool = False, **settings: Any) -> Result:
        """Run it: by default as real Go does at GOMAXPROCS=1.

        Args:
            limits: any of steps, goroutines, log_bytes, nanos; a run that reaches one has ``rc`` 3.
            snapshot: keep the state at the end.
            settings: as for `Runtime`.
        """
        log, rc, end, trace, shot = self._core.run(_settings(settings), limits or {}, snapshot)
        lines = tuple(tuple(json.loads(line)) for line in log.splitlines())
        return Result(lines, rc, end, Trace(trace) if trace is not None else None, snapshot_from(shot) if shot is not None else None, self)

    def log_text(self, *, limits: dict[str, int] | None = None, **settings: Any) -> tuple[str, int, str]:
        """The log as text, exit status and message, for programs that only print them."""
        log, rc, end, _, _ = self._core.run(_settings(settings), limits or {}, False)
        return log, rc, end


def run_jsonl(text: str, write: Callable[[str], object], *, limits: dict[str, int] | None = None, **settings: Any) -> None:
    """Run one pattern a line; ``write`` gets one JSON line of ``{"name", "log", "rc", "end"}`` for each."""
    _core.run_jsonl(text, _settings(settings), limits or {}, write)
