"""What concerns the whole process: signals and faults, forks, the environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

import pytest

ENABLE = {"before": "import faulthandler; faulthandler.enable()\nimport newproc", "after": "import newproc\nnewproc.run(lambda: None)\nimport faulthandler; faulthandler.enable()"}


def python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=120, env=env)


RECURSION = """
volatile int bottom = -1;
int deeper(int n) {
  volatile char frame[512];
  for (int i = 0; i < 512; i++) frame[i] = (char)n;
  return n == bottom ? 0 : deeper(n + 1) + frame[0];
}
"""

DEEP = """
{enable}
import ctypes
deeper = ctypes.CDLL({library!r}).deeper
def main():
    newproc.go(deeper, 0)
    while True: newproc.gosched()
newproc.run(main, procs=1{seed})
"""


@pytest.fixture(scope="session")
def recursion(tmp_path_factory):
    """A C library that recurses for ever: Python itself counts its levels and stops in time."""
    folder = tmp_path_factory.mktemp("recursion")
    (folder / "deeper.c").write_text(RECURSION)
    subprocess.run(["cc", "-O1", "-fno-optimize-sibling-calls", "-shared", "-fPIC", "deeper.c", "-o", "libdeeper.so"], cwd=folder, check=True)
    return str(folder / "libdeeper.so")


@pytest.mark.parametrize("seed", ["", ", seed=1"], ids=["threads", "sim"])
@pytest.mark.parametrize("order", ENABLE)
def test_a_stack_overflow_is_reported_with_faulthandler_enabled_before_or_after(order, seed, recursion):
    done = python(DEEP.format(enable=ENABLE[order], library=recursion, seed=seed))
    assert "fatal error: stack overflow" in done.stderr
    assert "goroutine 2 [running]:" in done.stderr
    assert done.returncode == 2


@pytest.mark.parametrize("order", ENABLE)
def test_a_real_segfault_in_a_goroutine_is_faulthandlers(order):
    done = python(f"{ENABLE[order]}\nimport ctypes\nnewproc.run(lambda: ctypes.string_at(0))")
    assert "Fatal Python error: Segmentation fault" in done.stderr
    assert "stack overflow" not in done.stderr
    assert done.returncode == -signal.SIGSEGV


@pytest.mark.parametrize("seed", ["", ", seed=1"], ids=["threads", "sim"])
def test_recursion_through_c_within_pythons_limit_is_a_recursion_error(seed):
    done = python(f"""
        import newproc
        def deeper(n):
            newproc.gosched()
            return max(map(deeper, [n + 1]))
        def main():
            try:
                deeper(0)
            except RecursionError:
                print("caught")
        newproc.run(main, procs=1{seed})
    """)
    assert done.stdout == "caught\n", done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("procs", [1, 2])
def test_a_goroutine_forks_and_starts_programs(procs):
    done = python(f"""
        import newproc, os, subprocess, sys
        seen = []
        def main():
            newproc.go(lambda: seen.append("other"))
            child = os.fork()
            if child == 0:
                os._exit(7)
            seen.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            seen.append(subprocess.run(["sh", "-c", "exit 5"]).returncode)
            while "other" not in seen:
                newproc.gosched()
        newproc.run(main, procs={procs})
        print(sorted(map(str, seen)))
    """)
    assert done.stdout == "['5', '7', 'other']\n", done.stderr
    assert done.returncode == 0


LOGGED = "import newproc\ntry:\n    newproc.run(lambda: 1 / 0, procs=1)\nexcept newproc.GoroutinePanic:\n    pass"


def test_the_log_level_comes_from_the_environment():
    assert "run ends: panic" in python(LOGGED, NEWPROC_LOG="info").stderr
    assert python(LOGGED, NEWPROC_LOG="error").stderr == ""
    assert python(LOGGED, NEWPROC_LOG="off").stderr == ""


def test_a_log_level_that_is_none_is_named_with_those_there_are():
    said = python(LOGGED, NEWPROC_LOG="loud").stderr
    assert 'NEWPROC_LOG is "loud"; give off, error, warn, info or debug' in said
