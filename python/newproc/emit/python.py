"""A pattern as a Python program."""

from __future__ import annotations

from typing import Any

from .._pattern import Pattern
from .names import Names, Writer, comment

HEAD = '''"""{title}: a spawn pattern as a program. It prints the pattern's log and ends with Go's exit status."""
import json
import sys
from types import SimpleNamespace

import newproc

runtime = newproc.Runtime(procs={procs}, seed={seed})


def line(*words):
    print(json.dumps([newproc.goid() - 1, *words], separators=(",", ":")))


def snap():
    s = runtime.snapshot()
    p = s.ps[0]
    line("snap", p.runnext and p.runnext - 1, [g - 1 for g in p.runq], [g - 1 for g in s.runq], p.schedtick % 61,
         p.gfree, len(s.gfree_stack) + len(s.gfree_nostack))


'''
TAIL = '''
def start():
    newproc.gosched()
    while runtime.stats().gomaxprocs == 1 and runtime.snapshot().ps[0].schedtick % 61 != 1:
        newproc.gosched()  # patterns begin at tick 1
    main()
    line("exit")


try:
    runtime.start_main(start)
except newproc.GoroutinePanic as error:
    print(f"panic: {error.__cause__}", file=sys.stderr)
    sys.exit(2)
except newproc.NewprocError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
'''
MAKE = {"mutexes": "newproc.Mutex()", "rwmutexes": "newproc.RWMutex()", "waitgroups": "newproc.WaitGroup()", "onces": "newproc.Once()"}


class _Python(Writer):
    def nothing(self) -> None:
        self.put("pass")

    def simple(self, call: str, *words: Any) -> None:
        self.put(call)
        self.put(f"line({', '.join(map(repr, words))})")

    def on(self, op: list[Any], table: str, method: str, *arguments: Any) -> None:
        self.simple(f"{self.name(table, op[1])}.{method}({', '.join(map(repr, arguments))})", op[0], op[1], *(arguments if op[0] == "send" else ()))

    def op_go(self, op: list[Any], path: str) -> None:
        self.simple(f"newproc.go({self.name('bodies', op[1])}, newproc.goid() - 1)", *op)

    def op_yield(self, op: list[Any], path: str) -> None:
        self.simple("newproc.gosched()", *op)

    def op_mark(self, op: list[Any], path: str) -> None:
        self.put(f"line('mark', {op[1]})")

    def op_snap(self, op: list[Any], path: str) -> None:
        self.put("snap()")

    def op_loop(self, op: list[Any], path: str) -> None:
        self.put("while True:" if op[1] < 0 else f"for _ in range({op[1]}):")
        self.loops[-1] += 1
        self.block(op[2], f"{path}[2]")
        self.loops[-1] -= 1

    def op_break(self, op: list[Any], path: str) -> None:
        self.put("break" if self.loops[-1] else "return")

    def op_return(self, op: list[Any], path: str) -> None:
        self.put("return")

    def op_send(self, op: list[Any], path: str) -> None:
        self.on(op, "chans", "send", op[2])

    def op_recv(self, op: list[Any], path: str) -> None:
        self.put(f"line('recv', {op[1]}, {self.name('chans', op[1])}.recv_ok()[0])")

    def op_close(self, op: list[Any], path: str) -> None:
        self.on(op, "chans", "close")

    def op_try(self, op: list[Any], path: str) -> None:
        chan = self.name("chans", op[2])
        if op[1] == "send":
            return self.put(f"line('try', {op[2]}, {chan}.try_send({op[3]}))")
        self.put(f"got = {chan}.try_recv()")
        self.put(f"line('try', {op[2]}, False) if got is None else line('try', {op[2]}, got[0] or 0, got[1])")

    def op_select(self, op: list[Any], path: str) -> None:
        cases = [f"{self.name('chans', c[1])}.{'recv_case()' if c[0] == 'recv' else f'send_case({c[2]})'}" for c in op[1]]
        self.put(f"chosen, value, _ = newproc.select({', '.join([*cases, f'default={op[2] is not None}'])})")
        self.put(f"line('select', {len(cases)} if chosen is None else chosen, value)")
        blocks = [(f"chosen == {i}", case[-1], f"{path}[1][{i}][{len(case) - 1}]") for i, case in enumerate(op[1])]
        blocks += [("chosen is None", op[2], f"{path}[2]")] if op[2] else []
        for i, (condition, ops, where) in enumerate(blocks):
            self.put(f"{'el' if i else ''}if {condition}:")
            self.block(ops, where)

    def op_lock(self, op: list[Any], path: str) -> None:
        self.on(op, "mutexes", op[0])

    op_unlock = op_lock

    def op_rwlock(self, op: list[Any], path: str) -> None:
        self.on(op, "rwmutexes", op[0].removeprefix("rw"))

    op_rwunlock = op_rlock = op_runlock = op_rwlock

    def op_add(self, op: list[Any], path: str) -> None:
        self.simple(f"{self.name('waitgroups', op[1])}.add({op[2]})", "add", op[1])

    def op_done(self, op: list[Any], path: str) -> None:
        self.on(op, "waitgroups", op[0])

    op_wait = op_done

    def op_condwait(self, op: list[Any], path: str) -> None:
        self.put(f"{self.name('conds', op[1])}_mutex.lock()")
        self.put(f"{self.name('conds', op[1])}.wait()")
        self.simple(f"{self.name('conds', op[1])}_mutex.unlock()", *op)

    def op_signal(self, op: list[Any], path: str) -> None:
        self.on(op, "conds", op[0])

    op_broadcast = op_signal

    def op_once(self, op: list[Any], path: str) -> None:
        self.put("def first():")
        self.loops.append(0)
        self.block(op[2], f"{path}[2]")
        self.loops.pop()
        self.simple(f"{self.name('onces', op[1])}.do(first)", "once", op[1])

    def op_sleep(self, op: list[Any], path: str) -> None:
        self.simple(f"newproc.sleep({op[1]} / 1000)", *op)

    def op_set(self, op: list[Any], path: str) -> None:
        self.simple(f"v.{self.name('vars', op[1])} = {op[2]}", "set", op[1])

    def op_inc(self, op: list[Any], path: str) -> None:
        self.simple(f"v.{self.name('vars', op[1])} += 1", *op)

    def op_atomic(self, op: list[Any], path: str) -> None:
        self.simple(f"v.{self.name('vars', op[1])} += {op[2]}", "atomic", op[1])

    def op_if(self, op: list[Any], path: str) -> None:
        self.put(f"if v.{self.name('vars', op[1])} == {op[2]}:")
        self.block(op[3], f"{path}[3]")
        if op[4]:
            self.put("else:")
            self.block(op[4], f"{path}[4]")

    def op_assert(self, op: list[Any], path: str) -> None:
        var = f"v.{self.name('vars', op[1])}"
        self.put(f"if {var} != {op[2]}:")
        self.put(f"    raise AssertionError(f'assert: variable {op[1]} is {{{var}}}, not {op[2]}')")

    def op_goexit(self, op: list[Any], path: str) -> None:
        self.put("newproc.goexit()")

    def op_panic(self, op: list[Any], path: str) -> None:
        self.put("raise RuntimeError('pattern')")


