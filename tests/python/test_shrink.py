"""The smallest pattern that shows a finding."""

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import newproc
from newproc import cli

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bugs"))
import notation

Document = dict[str, Any]
NOISY: Document = {
    "name": "noisy", "vars": 2, "mutexes": 1, "waitgroups": 1, "names": {"bodies": ["main", "adder", "noise"]},
    "bodies": [[["add", 0, 3], ["loop", 3, [["go", 1]]], ["go", 2], ["wait", 0], ["lock", 0], ["assert", 0, 3], ["unlock", 0]],
               [["yield"], ["inc", 0], ["done", 0]],
               [["lock", 0], ["inc", 1], ["unlock", 0]]]}
SMALL = [[["add", 0, 2], ["loop", 2, [["go", 1]]], ["wait", 0], ["assert", 0, 2]], [["inc", 0], ["done", 0]]]
KERNELS = ["etcd_6873", "istio_16224", "kubernetes_6632", "moby_17176", "cockroach_1055"]


def found_in(pattern: Document, find: str | None = None) -> newproc.Finding:
    return newproc.explore(pattern, find=find, first=True).findings[0]


def usual_kinds(document: Document) -> set[str]:
    return {f.kind for f in newproc.explore(document, driver="go", shrink=False).findings}


def who(pattern: Document, finding: newproc.Finding) -> set[tuple[str, str]]:
    """The names of bodies, and how they take part: no reduction changes either."""
    names = newproc.Pattern(pattern).body_names
    return {(names[g.body], g.what.rstrip("0123456789")) for g in finding.goroutines if g.body is not None}


def without_one(ops: list[Any]) -> Iterator[list[Any]]:
    """The list without one of the operations in it, however deep; of a select also without a case."""
    for i, op in enumerate(ops):
        yield ops[:i] + ops[i + 1 :]
        for at, part in enumerate(op):
            if not isinstance(part, list):
                continue
            if op[0] == "select" and at == 1:
                for c, case in enumerate(part):
                    yield [*ops[:i], [*op[:at], part[:c] + part[c + 1 :], *op[at + 1 :]], *ops[i + 1 :]]
                    for inner in without_one(case[-1]):
                        yield [*ops[:i], [*op[:at], [*part[:c], [*case[:-1], inner], *part[c + 1 :]], *op[at + 1 :]], *ops[i + 1 :]]
            elif part and isinstance(part[0], list):
                for inner in without_one(part):
                    yield [*ops[:i], [*op[:at], inner, *op[at + 1 :]], *ops[i + 1 :]]


def removals(document: Document) -> Iterator[Document]:
    for b, body in enumerate(document["bodies"]):
        for less in without_one(body):
            candidate = copy.deepcopy(document)
            candidate["bodies"][b] = less
            yield candidate


def kernel(name: str) -> Document:
    bugs = notation.load(Path(notation.__file__).resolve().parent / "goker")
    (one,) = [b for b in bugs if b.name == name]
    return one.buggy


def is_minimal(document: Document, finding: newproc.Finding, usual: set[str]) -> None:
    """No operation can go: what is left shows the finding no more, or shows something else in its usual run."""
    wanted = who(document, finding)
    for less in removals(document):
        try:
            newproc.Pattern(less)
        except newproc.PatternError:
            continue
        if usual_kinds(less) - usual:
            continue
        shown = newproc.explore(less, find=finding.kind, schedules=100, steps=2_000, shrink=False).findings
        assert all(who(less, f) != wanted for f in shown), less["bodies"]


def test_noise_goes_and_the_rest_stays() -> None:
    finding = found_in(NOISY, "assert")
    small = newproc.shrink(NOISY, finding)
    assert small.minimal
    assert small.pattern.document["bodies"] == SMALL
    assert small.pattern.document["names"] == {"bodies": ["main", "adder"]}
    assert small.finding.kind == "assert"
    assert small.finding.message in newproc.replay(small.pattern, small.finding.schedule).end
    assert newproc.shrink(NOISY, finding.schedule, kind="assert") != small  # seconds
    assert newproc.shrink(NOISY, finding.schedule, kind="assert").pattern == small.pattern


@pytest.mark.parametrize("name", KERNELS)
def test_no_single_operation_can_go(name: str) -> None:
    buggy = kernel(name)
    finding = found_in(buggy)
    small = newproc.shrink(buggy, finding)
    assert small.minimal
    assert small.finding.kind == finding.kind
    assert who(small.pattern.document, small.finding) == who(buggy, finding)
    assert newproc.replay(small.pattern, small.finding.schedule).findings
    is_minimal(small.pattern.document, small.finding, usual_kinds(buggy))


def test_the_check_of_minimality_can_fail() -> None:
    with pytest.raises(AssertionError):
        is_minimal(NOISY, found_in(NOISY, "assert"), usual_kinds(NOISY))


def test_time_is_up() -> None:
    small = newproc.shrink(NOISY, found_in(NOISY, "assert"), seconds=1e-9)
    assert not small.minimal
    assert small.finding.kind == "assert"


def test_wrong_arguments() -> None:
    finding = found_in(NOISY, "assert")
    with pytest.raises(newproc.StateError, match="the schedule is of program"):
        newproc.shrink({"bodies": [[]]}, finding)
    with pytest.raises(newproc.StateError, match="the schedule shows no leak"):
        newproc.shrink(NOISY, finding, kind="leak")
    with pytest.raises(newproc.ArgumentError, match="find has 'nosuch'"):
        newproc.shrink(NOISY, finding, kind="nosuch")
    with pytest.raises(newproc.ArgumentError, match="only patterns are data"):
        newproc.shrink(lambda: None, finding)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match='no option "speed"'):
        newproc.shrink(NOISY, finding, speed=1)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "noisy.json"
    file.write_text(json.dumps(NOISY))
    assert cli.main(["explore", str(file), "--find", "assert", "--first", "--shrink", "--json"]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert told["smaller"]["pattern"]["bodies"] == SMALL
    assert newproc.replay(told["smaller"]["pattern"], told["smaller"]["schedule"]).findings
    assert cli.main(["explore", str(file), "--find", "assert", "--first", "--shrink", "--save", str(tmp_path / "small")]) == 1
    out = capsys.readouterr().out
    saved = tmp_path / "small" / "noisy-assert-1.json"
    assert json.loads(saved.read_text())["bodies"] == SMALL
    assert 'adder: [["inc", 0], ["done", 0]]' in out
    again = out.partition("newproc replay ")[2].split()
    assert again[0] == str(saved)
    assert cli.main(["replay", *again[:2]]) == 1
    assert cli.main(["explore", str(file), "--find", "assert", "--first", "--shrink"]) == 1
    assert "| newproc replay - np1r-" in capsys.readouterr().out


def test_command_misused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "noisy.json"
    file.write_text(json.dumps(NOISY))
    assert cli.main(["explore", str(file), "--save", str(tmp_path)]) == 2
    assert "--save writes what --shrink makes" in capsys.readouterr().err
    assert cli.main(["explore", str(file), "--find", "assert", "--first", "--shrink", "--save", str(file)]) == 2
    assert "cannot be written" in capsys.readouterr().err
