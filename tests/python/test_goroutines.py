"""Python callables as goroutines: they yield anywhere in their frames and come back on another M."""

from __future__ import annotations

import contextvars
import gc
import subprocess
import sys
import traceback

import pytest

import newproc

WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


def everyone(body, n, where):
    """Run body(i) in n goroutines; main yields until all are done."""
    done = []

    def one(i):
        body(i)
        done.append(i)

    def main():
        for i in range(n):
            newproc.go(one, i)
        while len(done) < n:
            newproc.gosched()

    newproc.run(main, **where)
    assert sorted(done) == list(range(n))


def test_the_last_spawned_runs_first_then_the_others_in_order():
    order = []

    def main():
        for i in range(5):
            newproc.go(order.append, i)
        newproc.gosched()  # schedtick is 0: the 61-tick rule gives main itself back, as in Go
        assert order == []
        newproc.gosched()

    newproc.run(main, procs=1, seed=1)
    assert order == [4, 0, 1, 2, 3]


def test_goids_count_from_main():
    seen = []

    def main():
        seen.append(newproc.goid())
        seen.extend(newproc.go(lambda: None) for _ in range(3))

    newproc.run(main, procs=1, seed=1)
    assert seen == [1, 2, 3, 4]


@WORLDS
def test_a_park_inside_twenty_nested_calls(where):
    def deep(i, level):
        if level:
            return deep(i, level - 1) + 1
        newproc.gosched()
        return i

    def body(i):
        for _ in range(5):
            assert deep(i, 20) == i + 20

    everyone(body, 50, where)


@WORLDS
def test_a_park_inside_except_keeps_the_exception_being_handled(where):
    def body(i):
        try:
            raise ValueError(i)
        except ValueError:
            for _ in range(5):
                newproc.gosched()
                assert sys.exc_info()[1].args == (i,)
            with pytest.raises(KeyError) as info:
                raise KeyError(i)
            assert info.value.__context__.args == (i,)
        assert sys.exc_info() == (None, None, None)

    everyone(body, 50, where)


class Yielding:
    """Yields in every place that C code may call."""

    def __init__(self, value):
        self.value = value

    def __enter__(self):
        newproc.gosched()
        return self.value

    def __exit__(self, *_):
        newproc.gosched()

    def __getattr__(self, name):
        newproc.gosched()
        return name

    def __lt__(self, other):
        newproc.gosched()
        return self.value < other.value


@WORLDS
def test_a_park_in_with_generator_sort_getattr_and_comprehension(where):
    def generate(i):
        for k in range(5):
            newproc.gosched()
            yield i + k

    def body(i):
        with Yielding(i) as value:
            assert value == i
        assert list(generate(i)) == [i + k for k in range(5)]
        assert [y.value for y in sorted(Yielding(k) for k in (3, 1, 2))] == [1, 2, 3]
        assert sorted([3, 1, 2], key=lambda k: (newproc.gosched(), k)[1]) == [1, 2, 3]
        assert Yielding(i).absent == "absent"
        assert [(newproc.gosched(), k)[1] for k in range(3)] == [0, 1, 2]

    everyone(body, 20, where)


@WORLDS
def test_a_park_inside_a_coroutine_that_is_driven_by_hand(where):
    async def inner(i):
        newproc.gosched()
        return i

    def body(i):
        coroutine = inner(i)
        with pytest.raises(StopIteration) as stop:
            coroutine.send(None)
        assert stop.value.value == i

    everyone(body, 20, where)


@WORLDS
def test_context_variables_are_copied_at_the_go_statement(where):
    variable = contextvars.ContextVar("variable", default=None)
    seen = []

    def child():
        seen.append(variable.get())
        variable.set("child's")

    def main():
        variable.set("main's")
        newproc.go(child)
        while not seen:
            newproc.gosched()
        assert variable.get() == "main's"

    newproc.run(main, **where)
    assert seen == ["main's"]


@WORLDS
def test_labels_are_inherited_and_a_later_change_is_not(where):
    seen = []

    def child():
        seen.append(newproc.get_labels())

    def main():
        newproc.set_labels({"job": 1})
        newproc.go(child)
        newproc.set_labels({"job": 2})
        while not seen:
            newproc.gosched()

    newproc.run(main, **where)
    assert seen == [{"job": 1}]


@WORLDS
def test_garbage_collection_between_parks(where):
    def body(i):
        cycle = [i]
        cycle.append(cycle)
        newproc.gosched()
        if i % 10 == 0:
            gc.collect()
        assert cycle[0] == i

    everyone(body, 50, where)


@WORLDS
def test_an_exception_ends_the_run_as_a_panic_with_cause_and_whole_traceback(where):
    def inner():
        raise ValueError("boom")

    def child():
        newproc.gosched()
        inner()

    def main():
        newproc.go(child)
        while True:
            newproc.gosched()

    with pytest.raises(newproc.GoroutinePanic) as info:
        newproc.run(main, **where)
    assert str(info.value) == "panic: ValueError: boom"
    assert info.value.goid > 1
    assert "test_goroutines.py:" in info.value.site
    cause = info.value.__cause__
    assert isinstance(cause, ValueError)
    assert [f.name for f in traceback.extract_tb(cause.__traceback__)] == ["child", "inner"]


