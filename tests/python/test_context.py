"""Contexts: trees of what is to stop together."""

from __future__ import annotations

import gc
import threading

import pytest

import newproc
from newproc import Canceled, Chan, Context, sleep

WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


@WORLDS
def test_canceling_ends_all_below_and_nothing_above(where):
    def main():
        root = Context()
        child, other = Context(root), Context(root)
        leaf = Context(child.with_value("k", 1))
        assert [c.err for c in (root, child, other, leaf)] == [None] * 4
        child.cancel()
        assert [repr(c.err) for c in (root, child, other, leaf)] == [
            "None", "Canceled('context canceled')", "None", "Canceled('context canceled')"]
        assert leaf.done.recv_ok() == (None, False)
        assert list(child.done) == []
        assert root.done.try_recv() is None
        root.cancel()
        assert isinstance(Context(root).err, Canceled)

    newproc.run(main, **where)


@WORLDS
def test_the_first_cause_counts(where):
    def main():
        root = Context()
        leaf = Context(Context(root))
        cause = KeyError("why")
        root.cancel(cause)
        root.cancel(ValueError("late"))
        assert root.cause is cause
        assert leaf.cause is cause
        assert isinstance(leaf.err, Canceled)
        plain = Context()
        assert plain.cause is None
        plain.cancel()
        assert isinstance(plain.cause, Canceled)
        with pytest.raises(TypeError, match="cause is 'no'; give an exception or None"):
            plain.cancel("no")

    newproc.run(main, **where)
    gc.collect()


@WORLDS
def test_deadlines(where):
    def main():
        now = newproc.nanotime() / 1e9
        ctx = Context(timeout=0.001)
        late = Context(ctx, timeout=1000)
        assert late.deadline == ctx.deadline
        assert late.done.recv_ok() == (None, False)
        assert repr(late.err) == "TimeoutError('context deadline exceeded')"
        assert newproc.nanotime() / 1e9 >= now + 0.001
        assert Context().deadline is None
        assert isinstance(Context(deadline=now - 1).err, TimeoutError)
        far = Context(deadline=now + 1e6)
        assert far.deadline == pytest.approx(now + 1e6)
        assert far.err is None
        far.cancel()
        with pytest.raises(TypeError, match="timeout and deadline are both given"):
            Context(timeout=1, deadline=1)
        with pytest.raises(ValueError, match="give less than 9e9"):
            Context(timeout=1e300)

    newproc.run(main, **where)


@WORLDS
def test_values_are_of_the_nearest(where):
    def main():
        key = ("a", "key")
        root = Context()
        one = root.with_value(key, [1]).with_value("other", 2)
        two = Context(one).with_value(("a", "key"), "nearer")  # equal, not the same
        assert (root.value(key), one.value(key), two.value(key), two.value("other")) == (None, [1], "nearer", 2)
        assert two.value("none", "default") == "default"
        free = two.without_cancel()
        root.cancel()
        assert two.err is not None
        assert free.err is None
        assert free.value("other") == 2

    newproc.run(main, **where)
    gc.collect()


@WORLDS
def test_a_block_that_a_context_guards(where):
    ended = []

    def main():
        wg = newproc.WaitGroup()

        def work(ctx):
            try:
                with ctx.guard():
                    Chan().recv()
            except (Canceled, TimeoutError) as error:
                ended.append(type(error).__name__)

        with Context() as ctx:
            for _ in range(3):
                wg.go(work, ctx)
            wg.go(work, Context(ctx, timeout=0.0))
            newproc.gosched()
            sleep(0.001)
        wg.wait()
        assert sorted(ended) == ["Canceled"] * 3 + ["TimeoutError"]

    newproc.run(main, **where)


@WORLDS
def test_the_done_channel_only_receives_and_keeps_its_context(where):
    def main():
        done = Context(timeout=0.001).done
        gc.collect()
        with pytest.raises(TypeError, match="only receives"):
            done.close()
        with pytest.raises(TypeError, match="only receives"):
            done.send(None)
        assert newproc.select(done.recv_case(), Chan().recv_case()).chosen == 0

    newproc.run(main, **where)


@pytest.mark.parametrize("procs", [1, 2])
def test_another_thread_cancels(procs):
    with newproc.Runtime(procs=procs) as runtime:
        ctx = Context(runtime=runtime)
        thread = threading.Thread(target=ctx.cancel)

        def main():
            thread.start()
            with pytest.raises(Canceled), ctx.guard():
                Chan().recv()

        with runtime.hold():
            runtime.start_main(main)
        thread.join()


def test_contexts_outside_of_goroutines():
    kept = []
    newproc.run(lambda: kept.extend([Context(), Context(timeout=1000)]))
    for ctx in kept:
        assert ctx.err is None
        ctx.cancel()  # nobody is there to be told
    with pytest.raises(newproc.PlaceError):
        Context()
    with pytest.raises(newproc.PlaceError):
        Context(timeout=1)
    with pytest.raises(TypeError, match="parent is 3; give a Context or None"):
        Context(3)
