"""Random spawn patterns whose goroutines wait for one another. A seed gives the same patterns everywhere.

Each shape aims at a rule: hand-over to a parked receiver, the order in which close, Broadcast and Unlock wake,
barging and hand-off of mutexes, selects that lose, timers that are due together, and wakeups by the hundred, which
overflow the ring. Soups mix everything, and often deadlock: then the place where each run stops is compared.
"""

from __future__ import annotations

import random
from typing import Any

Op = list[Any]
Bodies = list[list[Op]]

VARS = 3
SLEEPS = (0, 10, 10, 20, 50)
"""Milliseconds. Deadlines that are closer are one or two looks of a real scheduler, as busy as the machine is."""
CROWDS = (1, 2, 3, 5, 8, 31, 63, 64, 65, 128, 200, 256, 257, 258, 300)
TABLES = {"mutexes": 3, "rwmutexes": 2, "waitgroups": 3, "conds": 2, "onces": 2, "vars": VARS}


class SyncGenerator:
    """Patterns from one source of randomness."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.chans: list[int] = []
        self.sleeps = 0

    def pattern(self, name: str) -> dict[str, Any]:
        """One pattern, of a shape drawn at random."""
        self.chans = [self.rng.choice((0, 0, 0, 1, 1, 2, 3, 7, 300)) for _ in range(4)]
        self.sleeps = 0
        shapes = (self.soup, self.soup, self.soup, self.soup, self.ping_pong, self.pipeline, self.market, self.crowd, self.crowd,
                  self.fight, self.readers, self.gather, self.once, self.selects, self.selects, self.sleepers, self.misuse)
        bodies = self.rng.choice(shapes)()
        return {"name": name, "chans": self.chans, **TABLES, "bodies": bodies}

    # Shapes: each returns bodies; body 0 is main.

    def soup(self) -> Bodies:
        count = self.rng.randint(1, 5)
        bodies = [self.settle_in() + self.block(0, count, 3, self.rng.randint(4, 12)) + self.finish()]
        for b in range(1, count + 1):
            bodies.append(self.block(b, count, 2, self.rng.randint(1, 6)))
        return bodies

    def ping_pong(self) -> Bodies:
        n = self.rng.randint(1, 40)
        main = self.settle_in() + [["go", 1], ["go", 2]] + [["yield"]] * self.rng.randint(0, 3) + [["snap"]]
        a: list[Op] = [["loop", n, [["send", 0, 1], *self.maybe_snap(), ["recv", 1]]]]
        b: list[Op] = [["loop", n, [["recv", 0], *self.maybe_snap(), ["send", 1, 2]]]]
        return [main + [["wait", 0]] * self.rng.randint(0, 1) + self.finish(), a, b]

    def pipeline(self) -> Bodies:
        stages, n = self.rng.randint(1, 3), self.rng.randint(1, 30)
        main = self.settle_in() + [["go", s + 1] for s in range(stages)] + [["go", stages + 1]]
        main += [["loop", n, [["recv", stages]]], ["snap"]]
        bodies = [main + self.finish()]
        for s in range(stages):
            bodies.append([["loop", n, [["recv", s], *self.maybe_yield(), ["send", s + 1, s]]]])
        bodies.append([["loop", n, [["send", 0, 9], *self.maybe_snap()]]] + self.rng.choice(([], [["close", 0]])))
        return bodies

    def market(self) -> Bodies:
        """Producers and consumers of one channel, and a waitgroup or a close at the end."""
        p, c, each = self.rng.randint(1, 6), self.rng.randint(1, 6), self.rng.randint(1, 12)
        main = self.settle_in() + [["add", 0, p], ["loop", p, [["go", 1]]], ["loop", c, [["go", 2]]]]
        main += [["wait", 0], ["snap"]] + self.rng.choice(([], [["close", 0]]))
        produce: list[Op] = [["loop", each, [["send", 0, 5], *self.maybe_yield()]], ["done", 0]]
        consume: list[Op] = [["loop", max(1, p * each // c), [["recv", 0], *self.maybe_yield(), *self.maybe_snap()]], ["mark", 3]]
        return [main + self.finish(), produce, consume]

    def crowd(self) -> Bodies:
        """Many wait for one thing, and main lets them go."""
        n = self.rng.choice(CROWDS)
        kind = self.rng.choice(("recv", "send", "wait", "cond", "lock", "rlock", "rwlock", "select"))
        before: list[Op] = {"wait": [["add", 1, 1]], "lock": [["lock", 0]], "rlock": [["rwlock", 0]], "rwlock": [["rlock", 0]]}.get(kind, [])
        worker: list[Op] = {
            "recv": [["recv", 0]], "send": [["send", 0, 4]], "wait": [["wait", 1]], "cond": [["condwait", 0]],
            "lock": [["lock", 0], *self.maybe_yield(), ["unlock", 0]], "rlock": [["rlock", 0], *self.maybe_yield(), ["runlock", 0]],
            "rwlock": [["rwlock", 0], ["rwunlock", 0]],
            "select": [["select", [["recv", 0, [["mark", 1]]], ["recv", 1, [["mark", 2]]]], None]],
        }[kind]
        release: dict[str, list[list[Op]]] = {
            "recv": [[["close", 0]], [["loop", n, [["send", 0, 1]]]], [["loop", n, [["try", "send", 0, 2]]], ["snap"], ["close", 0]]],
            "send": [[["loop", n, [["recv", 0]]]], [["loop", n, [["try", "recv", 0]]]]],
            "wait": [[["done", 1]]],
            "cond": [[["broadcast", 0]], [["loop", n, [["signal", 0]]]], [["loop", n // 2, [["signal", 0]]], ["snap"], ["broadcast", 0]]],
            "lock": [[["unlock", 0]], [["unlock", 0], ["lock", 0], ["snap"], ["unlock", 0]]],
            "rlock": [[["rwunlock", 0]], [["rwunlock", 0], ["rwlock", 0], ["snap"], ["rwunlock", 0]]],
            "rwlock": [[["runlock", 0]], [["runlock", 0], ["rlock", 0], ["runlock", 0]]],
            "select": [[["close", 0]], [["loop", n, [["send", 1, 1]]]], [["loop", n // 2, [["send", 0, 1]]], ["snap"], ["close", 1]]],
        }
        main = self.settle_in() + before + [["loop", n, [["go", 1]]]] + [["yield"]] * self.rng.randint(1, 3) + [["snap"]]
        main += self.rng.choice(release[kind]) + [["snap"]]
        return [main + self.finish(), worker + [["mark", 9]]]

    def fight(self) -> Bodies:
        """A mutex that is let go and taken again while others wait."""
        n, rounds = self.rng.randint(2, 8), self.rng.randint(1, 6)
        hold = [["lock", 0], *self.maybe_yield(), ["inc", 0], *self.maybe_yield(), ["unlock", 0]]
        worker: list[Op] = [["loop", rounds, hold + self.maybe_yield()], ["done", 0]]
        main = self.settle_in() + [["add", 0, n], ["lock", 0], ["loop", n, [["go", 1]]], ["yield"]]
        for _ in range(self.rng.randint(0, 4)):
            main += [["unlock", 0], *self.maybe_snap(), ["lock", 0], *self.maybe_yield()]
        main += [["unlock", 0], *self.maybe_snap(), ["wait", 0], ["snap"], ["assert", 0, n * rounds]]
        return [main + self.finish(), worker]

    def readers(self) -> Bodies:
        r, w = self.rng.randint(1, 8), self.rng.randint(1, 4)
        read: list[Op] = [["rlock", 0], *self.maybe_yield(), ["mark", 1], ["runlock", 0], ["done", 0]]
        write: list[Op] = [["rwlock", 0], *self.maybe_yield(), ["inc", 0], ["rwunlock", 0], ["done", 0]]
        take, release = self.rng.choice((("rlock", "runlock"), ("rwlock", "rwunlock")))
        starts: list[Op] = [["go", 1]] * r + [["go", 2]] * w
        self.rng.shuffle(starts)
        main = self.settle_in() + [["add", 0, r + w], [take, 0], *starts, ["yield"], ["snap"], [release, 0], ["snap"], ["wait", 0]]
        return [main + self.finish(), read, write]

    def gather(self) -> Bodies:
        n = self.rng.choice((1, 2, 3, 10, 62, 130, 258))
        main = self.settle_in() + [["add", 0, n], ["loop", n, [["go", 1]]], ["loop", self.rng.randint(0, 3), [["go", 2]]], ["wait", 0], ["snap"]]
        worker: list[Op] = [*self.maybe_yield(), ["done", 0], *self.maybe_yield(), *self.maybe_snap()]
        return [main + self.finish(), worker, [["wait", 0], ["mark", 8]]]

    def once(self) -> Bodies:
        n = self.rng.randint(2, 12)
        inner = self.block(1, 1, 1, self.rng.randint(0, 3)) + self.rng.choice(([], [["break"]], [["return"]], [["goexit"]], [["yield"]]))
        worker: list[Op] = [*self.maybe_yield(), ["once", 0, inner], ["mark", 4]]
        return [self.settle_in() + [["loop", n, [["go", 1]]], ["yield"], ["snap"], ["once", 0, [["mark", 5]]], ["snap"]] + self.finish(), worker]

    def selects(self) -> Bodies:
        """Selects that wait, lose and are woken by one channel; and polling with a default."""
        n = self.rng.randint(1, 9)
        cases: list[Any] = []
        for c in self.rng.sample(range(4), self.rng.randint(1, 4)):
            mark = [["mark", c]] + self.rng.choice(([], [["break"]], [["yield"]], [["send", (c + 1) % 4, 7]]))
            cases.append(["recv", c, mark] if self.rng.random() < 0.7 else ["send", c, c, mark])
        default = None if self.rng.random() < 0.7 else [["yield"], *self.maybe_snap()]
        worker: list[Op] = [["loop", self.rng.randint(1, 5), [["select", cases, default]]], ["mark", 9]]
        main = self.settle_in() + [["loop", n, [["go", 1]]], ["yield"], ["snap"]]
        for _ in range(self.rng.randint(1, 8)):
            c = self.rng.randrange(4)
            main += [self.rng.choice((["send", c, 1], ["try", "send", c, 2], ["try", "recv", c], ["recv", c], ["yield"], ["snap"]))]
        return [main + self.finish(), worker]

    def sleepers(self) -> Bodies:
        n = self.rng.randint(1, 5)
        bodies = [self.settle_in() + [["go", b] for b in range(1, n + 1)] + [["after", 0, self.rng.choice(SLEEPS)]]]
        bodies[0] += self.rng.choice(([["recv", 0]], [["sleep", self.rng.choice(SLEEPS)]], [["wait", 0]]))
        for _ in range(n):
            bodies.append([["sleep", self.rng.choice(SLEEPS)], *self.maybe_snap(), ["mark", 1]])
        bodies[0] += self.finish()
        return bodies

    def misuse(self) -> Bodies:
        bad: list[Op] = self.rng.choice((
            [["close", 0], ["send", 0, 1]], [["close", 0], ["close", 0]], [["done", 0]], [["add", 0, -2]], [["unlock", 0]],
            [["rwunlock", 0]], [["runlock", 0]], [["rlock", 0], ["rwunlock", 0]], [["close", 1], ["try", "send", 1, 1]],
            [["lock", 0], ["lock", 0]], [["close", 0], ["select", [["send", 0, 1, []]], None]], [["once", 0, [["panic"]]]],
            [["once", 0, [["close", 0], ["close", 0]]]], [["close", 0], ["after", 0, 0], ["sleep", 10]],
        ))
        if self.rng.random() < 0.5:
            waiting: list[Op] = [self.rng.choice((["send", 0, 3], ["recv", 0], ["lock", 0], ["once", 0, []]))]
            return [self.settle_in() + [["go", 1], ["go", 2], ["yield"], ["snap"], ["yield"], ["recv", 3]], waiting, [["yield"], *bad]]
        return [self.settle_in() + [["go", 1]] + bad + self.finish(), self.block(1, 1, 1, 2)]

    # Pieces.

    def settle_in(self) -> list[Op]:
        """Moves the phase of the 61-tick rule."""
        return [["loop", self.rng.choice((0, 0, 0, 1, 2, 57, 58, 59, 60, 61)), [["yield"]]]]

    def maybe_snap(self) -> list[Op]:
        return [["snap"]] if self.rng.random() < 0.4 else []

    def maybe_yield(self) -> list[Op]:
        return [["yield"]] if self.rng.random() < 0.4 else []

    def block(self, body: int, bodies: int, depth: int, size: int) -> list[Op]:
        """Operations of every kind. Body b starts only bodies above b, so that spawning ends."""
        return [self.operation(body, bodies, depth) for _ in range(size)]

    def operation(self, body: int, bodies: int, depth: int) -> Op:
        rng = self.rng
        kind = rng.random()
        c = rng.randrange(4)
        if kind < 0.16 and body < bodies:
            return ["go", rng.randint(body + 1, bodies)]
        if kind < 0.26:
            return rng.choice((["yield"], ["yield"], ["snap"], ["mark", rng.randint(0, 9)]))
        if kind < 0.33 and depth > 0:
            return ["loop", rng.choice((0, 1, 2, 3, 5, 9)), self.block(body, bodies, depth - 1, rng.randint(1, 3))]
        if kind < 0.37 and depth > 0:
            return ["if", rng.randrange(VARS), rng.randint(0, 2), self.block(body, bodies, depth - 1, rng.randint(0, 2)),
                    self.block(body, bodies, depth - 1, rng.randint(0, 2))]
        if kind < 0.60:
            return rng.choice((["send", c, rng.randint(0, 9)], ["recv", c], ["send", c, 1], ["recv", c], ["try", "send", c, 8], ["try", "recv", c], ["try", "recv", c]))
        if kind < 0.62:
            return ["close", c]
        if kind < 0.68 and depth > 0:
            cases = [self.case(body, bodies, depth - 1) for _ in range(rng.randint(1, 3))]
            return ["select", cases, None if rng.random() < 0.4 else self.block(body, bodies, depth - 1, rng.randint(0, 2))]
        if kind < 0.76:
            m = rng.randrange(3)
            return rng.choice((["lock", m], ["lock", m], ["unlock", m]))
        if kind < 0.81:
            m = rng.randrange(2)
            return rng.choice((["rlock", m], ["rlock", m], ["rwlock", m], ["runlock", m], ["rwunlock", m]))
        if kind < 0.88:
            w = rng.randrange(3)
            return rng.choice((["add", w, 1], ["add", w, 2], ["done", w], ["wait", w]))
        if kind < 0.92:
            k = rng.randrange(2)
            return rng.choice((["condwait", k], ["signal", k], ["broadcast", k]))
        if kind < 0.94 and depth > 0:
            return ["once", rng.randrange(2), self.block(body, bodies, depth - 1, rng.randint(0, 2))]
        if kind < 0.97:
            return rng.choice((["inc", rng.randrange(VARS)], ["set", rng.randrange(VARS), 1], ["atomic", rng.randrange(VARS), 1]))
        if kind < 0.975:
            return rng.choice((["goexit"], ["break"], ["return"], ["panic"]))
        if kind < 0.985 and self.sleeps < 3:
            self.sleeps += 1
            return rng.choice((["sleep", rng.choice(SLEEPS)], ["after", c, rng.choice(SLEEPS)]))
        return ["yield"]

    def case(self, body: int, bodies: int, depth: int) -> list[Any]:
        then = self.block(body, bodies, depth, self.rng.randint(0, 2))
        c = self.rng.randrange(4)
        return ["recv", c, then] if self.rng.random() < 0.6 else ["send", c, 6, then]

    def finish(self) -> list[Op]:
        """How main ends: at once, after the others have run, or not at all."""
        kind = self.rng.random()
        if kind < 0.2:
            return []
        if kind < 0.4:
            return [["goexit"]]
        if kind < 0.5:
            return [["recv", 3]]
        return [["loop", self.rng.choice((1, 2, 5, 20, 64)), [["yield"], *self.maybe_snap()]], ["snap"]]
