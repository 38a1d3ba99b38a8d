"""The oracle: real Go 1.21.13, built from oracle/ here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOOLCHAIN = "go1.21.13"
SETTINGS = {"GOMAXPROCS": "1", "GOGC": "off", "GODEBUG": "asyncpreemptoff=1"}
USUAL_PLACES = ("/usr/local/go/bin/go", "/usr/lib/go/bin/go")
SECONDS_A_PATTERN = 60
WORKERS = 2


def find_go() -> str | None:
    """A go command that can be or fetch TOOLCHAIN."""
    found = shutil.which("go")
    return found or next((place for place in USUAL_PLACES if os.access(place, os.X_OK)), None)


def build(into: Path) -> Path | str:
    """The oracle's program, or why it cannot be had."""
    go = find_go()
    if go is None:
        return "no go command on the PATH"
    into.mkdir(parents=True, exist_ok=True)
    program = into / "oracle"
    env = dict(os.environ, GOTOOLCHAIN=TOOLCHAIN, GOFLAGS="-buildvcs=false")
    version = subprocess.run([go, "version"], cwd=HERE / "oracle", env=env, capture_output=True, text=True)
    if TOOLCHAIN not in version.stdout:
        reason = (version.stderr or version.stdout).strip().splitlines()
        return f"{go} is not and cannot fetch {TOOLCHAIN}: {reason[-1] if reason else 'no output'}"
    done = subprocess.run([go, "build", "-o", str(program), "."], cwd=HERE / "oracle", env=env, capture_output=True, text=True)
    return program if done.returncode == 0 else f"go build failed: {done.stderr.strip()}"


def run_one(program: Path, pattern: dict[str, Any]) -> dict[str, Any]:
    """Log, exit status and first line of standard error of one pattern, in a process of its own."""
    with tempfile.NamedTemporaryFile() as log:
        done = subprocess.run(
            [str(program), log.name], input=json.dumps(pattern), env=dict(os.environ, **SETTINGS),
            capture_output=True, text=True, timeout=SECONDS_A_PATTERN,
        )
        lines = Path(log.name).read_text().splitlines()
    first = done.stderr.splitlines()[0] if done.stderr else ""
    return {"name": pattern["name"], "log": [json.loads(line) for line in lines], "rc": done.returncode, "end": first}


def run(program: Path, patterns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What real Go does with each, in order."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda p: run_one(program, p), patterns))
