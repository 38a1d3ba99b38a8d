"""Points inside of chosen Python functions: by sys.monitoring from 3.12 on, before that by a trace function of each goroutine."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import CodeType
from typing import Any

from . import _core
from ._errors import ArgumentError, StateError

LEVELS = ("line", "instruction")


def codes_of(points: Iterable[Any]) -> set[CodeType]:
    """The code of functions, methods and classes, and of what is defined inside of them."""
    found: set[CodeType] = set()
    for point in points:
        for code in _codes(point):
            _add(code, found)
    return found


def _codes(point: Any) -> list[CodeType]:
    if isinstance(point, CodeType):
        return [point]
    if inspect.isclass(point):
        inside = [getattr(value, "__func__", value) for value in vars(point).values()]
        return [value.__code__ for value in inside if inspect.isfunction(value)]
    function = inspect.unwrap(getattr(point, "__func__", point)) if callable(point) else point
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType):
        raise ArgumentError(f"points has {point!r}, which has no Python code; give functions, methods or classes written in Python")
    return [code]


def _add(code: CodeType, found: set[CodeType]) -> None:
    found.add(code)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _add(constant, found)


@contextmanager
def watched(codes: set[CodeType], level: str) -> Iterator[set[CodeType] | None]:
    """While in the block, goroutines of searches have points in this code. What the extension has to look for itself is returned."""
    if level not in LEVELS:
        raise ArgumentError(f'level is {level!r}; give "line" or "instruction"')
    if not codes:
        yield None
    elif sys.version_info < (3, 12):
        yield codes
    else:
        yield from _monitored(codes, level)


if sys.version_info >= (3, 12):

    def _monitored(codes: set[CodeType], level: str) -> Iterator[None]:
        monitoring = sys.monitoring
        tool = next((number for number in (3, 4) if monitoring.get_tool(number) is None), None)
        if tool is None:
            raise StateError("points: sys.monitoring's tools 3 and 4 are both taken; free one, or search without points")
        event, callback = (
            (monitoring.events.LINE, _core.line_point) if level == "line" else (monitoring.events.INSTRUCTION, _core.instruction_point)
        )
        monitoring.use_tool_id(tool, "newproc")
        try:
            monitoring.register_callback(tool, event, callback)
            for code in codes:
                monitoring.set_local_events(tool, code, event)
            yield None
        finally:
            for code in codes:
                monitoring.set_local_events(tool, code, 0)
            monitoring.register_callback(tool, event, None)
            monitoring.free_tool_id(tool)
