"""A pattern's run for people: who was placed where, and why."""

from __future__ import annotations

from collections.abc import Callable
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
    table = Table(title="queues at each snap (main is 0)", title_justify="left", header_style="bold")
    for column in ("by", "runnext", "ring, head first", "global queue, front first", "tick % 61", "free Gs", "free, global"):
        table.add_column(column)
    for line in result.log:
        if line[1] == "snap":
            g, _, runnext, ring, queue, tick, free, free_global = line
            table.add_row(f"G{g}" if g else "main", "-" if runnext is None else f"G{runnext}", _queue(ring), _queue(queue), str(tick), str(free), str(free_global))
    return table


def _names(result: Result) -> Callable[[int], str]:
    """How the log names goroutines: by goid less main's."""
    events: Any = result.trace.events if result.trace is not None else []
    main = next((int(e["g"]) for e in events if int(e["kind"]) == CREATE and int(e["a"]) == 0), 1)
    return lambda goid: "main" if goid == main else f"G{goid - main}"


def _decisions(result: Result) -> list[tuple[Text, ...]]:
    rows: list[tuple[Text, ...]] = []
    events: Any = result.trace.events if result.trace is not None else []
    name = _names(result)
    runnext: dict[int, int] = {}  # by P
    for e in events:
        kind, g, a, b, p = (int(e[field]) for field in ("kind", "g", "a", "b", "p"))
        if kind == START:
            source = SOURCES[a]
            if source == "runnext":
                runnext.pop(p, None)
            elif source == "steal" and runnext.get(b) == g:
                runnext.pop(b)
            rows.append((Text(f"{name(g)} runs"), Text(f"from {source}", style="cyan"), Text(WHY.get(source, ""))))
        elif kind == CREATE:
            kicked = runnext.get(p)
            runnext[p] = g
            by = f"go by {name(a)}" if a else "the program starts"
            why = f"{by}; {name(kicked)} moves to the ring's tail" if kicked is not None else by
            rows.append((Text(f"{name(g)} starts"), Text("to runnext", style="green"), Text(why)))
        elif kind == OVERFLOW:
            rows.append((Text(f"{a} Gs move"), Text("ring to global queue", style="yellow"), Text(f"the ring was full: its oldest {a - 1}, {name(b)} first, and the one kicked out")))
        elif kind == REFILL:
            rows.append((Text(f"{a} Gs move"), Text("global queue to ring", style="yellow"), Text(f"behind {name(g)}, which runs")))
        elif kind == END:
            rows.append((Text(f"{name(g)} ends"), Text("to the free list", style="dim"), Text("")))
    return rows


def _interesting(rows: list[tuple[Text, ...]]) -> list[int]:
    """Of many rows, the first of each stretch of equal ones, what is rare, and the end."""
    rare = [i for i, row in enumerate(rows) if "move" in row[0].plain or "61st" in row[1].plain]
    fresh = [i for i, row in enumerate(rows) if i < 3 or any(row[1].plain != rows[i - back][1].plain for back in (1, 2))]
    return sorted({*fresh[:24], *rare[:12], *range(len(rows) - 6, len(rows))})


def decisions_table(result: Result) -> Table:
    """What the scheduler decided, in order: the first and the last, and what is rare."""
    rows = _decisions(result)
    table = Table(title=f"{len(rows)} decisions, in order", title_justify="left", header_style="bold")
    for column in ("what", "where", "why"):
        table.add_column(column)
    last = -1
    for i in range(len(rows)) if len(rows) <= MOST_ROWS else _interesting(rows):
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
