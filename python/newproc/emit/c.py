"""A pattern as a C program."""

from __future__ import annotations

import json
import re
from typing import Any

from .._pattern import Pattern
from .names import Names, Writer, comment

HEAD = """/* {title}: a spawn pattern as a program. It prints the pattern's log and ends with Go's exit status.
 *   cc -fexceptions prog.c $(newproc config --cflags --libs)      rt_goexit unwinds the frames below */
#include <inttypes.h>
#include <newproc.h>
#include <stdarg.h>
#include <stdio.h>

static void line(const char *format, ...) {{
  va_list rest;
  va_start(rest, format);
  printf("[%" PRIu64 ",", rt_goid() - 1);
  vprintf(format, rest);
  puts("]");
  va_end(rest);
}}

static void end(void *unused) {{
  (void)unused;
  line("\\"end\\"");
}}

/* What Go panics at ends the run, after the goroutine's own end. */
static void panic(const char *why) {{
  char text[256];
  snprintf(text, sizeof text, "%s", why);
  if (rt_goid() != 1) end(NULL);
  rt_panic(text);
}}

static void must(rt_status status) {{
  if (status != RT_OK) panic(rt_last_error());
}}

{snap}/* Patterns begin at tick 1. */
static void align(void) {{
  for (uint32_t tick = 0; tick % 61 != 1;) {{
    rt_snapshot *s;
    must(rt_gosched());
    must(rt_snapshot_take(NULL, &s));
    tick = s->gomaxprocs == 1 ? s->ps[0].schedtick : 1;
    rt_snapshot_free(s);
  }}
}}

"""
SNAP = """static void goids(const uint64_t *ids, size_t n) {
  putchar('[');
  for (size_t i = 0; i < n; i++) printf(i ? ",%" PRIu64 : "%" PRIu64, ids[i] - 1);
  printf("],");
}

static void snap(void) {
  rt_snapshot *s;
  must(rt_snapshot_take(NULL, &s));
  const rt_p_info *p = &s->ps[0];
  printf("[%" PRIu64 ",\\"snap\\",", rt_goid() - 1);
  if (p->runnext != 0) printf("%" PRIu64 ",", p->runnext - 1);
  else printf("null,");
  goids(p->runq, p->nrunq);
  goids(s->runq, s->nrunq);
  printf("%" PRIu32 ",%" PRIu32 ",%zu]\\n", p->schedtick % 61, p->gfree, s->ngfree_stack + s->ngfree_nostack);
  rt_snapshot_free(s);
}

"""
TAIL = """int main(void) {{
  rt_config config;
  rt_config_init(&config, sizeof config);
  config.world = RT_WORLD_SIM;
  config.procs = {procs};
  config.seed = {seed};
  rt_runtime *rt;
  if (rt_new(&config, &rt) != RT_OK) return fprintf(stderr, "%s\\n", rt_last_error()), 70;
  rt_end how = {{.struct_size = sizeof how}};
  rt_start_main(rt, main_goroutine, NULL, &how);
  if (how.message && *how.message) fprintf(stderr, "%s\\n", how.message);
  const int code = how.exit_code;
  rt_delete(rt);
  return code;
}}
"""
TYPES = {"mutexes": "rt_mutex", "rwmutexes": "rt_rwmutex", "waitgroups": "rt_waitgroup", "onces": "rt_once"}
CALLS = {"lock": "mutex_lock", "unlock": "mutex_unlock", "rwlock": "rwmutex_lock", "rwunlock": "rwmutex_unlock", "rlock": "rwmutex_rlock",
         "runlock": "rwmutex_runlock", "done": "waitgroup_done", "wait": "waitgroup_wait", "signal": "cond_signal", "broadcast": "cond_broadcast"}


