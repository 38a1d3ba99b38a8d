"""Hypothesis strategies: patterns by shape and size, settings of runs, and the choices of a run itself.

    from hypothesis import given
    from newproc import strategies as nst

    @given(nst.patterns(), nst.schedules())
    def test_every_pattern_is_the_same_run_twice(pattern, schedule):
        assert pattern.run(**schedule).log == pattern.run(**schedule).log

It needs ``newproc[test]``. Everything is drawn from Hypothesis, so that it shrinks failures and keeps them in its database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis import target

from ._build import PatternBuilder
from ._pattern import Pattern, Result

PRIMITIVES = ("go", "yield", "mark", "loop", "if", "var", "chan", "select", "mutex", "rwmutex", "waitgroup", "cond", "once", "sleep", "end")
"""What `patterns` can use; each name stands for its operations."""

_EASY = ("mark", "yield")


class _Writer:
    """Draws operations for one body."""

    def __init__(self, draw: st.DrawFn, builder: PatternBuilder, primitives: Sequence[str], things: dict[str, list[Any]], bodies: list[Any]) -> None:
        self.draw, self.b, self.things, self.bodies = draw, builder, things, bodies
        self.kinds = [kind for kind in (*_EASY, *PRIMITIVES) if kind in primitives]

    def block(self, size: int, depth: int, later: int) -> None:
        """At most ``size`` operations; only bodies from ``later`` on are started, so that every pattern has an end."""
        for _ in range(self.draw(st.integers(0, size))):
            kind = self.draw(st.sampled_from(self.kinds))
            getattr(self, f"w_{kind}")(depth, later)

    def pick(self, table: str) -> Any:
        return self.draw(st.sampled_from(self.things[table]))

    def w_mark(self, depth: int, later: int) -> None:
        self.b.mark(self.draw(st.integers(0, 9)))

    def w_yield(self, depth: int, later: int) -> None:
        self.b.yield_()

    def w_go(self, depth: int, later: int) -> None:
        if later < len(self.bodies):
            self.b.go(self.draw(st.sampled_from(self.bodies[later:])))

    def w_loop(self, depth: int, later: int) -> None:
        if depth < 2:
            with self.b.loop(self.draw(st.integers(0, 3))):
                self.block(3, depth + 1, later)

    def w_if(self, depth: int, later: int) -> None:
        if depth < 2:
            with self.b.if_(self.pick("var"), self.draw(st.integers(0, 2))):
                self.block(2, depth + 1, later)
            with self.b.else_():
                self.block(2, depth + 1, later)

    def w_var(self, depth: int, later: int) -> None:
        var = self.pick("var")
        act = self.draw(st.sampled_from(("inc", "set", "add")))
        var.inc() if act == "inc" else getattr(var, act)(self.draw(st.integers(-2, 2)))

    def w_chan(self, depth: int, later: int) -> None:
        chan = self.pick("chan")
        act = self.draw(st.sampled_from(("send", "recv", "try_send", "try_recv", "close")))
        getattr(chan, act)(self.draw(st.integers(0, 9))) if act.endswith("send") else getattr(chan, act)()

    def w_select(self, depth: int, later: int) -> None:
        if depth >= 2:
            return
        with self.b.select() as s:
            for _ in range(self.draw(st.integers(1, 2))):
                chan = self.pick("chan")
                with s.recv(chan) if self.draw(st.booleans()) else s.send(chan, self.draw(st.integers(0, 9))):
                    self.block(1, depth + 1, later)
            if self.draw(st.booleans()):
                with s.default():
                    self.block(1, depth + 1, later)

    def w_mutex(self, depth: int, later: int) -> None:
        with self.pick("mutex"):
            if depth < 2:
                self.block(2, depth + 1, later)

    def w_rwmutex(self, depth: int, later: int) -> None:
        rw = self.pick("rwmutex")
        with rw if self.draw(st.booleans()) else rw.reading():
            if depth < 2:
                self.block(2, depth + 1, later)

    def w_waitgroup(self, depth: int, later: int) -> None:
        wg = self.pick("waitgroup")
        act = self.draw(st.sampled_from(("add", "done", "wait")))
        wg.add(self.draw(st.integers(0, 2))) if act == "add" else getattr(wg, act)()

    def w_cond(self, depth: int, later: int) -> None:
        getattr(self.pick("cond"), self.draw(st.sampled_from(("signal", "broadcast", "wait"))))()

    def w_once(self, depth: int, later: int) -> None:
        if depth < 2:
            with self.pick("once").do():
                self.block(2, depth + 1, later)

    def w_sleep(self, depth: int, later: int) -> None:
        self.b.sleep(self.draw(st.integers(0, 3)) * 10)

    def w_end(self, depth: int, later: int) -> None:
        {"goexit": self.b.goexit, "panic": self.b.panic, "return": self.b.return_}[self.draw(st.sampled_from(("return", "goexit", "panic")))]()


@st.composite
def patterns(draw: st.DrawFn, *, bodies: int = 4, operations: int = 8, primitives: Sequence[str] = PRIMITIVES) -> Pattern:
    """Patterns that end: a body starts later ones only, loops are counted. They may deadlock or panic; that is a result.

    Args:
        bodies: most of them, main included.
        operations: most in a body's outer block.
        primitives: what they use, of `PRIMITIVES`; without blocking ones no pattern deadlocks.
    """
    unknown = set(primitives) - set(PRIMITIVES)
    if unknown or not primitives:
        raise ValueError(f"primitives has {sorted(unknown) or 'nothing'}; there are {', '.join(PRIMITIVES)}")
    b = PatternBuilder("drawn")
    made: dict[str, list[Any]] = {
        "var": [b.var(), b.var()], "chan": [b.chan(draw(st.integers(0, 2))) for _ in range(2)], "mutex": [b.mutex()], "rwmutex": [b.rwmutex()],
        "waitgroup": [b.waitgroup()], "cond": [b.cond()], "once": [b.once()],
    }
    written = [b.main, *(b.body() for _ in range(draw(st.integers(0, bodies - 1))))]
    writer = _Writer(draw, b, primitives, made, written)
    for i, body in enumerate(written):
        with body:
            writer.block(operations, 0, i + 1)
    return b.build()


def fan_outs(most: int = 600) -> st.SearchStrategy[Pattern]:
    """Main starts n goroutines and looks at the queues: around 257 and 258 the ring overflows, at 64 exits free Gs spill."""

    def of(n: int, yields: int) -> Pattern:
        return Pattern({"name": f"fan out {n}", "bodies": [[["loop", n, [["go", 1]]], ["snap"], ["loop", yields, [["yield"]]], ["snap"]], [["mark", 1]]]})

    edges = st.sampled_from([n for n in (0, 1, 16, 17, 63, 64, 65, 256, 257, 258, 259, 386, 387) if n <= most])
    return st.builds(of, st.one_of(edges, st.integers(0, most)), st.integers(0, 3))


def schedules(*, procs: int = 4) -> st.SearchStrategy[dict[str, int]]:
    """Keyword arguments of `Pattern.run`, `newproc.run` and `Runtime` in the sim world: Ps, and the seed of every choice."""
    return st.fixed_dictionaries({"procs": st.integers(1, procs), "seed": st.integers(0, 2**32 - 1)})


def aim(result: Result) -> None:
    """Feed Hypothesis's `target` with what scheduler testing looks for: how many kinds of events, and the longest queue seen in snaps."""
    if result.trace is not None:
        target(float(len(set(result.trace.events["kind"].tolist()))), label="kinds of events")
    longest = max((len(line[3]) + len(line[4]) for line in result.log if line[1] == "snap"), default=0)
    target(float(longest), label="longest queue")


class Choices:
    """A driver for `newproc.explore` whose every choice is a draw: the schedule shrinks as data does, towards the usual way.

    Give it the ``data`` of ``st.data()``; it is good for one schedule.
    """

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def pick(self, question: Any, /) -> int:
        """Any way; 0 in the draw is the usual one."""
        drawn: int = self._data.draw(st.integers(0, question.ways - 1), label=f"step {question.step}")
        return int((question.usual + drawn) % question.ways)
