"""Traces read with Perfetto's own schema (requirements-perfetto.txt): tracks are named, slices nest, flows resolve."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TracePacket, TrackEvent

import newproc

FAN = {"name": "fan", "bodies": [[["loop", 300, [["go", 1]]], ["loop", 3, [["yield"]]]], [["yield"], ["mark", 1]]]}


def fan_out() -> None:
    def child() -> None:
        newproc.gosched()
        newproc.go(lambda: None)

    for _ in range(40):
        newproc.go(child)
    for _ in range(200):
        newproc.gosched()


def run_in_threads() -> newproc.Trace | None:
    return newproc.run(fan_out, procs=2, trace=True).trace


def run_in_sim() -> newproc.Trace | None:
    return newproc.run(fan_out, procs=4, seed=7, trace=True).trace


def run_with_lost_events() -> newproc.Trace | None:
    trace = newproc.run(fan_out, procs=2, seed=3, trace=512).trace
    assert trace is not None and trace.lost > 0
    return trace


def run_a_pattern() -> newproc.Trace | None:
    return newproc.Pattern(FAN).run(procs=1, seed=1, trace=1 << 16).trace


@pytest.fixture(params=[run_in_threads, run_in_sim, run_with_lost_events, run_a_pattern])
def pair(request, tmp_path):
    """A trace of ours, and the same one as Perfetto's schema reads its file."""
    ours = request.param()
    path = tmp_path / "trace.pftrace"
    ours.write_perfetto(str(path))
    theirs = Trace()
    theirs.ParseFromString(path.read_bytes())
    return ours, theirs


def events_of(trace):
    return [packet for packet in trace.packet if packet.HasField("track_event")]


def tracks_of(trace):
    return {p.track_descriptor.uuid: p.track_descriptor for p in trace.packet if p.HasField("track_descriptor")}


def name_of(track):
    return track.process.process_name or track.name


def test_the_schema_knows_every_field(pair):
    _, theirs = pair
    again = Trace()
    again.CopyFrom(theirs)
    again.DiscardUnknownFields()
    assert again.ByteSize() == theirs.ByteSize()


def test_packets_are_one_sequence_that_starts_with_cleared_state(pair):
    _, theirs = pair
    assert {p.trusted_packet_sequence_id for p in theirs.packet} == {1}
    cleared = TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
    assert [bool(p.sequence_flags & cleared) for p in theirs.packet] == [True] + [False] * (len(theirs.packet) - 1)


def test_every_track_is_named_once_before_its_events_and_below_the_process(pair):
    ours, theirs = pair
    tracks = tracks_of(theirs)
    assert all(name_of(track) for track in tracks.values())
    described = Counter(p.track_descriptor.uuid for p in theirs.packet if p.HasField("track_descriptor"))
    assert set(described.values()) == {1}
    seen = set()
    for packet in theirs.packet:
        if packet.HasField("track_descriptor"):
            seen.add(packet.track_descriptor.uuid)
        else:
            assert packet.track_event.track_uuid in seen
    roots = [t for t in tracks.values() if not t.HasField("parent_uuid")]
    assert [name_of(t) for t in roots] == ["newproc"]
    assert {t.parent_uuid for t in tracks.values() if t not in roots} == {roots[0].uuid}
    names = {name_of(t) for t in tracks.values()}
    starts = ours.events[[name == "GoStart" for name in ours.names()]]
    assert {f"P{p}" for p in starts["p"]} <= names
    called = ours.goroutines
    assert called
    assert {f"G{g} {called[g]}" if g in called else f"G{g}" for g in starts["g"]} <= names


def test_slices_nest_and_are_closed_and_times_do_not_go_back(pair):
    _, theirs = pair
    depth, latest = Counter(), defaultdict(int)
    for packet in events_of(theirs):
        track, kind = packet.track_event.track_uuid, packet.track_event.type
        assert packet.timestamp >= latest[track]
        latest[track] = packet.timestamp
        if kind == TrackEvent.TYPE_SLICE_BEGIN:
            depth[track] += 1
            assert packet.track_event.name
        elif kind == TrackEvent.TYPE_SLICE_END:
            depth[track] -= 1
            assert depth[track] >= 0
        else:
            assert kind == TrackEvent.TYPE_INSTANT
    assert set(depth.values()) == {0}
    tracks = tracks_of(theirs)
    deepest = {"P": 1, "G": 2}  # a P runs one goroutine; a goroutine's state lies within its life
    depth.clear()
    for packet in events_of(theirs):
        track, kind = packet.track_event.track_uuid, packet.track_event.type
        depth[track] += {TrackEvent.TYPE_SLICE_BEGIN: 1, TrackEvent.TYPE_SLICE_END: -1}.get(kind, 0)
        assert depth[track] <= deepest.get(name_of(tracks[track])[0], 0)


def test_every_flow_has_a_source_and_ends_in_the_next_stretch_of_its_goroutine(pair):
    ours, theirs = pair
    began, ended = {}, set()
    for packet in events_of(theirs):
        event = packet.track_event
        for flow in event.flow_ids:
            assert event.name in ("GoCreate", "GoUnpark") and flow not in began
            began[flow] = next(a.uint_value for a in event.debug_annotations if a.name == "goid")
        for flow in event.terminating_flow_ids:
            assert event.type == TrackEvent.TYPE_SLICE_BEGIN and event.name.split()[0] == f"G{began[flow]}"
            assert flow not in ended
            ended.add(flow)
    made, pending, resolved = 0, set(), 0
    for goid, name in zip(ours.events["g"].tolist(), ours.names()):
        if name in ("GoCreate", "GoUnpark"):
            made += 1
            pending.add(goid)
        elif name == "GoStart" and goid in pending:
            pending.remove(goid)
            resolved += 1
    assert (len(began), len(ended)) == (made, resolved)
    assert resolved > 0


def test_a_stretch_names_where_the_goroutine_came_from(pair):
    ours, theirs = pair
    sources = ("runnext", "ring", "global queue", "global queue (61st tick)", "steal", "locked", "park taken back", "system call")
    starts = ours.events[[name == "GoStart" for name in ours.names()]]
    expected = Counter(sources[a] for a in starts["a"])
    found = Counter(a.string_value for p in events_of(theirs) for a in p.track_event.debug_annotations if a.name == "source")
    assert found == expected


def test_the_overflow_is_an_instant_with_its_arguments(tmp_path):
    path = tmp_path / "fan.pftrace"
    run_a_pattern().write_perfetto(str(path))
    theirs = Trace()
    theirs.ParseFromString(path.read_bytes())
    (first, *_) = [p.track_event for p in events_of(theirs) if p.track_event.name == "RunqOverflow"]
    assert first.type == TrackEvent.TYPE_INSTANT
    assert {a.name: a.uint_value for a in first.debug_annotations}["a"] == 129


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(newproc.OutputError, match=r"path .*/missing/x cannot be written: No such file"):
        run_in_sim().write_perfetto(str(tmp_path / "missing" / "x"))
