"""Properties of a user's own: what is to hold in every run of a search."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from pathlib import PurePath
from types import CodeType
from typing import TYPE_CHECKING, Any

from ._errors import ArgumentError
from ._pattern import Pattern

if TYPE_CHECKING:
    Property = Callable[..., object] | str
    Properties = Property | Iterable[Property] | None
    Asked = tuple[str, bool, Callable[..., "str | None"]]

_VARIABLE = re.compile(r"v(\d+)")
_ALLOWED = (
    ast.Expression, ast.BoolOp, ast.And, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Mod, ast.Compare,
    ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Name, ast.Load, ast.Constant,
)  # fmt: skip


def properties_of(program: object, invariant: Properties, eventually: Properties) -> list[Asked]:
    """As the extension wants them: a name, whether it is for the end only, and a function that says what is wrong."""
    return [_asked(program, one, end) for given, end in ((invariant, False), (eventually, True)) for one in _listed(given)]


def _listed(given: Properties) -> list[Property]:
    if given is None:
        return []
    return [given] if callable(given) or isinstance(given, str) else list(given)


def _asked(program: object, given: Property, end: bool) -> Asked:
    if isinstance(given, str):
        if not isinstance(program, Pattern):
            raise ArgumentError(f"{given!r} is about a pattern's variables; for a Python program give a function")
        return given, end, said(expression(given, int(program.document.get("vars", 0))))
    if not callable(given):
        raise ArgumentError(f"{'eventually' if end else 'invariant'} has {given!r}; give functions" + (", or texts such as 'v0 <= v1'" if isinstance(program, Pattern) else ""))
    return name_of(given), end, said(given)


def name_of(fn: Callable[..., object]) -> str:
    """What messages call it; of a lambda, where it is."""
    name = getattr(fn, "__name__", None) or repr(fn)
    code = getattr(fn, "__code__", None)
    return f"of {PurePath(code.co_filename).name}:{code.co_firstlineno}" if name == "<lambda>" and code is not None else name


def said(fn: Callable[..., object]) -> Callable[..., str | None]:
    """What is wrong, or None where it holds: fn returns true or nothing, or else false, or an assert in it fails."""

    def ask(*variables: tuple[int, ...]) -> str | None:
        try:
            answer = fn(*variables)
        except AssertionError as error:
            return str(error) or "its assertion failed"
        return None if answer is None or answer else ""

    return ask


def expression(text: str, variables: int) -> Callable[[tuple[int, ...]], object]:
    """A text such as ``v0 + v1 == 10``, of integers and a pattern's variables, as a function of them."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ArgumentError(f"{text!r} is no expression: {error.msg}") from None
    for node in ast.walk(tree):
        named = isinstance(node, ast.Name) and (found := _VARIABLE.fullmatch(node.id)) is not None and int(found[1]) < variables
        if not isinstance(node, _ALLOWED) or (isinstance(node, ast.Name) and not named) or (isinstance(node, ast.Constant) and type(node.value) is not int):
            known = f"v0 to v{variables - 1}" if variables > 1 else "v0" if variables else "the variables, of which this pattern has none"
            raise ArgumentError(f"{text!r} has {ast.unparse(node)!r}; it may have integers, {known}, + - * %, comparisons, and, or, not")
    return _evaluated(compile(tree, "<property>", "eval"))


def _evaluated(code: CodeType) -> Callable[[tuple[int, ...]], object]:
    names = [(name, int(name[1:])) for name in code.co_names]

    def holds(variables: tuple[int, ...]) -> Any:
        return bool(eval(code, {"__builtins__": {}}, {name: variables[number] for name, number in names}))

    return holds
