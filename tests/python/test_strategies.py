"""Hypothesis strategies: what they draw is legal, ends, varies; failures shrink to the smallest program or schedule."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import newproc
from newproc import strategies as nst

FEW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)


@FEW
@given(nst.patterns(), nst.schedules())
def test_one_seed_is_one_run(pattern, schedule):
    first, again = pattern.run(**schedule), pattern.run(**schedule)
    assert (first.log, first.rc, first.end) == (again.log, again.rc, again.end)
    assert first.rc in (0, 2)


@FEW
@given(nst.patterns(primitives=("go", "yield", "mark", "loop", "var", "mutex")), nst.schedules())
def test_without_what_waits_for_others_nothing_deadlocks_but_on_its_own_mutex(pattern, schedule):
    result = pattern.run(**schedule)
    if result.rc != 0:
        assert "deadlock" in result.end and any(op[0] == "lock" for body in pattern.document["bodies"] for op in body)


@FEW
@given(nst.patterns())
def test_a_drawn_pattern_is_a_value(pattern):
    assert newproc.Pattern.loads(pattern.dumps()) == pattern


def test_patterns_use_what_they_are_given():
    with pytest.raises(ValueError, match=r"primitives has \['gosub'\]; there are go, yield"):
        find(nst.patterns(primitives=("gosub",)), lambda pattern: True)
    words: set[str] = set()

    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(nst.patterns())
    def collect(pattern):
        words.update(w for w in ("go", "yield", "loop", "if", "inc", "send", "select", "lock", "rlock", "wait", "condwait", "once", "sleep", "panic") if f'"{w}"' in pattern.source)

    collect()
    assert len(words) == 14


def test_a_failure_shrinks_to_the_smallest_overflow():
    smallest = find(nst.fan_outs(), lambda p: len(p.run().log[-2][4] or next(line for line in p.run().log if line[1] == "snap")[4]) > 100,
                    settings=settings(deadline=None, database=None, derandomize=True, max_examples=200, phases=[Phase.generate, Phase.shrink]))
    assert smallest.name == "fan out 258"


LOST = newproc.Pattern({
    "name": "lost update", "vars": 1, "waitgroups": 1,
    "bodies": [[["add", 0, 2], ["go", 1], ["go", 1], ["wait", 0], ["assert", 0, 2]], [["inc", 0], ["done", 0]]],
})


def test_what_pick_raises_leaves_the_search():
    class Broken:
        def pick(self, question):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        newproc.explore(LOST, driver=Broken(), schedules=50)


def test_a_drawn_schedule_finds_a_lost_update():
    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck), report_multiple_bugs=False)
    @given(st.data())
    def search(data):
        found = newproc.explore(LOST, driver=nst.Choices(data), schedules=1, shrink=False)
        assert not found, found.findings[0].schedule

    with pytest.raises(AssertionError) as caught:
        search()
    schedule = str(caught.value).splitlines()[0]
    assert newproc.replay(LOST, schedule).findings


@FEW
@given(nst.fan_outs(), nst.schedules(procs=1))
def test_what_is_aimed_at_is_told(pattern, schedule):
    nst.aim(pattern.run(trace=True, **schedule))
