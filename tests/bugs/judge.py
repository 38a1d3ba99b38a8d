"""What a run of a program of the corpus shows, and whether that is what its author expects."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

Verdict = tuple[str, tuple[str, ...]]
"""Kind (deadlock leak panic assert race livelock, or ok), and the bodies that are blocked, sorted."""

DEADLOCK = "fatal error: all goroutines are asleep - deadlock!"


def lingering(pattern: dict[str, Any], ms: int) -> dict[str, Any]:
    """The pattern with a main that waits after its end, to see who never ends."""
    out = copy.deepcopy(pattern)
    out["bodies"][0] = [["func", out["bodies"][0]], ["sleep", ms]]
    return out


def verdict(pattern: dict[str, Any], result: dict[str, Any]) -> Verdict:
    """Of a run's log, exit status and message."""
    names = pattern["names"]["bodies"]
    body = {0: "main"}
    for line in result["log"]:
        if line[1] == "start":
            body[line[0]] = names[line[2]]
        elif line[1] in ("end", "exit"):
            body.pop(line[0], None)
    left = tuple(sorted(body.values()))
    end = result["end"]
    if end == DEADLOCK:
        return "deadlock", left
    if end.startswith("panic: assert:"):
        return "assert", ()
    if end.startswith(("panic:", "fatal error:")):
        return "panic", ()
    if result["rc"] != 0:
        return "livelock", left
    return ("leak", left) if left else ("ok", ())


def matches(got: Verdict, wanted: Verdict) -> bool:
    """``name`` stands for one goroutine, ``name*`` for one or more, ``name?`` for any number; nothing named: not compared."""
    if got[0] != wanted[0]:
        return False
    if not wanted[1] or got[0] in ("panic", "assert"):
        return True
    have = Counter(got[1])
    for word, n in Counter(wanted[1]).items():
        name = word.rstrip("*?")
        if word.endswith("?"):
            have.pop(name, None)
        elif word.endswith("*"):
            if have.pop(name, 0) < 1:
                return False
        elif have.pop(name, 0) != n:
            return False
    return not have


def expected(got: Verdict, any_of: list[Verdict]) -> bool:
    """Whether it is one of the ways in which this program is known to fail."""
    return any(matches(got, wanted) for wanted in any_of)
