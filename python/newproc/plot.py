"""Plots with matplotlib: how long goroutines waited to run, how searches went. It needs ``newproc[plot]``.

Each function draws on ``ax``, or on one of a new figure, and returns it: titles, limits and files are matplotlib's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ._errors import ArgumentError
from ._finding import KINDS, Explored
from ._look import Run, Stats

try:
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FuncFormatter, MaxNLocator
except ImportError as error:
    raise ImportError("newproc.plot needs matplotlib; pip install 'newproc[plot]'") from error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = {"deadlock": "#0072B2", "leak": "#E69F00", "panic": "#D55E00", "assert": "#CC79A7", "race": "#009E73", "livelock": "#56B4E9"}
"""Of Okabe and Ito: told apart by whoever sees colours otherwise."""
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def _time(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return "0"


def _axes(ax: Axes | None) -> Axes:
    return plt.subplots(layout="constrained")[1] if ax is None else ax


def latency(runs: Run | Stats | Mapping[str, Run | Stats], /, *, ax: Axes | None = None) -> Axes:
    """Histogram of the waits in run queues: from ready to running, one wait in eight, in powers of two. Go: /sched/latencies:seconds

    Args:
        runs: what a run left, or a runtime's `Runtime.stats`; several of them by name are drawn over one another, as shares.

    Raises:
        ArgumentError: nothing was measured: fewer than eight goroutines have waited.
    """
    several = runs if isinstance(runs, Mapping) else {"": runs}
    counts = {name: (run.stats if isinstance(run, Run) else run).time_to_run for name, run in several.items()}
    for name, buckets in counts.items():
        if not sum(buckets):
            raise ArgumentError(f"no wait was measured{f' in {name!r}' if name else ''}; one in eight is: let more goroutines run")
    used = [i for buckets in counts.values() for i, n in enumerate(buckets) if n]
    first, last = min(used), max(used)
    edges = [0.0 if i == 0 else 2.0 ** (i - 1) * 1e-9 for i in range(first, last + 2)]
    edges[0] = edges[0] or 0.5e-9  # a logarithmic axis has no 0
    ax = _axes(ax)
    for name, buckets in counts.items():
        shown = buckets[first : last + 1]
        total = sum(shown) if len(counts) > 1 else 1
        ax.stairs([n / total for n in shown], edges, fill=len(counts) == 1, label=name or None, linewidth=1.6)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: _time(seconds)))
    ax.set_xlabel("waited to run")
    ax.set_ylabel("waits measured" if len(counts) == 1 else "share of the waits measured")
    if len(counts) > 1:
        ax.legend(frameon=False)
    return ax


def findings(searches: Explored | Mapping[str, Explored], /, *, ax: Axes | None = None) -> Axes:
    """Distinct findings over schedules: of one search by kind, of several by name, each up to its end.

    Args:
        searches: what `explore` or `campaign` returned.
    """
    ax = _axes(ax)
    if isinstance(searches, Explored):
        kinds = [kind for kind in KINDS if any(f.kind == kind for f in searches.findings)]
        for kind in kinds:
            _steps(ax, [f.schedules for f in searches.findings if f.kind == kind], searches.schedules, kind, COLORS[kind])
    else:
        for name, search in searches.items():
            _steps(ax, [f.schedules for f in search.findings], search.schedules, name, None)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda n, _: f"{n:,.0f}"))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("schedules")
    ax.set_ylabel("distinct findings")
    if ax.get_legend_handles_labels()[1]:
        ax.legend(frameon=False)
    return ax


def _steps(ax: Axes, at: list[int], end: int, label: str, color: str | None) -> None:
    """One more at each, from none before the first schedule to the end."""
    at = sorted(at)
    ax.step([0.8, *at, max(end, 1)], [0, *range(1, len(at) + 1), len(at)], where="post", label=label, color=color, linewidth=1.6)
