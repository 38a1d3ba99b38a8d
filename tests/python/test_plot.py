"""Plots: what is drawn is what was counted."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

pytest.importorskip("matplotlib", reason="pip install 'newproc[plot]'").use("Agg")

import newproc
from newproc import plot


@pytest.fixture(autouse=True)
def figures_are_closed():
    yield
    plot.plt.close("all")


def fan_out(n):
    def main():
        wg = newproc.WaitGroup()
        for _ in range(n):
            wg.go(newproc.gosched)
        wg.wait()

    return newproc.run(main, procs=1, seed=1)


def test_a_histogram_has_the_buckets(tmp_path):
    run = fan_out(300)
    ax = plot.latency(run)
    (stairs,) = ax.patches
    values, edges, _ = stairs.get_data()
    used = [i for i, n in enumerate(run.stats.time_to_run) if n]
    assert values.sum() == sum(run.stats.time_to_run)
    assert edges[-1] == pytest.approx(2.0 ** used[-1] * 1e-9) and len(values) == used[-1] - used[0] + 1
    assert ax.get_xscale() == "log" and ax.get_ylabel() == "waits measured"
    ax.figure.savefig(tmp_path / "latency.png")
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")


def test_several_runs_are_shares_with_names():
    ax = plot.latency({"small": fan_out(100), "large": fan_out(1000).stats})
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["small", "large"]
    assert [patch.get_data()[0].sum() for patch in ax.patches] == [pytest.approx(1), pytest.approx(1)]


def test_nothing_measured_is_said():
    with pytest.raises(newproc.ArgumentError, match="no wait was measured in 'empty'"):
        plot.latency({"empty": replace(fan_out(1).stats, time_to_run=(0,) * 64)})


BOTH = {"mutexes": 2, "waitgroups": 1, "chans": [0], "bodies": [
    [["add", 0, 2], ["go", 1], ["go", 2], ["go", 3], ["wait", 0]],
    [["lock", 0], ["lock", 1], ["unlock", 1], ["unlock", 0], ["done", 0]],
    [["lock", 1], ["lock", 0], ["unlock", 0], ["unlock", 1], ["done", 0]],
    [["recv", 0]]]}


def test_findings_rise_where_they_were_found():
    found = newproc.explore(BOTH, schedules=500)
    kinds = {finding.kind for finding in found.findings}
    assert {"deadlock", "leak"} <= kinds
    ax = plot.findings(found)
    lines = {line.get_label(): line for line in ax.lines}
    assert set(lines) == kinds
    for kind, line in lines.items():
        at = sorted(f.schedules for f in found.findings if f.kind == kind)
        assert list(line.get_xdata())[1:] == [*at, 500] and list(line.get_ydata())[-1] == len(at)
        assert line.get_color() == plot.COLORS[kind]


def test_searches_are_compared_by_name():
    searches = {driver: newproc.explore(BOTH, driver=driver, schedules=200) for driver in ("go", "random")}
    ax = plot.findings(searches)
    assert [line.get_label() for line in ax.lines] == ["go", "random"]
    assert [list(line.get_ydata())[-1] for line in ax.lines] == [len(search.findings) for search in searches.values()]


def test_a_search_without_findings_is_an_empty_plot():
    ax = plot.findings(newproc.explore({"bodies": [[]]}, schedules=5))
    assert not ax.lines and ax.get_legend() is None


def test_without_matplotlib_the_extra_is_named():
    code = "import sys; sys.modules['matplotlib'] = None; import newproc.plot"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "newproc.plot needs matplotlib; pip install 'newproc[plot]'" in ended.stderr
