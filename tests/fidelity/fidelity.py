#!/usr/bin/env python3
"""Real Go is the judge: random spawn patterns through Go 1.21.13 and through newproc, compared line for line.

    fidelity.py --lib build/gcc/capi/libnewproc.so                 5,000 patterns of a new seed
    fidelity.py --lib ... --seed 7 --count 100000                  a sweep
    fidelity.py --lib ... --record                                 rewrites the recorded runs

A pattern counts where Go's own answer is the same in 30 runs more. Selects with several ready cases have a set of
answers each, which is compared with Go's set (choices.py).

Where Go 1.21.13 cannot be had, the recorded runs of recorded/ are the judge, and the output says so.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import realgo
from choices import compare_sets
from compare import difference, shrink
from generate import patterns
from library import Library

HERE = Path(__file__).resolve().parent
RECORDED = HERE / "recorded" / "runs.jsonl"
RECORDED_COUNT, RECORDED_SEED, RECORDED_MOST_LINES = 500, 1, 300
BATCH = 200
GO_AGAIN = 30  # runs of real Go that must agree before a difference counts


def coverage(results: list[dict[str, Any]]) -> Counter[str]:
    """What the runs of real Go have reached, so that a reader sees what zero differences is worth."""
    seen: Counter[str] = Counter()
    for result in results:
        seen[f"ends: {result['end'].split(':')[0] + ': ' + result['end'].split(':', 1)[1].strip()[:30]}" if result["end"] else "ends: exit 0"] += 1
        snaps = [line for line in result["log"] if line[1] == "snap"]
        seen["snaps"] += len(snaps)
        seen["lines"] += len(result["log"])
        seen["runs with a global queue"] += any(s[4] for s in snaps)
        seen["runs with 128 or more on it"] += any(len(s[4]) >= 128 for s in snaps)
        seen["runs with free Gs on the global list"] += any(s[7] for s in snaps)
        for op in ("send", "recv", "close", "try", "select", "lock", "rwlock", "rlock", "wait", "condwait", "once", "sleep", "after"):
            seen[f"runs with {op}"] += any(line[1] == op for line in result["log"])
        seen["snaps at tick 0"] += sum(s[5] == 0 for s in snaps)
    return seen


def report(pattern: dict[str, Any], text: str, lib: Path, judge: Any) -> None:
    print(f"\nDIFFERS {pattern['name']}: {text}")
    if judge is None:
        print(json.dumps(pattern))
        return
    library = Library(lib)
    small = shrink(pattern, lambda p: differs_for_good(library.run([p])[0], p, judge))
    print(f"shrunk to:\n{json.dumps(small)}")
    print(f"  {difference(library.run([small])[0], realgo.run_one(judge, small))}")


def stable(pattern: dict[str, Any], go: dict[str, Any], judge: Any) -> bool:
    """Real Go gives this answer every time."""
    return all(difference(again, go) is None for again in realgo.run(judge, [pattern] * GO_AGAIN))


def differs_for_good(mine: dict[str, Any], pattern: dict[str, Any], judge: Any) -> bool:
    go = realgo.run_one(judge, pattern)
    return difference(mine, go) is not None and stable(pattern, go, judge)


def compare_all(lib: Path, todo: list[dict[str, Any]], wanted: list[dict[str, Any]], judge: Any, seen: Counter[str]) -> int:
    ours = Library(lib).run(todo)
    bad = 0
    for pattern, mine, go in zip(todo, ours, wanted, strict=True):
        text = difference(mine, go)
        if text is not None and judge is not None and not stable(pattern, go, judge):
            seen["runs that differ, where Go's answers differ among themselves"] += 1
        elif text is not None:
            bad += 1
            if bad <= 3:
                report(pattern, text, lib, judge)
    return bad


def examples(lib: Path) -> int:
    """The worked examples, each with its log."""
    bad = 0
    for path in sorted((HERE / "examples").glob("*.json")):
        log = [json.loads(line) for line in path.with_suffix(".log").read_text().splitlines()]
        mine = Library(lib).run([json.loads(path.read_text())])[0]
        text = difference(mine, {**mine, "log": log})
        if text is not None:
            bad += 1
            print(f"DIFFERS example {path.name}: {text}")
    return bad


def with_recorded(lib: Path, why: str) -> int:
    rows = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    print(f"Go 1.21.13 is not here ({why}): comparing with {len(rows)} recorded runs of it.")
    return compare_all(lib, [r["pattern"] for r in rows], [r["go"] for r in rows], None, Counter())


def with_go(lib: Path, program: Path, seed: int, count: int) -> int:
    todo = patterns(seed, count)
    seen: Counter[str] = Counter()
    bad = 0
    for at in range(0, len(todo), BATCH):
        batch = todo[at : at + BATCH]
        wanted = realgo.run(program, batch)
        seen += coverage(wanted)
        bad += compare_all(lib, batch, wanted, program, seen)
    print(f"{count} patterns through Go 1.21.13 and newproc; what they reached:")
    for key, n in sorted(seen.items()):
        print(f"  {n:>8}  {key}")
    return bad


def record(program: Path) -> None:
    rows = []
    for pattern in patterns(RECORDED_SEED, RECORDED_COUNT * 3):
        if len(rows) == RECORDED_COUNT:
            break
        go = realgo.run_one(program, pattern)
        if len(go["log"]) <= RECORDED_MOST_LINES and stable(pattern, go, program):
            rows.append(json.dumps({"pattern": pattern, "go": go}, separators=(",", ":")))
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text("\n".join(rows) + "\n")
    print(f"recorded {len(rows)} runs in {RECORDED}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lib", type=Path, required=True, help="libnewproc.so to judge")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the random patterns (default: the clock)")
    parser.add_argument("--count", type=int, default=5000, help="how many random patterns (default 5000)")
    parser.add_argument("--work", type=Path, default=None, help="where to build the oracle (default: beside --lib)")
    parser.add_argument("--record", action="store_true", help="rewrite the recorded runs from real Go")
    args = parser.parse_args()
    if not args.lib.exists():
        parser.error(f"--lib {args.lib} does not exist; build the library first")
    program = realgo.build((args.work or args.lib.parent).resolve() / "oracle")
    if args.record:
        if isinstance(program, str):
            parser.error(program)
        record(program)
        return 0
    print(f"seed {args.seed} (again: --seed {args.seed} --count {args.count})", flush=True)
    bad = examples(args.lib)
    if isinstance(program, str):
        bad += with_recorded(args.lib, program)
    else:
        bad += with_go(args.lib, program, args.seed, args.count)
        bad += compare_sets(Library(args.lib), program)
    print(f"{bad} differences")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
