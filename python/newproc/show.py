"""A pattern's run for people: who was placed where, and why."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ._pattern import Result

SOURCES = ("runnext", "ring", "global queue", "global queue, 61st tick", "steal", "locked", "park taken back", "system call")
WHY = {
    "runnext": "it was next: the last one started or woken",
    "ring": "runnext was empty; head of the ring",
    "global queue": "runnext and ring were empty",
    "global queue, 61st tick": "schedtick % 61 == 0: the global queue goes first",
    "steal": "this P had nothing; taken from another P",
}
CREATE, START, END, OVERFLOW, REFILL = 13, 14, 15, 64, 65
MOST_ROWS = 60


def _queue(goids: list[int], most: int = 6) -> str:
    if len(goids) <= most:
        return " ".join(map(str, goids)) or "-"
    return f"{' '.join(map(str, goids[: most - 2]))} … {goids[-1]} ({len(goids)})"


def snaps_table(result: Result) -> Table:
    """The queues at every snap."""
    table = Table(title="queues at each snap", title_justify="left", header_style="bold")
    for column in ("by", "runnext", "ring, head first", "global queue, front first", "tick % 61", "free Gs", "free, global"):
        table.add_column(column)
    for line in result.log:
        if line[1] == "snap":
            g, _, runnext, ring, queue, tick, free, free_global = line
            table.add_row(f"G{g}", "-" if runnext is None else f"G{runnext}", _queue(ring), _queue(queue), str(tick), str(free), str(free_global))
    return table


def _decisions(result: Result) -> list[tuple[Text, ...]]:
    rows: list[tuple[Text, ...]] = []
    events: Any = result.trace.events if result.trace is not None else []
    for e in events:
        kind, g, a, b = int(e["kind"]), int(e["g"]), int(e["a"]), int(e["b"])
        if kind == START:
            source = SOURCES[a]
            rows.append((Text(f"G{g} runs"), Text(f"from {source}", style="cyan"), Text(WHY.get(source, ""))))
        elif kind == CREATE:
            rows.append((Text(f"G{g} starts"), Text("to runnext", style="green"), Text(f"go by G{a}; who was in runnext moves to the ring's tail")))
        elif kind == OVERFLOW:
            rows.append((Text(f"{a} Gs move"), Text("ring to global queue", style="yellow"), Text(f"the ring was full: its oldest {a - 1}, G{b} first, and the one kicked out")))
        elif kind == REFILL:
            rows.append((Text(f"{a} Gs move"), Text("global queue to ring", style="yellow"), Text(f"behind G{g}, which runs")))
        elif kind == END:
            rows.append((Text(f"G{g} ends"), Text("to the free list", style="dim"), Text("")))
    return rows


def decisions_table(result: Result) -> Table:
    """What the scheduler decided, in order: the first and the last, and what is rare."""
    rows = _decisions(result)
    table = Table(title=f"{len(rows)} decisions (goids; main is 1)", title_justify="left", header_style="bold")
    for column in ("what", "where", "why"):
        table.add_column(column)
    if len(rows) <= MOST_ROWS:
        shown = list(range(len(rows)))
    else:
        rare = [i for i, row in enumerate(rows) if "move" in row[0].plain or "61st" in row[1].plain]
        shown = sorted({*range(24), *rare[:20], *range(len(rows) - 8, len(rows))})
    last = -1
    for i in shown:
        if i != last + 1:
            table.add_row(Text(f"… {i - last - 1} more", style="dim"), "", "")
        table.add_row(*rows[i])
        last = i
    return table


def show(console: Console, title: str, result: Result) -> None:
    """Everything about one run."""
    console.rule(f"[bold]{title}")
    console.print(decisions_table(result))
    console.print(snaps_table(result))
    started = sum(line[1] == "start" for line in result.log)
    ended = sum(line[1] == "end" for line in result.log)
    console.print(f"{started} goroutines ran, {ended} ended; exit status {result.rc}" + (f": [red]{result.end}[/red]" if result.end else ""))
