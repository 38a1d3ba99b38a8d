"""A user's own properties, and warnings: in patterns, in Python programs, from the command."""

from __future__ import annotations

import json
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

import newproc
from newproc import cli

TRANSFER = {"version": 2, "vars": 2, "mutexes": 1, "waitgroups": 1, "atomics": [0, 1],
            "bodies": [[["set", 0, 5], ["add", 0, 2], ["go", 1], ["go", 1], ["wait", 0]],
                       [["lock", 0], ["diff", 0, ["var", 0], 1], ["sum", 1, ["var", 1], 1], ["unlock", 0], ["done", 0]]]}
UNLOCKED = {**TRANSFER, "bodies": [TRANSFER["bodies"][0], TRANSFER["bodies"][1][1:3] + TRANSFER["bodies"][1][4:]]}
ABBA = {"mutexes": 2, "waitgroups": 1,
        "bodies": [[["add", 0, 2], ["go", 1], ["go", 2], ["wait", 0]],
                   [["lock", 0], ["lock", 1], ["unlock", 1], ["unlock", 0], ["done", 0]],
                   [["lock", 1], ["lock", 0], ["unlock", 0], ["unlock", 1], ["done", 0]]]}
ONE_ON_THE_WAY = "v0 + v1 == 0 or v0 + v1 >= 4"


def whole(variables):
    return sum(variables) in (0, 4, 5)


@pytest.mark.parametrize("invariant", [whole, ONE_ON_THE_WAY, [whole, ONE_ON_THE_WAY]])
def test_invariant_of_a_pattern(invariant):
    assert not newproc.explore(TRANSFER, invariant=invariant, schedules=500)
    (finding, *_) = newproc.explore(UNLOCKED, invariant=invariant, find="assert", schedules=500, first=True).findings
    name = "whole" if invariant != ONE_ON_THE_WAY else ONE_ON_THE_WAY
    assert (finding.kind, finding.message) == ("assert", f"invariant {name} does not hold")
    assert len(finding.goroutines) == 1
    again = newproc.replay(UNLOCKED, finding.schedule, invariant=invariant)
    assert again.end == finding.message
    assert again.findings[-1].goroutines == finding.goroutines
    assert not [f for f in newproc.replay(UNLOCKED, finding.schedule).findings if f.kind == "assert"]


def test_assert_style_and_names():
    def five(variables):
        assert sum(variables) != 3, f"it is {variables}"

    (finding,) = newproc.explore(UNLOCKED, invariant=five, find="assert").findings
    assert finding.message.startswith("invariant five does not hold: it is (3, 0)")  # pytest adds how the assertion failed
    (finding,) = newproc.explore(UNLOCKED, invariant=lambda v: sum(v) != 3, find="assert").findings
    assert finding.message.startswith("invariant of test_properties.py:")


def test_eventually_of_a_pattern():
    assert not newproc.explore(TRANSFER, eventually="v0 == 3 and v1 == 2", schedules=500)
    (finding,) = newproc.explore(UNLOCKED, eventually=lambda v: v == (3, 2), find="assert").findings
    assert finding.message.startswith("eventually of test_properties.py:")
    assert "at the end it does not hold" in finding.message
    assert not finding.goroutines


@pytest.mark.parametrize(("given", "message"), [
    ("v2 == 1", "has 'v2'; it may have integers, v0 to v1"),
    ("__import__('os')", "it may have integers"),
    ("v0 == 'x'", "has \"'x'\""),
    ("v0 ==", "is no expression"),
    (3, "invariant has 3; give functions, or texts"),
])
def test_bad_properties(given, message):
    with pytest.raises(newproc.ArgumentError, match=message.replace("(", r"\(").replace(")", r"\)")):
        newproc.explore(TRANSFER, invariant=[given])


def test_a_text_is_for_patterns():
    with pytest.raises(newproc.ArgumentError, match="for a Python program give a function"):
        newproc.explore(lambda: None, invariant="v0 == 1")


@pytest.mark.parametrize("eventually", [False, True])
def test_an_error_in_a_property_ends_the_search(eventually):
    def wrong(*_):
        raise ZeroDivisionError

    given = {"eventually" if eventually else "invariant": wrong}
    for program in (TRANSFER, lambda: newproc.gosched()):
        with pytest.raises(ZeroDivisionError):
            newproc.explore(program, **given, check=None if program is TRANSFER else False)
        with pytest.raises(ZeroDivisionError):
            newproc.replay(program, newproc.Session(program).schedule, **given)


class Bank:
    accounts: tuple[newproc.Var[int], ...] = ()

    def total(self):
        return sum(account.value for account in self.accounts)


