"""Searches over the schedules of Python programs."""

from __future__ import annotations

import gc
import random
import sys
import traceback
import weakref

import pytest

import newproc


def lost_update():
    total, wg = newproc.Var(0, name="total"), newproc.WaitGroup()
    for _ in range(3):
        wg.go(total.update, lambda n: n + 1)
    wg.wait()
    assert total.value == 3, "an update is lost"


def right():
    total, wg, mutex = newproc.Var(0, name="total"), newproc.WaitGroup(), newproc.Mutex()

    def add():
        with mutex:
            total.value += 1

    for _ in range(3):
        wg.go(add)
    wg.wait()
    assert total.value == 3


def crossed():
    a, b, wg = newproc.Mutex(), newproc.Mutex(), newproc.WaitGroup()

    def both(one, other):
        with one:
            with other:
                pass

    wg.go(both, a, b)
    wg.go(both, b, a)
    wg.wait()


def leaking():
    answers = newproc.Chan()
    for i in range(2):
        newproc.go(answers.send, i)
    answers.recv()


def raising():
    seen = {}

    def write():
        newproc.gosched()
        seen["x"] = 1

    newproc.go(write)
    newproc.gosched()
    helper(seen)


def helper(seen):
    return seen["x"]


def closing_twice():
    c = newproc.Chan(1)
    newproc.go(c.close)
    newproc.go(c.close)
    newproc.sleep(1)


def spinning():
    flag = newproc.Atomic(0)
    newproc.go(flag.load)
    while flag.load() == 0:
        newproc.gosched()


def find(program, kind, **options):
    (finding,) = newproc.explore(program, find=kind, first=True, schedules=1_000, **options).findings
    assert finding.kind == kind
    return finding


def test_an_assertion_is_found_shrunk_and_replayed():
    finding = find(lost_update, "assert")
    assert isinstance(finding.cause, AssertionError)
    assert "lost_update" in "".join(traceback.format_tb(finding.cause.__traceback__))
    assert finding.message.startswith("panic: assertion failed: an update is lost at test_programs.py:")
    assert [g.goroutine for g in finding.goroutines] == [0]
    assert len(finding.schedule) <= 80
    for _ in range(2):
        again = newproc.replay(lost_update, finding.schedule, trace=True, snapshot=True)
        assert again.rc == 2
        assert "assert" in [f.kind for f in again.findings]
        assert len(again.trace) > 5
        assert again.snapshot.gs[0].goid == 1
    assert [s.what for s in again.steps if s.goroutine == 2].count("read of total") == 1
    assert "panic: assertion failed" in again.findings[-1].message
    assert again.text.splitlines()[0] == "goroutine 0: starts"
    assert again.steps[-1].where.function == "lost_update"


def test_what_is_right_is_searched_to_the_end():
    done = newproc.explore(right, driver="dfs", schedules=100_000)
    assert not done.findings
    assert done.complete
    assert done.tasks == 4
    assert done.schedules >= 6  # the mutex can go round in 3! ways


def test_a_deadlock_names_who_waits_where():
    finding = find(crossed, "deadlock")
    assert [(g.goroutine, g.what, g.stack[-1].function) for g in finding.goroutines] == [
        (0, "semacquire", "crossed"), (1, "sync.Mutex.Lock", "both"), (2, "sync.Mutex.Lock", "both")]
    assert 'test_programs.py", line' in finding.stacks()
    assert finding.cause is None


def test_a_leak_names_where_a_goroutine_without_python_frames_was_started():
    finding = find(leaking, "leak")
    (left,) = finding.goroutines
    assert (left.what, left.stack[-1].function) == ("chan send", "leaking")


@pytest.mark.parametrize(("program", "cause", "inside"), [(raising, KeyError, "helper"), (closing_twice, newproc.Panic, None)])
def test_an_exception_is_a_panic_with_its_traceback(program, cause, inside):
    finding = find(program, "panic")
    assert isinstance(finding.cause, cause)
    functions = [frame.name for frame in traceback.extract_tb(finding.cause.__traceback__)]
    assert inside is None or functions == ["raising", inside]


