"""A stack overflow is reported by goid and spawn site, and the process ends with status 2: where there is a guard page at
once, where the system gave none when the goroutine yields."""

import subprocess
import sys
from itertools import product

EXPECTED = ("byte limit", "fatal error: stack overflow", "goroutine 2 [running]:", "created by deep.cpp:42")


def main() -> int:
    runs = list(product(("0", "1"), ("1", "2"), ("guarded", "unguarded")))
    for world, procs, guard in runs:
        done = subprocess.run([sys.argv[1], world, procs, guard], capture_output=True, text=True, timeout=60)
        for text in EXPECTED:
            if done.returncode != 2 or text not in done.stderr:
                print(f"world {world}, {procs} Ps, {guard}: exit {done.returncode}, no {text!r} in:\n{done.stderr}")
                return 1
    print(f"{len(runs)} overflows reported")
    return 0


if __name__ == "__main__":
    sys.exit(main())
