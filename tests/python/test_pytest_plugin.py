"""The pytest plugin, run by pytest's own pytester."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy  # noqa: F401  pytester gives each run its own sys.modules; what is here stays, and NumPy loads once per process
import pytest

import newproc
import newproc._testing
import newproc.picture.html
import newproc.picture.model
import newproc.picture.timeline

pytest_plugins = ["pytester"]

LOST_UPDATE = """
import newproc

@newproc.test(schedules=200, procs=2)
def test_counter():
    total, wg = [0], newproc.WaitGroup()
    def add():
        was = total[0]
        newproc.gosched()
        total[0] = was + 1
    for _ in range(2):
        wg.go(add)
    wg.wait()
    assert total[0] == 2
"""


def run(pytester, *arguments):
    return pytester.runpytest_inprocess("-p", "no:cacheprovider" if "--no-cache" in arguments else "cacheprovider", *[a for a in arguments if a != "--no-cache"])


def test_a_failure_names_its_schedule_and_leaves_a_picture(pytester):
    pytester.makepyfile(test_it=LOST_UPDATE)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([r".*assert total\[0\] == 2.*|.*assert 1 == 2.*", r"failed at schedule \d+ of 200; replay it with --newproc-replay='procs=2,seed=\d+'",
                                  r"picture: .*run.html", r"pytest 'test_it.py::test_counter' --newproc-replay='procs=2,seed=\d+'"])
    text = result.stdout.str()
    (picture,) = set(re.findall(r"picture: (.*run\.html)", text))
    page = (pytester.path / picture).read_text()
    assert "newproc-data" in page and "AssertionError" in page
    assert (pytester.path / picture).with_name("run.pftrace").stat().st_size > 100
    schedule = (pytester.path / picture).with_name("schedule.txt").read_text().strip()
    assert f"--newproc-replay='{schedule}'" in text


def test_a_replay_runs_that_schedule_alone(pytester):
    pytester.makepyfile(test_it=LOST_UPDATE)
    (schedule,) = set(re.findall(r"--newproc-replay='(.*?)'", run(pytester).stdout.str()))
    again = run(pytester, f"--newproc-replay={schedule}")
    again.stdout.re_match_lines([r"failed at schedule 1 of 1; .*"])
    refused = run(pytester, "--newproc-replay=seven")
    refused.stdout.fnmatch_lines(["*the replay text is 'seven'; it looks like np1r-5f3a9c1e-0.3=2 or procs=4,seed=17*"])


def test_known_failures_run_first_and_are_forgotten_when_they_pass(pytester):
    pytester.makepyfile(test_it="""
        import pathlib, newproc
        @newproc.test(schedules=9, procs=2)
        def test_it():
            with open("runs", "a") as f: f.write(".")
            assert pathlib.Path("good").exists() or len(open("runs").read()) != 5
    """)
    run(pytester).stdout.re_match_lines([r"failed at schedule 5 of 9; replay it with --newproc-replay='procs=2,seed=5'"])
    (pytester.path / "good").touch()
    (pytester.path / "runs").write_text("")
    run(pytester).assert_outcomes(passed=1)
    assert len((pytester.path / "runs").read_text()) == 10  # the known one, then nine
    (pytester.path / "runs").write_text("")
    run(pytester).assert_outcomes(passed=1)
    assert len((pytester.path / "runs").read_text()) == 9


def test_options_override_the_test(pytester):
    pytester.makepyfile(test_it="""
        import newproc
        @newproc.test(schedules=50, procs=4)
        def test_it():
            with open("runs", "a") as f: f.write(".")
        def test_fixture(newproc_check):
            newproc_check(test_it.__wrapped__, schedules=70, procs=2)
    """)
    run(pytester, "--newproc-schedules=3", "--newproc-seed=9").assert_outcomes(passed=2)
    assert len((pytester.path / "runs").read_text()) == 6
    assert "--newproc-schedules is 0; give 1 or more" in run(pytester, "--newproc-schedules=0").stderr.str()


def test_seeds_count_up_from_the_option(pytester):
    pytester.makepyfile(test_it="""
        import newproc
        @newproc.test(schedules=5, procs=3)
        def test_it():
            assert False
    """)
    run(pytester, "--newproc-seed=41").stdout.re_match_lines([r".*procs=3,seed=41.*"])


def test_fixtures_parameters_skips_and_other_goroutines(pytester):
    pytester.makepyfile(test_it="""
        import newproc, pytest
        @pytest.mark.parametrize("n", [1, 2])
        @newproc.test(schedules=4)
        def test_it(n, tmp_path):
            assert tmp_path.exists() and newproc.goid() == 1
        @newproc.test(schedules=4)
        def test_skip():
            pytest.skip("not now")
        @newproc.test(schedules=4)
        def test_other():
            newproc.go(lambda: 1 / 0)
            newproc.sleep(1)
        @newproc.test(schedules=4)
        def test_deadlock():
            newproc.Chan().recv()
    """)
    result = run(pytester)
    result.assert_outcomes(passed=2, skipped=1, failed=2)
    result.stdout.fnmatch_lines(["*ZeroDivisionError*", "*GoroutinePanic*", "*all goroutines are asleep - deadlock!*"])


def test_a_test_that_makes_a_pattern_is_searched(pytester):
    pytester.makepyfile(test_it="""
        import newproc
        @newproc.test(schedules=500)
        def test_lost_update() -> newproc.Pattern:
            b = newproc.PatternBuilder("lost update")
            total, wg = b.var("total"), b.waitgroup()
            with b.body("add") as add:
                total.inc()
                wg.done()
            with b.main:
                wg.add(2)
                b.go(add), b.go(add)
                wg.wait()
                total.check(2)
            return b.build()
        @newproc.test(schedules=50, driver="go", find="panic,deadlock")
        def test_as_go_does() -> newproc.Pattern:
            return newproc.Pattern({"bodies": [[["go", 1], ["yield"]], [["mark", 1]]]})
    """)
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines([r".*ScheduleFailure: Pattern\('lost update'.*", r"failed at schedule \d+ of 500; .*", r"picture: .*",
                                 r"smallest pattern: newproc replay .*smallest\.json np1r-.*"])
    (schedule,) = set(re.findall(r"replay it with --newproc-replay='(.*?)'", result.stdout.str()))
    again = run(pytester, "-k", "lost", f"--newproc-replay={schedule}")
    again.assert_outcomes(failed=1, deselected=1)
    run(pytester, "-k", "lost").stdout.re_match_lines([r"failed at a schedule that failed before.*"])


SEARCHED = """
import newproc