def _body(writer: _Python, number: int, ops: list[Any]) -> None:
    main = number == 0
    writer.put("def main():" if main else f"def {writer.name('bodies', number)}(parent):")
    if main:
        writer.block(ops, "bodies[0]")
    else:
        writer.put(f"    line('start', {number}, parent)")
        writer.put("    try:")
        writer.depth += 1
        writer.block(ops, f"bodies[{number}]")
        writer.depth -= 1
        writer.put("    finally:")
        writer.put("        line('end')")
    writer.put()
    writer.put()


def emit(pattern: Pattern, procs: int, seed: int) -> str:
    """The program's text."""
    names = Names(pattern)
    writer = _Python(names)
    for table, make in MAKE.items():
        for name in names.by[table]:
            writer.put(f"{name} = {make}")
    for name, capacity in zip(names.by["chans"], names.doc.get("chans", [])):
        writer.put(f"{name} = newproc.Chan({capacity}, runtime=runtime)")
    for name in names.by["conds"]:
        writer.put(f"{name}_mutex = newproc.Mutex()")
        writer.put(f"{name} = newproc.Cond({name}_mutex)")
    writer.put(f"v = SimpleNamespace({', '.join(f'{name}=0' for name in names.by['vars'])})")
    writer.put()
    writer.put()
    for number, ops in enumerate(names.doc["bodies"]):
        _body(writer, number, ops)
    return HEAD.format(title=comment(pattern.name or "unnamed"), procs=procs, seed=seed) + "\n".join(writer.lines[:-1]) + TAIL