class _C(Writer):
    step = "  "

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.functions: list[list[str]] = []  # of onces: they come before the bodies
        self.onces = 0

    def log(self, words: str, *arguments: str) -> None:
        self.put(f"line({', '.join([words, *arguments])});")

    def simple(self, call: str, op: str, *numbers: int) -> None:
        self.put(f"must({call});")
        self.log('"' + ",".join([rf"\"{op}\"", *map(str, numbers)]) + '"')

    def nested(self, head: str, ops: list[Any], path: str) -> None:
        self.put(head + " {")
        self.block(ops, path)
        self.put("}")

    def op_go(self, op: list[Any], path: str) -> None:
        self.simple(f"rt_newproc(NULL, {self.name('bodies', op[1])}, (void *)(uintptr_t)(rt_goid() - 1), NULL)", *op)

    def op_yield(self, op: list[Any], path: str) -> None:
        self.simple("rt_gosched()", *op)

    def op_mark(self, op: list[Any], path: str) -> None:
        self.log(rf'"\"mark\",{op[1]}"')

    def op_snap(self, op: list[Any], path: str) -> None:
        self.put("snap();")

    def op_loop(self, op: list[Any], path: str) -> None:
        self.loops[-1] += 1
        i = f"i{self.depth}"
        self.nested("for (;;)" if op[1] < 0 else f"for (int64_t {i} = 0; {i} < {op[1]}; {i}++)", op[2], f"{path}[2]")
        self.loops[-1] -= 1

    def op_break(self, op: list[Any], path: str) -> None:
        self.put("break;" if self.loops[-1] else "return;")

    def op_return(self, op: list[Any], path: str) -> None:
        self.put("return;")

    def op_send(self, op: list[Any], path: str) -> None:
        self.simple(f"rt_chan_send({self.name('chans', op[1])}, &(int64_t){{{op[2]}}})", *op)

    def op_recv(self, op: list[Any], path: str) -> None:
        self.nested_values()
        self.put(f"must(rt_chan_recv({self.name('chans', op[1])}, &value, &ok));")
        self.put(rf'if (ok) line("\"recv\",{op[1]},%" PRId64, value);')
        self.put(rf'else line("\"recv\",{op[1]},null");')
        self.end_values()

    def nested_values(self) -> None:
        self.put("{")
        self.depth += 1
        self.put("int64_t value = 0;")
        self.put("int ok = 0;")

    def end_values(self) -> None:
        self.depth -= 1
        self.put("}")

    def op_close(self, op: list[Any], path: str) -> None:
        self.simple(f"rt_chan_close({self.name('chans', op[1])})", *op)

    def op_try(self, op: list[Any], path: str) -> None:
        self.nested_values()
        if op[1] == "send":
            self.put(f"value = {op[3]};")
            self.put(f"const rt_status status = rt_chan_try_send({self.name('chans', op[2])}, &value);")
            took = rf'line("\"try\",{op[2]},true")'
        else:
            self.put(f"const rt_status status = rt_chan_try_recv({self.name('chans', op[2])}, &value, &ok);")
            took = rf'line("\"try\",{op[2]},%" PRId64 ",%s", value, ok ? "true" : "false")'
        self.put("if (status != RT_EWOULDBLOCK) must(status);")
        self.put("(void)ok;")
        self.put(f"if (status == RT_OK) {took};")
        self.put(rf'else line("\"try\",{op[2]},false");')
        self.end_values()

    def op_select(self, op: list[Any], path: str) -> None:
        self.put("{")
        self.depth += 1
        n = len(op[1])
        self.put("int64_t value = 0;")
        self.put("size_t chosen = 0;")
        rows = [f"{{{self.name('chans', c[1])}, " + ("&value, RT_RECV, 0}" if c[0] == "recv" else f"&(int64_t){{{c[2]}}}, RT_SEND, 0}}") for c in op[1]]
        self.put(f"rt_case cases[] = {{{', '.join([*rows, '{NULL, NULL, RT_RECV, 0}'])}}};")
        self.put(f"must(rt_select(cases, {n}, {int(op[2] is not None)}, &chosen));")
        self.put(rf'if (chosen < {n} && cases[chosen].dir == RT_RECV && cases[chosen].ok) line("\"select\",%zu,%" PRId64, chosen, value);')
        self.put(r'else line("\"select\",%zu,null", chosen);')
        blocks = [(case[-1], f"{path}[1][{i}][{len(case) - 1}]") for i, case in enumerate(op[1])] + ([(op[2], f"{path}[2]")] if op[2] else [])
        for i, (ops, where) in enumerate(blocks):
            self.nested(f"{'else ' if i else ''}if (chosen == {i})", ops, where)
        self.depth -= 1
        self.put("}")

    def on(self, op: list[Any], table: str) -> None:
        self.simple(f"rt_{CALLS[op[0]]}(&{self.name(table, op[1])})", *op)

    def op_lock(self, op: list[Any], path: str) -> None:
        self.on(op, "mutexes")

    op_unlock = op_lock

    def op_rwlock(self, op: list[Any], path: str) -> None:
        self.on(op, "rwmutexes")

    op_rwunlock = op_rlock = op_runlock = op_rwlock

    def op_add(self, op: list[Any], path: str) -> None:
        self.simple(f"rt_waitgroup_add(&{self.name('waitgroups', op[1])}, {op[2]})", "add", op[1])

    def op_done(self, op: list[Any], path: str) -> None:
        self.on(op, "waitgroups")

    op_wait = op_done

    def op_condwait(self, op: list[Any], path: str) -> None:
        cond = self.name("conds", op[1])
        self.put(f"must(rt_mutex_lock(&{cond}_mutex));")
        self.put(f"must(rt_cond_wait(&{cond}));")
        self.simple(f"rt_mutex_unlock(&{cond}_mutex)", *op)

    def op_signal(self, op: list[Any], path: str) -> None:
        self.on(op, "conds")

    op_broadcast = op_signal

    def op_once(self, op: list[Any], path: str) -> None:
        name = f"first{self.onces}"
        self.onces += 1
        outer, self.lines, depth, self.depth = self.lines, [], self.depth, 0
        self.put(f"static void {name}(void *unused) {{")
        self.put("  (void)unused;")
        self.loops.append(0)
        self.block(op[2], f"{path}[2]")
        self.loops.pop()
        self.put("}")
        self.functions.append(self.lines)
        self.lines, self.depth = outer, depth
        self.simple(f"rt_once_do(&{self.name('onces', op[1])}, {name}, NULL)", "once", op[1])

    def op_sleep(self, op: list[Any], path: str) -> None:
        self.simple(f"rt_sleep(INT64_C({op[1]}) * 1000000)", *op)

    def op_after(self, op: list[Any], path: str) -> None:
        self.functions.append([f"static void later_{op[1]}(void *ms) {{", "  int64_t value = (int64_t)(intptr_t)ms;",
                               f"  rt_chan_try_send({self.name('chans', op[1])}, &value);", "}"])
        self.simple(f"rt_after_func(INT64_C({op[2]}) * 1000000, later_{op[1]}, (void *)(intptr_t){op[2]}, NULL)", "after", op[1])

    def op_set(self, op: list[Any], path: str) -> None:
        self.put(f"{self.name('vars', op[1])} = {op[2]};")
        self.log(rf'"\"set\",{op[1]}"')

    def op_inc(self, op: list[Any], path: str) -> None:
        self.put(f"{self.name('vars', op[1])}++;")
        self.log(rf'"\"inc\",{op[1]}"')

    def op_atomic(self, op: list[Any], path: str) -> None:
        self.put(f"{self.name('vars', op[1])} += {op[2]};")
        self.log(rf'"\"atomic\",{op[1]}"')

    def op_if(self, op: list[Any], path: str) -> None:
        self.nested(f"if ({self.name('vars', op[1])} == {op[2]})", op[3], f"{path}[3]")
        if op[4]:
            self.nested("else", op[4], f"{path}[4]")

    def op_assert(self, op: list[Any], path: str) -> None:
        var = self.name("vars", op[1])
        self.put(f"if ({var} != {op[2]}) {{")
        self.put("  char text[128];")
        self.put(f'  snprintf(text, sizeof text, "assert: variable {op[1]} is %" PRId64 ", not {op[2]}", {var});')
        self.put("  panic(text);")
        self.put("}")

    def op_goexit(self, op: list[Any], path: str) -> None:
        self.put("rt_goexit();")

    def op_panic(self, op: list[Any], path: str) -> None:
        self.put('panic("pattern");')


