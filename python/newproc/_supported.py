"""Where newproc can run: said before the extension is loaded."""

from __future__ import annotations

import sys
from typing import Any


def _interpreters() -> Any:
    """CPython's module for sub-interpreters, under its name of the day; None in builds without one."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            return __import__(name)
        except ImportError:
            continue
    return None


def check() -> None:
    """ImportError where goroutines could not run."""
    if hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled():
        raise ImportError("newproc needs a CPython with the GIL; this one runs without it")
    interpreters = _interpreters()
    if interpreters is not None and interpreters.get_current() != interpreters.get_main():
        raise ImportError(
            "newproc runs in the main interpreter only: its goroutines go from thread to thread with their frames. "
            "Instead of a sub-interpreter use a process: multiprocessing, subprocess"
        )