BANK = Bank()


def transfers():
    BANK.accounts = (newproc.Var(10, name="first"), newproc.Var(0, name="second"))
    lock, wg = newproc.Mutex(), newproc.WaitGroup()

    def move():
        one, other = BANK.accounts
        with lock:
            one.value -= 5
            other.value += 5

    for _ in range(2):
        wg.go(move)
    wg.wait()


def hasty():
    BANK.accounts = (newproc.Var(10, name="first"), newproc.Var(0, name="second"))
    wg = newproc.WaitGroup()

    def move():
        one, other = BANK.accounts
        one.value -= 5
        other.value += 5

    for _ in range(2):
        wg.go(move)
    wg.wait()


def at_most_one_on_the_way():
    assert BANK.total() >= 5, f"{BANK.total()} left"


def test_invariant_of_a_python_program():
    assert not newproc.explore(transfers, invariant=at_most_one_on_the_way, schedules=300)
    (finding,) = newproc.explore(hasty, invariant=at_most_one_on_the_way, find="assert", schedules=300).findings
    assert finding.message.startswith("invariant at_most_one_on_the_way does not hold: 0 left")
    assert finding.goroutines[0].stack[-1].function == "move"
    again = newproc.replay(hasty, finding.schedule, invariant=at_most_one_on_the_way)
    assert again.end == finding.message
    assert finding.message in [f.message for f in again.findings]


def test_eventually_of_a_python_program():
    def all_moved():
        return [account.value for account in BANK.accounts] == [0, 10]

    assert not newproc.explore(transfers, eventually=all_moved, schedules=300)
    found = newproc.explore(hasty, eventually=all_moved, find="assert", schedules=300).findings
    assert [f.message for f in found] == ["eventually all_moved: at the end it does not hold"]


def test_an_operation_in_a_property_is_refused():
    def sends():
        newproc.gosched()

    with pytest.raises(newproc.PlaceError):
        newproc.explore(transfers, invariant=sends, check=False)


def test_session_ends_where_an_invariant_breaks():
    (finding,) = newproc.explore(hasty, invariant=at_most_one_on_the_way, find="assert", schedules=300).findings
    session = newproc.Session(hasty, finding.schedule, invariant=at_most_one_on_the_way)
    while session.step() is not None:
        pass
    assert session.end == finding.message
    assert "assert" in [f.kind for f in session.findings]


def test_decorated_test_with_an_invariant():
    @newproc.test(schedules=300, find="assert", invariant=at_most_one_on_the_way)
    def test_it():
        hasty()

    with pytest.raises(newproc.ScheduleFailure, match="at_most_one_on_the_way"):
        test_it()


def test_campaign_with_properties(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):  # the second time from its folder
            done = newproc.campaign(newproc.Pattern(UNLOCKED), pool, schedules=400, part=200, folder=tmp_path, find="assert", invariant=whole)
            assert [f.message for f in done.findings] == ["invariant whole does not hold"]


def test_check_scheduler():
    assert newproc.explore(ABBA, check_scheduler=True, schedules=100, first=True)
    assert not newproc.explore(transfers, check_scheduler=True, schedules=30, warnings=False)


# Warnings


def nested():
    a, b, wg = newproc.Mutex(), newproc.Mutex(), newproc.WaitGroup()

    def first():
        with a:
            with b:
                pass

    def second():
        with b:
            with a:
                pass

    wg.go(first)
    wg.go(second)
    wg.wait()


def test_warnings_are_no_findings():
    done = newproc.explore(ABBA, driver="go")
    assert not done
    assert not done.findings
    (warning,) = done.warnings
    assert [(g.goroutine, g.body, g.what) for g in warning.goroutines] == [
        (2, 2, "takes mutex 0 while it holds mutex 1"), (1, 1, "takes mutex 1 while it holds mutex 0")]
    assert [(str(g.held), str(g.taken)) for g in warning.goroutines] == [
        ("operation 0 of body 2", "operation 1 of body 2"), ("operation 0 of body 1", "operation 1 of body 1")]
    assert pickle.loads(pickle.dumps(warning)) == warning
    assert not newproc.explore(ABBA, driver="go", warnings=False).warnings
    done = newproc.explore(ABBA)
    assert [f.kind for f in done.findings] == ["deadlock"]
    assert not done.warnings  # it was found itself


def test_warnings_of_a_python_program():
    done = newproc.explore(nested, driver="go")
    assert not done
    (warning,) = done.warnings
    first = nested.__code__.co_firstlineno
    assert sorted((g.held.line - first, g.taken.line - first) for g in warning.goroutines) == [(4, 5), (9, 10)]
    assert "test_properties.py:" in str(warning)


