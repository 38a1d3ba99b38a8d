#!/usr/bin/env python3
"""The bug corpus: programs with known bugs, each with its repaired form, and what a search has to find in them.

    bugs.py check --lib LIB                        1 seed, and 300 schedules of each repaired form: a minute
    bugs.py check --lib LIB --seeds 20 --fixed 10000   the whole: each bug within 1,000 schedules in 19 of 20 seeds
    bugs.py table --lib LIB [--driver NAME]        SCTBench's shapes: mean schedules to the first bug, beside published numbers
    bugs.py shrink --lib LIB                       each kernel made as small as it can be: how small, and how long it takes
    bugs.py go --oracle PROGRAM                    the same programs on real Go (tests/fidelity builds the oracle)
    bugs.py export DIR                             the patterns as files for newproc explore
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import notation
import sctbench
from explorer import Explorer, Found
from judge import Verdict, expected, lingering, verdict
from notation import Bug

HERE = Path(__file__).resolve().parent
GO_WAITS = 300
"""Milliseconds that real Go gets to end its goroutines."""


def kernels(only: list[str]) -> list[Bug]:
    bugs = notation.load(HERE / "goker")
    return [b for b in bugs if not only or any(word in b.name for word in only)]


def is_wanted(bug: Bug, found: Found) -> bool:
    return expected((found.kind, found.bodies), bug.expect)


def search_buggy(explorer: Explorer, bug: Bug, args: argparse.Namespace) -> tuple[list[int | None], Counter[Verdict]]:
    """For each seed the schedules to the first finding that was expected; and what else came up before it."""
    first: list[int | None] = []
    others: Counter[Verdict] = Counter()
    for seed in range(1, args.seeds + 1):
        done = explorer.search(bug.buggy, schedules=args.schedules, seed=seed, driver=args.driver, until=lambda f: is_wanted(bug, f),
                               checked=args.check_scheduler)
        hit = next((f.schedules for f in done.findings if is_wanted(bug, f)), None)
        first.append(hit)
        others.update((f.kind, f.bodies) for f in done.findings if not is_wanted(bug, f))
    return first, others


def search_fixed(explorer: Explorer, bug: Bug, args: argparse.Namespace) -> list[Found]:
    assert bug.fixed is not None
    return explorer.search(bug.fixed, schedules=args.fixed, seed=1, driver=args.driver, checked=args.check_scheduler).findings


def check(args: argparse.Namespace) -> int:
    explorer = Explorer(args.lib)
    need = args.seeds - args.seeds // 20
    missed = alarms = strangers = 0
    bugs = kernels(args.only)
    for bug in bugs:
        first, others = search_buggy(explorer, bug, args)
        hits = [n for n in first if n is not None]
        false = search_fixed(explorer, bug, args)
        said = f"{bug.name:<22} {len(hits)}/{args.seeds} seeds, mean {sum(hits) / len(hits):.1f} schedules" if hits else f"{bug.name:<22} never"
        if len(hits) < need:
            missed += 1
            said += "  MISSED"
        if others:
            strangers += 1
            said += f"  also {[f'{kind} {chr(32).join(who)}' for kind, who in others]}"
        if false:
            alarms += 1
            said += f"  FALSE ALARM {false[0].kind} {' '.join(false[0].bodies)}: {false[0].message}"
        if args.verbose or len(hits) < need or false:
            print(said, flush=True)
    print(f"{len(bugs)} bugs: {len(bugs) - missed} found within {args.schedules} schedules in {need} of {args.seeds} seeds, {missed} missed; "
          f"{alarms} repaired forms raise an alarm in {args.fixed} schedules; {strangers} show something else as well")
    return 1 if missed or alarms else 0


def run_go(program: Path, pattern: dict[str, object], procs: int) -> dict[str, object]:
    """One run of the oracle with several Ps, in a process of its own."""
    with tempfile.NamedTemporaryFile() as log:
        env = dict(os.environ, GOMAXPROCS=str(procs), ORACLE_FREE="1")
        try:
            done = subprocess.run([str(program), log.name], input=json.dumps(pattern), env=env, capture_output=True, text=True, timeout=10)
            rc, end = done.returncode, (done.stderr.splitlines() or [""])[0]
        except subprocess.TimeoutExpired:
            rc, end = 3, "timeout"
        lines = [json.loads(line) for line in Path(log.name).read_text().splitlines() if line.endswith("]")]
    return {"log": lines, "rc": rc, "end": end}


def go(args: argparse.Namespace) -> int:
    bad = 0
    for bug in kernels(args.only):
        seen: dict[str, Counter[Verdict]] = {}
        for which, form in (("buggy", bug.buggy), ("fixed", bug.fixed)):
            assert form is not None
            pattern = lingering(form, GO_WAITS)
            seen[which] = Counter(verdict(form, run_go(args.oracle, pattern, 2)) for _ in range(args.runs))
        hits = sum(n for v, n in seen["buggy"].items() if expected(v, bug.expect))
        strange = [v for v in seen["buggy"] if v[0] != "ok" and not expected(v, bug.expect)]
        wrong = [v for v in seen["fixed"] if v[0] != "ok"]
        bad += bool(strange or wrong)
        print(f"{bug.name:<22} {hits}/{args.runs}" + (f"  OTHER {strange}" if strange else "") + (f"  FIXED FORM {wrong}" if wrong else ""), flush=True)
    return 1 if bad else 0


def size_of(ops: Any) -> int:
    """Operations, those inside others counted."""
    if not isinstance(ops, list):
        return 0
    mine = bool(ops) and isinstance(ops[0], str) and ops[0] not in ("var", "value", "timer", "done", "mutex", "rwmutex", "rlocker")
    return mine + sum(size_of(part) for part in ops)


def shrink(args: argparse.Namespace) -> int:
    explorer = Explorer(args.lib)
    times: list[float] = []
    left: list[float] = []
    for bug in kernels(args.only):
        done = explorer.search(bug.buggy, schedules=args.schedules, seed=1, driver=args.driver, until=lambda f, bug=bug: is_wanted(bug, f))
        hit = next((f for f in done.findings if is_wanted(bug, f)), None)
        if hit is None:
            print(f"{bug.name:<22} not found in {args.schedules} schedules")
            continue
        small = explorer.shrink(bug.buggy, hit.schedule)
        was, now = size_of(bug.buggy["bodies"]), size_of(small.pattern["bodies"])
        times.append(small.seconds)
        left.append(now / was)
        print(f"{bug.name:<22} {was:>3} operations, now {now:>3}; {small.tried:>5} tried in {small.seconds:.2f} s" + ("" if small.minimal else "  NOT MINIMAL"), flush=True)
        if args.verbose:
            print("\n".join(f"    {body}" for body in small.pattern["bodies"]) + f"\n    {small.schedule}")
    print(f"{len(times)} kernels: median {statistics.median(times):.2f} s, most {max(times):.2f} s; median {statistics.median(left):.0%} of the operations are left")
    return 0 if len(times) == len(kernels(args.only)) else 1


def export(args: argparse.Namespace) -> int:
    args.dir.mkdir(parents=True, exist_ok=True)
    for bug in [*kernels([]), *sctbench.programs()]:
        for which, form in (("buggy", bug.buggy), ("fixed", bug.fixed)):
            if form is not None:
                (args.dir / f"{bug.name}.{which}.json").write_text(json.dumps({**form, "note": bug.note, "expect": bug.expect}) + "\n")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run in (("check", check), ("table", sctbench.table), ("shrink", shrink), ("go", go), ("export", export)):
        one = commands.add_parser(name)
        one.set_defaults(run=run)
        if name == "export":
            one.add_argument("dir", type=Path)
            continue
        one.add_argument("only", nargs="*", help="parts of names (default: all)")
        if name == "go":
            one.add_argument("--oracle", type=Path, required=True)
            one.add_argument("--runs", type=int, default=20)
            continue
        one.add_argument("--lib", type=Path, required=True)
        if name != "shrink":
            one.add_argument("--seeds", type=int, default=1 if name == "check" else 20)
        one.add_argument("--schedules", type=int, default=10_000 if name == "table" else 1000)
        one.add_argument("--driver", default="portfolio")
        if name == "check":
            one.add_argument("--fixed", type=int, default=300, help="schedules of each repaired form")
        if name != "table":
            one.add_argument("--verbose", action="store_true")
            one.add_argument("--check-scheduler", action="store_true", help="at each step, the scheduler's own invariants")
    args = parser.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
