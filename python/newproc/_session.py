"""Sessions: a program that is stopped between its steps, goes on, goes back, and branches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import ArgumentError, StateError
from ._explore import pick_of, program_of, replayed
from ._finding import Driver, Finding, Question, Replayed, Step, schedule_text
from ._look import Snapshot, Trace
from ._program import Program
from ._property import properties_of
from ._runtime import TRACED

if TYPE_CHECKING:
    from ._explore import Source
    from ._property import Properties
    from ._pattern import Pattern


class Session:
    """One run of a program, stopped before a step: go on, go back, look, branch.

    Each move runs the program from its beginning to where it is to stop, which takes as long as that run does. What a Python program prints,
    it prints each time.

    >>> import newproc
    >>> def main():
    ...     c = newproc.Chan()
    ...     newproc.go(c.send, 1)
    ...     c.recv()
    >>> s = newproc.Session(main)
    >>> while s.step() is not None:
    ...     pass
    >>> s.end, s.position
    ('', 5)
    >>> _ = s.back(2)
    >>> [g.status for g in s.snapshot().gs if g.goid == 1]
    ['waiting']

    Args:
        program: as for `explore`.
        schedule: what to follow first; `run_to_end` and `step` go along it as far as it goes (default: what Go would do).
        points: as for `explore`.
        level: as for `explore`.
        invariant: as for `explore`; where it does not hold the run ends.
        eventually: as for `explore`.
        more: other fields of ``rt_replay_options``: steps, after_main.
    """

    def __init__(
        self, program: Source, schedule: str | None = None, *, points: Iterable[Any] = (), level: str = "line", invariant: Properties = None,
        eventually: Properties = None, **more: Any,
    ) -> None:
        self._source: Pattern | Program = program_of(program, points, level, None)
        self._properties = properties_of(self._source, invariant, eventually)
        self._hash = self._source.hash if isinstance(self._source, Program) else _core.pattern_hash(self._source._core)
        self._more = more
        self._plan = schedule
        self._ways: list[int] = []  # that were taken
        self._asked: list[Question] = []  # as long, and one more while the run is not over
        self._shown: Replayed | None = None
        if schedule is not None:
            replayed(self._source, schedule, dict(more), self._properties)  # strictly; what is done in the session need not fit
        self._go(None)

    @property
    def question(self) -> Question | None:
        """The step that comes next, with the ways to take it; None: the run is over."""
        return self._asked[len(self._ways)] if len(self._asked) > len(self._ways) else None

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.question is None

    @property
    def position(self) -> int:
        """Steps that were taken."""
        return len(self._ways)

    @property
    def steps(self) -> tuple[Step, ...]:
        """What they were, of a Python program."""
        return self._now.steps[: len(self._ways)]

    @property
    def log(self) -> tuple[tuple[Any, ...], ...]:
        """Of a pattern, its log up to here."""
        return self._now.log

    @property
    def end(self) -> str:
        """How the run ended; empty while it has not, and where it ended well."""
        return self._now.end if self.over else ""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found up to here: races at once, what else there is at the end."""
        return self._now.findings

    @property
    def schedule(self) -> str:
        """Of the steps up to here, for `replay` and `explore`'s prefix."""
        taken = zip(self._asked, self._ways, strict=False)
        return schedule_text(self._hash, [f"{q.after}.{q.nth}={q.name(way)}" for q, way in taken if way != 0])

    def snapshot(self) -> Snapshot:
        """Everything as it is now."""
        shown = self._replay(len(self._ways), None, {"want_snapshot": 1})
        if shown.snapshot is None:
            raise StateError("Session.snapshot: the run left no state")
        return shown.snapshot

    def trace(self, events: int = TRACED) -> Trace:
        """The events up to here."""
        shown = self._replay(len(self._ways), None, {"trace_events": events})
        if shown.trace is None:
            raise StateError("Session.trace: the run left no trace")
        return shown.trace

    def step(self, way: int | None = None) -> Question | None:
        """Take the step in question by ``way`` (default: the schedule's, or Go's); return the next question, None at the end.

        Raises:
            StateError: the run is over.
            ArgumentError: there is no such way.
        """
        question = self.question
        if question is None:
            raise StateError("Session.step: the run is over; go back first")
        way = question.usual if way is None else way
        if not 0 <= way < question.ways:
            raise ArgumentError(f"way is {way}; there are 0 to {question.ways - 1}")
        self._take([*self._ways, way])
        return self.question

    def back(self, steps: int = 1) -> Question | None:
        """Undo steps; return the question that was answered there. ArgumentError: there are not so many."""
        if not 0 <= steps <= len(self._ways):
            raise ArgumentError(f"steps is {steps}; {len(self._ways)} were taken")
        self._take(self._ways[: len(self._ways) - steps])
        return self.question

    def fork(self) -> Session:
        """Another session that stands where this one does; they go on apart."""
        other = object.__new__(Session)
        other.__dict__.update(self.__dict__, _ways=list(self._ways), _asked=list(self._asked))
        return other

    def run(self, driver: Driver | None = None, steps: int | None = None) -> Question | None:
        """Go on under a driver (default: the schedule, or Go) to the end, or for so many steps; return the question there, None at the end."""
        most = None if steps is None else len(self._ways) + steps
        if most is not None and most < len(self._ways):
            raise ArgumentError(f"steps is {steps}; give 0 or more")
        taken: list[int] = []
        then = pick_of(driver) if driver is not None else None

        def go_on(*asked: Any) -> int | None:
            if most is not None and len(self._ways) + len(taken) >= most:
                return None
            way = asked[2] if then is None else then(*asked)
            if way is None:
                return None
            taken.append(way if 0 <= way < asked[1] else asked[2])
            return taken[-1]

        self._go(go_on)
        self._ways += taken
        return self.question

    @property
    def _now(self) -> Replayed:
        if self._shown is None:
            self._go(None)
        assert self._shown is not None
        return self._shown

    def _take(self, ways: list[int]) -> None:
        before, self._ways = self._ways, ways
        try:
            self._go(None)
        except BaseException:
            self._ways = before
            self._go(None)
            raise

    def _go(self, then: Callable[..., int | None] | None) -> None:
        self._shown = self._replay(len(self._ways), then, {}, keep=True)

    def _replay(self, stop: int, then: Callable[..., int | None] | None, fields: dict[str, int], keep: bool = False) -> Replayed:
        """Run it to its ``stop``-th step, and from there as ``then`` says."""
        asked: list[Question] = []
        over = False

        def pick(*question: Any) -> int | None:
            nonlocal over
            if over:
                return None
            here = len(asked)
            asked.append(Question.of(*question))
            if here < stop:
                return self._ways[here]
            way = then(*question) if then is not None else None
            over = way is None
            return way

        schedule = self._plan if self._plan is not None else schedule_text(self._hash)
        shown = replayed(self._source, schedule, {"lenient": 1, **self._more, **fields}, self._properties, pick)
        if len(asked) < stop:
            raise StateError(f"Session: the run ended after {len(asked)} steps, and had gone {stop} before; the program must do the same again")
        if keep:
            self._asked = asked
        return shown


__all__ = ["Session"]