def test_going_in_circles_is_a_livelock():
    finding = find(spinning, "livelock", steps=300, shrink=False)
    assert finding.message == "no end after 301 steps"
    assert [g.goroutine for g in finding.goroutines] == [0]


@pytest.mark.parametrize("driver", ["random", "pct", "pos", "urw", "surw", "bounded", "places", "stalls", "portfolio"])
def test_who_polls_keeps_nobody_from_going_on(driver):
    """However a driver likes it, a loop that changes nothing lets the others come: no livelock, and no 20,000 steps."""

    def main():
        stop, rounds = newproc.Chan(), newproc.Atomic(0)

        def poll():
            while stop.try_recv() is None:
                pass

        for _ in range(2):
            newproc.go(poll)
        for _ in range(3):
            rounds.add(1)
        stop.close()

    found = newproc.explore(main, driver=driver, schedules=60, seed=3)
    assert not found.findings
    assert found.steps < 60 * 2_000


def test_a_loop_that_counts_its_tries_is_searched_to_the_last():
    """Nobody sees the count: a hundred tries that change nothing are no circle."""

    def main():
        m, held = newproc.Mutex(), newproc.Chan()

        def hold():
            with m:
                held.send(None)
                for _ in range(3):
                    newproc.gosched()

        newproc.go(hold)
        held.recv()
        for _ in range(50):
            if m.try_lock():
                break
        else:
            raise RuntimeError("gave up")

    found = newproc.explore(main, driver="pct", schedules=200, seed=1, find="panic")
    assert any("gave up" in finding.message for finding in found.findings)


def test_a_race_names_both_places_in_any_schedule():
    def main():
        total, done = newproc.Var(0, name="total"), newproc.Chan()

        def write():
            total.set(1)
            done.send(None)

        newproc.go(write)
        total.get()
        done.recv()

    finding = find(main, "race", driver="go")
    assert finding.message.startswith("data race on total: read by goroutine 0 at test_programs.py:")
    assert [(g.what, g.stack[-1].function) for g in finding.goroutines] == [("read of total", "main"), ("write of total", "write")]


@pytest.mark.parametrize("ordered", ["channel", "mutex", "waitgroup", "atomic"])
def test_what_is_ordered_does_not_race(ordered):
    def main():
        total = newproc.Var(0)
        if ordered == "channel":
            c = newproc.Chan()
            newproc.go(lambda: (total.set(1), c.send(None)))
            c.recv()
        elif ordered == "mutex":
            mutex, wg = newproc.Mutex(), newproc.WaitGroup()

            def write():
                with mutex:
                    total.set(1)

            wg.go(write)
            with mutex:
                total.get()
            wg.wait()
        elif ordered == "waitgroup":
            wg = newproc.WaitGroup()
            wg.go(total.set, 1)
            wg.wait()
        else:
            ready = newproc.Atomic(False)
            newproc.go(lambda: (total.set(1), ready.store(True)))
            while not ready.load():
                newproc.gosched()
        total.get()

    assert not newproc.explore(main, schedules=300, find="race").findings


def test_findings_of_the_same_places_count_once():
    done = newproc.explore(lost_update, schedules=400)
    assert sorted(f.kind for f in done.findings) == ["assert", "race", "race"]  # write and write, read and write


def test_equal_seeds_find_the_same():
    def findings(seed):
        done = newproc.explore(crossed, driver="random", schedules=200, seed=seed, shrink=False)
        return [(f.kind, f.schedule, f.schedules) for f in done.findings]

    assert findings(3) == findings(3)
    assert len({str(findings(seed)) for seed in range(1, 9)}) > 1


@pytest.mark.parametrize("driver", ["portfolio", "random", "pct", "pos", "urw", "places", "bounded", "dfs"])
def test_drivers_find_the_deadlock(driver):
    assert find(crossed, "deadlock", driver=driver).kind == "deadlock"


