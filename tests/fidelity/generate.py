"""Random spawn patterns. A seed gives the same patterns everywhere.

Every shape aims at a rule of the scheduler: queue overflow (258 spawns), the 61st tick, the free lists (the
64th exit), runnext inheritance, and all the ways a program ends. Work is bounded by construction: at most
``MOST_SPAWNED`` goroutines and ``MOST_OPS`` operations, and endless loops only where main returns.
"""

from __future__ import annotations

import random
from typing import Any

from generate_sync import SyncGenerator
from generate_v2 import Generator2

Op = list[Any]

MOST_SPAWNED = 3000
MOST_OPS = 12_000
FAN_OUTS = (1, 2, 3, 5, 8, 31, 32, 33, 60, 61, 62, 63, 64, 65, 97, 128, 129, 255, 256, 257, 258, 259, 300, 385, 386, 513, 600, 1000)
VARS = 4


class Generator:
    """Patterns from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.sync = SyncGenerator(self.rng)
        self.second = Generator2(self.rng)

    def pattern(self, name: str) -> dict[str, Any]:
        """One pattern, of a shape drawn at random: half of version 2, a third of version 1 whose goroutines wait."""
        kind = self.rng.random()
        if kind < 0.5:
            return self.second.pattern(name)
        if kind < 0.8:
            return self.sync.pattern(name)
        shape = self.rng.choice(
            (self.fan_out, self.fan_out, self.tree, self.yielders, self.waves, self.soup, self.soup, self.soup, self.endless)
        )
        bodies = shape()
        if self.rng.random() < 0.15:
            self.spoil(bodies)
        return {"name": name, "vars": VARS, "bodies": bodies}

    # Shapes: each returns bodies; body 0 is main.

    def fan_out(self) -> list[list[Op]]:
        n = self.rng.choice(FAN_OUTS)
        worker = self.leaf(3 if n < 300 else 1)
        main: list[Op] = self.settle_in() + [["loop", n, [["go", 1]]], ["snap"]]
        return [main + self.finish(), worker]

    def tree(self) -> list[list[Op]]:
        depth, width = self.rng.choice(((2, 6), (3, 4), (4, 3), (6, 2), (1, 40), (2, 17)))
        bodies: list[list[Op]] = [self.settle_in() + self.spawns(1, width) + [["snap"]] + self.finish()]
        for level in range(1, depth + 1):
            ops = self.leaf(2)
            if level < depth:
                ops = self.weave(ops, self.spawns(level + 1, width))
            bodies.append(ops)
        return bodies

    def yielders(self) -> list[list[Op]]:
        n = self.rng.choice((2, 3, 7, 20, 61, 130, 260))
        rounds = self.rng.randint(1, max(1, min(70, 3000 // n)))
        worker: list[Op] = [["loop", rounds, [["yield"]] + ([["snap"]] if n * rounds < 300 else [])]]
        main = self.settle_in() + [["loop", n, [["go", 1]]], ["loop", self.rng.randint(1, 80), [["yield"], *self.maybe_snap()]]]
        return [main + self.finish(), worker]

    def waves(self) -> list[list[Op]]:
        main = self.settle_in()
        for _ in range(self.rng.randint(2, 5)):
            main += [["loop", self.rng.choice((1, 5, 31, 32, 33, 63, 64, 65, 66, 100, 130, 257, 258)), [["go", 1]]], ["snap"]]
            main += [["loop", self.rng.randint(1, 6), [["yield"]]], ["snap"]]
        return [main + self.finish(), self.leaf(2)]

    def soup(self) -> list[list[Op]]:
        count = self.rng.randint(2, 6)
        bodies = [self.settle_in()]
        for b in range(1, count + 1):
            bodies.append(self.block(b, count, 2, self.rng.randint(1, 6)))
        bodies[0] += self.block(0, count, 3, self.rng.randint(3, 10)) + self.finish()
        return bodies

    def endless(self) -> list[list[Op]]:
        stop = ["if", 0, 1, [["break"] if self.rng.random() < 0.5 else ["return"]], []]
        worker: list[Op] = [["loop", -1, [stop, ["inc", 1], ["yield"]]], ["mark", 7]]
        n = self.rng.randint(1, 12)
        rounds = self.rng.randint(1, 25)
        main = self.settle_in() + self.spawns(1, n) + [["loop", rounds, [["yield"], *self.maybe_snap()]]]
        if self.rng.random() < 0.6:
            main += [["set", 0, 1], ["loop", 3, [["yield"], ["snap"]]]]
        return [main, worker]

    # Pieces.

    def settle_in(self) -> list[Op]:
        """Moves the phase of the 61-tick rule."""
        return [["loop", self.rng.choice((0, 0, 1, 2, 30, 57, 58, 59, 60, 61)), [["yield"]]]]

    def maybe_snap(self) -> list[Op]:
        return [["snap"]] if self.rng.random() < 0.5 else []

    def spawns(self, body: int, n: int) -> list[Op]:
        if self.rng.random() < 0.5:
            return [["loop", n, [["go", body]]]]
        return [op for _ in range(n) for op in ([["go", body]] + ([["snap"]] if self.rng.random() < 0.2 else []))]

    def leaf(self, most: int) -> list[Op]:
        choices: tuple[list[Op], ...] = (
            [],
            [["mark", self.rng.randint(0, 99)]],
            [["yield"], ["mark", 1]],
            [["snap"]],
            [["yield"], ["snap"]],
            [["inc", 1]],
            [["atomic", 2, self.rng.randint(-3, 3)]],
            [["goexit"], ["mark", 99]],
            [["return"], ["mark", 98]],
            [["loop", 2, [["yield"], ["if", 1, 3, [["break"]], [["inc", 1]]]]]],
        )
        return [op for _ in range(self.rng.randint(1, most)) for op in self.rng.choice(choices)]

    def weave(self, a: list[Op], b: list[Op]) -> list[Op]:
        out: list[Op] = []
        a, b = list(a), list(b)
        while a or b:
            source = a if a and (not b or self.rng.random() < 0.5) else b
            out.append(source.pop(0))
        return out

    def block(self, body: int, bodies: int, depth: int, size: int) -> list[Op]:
        """Operations of every kind. Body b starts only bodies above b, so that spawning ends."""
        return [op for _ in range(size) for op in self.operation(body, bodies, depth)]

    def operation(self, body: int, bodies: int, depth: int) -> list[Op]:
        kind = self.rng.random()
        v = self.rng.randrange(VARS)
        if kind < 0.28 and body < bodies:
            return [["go", self.rng.randint(body + 1, bodies)]]
        if kind < 0.42:
            return [["yield"]]
        if kind < 0.52:
            return [["mark", self.rng.randint(0, 9)]]
        if kind < 0.62:
            return [["snap"]]
        if kind < 0.72:
            return [self.rng.choice((["inc", v], ["set", v, self.rng.randint(0, 3)], ["atomic", v, 1]))]
        if kind < 0.84 and depth > 0:
            rounds = self.rng.choice((0, 1, 2, 3, 5)) if body else self.rng.choice((1, 2, 3, 9, 20))
            return [["loop", rounds, self.block(body, bodies, depth - 1, self.rng.randint(1, 3))]]
        if kind < 0.93 and depth > 0:
            yes = self.block(body, bodies, depth - 1, self.rng.randint(0, 2))
            no = self.block(body, bodies, depth - 1, self.rng.randint(0, 2))
            if self.rng.random() < 0.3:
                (yes if self.rng.random() < 0.5 else no).append([self.rng.choice(("break", "return"))])
            return [["if", v, self.rng.randint(0, 3), yes, no]]
        if kind < 0.95 and body:
            return [["goexit"]]
        if kind < 0.96:
            return [["break"]]
        return [["yield"]]

    def finish(self) -> list[Op]:
        """How main ends: at once, after the others have run, or not at all."""
        kind = self.rng.random()
        if kind < 0.25:
            return []
        if kind < 0.45:
            return [["goexit"]]
        return [["loop", self.rng.choice((1, 2, 5, 20, 64, 130)), [["yield"], *self.maybe_snap()]], ["snap"]]

    def spoil(self, bodies: list[list[Op]]) -> None:
        """A panic, a failing or holding assert, or a Goexit somewhere."""
        ops = self.rng.choice(bodies)
        bad: Op = self.rng.choice((["panic"], ["assert", self.rng.randrange(VARS), self.rng.randint(0, 2)], ["goexit"]))
        if any(op[0] == "loop" and op[1] < 0 for body in bodies for op in body):
            bad = ["panic"]  # with an endless loop about, only main's return or a panic ends the program
        ops.insert(self.rng.randint(0, len(ops)), bad)


ROUNDS = {"loop": 0, "while": 20, "range": 20}
"""Operations that repeat their last list, and how often to assume; 0: as often as they say."""


def branches(op: Op) -> list[list[list[Op]]]:
    """Groups of lists of an operation, of each of which one is run."""
    if op[0] == "select":
        return [[case[-1] for case in op[1]] + [op[2] or []]]
    if op[0] == "if":
        return [[op[-2], op[-1]]]
    if op[0] == "choose":
        return [op[1:]]
    return [[op[-1]]] if op[0] in ("once", "func", "defer") else []


def cost(pattern: dict[str, Any]) -> tuple[int, int]:
    """Upper bounds of goroutines started and operations run, endless loops counted as 50 rounds."""
    bodies = pattern["bodies"]
    known: dict[int, tuple[int, int]] = {}

    def walk(ops: list[Op]) -> tuple[int, int]:
        spawned = run = 0
        for op in ops:
            run += 1
            if op[0] in ("go", "afterfunc"):
                s, r = of(op[1] if op[0] == "go" else op[3])
                spawned, run = spawned + s + 1, run + r
            elif op[0] in ROUNDS:
                s, r = walk(op[-1])
                n = ROUNDS[op[0]] or (50 if op[1] < 0 else op[1])
                spawned, run = spawned + n * s, run + n * (r + 1)
            else:
                for lists in branches(op):
                    pairs = [walk(ops) for ops in lists]
                    spawned, run = spawned + max(p[0] for p in pairs), run + max(p[1] for p in pairs)
        return spawned, run

    def of(body: int) -> tuple[int, int]:
        if body not in known:
            known[body] = walk(bodies[body])
        return known[body]

    return of(0)


def patterns(seed: int, count: int) -> list[dict[str, Any]]:
    """``count`` patterns of bounded work."""
    generator = Generator(seed)
    out: list[dict[str, Any]] = []
    while len(out) < count:
        candidate = generator.pattern(f"{seed}-{len(out)}")
        spawned, run = cost(candidate)
        if spawned <= MOST_SPAWNED and run <= MOST_OPS:
            out.append(candidate)
    return out
