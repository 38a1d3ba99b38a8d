"""Traces and snapshots in other libraries: the buffer protocol and Arrow's PyCapsule interface, with no copy on the way."""

from __future__ import annotations

import gc
import threading

import newproc
import numpy as np
import pytest


def main():
    done = newproc.Chan(3)

    def worker(n):
        newproc.gosched()
        done.send(n)

    for n in range(20):
        newproc.go(worker, n)
    for _ in range(20):
        done.recv()
    newproc.go(newproc.Chan().recv)  # is left behind
    newproc.gosched()


@pytest.fixture(scope="module")
def run():
    return newproc.run(main, procs=3, seed=5, trace=True)


@pytest.fixture(scope="module")
def waiting():
    """A snapshot in the middle of a run: goroutines in queues, running, waiting and dead."""

    def main():
        chan = newproc.Chan()
        for _ in range(30):
            newproc.go(chan.recv)
        newproc.gosched()
        for _ in range(10):
            chan.send(1)
        for _ in range(5):
            newproc.go(chan.recv)
        shots.append(runtime.snapshot())

    shots: list[newproc.Snapshot] = []
    with newproc.Runtime(procs=2, seed=3, boot=1, ancestors=2) as runtime:
        runtime.start_main(main)
    return shots[0]


def big_trace(events):
    pattern = newproc.Pattern({"bodies": [[["go", 1], ["go", 1], ["loop", events, [["yield"]]]], [["loop", events, [["yield"]]]]]})
    return pattern.run(trace=events).trace


def address(array):
    return array.__array_interface__["data"][0]


def test_a_trace_is_an_array_of_events_in_place(run):
    events = np.asarray(run.trace)
    assert events.dtype == newproc.EVENT_DTYPE
    assert np.shares_memory(events, run.trace.events)
    assert not events.flags.writeable
    view = memoryview(run.trace)
    assert (view.itemsize, view.shape, view.readonly) == (48, (len(run.trace),), True)


def test_events_outlive_their_trace():
    trace = newproc.run(main, procs=3, seed=5, trace=True).trace
    expected = trace.events.copy()
    events, table = np.asarray(trace), trace.make_columns()
    del trace
    gc.collect()
    assert np.array_equal(events, expected)
    assert np.array_equal(np.asarray(table.children[0]), expected["seq"])


def test_pyarrow_reads_a_trace(run):
    pa = pytest.importorskip("pyarrow")
    table = pa.table(run.trace)
    events = run.trace.events
    assert table.column_names == list(events.dtype.names)
    table.validate(full=True)
    for name in events.dtype.names:
        if name == "kind":
            assert table["kind"].to_pylist() == run.trace.names()
        else:
            assert table[name].to_pylist() == events[name].tolist()
    assert pa.schema(run.trace) == table.schema
    assert pa.record_batch(run.trace).num_rows == len(run.trace)
    reader = pa.RecordBatchReader.from_stream(run.trace)
    assert [batch.num_rows for batch in reader] == [len(run.trace)]


def test_columns_are_made_once_and_not_copied(run):
    pa = pytest.importorskip("pyarrow")
    first, second = pa.table(run.trace), pa.table(run.trace)
    assert first["time"].chunk(0).buffers()[1].address == second["time"].chunk(0).buffers()[1].address
    table = newproc.Table(run.trace.make_columns())
    assert pa.table(table)["g"].chunk(0).buffers()[1].address == address(np.asarray(table["g"]))


def test_columns_outlive_all_of_python_and_are_freed_on_another_thread():
    pa = pytest.importorskip("pyarrow")
    trace = newproc.run(main, procs=3, seed=5, trace=True).trace
    kept = [pa.table(trace)]
    seq = trace.events["seq"].tolist()
    del trace
    gc.collect()
    assert kept[0]["seq"].to_pylist() == seq
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    assert kept == []


