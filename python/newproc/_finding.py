"""What searches ask, and what they find, as values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from . import _core
from ._errors import ArgumentError
from ._look import Snapshot, Trace
from ._pattern import names_from

if TYPE_CHECKING:
    from pathlib import Path

    from .picture.html import Bundle

KINDS = {"deadlock": 1, "leak": 2, "panic": 4, "assert": 8, "race": 16, "livelock": 32}
"""What a search can find."""


LOCK_ORDER = 64
"""RT_WARN_LOCK_ORDER: a warning, none of `KINDS`."""


class Frame(NamedTuple):
    """A place in Python code."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        return f"{PurePath(self.file).name}:{self.line}"


class Operation(NamedTuple):
    """A place in a pattern: an operation of a body, counted as they are compiled: a list's before what follows it."""

    body: int
    number: int

    def __str__(self) -> str:
        return f"operation {self.number} of body {self.body}"


def frame_of(site: int) -> Frame | None:
    """The place of that number, as `Task.site` has it."""
    found = _core.site(site)
    return Frame(*found) if found is not None else None


@dataclass(frozen=True, slots=True)
class Involved:
    """A goroutine that takes part in a finding: its number in logs, its body, what it waits for or does; of Python, where, outermost first."""

    goroutine: int
    body: int | None
    what: str
    stack: tuple[Frame, ...] = ()

    def __str__(self) -> str:
        return f"goroutine {self.goroutine}: {self.what}" + (f" at {self.stack[-1]}" if self.stack else "")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a search has found, and the schedule that shows it again. ``cause``: the Python exception, its traceback whole."""

    kind: str
    goroutines: tuple[Involved, ...]
    schedule: str
    schedules: int
    seconds: float
    message: str
    cause: BaseException | None = field(default=None, compare=False, repr=False)

    def json(self) -> str:
        """One line of JSON."""
        told = asdict(self, dict_factory=lambda pairs: {k: v for k, v in pairs if k != "cause" and (k != "stack" or v)})
        return json.dumps(told)

    def __str__(self) -> str:
        who = ", ".join(map(str, self.goroutines))
        return f"{self.kind}: {self.message}" + (f" ({who})" if who else "") + f"; replay it with {self.schedule}"

    def stacks(self) -> str:
        """Where each goroutine is, in the form of Python's traceback."""
        parts = []
        for g in self.goroutines:
            parts.append(f"goroutine {g.goroutine}: {g.what}")
            parts.extend(f'  File "{f.file}", line {f.line}, in {f.function}' for f in g.stack)
        return "\n".join(parts)


@dataclass(frozen=True, slots=True)
class Locked:
    """A goroutine that takes a lock while it holds another, and where it took the two."""

    goroutine: int
    body: int | None
    what: str
    held: Frame | Operation | None
    taken: Frame | Operation | None

    def __str__(self) -> str:
        places = f", at {self.taken} and {self.held}" if self.held is not None and self.taken is not None else ""
        return f"goroutine {self.goroutine}: {self.what}{places}"


