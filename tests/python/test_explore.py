"""Searches over schedules, from Python and from the command."""

import json
from collections.abc import Callable

import pytest

import newproc
from newproc import cli

LOST = {"vars": 1, "waitgroups": 1,
        "bodies": [[["add", 0, 2], ["go", 1], ["go", 1], ["wait", 0], ["assert", 0, 2]], [["inc", 0], ["done", 0]]]}
CROSSED = {"mutexes": 2, "waitgroups": 1,
           "bodies": [[["add", 0, 2], ["go", 1], ["go", 2], ["wait", 0]],
                      [["lock", 0], ["lock", 1], ["unlock", 1], ["unlock", 0], ["done", 0]],
                      [["lock", 1], ["lock", 0], ["unlock", 0], ["unlock", 1], ["done", 0]]]}
RIGHT = {"chans": [0], "bodies": [[["go", 1], ["recv", 0]], [["send", 0, 1]]]}


def test_finds_and_replays() -> None:
    done = newproc.explore(LOST, find="assert")
    assert done
    (finding,) = done.findings
    assert finding.kind == "assert"
    assert finding.message == "panic: assert: variable 0 is 1, not 2"
    assert len(finding.schedule) <= 80
    again = newproc.replay(LOST, finding.schedule)
    assert again.rc == 2
    assert again.end == finding.message
    assert "assert" in [f.kind for f in again.findings]
    assert again.log == newproc.replay(LOST, finding.schedule).log


@pytest.mark.parametrize("driver", ["portfolio", "random", "pct", "pos", "urw", "surw", "places", "stalls", "bounded", "dfs"])
def test_drivers(driver: str) -> None:
    done = newproc.explore(CROSSED, driver=driver, schedules=2_000, first=True)
    assert [f.kind for f in done.findings] == ["deadlock"]
    assert [(g.goroutine, g.body, g.what) for g in done.findings[0].goroutines] == [
        (0, 0, "semacquire"), (1, 1, "sync.Mutex.Lock"), (2, 2, "sync.Mutex.Lock")]


def test_own_driver() -> None:
    class Last:
        def __init__(self) -> None:
            self.questions: list[newproc.Question] = []

        def pick(self, question: newproc.Question) -> int:
            self.questions.append(question)
            return question.ways - 1

    driver = Last()
    done = newproc.explore(CROSSED, driver=driver, schedules=3)
    assert done.schedules == 3
    assert {q.schedule for q in driver.questions} == {0, 1, 2}
    assert all(q.tasks is not None and len(q.tasks) == q.ways for q in driver.questions)


def test_own_driver_raises() -> None:
    class Wrong:
        def pick(self, question: newproc.Question) -> int:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        newproc.explore(CROSSED, driver=Wrong(), schedules=3)


def test_nothing_found_and_complete() -> None:
    done = newproc.explore(RIGHT, driver="dfs")
    assert not done
    assert done.complete


@pytest.mark.parametrize(("call", "message"), [
    (lambda: newproc.explore(RIGHT, driver="nosuch"), 'there is no driver "nosuch"'),
    (lambda: newproc.explore(RIGHT, find="nosuch"), "find has 'nosuch'"),
    (lambda: newproc.explore(RIGHT, schedules=0), "schedules is 0"),
    (lambda: newproc.replay(RIGHT, "nosuch"), "does not begin with np1r-"),
])
def test_bad_arguments(call: Callable[[], object], message: str) -> None:
    with pytest.raises(newproc.ArgumentError, match=message):
        call()


def test_schedule_of_another_program() -> None:
    schedule = newproc.explore(CROSSED, first=True).findings[0].schedule
    with pytest.raises(newproc.StateError, match="the schedule is of program"):
        newproc.replay(RIGHT, schedule)
    assert newproc.replay(RIGHT, schedule, lenient=True).rc == 0


def test_command(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "crossed.json"
    file.write_text(json.dumps(CROSSED))
    assert cli.main(["explore", str(file), "--json", "--first", "--seed", "3", "--schedules", "1000", "--driver", "pos"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert list(found) == ["kind", "goroutines", "schedule", "schedules", "seconds", "message"]
    assert found["kind"] == "deadlock"
    assert cli.main(["replay", str(file), found["schedule"], "--trace", str(tmp_path / "t.pftrace")]) == 1
    out = capsys.readouterr()
    assert json.loads(out.out.splitlines()[0])[0] in (0, 1, 2)
    assert "deadlock" in out.err
    assert (tmp_path / "t.pftrace").stat().st_size > 0
    file.write_text(json.dumps(RIGHT))
    assert cli.main(["explore", str(file), "--json"]) == 0
    assert capsys.readouterr().out == ""
    assert cli.main(["explore", str(file), "--find", "nosuch"]) == 2
    assert cli.main(["replay", str(file), "nosuch"]) == 2
    assert cli.main(["explore", str(tmp_path / "none.json")]) == 2
    file.write_text("{}")
    assert cli.main(["explore", str(file)]) == 2
    with pytest.raises(SystemExit) as stopped:
        cli.main(["explore"])
    assert stopped.value.code == 2
