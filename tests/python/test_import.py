"""What `import newproc` costs: it brings in nothing heavy until that is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numpy", "rich", "hypothesis", "pytest", "anywidget", "asyncio", "selenium", "pandas", "pyarrow", "http", "unittest", "newproc.picture")


def loaded_by(code: str) -> set[str]:
    code += f"\nimport sys; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


def test_importing_brings_in_nothing_heavy():
    assert loaded_by("import newproc") == set()


def test_importing_loads_what_goroutines_call_and_no_more():
    code = "import sys; before = set(sys.modules); import newproc; print(*set(sys.modules) - before)"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    ours = {name for name in loaded if name.startswith("newproc")}
    assert ours == {"newproc", *(f"newproc.{name}" for name in ("_supported", "_core", "_errors", "_runtime", "_sync"))}
    assert loaded.isdisjoint({"dataclasses", "inspect", "json", "pathlib", "threading", "array", "importlib.metadata"})


def test_whatever_has_a_name_can_be_had():
    import newproc

    for name in newproc.__all__:
        assert getattr(newproc, name) is not None
    assert set(newproc.__all__) <= set(dir(newproc))
    with pytest.raises(AttributeError, match="module 'newproc' has no attribute 'gosch'"):
        newproc.gosch


def test_running_does_not_either():
    assert loaded_by("import newproc; newproc.run(lambda: newproc.gosched(), seed=1); newproc.Pattern({'bodies': [[]]}).run(trace=True)") == set()


def test_looking_at_events_brings_in_numpy_and_pictures_theirs():
    looked = "import newproc; t = newproc.run(lambda: newproc.gosched(), seed=1, trace=True).trace; t.events"
    assert loaded_by(looked) == {"numpy"}
    assert loaded_by(looked + "; t.to_svg()") == {"numpy", "newproc.picture"}


IN_A_SUB_INTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
import newproc
other = interpreters.create()
getattr(interpreters, "exec", interpreters.run_string)(other, '''
try:
    import newproc
except ImportError as error:
    print("refused:", error, flush=True)
''')
interpreters.destroy(other)
newproc.run(lambda: print("goid", newproc.goid()))
"""


def test_a_sub_interpreter_is_refused_and_the_main_one_goes_on():
    ended = subprocess.run([sys.executable, "-c", IN_A_SUB_INTERPRETER], capture_output=True, text=True, timeout=100)
    assert (ended.returncode, ended.stderr) == (0, "")
    refused, runs = ended.stdout.splitlines()
    assert refused.startswith("refused: newproc runs in the main interpreter only")
    assert runs == "goid 1"


def test_a_cpython_without_the_gil_is_refused():
    code = "import sys; sys._is_gil_enabled = lambda: False; import newproc"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert ended.returncode == 1
    assert ended.stderr.endswith("ImportError: newproc needs a CPython with the GIL; this one runs without it\n")
