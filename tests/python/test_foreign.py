"""newproc without its package: cffi on header and library, as they are installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "capi" / "examples" / "pattern_cffi.py"


def test_cffi_reads_the_whole_header_and_runs_patterns():
    pytest.importorskip("cffi", reason="pip install 'newproc[test]'")
    ended = subprocess.run([sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[3] == '[0,"snap",2,[1],[],1,0,0]'
    assert lines[-2:] == ["257 goroutines: 256 in the ring, 0 in the global queue", "258 goroutines: 128 in the ring, 129 in the global queue"]


def test_every_function_of_the_header_is_declared_and_found(monkeypatch):
    pytest.importorskip("cffi")
    monkeypatch.syspath_prepend(str(EXAMPLE.parent))
    import newproc
    import pattern_cffi

    package = Path(newproc.__file__).parent
    _, rt = pattern_cffi.load(package / "include" / "newproc.h", package / "libnewproc.so.1")
    names = (EXAMPLE.parents[1] / "symbols.txt").read_text().split()
    exported = [name for name in names if name.startswith("rt_")]
    assert len(exported) > 100
    for name in exported:
        assert getattr(rt, name)