@newproc.test(schedules=500, find="assert,deadlock")
def test_counter():
    total, wg = newproc.Var(0, name="total"), newproc.WaitGroup()
    for _ in range(2):
        wg.go(total.update, lambda n: n + 1)
    wg.wait()
    assert total.value == 2
"""


def test_a_python_program_is_searched_and_its_failure_replayed(pytester):
    pytester.makepyfile(test_it=SEARCHED)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    (schedule,) = set(re.findall(r"--newproc-replay='(np1r-.*?)'", text))
    result.stdout.re_match_lines([
        r".*assert total.value == 2", r".*assert 1 == 2.*", r"failed at schedule \d+ of 500; replay it with --newproc-replay='np1r-.*'",
        r"assert: panic: assertion failed.*", r"goroutine 0: panicked", r'  File ".*test_it.py", line \d+, in test_counter',
        r"picture: .*run.html", r"pytest 'test_it.py::test_counter' --newproc-replay='np1r-.*'"])
    (picture,) = set(re.findall(r"picture: (.*run\.html)", text))
    folder = (pytester.path / picture).parent
    assert "AssertionError" in (folder / "run.html").read_text()
    assert (folder / "run.pftrace").stat().st_size > 100
    assert (folder / "schedule.txt").read_text().strip() == schedule
    again = run(pytester, f"--newproc-replay={schedule}")
    again.assert_outcomes(failed=1)
    again.stdout.re_match_lines([r"failed at the schedule that was given; .*"])
    run(pytester).stdout.re_match_lines([r"failed at a schedule that failed before; .*"])
    # Put right, the test passes, though its text is another one now; the old schedule does not fit it any more.
    pytester.makepyfile(test_it=SEARCHED.replace("newproc.Var(0, name", "newproc.Atomic(0, name").replace("total.update, lambda n: n + 1", "total.add, 1")
                        .replace("total.value == 2", "total.load() == 2"))
    run(pytester).assert_outcomes(passed=1)
    refused = run(pytester, f"--newproc-replay={schedule}")
    refused.assert_outcomes(failed=1)
    refused.stdout.fnmatch_lines(["*StateError: *the schedule is of program *"])


def test_each_kind_of_finding_fails_a_test_in_its_own_way(pytester):
    pytester.makepyfile(test_it="""
        import newproc, random
        @newproc.test(driver="pct", depth=2)
        def test_race():
            total = newproc.Var(0, name="total")
            newproc.go(total.set, 1)
            newproc.go(total.set, 2)
            newproc.sleep(1)
        @newproc.test()
        def test_leak():
            newproc.go(newproc.Chan().recv)
        @newproc.test()
        def test_deadlock():
            c, d = newproc.Chan(1), newproc.Chan()
            newproc.go(c.send, 1)
            if c.try_recv() is None:
                d.recv()
            else:
                c.recv()
        class Shared:
            total = 0
            def add(self):
                was = self.total
                self.total = was + 1
        @newproc.test(points=[Shared])
        def test_lines():
            shared, wg = Shared(), newproc.WaitGroup()
            wg.go(shared.add), wg.go(shared.add)
            wg.wait()
            assert shared.total == 2
        def test_fixture(newproc_check):
            newproc_check(lambda: newproc.go(print))
        @newproc.test(schedules=5)
        def test_drawn():
            if random.random() < 0.5: newproc.Chan(1).send(1)
            newproc.Chan(1).send(2)
    """)
    result = run(pytester, "-k", "not drawn")
    result.assert_outcomes(failed=4, passed=1, deselected=1)
    result.stdout.fnmatch_lines(["*ScheduleFailure: race: data race on total: *", "*ScheduleFailure: leak: *", "*DeadlockError: *all goroutines are asleep*",
                                      "*assert shared.total == 2*"])
    for _ in range(20):  # two runs that draw alike are no difference
        drawn = run(pytester, "-k", "drawn")
        if drawn.parseoutcomes().get("failed"):
            break
    drawn.stdout.fnmatch_lines(["*NondeterminismError: *does not do the same when the same schedule is run again: at decision *"])


def test_drivers_are_named():
    with pytest.raises(newproc.ArgumentError, match='there is no driver "nosuch"; there are: portfolio'):
        newproc.check(lambda: None, driver="nosuch")
    with pytest.raises(newproc.ArgumentError, match="procs is 2 and driver is 'pct'; procs are those of the simulated machine"):
        newproc.check(lambda: None, driver="pct", procs=2)
    with pytest.raises(newproc.ArgumentError, match="schedules is 0"):
        newproc.check(lambda: None, schedules=0)
    procs = []
    newproc.check(lambda: procs.append(newproc.gomaxprocs(0)), driver="go", schedules=50, check=False)
    newproc.check(lambda: procs.append(newproc.gomaxprocs(0)), driver="machine", schedules=2)
    assert procs == [1, 4, 4]


def test_workers_of_xdist_share_the_cache(pytester):
    pytest.importorskip("xdist")
    pytester.makepyfile(test_it=LOST_UPDATE + LOST_UPDATE.replace("test_counter", "test_other"))
    result = pytester.runpytest_subprocess("-n2")
    result.assert_outcomes(failed=2)
    known = list((pytester.path / ".pytest_cache" / "v" / "newproc").iterdir())
    assert len(known) == 2
    pytester.runpytest_subprocess("-n2").stdout.re_match_lines([r"failed at schedule 1 of 201.*"])


def test_without_a_cache_nothing_is_kept(pytester):
    pytester.makepyfile(test_it=LOST_UPDATE)
    result = run(pytester, "--no-cache")
    result.assert_outcomes(failed=1)
    result.stdout.re_match_lines([r"failed at schedule \d+ of 200; .*"])  # the test's failure, not the plugin's
    assert "picture:" not in result.stdout.str()
    assert not (pytester.path / ".pytest_cache").exists()


def test_the_plugin_imports_nothing_of_newproc_but_itself():
    code = "import sys, newproc.pytest_plugin as p; print(sorted(m for m in sys.modules if m in ('numpy', 'rich', 'hypothesis', 'anywidget')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
