#!/usr/bin/env python3
"""Are the ways that a search knows all the ways there are? Small random patterns, three judges:

    soundness.py --outcomes PROGRAM                          6 patterns, 100 runs of Go each
    soundness.py --outcomes PROGRAM --count 100 --runs 2000 --seed S

    exhaustive   the driver dfs, to its end: every order of operations that conflict
    sampling     the other drivers, until they have seen what dfs has: never anything else
    real Go      with two Ps, and pauses before operations: never anything that dfs has not

PROGRAM is newproc_outcomes, of any build. What an outcome is: README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import realgo
from generate_small import SmallGenerator

MOST_EXHAUSTIVE = 60_000
"""Schedules of dfs; a pattern that has more is left out, and counted."""
SAMPLERS = ("portfolio", "random", "pos", "urw", "surw", "pct", "places", "stalls")
MOST_SAMPLES = 40_000
PAUSE_NANOS = 20_000
"""Before an operation real Go pauses for up to this time, in every second run: so that its Ps meet in many ways."""
RESULTS = {"recv", "select", "try", "trylock", "rwtrylock", "tryrlock", "load", "atomic", "swap", "cas", "mark", "recover", "choose"}
"""Operations whose line says more than that they have completed."""

Outcome = str
Lines = dict[str, list[list[Any]]]


def outcome(lines: Lines, rc: int, end: str) -> Outcome:
    """What a run has come to: how it ended, and what each goroutine has seen, but for the goroutines' numbers."""
    if rc != 0 and not end.startswith("fatal error: all goroutines are asleep"):
        return json.dumps([rc, end])  # others were stopped wherever they were
    seen = sorted(json.dumps([line[1:3] if line[1] == "start" else line[1:] for line in of if line[1] in RESULTS or line[1] == "start"]) for of in lines.values())
    return json.dumps([rc, end, seen])


@dataclass
class Tool:
    """newproc_outcomes, one process for all patterns."""

    program: Path

    def __post_init__(self) -> None:
        self._process = subprocess.Popen([self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def search(self, pattern: dict[str, Any], driver: str, most: int, seed: int) -> tuple[set[Outcome], bool, int]:
        """Outcomes, whether they are all that the driver can reach, and schedules."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"driver": driver, "most": most, "seed": seed, "pattern": pattern}) + "\n")
        self._process.stdin.flush()
        done = json.loads(self._process.stdout.readline() or '{"error": "newproc_outcomes has ended"}')
        if "error" in done:
            raise RuntimeError(f"{done['error']}: {json.dumps(pattern)}")
        return {outcome(run["of"], run["rc"], run["end"]) for run in done["runs"]}, done["complete"], done["schedules"]

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def go_once(program: Path, text: str, pause: int) -> Outcome:
    """One run of real Go with two Ps."""
    with tempfile.NamedTemporaryFile() as log:
        env = dict(os.environ, GOMAXPROCS="2", GOGC="off", GODEBUG="asyncpreemptoff=1", ORACLE_FREE="1", ORACLE_PAUSE=str(pause))
        done = subprocess.run([program, log.name], input=text, env=env, capture_output=True, text=True, timeout=60)
        lines: Lines = {}
        for raw in Path(log.name).read_text().splitlines():
            line = json.loads(raw)
            lines.setdefault(str(line[0]), []).append(line)
    return outcome(lines, done.returncode, done.stderr.partition("\n")[0])


def go_outcomes(program: Path, pattern: dict[str, Any], runs: int) -> Counter[Outcome]:
    """What real Go comes to, and how often."""
    text = json.dumps(pattern)
    with ThreadPoolExecutor(realgo.WORKERS) as pool:
        return Counter(pool.map(lambda i: go_once(program, text, PAUSE_NANOS * (i % 2)), range(runs)))


@dataclass
class Told:
    """What has been compared."""

    patterns: int = 0
    outcomes: int = 0
    by_go: int = 0
    one_way: int = 0
    left_out: int = 0
    wrong: int = 0


def compare(tool: Tool, program: Path | None, pattern: dict[str, Any], runs: int, seed: int, told: Told) -> None:
    """One pattern by all judges, unless it has too many schedules for the exhaustive one, or there is one outcome only."""
    every, complete, schedules = tool.search(pattern, "dfs", MOST_EXHAUSTIVE, 1)
    if not complete:
        told.left_out += 1
        return
    if len(every) == 1:
        told.one_way += 1
        return
    told.patterns += 1
    told.outcomes += len(every)
    seen: set[Outcome] = set()
    sampled = 0
    for round_ in range(6):
        for driver in SAMPLERS:
            if round_ and seen >= every:
                break
            got, _, n = tool.search(pattern, driver, MOST_SAMPLES // (64 >> round_), seed + round_)
            sampled += n
            seen |= got
            for one in sorted(got - every):
                _report(told, pattern, f"{driver} has come to what dfs has not", one)
    for one in sorted(every - seen):
        _report(told, pattern, f"dfs has come to what no other driver has in {sampled} schedules", one)
    went = f"{pattern['name']}: {len(every)} outcomes in {schedules} schedules of dfs, all of them in {sampled} of others"
    if program is not None:
        by_go = go_outcomes(program, pattern, runs)
        told.by_go += len(by_go)
        went += f"; Go has shown {len(by_go)}"
        for one in sorted(set(by_go) - every):
            _report(told, pattern, f"real Go has come to what no search has, {by_go[one]} times in {runs}", one)
    print(f"  {went}", flush=True)


def _report(told: Told, pattern: dict[str, Any], what: str, one: Outcome) -> None:
    told.wrong += 1
    print(f"DIFFERS {what}\n  {json.dumps(pattern)}\n  {one}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outcomes", type=Path, required=True, metavar="PROGRAM", help="newproc_outcomes")
    parser.add_argument("--work", type=Path, default=Path("build"), help="where the oracle is built")
    parser.add_argument("--count", type=int, default=6, help="patterns (default 6)")
    parser.add_argument("--runs", type=int, default=100, help="of real Go a pattern (default 100)")
    parser.add_argument("--seed", type=int, help="of the patterns (default: from the clock)")
    args = parser.parse_args()
    seed = args.seed if args.seed is not None else int(time.time())
    program: Path | str | None = realgo.build(args.work.resolve() / "oracle")
    if isinstance(program, str):
        print(f"NO REAL GO ({program}): only searches are compared with each other", flush=True)
        program = None
    print(f"seed {seed}", flush=True)
    told, tool = Told(), Tool(args.outcomes)
    rng = random.Random(seed)
    while told.patterns < args.count:
        name = f"small {seed}.{told.patterns + told.one_way + told.left_out}"
        compare(tool, program, SmallGenerator(random.Random(rng.getrandbits(64))).pattern(name), args.runs, seed, told)
    tool.close()
    print(f"{told.patterns} patterns ({told.one_way} others have one outcome, {told.left_out} over {MOST_EXHAUSTIVE} schedules), {told.outcomes} outcomes; "
          f"real Go has shown {told.by_go} in {args.runs} runs each; {told.wrong} differences")
    return 1 if told.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
