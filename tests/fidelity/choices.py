"""Selects with several ready cases: the set of answers over many seeds is the set that real Go gives over many runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import realgo
from library import Library

SEEDS, GO_RUNS = 1000, 400

Pattern = dict[str, Any]


def _pattern(name: str, chans: list[int], *bodies: list[Any]) -> Pattern:
    return {"name": name, "chans": chans, "bodies": list(bodies)}


def _recv(*chans: int) -> list[Any]:
    return [["recv", c, [["mark", c]]] for c in chans]


# Few answers each, all about equally likely: 400 runs of Go miss one of 27 with a probability below 1e-5.
PATTERNS: list[Pattern] = [
    _pattern("three ready", [1, 1, 1], [["send", 0, 1], ["send", 1, 2], ["send", 2, 3], ["select", _recv(0, 1, 2), None]]),
    _pattern("two of two, twice", [2, 2], [["loop", 2, [["send", 0, 1], ["send", 1, 2]]], ["loop", 2, [["select", _recv(0, 1), None]]]]),
    _pattern("three times three", [3, 3, 3], [["loop", 3, [["send", c, c] for c in range(3)]], ["loop", 3, [["select", _recv(0, 1, 2), []]]]]),
    _pattern("room in two", [1, 1, 0], [["select", [["send", 0, 7, []], ["send", 1, 8, []], ["recv", 2, []]], None], ["try", "recv", 0], ["try", "recv", 1]]),
    _pattern("closed and ready", [1, 1], [["send", 0, 5], ["close", 1], ["select", _recv(0, 1), [["mark", 9]]]]),
    _pattern("one channel twice", [0], [["go", 1], ["yield"], ["select", [["recv", 0, [["mark", 1]]], ["recv", 0, [["mark", 2]]]], None], ["yield"]], [["send", 0, 3]]),
    _pattern("parked senders", [0, 0], [["go", 1], ["go", 2], ["yield"], ["select", _recv(0, 1), None], ["yield"], ["yield"]], [["send", 0, 1]], [["send", 1, 2]]),
    {"version": 2} | _pattern("choose", [], [["choose", [["mark", 1]], [["mark", 2]], [["choose", [["mark", 3]], []]]]]),
    _pattern("parked on one channel twice", [0], [["go", 1], ["yield"], ["send", 0, 4], ["yield"]], [["select", [["recv", 0, [["mark", 1]]], ["recv", 0, [["mark", 2]]]], None]]),
]


def _answers(results: list[dict[str, Any]]) -> set[str]:
    return {json.dumps([r["log"], r["rc"], r["end"]]) for r in results}


def compare_sets(library: Library, program: Path) -> int:
    """How many patterns have other answers than real Go."""
    bad = 0
    for pattern in PATTERNS:
        ours: set[str] = set()
        for seed in range(1, SEEDS + 1):
            ours |= _answers(library.run([pattern], seed))
        go = _answers(realgo.run(program, [pattern] * GO_RUNS))
        print(f"  select, {pattern['name']}: {len(ours)} answers over {SEEDS} seeds, {len(go)} over {GO_RUNS} runs of Go")
        if ours != go:
            bad += 1
            print(f"DIFFERS {json.dumps(pattern)}\n  only Go {sorted(go - ours)}\n  only newproc {sorted(ours - go)}")
    return bad
