"""Events as sentences. `assets/words.js` says the same in JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from . import kinds as k

if TYPE_CHECKING:
    from .._look import Trace
    from .replay import Event


def _went(p: int, b: int) -> str:
    if p < 0 or b == k.TO_GLOBAL:
        return "goes to the global queue"
    return {k.TO_RUNQ: f"goes to the tail of P{p}'s ring", k.TO_RUN: f"is run next by P{p}"}.get(b, f"is next on P{p}")


def sentence(event: Event, names: dict[int, str], thing: str = "") -> str:
    """What happened, in words. ``thing`` is the name of what a park or an unpark is about."""
    kind, g, p, m, a, b = event

    def who(goid: int) -> str:
        return f"G{goid} ({names[goid]})" if names.get(goid) else f"G{goid}"

    said = {
        k.GOMAXPROCS: "There is 1 P." if a == 1 else f"There are {a} Ps.",
        k.PROC_START: f"M{m} takes P{p}.",
        k.PROC_STOP: f"M{m} gives P{p} up.",
        k.STW_START: f"{who(g)} stops the world.",
        k.STW_DONE: f"{who(g)} starts the world again.",
        k.CREATE: f"{who(a)} starts {who(g)}, which is next on P{p}." if a else f"{who(g)} is made.",
        k.START: f"P{p} runs {who(g)}, from {k.SOURCES[a] if a < len(k.SOURCES) else '?'}" + (f" of P{b}." if a == k.FROM_STEAL else "."),
        k.END: f"{who(g)} ends.",
        k.SCHED: f"{who(g)} yields, to the back of the global queue.",
        k.PREEMPT: f"{who(g)} yields, to the tail of P{p}'s ring." if a == 1 else f"{who(g)} is preempted, to the global queue.",
        k.PARK: f"{who(g)} waits: {k.WAITS.get(a, 'unknown')}" + (f" of {thing}." if thing else "."),
        k.UNPARK: (f"{who(g)} is woken by {who(a)} and is next on P{p}" if a and p >= 0 else f"{who(g)} is woken; it {_went(p, b)}")
        + (f"; it waited for {thing}." if thing else "."),
        k.SYSCALL: f"{who(g)} enters a system call.",
        k.SYSEXIT: f"{who(g)} is back from its system call" + (" and keeps running." if a == 1 else "; it goes to the global queue."),
        k.SYSBLOCK: f"P{p} is taken from {who(g)}, which is in a system call.",
        k.OVERFLOW: f"P{p}'s ring is full: {a} goroutines, {who(b)} first, move to the global queue.",
        k.GLOBRUNQ_GET: f"P{p} takes {who(g)} and {a} more from the global queue.",
        k.STEAL: f"P{p} steals {who(g)}" + (f" and {a} more" if a else "") + f" from P{b}.",
        k.GFREE_SPILL: f"P{p} has 64 free Gs: {a} move to the global list.",
        k.GFREE_REFILL: f"P{p} has no free G: it takes {a} from the global list.",
        k.M_START: f"M{a} is started.",
        k.M_STOP: f"M{m} goes to sleep.",
        k.USER: f"{who(g)} marks {a}, {b}.",
    }
    return said.get(kind, f"Event {kind} of {who(g)}.")


def story(trace: Trace, names: dict[int, str], most: int = 60) -> list[tuple[int, str]]:
    """The steps that matter, told: all of a short trace; else what is rare, the last word of each goroutine that never ended, and the end."""
    events = trace.events
    n = len(events)
    chosen = list(range(n))
    if n > most:
        import numpy as np

        kind = events["kind"]
        rare = np.flatnonzero(np.isin(kind, k.NOTABLE) | ((kind == k.START) & (events["a"] == k.FROM_GLOBAL61)))
        _, back = np.unique(events["g"][::-1], return_index=True)  # the last event of each goroutine
        last = np.sort(n - 1 - back)
        stuck = last[kind[last] == k.PARK]
        chosen = sorted({*range(4), *rare[: most // 2].tolist(), *stuck[: most // 4].tolist(), *range(n - 8, n)})
    things = things_of(trace)
    return [(i, sentence((int(e["kind"]), int(e["g"]), int(e["p"]), int(e["m"]), int(e["a"]), int(e["b"])), names, things(i))) for i in chosen for e in [events[i]]]


def things_of(trace: Trace) -> Callable[[int], str]:
    """Names of what parks are about, and unparks: of these the record has no room, but the goroutine's last park tells."""
    objects, events = trace.objects, trace.events

    def of(i: int) -> str:
        if not objects or events["kind"][i] not in (k.PARK, k.UNPARK):
            return ""
        before = events[: i + 1]
        parks = ((before["kind"] == k.PARK) & (before["g"] == events["g"][i])).nonzero()[0]
        return objects.get(int(events["b"][parks[-1]]), "") if len(parks) else ""

    return of
