"""Sessions: step, back, fork, of patterns and of Python programs."""

from __future__ import annotations

import pytest

import newproc

LOST = {"vars": 1, "waitgroups": 1,
        "bodies": [[["add", 0, 2], ["go", 1], ["go", 1], ["wait", 0], ["assert", 0, 2]], [["inc", 0], ["done", 0]]]}


def lost_update():
    total, wg = newproc.Var(0, name="total"), newproc.WaitGroup()
    for _ in range(2):
        wg.go(total.update, lambda n: n + 1)
    wg.wait()
    assert total.value == 2


BOTH = pytest.mark.parametrize("program", [LOST, lost_update], ids=["pattern", "function"])


@BOTH
def test_step_and_back_walk_over_the_same_states(program):
    session = newproc.Session(program)
    assert (session.position, session.over, session.end) == (0, False, "")
    seen = []
    while not session.over:
        seen.append((session.question, session.snapshot()))
        session.step()
    assert session.end == ""
    assert session.position == len(seen) > 8
    for question, snapshot in reversed(seen):
        assert session.back().ways == question.ways
        assert session.snapshot().gs == snapshot.gs
    with pytest.raises(newproc.ArgumentError, match="steps is 1; 0 were taken"):
        session.back()


@BOTH
def test_along_a_schedule_to_what_it_shows(program):
    finding = newproc.explore(program, find="assert", first=True).findings[0]
    session = newproc.Session(program, finding.schedule)
    assert session.run() is None
    assert session.findings[-1].kind == "assert"
    assert session.schedule == finding.schedule
    whole = session.position
    session.back(whole // 2)
    assert not any(f.kind == "assert" for f in session.findings)
    session.run(steps=2)
    assert session.position == whole - whole // 2 + 2
    session.run()
    assert (session.position, session.findings[-1].kind) == (whole, "assert")
    with pytest.raises(newproc.StateError, match="the run is over; go back first"):
        session.step()


@BOTH
def test_forks_go_on_apart(program):
    session = newproc.Session(program)
    session.run(steps=4)
    ways = session.question.ways
    assert ways == 2
    other = session.fork()
    session.step(0)
    other.step(1)
    assert session.schedule != other.schedule
    assert other.schedule.startswith(session.schedule)
    assert session.position == other.position == 5
    with pytest.raises(newproc.ArgumentError, match="way is 7; there are 0 to"):
        other.step(7)
    assert other.position == 5
    for each in (session, other):
        each.run()
        text = each.schedule
        end = each.end
        each.back(each.position)
        assert newproc.replay(program, text).end == end


@BOTH
def test_going_on_under_a_driver(program):
    class Last:
        def pick(self, question):
            return question.ways - 1

    session = newproc.Session(program)
    session.run(steps=3)
    session.run(Last())
    assert session.over
    again = newproc.replay(program, session.schedule)
    assert again.end == session.end
    assert sorted(f.kind for f in again.findings) == sorted(f.kind for f in session.findings)


def test_what_a_session_shows():
    session = newproc.Session(lost_update)
    session.run(steps=2)
    assert [step.what for step in session.steps] == ["starts", "WaitGroup.go"]
    session.run()
    assert len(session.steps) == session.position
    assert len(session.trace()) > 5
    pattern = newproc.Session(LOST)
    pattern.run(steps=4)
    assert pattern.log[:3] == ((0, "add", 0), (0, "go", 1), (0, "go", 1))


def test_a_schedule_that_does_not_fit():
    with pytest.raises(newproc.StateError, match="of program"):
        newproc.Session(lost_update, "np1r-00000000")


def test_a_function_that_does_not_do_the_same_again():
    runs = []

    def main():
        runs.append(1)
        c = newproc.Chan(4)
        if len(runs) < 4:
            for i in range(4):
                c.send(i)

    session = newproc.Session(main)
    with pytest.raises(newproc.StateError, match=r"the run ended after \d steps, and had gone \d before"):
        for _ in range(9):
            session.step()
