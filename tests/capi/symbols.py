"""libnewproc exports exactly the symbols of capi/symbols.txt, which are the functions of newproc.h."""

import re
import subprocess
import sys
from pathlib import Path

CAPI = Path(__file__).resolve().parents[2] / "capi"
ALLOWED_LIBRARIES = re.compile(r"libstdc\+\+|libgcc_s|libc\.|libm\.|ld-linux|libpthread|libdl")


def main() -> int:
    library = sys.argv[1]
    listed = (CAPI / "symbols.txt").read_text().split()
    declared = sorted(set(re.findall(r"RT_API[^;(]*?\b(rt_\w+)\(", (CAPI / "include" / "newproc.h").read_text())))
    nm = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    exported = sorted(line.split()[-1].split("@")[0] for line in nm.splitlines())
    dynamic = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"NEEDED.*\[(.*)\]", dynamic)
    problems = []
    if listed != declared:
        problems.append(f"symbols.txt and newproc.h differ: {sorted(set(listed) ^ set(declared))}")
    if exported != listed:
        problems.append(f"the library and symbols.txt differ: {sorted(set(exported) ^ set(listed))}")
    problems += [f"needs {name} at run time" for name in needed if not ALLOWED_LIBRARIES.match(name)]
    print("\n".join(problems) or f"{len(exported)} symbols, needs {' '.join(needed)}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
