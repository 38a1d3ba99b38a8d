#!/usr/bin/env python3
"""newproc beside Go 1.21.13 and other runtimes, in one run, interleaved: medians, ratios, CSV.

    bench.py --bench build/bench/bench/newproc_bench                        newproc and Go
    bench.py --bench ... --peers peers.json                                       and others

peers.json is [{"name": ..., "cmd": [...]}, ...]; a command is called with WORKLOAD PS and prints
RESULT WORKLOAD PS cold=NS warm=NS. Only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORKLOADS = ("W1", "W1b", "W2_2", "W2_1000")
REACH = {("W1", 1): 40, ("W1b", 1): 40, ("W2_2", 1): 12, ("W2_1000", 1): 13, ("W1", 2): 80, ("W1b", 2): 80, ("W2_2", 2): 16, ("W2_1000", 2): 15}
REACH_RATIO = {("W1", 1): 27, ("W1b", 1): 4.6, ("W2_2", 1): 4.8, ("W2_1000", 1): 6, ("W1", 2): 3, ("W1b", 2): 2.6, ("W2_2", 2): 3.7, ("W2_1000", 2): 5}
RESULT = re.compile(r"^RESULT \S+ \S+ .*\bwarm=([0-9.]+)", re.M)
SECONDS = 300


def build_go(into: Path) -> Path | None:
    sys.path.insert(0, str(HERE.parent / "fidelity"))
    from realgo import TOOLCHAIN, find_go

    go = find_go()
    if go is None:
        return None
    into.mkdir(parents=True, exist_ok=True)
    env = dict(os.environ, GOTOOLCHAIN=TOOLCHAIN, GOFLAGS="-buildvcs=false")
    done = subprocess.run([go, "build", "-o", str(into / "gobench"), "."], cwd=HERE / "go", env=env, capture_output=True, text=True)
    return into / "gobench" if done.returncode == 0 else None


def measure(command: list[str], workload: str, procs: int) -> float | None:
    """Warm nanoseconds an operation; None where the program has not that workload."""
    done = subprocess.run([*command, workload, str(procs)], capture_output=True, text=True, timeout=SECONDS)
    found = RESULT.search(done.stdout)
    return float(found.group(1)) if found else None


def speed(who: dict[str, list[str]], repeat: int, out: Path) -> None:
    rows = []
    for procs in (1, 2):
        for workload in WORKLOADS:
            samples: dict[str, list[float]] = {name: [] for name in who}
            for _ in range(repeat):
                for name, command in who.items():
                    ns = measure(command, workload, procs)
                    if ns is not None:
                        samples[name].append(ns)
            medians = {name: statistics.median(values) for name, values in samples.items() if values}
            for name, ns in medians.items():
                rows.append({"workload": workload, "ps": procs, "who": name, "ns": f"{ns:.1f}", "runs": len(samples[name])})
            ours, go = medians["newproc"], medians.get("go1.21")
            ratio = f"{go / ours:5.1f}x Go (reach {REACH_RATIO[workload, procs]}x)" if go else ""
            others = "  ".join(f"{name} {ns:.1f}" for name, ns in medians.items() if name != "newproc")
            print(f"{workload:8} {procs} P  newproc {ours:7.1f} ns (reach {REACH[workload, procs]})  {ratio}  {others}", flush=True)
    with out.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"written to {out}")


def ratio_of(program: str, a: list[str], b: list[str], repeat: int) -> float:
    """Median of warm(a) over median of warm(b), interleaved."""
    x, y = [], []
    for _ in range(repeat):
        for arguments, samples in ((a, x), (b, y)):
            done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=SECONDS)
            samples.append(float(RESULT.search(done.stdout).group(1)))
    return statistics.median(x) / statistics.median(y)


def others(program: str, repeat: int) -> None:
    print(f"5 us of computing each: two Ps {ratio_of(program, ['W5us', '1'], ['W5us', '2'], repeat):.2f}x as fast as one (reach 1.8)")
    for workload in ("W1b", "W2_1000"):
        cost = ratio_of(program, [workload, "1", "traced"], [workload, "1"], repeat)
        print(f"tracing on, {workload}: {100 * (cost - 1):+.1f} % (reach 10 %)")
    done = subprocess.run([program, "W2_1000", "1", "sim"], capture_output=True, text=True, timeout=SECONDS)
    print(f"sim world, W2_1000: {1e3 / float(RESULT.search(done.stdout).group(1)):.1f} million switches a second (reach 5)")
    print(subprocess.run([program, "parked", "1"], capture_output=True, text=True, timeout=SECONDS).stdout, end="")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, type=Path, help="the program newproc_bench")
    parser.add_argument("--peers", type=Path, help="peers.json")
    parser.add_argument("--repeat", type=int, default=7, help="runs of each (default 7)")
    parser.add_argument("--out", type=Path, default=Path("bench.csv"), help="CSV (default bench.csv)")
    parser.add_argument("--only", choices=("speed", "others"), help="half of it")
    args = parser.parse_args()
    if not args.bench.exists():
        parser.error(f"--bench {args.bench} does not exist; configure with -DNEWPROC_BENCH=ON and build")
    program = str(args.bench.resolve())
    if args.only != "others":
        who = {"newproc": [program]}
        go = build_go(args.bench.resolve().parent)
        if go is not None:
            who["go1.21"] = [str(go)]
        for peer in json.loads(args.peers.read_text()) if args.peers else []:
            who[peer["name"]] = peer["cmd"] if isinstance(peer["cmd"], list) else peer["cmd"].split()
        speed(who, args.repeat, args.out)
    if args.only != "speed":
        others(program, args.repeat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
