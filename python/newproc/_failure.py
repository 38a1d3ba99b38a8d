"""What a runner of tests asks of `newproc.check`, and what a failure leaves."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._finding import Finding
    from ._pattern import Pattern
    from .picture.html import Bundle


class ScheduleFailure(AssertionError):
    """A search over schedules has found something; the text names it and how to see it again."""


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

    def tell(self, replay_text: str, where: str) -> None:
        """A schedule failed."""
        self.failed.append(replay_text)
        self.said.append(f"failed at {where}; replay it with --newproc-replay='{replay_text}'")

    def note(self, error: BaseException) -> BaseException:
        """The error with what was told, in its own text where Python allows."""
        if hasattr(error, "add_note"):
            error.add_note(f"newproc: {self.said[0]}")
        return error

    def write(self, bundle: Bundle) -> None:
        """The last failure's schedule and pictures."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "schedule.txt").write_text(self.failed[-1] + "\n", encoding="utf-8")
            bundle.to_html(self.folder / "run.html")
            if bundle.trace is not None:
                bundle.trace.write_perfetto(str(self.folder / "run.pftrace"))
            self.said.append(f"picture: {self.folder / 'run.html'}")
        except (OSError, ImportError) as error:  # the failure itself is what must be seen
            self.said.append(f"no picture in {self.folder}: {error}")

    def write_smaller(self, pattern: Pattern, finding: Finding, bounds: dict[str, Any]) -> None:
        """The smallest pattern that fails in this way, and its schedule, beside the pictures."""
        if self.folder is None:
            return
        from ._shrink import shrink

        small = shrink(pattern, finding, seconds=SHRINKING, **bounds)
        try:
            small.pattern.dump(self.folder / "smallest.json")
        except OSError:  # the pictures' lines have said so
            return
        self.said.append(f"smallest pattern: newproc replay {shlex.quote(str(self.folder / 'smallest.json'))} {small.finding.schedule}")


SHRINKING = 5.0
"""Seconds for a failing pattern: tests are waiting."""

current: ContextVar[Campaign | None] = ContextVar("newproc_campaign", default=None)


@contextmanager
def campaign(asked: Campaign) -> Iterator[Campaign]:
    """For runners: the tests in this block follow ``asked``."""
    token = current.set(asked)
    try:
        yield asked
    finally:
        current.reset(token)