def test_a_driver_in_python_sees_and_decides():
    class Last:
        def __init__(self):
            self.places, self.schedules = set(), set()

        def pick(self, question):
            self.schedules.add(question.schedule)
            for task in question.tasks or ():
                if task.where is not None:
                    self.places.add(task.where.function)
            if question.schedule == 2:
                return None  # not this one
            return question.ways - 1

    driver = Last()
    done = newproc.explore(crossed, driver=driver, schedules=4, check=False)
    assert done.schedules == 4
    assert driver.schedules == {0, 1, 2, 3}
    assert {"crossed", "both"} <= driver.places


@pytest.mark.parametrize(("answer", "error"), [("x", TypeError), (1 / 3, TypeError)])
def test_a_driver_that_answers_nonsense(answer, error):
    class Wrong:
        def pick(self, question):
            return answer

    with pytest.raises(error, match="pick returned"):
        newproc.explore(crossed, driver=Wrong(), schedules=3, check=False)
    with pytest.raises(newproc.ArgumentError, match="give the name of one, or an object with a method pick"):
        newproc.explore(crossed, driver=3)


def test_a_driver_that_raises_ends_the_search():
    class Wrong:
        def pick(self, question):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        newproc.explore(crossed, driver=Wrong(), check=False)


class Shared:
    def __init__(self):
        self.total = 0

    def add(self):
        was = self.total
        self.total = was + 1


@pytest.mark.parametrize("level", ["line", "instruction"])
def test_points_inside_of_functions(level):
    def main():
        shared, wg = Shared(), newproc.WaitGroup()
        for _ in range(2):
            wg.go(shared.add)
        wg.wait()
        assert shared.total == 2

    assert not newproc.explore(main, schedules=200).findings  # no point, no schedule in which it fails
    assert not newproc.explore(main, schedules=200, points=[helper], level=level).findings
    for points in ([Shared], [Shared.add], [Shared().add]):
        finding = find(main, "assert", points=points, level=level)
    again = newproc.replay(main, finding.schedule, points=[Shared.add], level=level)
    assert "assert" in [f.kind for f in again.findings]
    assert sum(step.what == "line" and step.where.function == "add" for step in again.steps) >= 4
    assert sys.gettrace() is None


def test_points_that_have_no_code():
    with pytest.raises(newproc.ArgumentError, match="points has <built-in function len>, which has no Python code"):
        newproc.explore(right, points=[len])
    with pytest.raises(newproc.ArgumentError, match="level is 'word'"):
        newproc.explore(right, points=[right], level="word")
    with pytest.raises(newproc.ArgumentError, match="points, level and check are for Python programs"):
        newproc.explore({"bodies": [[]]}, points=[right])


def test_what_depends_on_more_than_the_schedule_is_named():
    drawn = random.Random(1)

    def main():
        c = newproc.Chan(9)
        if drawn.random() < 0.5:
            c.send(1)
        c.send(2)

    with pytest.raises(newproc.NondeterminismError, match=r"at decision \d+ goroutine 0 was at .*test_programs.py:\d+ \(channel, object 1\), and then goroutine 0"):
        for _ in range(20):
            newproc.explore(main, schedules=1)

    def ends():
        assert drawn.random() < 0

    with pytest.raises(newproc.NondeterminismError, match="the ends differ"):
        runs = []

        def main_of_ends():
            runs.append(1)
            raise ValueError(len(runs))

        newproc.explore(main_of_ends, schedules=1)


def test_a_finding_that_does_not_come_again_is_an_error():
    runs = []

    def main():
        runs.append(1)
        assert len(runs) != 3

    with pytest.raises(newproc.NondeterminismError, match=r"was found, and running np1r-\w+ again does not show it"):
        newproc.explore(main, schedules=5, check=False, shrink=False, driver="random")


