"""Comparing two results of one pattern, and making a differing pattern small."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

CONTEXT = 3


def difference(ours: dict[str, Any], go: dict[str, Any]) -> str | None:
    """The first difference as text, or None."""
    for i, (a, b) in enumerate(zip(ours["log"], go["log"])):
        if a != b:
            before = "".join(f"    {line}\n" for line in go["log"][max(0, i - CONTEXT) : i])
            return f"line {i + 1}:\n{before}    Go       {b}\n    newproc  {a}"
    if len(ours["log"]) != len(go["log"]):
        return f"Go wrote {len(go['log'])} lines, newproc {len(ours['log'])}"
    for key in ("rc", "end"):
        if ours[key] != go[key]:
            return f"{key}: Go {go[key]!r}, newproc {ours[key]!r}"
    return None


def _lists(ops: list[Any]) -> Iterator[list[Any]]:
    yield ops
    for op in ops:
        for part in op:
            if isinstance(part, list):
                yield from _lists(part)


def _smaller(pattern: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The pattern without one operation, or with one loop shorter."""
    for body in range(len(pattern["bodies"])):
        for where, ops in enumerate(_lists(pattern["bodies"][body])):
            for i, op in enumerate(ops):
                cut = copy.deepcopy(pattern)
                del list(_lists(cut["bodies"][body]))[where][i]
                yield cut
                if op[0] == "loop" and op[1] > 1:
                    for n in {op[1] // 2, op[1] - 1}:
                        shorter = copy.deepcopy(pattern)
                        list(_lists(shorter["bodies"][body]))[where][i][1] = n
                        yield shorter


def shrink(pattern: dict[str, Any], differs: Callable[[dict[str, Any]], bool], tries: int = 500) -> dict[str, Any]:
    """A pattern that still differs and from which nothing can be taken, or the best after ``tries``."""
    progress = True
    while progress and tries > 0:
        progress = False
        for candidate in _smaller(pattern):
            tries -= 1
            if differs(candidate):
                pattern, progress = candidate, True
                break
            if tries <= 0:
                break
    return pattern