def test_nothing_is_left_of_columns_that_nobody_reads():
    pa = pytest.importorskip("pyarrow")
    trace = big_trace(1 << 17)
    assert len(trace) == 1 << 17

    def resident():
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * 4096

    def once():
        table = newproc.Table(trace.make_columns())
        table.__arrow_c_stream__()  # capsules that nobody takes
        table.__arrow_c_array__()
        pa.table(table)
        pa.schema(table)

    for _ in range(5):
        once()
    before = resident()
    for _ in range(60):
        once()
    assert resident() - before < 20 * 48 * (1 << 17)


def test_a_polars_frame_of_a_trace(run):
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame(run.trace)
    counts = dict(frame.group_by("kind").len().iter_rows())
    assert counts["GoCreate"] == 22  # main, 20 workers, the one left behind
    assert frame["seq"].to_list() == run.trace.events["seq"].tolist()


def test_a_pandas_frame_of_a_trace(run):
    pd = pytest.importorskip("pandas", minversion="3")
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame.from_arrow(run.trace)
    assert (frame["kind"] == "GoCreate").sum() == 22
    assert frame["m"].tolist() == run.trace.events["m"].tolist()


def test_duckdb_asks_a_trace(run):
    duckdb = pytest.importorskip("duckdb")
    trace, ps = run.trace, run.snapshot.table("ps")
    assert duckdb.sql("SELECT count(*) FROM trace WHERE kind = 'GoCreate'").fetchall() == [(22,)]
    assert duckdb.sql("SELECT count(*) FROM trace JOIN ps ON trace.p = ps.id").fetchall()[0][0] == int((trace.events["p"] >= 0).sum())


@pytest.mark.parametrize("what", ["gs", "ps", "ms"])
def test_a_snapshot_is_tables_of_the_same_values(waiting, what):
    pa = pytest.importorskip("pyarrow")
    rows, table = getattr(waiting, what), waiting.table(what)
    read = pa.table(table)
    read.validate(full=True)
    assert tuple(read.column_names) == table.columns
    assert len(table) == read.num_rows == len(rows)
    for name in table.columns:
        told = [list(v) if isinstance(v, tuple) else v for v in (getattr(row, name) for row in rows)]
        assert read[name].to_pylist() == told


def test_the_snapshot_of_that_test_has_something_in_every_column(waiting):
    assert {g.status for g in waiting.gs} == {"dead", "running", "runnable", "waiting"}
    assert any(g.ancestors for g in waiting.gs) and any(g.system for g in waiting.gs) and any(g.m is None for g in waiting.gs)
    assert any(p.runq for p in waiting.ps) and any(p.runnext is None for p in waiting.ps)


def test_a_column_of_numbers_is_an_array(waiting):
    goids = np.asarray(waiting.table("gs")["goid"])
    assert goids.tolist() == [g.goid for g in waiting.gs]
    with pytest.raises(BufferError) as refused:
        memoryview(waiting.table("gs")["site"])
    assert "column site holds no plain numbers; read it through Arrow" in str(refused.value.__cause__)
    with pytest.raises(KeyError, match="no column 'sit'; there are goid, parent_goid"):
        waiting.table("gs")["sit"]
    with pytest.raises(newproc.ArgumentError, match='no table "gq" in a snapshot; there are "gs", "ps" and "ms"'):
        waiting.table("gq")


def test_an_empty_table(run):
    pa = pytest.importorskip("pyarrow")
    ms = newproc.Snapshot(**{**{f: getattr(run.snapshot, f) for f in run.snapshot.__dataclass_fields__}, "ms": (), "gs": ()})
    for what in ("ms", "gs"):
        read = pa.table(ms.table(what))
        read.validate(full=True)
        assert read.num_rows == 0


def test_a_table_says_what_it_has(waiting):
    assert repr(waiting.table("ms")) == f"Table({len(waiting.ms)} rows: id, p, curg, lockedg, spinning, blocked, idle)"
