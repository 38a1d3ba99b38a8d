"""What `import newproc` costs: it brings in nothing heavy until that is used."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "rich", "hypothesis", "pytest", "anywidget", "asyncio", "selenium", "pandas", "pyarrow", "http", "unittest", "newproc.picture")


def loaded_by(code: str) -> set[str]:
    code += f"\nimport sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_brings_in_nothing_heavy():
    assert loaded_by("import newproc") == set()


def test_running_does_not_either():
    assert loaded_by("import newproc; newproc.run(lambda: newproc.gosched(), seed=1); newproc.Pattern({'bodies': [[]]}).run(trace=True)") == set()


def test_looking_at_events_brings_in_numpy_and_pictures_theirs():
    looked = "import newproc; t = newproc.run(lambda: newproc.gosched(), seed=1, trace=True).trace; t.events"
    assert loaded_by(looked) == {"numpy"}
    assert loaded_by(looked + "; t.to_svg()") == {"numpy", "newproc.picture"}
