"""gdb lists goroutines and walks a parked one, in a live process and in the core file that the kernel wrote."""

import resource
import shutil
import subprocess
import sys
import tempfile
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


def core_of(program: str, folder: Path) -> Path | None:
    """The core that `program` leaves in `folder`; None, with the reason said, where this machine leaves none there."""

    def no_limit() -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    pattern = Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if pattern.startswith(("|", "/")):
        print(f"SKIPPED core file: core_pattern is {pattern!r}, so that none appears in the folder of the program")
        return None
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        print("SKIPPED core file: the hard limit on core files is 0")
        return None
    subprocess.run([program], cwd=folder, preexec_fn=no_limit, capture_output=True, timeout=120)
    cores = list(folder.glob("*core*"))
    if not cores:
        raise SystemExit(f"{program} aborted, and left no core file in {folder}")
    return cores[0]


def main() -> int:
    if shutil.which("gdb") is None:
        print("gdb is not here; install it: apt-get install gdb")
        return 1
    program = sys.argv[1]
    bad = missing(gdb("-ex", "run", *LOOK, program), "live")
    with tempfile.TemporaryDirectory() as folder:
        core = core_of(program, Path(folder))
        if core is not None:
            bad |= missing(gdb(*LOOK, program, str(core)), "core file")
    print("failed" if bad else "goroutines listed, a parked one walked")
    return bad


if __name__ == "__main__":
    sys.exit(main())
