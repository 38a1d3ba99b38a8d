"""The part of libnewproc's C ABI that the fidelity tests need, through ctypes."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from typing import Any

_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class Config(ctypes.Structure):
    """``rt_config`` of newproc.h."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("procs", ctypes.c_uint32), ("world", ctypes.c_uint32), ("boot", ctypes.c_uint32),
        ("stack_policy", ctypes.c_uint32), ("seed", ctypes.c_uint64), ("stack_size", ctypes.c_size_t),
        ("guard_size", ctypes.c_size_t), ("starting_stack_size", ctypes.c_uint32), ("randomize", ctypes.c_uint32),
        ("ancestors", ctypes.c_uint32), ("max_ms", ctypes.c_uint32), ("sysmon", ctypes.c_uint32), ("points", ctypes.c_uint32),
        ("trace_events", ctypes.c_uint64), ("max_goroutines", ctypes.c_uint64), ("max_steps", ctypes.c_uint64),
        ("max_nanos", ctypes.c_uint64), ("schedtrace_ms", ctypes.c_uint32), ("scheddetail", ctypes.c_uint32),
        ("log_level", ctypes.c_int32), ("log", ctypes.c_void_p), ("log_arg", ctypes.c_void_p), ("fault", ctypes.c_void_p),
        ("fault_arg", ctypes.c_void_p), ("driver", ctypes.c_void_p), ("driver_arg", ctypes.c_void_p), ("fp_modes", ctypes.c_uint32),
        *((name, ctypes.c_uint32) for name in ("parallel", "cost_op", "cost_switch", "cost_look", "cost_steal", "cost_wake", "cost_syscall")),
    ]


class Library:
    """libnewproc.so at ``path``."""

    def __init__(self, path: Path) -> None:
        self._lib = ctypes.CDLL(str(path))
        self._lib.rt_last_error.restype = ctypes.c_char_p

    def config(self, seed: int) -> Config:
        """One P of the sim world, as patterns run by default, with another seed."""
        config = Config()
        if self._lib.rt_config_init(ctypes.byref(config), ctypes.c_size_t(ctypes.sizeof(config))) != 0:
            raise RuntimeError(self._lib.rt_last_error().decode())
        config.procs, config.world, config.seed = 1, 1, seed
        return config

    def run(self, patterns: list[dict[str, Any]], seed: int | None = None) -> list[dict[str, Any]]:
        """Run each pattern as real Go would at GOMAXPROCS=1; one result object each, in order."""
        lines: list[str] = []

        def write(_arg: object, line: Any, size: int) -> int:
            lines.append(ctypes.string_at(line, size).decode())
            return 0

        config = None if seed is None else ctypes.byref(self.config(seed))
        text = "\n".join(json.dumps(p) for p in patterns).encode()
        status = self._lib.rt_pattern_run_jsonl(text, ctypes.c_size_t(len(text)), config, None, _WRITE(write), None)
        if status != 0:
            raise RuntimeError(self._lib.rt_last_error().decode())
        return [json.loads(line) for line in lines]
