"""Patterns as values, the builder that writes them, and the programs they can be turned into."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import newproc

EXAMPLES = sorted((Path(__file__).parents[1] / "fidelity" / "examples").glob("*.json"))
AWKWARD = {
    "name": 'evil */ " \\ """ \n name', "names": {"vars": ["class", "rt_x", "total"], "bodies": ["main", "total", "x y"], "chans": ["printf"]},
    "chans": [0], "vars": 3, "onces": 1,
    "bodies": [
        [["go", 1], ["go", 2], ["loop", -1, [["if", 0, 3, [["break"]], [["inc", 0]]], ["yield"]]], ["try", "recv", 0], ["try", "send", 0, -4],
         ["once", 0, [["loop", 3, [["mark", 9], ["break"]]], ["return"], ["mark", 8]]],
         ["select", [["recv", 0, [["mark", 4]]]], [["mark", 5]]], ["close", 0], ["recv", 0], ["try", "recv", 0], ["send", 0, 1]],
        [["once", 0, [["yield"], ["goexit"]]], ["mark", 1]],
        [["set", 2, 7], ["atomic", 2, -5], ["assert", 2, 2], ["return"], ["mark", 3]],
    ],
}


def bank() -> newproc.Pattern:
    b = newproc.PatternBuilder("bank", note="three deposits")
    balance, mu, all_done = b.var("balance"), b.mutex("mu"), b.waitgroup("all_done")
    with b.body("deposit") as deposit:
        with mu:
            balance.inc()
        all_done.done()
    with b.main:
        all_done.add(3)
        with b.loop(3):
            b.go(deposit)
        all_done.wait()
        balance.check(3)
    return b.build()


def test_a_builder_writes_what_it_reads():
    pattern = bank()
    assert pattern.document == {
        "name": "bank", "note": "three deposits", "mutexes": 1, "waitgroups": 1, "vars": 1,
        "names": {"mutexes": ["mu"], "waitgroups": ["all_done"], "vars": ["balance"], "bodies": ["main", "deposit"]},
        "bodies": [
            [["add", 0, 3], ["loop", 3, [["go", 1]]], ["wait", 0], ["assert", 0, 3]],
            [["lock", 0], ["inc", 0], ["unlock", 0], ["done", 0]],
        ],
    }
    assert pattern.run().rc == 0
    assert pattern.body_names == ("main", "deposit")


def test_a_builder_has_a_word_for_every_operation():
    b = newproc.PatternBuilder("all")
    c, rw, cond, once, v, wg, mu = b.chan(2), b.rwmutex(), b.cond(), b.once(), b.var(), b.waitgroup(), b.mutex()
    later = b.body("later")
    with b.main:
        b.go(later)
        b.mark(1), b.snap(), b.sleep(5), b.yield_()
        c.send(1), c.recv(), c.try_send(2), c.try_recv(), c.after(3)
        with rw:
            v.set(2)
        with rw.reading():
            v.add(3)
        with once.do():
            b.return_()
        with b.if_(v, 5):
            b.mark(2)
        with b.else_():
            b.mark(3)
        with b.select() as s:
            with s.recv(c):
                b.mark(4)
            with s.send(c, 6):
                b.mark(5)
            with s.default():
                b.mark(6)
        wg.add(), wg.done(), wg.wait(), mu.lock(), mu.unlock()
        with b.loop():
            b.break_()
        cond.signal(), cond.broadcast(), c.close(), v.check(5)
    with later:
        v.inc(), b.goexit(), b.panic(), cond.wait()
    doc = b.build().document
    used = set()

    def walk(ops):
        for op in ops:
            used.add(op[0])
            for part in op[1:]:
                if isinstance(part, list) and part and isinstance(part[0], list):
                    walk(part)

    walk(doc["bodies"][0] + doc["bodies"][1])
    assert used >= {
        "go", "mark", "snap", "sleep", "yield", "send", "recv", "try", "after", "rwlock", "rwunlock", "rlock", "runlock", "set", "atomic", "once",
        "return", "if", "select", "add", "done", "wait", "lock", "unlock", "loop", "break", "signal", "broadcast", "close", "assert", "inc",
        "goexit", "panic", "condwait",
    }


