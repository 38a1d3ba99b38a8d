#!/usr/bin/env python3
"""The examples of other tools, found by them and by newproc: how many lines, how many schedules, how long.

  rivals.py [--repeats 5] [--work build/rivals] [--page]

Run it with a Python that has newproc. It makes a virtual environment for each tool, with a Python that the tool works on where there is
one (python3.14 down to 3.10 of the PATH and of pyenv), installs the tool from PyPI, and builds shuttle's program with cargo. What cannot be had
is left out, and said. Programs take turns; the table has medians, each in a process of its own, without the start of Python and the
import of the tool. --page writes the table into the documentation.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "rivals" / "programs"
PAGE = HERE.parents[1] / "python" / "docs" / "pages" / "compare" / "rivals.md"
BEGIN, END = "<!-- rivals.py --page -->", "<!-- the end of it -->"
TOOLS = {"frontrun": "frontrun==0.7.0", "interleave_test": "interleave-test==0.1.0", "ploom": "ploom==0.1.1"}
EXAMPLES = {  # by name: what it is, and who has it
    "counter": ("two add one to a counter", ("frontrun", "interleave_test")),
    "account": ("two withdraw all that there is", ("ploom",)),
    "locks": ("two take two locks, each its own first", ("interleave_test", "frontrun", "ploom")),
    "philosophers": ("three philosophers", ("frontrun",)),
    "stored": ("another's store comes first", ("shuttle",)),
}
SCHEDULES = re.compile(r"(?:found on schedule|failed at schedule|found after|test panicked after|Deadlock detected after) (\d+)")


def pythons():
    """Those of the machine, newest first."""
    pyenv = Path.home() / ".pyenv" / "versions"
    for minor in range(14, 9, -1):
        yield f"python3.{minor}"
        yield from (str(path) for path in sorted(pyenv.glob(f"3.{minor}.*/bin/python"), reverse=True))


def environment(tool, work):
    """The Python of a virtual environment that has the tool; None: there is none that it works on."""
    folder = work / tool
    python = folder / "bin" / "python"
    if python.exists() and subprocess.run([python, "-c", f"import {tool}"], capture_output=True).returncode == 0:
        return python
    for candidate in pythons():
        try:
            made = subprocess.run([candidate, "-m", "venv", "--clear", folder], capture_output=True).returncode == 0
        except OSError:
            continue
        pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", TOOLS[tool]]
        if made and subprocess.run(pip, capture_output=True).returncode == 0:
            return python
    return None


def shuttle(work):
    """The program; None: no cargo, or no shuttle."""
    target = work.resolve() / "shuttle"
    try:
        subprocess.run(["cargo", "build", "--release", "--locked", "--quiet", "--bin", "stored"], cwd=HERE / "shuttle", check=True,
                       env={**os.environ, "CARGO_TARGET_DIR": str(target)})
    except (OSError, subprocess.CalledProcessError):
        return None
    return target / "release" / "stored"


def lines_of(program):
    """Of code: neither empty nor a comment."""
    return sum(bool(line.strip()) and not line.strip().startswith(("#", "//")) for line in program.read_text().splitlines())


def find(example, tool, python, work):
    """(seconds, schedules) of one search in a process of its own."""
    if tool == "shuttle":
        ended = subprocess.run([python], capture_output=True, text=True, check=True, env={**os.environ, "RUST_BACKTRACE": "0"})
        return float(ended.stderr.rpartition("TOOK ")[2]), schedules_of(ended.stderr)
    program = PROGRAMS / f"{example}_{tool}.py"
    ended = subprocess.run([python, HERE / "rivals" / "timed.py", program, tool], capture_output=True, text=True, cwd=work, timeout=600)
    if ended.returncode != 0:
        sys.exit(f"rivals.py: {program.name}: {ended.stderr or ended.stdout}")
    result = json.loads(ended.stdout)
    return result["seconds"], schedules_of(result["said"])


def schedules_of(said):
    found = SCHEDULES.search(said)
    return int(found[1]) if found else None


def measure(work, repeats):
    """By (example, tool): the median of the seconds, and of the schedules."""
    where = {tool: environment(tool, work) for tool in TOOLS} | {"shuttle": shuttle(work), "newproc": sys.executable}
    for tool, python in where.items():
        if python is None:
            print(f"rivals.py: {tool} cannot be had here; its rows are left out", file=sys.stderr)
    todo = [(example, tool) for example, (_, tools) in EXAMPLES.items() for tool in ("newproc", *tools) if where[tool] is not None]
    found = {key: [] for key in todo}
    for _ in range(repeats):
        for example, tool in todo:
            found[example, tool].append(find(example, tool, where[tool], work))
    return {key: (statistics.median(s for s, _ in runs), middle([n for _, n in runs if n is not None])) for key, runs in found.items()}


def middle(values):
    return round(statistics.median(values)) if values else None


def in_words(seconds):
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def times(ratio):
    return f"{ratio:,.1f}×" if ratio >= 0.1 else f"{ratio:.2f}×"


def table(found):
    text = ["| example | tool | lines | schedules | time | newproc: lines | schedules | time | faster |", "|---|---|---|---|---|---|---|---|---|"]
    for example, (what, tools) in EXAMPLES.items():
        for tool in tools:
            if (example, tool) not in found:
                continue
            (theirs, n), (ours, m) = found[example, tool], found[example, "newproc"]
            suffix = "rs" if tool == "shuttle" else "py"
            lines = [lines_of(PROGRAMS / f"{example}_{name}") for name in (f"{tool}.{suffix}", "newproc.py")]
            text.append(f"| {what} | {tool.replace('_', '-')} | {lines[0]} | {n or '-'} | {in_words(theirs)} | {lines[1]} | {m or '-'} | {in_words(ours)} "
                        f"| {times(theirs / ours)} |")
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--work", type=Path, default=HERE.parents[1] / "build" / "rivals", help="where environments are made (default: build/rivals)")
    parser.add_argument("--page", action="store_true", help="write the table into the documentation")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    text = table(measure(args.work, args.repeats))
    print(text, end="")
    if args.page:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