def test_warnings_of_a_campaign(tmp_path):
    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            done = newproc.campaign(newproc.Pattern(ABBA), pool, schedules=3, part=1, driver="go", folder=tmp_path)
            assert not done.findings
            assert [w.message for w in done.warnings] == [newproc.explore(ABBA, driver="go").warnings[0].message]
            assert done.warnings[0].goroutines == newproc.explore(ABBA, driver="go").warnings[0].goroutines


def test_command(tmp_path, capsys):
    file = tmp_path / "p.json"
    file.write_text(json.dumps(UNLOCKED))
    assert cli.main(["explore", str(file), "--invariant", ONE_ON_THE_WAY, "--find", "assert", "--schedules", "500"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == f"assert: invariant {ONE_ON_THE_WAY} does not hold"
    replay = out[2].partition("see it again: newproc ")[2]
    assert replay.endswith(f" --invariant '{ONE_ON_THE_WAY}'")
    words = replay.split(" --invariant")[0].split()
    assert cli.main([*words, "--invariant", ONE_ON_THE_WAY]) == 1
    assert "newproc: assert: invariant" in capsys.readouterr().err
    assert cli.main([*words]) == 0
    capsys.readouterr()
    assert cli.main(["explore", str(file), "--eventually", "v1 == 2", "--find", "assert", "--json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert list(json.loads(line)) == ["kind", "goroutines", "schedule", "schedules", "seconds", "message"]
    assert cli.main(["explore", str(file), "--invariant", "v7 == 2"]) == 2
    assert "v7" in capsys.readouterr().err


def test_command_warns(tmp_path, capsys):
    file = tmp_path / "p.json"
    file.write_text(json.dumps(ABBA))
    assert cli.main(["explore", str(file), "--driver", "go", "--check-scheduler"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "warning: locks are taken in orders that can deadlock, though no schedule did"
    assert out[1] == "    goroutine 2: takes mutex 0 while it holds mutex 1, at operation 1 of body 2 and operation 0 of body 2"
    assert out[3].startswith("    see the orders: newproc replay ")
    assert out[4].startswith("0 findings in 1 schedules")
    assert cli.main(["explore", str(file), "--driver", "go", "--json"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["explore", str(file), "--driver", "go", "--json", "--warnings"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert list(json.loads(line)) == ["warning", "goroutines", "schedule", "schedules", "message"]


# Coverage


def test_coverage_and_missed():
    done = newproc.explore(UNLOCKED, find="deadlock", driver="pct", depth=2, schedules=300)
    assert done.coverage is not None
    assert 0 < done.coverage.last_new <= 300
    assert done.coverage.pairs > 0
    assert done.coverage.transitions > 0
    assert done.coverage.unseen < 0.1
    assert done.missed is not None
    assert done.missed.depth == 2
    assert 0 < done.missed.probability < 0.5
    assert "a bug of depth 2 or less is missed with a probability of at most" in str(done.missed)
    assert newproc.explore(UNLOCKED, driver="random", schedules=10).missed.depth is None
    done = newproc.explore(UNLOCKED, schedules=10, coverage=False)
    assert done.coverage is None
    assert done.missed is None
    assert newproc.explore(hasty, schedules=50).coverage.pairs > 4


def test_what_a_campaign_missed():
    with ThreadPoolExecutor(1) as pool:
        done = newproc.campaign(newproc.Pattern(UNLOCKED), pool, schedules=600, part=300, find="deadlock", driver="pct", depth=2)
    one = newproc.explore(UNLOCKED, find="deadlock", driver="pct", depth=2, schedules=300).missed
    assert done.missed is not None
    assert done.missed.depth == 2
    assert done.missed.probability < one.probability


def test_command_says_what_was_covered(tmp_path, capsys):
    file = tmp_path / "p.json"
    file.write_text(json.dumps(UNLOCKED))
    assert cli.main(["explore", str(file), "--driver", "pct", "--find", "deadlock", "--schedules", "200"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 3
    assert out[1].startswith("covered ")
    assert out[2].startswith("a bug of depth 3 or less is missed with a probability of at most ")
    assert cli.main(["explore", str(file), "--driver", "pct", "--find", "deadlock", "--schedules", "200", "--json", "--summary"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    summary = json.loads(line)["summary"]
    assert list(summary) == ["schedules", "steps", "seconds", "complete", "tasks", "coverage", "missed"]
    assert list(summary["coverage"]) == ["transitions", "pairs", "last_new", "unseen"]
    assert list(summary["missed"]) == ["probability", "depth"]
