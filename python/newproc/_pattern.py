"""Spawn patterns: small programs in JSON that run natively, without the GIL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _core
from ._look import Snapshot, Trace, snapshot_from
from ._runtime import settings_from


@dataclass(frozen=True, slots=True)
class Result:
    """How a pattern ran: its log lines, Go's exit status, the first line of standard error."""

    log: tuple[tuple[Any, ...], ...]
    rc: int
    end: str
    trace: Trace | None
    snapshot: Snapshot | None


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    settings.setdefault("world", "sim")
    settings.setdefault("procs", 1)
    return settings_from(**settings)


class Pattern:
    """A spawn pattern, checked when made.

    Raises:
        PatternError: names the place, ``bodies[2][5][1]: no body 9; the pattern has 4``.
    """

    def __init__(self, source: str | dict[str, Any]) -> None:
        text = source if isinstance(source, str) else json.dumps(source)
        self._core = _core.Pattern(text)
        self.source = text

    @classmethod
    def load(cls, path: str | Path) -> Pattern:
        """Read a pattern from a file."""
        return cls(Path(path).read_text())

    @property
    def name(self) -> str:
        """The pattern's own name; may be empty."""
        return self._core.name

    def run(self, *, limits: dict[str, int] | None = None, snapshot: bool = False, **settings: Any) -> Result:
        """Run it: by default as real Go does at GOMAXPROCS=1.

        Args:
            limits: any of steps, goroutines, log_bytes, nanos; a run that reaches one has ``rc`` 3.
            snapshot: keep the state at the end.
            settings: as for `Runtime`.
        """
        log, rc, end, trace, shot = self._core.run(_settings(settings), limits or {}, snapshot)
        lines = tuple(tuple(json.loads(line)) for line in log.splitlines())
        return Result(lines, rc, end, Trace(trace) if trace is not None else None, snapshot_from(shot) if shot is not None else None)

    def log_text(self, *, limits: dict[str, int] | None = None, **settings: Any) -> tuple[str, int, str]:
        """The log as text, exit status and message, for programs that only print them."""
        log, rc, end, _, _ = self._core.run(_settings(settings), limits or {}, False)
        return log, rc, end


def run_jsonl(text: str, write: Callable[[str], object], *, limits: dict[str, int] | None = None, **settings: Any) -> None:
    """Run one pattern a line; ``write`` gets one JSON line of ``{"name", "log", "rc", "end"}`` for each."""
    _core.run_jsonl(text, _settings(settings), limits or {}, write)
