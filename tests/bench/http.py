#!/usr/bin/env python3
"""The HTTP hello server in C (capi/examples/http.c) next to Go's net/http and Boost.Asio: wrk drives one after the other, in
turns. Only ratios within one run mean anything.

  http.py --build DIR [--workers 1,2] [--connections 100] [--seconds 3] [--repeats 3]

With one worker the server has the first CPU of this process for itself and wrk the others; with more they share all.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import GO_VERSION, program

HERE = Path(__file__).resolve().parent
UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True, help="build directory, configured with -DNEWPROC_BENCH=ON")
    parser.add_argument("--workers", default="1,2", help="Ps, GOMAXPROCS, threads (default: %(default)s)")
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=3, help="of one measurement")
    parser.add_argument("--repeats", type=int, default=3)
    return parser.parse_args()


def build_go(into):
    binary = str(Path(into) / "http-go")
    subprocess.run(["go", "build", "-o", binary, "."], cwd=HERE / "http_go", check=True, env={**os.environ, "GOTOOLCHAIN": GO_VERSION})
    return binary


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, server):
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as s:
                s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                if s.recv(4096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            if server.poll() is not None:
                sys.exit(f"http.py: {server.args[0]} ended with {server.returncode}")
            time.sleep(0.01)


def pinned(workers):
    """CPU lists for server and wrk."""
    cpus = sorted(os.sched_getaffinity(0))
    if workers > 1 or len(cpus) < 2:
        return [], []
    return ["taskset", "-c", str(cpus[0])], ["taskset", "-c", ",".join(map(str, cpus[1:]))]


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * UNITS[unit]


def measure(command, env, workers, args):
    """(requests a second, p50 us, p99 us)"""
    port = free_port()
    at_server, at_wrk = pinned(workers)
    server = subprocess.Popen([*at_server, *[word.format(port=port, workers=workers) for word in command]],
                              env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    try:
        wait_for(port, server)
        wrk = subprocess.run([*at_wrk, "wrk", "-t1", f"-c{args.connections}", f"-d{args.seconds}s", "--latency", f"http://127.0.0.1:{port}/"],
                             capture_output=True, text=True, check=True).stdout
    finally:
        server.kill()
        server.wait()
    if "Non-2xx" in wrk or "Socket errors" in wrk:
        sys.exit(f"http.py: {command[0]}:\n{wrk}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", wrk)[1])
    p50, p99 = (microseconds(re.search(rf"\n\s+{p}%\s+(\S+)", wrk)[1]) for p in (50, 99))
    return rate, p50, p99


def main():
    args = arguments()
    for tool in ("wrk", "go", "taskset"):
        if shutil.which(tool) is None:
            sys.exit(f"http.py: no {tool} command; on Debian: apt-get install wrk golang-go util-linux")
    with tempfile.TemporaryDirectory() as scratch:
        servers = {
            "newproc": [program(args.build, "bench_http"), "{port}", "{workers}"],
            "Go net/http": [build_go(scratch), "{port}"],
            "Boost.Asio": [program(args.build, "bench_http_asio"), "{port}", "{workers}"],
        }
        for workers in map(int, args.workers.split(",")):
            runs = {name: [] for name in servers}
            for _ in range(args.repeats):
                for name, command in servers.items():
                    runs[name].append(measure(command, {"GOMAXPROCS": str(workers)}, workers, args))
            ours = statistics.median(run[0] for run in runs["newproc"])
            for name, results in runs.items():
                rate, p50, p99 = (statistics.median(column) for column in zip(*results))
                print(f"{workers} worker{'s' * (workers > 1)}  {name:12} {rate:9.0f} requests/s  p50 {p50:7.0f} us  p99 {p99:7.0f} us"
                      f"  newproc's rate is {ours / rate:.2f} of it", flush=True)


if __name__ == "__main__":
    main()
