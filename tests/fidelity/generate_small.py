"""Random patterns that are small enough for every schedule of theirs to be run, and that come to more than one outcome.

Main starts two or three goroutines, takes part itself, waits for all, and reads the variables. What is shared is of one or two families, so
that operations meet: channels, a mutex, a read-write mutex, a condition, a once, a wait group, variables with and without atomic operations.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

Op = list[Any]
SHARED = 2
"""Variables that all use; each body has one more of its own, for results."""


class SmallGenerator:
    """One pattern."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        families: list[Callable[[int], list[Op]]] = [self.channel, self.channel, self.select, self.mutex, self.rwmutex, self.variables, self.atomics,
                                                     self.cond, self.once, self.group]
        self.families = rng.sample(families, rng.choice((1, 2, 2, 2)))

    def pattern(self, name: str) -> dict[str, Any]:
        workers = self.rng.choice((2, 2, 2, 3))
        bodies = [self.block(b, self.rng.randint(1, 3 if workers == 2 else 2)) + [["done", 0]] for b in range(1, workers + 1)]
        main: list[Op] = [["add", 0, workers], ["add", 1, 1]] + [["go", b] for b in range(1, workers + 1)]
        main += self.block(0, self.rng.randint(0, 2)) + [["wait", 0]] + [["load", v, self.own(0)] for v in range(SHARED)]
        return {"version": 2, "name": name, "chans": [self.rng.choice((0, 0, 1, 2)) for _ in range(2)], "mutexes": 1, "rwmutexes": 1, "waitgroups": 2,
                "conds": [["mutex", 0]], "onces": 1, "vars": SHARED + workers + 1, "bodies": [main, *bodies]}

    def own(self, body: int) -> int:
        """The variable of a body's own."""
        return SHARED + body

    def block(self, body: int, size: int) -> list[Op]:
        out: list[Op] = []
        for _ in range(size):
            out += self.rng.choice(self.families)(body)
        return out

    def inside(self, body: int) -> list[Op]:
        """What is done while something is held."""
        return self.rng.choice(([], [["inc", 0]], [["load", 0, self.own(body)]], [["yield"]], [["set", 1, body + 5]]))

    def channel(self, body: int) -> list[Op]:
        c = self.rng.randint(0, 1)
        return [self.rng.choice((["send", c, body + 1], ["send", c, body + 1], ["recv", c], ["recv", c], ["try", "send", c, body + 7],
                                 ["try", "recv", c], ["close", c]))]

    def select(self, body: int) -> list[Op]:
        cases: list[Op] = [["recv", 0, []], self.rng.choice((["recv", 1, []], ["send", 1, body + 3, []], ["send", 0, body + 4, []]))]
        return [["select", cases, self.rng.choice((None, None, []))]] if self.rng.random() < 0.6 else self.channel(body)

    def mutex(self, body: int) -> list[Op]:
        if self.rng.random() < 0.3:
            return [["trylock", 0, self.own(body)], ["if", self.own(body), 1, [*self.inside(body), ["unlock", 0]], []]]
        return [["lock", 0], *self.inside(body), ["unlock", 0]]

    def rwmutex(self, body: int) -> list[Op]:
        take, give = self.rng.choice((("rlock", "runlock"), ("rlock", "runlock"), ("rwlock", "rwunlock")))
        if self.rng.random() < 0.35:
            take = {"rlock": "tryrlock", "rwlock": "rwtrylock"}[take]
            return [[take, 0, self.own(body)], ["if", self.own(body), 1, [*self.inside(body), [give, 0]], []]]
        return [[take, 0], *self.inside(body), [give, 0]]

    def variables(self, body: int) -> list[Op]:
        v = self.rng.randrange(SHARED)
        return [self.rng.choice((["inc", v], ["inc", v], ["set", v, body + 2], ["load", v, self.own(body)]))]

    def atomics(self, body: int) -> list[Op]:
        v, d = self.rng.randrange(SHARED), self.own(body)
        return [self.rng.choice((["atomic", v, 1, d], ["swap", v, body + 3, d], ["cas", v, 0, body + 4, d], ["load", v, d], ["store", v, body + 5]))]

    def cond(self, body: int) -> list[Op]:
        if self.rng.random() < 0.5:
            return [["lock", 0], ["if", 0, 0, [["cwait", 0]], []], ["unlock", 0]]
        return [["lock", 0], ["set", 0, 1], [self.rng.choice(("signal", "broadcast")), 0], ["unlock", 0]]

    def once(self, body: int) -> list[Op]:
        return [["once", 0, [["inc", 0], *self.inside(body)]], ["load", 0, self.own(body)]]

    def group(self, body: int) -> list[Op]:
        return [["inc", 1], ["done", 1]] if self.rng.random() < 0.4 else [["wait", 1], ["load", 1, self.own(body)]]
