"""Names and the walk that all emitted languages share."""

from __future__ import annotations

import keyword
import re
from typing import Any

from .._errors import PatternError
from .._pattern import Pattern

WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
TAKEN = set(
    "main line snap must end align newproc json sys runtime v g print range auto break case char const continue default do double else enum "
    "extern float for goto if inline int long register restrict return short signed sizeof static struct switch typedef union unsigned void "
    "volatile while size_t printf stdin stdout stderr exit abort int64_t log time select send recv close wait signal sleep index".split()
)
KINDS = {"chans": "chan", "mutexes": "mutex", "rwmutexes": "rwmutex", "waitgroups": "wg", "conds": "cond", "onces": "once", "vars": "var",
         "bodies": "body"}


class Names:
    """An identifier for each thing of a pattern: its own name where that is one, else kind and number."""

    def __init__(self, pattern: Pattern) -> None:
        self.doc = pattern.document
        if self.doc.get("version", 1) != 1:
            raise PatternError("version: patterns of version 2 have no form in this language yet; run the pattern itself")
        self._used: set[str] = set()
        told = self.doc.get("names")
        told = told if isinstance(told, dict) else {}
        self.by: dict[str, list[str]] = {}
        for table, kind in KINDS.items():
            count = self.doc.get(table, 0)
            count = count if isinstance(count, int) else len(count)
            given = told.get(table)
            given = given if isinstance(given, list) else []
            self.by[table] = [self._one(given[i] if i < len(given) else "", f"{kind}{i}") for i in range(count)]

    def _one(self, name: Any, otherwise: str) -> str:
        fits = isinstance(name, str) and WORD.match(name) and not keyword.iskeyword(name) and name not in TAKEN and not name.startswith(("rt_", "RT_"))
        word = name if fits else otherwise
        while word in self._used:
            word += "_"
        self._used.add(word)
        return word


class Writer:
    """Lines with indentation, and what the operations of all languages have in common."""

    step = "    "

    def __init__(self, names: Names) -> None:
        self.names, self.lines, self.depth, self.loops = names, list[str](), 0, [0]

    def put(self, line: str = "") -> None:
        """One line here."""
        self.lines.append(self.step * self.depth + line if line else "")

    def block(self, ops: list[Any], path: str) -> None:
        """The operations, one level deeper."""
        self.depth += 1
        before = len(self.lines)
        for i, op in enumerate(ops):
            method = getattr(self, f"op_{op[0]}", None)
            if method is None:
                raise PatternError(f"{path}[{i}]: {op[0]!r} has no form in this language yet; run the pattern itself")
            method(op, f"{path}[{i}]")
        if len(self.lines) == before:
            self.nothing()
        self.depth -= 1

    def nothing(self) -> None:
        """What stands in an empty block."""

    def name(self, table: str, number: int) -> str:
        """The identifier of a thing."""
        return self.names.by[table][number]


def comment(text: str) -> str:
    """Text that cannot end a comment or a docstring."""
    return re.sub(r'[^ -~]|\\|"|\*/', "?", text)
