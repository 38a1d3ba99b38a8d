"""The smallest pattern that still shows what a search has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import _core
from ._errors import ArgumentError
from ._finding import Finding, finding_from, mask_of
from ._pattern import Pattern


@dataclass(frozen=True, slots=True)
class Shrunk:
    """A pattern made small, and the finding in it. ``minimal``: no body, object, operation, list or count can be less."""

    pattern: Pattern
    finding: Finding
    tried: int
    seconds: float
    minimal: bool


def shrink(
    pattern: Pattern | str | dict[str, Any], finding: Finding | str, *, kind: str | None = None, kind_only: bool = False,
    seconds: float | None = None, **options: Any,
) -> Shrunk:
    """Take away from a pattern whatever its failure does not need: bodies, objects, operations, rounds and other numbers.

    >>> import newproc
    >>> pattern = {"vars": 2, "waitgroups": 1, "bodies": [
    ...     [["set", 1, 7], ["add", 0, 3], ["loop", 3, [["go", 1]]], ["yield"], ["wait", 0], ["assert", 0, 3]],
    ...     [["yield"], ["inc", 0], ["mark", 1], ["done", 0]]]}
    >>> found = newproc.explore(pattern, find="assert").findings[0]
    >>> for body in newproc.shrink(pattern, found).pattern.document["bodies"]:
    ...     print(body)
    [['add', 0, 2], ['loop', 2, [['go', 1]]], ['wait', 0], ['assert', 0, 2]]
    [['inc', 0], ['done', 0]]

    A pattern that usually runs well stays one that does: the smaller one's usual run shows no kind of finding that the first one's
    does not.

    Args:
        pattern: what was searched.
        finding: what was found, or a schedule that shows it.
        kind: of a schedule that shows several (default: the finding's, or the first that it shows).
        kind_only: any finding of the same kind will do; else the same bodies take part in the same way.
        seconds: stop after this time; what is left may then not be minimal.
        options: other fields of ``rt_shrink_options``: schedules, seed, steps, after_main.

    Raises:
        StateError: the schedule is of another pattern, or shows no such finding.
    """
    if callable(pattern):
        raise ArgumentError(f"pattern is {pattern!r}; only patterns are data that can be taken apart. The schedule of a function is the smallest already")
    source = pattern if isinstance(pattern, Pattern) else Pattern(pattern)
    schedule = finding if isinstance(finding, str) else finding.schedule
    if isinstance(finding, Finding):
        kind = kind or finding.kind
    fields: dict[str, Any] = {"kind": mask_of(kind) if kind is not None else 0, "kind_only": int(kind_only), **options}
    if seconds is not None:
        fields["nanos"] = int(seconds * 1e9)
    text, raw, tried, spent, minimal = _core.shrink(source.source, schedule, fields)
    return Shrunk(Pattern(text), finding_from(raw), tried, spent, minimal)