@dataclass(frozen=True, slots=True)
class LockOrder:
    """A warning: goroutines take locks in orders in which they can wait for one another. ``schedule`` shows the orders, not the deadlock."""

    goroutines: tuple[Locked, ...]
    schedule: str
    schedules: int
    message: str

    def json(self) -> str:
        """One line of JSON."""
        return json.dumps({"warning": "lock order", **asdict(self)})

    def __str__(self) -> str:
        return f"lock order: {self.message} ({', '.join(map(str, self.goroutines))})"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the schedules of a search made happen.

    ``transitions`` of the scheduler: how the goroutine that ran last left and at what, who came and to what. ``pairs`` of operations of different
    goroutines on one object, one right after the other, not both reads, by their places. ``last_new``: the schedule, from 1 on, that covered something
    new last. ``unseen``: about the probability that one more schedule shows a new pair (Good, Turing).
    """

    transitions: int
    pairs: int
    last_new: int
    unseen: float

    def __str__(self) -> str:
        return (f"covered {self.transitions:,} transitions and {self.pairs:,} ordered pairs, the last new one in schedule {self.last_new:,}; "
                f"one more shows a new pair with a probability of about {self.unseen:.2g}")


@dataclass(frozen=True, slots=True)
class Missed:
    """A bug of at most ``depth`` (None: any) is missed with at most this probability, if no schedule has more goroutines or decisions than those run.

    The depth of a bug is how many operations must come in a certain order for it to show.
    """

    probability: float
    depth: int | None

    def __str__(self) -> str:
        which = "any bug" if self.depth is None else f"a bug of depth {self.depth} or less"
        return f"{which} is missed with a probability of at most {self.probability:.2g}"


@dataclass(frozen=True, slots=True)
class Explored:
    """What a search did. ``complete``: the driver had nothing left to try. ``warnings`` are no findings.

    ``missed`` is there for the drivers pct, random and urw, where something can be said.
    """

    findings: tuple[Finding, ...]
    schedules: int
    steps: int
    seconds: float
    complete: bool
    tasks: int
    warnings: tuple[LockOrder, ...] = ()
    coverage: Coverage | None = None
    missed: Missed | None = None

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.findings)

    def json(self) -> str:
        """One line of JSON of what was done; findings and warnings have their own."""
        told = {name: value for name, value in asdict(self).items() if name not in ("findings", "warnings")}
        return json.dumps({"summary": told})


@dataclass(frozen=True, slots=True)
class Task:
    """A goroutine that may go on: its number, what it would do (an ``RT_OP_*`` number), an id of the object, and a number for where."""

    goroutine: int
    op: int
    object: int
    site: int = 0

    @property
    def where(self) -> Frame | None:
        """Of Python: the place in the code."""
        return frame_of(self.site)


@dataclass(frozen=True, slots=True)
class Question:
    """A decision. Way i lets ``tasks[i]`` go on; with ``timer``, the last way lets the next timer fire first.

    ``tasks`` is None for a select with several ready cases. ``after`` and ``nth`` are the position as schedules have it: the goroutine
    that ran last, and which of its decisions this is.
    """

    tasks: tuple[Task, ...] | None
    ways: int
    usual: int
    running: bool
    timer: bool
    schedule: int
    step: int
    after: int
    nth: int

    @classmethod
    def of(cls, tasks: list[tuple[int, int, int, int]] | None, *rest: Any) -> Question:
        """As the extension puts it."""
        return cls(None if tasks is None else tuple(Task(*t) for t in tasks), *rest)

    def name(self, way: int) -> str:
        """The way as schedules have it: a goroutine, ``t`` or ``c`` and a case."""
        if self.tasks is None:
            return f"c{way}"
        return "t" if self.timer and way == self.ways - 1 else str(self.tasks[way].goroutine)


class Driver(Protocol):
    """Your own way to choose."""

    def pick(self, question: Question, /) -> int | None:
        """Return the number of a way, below ``question.ways``; any other number takes the usual way; None ends this schedule."""


class Step(NamedTuple):
    """Something that a replay did. ``goroutine`` is None where time passed; ``where`` and ``stack`` are of Python code."""

    goroutine: int | None
    what: str
    where: Frame | None = None
    stack: tuple[Frame, ...] = ()

    def __str__(self) -> str:
        who = "time" if self.goroutine is None else f"goroutine {self.goroutine}"
        return f"{who}: {self.what}" + (f" at {self.where}" if self.where is not None else "")


@dataclass(frozen=True, slots=True)
class Replayed:
    """A schedule that has been run again: as `Result`, with what it shows.

    ``text`` is the log: of a pattern as the oracle writes it, of a Python program ``steps``, line by line.
    """

    log: tuple[tuple[Any, ...], ...]
    rc: int
    end: str
    trace: Trace | None
    snapshot: Snapshot | None
    findings: tuple[Finding, ...]
    text: str
    steps: tuple[Step, ...] = ()

    def to_html(self, path: str | Path | None = None, *, title: str = "replay") -> str:
        """One self-contained page of the run, to step through where it was traced; also written to ``path``."""
        return self._bundle(title).to_html(path)

    def _repr_html_(self) -> str:
        return self._bundle("replay").inline()

    def _bundle(self, title: str) -> Bundle:
        from .picture.html import Bundle

        message = "; ".join(f"{f.kind}: {f.message}" for f in self.findings) or self.end
        return Bundle(title, trace=self.trace, snapshot=self.snapshot, names=names_from(self.log, self.trace), message=message)


def finding_from(raw: dict[str, Any], **more: Any) -> Finding:
    """As the extension has it."""
    who = tuple(Involved(g["goroutine"], g["body"], g["what"]) for g in raw["goroutines"])
    fields = {"goroutines": who, "message": raw["message"], **more}
    return Finding(kind=raw["kind"], schedule=raw["schedule"], schedules=raw["schedules"], seconds=raw["seconds"], **fields)


def explored_from(done: dict[str, Any], findings: list[Finding], warnings: list[LockOrder], covered: bool) -> Explored:
    """As the extension has it."""
    probability, depth = done["missed"]
    return Explored(tuple(findings), done["schedules"], done["steps"], done["seconds"], done["complete"], done["tasks"], tuple(warnings),
                    Coverage(*done["covered"]) if covered else None, Missed(probability, depth or None) if probability < 1 else None)


def warning_from(raw: dict[str, Any]) -> LockOrder:
    """As the extension has it."""

    def place(body: int | None, site: int) -> Frame | Operation | None:
        return frame_of(site) if body is None else Operation(site >> 32, site & 0xFFFFFFFF)

    who = tuple(Locked(g["goroutine"], g["body"], g["what"], place(g["body"], g["held_site"]), place(g["body"], g["site"])) for g in raw["goroutines"])
    return LockOrder(who, raw["schedule"], raw["schedules"], raw["message"])


def schedule_text(program_hash: int, deviations: Iterable[str] = ()) -> str:
    """A schedule: what Go would do, but for these."""
    list_of = ",".join(deviations)
    return f"np1r-{program_hash:08x}" + (f"-{list_of}" if list_of else "")


def mask_of(find: str | Iterable[str] | None) -> int:
    """RT_FIND_* of names, added up."""
    names = list(KINDS) if find is None else find.split(",") if isinstance(find, str) else list(find)
    for name in names:
        if name not in KINDS:
            raise ArgumentError(f"find has {name!r}; there are {', '.join(KINDS)}")
    if not names:
        raise ArgumentError(f"find is empty; give some of {', '.join(KINDS)}")
    return sum(KINDS[name] for name in set(names))
