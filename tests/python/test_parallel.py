"""Simulated machines whose Ms move at once: virtual time, steals and waits."""

import json
from pathlib import Path

import pytest

import newproc
from newproc import cli


def compute(procs: int, goroutines: int, seconds: float, **costs: int) -> newproc.Run:
    def main() -> None:
        wg = newproc.WaitGroup()
        for _ in range(goroutines):
            wg.go(newproc.work, seconds)
        wg.wait()

    return newproc.run(main, procs=procs, seed=1, trace=1 << 16, parallel=1, **costs)


def test_sixteen_processors_are_nearly_sixteen_times_as_fast() -> None:
    one, many = compute(1, 320, 1e-3), compute(16, 320, 1e-3)
    assert one.trace is not None and many.trace is not None
    alone, together = one.trace.times(), many.trace.times()
    assert alone.ns >= 320 * 1_000_000
    assert 14 < alone.ns / together.ns <= 16.1
    assert alone.steals == 0
    assert together.steals >= 15
    assert many.stats.steals == together.steals
    assert together.longest_wait > together.median_wait > 0
    assert many.trace.times() == compute(16, 320, 1e-3).trace.times()  # type: ignore[union-attr]


def test_waking_may_be_slow() -> None:
    fast, slow = compute(8, 8, 1e-4), compute(8, 8, 1e-4, cost_wake=1_000_000)
    assert fast.trace is not None and slow.trace is not None
    assert fast.trace.times().ns < 400_000
    assert slow.trace.times().ns > 700_000


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "burn.json"
    file.write_text(json.dumps({"waitgroups": 1, "bodies": [
        [["add", 0, 64], ["loop", 64, [["go", 1]]], ["wait", 0]], [["loop", 100, [["yield"]]], ["done", 0]]]}))

    def told(*arguments: str) -> str:
        assert cli.main(["run", str(file), "--log", "--parallel", *arguments]) == 0
        return capsys.readouterr().err

    one, four = told("--procs", "1"), told("--procs", "4")
    assert one.startswith("newproc: 1 Ps in parallel: ")
    assert four == told("--procs", "4")
    assert "waits to run, median" in four
    assert told("--procs", "4", "--costs", "op=1000,wake=9000") != four
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", str(file), "--costs", "nosuch=1"])
    assert stopped.value.code == 64
    assert "'nosuch=1' is no cost" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        cli.main(["run", str(file), "--costs", "op=1"])
    assert stopped.value.code == 64


def test_misuse() -> None:
    with pytest.raises(newproc.ArgumentError, match="parallel is 1 but world is RT_WORLD_THREADS"):
        newproc.Runtime(world="threads", parallel=1)
    with pytest.raises(newproc.PlaceError):
        newproc.work(1)
    with pytest.raises(newproc.GoroutinePanic, match="give 0 or more"):
        newproc.run(newproc.work, -1, seed=1)
