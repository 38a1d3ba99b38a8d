"""gdb commands for goroutines, in a live process (and in a core file that the kernel wrote; gdb's own
generate-core-file leaves out stacks, which share a block with a guard page):

    source capi/gdb/newproc.py
    info goroutines          every goroutine: goid, state, where it was started
    goroutine N bt           the stack of a parked goroutine

They read libnewproc's debug information (build with -g) and write no register. x86-64.
"""

import gdb

STATES = {0: "idle", 1: "runnable", 2: "running", 3: "syscall", 4: "waiting", 6: "dead"}
MORE = 2   # G::kMore
FRESH = 1  # G::ctx of a goroutine that has not run
# Boost.Context saves, from ctx: mxcsr and x87, r12 to r15, rbx, rbp, the return address.
SAVED_RBP, SAVED_RIP, FRAME = 48, 56, 64
MOST_FRAMES = 100


def _runtimes():
    """Every live Sched, through the registry of the C ABI."""
    for world in ("thr", "sim"):
        head = gdb.lookup_static_symbol(f"newproc::{world}::all_scheds") or gdb.lookup_global_symbol(f"newproc::{world}::all_scheds")
        sched = head.value()["_M_b"]["_M_p"] if head is not None else None
        while sched is not None and int(sched) != 0:
            yield world, sched.dereference()
            sched = sched["next_sched"]


def _atomic(value):
    """The value inside std::atomic or Relaxed."""
    while value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
        fields = [f for f in value.type.strip_typedefs().fields() if hasattr(f, "bitpos")]  # no static ones
        value = value[fields[0]]
    return value


def _goroutines():
    for world, sched in _runtimes():
        vector = sched["allgs"]["_M_impl"]
        at, end = vector["_M_start"], vector["_M_finish"]
        while at != end:
            g = at.dereference().dereference()
            yield world, g
            at += 1


def _int(value):
    return int(_atomic(value))


def _site(g):
    if _int(g["flags"]) & MORE and int(_atomic(g["more"]["file"])) != 0:
        return f"{_atomic(g['more']['file']).string()}:{int(_atomic(g['more']['line']))}"
    pc = _int(g["gopc"])
    if pc == 0:
        return ""
    return gdb.execute(f"info symbol {pc}", to_string=True).strip()


class InfoGoroutines(gdb.Command):
    """Every goroutine: goid, state, where it was started."""

    def __init__(self):
        super().__init__("info goroutines", gdb.COMMAND_STACK)

    def invoke(self, _argument, _tty):
        for world, g in _goroutines():
            status = _int(g["status"])
            if status != 6:
                print(f"{_int(g['goid']):>8}  {STATES.get(status, '?'):9} {world}  {_site(g)}")


class Goroutine(gdb.Command):
    """goroutine N bt: the stack of goroutine N."""

    def __init__(self):
        super().__init__("goroutine", gdb.COMMAND_STACK)

    def invoke(self, argument, _tty):
        words = argument.split()
        if len(words) != 2 or words[1] != "bt" or not words[0].isdigit():
            raise gdb.GdbError("usage: goroutine N bt")
        for _world, g in _goroutines():
            if _int(g["goid"]) == int(words[0]) and _int(g["status"]) != 6:
                return self.backtrace(g)
        raise gdb.GdbError(f"no live goroutine {words[0]}; see info goroutines")

    @staticmethod
    def backtrace(g):
        ctx = _int(g["ctx"])
        if ctx == FRESH:
            print("it has not run yet")
            return
        if ctx == 0:
            print("it is running: see info threads")
            return
        word = gdb.lookup_type("unsigned long").pointer()

        def read(address):
            return int(gdb.Value(address).cast(word).dereference())

        pc, fp = read(ctx + SAVED_RIP), read(ctx + SAVED_RBP)
        for number in range(MOST_FRAMES):
            where = gdb.execute(f"info symbol {pc}", to_string=True).strip()
            line = gdb.find_pc_line(max(pc - 1, 0))
            source = f" at {line.symtab.filename}:{line.line}" if line.symtab else ""
            print(f"#{number:<3} 0x{pc:016x} {where}{source}")
            if "goroutine_entry" in where or fp < ctx or pc == 0:
                return
            pc, fp = read(fp + 8), read(fp)


InfoGoroutines()
Goroutine()
