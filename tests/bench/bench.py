#!/usr/bin/env python3
"""Measures newproc, Go 1.21 and optional peers side by side, in turns, and writes a CSV file and a table.

  bench.py --build DIR [--peers peers.json] [--repeats 7] [--workloads W1,W2_2] [--workers 1,2]
  bench.py --build DIR --other      memory, tracing, the sim world and JSON lines instead

Each measurement is a process of its own with a cold and a warm round. Only ratios within one run mean anything.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import table
from targets import OPERATIONS

HERE = Path(__file__).resolve().parent
GO_VERSION = "go1.21.13"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="build directory, configured with -DNEWPROC_BENCH=ON")
    parser.add_argument("--peers", type=Path, help='JSON list of {"name", "cmd", "workers", "skip", "env", "post"}, as the rig has it')
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--workloads", default=",".join(OPERATIONS), help="default: %(default)s")
    parser.add_argument("--workers", default="1,2", help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("bench.csv"), help="default: %(default)s")
    parser.add_argument("--timeout", type=float, default=60, help="seconds for one process")
    parser.add_argument("--no-go", action="store_true", help="without Go: times, but no ratios")
    parser.add_argument("--other", action="store_true", help="memory, tracing, sim world, JSON lines")
    return parser.parse_args()


def program(build, name):
    found = [p for p in build.rglob(name) if p.is_file() and os.access(p, os.X_OK)]
    if not found:
        sys.exit(f"bench.py: --build {build}: no {name} there; configure with -DNEWPROC_BENCH=ON and build")
    return str(found[0])


def build_go(into):
    """Our Go program, compiled by the Go that newproc reproduces."""
    if shutil.which("go") is None:
        sys.exit("bench.py: no go command; install Go 1.21 or later (it fetches 1.21.13 itself), or say --no-go")
    binary = str(Path(into) / "bench-go")
    subprocess.run(["go", "build", "-o", binary, "."], cwd=HERE / "go", check=True, env={**os.environ, "GOTOOLCHAIN": GO_VERSION})
    return binary


def load_peers(path):
    """The rig's format. Relative commands are relative to the file."""
    peers = json.loads(path.read_text())
    for peer in peers:
        command = path.resolve().parent / peer["cmd"][0]
        if command.exists():
            peer["cmd"][0] = str(command)
    return peers


def measure(peer, workload, workers, timeout):
    """(cold_ns, warm_ns), or a string that says why there is none."""
    command = [*peer["cmd"], workload, str(workers), *peer.get("post", [])]
    try:
        done = subprocess.run(command, env={**os.environ, **peer.get("env", {})}, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return f"no end within {timeout:g} s"
    except OSError as error:
        return str(error)
    result = re.search(r"RESULT \S+ \S+ cold=(\S+) warm=(\S+)", done.stdout)
    if result:
        return float(result[1]), float(result[2])
    return "unsupported" if "UNSUPPORTED" in done.stdout else f"exit {done.returncode}: {done.stderr.strip()[-200:]}"


def measure_all(peers, workloads, workers, repeats, timeout):
    """In turns: what disturbs the machine for a while disturbs every program alike."""
    cells, out = {}, {}
    for workload in workloads:
        for _ in range(repeats):
            for n in workers:
                for peer in peers:
                    key = peer["name"], workload, n
                    if n not in peer.get("workers", workers) or workload in peer.get("skip", []) or key in out:
                        continue
                    result = measure(peer, workload, n, timeout)
                    runs = cells.setdefault(key, [])
                    if isinstance(result, str):
                        out[key] = result
                    else:
                        runs.append(result)
        print(workload, "measured", file=sys.stderr, flush=True)
    for key, why in out.items():
        print(*key, why, file=sys.stderr)
    return cells, out


def run_other(build):
    for command in (["bench_memory"], ["bench_tracing", "1"], ["bench_tracing", "2"], ["bench_sim"], ["bench_explore", "speed"], ["bench_explore", "find"], ["bench_jsonl"]):
        result = subprocess.run([program(build, command[0]), *command[1:]], capture_output=True, text=True)
        for line in result.stdout.splitlines():
            print(line.removeprefix("RESULT "), flush=True)
        if result.returncode != 0:
            sys.exit(f"bench.py: {' '.join(command)}: exit {result.returncode}: {result.stderr.strip()}")


def main():
    args = arguments()
    if args.other:
        return run_other(args.build)
    ours = program(args.build, "bench_workload")
    # Every program of this run computes the same: 5 us, as this machine goes now.
    os.environ["BENCH_5US_STEPS"] = subprocess.run([ours, "calibrate"], check=True, capture_output=True, text=True).stdout.strip()
    workloads, workers = args.workloads.split(","), [int(n) for n in args.workers.split(",")]
    peers = [{"name": table.OURS, "cmd": [ours]}]
    with tempfile.TemporaryDirectory() as scratch:
        if not args.no_go:
            peers.append({"name": table.GO, "cmd": [build_go(scratch)]})
        if args.peers:
            named = {peer["name"] for peer in peers}
            peers += [peer for peer in load_peers(args.peers) if peer["name"] not in named]
        cells, out = measure_all(peers, workloads, workers, args.repeats, args.timeout)
    table.write_csv(args.out, cells)
    table.show(cells, [peer["name"] for peer in peers], workloads, workers)
    print("written:", args.out)
    # A failure of newproc or Go is a failure of the run; a peer may lack a workload.
    return 1 if any(key[0] in (table.OURS, table.GO) for key in out) else 0


if __name__ == "__main__":
    sys.exit(main())