def op_outside(b):
    b.mark(1)


def written_twice(b):
    with b.main:
        b.mark(1)
    with b.main:
        b.mark(2)


def body_in_body(b):
    other = b.body("other")
    with b.main, other:
        pass


def else_alone(b):
    with b.main, b.else_():
        pass


def never_written(b):
    with b.main:
        b.go(b.body("ghost"))
    b.build()


def still_open(b):
    with b.main:
        b.build()


def of_another(b):
    with b.main:
        b.go(newproc.PatternBuilder("y").body("alien"))


def op_in_select(b):
    with b.main, b.select():
        b.mark(1)


@pytest.mark.parametrize(
    ("write", "text"),
    [
        (op_outside, "mark: outside of all bodies"), (written_twice, r"body 0 \(main\) has been written already"),
        (body_in_body, r"body 1 \(other\) begins inside of another block"), (else_alone, "else_: no if_ right before it"),
        (never_written, r"body 1 \(ghost\) was never written"), (still_open, "a block is still open"),
        (of_another, "'alien'.* belongs to another builder"), (op_in_select, "mark: a select holds cases"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_builder_says_what_is_wrong(write, text):
    with pytest.raises(newproc.PatternError, match=text):
        write(newproc.PatternBuilder("x"))


def test_patterns_are_values(tmp_path):
    pattern, same = bank(), bank()
    assert pattern == same and hash(pattern) == hash(same) and len({pattern, same}) == 1
    assert pattern != newproc.Pattern({**pattern.document, "vars": 2})
    assert newproc.Pattern('{"bodies": [[]], "chans": []}') == newproc.Pattern('{"bodies":[[]],"mutexes":0}')
    assert pattern != "a text"
    assert newproc.Pattern.loads(pattern.dumps()) == pattern
    assert pickle.loads(pickle.dumps(pattern)) == pattern
    pattern.dump(tmp_path / "p.json")
    assert newproc.Pattern.load(tmp_path / "p.json") == pattern
    text = io.StringIO()
    pattern.dump(text)
    assert newproc.Pattern.load(io.StringIO(text.getvalue())) == pattern
    assert (tmp_path / "p.json").read_text() == text.getvalue() == f"{pattern}\n"
    assert repr(pattern) == "Pattern('bank': 2 bodies, 1 mutexes, 1 waitgroups, 1 vars)"
    assert repr(pattern.run()) == f"Result({pattern!r}, {len(pattern.run().log)} log lines, rc=0)"


def run_python(pattern: newproc.Pattern, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "p.py").write_text(pattern.to_python())
    return subprocess.run([sys.executable, str(folder / "p.py")], capture_output=True, text=True, timeout=60)


def run_c(pattern: newproc.Pattern, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "p.c").write_text(pattern.to_c())
    flags = subprocess.run([sys.executable, "-m", "newproc.cli", "config", "--cflags", "--libs"], capture_output=True, text=True, check=True)
    subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-fexceptions", str(folder / "p.c"), "-o", str(folder / "p"), *flags.stdout.split()], check=True)
    return subprocess.run([str(folder / "p")], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("run", [run_python, run_c], ids=["python", "c"])
@pytest.mark.parametrize("pattern", [*map(newproc.Pattern.load, EXAMPLES), newproc.Pattern(AWKWARD)], ids=[*(e.stem for e in EXAMPLES), "awkward"])
def test_an_emitted_program_logs_what_the_pattern_logs(pattern, run, tmp_path):
    log, rc, end = pattern.log_text()
    assert log
    done = run(pattern, tmp_path)
    assert (done.stdout, done.returncode, done.stderr.strip()) == (log, rc, end)


def test_what_has_no_form_in_a_language_is_named():
    pattern = newproc.Pattern(json.dumps({"chans": [1], "bodies": [[["loop", 2, [["after", 0, 5]]]]]}))
    if hasattr(newproc, "after_func"):
        pytest.skip("every operation has one")
    with pytest.raises(newproc.PatternError, match=r"bodies\[0\]\[0\]\[2\]\[0\]: 'after' has no form"):
        pattern.to_python()
