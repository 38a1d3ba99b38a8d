"""rt_explore of libnewproc's C ABI, through ctypes: what one search of one pattern finds."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = {1: "deadlock", 2: "leak", 4: "panic", 8: "assert", 16: "race", 32: "livelock"}


class _Program(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("pattern", ctypes.c_void_p), ("fn", ctypes.c_void_p), ("arg", ctypes.c_void_p),
        ("ended", ctypes.c_void_p), ("stack_size", ctypes.c_size_t), ("hash", ctypes.c_uint32),
    ]


class _Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("driver", ctypes.c_char_p), ("schedules", ctypes.c_uint64), ("seed", ctypes.c_uint64),
        ("nanos", ctypes.c_uint64), ("steps", ctypes.c_uint64), ("after_main", ctypes.c_uint64), ("find", ctypes.c_uint32),
        ("first", ctypes.c_uint32), ("shrink", ctypes.c_uint32), ("depth", ctypes.c_uint32), ("bound", ctypes.c_uint32),
        ("choose", ctypes.c_void_p), ("choose_arg", ctypes.c_void_p), ("prefix", ctypes.c_char_p), ("properties", ctypes.c_void_p), ("nproperties", ctypes.c_size_t),
        ("check_scheduler", ctypes.c_uint32), ("coverage", ctypes.c_uint32),
    ]


class _Involved(ctypes.Structure):
    _fields_ = [("goroutine", ctypes.c_uint32), ("body", ctypes.c_int32), ("what", ctypes.c_char_p), ("site", ctypes.c_uint64), ("object", ctypes.c_void_p),
                ("held_site", ctypes.c_uint64)]


class _Finding(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("kind", ctypes.c_uint32), ("goroutines", ctypes.POINTER(_Involved)), ("ngoroutines", ctypes.c_size_t),
        ("schedule", ctypes.c_char_p), ("schedules", ctypes.c_uint64), ("nanos", ctypes.c_uint64), ("message", ctypes.c_char_p),
    ]


class _Explored(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("schedules", ctypes.c_uint64), ("steps", ctypes.c_uint64), ("findings", ctypes.c_uint64),
        ("nanos", ctypes.c_uint64), ("complete", ctypes.c_uint32), ("tasks", ctypes.c_uint32), ("warnings", ctypes.c_uint64),
        ("transitions", ctypes.c_uint64), ("pairs", ctypes.c_uint64), ("last_new", ctypes.c_uint64), ("unseen", ctypes.c_double), ("missed", ctypes.c_double),
        ("missed_depth", ctypes.c_uint32),
    ]


class _Shrunk(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("pattern", ctypes.c_void_p), ("pattern_len", ctypes.c_size_t), ("finding", ctypes.POINTER(_Finding)),
        ("tried", ctypes.c_uint64), ("nanos", ctypes.c_uint64), ("minimal", ctypes.c_uint32),
    ]


_FOUND = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(_Finding))


@dataclass(frozen=True)
class Found:
    """One finding: kind, bodies that take part in it, schedules until it came up."""

    kind: str
    bodies: tuple[str, ...]
    schedules: int
    schedule: str
    message: str


@dataclass(frozen=True)
class Searched:
    """What a search did."""

    findings: list[Found]
    schedules: int
    seconds: float


@dataclass(frozen=True)
class Shrunk:
    """A pattern made small."""

    pattern: dict[str, Any]
    schedule: str
    tried: int
    seconds: float
    minimal: bool


class Explorer:
    """libnewproc.so at ``path``."""

    def __init__(self, path: Path) -> None:
        self._lib = ctypes.CDLL(str(path))
        self._lib.rt_last_error.restype = ctypes.c_char_p

    def _check(self, status: int) -> None:
        if status != 0:
            raise RuntimeError(self._lib.rt_last_error().decode())

    def search(self, pattern: dict[str, Any], *, schedules: int, seed: int, driver: str = "portfolio", find: int = 63, until: Any = None, checked: bool = False) -> Searched:
        """Search ``pattern``. ``until``: called with each finding; true ends the search. ``checked``: with the scheduler's own invariants."""
        text = json.dumps(pattern).encode()
        names = pattern["names"]["bodies"]
        parsed = ctypes.c_void_p()
        self._check(self._lib.rt_pattern_parse(text, ctypes.c_size_t(len(text)), ctypes.byref(parsed)))
        options = _Options()
        self._check(self._lib.rt_explore_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options))))
        options.driver, options.schedules, options.seed, options.find, options.shrink, options.check_scheduler = driver.encode(), schedules, seed, find, 0, int(checked)
        findings: list[Found] = []

        def found(_arg: object, finding: Any) -> int:
            f = finding.contents
            bodies = tuple(sorted(names[f.goroutines[i].body] for i in range(f.ngoroutines) if f.goroutines[i].body >= 0))
            findings.append(Found(KINDS[f.kind], bodies, f.schedules, f.schedule.decode(), f.message.decode()))
            return int(bool(until is not None and until(findings[-1])))

        program = _Program(ctypes.sizeof(_Program), parsed.value, None, None)
        done = _Explored()
        done.struct_size = ctypes.sizeof(done)
        try:
            self._check(self._lib.rt_explore(ctypes.byref(program), ctypes.byref(options), _FOUND(found), None, ctypes.byref(done)))
        finally:
            self._lib.rt_pattern_free(parsed)
        return Searched(findings, done.schedules, done.nanos / 1e9)

    def shrink(self, pattern: dict[str, Any], schedule: str) -> Shrunk:
        """The smallest pattern that shows what ``schedule`` shows."""
        text = json.dumps(pattern).encode()
        out = ctypes.POINTER(_Shrunk)()
        self._check(self._lib.rt_shrink(text, ctypes.c_size_t(len(text)), schedule.encode(), None, ctypes.byref(out)))
        try:
            done = out.contents
            small = json.loads(ctypes.string_at(done.pattern, done.pattern_len))
            return Shrunk(small, done.finding.contents.schedule.decode(), done.tried, done.nanos / 1e9, done.minimal != 0)
        finally:
            self._lib.rt_shrunk_free(out)
