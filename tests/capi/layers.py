"""An include points down only, and what is hidden stays in its one place."""

import re
import sys
from pathlib import Path

CPP = Path(__file__).resolve().parents[2] / "cpp"
ORDER = ["base", "trace", "context", "world", "queue", "g", "sched", "sync", "runtime", "pattern", "explore"]
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.M)
HIDDEN = {"boost/context": "context/fcontext.hpp", "boost/intrusive": "queue/", "spdlog/": "base/log.cpp", "nlohmann/": "pattern/"}
CALL = re.compile(r"\brt_(?:new|delete|start_main|newproc|gosched|snapshot_take|trace_take|stats)\s*\(")


def problems_of(path: Path) -> list[str]:
    name = path.relative_to(CPP).as_posix()
    layer = name.split("/")[0]
    text = path.read_text()
    found = []
    for include in INCLUDE.findall(text):
        other = include.split("/")[0]
        if other in ORDER and ORDER.index(other) > ORDER.index(layer):
            found.append(f"{name} includes {include}, which is above it")
        found += [f"{name} includes {include}; only {home} may" for start, home in HIDDEN.items()
                  if include.startswith(start) and not name.startswith(home)]
    code = re.sub(r"//.*|\"[^\"\n]*\"", "", text)
    found += [f"{name} calls {call} of the C ABI, which is above it" for call in CALL.findall(code)]
    return found


def main() -> int:
    files = sorted(p for p in CPP.rglob("*") if p.suffix in (".hpp", ".cpp"))
    problems = [problem for path in files for problem in problems_of(path)]
    print("\n".join(problems) or f"{len(files)} files, every include points down")
    return bool(problems) or not files


if __name__ == "__main__":
    sys.exit(main())
