#!/usr/bin/env python3
"""Goroutines of Python beside greenlet, gevent and asyncio, in turns: bench.py [--repeats 7] [--workloads P1,P2,P3,P4]

Run it with a Python that has newproc and requirements.txt. Each measurement is a process of its own; the table has the
medians of the warm rounds. Only ratios within one run mean anything.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from pathlib import Path

LIBRARIES = ("newproc", "greenlet", "gevent", "asyncio")
WORKLOADS = {
    "P1": "spawn, run and wait for 100,000, ns each",
    "P2": "yield, ten of them, ns",
    "P3": "there and back through two queues of one place, ns",
    "P4": "100,000 parked, bytes each",
}
# newproc's time divided by greenlet's; bytes
ASKED = {"P1": 1.6 / 1.6, "P2": 0.35 / 0.34, "P3": 0.8 / 0.78}
MOST_BYTES = 7900


def measure(library: str, workload: str) -> float:
    """Warm nanoseconds of an operation, for P4 bytes."""
    command = [sys.executable, str(Path(__file__).parent / "workloads.py"), library, workload]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    found = re.search(rf"{'bytes' if workload == 'P4' else 'warm'}=([0-9.]+)", said.stdout)
    if said.returncode != 0 or found is None:
        sys.exit(f"bench.py: {library} {workload} failed:\n{said.stderr or said.stdout}")
    return float(found[1])


def row(workload: str, runs: dict[str, list[float]]) -> list[str]:
    median = {library: statistics.median(values) for library, values in runs.items()}
    ratio = median["newproc"] / median["greenlet"]
    holds = median["newproc"] <= MOST_BYTES if workload == "P4" else ratio <= ASKED[workload]
    asked = f"{MOST_BYTES} bytes" if workload == "P4" else f"{ASKED[workload]:.2f}"
    return [workload, *(f"{median[library]:,.0f}" for library in LIBRARIES), f"{ratio:.2f}", asked, "holds" if holds else "missed"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="default: %(default)s")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="default: %(default)s")
    options = parser.parse_args()
    chosen = options.workloads.split(",")
    if unknown := set(chosen) - set(WORKLOADS):
        sys.exit(f"bench.py: --workloads: no workload {', '.join(sorted(unknown))}; there are {', '.join(WORKLOADS)}")
    cells: dict[str, dict[str, list[float]]] = {w: {library: [] for library in LIBRARIES} for w in chosen}
    for _ in range(options.repeats):
        for workload in chosen:
            for library in LIBRARIES:
                cells[workload][library].append(measure(library, workload))
    lines = [["", *LIBRARIES, "newproc/greenlet", "asked", ""], *(row(w, cells[w]) for w in chosen)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths)).rstrip())
    for workload in chosen:
        print(f"  {workload}: {WORKLOADS[workload]}")


if __name__ == "__main__":
    main()
