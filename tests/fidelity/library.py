"""The part of libnewproc's C ABI that the fidelity tests need, through ctypes."""

from __future__ import annotations

import ctypes
import json
from pathlib import Path
from typing import Any

_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_char), ctypes.c_size_t)


class Library:
    """libnewproc.so at ``path``."""

    def __init__(self, path: Path) -> None:
        self._lib = ctypes.CDLL(str(path))
        self._lib.rt_last_error.restype = ctypes.c_char_p

    def run(self, patterns: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Run each pattern as real Go would at GOMAXPROCS=1; one result object each, in order."""
        lines: list[str] = []

        def write(_arg: object, line: Any, size: int) -> int:
            lines.append(ctypes.string_at(line, size).decode())
            return 0

        text = "\n".join(json.dumps(p) for p in patterns).encode()
        status = self._lib.rt_pattern_run_jsonl(text, ctypes.c_size_t(len(text)), None, None, _WRITE(write), None)
        if status != 0:
            raise RuntimeError(self._lib.rt_last_error().decode())
        return [json.loads(line) for line in lines]