def _tables(names: Names, text: str) -> list[str]:
    """Declarations of what the text names: compilers warn of the rest."""
    used = set(re.findall(r"\w+", text))

    def of(table: str) -> list[str]:
        return [name for name in names.by[table] if name in used]

    lines = [f"static {kind} {name};" for table, kind in TYPES.items() for name in of(table)]
    lines += [f"static rt_chan *{name};" for name in names.by["chans"]]
    lines += [f"static rt_mutex {name}_mutex;\nstatic rt_cond {name} = {{.l = &{name}_mutex}};" for name in of("conds")]
    lines += [f"static int64_t {name};" for name in of("vars")]
    return lines + [f"static void {name}(void *parent);" for name in of("bodies")] + [""]


def _main(writer: _C, names: Names) -> None:
    writer.put("static void main_goroutine(void *unused) {")
    writer.put("  (void)unused;")
    for name, capacity in zip(names.by["chans"], names.doc.get("chans", [])):
        writer.put(f"  must(rt_chan_new(NULL, sizeof(int64_t), {capacity}, &{name}));")
    for line in ("rt_catch_panics(1);", "align();", "program(NULL);", 'line("\\"exit\\"");'):
        writer.put(f"  {line}")
    writer.put("}")
    writer.put()


def _body(writer: _C, number: int, ops: list[Any]) -> None:
    writer.put(f"static void {writer.name('bodies', number) if number else 'program'}(void *parent) {{")
    if number:
        writer.put("  rt_catch_panics(1);")
        writer.put(rf'  line("\"start\",{number},%" PRIuPTR, (uintptr_t)parent);')
        writer.put("  must(rt_defer(end, NULL));")
    else:
        writer.put("  (void)parent;")
    writer.block(ops, f"bodies[{number}]")
    writer.put("}")
    writer.put()


def _started(bodies: list[Any]) -> list[int]:
    """The bodies that main can start, itself included."""
    found, look = {0}, [0]
    while look:
        for body in re.findall(r'\["go", (\d+)\]', json.dumps(bodies[look.pop()])):
            if int(body) not in found:
                found.add(int(body))
                look.append(int(body))
    return sorted(found)


def emit(pattern: Pattern, procs: int, seed: int) -> str:
    """The program's text."""
    names = Names(pattern)
    writer = _C(names)
    for number in _started(names.doc["bodies"]):
        _body(writer, number, names.doc["bodies"][number])
    _main(writer, names)
    once: dict[str, list[str]] = {function[0]: [*function, ""] for function in writer.functions}
    lines = [*(line for function in once.values() for line in function), *writer.lines]
    text = "\n".join(lines)
    head = HEAD.format(title=comment(pattern.name or "unnamed"), snap=SNAP if "snap();" in text else "")
    return "\n".join([head + "\n".join(_tables(names, text)), text, TAIL.format(procs=procs, seed=seed)])
