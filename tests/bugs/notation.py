"""The notation of the bug corpus: programs with names and indentation, and what repairs them, as in a diff.

    bug cockroach_10214
      note Two goroutines take two locks in opposite orders.
      mutex coalesced raft
      expect leak heartbeats tick
    body main
      go heartbeats
      go tick
    body heartbeats
      lock coalesced
    - lock raft
    - unlock raft
      unlock coalesced
    + lock raft
    + unlock raft

Lines that begin with - are of the buggy program only, with + of the fixed one. Each operation of the pattern language
(cpp/pattern/LANGUAGE.md) is a line; its lists are indented below it: ``else`` below an ``if``, ``case recv c v ok``,
``case send c x`` and ``default`` below a ``select``, ``or`` between the lists of a ``choose``. ``defer unlock m`` is
short for a list of one. Where a value is wanted a name is ``["var", v]``; ``timer:t`` and ``done:x`` are the channels of a
timer and a context, ``value:x`` a copy as an argument of ``go``. ``body worker(chan c, var i; mutex m)`` has
parameters, and after the semicolon objects of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Op = list[Any]
TABLES = {"chan": "chans", "mutex": "mutexes", "rwmutex": "rwmutexes", "waitgroup": "waitgroups", "cond": "conds", "once": "onces",
          "var": "vars", "timer": "timers", "context": "contexts"}
FORMS = {
    "go": "b*", "yield": "", "mark": "i", "snap": "", "loop": "i", "while": "vqx", "if": "vqx", "break": "", "return": "", "func": "", "panic": "T",
    "goexit": "", "assert": "vqx", "set": "vx", "inc": "v", "sum": "vxx", "diff": "vxx", "atomic": "vxV", "load": "vv", "store": "vx", "swap": "vxv",
    "cas": "vxxv", "send": "cx", "close": "c", "recv": "cVV", "range": "cV", "chan": "cC", "lock": "m", "unlock": "m", "trylock": "mv", "rwlock": "r",
    "rwunlock": "r", "rlock": "r", "runlock": "r", "rwtrylock": "rv", "tryrlock": "rv", "add": "wx", "done": "w", "wait": "w", "condwait": "k",
    "cwait": "k", "signal": "k", "broadcast": "k", "once": "o", "new": "s", "sleep": "i", "after": "ci", "timer": "ti", "ticker": "ti",
    "afterfunc": "tib*", "stop": "tV", "reset": "tiV", "withcancel": "nN", "withtimeout": "nNi", "cancel": "n", "err": "nV", "recover": "V",
}
"""Kinds of operands: b body, * arguments of it, c channel, m mutex, r rwmutex, w waitgroup, k cond, o once, v variable, t timer,
n context, s slot; x value, i number, q comparison, C capacity, T text; a capital letter: may be left out or null."""
KIND_OF = {"c": "chan", "m": "mutex", "r": "rwmutex", "w": "waitgroup", "k": "cond", "o": "once", "v": "var", "V": "var", "t": "timer", "n": "context", "N": "context"}
BLOCKS = {"loop", "while", "range", "once", "func"}


@dataclass
class Bug:
    """One program of the corpus, in its two forms."""

    name: str
    buggy: dict[str, Any] = field(default_factory=dict)
    fixed: dict[str, Any] | None = None
    expect: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # kind, bodies that are blocked: any of these
    note: str = ""
    bodies: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


@dataclass
class _Line:
    indent: int
    words: list[str]
    where: str
    below: list[_Line] = field(default_factory=list)


class NotationError(ValueError):
    """Says in which line of which file what is wrong."""


def _tree(lines: list[_Line]) -> list[_Line]:
    top: list[_Line] = []
    open_: list[_Line] = []
    for line in (_Line(one.indent, one.words, one.where) for one in lines):
        while open_ and open_[-1].indent >= line.indent:
            open_.pop()
        (open_[-1].below if open_ else top).append(line)
        open_.append(line)
    return top


class _Form:
    """One of the two forms of a bug: tables and bodies of a pattern from lines."""

    def __init__(self, name: str, lines: list[_Line]) -> None:
        self.tables: dict[str, dict[str, Any]] = {kind: {} for kind in TABLES}
        self.notes: list[str] = []
        self.expect: list[tuple[str, tuple[str, ...]]] = []
        self.options: dict[str, str] = {}
        self.atomics: list[str] = []
        tree = _tree(lines)
        for line in tree[0].below:
            self.declare(line)
        heads = [self.head(line) for line in tree[1:]]
        self.bodies = [head[0] for head in heads]
        self.kinds = {head[0]: [kind for kind, _ in head[1]] for head in heads}
        if not self.bodies or self.bodies[0] != "main":
            raise NotationError(f"{name}: the first body is not main")
        self.pattern: dict[str, Any] = {"version": 2, "name": name}
        for kind, key in TABLES.items():
            if self.tables[kind]:
                self.pattern[key] = list(self.tables[kind].values()) if kind in ("chan", "cond") else len(self.tables[kind])
        if self.atomics:
            self.pattern["atomics"] = [list(self.tables["var"]).index(v) for v in self.atomics]
        self.pattern["slots"] = [self.kinds[b] for b in self.bodies]
        self.pattern["names"] = {"bodies": self.bodies}
        self.pattern["bodies"] = []
        for line, (_, slots) in zip(tree[1:], heads, strict=True):
            self.slots = {slot: (kind, i) for i, (kind, slot) in enumerate(slots)}
            self.pattern["bodies"].append(self.list(line.below))

    def declare(self, line: _Line) -> None:
        what, words = line.words[0], line.words[1:]
        if what == "note":
            self.notes.append(" ".join(words))
        elif what == "expect":
            self.expect.append((words[0], tuple(sorted(words[1:]))))
        elif what == "option":
            self.options[words[0]] = " ".join(words[1:]) or "yes"
        elif what in ("atomic", *TABLES):
            for word in words:
                name, _, more = word.partition(":")
                kind = "var" if what == "atomic" else what
                if name in self.tables[kind]:
                    raise NotationError(f"{line.where}: {kind} {name} is there twice")
                self.tables[kind][name] = self.initial(kind, more, line)
                if what == "atomic":
                    self.atomics.append(name)
        else:
            raise NotationError(f"{line.where}: {what} declares nothing")

    def initial(self, kind: str, more: str, line: _Line) -> Any:
        if kind == "chan":
            return None if more == "nil" else int(more or 0)
        if kind == "cond" and more:
            locker, _, which = more.partition(":")
            return [locker, self.index("mutex" if locker == "mutex" else "rwmutex", which, line)]
        return None

    def head(self, line: _Line) -> tuple[str, list[tuple[str, str]]]:
        text = " ".join(line.words)
        match = re.fullmatch(r"body (\w+)(?:\((.*)\))?", text)
        if match is None:
            raise NotationError(f"{line.where}: {text!r} is no body")
        slots = [tuple(part.split()) for part in re.split("[,;]", match[2] or "") if part.strip()]
        return match[1], [(kind, name) for kind, name in slots]

    def index(self, kind: str, name: str, line: _Line) -> int:
        if name not in self.tables[kind]:
            raise NotationError(f"{line.where}: no {kind} {name}")
        return list(self.tables[kind]).index(name)

    def object(self, kind: str, word: str, line: _Line) -> Any:
        slot = getattr(self, "slots", {}).get(word)
        if slot is not None:
            if slot[0] != kind:
                raise NotationError(f"{line.where}: {word} is a {slot[0]}, not a {kind}")
            return f"${slot[1]}"
        if kind == "chan" and word.startswith("timer:"):
            return ["timer", self.object("timer", word[6:], line)]
        if kind == "chan" and word.startswith("done:"):
            return ["done", self.object("context", word[5:], line)]
        return self.index(kind, word, line)

    def value(self, word: str, line: _Line) -> Any:
        return int(word) if re.fullmatch(r"-?\d+", word) else ["var", self.object("var", word, line)]

    def operand(self, letter: str, word: str, line: _Line) -> Any:
        if word == "null":
            return None
        if letter in KIND_OF:
            return self.object(KIND_OF[letter], word, line)
        if letter == "b":
            if word not in self.bodies:
                raise NotationError(f"{line.where}: no body {word}")
            return self.bodies.index(word)
        if letter == "x":
            return self.value(word, line)
        if letter == "s":
            return f"${self.slots[word][1]}"
        if letter in "iC":
            return None if word == "nil" else int(word)
        return word

    def operands(self, form: str, words: list[str], line: _Line) -> Op:
        out: Op = []
        for i, letter in enumerate(form):
            if letter == "*":
                kinds = self.kinds[words[i - 1]]
                out += [self.argument(kind, word, line) for kind, word in zip(kinds, words[i:], strict=False)]
                return out
            if letter == "T":
                return [*out, " ".join(words[i:])] if words[i:] else out
            if i < len(words):
                out.append(self.operand(letter, words[i], line))
            elif letter.islower() or letter == "N":
                if letter != "N":
                    raise NotationError(f"{line.where}: {' '.join(line.words)}: too few operands")
                out.append(None)
        if len(words) > len(form):
            raise NotationError(f"{line.where}: {' '.join(line.words)}: too many operands")
        return out

    def argument(self, kind: str, word: str, line: _Line) -> Any:
        if word.startswith("value:"):
            return ["value", self.value(word[6:], line)]
        return self.object(kind, word, line)

    def list(self, lines: list[_Line]) -> list[Op]:
        out: list[Op] = []
        for line in lines:
            if line.words[0] == "else":
                out[-1][-1] = self.list(line.below)
            else:
                out.append(self.operation(line))
        return out

    def operation(self, line: _Line) -> Op:
        name, words = line.words[0], line.words[1:]
        if name == "defer":
            return ["defer", [self.operation(_Line(0, words, line.where))] if words else self.list(line.below)]
        if name == "select":
            return self.select(line)
        if name == "choose":
            return ["choose", *(self.list(branch.below) for branch in line.below)]
        if name == "try":
            return ["try", words[0], *self.operands("cx" if words[0] == "send" else "c", words[1:], line)]
        if name not in FORMS:
            raise NotationError(f"{line.where}: no operation {name}")
        form = FORMS[name]
        if name == "atomic" and len(words) == 2:
            form = "vx"
        op = [name, *self.operands(form, words, line)]
        if name in BLOCKS:
            op.append(self.list(line.below))
        elif name == "if":
            op += [self.list(line.below), []]
        elif line.below:
            raise NotationError(f"{line.where}: {name} has no list")
        return op

    def select(self, line: _Line) -> Op:
        cases: list[Any] = []
        default: Any = None
        for case in line.below:
            if case.words[0] == "default":
                default = self.list(case.below)
                continue
            if case.words[0] != "case" or case.words[1] not in ("send", "recv"):
                raise NotationError(f"{case.where}: {' '.join(case.words)} is no case")
            form = "cx" if case.words[1] == "send" else "cVV"
            cases.append([case.words[1], *self.operands(form, case.words[2:], case), self.list(case.below)])
        return ["select", cases, default]


def _lines(text: str, path: str) -> Iterator[tuple[str, _Line]]:
    for number, raw in enumerate(text.splitlines(), 1):
        sign, rest = raw[:1], raw[1:]
        if sign not in ("-", "+"):
            sign, rest = " ", raw
        elif sign in ("-", "+"):
            rest = " " + rest
        rest = rest.split("#")[0].rstrip()
        if rest.strip():
            yield sign, _Line(len(rest) - len(rest.lstrip()), rest.split(), f"{path}:{number}")


def parse(text: str, path: str = "text") -> list[Bug]:
    """The bugs of one file."""
    groups: list[list[tuple[str, _Line]]] = []
    for sign, line in _lines(text, path):
        if line.words[0] == "bug" and line.indent == 0:
            groups.append([])
        if not groups:
            raise NotationError(f"{line.where}: before the first bug")
        groups[-1].append((sign, line))
    out = []
    for group in groups:
        name = group[0][1].words[1]
        forms = {sign: _Form(name, [line for s, line in group if s in (" ", sign)]) for sign in "-+"}
        has_fix = any(sign != " " for sign, _ in group)
        bad = forms["-"]
        out.append(Bug(name, bad.pattern, forms["+"].pattern if has_fix else None, bad.expect, " ".join(bad.notes), bad.bodies, bad.options))
    return out


def load(folder: Path) -> list[Bug]:
    """All bugs of a folder's .bug files."""
    return [bug for path in sorted(folder.glob("*.bug")) for bug in parse(path.read_text(), path.name)]
