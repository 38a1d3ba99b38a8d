"""Random spawn patterns of version 2 of the language. A seed gives the same patterns everywhere.

Shapes aim at what version 2 adds: monitors on locks of the pattern, ranges, atomic operations, values that travel,
goroutines that are given fresh objects, timers that are stopped and reset, deferred calls that recover. Soups mix
everything with version 1. Loops on a condition end: they count in a variable of their own, or wait.
"""

from __future__ import annotations

import random
from typing import Any

from generate_sync import SLEEPS, SyncGenerator

Op = list[Any]
Bodies = list[list[Op]]

SLOTS = ["chan", "var", "mutex", "waitgroup", "timer", "context", "rwmutex", "cond", "once"]
"""What every body of a soup has: slot i holds SLOTS[i], given by ``go`` or zero."""
CONDS = [["mutex", 0], ["rwmutex", 0], ["rlocker", 1], None]
COMPARES = ("==", "!=", "<", "<=", ">", ">=")
COUNTER = 3
"""A variable that only loops of main use."""


class Generator2(SyncGenerator):
    """Patterns of version 2 from one source of randomness."""

    def pattern(self, name: str) -> dict[str, Any]:
        rng = self.rng
        self.chans = [rng.choice((0, 0, 0, 1, 1, 2, 3, 7, None)) for _ in range(4)]
        self.sleeps = 0
        self.slots: list[list[str]] = []
        shapes = (self.soup2, self.soup2, self.soup2, self.ranges, self.monitor, self.monitor, self.counters, self.requests, self.timers, self.timers,
                  self.defers, self.defers, self.defers, self.tries, self.misuse2, self.cancels, self.cancels)
        bodies = rng.choice(shapes)()
        return {"name": name, "version": 2, "chans": self.chans, "mutexes": 3, "rwmutexes": 2, "waitgroups": 3, "conds": CONDS, "onces": 2,
                "vars": 4, "timers": 2, "contexts": 3, "slots": self.slots, "bodies": bodies}

    # Shapes: each returns bodies; body 0 is main.

    def soup2(self) -> Bodies:
        count = self.rng.randint(1, 4)
        self.slots = [SLOTS] * (count + 1)
        bodies = [self.settle_in() + self.block(0, count, 3, self.rng.randint(4, 12)) + self.finish()]
        for b in range(1, count + 1):
            bodies.append(self.function(b, count, 2, self.rng.randint(1, 6)))
        return bodies

    def ranges(self) -> Bodies:
        """Producers count up; consumers range until it is closed, or leave early."""
        p, c, n = self.rng.randint(1, 4), self.rng.randint(1, 4), self.rng.randint(1, 9)
        self.chans[0] = self.rng.choice((0, 0, 1, 3))
        self.slots = [[], ["var"], ["var", "var"]]
        produce: list[Op] = [["while", "$0", "<", n, [["send", 0, ["var", "$0"]], ["sum", "$0", ["var", "$0"], 1], *self.maybe_yield()]], ["done", 0]]
        leave: list[Op] = [["if", "$0", self.rng.choice(COMPARES), self.rng.randint(0, n), [["break"]], []]] if self.rng.random() < 0.3 else []
        consume: list[Op] = [["range", 0, "$0", [["sum", "$1", ["var", "$1"], ["var", "$0"]], *self.maybe_yield(), *leave]], ["atomic", 1, ["var", "$1"]], ["done", 1]]
        main = self.settle_in() + [["add", 0, p], ["add", 1, c], ["loop", p, [["go", 1]]], ["loop", c, [["go", 2]]], ["wait", 0], *self.maybe_snap(), ["close", 0]]
        main += [["wait", 1], ["snap"], ["assert", 1, self.rng.choice(("==", "<=", "==")), p * n * (n - 1) // 2]]
        return [main + self.finish(), produce, consume]

    def monitor(self) -> Bodies:
        """A counter behind a lock and a condition: some wait for it to rise, others raise it."""
        k, lock, unlock = self.rng.choice(((0, ["lock", 0], ["unlock", 0]), (1, ["rwlock", 0], ["rwunlock", 0]), (2, ["rlock", 1], ["runlock", 1])))
        waiters, need = self.rng.randint(1, 6), self.rng.randint(1, 4)
        wake: Op = self.rng.choice((["signal", k], ["broadcast", k], ["broadcast", k]))
        take: list[Op] = [lock, ["while", 0, self.rng.choice(("<", "==")), self.rng.choice((0, need)), [["cwait", k], *self.maybe_yield()]],
                          ["sum", 0, ["var", 0], -1], unlock, ["atomic", 1, 1]]
        give: list[Op] = [lock, ["sum", 0, ["var", 0], self.rng.randint(1, 3)], *self.maybe_yield(), wake, unlock]
        main = self.settle_in() + [["loop", waiters, [["go", 1]]], *self.maybe_yield(), ["snap"]]
        main += [["loop", self.rng.randint(1, 5), [self.rng.choice((["go", 2], ["yield"], ["go", 2])), *self.maybe_yield()]], *give]
        main += self.rng.choice(([], [lock, ["broadcast", k], unlock]))
        return [main + self.finish(), take, give]

    def counters(self) -> Bodies:
        """Compare and swap, until it worked; the others load, store and swap."""
        n, rounds = self.rng.randint(1, 5), self.rng.randint(1, 5)
        self.slots = [[], ["var", "var", "var"]]
        cas: list[Op] = [["load", 0, "$0"], *self.maybe_yield(), ["sum", "$1", ["var", "$0"], 1], ["cas", 0, ["var", "$0"], ["var", "$1"], "$2"]]
        worker: list[Op] = [["loop", rounds, [["set", "$2", 0], ["while", "$2", "==", 0, cas]]], ["done", 0]]
        main = self.settle_in() + [["add", 0, n], ["loop", n, [["go", 1]]], ["yield"], ["swap", 1, 7, 2], ["store", 2, ["var", 1]], ["atomic", 2, -3, 1]]
        main += [["wait", 0], ["snap"], ["assert", 0, self.rng.choice(("==", ">=", "<")), n * rounds]]
        return [main + self.finish(), worker]

    def requests(self) -> Bodies:
        """Each goroutine gets a fresh channel and lock, and a copy of the round it was started in."""
        n = self.rng.randint(1, 12)
        self.slots = [["chan", "mutex", "waitgroup", "var"], ["chan", "var", "mutex", "waitgroup"]]
        capacity = self.rng.choice((0, 0, 1))
        copy: Any = ["value", ["var", "$3"]] if self.rng.random() < 0.7 else "$3"
        ask: list[Op] = [["chan", "$0", capacity], *self.rng.choice(([], [["new", "$1"]])), ["go", 1, "$0", copy, "$1", "$2"], *self.maybe_yield()]
        answer: list[Op] = self.rng.choice(([["recv", "$0", 1]], [["recv", "$0", 1, 2]], [["select", [["recv", "$0", 1, 2, [["mark", 1]]]], None]], []))
        main = self.settle_in() + [["add", "$2", n], ["loop", n, ask + answer + [["sum", "$3", ["var", "$3"], 1]]]]
        work: list[Op] = [["lock", "$2"], *self.maybe_yield(), ["sum", 0, ["var", 0], ["var", "$1"]], ["unlock", "$2"], ["send", "$0", ["var", "$1"]], ["done", "$3"]]
        return [main + [["snap"], ["wait", "$2"], ["snap"]] + self.finish(), work]

    def timers(self) -> Bodies:
        rng = self.rng
        self.slots = [["timer"], ["var"]]
        main = self.settle_in() + [["timer", 0, rng.choice((0, 10, 20, 30))], ["afterfunc", "$0", rng.choice((10, 20)), 1, ["value", 5]]]
        for _ in range(rng.randint(2, 7)):
            t = rng.choice((0, "$0"))
            main += [rng.choice((["sleep", rng.choice((10, 20))], ["stop", t], ["stop", t, 1], ["reset", t, rng.choice((0, 10, 30))],
                                 ["try", "recv", ["timer", t]], ["yield"], ["reset", t, 10, 2], ["snap"]))]
        ending = rng.random()
        if ending < 0.4:
            main += [["ticker", 1, 10], ["loop", rng.randint(1, 3), [["recv", ["timer", 1], 1, 2]]], ["reset", 1, 20], ["recv", ["timer", 1]], ["stop", 1]]
        elif ending < 0.7:
            main += [["select", [["recv", ["timer", 0], [["mark", 1]]], ["recv", 0, [["mark", 2]]]], None]]
        elif ending < 0.8:
            main += [["recv", ["timer", "$0"]]]
        return [main + self.finish(), [["mark", 3], *self.maybe_yield(), ["try", "send", 0, ["var", "$0"]]]]

    def defers(self) -> Bodies:
        self.slots = [["var"], ["var"], ["var"]]
        bodies = [self.settle_in() + [["go", 1], ["go", 2], *self.maybe_yield(), *self.unwinding(2)], self.unwinding(3), self.unwinding(3)]
        if self.rng.random() < 0.8:  # or the first panic is the end
            bodies = [[["defer", [["recover", "$0"]]], ["func", b]] for b in bodies]
            bodies[0] += self.finish()
        return bodies

    def unwinding(self, depth: int) -> list[Op]:
        """A function's list: defers, functions, onces, and ways to leave it."""
        rng = self.rng
        ops: list[Op] = []
        for _ in range(rng.randint(1, 4)):
            kind = rng.random()
            if kind < 0.35 and depth > 0:
                late = [op for op in self.unwinding(depth - 1) if op[0] != "defer"]
                for _ in range(rng.randint(0, 2)):
                    late.insert(rng.randint(0, len(late)), ["recover"])
                ops.append(["defer", late])
            elif kind < 0.5 and depth > 0:
                ops.append(["func", self.unwinding(depth - 1)])
            elif kind < 0.58 and depth > 0:
                ops.append(["once", rng.randrange(2), self.unwinding(depth - 1)])
            elif kind < 0.75:
                ops.append(["mark", rng.randint(0, 9)])
            elif kind < 0.8:
                ops.append(["yield"])
            else:
                ops.append(rng.choice((["panic"], ["panic", "other"], ["return"], ["goexit"], ["break"], ["close", 3], ["add", 1, -1],
                                       ["assert", 0, "<", 0], ["stop", 0], ["mark", 10])))
        return ops

    def tries(self) -> Bodies:
        worker: list[Op] = []
        self.slots = [[], ["var"]]
        for _ in range(self.rng.randint(1, 5)):
            name, lock, unlock, i = self.rng.choice((("trylock", "lock", "unlock", 0), ("rwtrylock", "rwlock", "rwunlock", 0), ("tryrlock", "rlock", "runlock", 0)))
            worker += [[name, i, "$0"], ["if", "$0", 1, [*self.maybe_yield(), [unlock, i]], [self.rng.choice((["yield"], ["mark", 1], ["go", 2]))]]]
        other: list[Op] = self.rng.choice(([["lock", 0], ["yield"], ["unlock", 0]], [["rlock", 0], ["yield"], ["runlock", 0]], [["rwlock", 0], ["yield"], ["rwunlock", 0]]))
        return [self.settle_in() + [["loop", self.rng.randint(1, 4), [["go", 1], ["go", 2], *self.maybe_yield()]], ["snap"]] + self.finish(), worker, other]

    def misuse2(self) -> Bodies:
        self.chans[3] = None
        self.slots = [["var", "cond"], ["var"]]
        reuse: list[Op] = [["add", 0, 1], ["go", 1], ["go", 1], ["yield"], ["done", 0], ["add", 0, 1], ["yield"], ["yield"]]
        bad: list[Op] = self.rng.choice((
            reuse, reuse, [["close", 3]], [["cwait", 0]], [["cwait", 2]], [["recv", 3]], [["send", 3, 1]], [["stop", 0]], [["recv", ["timer", 0]]],
            [["select", [["recv", 3, []]], [["mark", 1]]]], [["select", [["send", 3, 1, []], ["recv", 3, []]], None]], [["ticker", 0, 0]],
            [["range", 3, []]], [["reset", 1, 10]], [["try", "send", 3, 1], ["try", "recv", 3]], [["lock", 0], ["cond", "$1", ["mutex", 0]], ["cwait", "$1"]],
        ))
        if self.rng.random() < 0.4:
            bad = [["defer", [["recover", "$0"], ["assert", "$0", 0]]], ["defer", [["recover", "$0"], ["mark", 4]]], *bad]
        return [self.settle_in() + bad + self.finish(), [["wait", 0], ["mark", 1]]]

    def cancels(self) -> Bodies:
        """Contexts in a tree, canceled by hand or by their deadline, and goroutines that wait for that."""
        rng = self.rng
        self.slots = [["context"], ["context"]]
        main = self.settle_in() + [["withcancel", 0, None]]
        main += rng.choice(([["withcancel", 1, 0]], [["withtimeout", 1, 0, rng.choice((10, 20))]], [["withtimeout", 1, None, 20], ["withcancel", 2, 1]]))
        main += rng.choice(([], [["withtimeout", "$0", 1, rng.choice((0, 10, 30))]], [["withcancel", "$0", 1]]))
        n = rng.randint(1, 6)
        main += [["loop", n, [["go", 1, rng.choice((0, 1, 2, "$0"))], ["go", 1, rng.choice((0, 1))]]], *self.maybe_yield(), ["snap"]]
        for _ in range(rng.randint(1, 6)):
            x = rng.choice((0, 1, 2, "$0"))
            main += [rng.choice((["cancel", x], ["err", x], ["err", x, 1], ["sleep", rng.choice((10, 20))], ["yield"], ["snap"], ["try", "recv", ["done", x]],
                                 ["withcancel", 2, x]))]
        worker: list[Op] = rng.choice(([["recv", ["done", "$0"]], ["err", "$0"]], [["withcancel", "$0", "$0"], ["recv", ["done", "$0"]], ["cancel", "$0"], ["err", "$0"]],
                                       [["select", [["recv", ["done", "$0"], [["err", "$0"]]], ["recv", 0, [["mark", 1]]]], None]]))
        return [main + rng.choice(([["cancel", 0]], [])) + self.finish(), worker]

    # Pieces.

    def function(self, body: int, bodies: int, depth: int, size: int) -> list[Op]:
        """A block that may have deferred calls."""
        ops = self.block(body, bodies, depth, size)
        if self.rng.random() < 0.3:
            late = self.block(body, bodies, 0, self.rng.randint(0, 2)) + self.rng.choice(([], [["recover"]], [["recover", "$1"]]))
            ops.insert(self.rng.randint(0, len(ops)), ["defer", late])
        return ops

    def var(self) -> Any:
        return self.rng.choice((0, 1, 2, "$1"))

    def value(self) -> Any:
        return self.rng.randint(-2, 9) if self.rng.random() < 0.5 else ["var", self.var()]

    def chan(self) -> Any:
        return self.rng.choice((0, 1, 2, 3, "$0"))

    def source(self) -> Any:
        return self.rng.choice((self.chan(), self.chan(), self.chan(), ["done", self.rng.choice((0, "$5"))]))

    def spawn(self, body: int, bodies: int) -> Op:
        args = [self.chan(), self.rng.choice((self.var(), ["value", self.value()])), self.rng.choice((0, 1, "$2")), self.rng.choice((0, "$3"))]
        return ["go", self.rng.randint(body + 1, bodies), *args[: self.rng.randint(0, 4)]]

    def operation(self, body: int, bodies: int, depth: int) -> Op:
        rng = self.rng
        if rng.random() < 0.35:
            return super().operation(body, bodies, depth)
        kind = rng.random()
        if kind < 0.13 and body < bodies:
            return self.spawn(body, bodies)
        if kind < 0.22:
            return rng.choice((["set", self.var(), self.value()], ["sum", self.var(), self.value(), self.value()], ["diff", self.var(), self.value(), self.value()]))
        if kind < 0.30:
            return rng.choice((["load", self.var(), self.var()], ["store", self.var(), self.value()], ["swap", self.var(), self.value(), self.var()],
                               ["cas", self.var(), self.value(), self.value(), self.var()], ["atomic", self.var(), self.value(), self.var()]))
        if kind < 0.38 and depth > 0:
            return ["if", self.var(), rng.choice(COMPARES), self.value(), self.block(body, bodies, depth - 1, rng.randint(0, 2)), self.block(body, bodies, depth - 1, rng.randint(0, 2))]
        if kind < 0.42 and depth > 0 and body == 0:
            return ["while", COUNTER, "<", rng.randint(0, 4), [["sum", COUNTER, ["var", COUNTER], 1], *self.block(body, bodies, depth - 1, rng.randint(0, 2))]]
        if kind < 0.46 and depth > 0:
            return ["func", self.function(body, bodies, depth - 1, rng.randint(0, 3))]
        if kind < 0.65:
            return rng.choice((["send", self.chan(), self.value()], ["recv", self.source(), self.var()], ["recv", self.source(), None, self.var()], ["recv", self.source()],
                               ["try", "send", self.chan(), self.value()], ["try", "recv", self.source()], ["chan", self.chan(), rng.choice((0, 1, 2))]))
        if kind < 0.68 and depth > 0:
            return ["range", self.chan(), self.var(), self.block(body, bodies, depth - 1, rng.randint(0, 1)) + ([["break"]] if rng.random() < 0.7 else [])]
        if kind < 0.75 and depth > 0:
            cases = [self.case2(body, bodies, depth - 1) for _ in range(rng.randint(1, 3))]
            return ["select", cases, None if rng.random() < 0.4 else self.block(body, bodies, depth - 1, rng.randint(0, 2))]
        if kind < 0.83:
            return rng.choice((["lock", "$2"], ["unlock", "$2"], ["trylock", rng.choice((0, "$2")), self.var()], ["rwtrylock", rng.choice((0, "$6")), self.var()],
                               ["tryrlock", rng.choice((0, "$6")), self.var()], ["new", "$2"], ["new", "$1"]))
        if kind < 0.88:
            return rng.choice((["add", "$3", 1], ["done", "$3"], ["wait", "$3"], ["new", "$3"], ["once", "$8", [["mark", 2]]], ["new", "$8"]))
        if kind < 0.93:
            return rng.choice((["cwait", rng.choice((0, 1, 2))], ["signal", rng.choice((0, 2, "$7"))], ["broadcast", rng.choice((1, 3, "$7"))], ["condwait", rng.choice((2, "$7"))],
                               ["cond", "$7", ["mutex", rng.choice((0, "$2"))]], ["cond", "$7", [rng.choice(("rwmutex", "rlocker")), rng.choice((1, "$6"))]]))
        if kind < 0.96:
            return rng.choice((["withcancel", rng.choice((0, 1, "$5")), rng.choice((None, 0, "$5"))], ["cancel", rng.choice((0, 1, "$5"))], ["err", rng.choice((0, 1, "$5")), self.var()]))
        if kind < 0.98 and self.sleeps < 2:
            self.sleeps += 1
            return rng.choice((["timer", rng.choice((0, "$4")), rng.choice(SLEEPS)], ["stop", 0], ["sleep", 10]))
        return ["yield"]

    def case2(self, body: int, bodies: int, depth: int) -> list[Any]:
        then = self.block(body, bodies, depth, self.rng.randint(0, 2))
        kind = self.rng.random()
        if kind < 0.3:
            return ["recv", self.source(), self.rng.choice((None, self.var())), then]
        if kind < 0.6:
            return ["recv", self.source(), self.var(), self.var(), then]
        return ["send", self.chan(), self.value(), then]
