"""Bytes of other fuzzers as patterns: Hypothesis's fuzz_one_input by itself, and under atheris where that is installed."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings

from newproc import strategies as nst

runs = []


@settings(deadline=None, database=None)
@given(nst.patterns(), nst.schedules())
def every_run_repeats(pattern, schedule):
    first = pattern.run(**schedule)
    assert first.log == pattern.run(**schedule).log
    runs.append(len(first.log))


def test_bytes_are_programs():
    runs.clear()
    rand = random.Random(20261126)
    taken = [every_run_repeats.hypothesis.fuzz_one_input(rand.randbytes(600)) for _ in range(60)]
    used = [bytes_ for bytes_ in taken if bytes_ is not None]
    assert len(used) == len(runs) > 10
    assert max(runs) > 5  # not only empty programs
    again = list(runs)
    runs.clear()
    for bytes_ in used:
        assert every_run_repeats.hypothesis.fuzz_one_input(bytes_) is not None
    assert runs == again  # the same bytes are the same program and the same run


def test_a_failure_comes_out_of_the_bytes():
    @settings(deadline=None, database=None)
    @given(nst.fan_outs())
    def no_overflow(pattern):
        assert "RunqOverflow" not in pattern.run(trace=True).trace.names()

    rand = random.Random(1)
    with pytest.raises(AssertionError):
        for _ in range(200):
            no_overflow.hypothesis.fuzz_one_input(rand.randbytes(100))


ATHERIS = """
import sys
import atheris
with atheris.instrument_imports(include=["newproc"]):
    from newproc import strategies as nst
from hypothesis import given, settings

@settings(deadline=None, database=None)
@given(nst.patterns(), nst.schedules())
def repeats(pattern, schedule):
    assert pattern.run(**schedule).log == pattern.run(**schedule).log

atheris.Setup([sys.argv[0], "-runs=300", "-seed=1"], repeats.hypothesis.fuzz_one_input)
atheris.Fuzz()
"""


def test_atheris_drives_it(tmp_path):
    pytest.importorskip("atheris", reason="pip install atheris")
    (tmp_path / "fuzz.py").write_text(ATHERIS)
    ended = subprocess.run([sys.executable, "fuzz.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "Done 300 runs" in ended.stderr
    assert "NEW" in ended.stderr  # coverage grew
