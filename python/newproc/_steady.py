"""Whether a Python program does the same whenever its schedule is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ._errors import NewprocError
from ._finding import frame_of

if TYPE_CHECKING:
    from ._program import Program

Seen = tuple[Any, ...]


class Watch(NamedTuple):
    """One run: what was asked at each decision, and how it ended."""

    asked: list[Seen]
    end: str


def watch(program: Program, schedule: str) -> Watch:
    """Run it, and write down each question."""
    asked: list[Seen] = []

    def pick(tasks: list[tuple[int, int, int, int]] | None, ways: int, usual: int, running: bool, timer: bool, _: int, step: int,
             after: int, nth: int) -> int:
        asked.append((None if tasks is None else tuple(tasks), ways, running, timer, step, after, nth))
        return usual

    try:
        shown = program.replay(schedule, {"lenient": 1}, pick)
    except NewprocError as error:
        return Watch(asked, str(error))
    return Watch(asked, f"{shown.end}; " + "; ".join(f"{f.kind} {f.goroutines}" for f in shown.findings))


def first_difference(program: Program, schedule: str) -> str | None:
    """Of two runs of the same schedule; None: there is none."""
    one, two = watch(program, schedule), watch(program, schedule)
    for number, (a, b) in enumerate(zip(one.asked, two.asked, strict=False)):
        if a != b:
            return f"at decision {number} {said(a, b)}"
    if len(one.asked) != len(two.asked):
        fewer = min(len(one.asked), len(two.asked))
        longer = one if len(one.asked) > fewer else two
        return f"one run ended after {fewer} decisions, the other went on: {described(longer.asked[fewer])}"
    return None if one.end == two.end else f"the ends differ: {one.end!r}, then {two.end!r}"


def said(a: Seen, b: Seen) -> str:
    """How two questions differ."""
    if a[0] is not None and b[0] is not None:
        for x, y in zip(a[0], b[0], strict=False):
            if x != y:
                return f"{task(x)}, and then {task(y)}"
    return f"{described(a)}, and then {described(b)}"


def task(t: tuple[int, int, int, int]) -> str:
    """A goroutine, and where it is."""
    from ._program import OPS

    goroutine, op, thing, site = t
    where = frame_of(site)
    return f"goroutine {goroutine} was {f'at {where.file}:{where.line}' if where is not None else 'at its start'}" + (
        f" ({OPS[op]}, object {thing})" if op in OPS else "")


def described(seen: Seen) -> str:
    """Who could go on."""
    tasks, ways = seen[0], seen[1]
    if tasks is None:
        return f"a select had {ways} ready cases"
    return "these could go on: " + (", ".join(task(t) for t in tasks) or "none") + (", or the next timer" if seen[3] else "")
