"""Runtimes, snapshots, traces, patterns, the command."""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys

import numpy as np
import pytest

import newproc

OVERFLOW = {"name": "overflow", "bodies": [[["loop", 258, [["go", 1]]], ["snap"]], [["mark", 1]]]}


def test_a_snapshot_shows_the_258th_spawn_spilling():
    shots = []

    def main():
        with_runtime = runtime.snapshot
        for _ in range(258):
            newproc.go(lambda: None)
        shots.append(with_runtime())

    with newproc.Runtime(procs=1, seed=1) as runtime:
        runtime.start_main(main)
    (p,) = shots[0].ps
    assert p.runnext == 259
    assert p.runq == tuple(range(130, 258))
    assert shots[0].runq == (*range(2, 130), 258)
    assert "G1[running]" in repr(shots[0])
    with pytest.raises(AttributeError):
        p.runnext = 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"procs": 0}, "procs is 0; give 1 to 1024"),
        ({"procs": 1025}, "procs is 1025; give 1 to 1024"),
        ({"world": "other"}, 'world is \'other\'; give "threads" or "sim"'),
        ({"stack_size": 3000}, "stack_size is 3000 bytes; give a power of two"),
        ({"procs": -1}, "procs is -1; give 0 to"),
    ],
)
def test_bad_settings_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        newproc.Runtime(**arguments)


def test_an_unknown_setting_is_named():
    with pytest.raises(TypeError, match='no setting "prox"'):
        newproc.Runtime(prox=3)


def test_a_closed_runtime_says_so():
    runtime = newproc.Runtime(seed=1)
    runtime.close()
    runtime.close()
    with pytest.raises(ValueError, match="closed"):
        runtime.start_main(print)


def test_everything_asleep_is_a_deadlock_with_gos_text():
    with pytest.raises(newproc.DeadlockError, match=r"no goroutines \(main called runtime.Goexit\) - deadlock!"):
        newproc.run(newproc.goexit, procs=1, seed=1)


def test_stepping_lets_the_caller_look_between_steps():
    seen = []

    def child(i):
        for _ in range(3):
            newproc.gosched()
        seen.append(i)

    def main():
        for i in range(3):
            newproc.go(child, i)
        while len(seen) < 3:
            newproc.gosched()

    with newproc.Runtime(procs=1, seed=1) as runtime:
        runtime.begin(main)
        states = set()
        while runtime.step(1):
            states.update(g.status for g in runtime.snapshot().gs)
        assert {"runnable", "running"} <= states
        assert sorted(seen) == [0, 1, 2]
        with pytest.raises(newproc.StateError, match="no run is under way"):
            runtime.step(1)


def test_a_trace_is_read_in_place_and_equal_seeds_give_equal_hashes():
    def spin():
        for _ in range(20):
            newproc.gosched()

    def main():
        for _ in range(10):
            newproc.go(spin)
        spin()

    def once(seed):
        return newproc.run(main, procs=4, seed=seed, trace=True).trace

    first, again = once(3), once(3)
    assert first.hash == again.hash
    assert len({once(seed).hash for seed in range(10)}) > 1
    assert not first.events.flags.owndata and not first.events.flags.writeable
    assert first.events.dtype.itemsize == 48
    assert list(first.events["seq"]) == list(range(len(first)))
    assert np.count_nonzero(first.events["kind"] == 13) == 11
    assert first.names()[0] == "Gomaxprocs" or "GoCreate" in first.names()


def test_no_trace_was_asked_for():
    with newproc.Runtime(seed=1) as runtime, pytest.raises(newproc.StateError, match="trace_events"):
        runtime.trace()


def test_a_pattern_runs_natively():
    result = newproc.Pattern(OVERFLOW).run(snapshot=True)
    snap = next(line for line in result.log if line[1] == "snap")
    assert snap[2] == 258 and snap[3] == list(range(129, 257)) and snap[4] == [*range(1, 129), 257]
    assert (result.rc, result.end) == (0, "")
    assert result.snapshot is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ('{"bodies": [[["go", 9]]]}', r"bodies\[0\]\[0\]\[1\]: no body 9; the pattern has 1"),
        ('{"bodies": [[["send", 0, 1]]]}', r'bodies\[0\]\[0\]\[1\]: no channel 0; the pattern has 0; raise "chans"'),
        ("[", "not JSON"),
    ],
)
def test_a_malformed_pattern_is_refused_with_its_place(pattern, text):
    with pytest.raises(newproc.PatternError, match=text):
        newproc.Pattern(pattern)


def test_a_limit_ends_a_run_and_is_named():
    result = newproc.Pattern({"bodies": [[["loop", -1, [["yield"]]]]]}).run(limits={"steps": 1000})
    assert result.rc == 3 and "steps (1000)" in result.end


def command(*arguments, stdin=None):
    return subprocess.run([sys.executable, "-m", "newproc.cli", *arguments], input=stdin, capture_output=True, text=True, timeout=60)


def test_the_command_writes_the_log_and_gos_exit_status(tmp_path):
    path = tmp_path / "p.json"
    path.write_text(json.dumps({"bodies": [[["mark", 1], ["panic"]]]}))
    done = command("run", str(path))
    assert (done.returncode, done.stdout, done.stderr) == (2, '[0,"mark",1]\n', "panic: pattern\n")


