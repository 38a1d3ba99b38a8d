"""A stack overflow is reported by goid and spawn site, and the process ends with status 2."""

import subprocess
import sys


def main() -> int:
    for world, procs in (("0", "1"), ("0", "2"), ("1", "1"), ("1", "2")):
        done = subprocess.run([sys.argv[1], world, procs], capture_output=True, text=True, timeout=60)
        for text in ("byte limit", "fatal error: stack overflow", "goroutine 2 [running]:", "created by deep.cpp:42"):
            if done.returncode != 2 or text not in done.stderr:
                print(f"world {world}, {procs} Ps: exit {done.returncode}, no {text!r} in:\n{done.stderr}")
                return 1
    print("four overflows reported")
    return 0


if __name__ == "__main__":
    sys.exit(main())
