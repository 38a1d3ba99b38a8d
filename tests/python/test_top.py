"""`newproc top`: on a pseudo-terminal, without one, on a running Runtime; and what a look says."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import threading
import time

import newproc
import pytest
from newproc._top import picture
from newproc._watch import Watch
from rich.console import Console

SCRIPT = """
import pathlib, sys
import newproc

def busy():
    while not pathlib.Path(sys.argv[1]).exists():
        pass

def main():
    chan, wg = newproc.Chan(), newproc.WaitGroup()
    newproc.set_name(chan, "jobs")
    for _ in range(5):
        wg.go(chan.recv_ok)
    wg.go(busy)
    print("it has begun")
    while not pathlib.Path(sys.argv[1]).exists():
        newproc.sleep(0.001)
    chan.close()
    wg.wait()

newproc.run(main, procs=2)
"""


def read_until(terminal, wanted, seen):
    """What the terminal shows until all of it was there; the watchdog ends a wait for nothing."""
    while not all(word in seen for word in wanted):
        seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def test_a_script_is_shown_while_it_runs(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "150", "LINES": "50", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "newproc.cli", "top", "--every", "0.05", str(tmp_path / "script.py"), str(tmp_path / "stop")]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        watchdog = threading.Timer(100, process.kill)  # then the terminal closes, and the read fails
        watchdog.start()
        seen = read_until(ours, ["it has begun", "chan receive", "for jobs", "busy", "never yields", "switches/s", "longest runs"], "")
        (tmp_path / "stop").touch()
        try:
            while os.read(ours, 65536):
                pass
        except OSError:  # the other end is closed: the script has ended
            pass
        watchdog.cancel()
        assert process.wait() == 0, seen[-2000:]
    os.close(ours)
    assert "2 Ps" in seen and "global queue" in seen


def run_top(*arguments):
    return subprocess.run([sys.executable, "-m", "newproc.cli", "top", *map(str, arguments)], capture_output=True, text=True, timeout=100)


def test_without_a_terminal_the_last_look_remains(tmp_path):
    (tmp_path / "beside.py").write_text("WORD = 'hello'\n")
    (tmp_path / "script.py").write_text(
        "import newproc, beside\nnewproc.run(lambda: print(beside.WORD), procs=1)\nnewproc.run(print, 'simulated', seed=1)\n")
    ended = run_top(tmp_path / "script.py")
    assert (ended.returncode, ended.stdout) == (0, "hello\nsimulated\n")
    assert ended.stderr.count("1 P, ") == 1 and "waits for" in ended.stderr


def test_what_a_run_leaves_behind_is_named(tmp_path):
    (tmp_path / "script.py").write_text(
        "import newproc\ndef main():\n    for _ in range(3):\n        newproc.go(newproc.Chan().recv)\n    newproc.sleep(0.01)\nnewproc.run(main, procs=1)\n")
    ended = run_top(tmp_path / "script.py")
    assert ended.returncode == 0
    said = " ".join(ended.stderr.split())
    assert re.search(r"left behind: G2 Chan\.recv and 2 more waits in chan receive and main has ended, started at \S+script\.py:4", said), ended.stderr


def test_a_script_that_is_not_there_is_named():
    ended = run_top("nothere.py")
    assert (ended.returncode, ended.stderr) == (64, "newproc: nothere.py: no such script; give a Python file\n")


def test_a_failing_script_fails_as_ever(tmp_path):
    (tmp_path / "script.py").write_text("import newproc, sys\nnewproc.run(lambda: newproc.Chan().recv(), procs=1) if len(sys.argv) == 1 else sys.exit(7)\n")
    ended = run_top(tmp_path / "script.py")
    assert ended.returncode == 1
    assert "fatal error: all goroutines are asleep - deadlock!" in ended.stderr
    assert run_top(tmp_path / "script.py", "out").returncode == 7


def quiet(width=150):
    return Console(width=width, record=True, file=open(os.devnull, "w"))


def shown(look):
    console = quiet()
    console.print(picture(look))
    return console.export_text()


def looks_of(main, *, goes_on=False, leaked_after=10.0, **settings):
    """What looks within the run say: `main` calls its argument with the time of each."""
    said = []
    with newproc.Runtime(**{"procs": 1, "seed": 1, **settings}) as runtime:
        watch = Watch(runtime, leaked_after)
        runtime.start_main(main, lambda now: said.append(watch.look(now)))
    return said


def test_a_look_names_who_never_yields_and_counts_waits():
    def main(look):
        chan = newproc.Chan()
        newproc.set_name(chan, "jobs")
        for _ in range(3):
            newproc.go(chan.recv)
        newproc.sleep(0.001)
        look(1.0)
        look(3.5)

    first, second = looks_of(main)
    assert first.switches is None and not first.lints
    (waiting,) = second.waiting
    assert (waiting.reason, waiting.count, waiting.such_as[0].waits_for_name) == ("chan receive", 3, "jobs")
    assert [(lint.kind, lint.who) for lint in second.lints] == [("never yields", "G1 main")]
    text = shown(second)
    assert "4 goroutines" in text and "0 switches/s" in text and "has had P0 for 2 s" in text
    assert re.search(r"chan receive +3 .* for jobs", text)


def test_a_look_names_who_polls_and_who_ran_for_long():
    def main(look):
        done, ping = [], newproc.Chan()

        def poll():
            while not done:
                newproc.gosched()

        def work():
            for _ in range(200):
                ping.send(None)
                newproc.gosched()
            done.append(True)

        wg = newproc.WaitGroup()
        wg.go(poll)
        wg.go(work)
        look(1.0)
        for _ in range(200):
            ping.recv()
        wg.wait()
        look(2.0)

    _, second = looks_of(main, trace=True)
    (lint,) = second.lints
    assert lint.kind == "self-wakes" and lint.who.endswith("poll")  # and not work, which yields as often, and waits, too
    assert "times and waits for nothing" in lint.what or "times a second and waits for nothing" in lint.what
    assert second.longest and second.longest == tuple(sorted(second.longest, key=lambda who: -who[1]))
    assert "longest runs without a switch: " in shown(second)
    assert second.ran_after is not None


def test_a_look_without_a_trace_says_nothing_of_events():
    (look,) = looks_of(lambda look: look(1.0))
    assert not look.traced and look.longest == () and "longest runs" not in shown(look)


def test_a_look_names_leaks():
    def main(look):
        def lost(chan):
            chan.recv()

        for _ in range(3):
            newproc.go(lost, newproc.Chan())
        newproc.go(newproc.select)
        newproc.go(newproc.sleep, 1000)
        newproc.sleep(5)
        look(1.0)
        newproc.sleep(6)
        look(2.0)

    before, after = looks_of(main, trace=True)
    assert [(lint.kind, lint.what.split(",")[0]) for lint in before.lints] == [("waits for ever", "waits in select (no cases)")]
    kinds = {lint.kind: lint for lint in after.lints}
    assert set(kinds) == {"waits for ever", "leaked"}
    assert re.fullmatch(r"G\d+ .*lost and 2 more", kinds["leaked"].who)
    assert kinds["leaked"].what.startswith("waits in chan receive for 11 s, started at ") and "test_top.py" in kinds["leaked"].what
    assert "leaked: " in shown(after)


def test_many_goroutines_are_counted_only(monkeypatch):
    monkeypatch.setattr("newproc._watch.MOST_GOROUTINES", 2)

    def main(look):
        for _ in range(5):
            newproc.go(print)
        look(1.0)

    (look,) = looks_of(main)
    assert look.counted_only and look.ps == () and "goroutines: counted only" in shown(look)


def test_many_ps_and_reasons_stay_on_one_screen():
    (look,) = looks_of(lambda look: look(1.0), procs=100)
    lines = shown(look).splitlines()
    assert len(lines) < 24 and any("84 more" in line for line in lines)


def test_steals_are_counted_by_p():
    def main(look):
        wg = newproc.WaitGroup()
        look(1.0)
        for _ in range(500):
            wg.go(newproc.gosched)
        wg.wait()
        look(2.0)

    _, second = looks_of(main, procs=4, trace=True)
    assert sum(p.stolen for p in second.ps) > 0 and second.steals > 0


def test_a_running_runtime_is_shown_from_another_thread():
    console, begun = quiet(), threading.Event()
    with newproc.Runtime(procs=1) as runtime:
        stop = newproc.Chan(1, runtime=runtime)

        def main():
            begun.set()
            stop.recv()

        thread = threading.Thread(target=runtime.start_main, args=(main,))
        with runtime.hold():
            thread.start()
            begun.wait()
            with newproc.top(runtime, seconds=0.01, console=console):
                while "waiting" not in {g.status for g in runtime.snapshot().gs}:
                    time.sleep(0)
            stop.try_send(None)
        thread.join()
    assert "1 goroutine, " in console.export_text()


def test_what_cannot_be_shown_is_refused():
    with newproc.Runtime(seed=1) as runtime, pytest.raises(newproc.ArgumentError, match='it is simulated; make it with world="threads"'), newproc.top(runtime):
        pass
    with pytest.raises(newproc.ArgumentError, match="seconds is 0; give more than 0"), newproc.top(seconds=0):
        pass


def test_a_block_leaves_no_watcher_and_no_trace_behind():
    with pytest.raises(newproc.DeadlockError), newproc.top(console=quiet()):
        newproc.run(lambda: newproc.Chan().recv(), procs=1)
    assert newproc._runtime.watchers == []
    with newproc.top(console=quiet()):
        run = newproc.run(print, procs=1)
    assert run.trace is None and not [t for t in threading.enumerate() if t.name == "newproc top"]