@WORLDS
def test_goexit_runs_finally_and_reports_nothing(where):
    order = []

    def child():
        try:
            newproc.gosched()
            newproc.goexit()
        finally:
            order.append("finally")

    def main():
        newproc.go(child)
        while not order:
            newproc.gosched()

    newproc.run(main, **where)
    assert order == ["finally"]


@WORLDS
def test_goroutines_that_main_leaves_behind_are_dropped(where):
    def forever():
        while True:
            newproc.gosched()

    def main():
        for _ in range(20):
            newproc.go(forever)
        for _ in range(5):
            newproc.gosched()

    for _ in range(3):
        newproc.run(main, **where)


@pytest.mark.parametrize("call", [newproc.gosched, newproc.goyield, newproc.checkpoint, newproc.goexit, newproc.get_labels, newproc.lock_os_thread])
def test_outside_of_goroutines_every_call_says_so(call):
    with pytest.raises(newproc.PlaceError, match=rf"newproc.{call.__name__}|rt_{call.__name__}"):
        call()


def test_go_outside_of_goroutines():
    with pytest.raises(newproc.PlaceError, match="newproc.go"):
        newproc.go(print)


def test_what_cannot_be_called_is_named():
    def main():
        with pytest.raises(TypeError, match="fn is 3, which cannot be called"):
            newproc.go(3)

    newproc.run(main, procs=1, seed=1)


@WORLDS
def test_deep_recursion_is_a_recursion_error(where):
    def deep():
        deep()

    def body(_):
        with pytest.raises(RecursionError):
            deep()

    everyone(body, 3, where)


def test_threads_migrate_goroutines_and_the_gil_state_follows():
    """ctypes takes the GIL through PyGILState_Ensure inside goroutines that change threads."""
    import ctypes
    import threading

    callback = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)
    threads = set()

    def body(_):
        for _ in range(50):
            assert callback() == 7
            threads.add(threading.get_ident())
            newproc.gosched()

    everyone(body, 100, {"procs": 2})


@pytest.mark.parametrize("tries", ["send", "lock", "select"])
def test_a_goroutine_that_only_tries_is_preempted(tries):
    """sysmon asks for the yield while the GIL is held; the GIL goes along."""
    ran = []

    def main():
        c, m = newproc.Chan(1), newproc.Mutex()

        def select_default():
            newproc.select(c.recv_case(), default=True)

        once = {"send": lambda: c.try_send(1), "lock": m.try_lock, "select": select_default}[tries]
        newproc.go(ran.append, 1)
        while not ran:
            once()

    newproc.run(main, procs=1, world="threads")
    assert ran == [1]


def test_a_run_ends_while_others_try():
    for _ in range(50):

        def main():
            def spin():
                c = newproc.Chan(1)
                while True:
                    c.try_send(1)
                    c.try_recv()

            for _ in range(3):
                newproc.go(spin)
            newproc.gosched()

        newproc.run(main, procs=2, world="threads")


@pytest.mark.parametrize("ends", ["main returns", "another panics"])
def test_a_run_ends_while_python_code_runs_on(ends):
    """Nothing but an exception stops a loop that calls nothing; its finally blocks run."""
    left = []

    def main():
        spins = newproc.Chan()

        def spin():
            spins.send(None)
            try:
                while True:
                    pass
            finally:
                left.append(True)

        newproc.go(spin)
        spins.recv()
        if ends == "another panics":
            raise ZeroDivisionError

    for n in range(1, 6):
        if ends == "main returns":
            newproc.run(main, procs=2, world="threads")
        else:
            with pytest.raises(newproc.GoroutinePanic):
                newproc.run(main, procs=2, world="threads")
        assert len(left) <= n
    newproc.run(lambda: [newproc.go(int) for _ in range(10)] and newproc.gosched(), procs=2)  # nothing is left in a pooled state


CONTROL_C = {
    "all yield": """
def main():
    def spin():
        while True: newproc.gosched()
    newproc.go(spin)
    print("ready", flush=True)
    spin()
""",
    "one computes": """
def main():
    newproc.lock_os_thread()  # the other one is on the other M
    spins = newproc.Chan()
    def spin():
        spins.send(None)
        while True: pass
    newproc.go(spin)
    spins.recv()
    print("ready", flush=True)
    newproc.Chan().recv()
""",
    "main computes": """
def main():
    newproc.lock_os_thread()
    print("ready", flush=True)
    while True: pass
""",
}


@pytest.mark.parametrize("main", CONTROL_C.values(), ids=CONTROL_C.keys())
def test_control_c_ends_a_run(main):
    script = f"""
import newproc
{main}
try:
    newproc.run(main, procs=2)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""

    import signal

    def heed_interrupts():  # a shell starts background jobs with SIGINT ignored, and children inherit that
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, preexec_fn=heed_interrupts)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert out == "interrupted\n"
    assert process.returncode == 0