def test_the_command_runs_json_lines(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(OVERFLOW) + "\n\nnot json\n")
    lines = [json.loads(line) for line in command("run", "--jsonl", str(path)).stdout.splitlines()]
    assert [line["rc"] for line in lines] == [0, 64]
    assert lines[0]["name"] == "overflow" and lines[0]["log"][-1] == [0, "exit"]
    assert "not JSON" in lines[1]["end"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "absent.json"], "absent.json: cannot be read"),
        (["run", "-", "--procs", "0"], "procs is 0; give 1 to 1024"),
        (["run", "-", "--max-steps", "0"], "the limit of steps is 0"),
        (["run", "-", "--seed", "x"], "argument --seed: invalid int value: 'x'; see newproc run --help"),
        (["run", "-", "--max-seconds", "inf"], "argument --max-seconds: inf is outside of 0 to"),
        (["run", "-", "--max-seconds", "-1"], "argument --max-seconds: -1 is outside of 0 to"),
        (["run"], "required: FILE"),
        (["fly"], "invalid choice: 'fly'"),
        ([], "required: run | explore | replay | top | demo | config"),
    ],
)
def test_the_command_names_what_is_wrong(arguments, text):
    done = command(*arguments, stdin='{"bodies": [[]]}')
    assert done.returncode == 64
    assert text in done.stderr and done.stderr.count("\n") == 1


def test_help_teaches():
    done = command("--help")
    assert "newproc run --jsonl" in done.stdout and "snap" in done.stdout


def test_config_flags_compile_and_link_a_c_program(tmp_path):
    flags = command("config", "--cflags", "--libs").stdout.split()
    source = tmp_path / "p.c"
    source.write_text('#include <newproc.h>\n#include <stdio.h>\nint main(void) { puts(rt_version()); return 0; }\n')
    subprocess.run(["cc", str(source), "-o", str(tmp_path / "p"), *flags], check=True)
    assert subprocess.run([str(tmp_path / "p")], capture_output=True, text=True, check=True).stdout.strip() == newproc.__version__


def test_the_demo_shows_the_overflow():
    assert "129 Gs move" in command("demo").stdout


def test_an_exception_between_steps_leaves_the_block_as_it_is():
    with pytest.raises(ZeroDivisionError), newproc.Runtime(procs=1, seed=1) as runtime:
        runtime.begin(lambda: [newproc.gosched() for _ in range(100)])
        runtime.step(1)
        1 / 0


@pytest.mark.parametrize("where", [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}], ids=["threads1", "threads2", "sim"])
def test_a_main_that_never_returned_is_given_back(where):
    def main(held):
        newproc.go(lambda: 1 / 0)
        while True:
            newproc.gosched()

    held = []
    for _ in range(5):
        with pytest.raises(newproc.GoroutinePanic):
            newproc.run(main, held, **where)
        gc.collect()  # both walk the frames that the interpreter knows: none may stand on a stack that is gone
        assert all(frame.f_code.co_name != "main" for frame in sys._current_frames().values())


def test_an_abandoned_runtime_runs_again():
    seen = []
    with newproc.Runtime(procs=1, seed=1) as runtime:
        runtime.begin(lambda: [newproc.gosched() for _ in range(100)])
        runtime.step(3)
        runtime.abandon()
        gc.collect()
        runtime.start_main(lambda: seen.append(newproc.goid()))
    assert seen == [1]


def test_what_is_waited_for_has_a_name_while_it_lives():
    seen = {}

    def main():
        lock = newproc.Mutex()
        things = {
            "jobs": newproc.Chan(), "gate": newproc.Mutex(), "table": newproc.RWMutex(), "all": newproc.WaitGroup(),
            "news": newproc.Cond(lock), "tick": newproc.Ticker(100), "once": newproc.Timer(100), "stop": newproc.Context(),
        }
        for name, thing in things.items():
            newproc.set_name(thing, name)
        things["gate"].lock()
        things["table"].lock()
        things["all"].add(1)
        newproc.go(things["jobs"].recv)
        newproc.go(things["gate"].lock)
        newproc.go(things["table"].lock)
        newproc.go(things["all"].wait)
        newproc.go(things["tick"].chan.recv)
        newproc.go(things["once"].chan.recv)
        newproc.go(things["stop"].done.recv_ok)
        newproc.go(lambda: (lock.lock(), things["news"].wait()))
        newproc.sleep(1)
        seen.update({g.goid: (g.waits_for_name, g.waits_for, g.waiting_since) for g in runtime.snapshot().gs if g.status == "waiting"})
        newproc.set_name(things["jobs"], None)
        assert [g.waits_for_name for g in runtime.snapshot().gs if g.goid == 2] == [""]
        del things["gate"]

    with newproc.Runtime(procs=1, seed=1, trace=True) as runtime:
        runtime.start_main(main)
        named = runtime.trace().objects
    assert {name for name, *_ in seen.values()} == {"jobs", "gate", "table", "all", "news", "tick", "once", "stop"}
    assert all(address and since == 0 or address and since < 1e9 for _, address, since in seen.values())
    assert "all" in named.values() and "jobs" not in named.values()


def test_a_goroutine_has_another_name():
    def main():
        newproc.set_name(None, "worker 7")
        seen.append(repr(runtime.snapshot().gs[0]))
        newproc.set_name(None, None)

    seen = []
    with newproc.Runtime(procs=1, seed=1) as runtime:
        runtime.start_main(main)
    assert seen == ["G1[running] worker 7"]


@pytest.mark.parametrize(("arguments", "text"), [
    ((1, "x"), "what is 1; give a Chan, Mutex, RWMutex, WaitGroup, Cond, Context, Timer or Ticker"),
    ((None, 3), "name is 3; give a str, or None to take the name away"),
    ((None,), "1 arguments are given; give both"),
])
def test_what_cannot_be_named_is_refused(arguments, text):
    with pytest.raises(TypeError, match=re.escape(text)):
        newproc.set_name(*arguments)
    with pytest.raises(newproc.PlaceError, match=re.escape("newproc.set_name(): called outside of goroutines")):
        newproc.set_name(None, "host")
