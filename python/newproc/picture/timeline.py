"""A trace as a timeline in SVG: the global queue, a lane for each P with its ring's length below, a lane for each M, arrows, marks.

Lanes with more stretches than pixels are drawn by column, as dark as the column is busy: a million events cost no more than a thousand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import kinds as k
from .model import Model, Stretches, lengths, model
from .style import attr, colour, style

if TYPE_CHECKING:
    from .._look import Trace

WIDTH, LEFT, RIGHT = 1000, 92, 10
MOST_STRETCHES, MOST_ARROWS, MOST_MARKS, MOST_REPLAYED, MOST_PS, MOST_MS = 800, 90, 100, 30_000, 64, 24
MARKS = {k.STEAL: ("▲", "steal"), k.OVERFLOW: ("◆", "ring overflows"), k.GLOBRUNQ_GET: ("▼", "batch from the global queue"),
         k.GFREE_SPILL: ("○", "free Gs spill"), k.GFREE_REFILL: ("●", "free Gs refill"), k.USER: ("★", "user mark")}
ENDS = {k.PARK: "parks", k.SCHED: "yields", k.PREEMPT: "is preempted", k.END: "ends"}


class _Timeline:
    def __init__(self, m: Model, trace: Trace, names: dict[int, str]) -> None:
        self.m, self.names, self.out, self.shown = m, names, list[str](), list[str]()
        self.low, high = m.span
        self.scale = (WIDTH - LEFT - RIGHT) / max(high - self.low, 1e-9)
        self.lanes: dict[int, tuple[float, float]] = {}  # y and height of each P's
        self.lengths = lengths(trace, MOST_REPLAYED)
        self.drawn: list[str] = []

    def x(self, value: float) -> float:
        return LEFT + (value - self.low) * self.scale

    def label(self, y: float, text: str, classes: str = "np-b") -> None:
        self.out.append(f'<text x="{LEFT - 8}" y="{y:g}" text-anchor="end" class="{classes}">{attr(text)}</text>')

    def lane(self, s: Stretches, y: float, h: float, what: str) -> None:
        self.out.append(f'<rect x="{LEFT}" y="{y:g}" width="{WIDTH - LEFT - RIGHT}" height="{h:g}" class="np-soft" rx="2"/>')
        if len(s) > MOST_STRETCHES:
            return self.columns(s, y, h)
        for x0, x1, thing, source in zip(s.x0.tolist(), s.x1.tolist(), s.what.tolist(), s.source.tolist()):
            w = max((x1 - x0) * self.scale - 0.5, 0.6)
            name = self.names.get(thing, "") if what == "G" else ""
            title = f"{what}{thing}" + (f" · {name}" if name else "") + (f" from {k.SOURCES[source]}" if what == "G" else "")
            edge = ' class="np-g"' if w > 5 else ""
            self.out.append(f'<g><title>{attr(title)}</title><rect x="{self.x(x0):.1f}" y="{y + 1:g}" width="{w:.1f}" height="{h - 2:g}" rx="{min(2, w / 2):.1f}" fill="{colour(thing)}"{edge}/>')
            text = f"{what}{thing}"
            if name and w > 7 * (len(text) + len(name) + 1):
                text += f" {attr(name)}"
            if h >= 12 and w > 7 * len(f"{what}{thing}") + 4:
                self.out.append(f'<text x="{self.x(x0) + w / 2:.1f}" y="{y + h / 2 + 4:g}" text-anchor="middle" class="np-in">{text}</text>')
            self.out.append("</g>")

    def columns(self, s: Stretches, y: float, h: float) -> None:
        n = WIDTH - LEFT - RIGHT
        edges = np.arange(n + 1) / self.scale + self.low
        # Busy time before each edge: whole stretches, and the part of the one that is cut.
        total = np.r_[0.0, np.cumsum(s.x1 - s.x0)]
        i = np.searchsorted(s.x0, edges, side="right")
        last = np.maximum(i - 1, 0)
        over = np.where(i > 0, np.maximum(s.x1[last] - edges, 0.0), 0.0)
        busy = np.clip(np.diff(total[i] - over) * self.scale, 0, 1)
        level = np.round(busy * 8).astype(int)
        cuts = np.flatnonzero(np.r_[True, np.diff(level) != 0, True])
        for a, b in zip(cuts[:-1].tolist(), cuts[1:].tolist()):
            if level[a]:
                self.out.append(f'<rect x="{LEFT + a}" y="{y + 1:g}" width="{b - a}" height="{h - 2:g}" class="np-bar" opacity="{level[a] / 8:g}"/>')

    def chart(self, values: list[int], y: float, h: float, label: str, tall: int | None = None) -> None:
        """A queue's length over the run, as steps."""
        most = max(values, default=0)
        top = max(tall or most, 1)
        n = WIDTH - LEFT - RIGHT
        at = np.asarray(values)
        column = np.clip(((self.m.x - self.low) * self.scale).astype(int), 0, n - 1)
        highest = np.full(n, -1)
        np.maximum.at(highest, column, at)
        points, last = [f"M{LEFT},{y + h:g}"], 0
        final = np.full(n, -1)
        final[column] = at  # the last event of each column: where the next one goes on
        for c in range(n):
            if highest[c] >= 0:
                points.append(f"V{y + h - h * max(int(highest[c]), last) / top:.1f}" if highest[c] > last else "")
                last = int(final[c])
                points.append(f"H{LEFT + c}V{y + h - h * last / top:.1f}")
        self.out.append(f'<g><title>{attr(f"{label}: at most {most}")}</title><path d="{"".join(points)}H{WIDTH - RIGHT}V{y + h:g}Z" class="np-bar"/></g>')
        self.out.append(f'<text x="{WIDTH - RIGHT - 3}" y="{y + h - 3:g}" text-anchor="end" class="np-dim" style="font-size:9px">{attr(label)} ≤ {most}</text>')

    def arrows(self) -> None:
        """From what made a goroutine runnable to where it next runs."""
        if len(self.m.kind) > 50 * MOST_ARROWS:
            return
        starts: dict[int, tuple[float, int, int]] = {}
        drawn: list[str] = []
        for x, kind, g, p in zip(self.m.x.tolist(), self.m.kind.tolist(), self.m.events["g"].tolist(), self.m.events["p"].tolist()):
            if kind in (k.CREATE, k.UNPARK) and p in self.lanes:
                starts[g] = (x, p, kind)
            elif kind == k.START and g in starts and p in self.lanes:
                x0, p0, why = starts.pop(g)
                y0, y1 = sum(self.lanes[p0]) - 1, self.lanes[p][0] + 2
                a, b = self.x(x0), self.x(x)
                bend = y0 + 9 if p0 == p else (y0 + y1) / 2
                y1 = sum(self.lanes[p]) - 1 if p0 == p else (y1 if p > p0 else sum(self.lanes[p]) - 2)
                y0 = y0 if p >= p0 else self.lanes[p0][0] + 2
                drawn.append(f'<path d="M{a:.1f},{y0:g}C{a:.1f},{bend:g} {b:.1f},{bend:g} {b:.1f},{y1:g}" class="np-arrow{" np-wake" if why == k.UNPARK else ""}" marker-end="url(#np-tip)"/>')
        if len(drawn) <= MOST_ARROWS:
            self.out += drawn
            self.drawn = ["line: starts", "dashes: wakes"]

    def marks(self) -> None:
        """Those of a kind that does not stand at every pixel."""
        for kind, (glyph, word) in MARKS.items():
            at = np.flatnonzero(self.m.kind == kind)
            if len(at) > MOST_MARKS:
                continue
            self.shown.append(f"{glyph} {word}" if len(at) else "")
            for x, p in zip(self.m.x[at].tolist(), self.m.events["p"][at].tolist()):
                if p in self.lanes:
                    self.out.append(f'<text x="{self.x(x):.1f}" y="{self.lanes[p][0] - 1:g}" text-anchor="middle" class="np-mark" style="font-size:9px"><title>{word}</title>{glyph}</text>')

    def axis(self, y: float) -> None:
        low, high = self.m.span
        unit = "steps" if self.m.axis == "step" else "µs"
        for i in range(6):
            value = low + (high - low) * i / 5
            shown = f"{value:,.0f}" if unit == "steps" else f"{value / 1000:,.1f}"
            self.out.append(f'<text x="{self.x(value):.1f}" y="{y:g}" text-anchor="{"start" if i == 0 else "end" if i == 5 else "middle"}" class="np-dim">{shown}{f" {unit}" if i == 5 else ""}</text>')

    def draw(self) -> float:
        y = 8.0
        rings, globally = self.lengths if self.lengths is not None else ({}, [])
        if globally:
            self.label(y + 18, "global queue")
            self.chart(globally, y, 24, "global queue")
            y += 38
        else:
            y += 8
        ps = sorted(self.m.ps)[:MOST_PS]
        h = 24.0 if len(ps) <= 8 else 14.0 if len(ps) <= 24 else 8.0
        for p in ps:
            self.lanes[p] = (y, h)
            self.label(y + h / 2 + 4, f"P{p}")
            self.lane(self.m.ps[p], y, h, "G")
            y += h
            if len(ps) <= 8 and p in rings:
                self.chart(rings[p], y + 1, 14, "runnext + ring")
                y += 16
            y += 12 if len(ps) <= 8 else 3
        y += 2
        ms = [m for m in sorted(self.m.ms) if len(self.m.ms[m])]
        for m in ms[:MOST_MS]:
            self.label(y + 10, f"M{m}", "np-dim")
            self.lane(self.m.ms[m], y, 12, "P")
            y += 15
        if len(ms) > MOST_MS:
            self.label(y + 10, f"{len(ms) - MOST_MS} more Ms", "np-dim")
            y += 15
        self.arrows()
        self.marks()
        self.axis(y + 12)
        return y + 20


def timeline_svg(trace: Trace, names: dict[int, str] | None = None, axis: str = "auto") -> str:
    """The picture as SVG that stands alone."""
    m = model(trace, axis)
    t = _Timeline(m, trace, names or {})
    height = t.draw()
    legend = " · ".join([*filter(None, t.shown), *t.drawn])
    counts = m.counts()
    label = "Timeline of {goroutines} goroutines on {ps} Ps: {switches} stretches, {parks} parks, {steals} steals, {overflows} overflows".format(ps=len(m.ps), **counts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="np np-timeline" viewBox="0 0 {WIDTH} {height + 18:g}" width="{WIDTH}" height="{height + 18:g}" role="img" '
        f'aria-label="{attr(label)}"><style>{style()}</style><defs><marker id="np-tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="5" markerHeight="5" orient="auto-start-reverse">'
        f'<path d="M0,0L6,3L0,6z" class="np-mark" opacity=".7"/></marker></defs><rect width="{WIDTH}" height="{height + 18:g}" class="np-bg"/>{"".join(t.out)}'
        f'<text x="{LEFT}" y="{height + 12:g}" class="np-dim">{attr(legend)}</text></svg>'
    )
