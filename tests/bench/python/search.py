#!/usr/bin/env python3
"""Schedules a second of searches over Python programs, beside frontrun: search.py [--seconds 3] [--repeats 3] [SHAPE ...]

Run it with a Python that has newproc and, for the last column, frontrun; it is left out where that is missing. Each number is the median of the
repeats, which take turns. frontrun runs the same work on threads: four that add to one counter without a lock.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import newproc

ASKED = 5_000


def counter() -> None:
    """Four goroutines that add to one Var, each once."""
    total, wg = newproc.Var(0), newproc.WaitGroup()
    for _ in range(4):
        wg.go(total.update, plus_one)
    wg.wait()


def plus_one(n: int) -> int:
    return n + 1


def locked() -> None:
    """The same under a mutex."""
    total, mutex, wg = newproc.Var(0), newproc.Mutex(), newproc.WaitGroup()

    def add() -> None:
        with mutex:
            total.value += 1

    for _ in range(4):
        wg.go(add)
    wg.wait()
    assert total.value == 4


def channels() -> None:
    """Three workers that square numbers for main, over two channels."""
    jobs: newproc.Chan[int] = newproc.Chan()
    squares: newproc.Chan[int] = newproc.Chan()

    def work() -> None:
        for n in jobs:
            squares.send(n * n)

    for _ in range(3):
        newproc.go(work)
    newproc.go(feed, jobs)
    assert sum(squares.recv() for _ in range(3)) == 5


def feed(jobs: newproc.Chan[int]) -> None:
    with jobs:
        for n in range(3):
            jobs.send(n)


class Shared:
    total = 0

    def add(self) -> None:
        was = self.total
        self.total = was + 1


def lines() -> None:
    """Four goroutines with a point before each line of a method."""
    shared, wg = Shared(), newproc.WaitGroup()
    for _ in range(4):
        wg.go(shared.add)
    wg.wait()


SHAPES: dict[str, tuple[Callable[[], None], list[object]]] = {
    "counter": (counter, []), "locked": (locked, []), "channels": (channels, []), "lines": (lines, [Shared])}


def rate(shape: str, driver: str, seconds: float) -> float:
    main, points = SHAPES[shape]
    done = newproc.explore(main, driver=driver, schedules=10_000_000, seconds=seconds, points=points, check=False, shrink=False)
    return done.schedules / done.seconds


def rival(seconds: float) -> float | None:
    """frontrun's random schedules of four threads, in a process of its own: its command has to prepare that."""
    command = Path(sys.executable).with_name("frontrun")
    if not command.exists():
        return None
    said = subprocess.run([str(command), sys.executable, __file__, "--rival", "--seconds", str(seconds)], capture_output=True, text=True, check=False)
    found = re.search(r"^RESULT ([0-9.]+)", said.stdout, re.MULTILINE)
    if found is None:
        sys.exit(f"search.py: frontrun failed:\n{said.stderr or said.stdout}")
    return float(found[1])


def be_the_rival(seconds: float) -> None:
    import frontrun

    runs = 0

    class State:
        def __init__(self) -> None:
            nonlocal runs
            runs += 1
            self.total = 0

    def add(state: State) -> None:
        was = state.total
        state.total = was + 1

    began = time.perf_counter()
    frontrun.explore(setup=State, workers=[add] * 4, invariant=lambda state: True, strategy="random", max_attempts=1_000_000, total_timeout=seconds)
    print(f"RESULT {runs / (time.perf_counter() - began):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3, help="of each measurement (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="default: %(default)s")
    parser.add_argument("shapes", nargs="*", default=list(SHAPES), metavar="SHAPE", help=f"some of {', '.join(SHAPES)} (default: all)")
    parser.add_argument("--rival", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rival:
        return be_the_rival(options.seconds)
    if unknown := set(options.shapes) - set(SHAPES):
        parser.error(f"no shape {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    columns: dict[str, Callable[[str], float | None]] = {
        "random": lambda shape: rate(shape, "random", options.seconds), "portfolio": lambda shape: rate(shape, "portfolio", options.seconds)}
    cells: dict[tuple[str, str], list[float]] = {}
    others: list[float] = []
    for _ in range(options.repeats):
        for shape in options.shapes:
            for name, measure in columns.items():
                cells.setdefault((shape, name), []).append(measure(shape) or 0)
        if (other := rival(options.seconds)) is not None:
            others.append(other)
    print(f"{'schedules/s':12}" + "".join(f"{name:>12}" for name in columns) + f"{'asked':>12}")
    for shape in options.shapes:
        rates = [statistics.median(cells[shape, name]) for name in columns]
        print(f"{shape:12}" + "".join(f"{r:12,.0f}" for r in rates) + f"{ASKED:12,}  {'holds' if min(rates) >= ASKED else 'missed'}")
    print(f"frontrun's random walk, four threads: {statistics.median(others):,.0f}" if others else "frontrun is not installed")


if __name__ == "__main__":
    main()
