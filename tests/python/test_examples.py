"""The examples, as they are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "python" / "examples"

RUNS = {
    "skynet.py": (["1000"], "1000 leaves sum up to 499500: "),
    "echo.py": (["40", "5"], "40 connections, 200 messages there and back: "),
    "crawler.py": (["60", "7"], "60 pages by 7 workers; the last is 59"),
    "shutdown.py": ([], "all jobs that were handed over are done"),
    "lostupdate.py": ([], "assert: panic: assertion failed: the shop has "),
    "ratelimit.py": (["--sim"], "request 9 at  140."),
}


def run(name, *args):
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name), *args], capture_output=True, text=True, timeout=120, check=False, env={**os.environ}
    )


@pytest.mark.parametrize("name", sorted(RUNS))
def test_an_example(name):
    args, said = RUNS[name]
    ended = run(name, *args)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert said in ended.stdout


def test_the_schedule_that_an_example_prints_shows_the_same_again():
    found = run("lostupdate.py").stdout
    assert found.count("data race on the balance of the shop: ") == 2
    schedule = found.rsplit("python lostupdate.py ", 1)[1].split()[0]
    ended = run("lostupdate.py", schedule)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "panic: assertion failed: the shop has " in ended.stdout
    assert "read of the balance of the shop at lostupdate.py:" in ended.stdout


def test_every_example_is_run():
    assert sorted(RUNS) == sorted(path.name for path in EXAMPLES.glob("*.py"))


RIVALS = Path(__file__).parents[1] / "bench" / "rivals" / "programs"


@pytest.mark.parametrize("path", sorted(RIVALS.glob("*_newproc.py")), ids=lambda path: path.stem)
def test_newprocs_side_of_a_comparison_finds_its_bug(path):
    ended = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=100)
    assert ended.returncode == 1
    assert "AssertionError" in ended.stderr or "all goroutines are asleep" in ended.stderr
    if sys.version_info >= (3, 11):  # where exceptions have notes
        assert re.search(r"newproc: failed at schedule \d+ of 100; replay it with ", ended.stderr)


def test_the_comparisons_page_shows_the_program_that_is_measured():
    page = Path(__file__).parents[2] / "python" / "docs" / "pages" / "compare" / "rivals.md"
    assert (RIVALS / "counter_newproc.py").read_text() in page.read_text()
