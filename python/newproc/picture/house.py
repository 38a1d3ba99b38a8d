"""A snapshot as a house: the global queue on the roof, a room for each P with its M, its running goroutine, runnext and ring; the rest below."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from .style import attr, colour, short, style

if TYPE_CHECKING:
    from .._look import G, P, Snapshot

WIDTH, ROOM, GAP, CELL, HIGH, MOST_ROOMS = 1000, 240, 12, 34, 184, 64


class _Draw:
    def __init__(self, names: dict[int, str], highest: int) -> None:
        self.out: list[str] = []
        self.names = names
        self.cell = max(CELL, 14 + 7 * len(f"G{highest}"))

    def text(self, x: float, y: float, text: object, classes: str = "", anchor: str = "start") -> None:
        self.out.append(f'<text x="{x:g}" y="{y:g}" class="{classes}" text-anchor="{anchor}">{attr(text)}</text>')

    def box(self, x: float, y: float, w: float, h: float, classes: str, r: float = 6) -> None:
        self.out.append(f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" class="{classes}"/>')

    def g(self, x: float, y: float, goid: int) -> None:
        """A goroutine's chip."""
        w = self.cell - 4
        name = self.names.get(goid, "")
        self.out.append(
            f'<g><title>{attr(f"goroutine {goid}" + (f" · {name}" if name else ""))}</title><rect x="{x:g}" y="{y:g}" width="{w:g}" height="20" rx="4" '
            f'fill="{colour(goid)}" class="np-g"/><text x="{x + w / 2:g}" y="{y + 14:g}" text-anchor="middle" class="np-in">G{goid}</text></g>'
        )

    def chips(self, x: float, y: float, goids: tuple[int, ...], width: float) -> float:
        """As many chips as fit in two rows, then how many more; the height used."""
        per_row = max(1, int(width // self.cell))
        most = per_row * 2
        shown = goids if len(goids) <= most else goids[: most - 2]
        for i, goid in enumerate(shown):
            self.g(x + i % per_row * self.cell, y + i // per_row * 24, goid)
        if len(shown) < len(goids):
            i = len(shown)
            self.text(x + i % per_row * self.cell, y + i // per_row * 24 + 14, f"… {len(goids) - i} more", "np-dim")
        return 24.0 * max(1, -(-min(len(goids), most) // per_row))


def _room(d: _Draw, p: P, x: float, y: float, snapshot: Snapshot) -> None:
    m = next((m for m in snapshot.ms if m.id == p.m), None)
    d.box(x, y, ROOM, HIGH, "np-wall")
    d.text(x + 10, y + 19, f"P{p.id}", "np-b")
    d.text(x + ROOM - 10, y + 19, f"{p.status} · tick {p.schedtick} ({p.schedtick % 61}/61)", "np-dim", "end")
    d.text(x + 10, y + 45, "runs", "np-dim")
    if m is not None and m.curg:
        d.g(x + 62, y + 31, m.curg)
        name = d.names.get(m.curg, "")
        d.text(x + 62 + d.cell + 2, y + 45, short(name, 15))
    else:
        d.text(x + 62, y + 45, "nothing", "np-dim")
    d.text(x + ROOM - 10, y + 45, "no M" if p.m is None else f"M{p.m}" + (" spins" if m is not None and m.spinning else ""), "np-dim", "end")
    d.text(x + 10, y + 71, "runnext", "np-dim")
    d.box(x + 60, y + 55, d.cell, 24, "np-slot", 5)
    if p.runnext:
        d.g(x + 62, y + 57, p.runnext)
    left = f"next goids {p.goidcache[0]} to {p.goidcache[1] - 1}" if p.goidcache[0] < p.goidcache[1] else "goid batch used up"
    d.text(x + 10, y + HIGH - 9, f"free Gs {p.gfree} · {left}", "np-dim")
    d.text(x + 10, y + 97, f"ring {len(p.runq)}/256", "np-dim")
    d.box(x + 82, y + 89, ROOM - 92, 9, "np-slot", 4)
    if p.runq:
        d.box(x + 82, y + 89, max(4.0, (ROOM - 92) * len(p.runq) / 256), 9, "np-bar", 4)
    d.chips(x + 10, y + 110, p.runq, ROOM - 16)


def _waiting(d: _Draw, snapshot: Snapshot, y: float) -> float:
    by: dict[str, list[G]] = defaultdict(list)
    for g in snapshot.gs:
        if g.status in ("waiting", "syscall") and not g.system:
            by[g.wait_reason if g.status == "waiting" else "system call"].append(g)
    for reason, gs in by.items():
        d.text(10, y + 14, f"{short(reason, 24)} ({len(gs)})", "np-dim")
        y += d.chips(170, y, tuple(g.goid for g in gs), WIDTH - 180) + 4
    if not by:
        d.text(10, y + 14, "nobody", "np-dim")
        y += 24
    return y


def names_of(snapshot: Snapshot) -> dict[int, str]:
    """What the snapshot calls its goroutines."""
    return {g.goid: g.name.rpartition(".")[2] or g.name or g.site for g in snapshot.gs if g.goid}


def house_svg(snapshot: Snapshot, names: dict[int, str] | None = None) -> str:
    """The picture as SVG that stands alone."""
    d = _Draw({**names_of(snapshot), **(names or {})}, max((g.goid for g in snapshot.gs), default=1))
    d.text(10, 20, "global queue", "np-b")
    d.text(98, 20, f"{len(snapshot.runq)} waiting, front first" if snapshot.runq else "empty", "np-dim")
    y = 30 + (d.chips(10, 30, snapshot.runq, WIDTH - 20) if snapshot.runq else 0) + 6
    ps = snapshot.ps[:MOST_ROOMS]
    columns = max(1, min(len(ps), (WIDTH + GAP) // (ROOM + GAP)))
    for i, p in enumerate(ps):
        _room(d, p, i % columns * (ROOM + GAP) + 2, y + i // columns * (HIGH + GAP), snapshot)
    y += -(-len(ps) // columns) * (HIGH + GAP)
    if len(snapshot.ps) > len(ps):
        d.text(10, y + 10, f"… {len(snapshot.ps) - len(ps)} more Ps", "np-dim")
        y += 18
    idle = [m for m in snapshot.ms if m.p is None]
    d.text(10, y + 14, "Ms without a P", "np-b")
    states = [f"M{m.id}" + (" idle" if m.idle else " blocked" if m.blocked else "") + (f" wired to G{m.lockedg}" if m.lockedg else "") for m in idle[:14]]
    d.text(170, y + 14, short(", ".join(states), 120) + (f", … {len(idle) - 14} more" if len(idle) > 14 else "") if idle else "none", "np-dim")
    d.text(10, y + 42, "Goroutines that wait", "np-b")
    y = _waiting(d, snapshot, y + 50)
    free = len(snapshot.gfree_stack) + len(snapshot.gfree_nostack)
    d.text(10, y + 14, f"free Gs, global: {free} · goids given out: up to {snapshot.goidgen} · Ms that spin: {snapshot.nmspinning}", "np-dim")
    y += 24
    label = f"Scheduler at one instant: {len(snapshot.ps)} Ps, {len(snapshot.ms)} Ms, {sum(g.status != 'dead' for g in snapshot.gs)} goroutines, {len(snapshot.runq)} on the global queue"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="np np-house" viewBox="0 0 {WIDTH} {y:g}" width="{WIDTH}" height="{y:g}" role="img" '
        f'aria-label="{attr(label)}"><style>{style()}</style><rect width="{WIDTH}" height="{y:g}" class="np-bg"/>{"".join(d.out)}</svg>'
    )


def house_table(snapshot: Snapshot) -> str:
    """The same in words, for readers who do not see it: an HTML table of the goroutines."""
    rows = []
    for g in [g for g in snapshot.gs if g.status != "dead"][:200]:
        cells = (f"G{g.goid}", g.wait_reason if g.status == "waiting" else g.status, g.name, g.site, f"G{g.parent_goid}" if g.parent_goid else "")
        rows.append("<tr>" + "".join(f"<td>{attr(cell)}</td>" for cell in cells) + "</tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in ("goroutine", "state", "name", "started at", "by"))
    return f'<div class="np-scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
