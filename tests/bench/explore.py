#!/usr/bin/env python3
"""Schedules a second of the processor's time, beside shuttle's random walk (crates.io) on the same shapes, in turns. Only ratios within
one run mean anything.

  explore.py --build DIR [--seconds 0.5] [--repeats 5] [SHAPE...]

Needs cargo, which fetches and builds shuttle the first time. One core; assertions off, so that every schedule goes to its end.
"""

import argparse
import os
import re
import statistics
import subprocess
from pathlib import Path

from bench import program

HERE = Path(__file__).resolve().parent
SHAPES = ["account", "lazy01", "twostage", "reorder_3", "reorder_4", "reorder_10", "reorder_100", "twostage_100", "din_phil_3"]
RESULT = re.compile(r"RESULT explore_speed (\S+) driver=(\S+) schedules_per_s=(\d+)")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="build directory, configured with -DNEWPROC_BENCH=ON")
    parser.add_argument("--seconds", type=float, default=0.5, help="of one measurement")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--drivers", default="random,portfolio", help="of newproc (default: %(default)s)")
    parser.add_argument("shapes", nargs="*", default=SHAPES, metavar="SHAPE")
    return parser.parse_args()


def build_shuttle(build):
    target = build.resolve() / "shuttle"
    subprocess.run(["cargo", "build", "--release", "--locked", "--quiet"], cwd=HERE / "shuttle", check=True, env={**os.environ, "CARGO_TARGET_DIR": str(target)})
    return str(target / "release" / "bench-shuttle")


def measure(command, env):
    output = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **env}).stdout
    return {(shape, driver): int(rate) for shape, driver, rate in RESULT.findall(output)}


def main():
    args = arguments()
    shuttle, ours = build_shuttle(args.build), str(program(args.build, "bench_explore"))
    drivers = args.drivers.split(",")
    rates = {}
    for _ in range(args.repeats):
        for shape in args.shapes:
            got = measure([ours, "speed", shape], {"SECONDS": str(args.seconds), "DRIVERS": " ".join(drivers)})
            got.update(measure([shuttle, str(args.seconds), shape], {}))
            for key, rate in got.items():
                rates.setdefault(key, []).append(rate)
    medians = {key: statistics.median(all_of_it) for key, all_of_it in rates.items()}
    print("| shape | shuttle random | " + " | ".join(f"{d} | ratio" for d in drivers) + " |\n|" + "---|" * (2 + 2 * len(drivers)))
    for shape in args.shapes:
        base = medians[shape, "shuttle-random"]
        cells = " | ".join(f"{medians[shape, d]:,.0f} | {medians[shape, d] / base:.2f}" for d in drivers)
        print(f"| {shape} | {base:,.0f} | {cells} |")


if __name__ == "__main__":
    main()
