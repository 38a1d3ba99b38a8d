"""A trace's events as packed columns for the viewer: deflated, in base64. A million events are a few megabytes."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from . import kinds as k

if TYPE_CHECKING:
    from .._look import Trace

MOST_USER_MARKS = 5000


def _pack(values: Any, dtype: str) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(values, dtype=dtype).tobytes(), 3)).decode()


def columns(trace: Trace) -> dict[str, Any]:
    """``b`` holds a P, a goid or a ``RT_TO_``, and of a park the number of the object waited for: addresses stay here, and differ from run to run."""
    e = trace.events
    kind = e["kind"]
    b = np.where(np.isin(kind, (k.STEAL, k.START, k.OVERFLOW, k.UNPARK)), e["b"], 0)
    parks, things = kind == k.PARK, {}
    if np.any(parks):
        objects, first, number = np.unique(e["b"][parks], return_index=True, return_inverse=True)
        rank = np.empty(len(objects), np.uint64)  # by first appearance
        rank[np.argsort(first)] = np.arange(1, len(objects) + 1)
        b[parks] = np.where(e["b"][parks] != 0, rank[number], 0)
        named = trace.objects
        things = {str(rank[i]): named[address] for i, address in enumerate(objects.tolist()) if address in named}
    users = np.flatnonzero(kind == k.USER)[:MOST_USER_MARKS]
    time = e["time"]
    start = int(time[0]) if len(time) else 0
    return {
        "n": len(e), "lost": trace.lost, "first": int(e["seq"][0]) if len(e) else 0,
        "kind": _pack(kind, "u1"), "p": _pack(e["p"], "<i2"), "m": _pack(e["m"], "<i4"), "g": _pack(e["g"], "<u4"),
        "a": _pack(np.where(kind == k.USER, 0, e["a"]), "<u4"), "b": _pack(b, "<u4"), "time": _pack(time - np.uint64(start), "<f8"),
        "things": things,
        "user": {str(i): [str(e["a"][i]), str(e["b"][i])] for i in users.tolist()},
    }