def test_a_schedule_of_another_text_does_not_fit():
    schedule = find(crossed, "deadlock").schedule
    with pytest.raises(newproc.StateError, match="the schedule is of program"):
        newproc.replay(right, schedule)
    assert newproc.replay(right, schedule, lenient=True).rc == 0
    with pytest.raises(newproc.StateError, match="after decision 1 of goroutine 9: goroutine 3 goes on, but the run ended"):
        newproc.replay(crossed, schedule + ",9.1=3")
    with pytest.raises(newproc.ArgumentError, match="does not begin with np1r-"):
        newproc.replay(crossed, "nosuch")


def test_skips_and_interrupts_end_the_search():
    runs = []

    def interrupted():
        runs.append(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        newproc.explore(interrupted, schedules=50, check=False)
    assert len(runs) == 1
    with pytest.raises(pytest.skip.Exception):
        newproc.explore(lambda: pytest.skip("not now"), check=False)


def test_select_time_and_the_rest_are_decided_too():
    def main():
        a, b = newproc.Chan(1), newproc.Chan(1)
        a.send(1), b.send(2)
        chosen = newproc.select(a.recv_case(), b.recv_case()).value
        late = newproc.after(1)
        order = []
        newproc.go(lambda: (newproc.sleep(0.5), order.append("sleeper")))
        late.recv()
        outcomes.add((chosen, tuple(order)))

    outcomes = set()
    newproc.explore(main, driver="random", schedules=300, find="panic", check=False)
    assert outcomes == {(1, ("sleeper",)), (2, ("sleeper",)), (1, ()), (2, ())}


def test_a_search_cannot_wait_for_threads_and_is_no_part_of_a_run():
    def main():
        with pytest.raises(newproc.UnsupportedError, match="may wait for another thread"):
            newproc._core.hold()

    assert not newproc.explore(main, schedules=2).findings

    def inside():
        with pytest.raises(newproc.PlaceError, match=r"newproc.explore: called inside a goroutine"):
            newproc.explore(right)

    newproc.run(inside, seed=1)


def test_runs_leave_nothing_behind():
    kept = []

    class Thing:
        pass

    def main():
        thing = Thing()
        kept.append(weakref.ref(thing))
        done = newproc.Chan()
        newproc.go(lambda: done.send(thing))
        done.recv()
        thing.itself = thing

    newproc.explore(main, schedules=500, driver="random")
    gc.collect()
    assert sum(ref() is not None for ref in kept) == 0
    assert gc.isenabled()


def test_var_and_atomic_outside_of_searches():
    total = newproc.Var(1, name="total")
    assert (total.get(), total.value, total.name) == (1, 1, "total")
    total.value = 5
    assert total.update(lambda n: n * 2) == 10
    assert repr(total) == "<newproc.Var 'total': 10>"
    with pytest.raises(AttributeError, match="cannot be deleted"):
        del total.value
    with pytest.raises(TypeError, match="name is 7; give a str"):
        newproc.Var(0, name=7)
    count = newproc.Atomic(1)
    assert (count.add(2), count.swap(9), count.load()) == (3, 3, 9)
    assert count.compare_and_swap(9, 4)
    assert not count.compare_and_swap(9, 5)
    assert count.load() == 4
    with pytest.raises(TypeError, match="1 arguments; give two"):
        count.compare_and_swap(1)
    assert "test_programs.py" in newproc.Var().name
    assert newproc.Var[int].__origin__ is newproc.Var
    for world in ({"seed": 3}, {"procs": 2}):
        wg = newproc.WaitGroup()

        def main(wg=wg):
            for _ in range(5):
                wg.go(count.add, 1)
            wg.wait()

        newproc.run(main, **world)
    assert count.load() == 14


def test_a_var_that_holds_itself_is_collected():
    class Held:
        pass

    var, held = newproc.Var(), Held()
    ref = weakref.ref(held)
    var.set([var, held])
    del var, held
    gc.collect()
    assert ref() is None
