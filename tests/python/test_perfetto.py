"""Perfetto's own schema reads what we write: slices nest, flows resolve, tracks are named."""

from __future__ import annotations

from collections import defaultdict

import pytest
from perfetto.protos.perfetto.trace import perfetto_trace_pb2

import newproc

PATTERN = {
    "name": "traced",
    "vars": 1,
    "bodies": [
        [["loop", 300, [["go", 1]]], ["loop", 5, [["yield"]]]],
        [["yield"], ["inc", 0]],
    ],
}


@pytest.fixture(scope="module", params=[1, 3], ids=["1P", "3P"])
def packets(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("trace") / "out.pftrace"
    result = newproc.Pattern(PATTERN).run(trace=1 << 16, procs=request.param, seed=4)
    result.trace.write_perfetto(str(path))
    trace = perfetto_trace_pb2.Trace()
    trace.ParseFromString(path.read_bytes())
    return list(trace.packet)


def test_every_event_is_on_a_named_track(packets):
    names = {p.track_descriptor.uuid: p.track_descriptor.name or p.track_descriptor.process.process_name
             for p in packets if p.HasField("track_descriptor")}
    assert "newproc" in names.values() and "P0" in names.values() and "G1" in names.values()
    events = [p.track_event for p in packets if p.HasField("track_event")]
    assert len(events) > 1000
    assert all(names.get(event.track_uuid) for event in events)


def test_slices_nest_and_all_are_closed(packets):
    depth: dict[int, int] = defaultdict(int)
    last: dict[int, int] = defaultdict(int)
    for packet in packets:
        if not packet.HasField("track_event"):
            continue
        event = packet.track_event
        assert packet.timestamp >= last[event.track_uuid]
        last[event.track_uuid] = packet.timestamp
        if event.type == event.TYPE_SLICE_BEGIN:
            depth[event.track_uuid] += 1
        elif event.type == event.TYPE_SLICE_END:
            depth[event.track_uuid] -= 1
            assert depth[event.track_uuid] >= 0
    assert set(depth.values()) == {0}


def test_flows_lead_from_a_spawn_to_the_first_slice(packets):
    begun, ended, started = set(), set(), set()
    for packet in packets:
        event = packet.track_event
        begun.update(event.flow_ids)
        ended.update(event.terminating_flow_ids)
        if any(note.name == "from" for note in event.debug_annotations):
            started.add(event.name)
    assert len(started) > 200
    assert len(ended) >= len(started)  # each start follows a spawn or a wakeup
    assert ended <= begun


def test_an_unwritable_path_is_named(tmp_path):
    result = newproc.Pattern(PATTERN).run(trace=1 << 10)
    with pytest.raises(newproc.OutputError, match="no/such/folder"):
        result.trace.write_perfetto(str(tmp_path / "no/such/folder/x"))
