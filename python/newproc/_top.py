"""A live view of running schedulers in the terminal: queues, who runs and for how long, what the others wait for, what seems wrong."""

from __future__ import annotations

import runpy
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from . import _runtime
from ._errors import ArgumentError
from ._lints import LONG_SECONDS, name_of
from ._runtime import Runtime
from ._watch import MOST_GOROUTINES, Look, Running, Waiting, Watch

EVENTS = 1 << 14
"""Events that a run which traces nothing by itself keeps per M: enough to see who polls, few enough to read at each look."""
MOST_PS = 16
MOST_WAITS = 8
MOST_LINTS = 6
STYLES = {"never yields": "bold red", "waits for ever": "bold red", "self-wakes": "yellow", "leaked": "yellow", "left behind": "yellow"}


def picture(look: Look) -> Group:
    """A look, for a terminal."""
    parts: list[RenderableType] = [_head(look)]
    if look.counted_only:
        parts.append(Text(f"more than {MOST_GOROUTINES:,} goroutines: counted only", style="dim"))
    else:
        parts += [_ps(look.ps), _waits(look.waiting)]
    if look.longest:
        parts.append(Text("longest runs without a switch: " + ", ".join(f"{who} {_time(seconds)}" for who, seconds in look.longest), style="dim"))
    parts += [_lint(lint.kind, lint.who, lint.what) for lint in look.lints[:MOST_LINTS]]
    if len(look.lints) > MOST_LINTS:
        parts.append(Text(f"and {len(look.lints) - MOST_LINTS} more warnings", style="dim"))
    return Group(*parts)


def _head(look: Look) -> Text:
    s = look.stats
    text = Text(f"{_number(s.goroutines, 'goroutine')}, {s.goroutines_total:,} ever  ·  {_number(s.gomaxprocs, 'P')}, {s.npidle} idle  ·  "
                f"{_number(s.threads, 'M')}, {s.nmspinning} spinning  ·  global queue {s.runqsize:,}")
    if look.switches is not None:
        text.append(f"\n{look.switches:,.0f} switches/s, {look.spawns:,.0f} spawns/s, {look.steals:,.0f} steals/s")
        if look.ran_after is not None:
            text.append(f"  ·  waits to run: half below {_time(look.ran_after[0] / 1e9)}, 99 % below {_time(look.ran_after[1] / 1e9)}")
    return text


def _number(n: int, what: str) -> str:
    return f"{n:,} {what}" if n == 1 else f"{n:,} {what}s"


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.0f} ns"


def _table(*columns: str) -> Table:
    """The last column has what room is left."""
    table = Table(header_style="bold", expand=True, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        numbers = column in ("ring", "stole", "how many", "longest")
        table.add_column(column, no_wrap=True, overflow="ellipsis", justify="right" if numbers else "left", ratio=1 if column == columns[-1] else None)
    return table


def _ps(ps: tuple[Running, ...]) -> Table:
    """The Ps that have something to do first, where there are many."""
    table = _table("P", "state", "M", "next", "ring", "stole", "for", "runs")
    shown = ps if len(ps) <= MOST_PS else sorted(ps, key=lambda p: (p.g is None, -p.ring))[:MOST_PS]
    for p in shown:
        long = Text(_time(p.seconds), style="bold red") if p.seconds >= LONG_SECONDS else Text("")
        table.add_row(
            str(p.p), p.status, "-" if p.m is None else str(p.m), "-" if p.runnext is None else f"G{p.runnext}",
            str(p.ring), str(p.stolen), long, Text(name_of(p.g)),
        )
    if len(ps) > MOST_PS:
        table.add_row("…", f"{len(ps) - MOST_PS} more", *[""] * 6, style="dim")
    return table


def _waits(waiting: tuple[Waiting, ...]) -> Table:
    table = _table("waits for", "how many", "longest", "such as")
    for w in waiting[:MOST_WAITS]:
        names = ", ".join(name_of(g) + (f" for {g.waits_for_name}" if g.waits_for_name else "") for g in w.such_as)
        table.add_row(w.reason, f"{w.count:,}", _time(w.seconds) if w.seconds else "", Text(names))
    if len(waiting) > MOST_WAITS:
        table.add_row("…", f"{sum(w.count for w in waiting[MOST_WAITS:]):,}", "", "", style="dim")
    return table


def _lint(kind: str, who: str, what: str) -> Text:
    return Text.assemble((f"{kind}: ", STYLES[kind]), (who, "bold"), f" {what}")


def _shown(watch: Watch, seconds: float, console: Console, finished: Callable[[], bool] = lambda: True) -> Callable[[], None]:
    """Begins to show; what it returns ends that, with a last look at what is left."""
    over = threading.Event()

    def show() -> None:
        with Live(console=console, auto_refresh=False, redirect_stdout=console.is_terminal) as live:
            while not over.wait(seconds):
                live.update(picture(watch.look(time.monotonic())), refresh=console.is_terminal)
            live.update(picture(watch.look(time.monotonic(), over=finished())), refresh=console.is_terminal)

    thread = threading.Thread(target=show, name="newproc top", daemon=True)
    thread.start()

    def end() -> None:
        over.set()
        thread.join()

    return end


@contextmanager
def top(
    runtime: Runtime | None = None, /, *, seconds: float = 0.5, console: Console | None = None, leaked_after: float = 10.0, trace: bool = True
) -> Iterator[None]:
    """Show runs on the terminal while they last: of ``runtime``, now or when it runs, or of each that begins in the block.

    Runs of the threads world; simulated ones are over before one could look, and have traces, and `Session`.

    >>> import newproc
    >>> with newproc.top():
    ...     _ = newproc.run(print, "hello", procs=1)
    hello

    Args:
        runtime: what to show (default: each run that begins in the block).
        seconds: between two looks.
        console: where to (default: standard error). A terminal is kept up to date; anything else gets the last look, at what a run has left.
        leaked_after: how long a goroutine waits, in seconds, before it is called leaked.
        trace: let runs that begin in the block keep events, by which one sees who polls, who stole, who ran for long.

    Raises:
        ArgumentError: ``runtime`` is simulated, or ``seconds`` is not above 0.
    """
    if not seconds > 0:
        raise ArgumentError(f"newproc.top(seconds=...): seconds is {seconds}; give more than 0")
    console = console or Console(stderr=True)
    if runtime is not None:
        if not runtime._threads:
            raise ArgumentError('newproc.top(runtime): it is simulated; make it with world="threads", or look at its trace')
        end = _shown(Watch(runtime, leaked_after), seconds, console, lambda: not runtime._running)
        try:
            yield
        finally:
            end()
        return

    def watch(runtime: Runtime) -> Callable[[], None]:
        return _shown(Watch(runtime, leaked_after), seconds, console) if runtime._threads else lambda: None

    watcher = _runtime.Watcher(watch, EVENTS if trace else 0)
    _runtime.watchers.append(watcher)
    try:
        yield
    finally:
        _runtime.watchers.remove(watcher)


def run_script(path: str, arguments: list[str], *, seconds: float, leaked_after: float, trace: bool) -> None:
    """A script as the main program, shown while it runs."""
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(Path(path).resolve().parent))  # as python SCRIPT.py does
    with top(seconds=seconds, leaked_after=leaked_after, trace=trace):
        runpy.run_path(path, run_name="__main__")
