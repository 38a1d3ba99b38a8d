"""newproc through cffi alone: every declaration is made from newproc.h, so none can be wrong or missing.

    python pattern_cffi.py [newproc.h libnewproc.so.1]

Without arguments it takes the two from the installed package. It needs cffi and a C compiler, for its preprocessor.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cffi import FFI


def declarations(header: Path) -> str:
    """What cffi's cdef reads: the header after the preprocessor, without system headers and inline functions."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("stddef.h", "stdint.h"):  # cffi knows their types
            (Path(folder) / name).touch()
        command = ["cc", "-E", "-P", "-nostdinc", "-U__GNUC__", f"-I{folder}", str(header)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"static inline .*?\n}", "", text, flags=re.DOTALL)


def load(header: Path, library: Path) -> tuple[FFI, Any]:
    """The types and the functions."""
    ffi = FFI()
    ffi.cdef(declarations(header))
    return ffi, ffi.dlopen(str(library))


def check(ffi: FFI, rt: Any, status: int) -> None:
    """Raise what the library says."""
    if status != rt.RT_OK:
        raise RuntimeError(ffi.string(rt.rt_last_error()).decode())


def run_pattern(ffi: FFI, rt: Any, text: str) -> tuple[str, int, int]:
    """Run a spawn pattern as real Go does at GOMAXPROCS=1: its log, and how many goroutines its end finds in P0's ring
    and in the global queue. For goroutines in Python there is the package newproc: they need thread states of their own.
    """
    pattern, result = ffi.new("rt_pattern **"), ffi.new("rt_result **")
    data = text.encode()
    check(ffi, rt, rt.rt_pattern_parse(data, len(data), pattern))
    try:
        check(ffi, rt, rt.rt_pattern_run(pattern[0], ffi.NULL, ffi.NULL, 1, result))
        log: bytes = ffi.buffer(result[0].log, result[0].log_len)[:]
        snapshot = result[0].snapshot
        seen = log.decode(), snapshot.ps[0].nrunq, snapshot.nrunq
        rt.rt_result_free(result[0])
        return seen
    finally:
        rt.rt_pattern_free(pattern[0])


def main() -> None:
    if len(sys.argv) > 2:
        header, library = Path(sys.argv[1]), Path(sys.argv[2])
    else:
        import newproc

        package = Path(newproc.__file__).parent
        header, library = package / "include" / "newproc.h", package / "libnewproc.so.1"
    ffi, rt = load(header, library)
    print("newproc", ffi.string(rt.rt_version()).decode())
    print(run_pattern(ffi, rt, '{"bodies": [[["go", 1], ["go", 1], ["snap"], ["yield"]], [["mark", 7]]]}')[0], end="")
    for n in (257, 258):
        _, ring, everybodys = run_pattern(ffi, rt, f'{{"bodies": [[["loop", {n}, [["go", 1]]]], []]}}')
        print(f"{n} goroutines: {ring} in the ring, {everybodys} in the global queue")


if __name__ == "__main__":
    main()
