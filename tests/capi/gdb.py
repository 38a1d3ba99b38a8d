"""gdb lists goroutines and walks a parked one in a live process."""

import shutil
import subprocess
import sys
from pathlib import Path

EXTENSION = Path(__file__).resolve().parents[2] / "capi" / "gdb" / "newproc.py"
LOOK = ["-ex", "info goroutines", "-ex", "goroutine 2 bt", "-ex", "goroutine 99 bt"]
EXPECTED = ("1  running", "2  waiting", "3  waiting", "parked.cpp:", "parker", "goroutine_entry", "no live goroutine 99")


def gdb(*arguments: str) -> str:
    done = subprocess.run(["gdb", "-batch", "-nx", "-ex", f"source {EXTENSION}", *arguments], capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


def missing(text: str, where: str) -> bool:
    absent = [word for word in EXPECTED if word not in text]
    if absent:
        print(f"{where}: no {absent} in:\n{text}")
    return bool(absent)


def main() -> int:
    if shutil.which("gdb") is None:
        print("gdb is not here; install it: apt-get install gdb")
        return 1
    program = sys.argv[1]
    bad = missing(gdb("-ex", "run", *LOOK, program), "live")
    print("failed" if bad else "goroutines listed, a parked one walked")
    return bad


if __name__ == "__main__":
    sys.exit(main())
