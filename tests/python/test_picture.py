"""Pictures: queues rebuilt from events against snapshots, SVG and HTML that hold what they should, and the page in a real browser."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from browser import page  # noqa: F401

import newproc
from newproc.picture.house import names_of
from newproc.picture.model import model
from newproc.picture.replay import House
from newproc.picture.words import sentence, things_of

EXAMPLES = Path(__file__).parents[1] / "fidelity" / "examples"
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'&\x1b]]>"
OPERATIONS_ONLY = 1  # RT_POINT_OP


def event(e) -> tuple[int, ...]:
    return tuple(int(e[name]) for name in ("kind", "g", "p", "m", "a", "b"))


def example(name: str, **settings) -> newproc.Result:
    return newproc.Pattern.load(EXAMPLES / f"{name}.json").run(trace=True, snapshot=True, **settings)


def busy(width: int) -> None:
    """Spawns, yields both ways, locks and sleeps: everything that moves a queue."""
    wg, mu = newproc.WaitGroup(), newproc.Mutex()
    wg.add(width)

    def leaf() -> None:
        newproc.gosched()
        with mu:
            newproc.gosched()

    def node(i: int) -> None:
        if i % 3 == 0:
            newproc.go(leaf)
        if i % 2 == 0:
            newproc.gosched()
        if i % 5 == 0:
            newproc.goyield()
        if i % 7 == 0:
            newproc.sleep(0.001)
        wg.done()

    for i in range(width):
        newproc.go(node, i)
        if i % 297 == 296:
            newproc.gosched()
    wg.wait()


@pytest.mark.parametrize(("procs", "seed"), [(1, 1), (2, 1), (4, 2), (8, 5)])
@pytest.mark.parametrize("width", [6, 60, 300])
def test_queues_rebuilt_from_events_are_the_snapshots(width, procs, seed):
    compared = overflows = exact = 0
    with newproc.Runtime(procs=procs, seed=seed, points=OPERATIONS_ONLY, trace_events=1 << 14) as runtime:
        runtime.begin(busy, width)
        house, done = House(), 0
        while runtime.step(3 + width // 3):
            events = runtime.trace().events
            for e in events[done:]:
                house.apply(event(e))
                overflows += int(e["kind"]) == 64
            done = len(events)
            seen = runtime.snapshot()
            rebuilt = {p.id: ([house.p(p.id).runnext] if house.p(p.id).runnext else []) + house.p(p.id).ring for p in seen.ps} | {-1: house.runq}
            real = {p.id: ([p.runnext] if p.runnext else []) + list(p.runq) for p in seen.ps} | {-1: list(seen.runq)}
            # With several Ps an M can stand between an event and its queue, one goroutine (or batch) in hand.
            moving = {g for lane in real for g in set(rebuilt[lane]) ^ set(real[lane])}
            assert not moving if procs == 1 else len(moving) <= procs
            for lane, queue in real.items():
                assert [g for g in rebuilt[lane] if g not in moving] == [g for g in queue if g not in moving]
            compared += 1
            exact += not moving
    assert compared > 5 and exact > compared // 2
    assert (overflows > 0) == (procs == 1 and width == 300)


def texts(svg: str) -> str:
    return " ".join(ElementTree.fromstring(svg).itertext())


def test_the_house_shows_every_p_and_queue():
    shots = []

    def main():
        for _ in range(300):
            newproc.go(lambda: None)
        shots.append(runtime.snapshot())

    with newproc.Runtime(procs=1, seed=1) as runtime:
        runtime.start_main(main)
    said = texts(shots[0].to_svg())
    assert "P0" in said and "ring 170/256" in said and "129 waiting, front first" in said and "G301" in said
    assert "next goids 302 to 304" in said
    assert shots[0]._repr_html_().count("<tr>") > 200 and "<script" not in shots[0]._repr_html_()


def test_the_timeline_has_a_stretch_for_every_start_and_a_lane_for_every_p_and_m():
    result = example("prodcons", procs=4, seed=3)
    m = model(result.trace)
    assert sum(map(len, m.ps.values())) == m.counts()["switches"] == np.count_nonzero(result.trace.events["kind"] == 14)
    for lane in (*m.ps.values(), *m.ms.values()):
        assert np.all(lane.x0 <= lane.x1) and np.all(lane.x1[:-1] <= lane.x0[1:])
    svg = result.trace.to_svg(names=result.names())
    said = texts(svg)
    for lane in (*(f"P{p}" for p in m.ps), *(f"M{i}" for i in m.ms if len(m.ms[i])), "global queue", "G2 body 1", "▲"):
        assert lane in said
    assert svg.count("np-arrow") > 3 and "np-wake" in svg
    assert 'role="img"' in svg and "4 Ps" in ElementTree.fromstring(svg).attrib["aria-label"]


@pytest.mark.parametrize("axis", ["step", "time"])
def test_both_axes_draw(axis):
    assert ("µs" if axis == "time" else "steps") in texts(example("tree").trace.to_svg(axis=axis))


def test_an_empty_trace_and_a_cut_one_draw():
    cut = newproc.run(busy, 200, procs=2, seed=3, trace=256)
    assert cut.trace.lost > 0
    ElementTree.fromstring(cut.trace.to_svg())
    assert "older events lost" in cut._repr_html_()
    with newproc.Runtime(seed=1, trace=True) as runtime:
        ElementTree.fromstring(runtime.trace().to_svg())
        assert "<svg" in runtime.trace().to_html()


def test_sixty_four_ps_fit():
    result = newproc.run(busy, 300, procs=64, seed=2, trace=True)
    svg = ElementTree.fromstring(result.trace.to_svg())
    assert "P63" in texts(result.trace.to_svg()) and float(svg.attrib["height"]) < 1400
    assert "P63" in texts(result.snapshot.to_svg())


def test_a_story_tells_what_is_rare():
    told = [text for _, text in example("overflow").trace.story()]
    assert any("ring is full: 129 goroutines" in text for text in told)
    assert len(told) <= 60
    stuck = example("deadlock")
    assert stuck.rc == 2
    assert any("waits: chan receive" in text for _, text in stuck.trace.story())


def test_a_hostile_text_is_shown_not_obeyed():
    pattern = newproc.Pattern({"name": HOSTILE, "names": {"bodies": [HOSTILE, HOSTILE]}, "bodies": [[["go", 1], ["yield"], ["panic"]], [["mark", 1]]]})
    result = pattern.run(trace=True, snapshot=True)
    page = result.to_html()
    for html in (page, result._repr_html_(), result.trace.to_svg(names={1: HOSTILE}), result.snapshot.to_html(title=HOSTILE)):
        assert "<script>window" not in html and "<img" not in html and "\x1b" not in html
    (data,) = re.findall(r'<script type="application/json" id="newproc-data">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["title"] == HOSTILE
    ElementTree.fromstring(result.trace.to_svg(names={1: HOSTILE, 2: HOSTILE}))


def test_a_replayed_schedule_is_a_picture_of_its_finding():
    pattern = newproc.Pattern({"chans": [0], "bodies": [[["go", 1], ["recv", 0]], [["if", 0, 0, [], []], ["yield"]]], "vars": 1})
    found = newproc.explore(pattern, schedules=50, first=True).findings[0]
    shown = newproc.replay(pattern, found.schedule, trace=True, snapshot=True)
    assert found.kind in shown._repr_html_() and "body 1" in shown._repr_html_()
    (data,) = re.findall(r'<script type="application/json" id="newproc-data">(.*?)</script>', shown.to_html(), re.DOTALL)
    assert found.kind in json.loads(data)["message"]


def test_the_command_writes_a_page(tmp_path):
    source = EXAMPLES / "overflow.json"
    out = tmp_path / "o.html"
    command = [sys.executable, "-m", "newproc.cli", "run", str(source), "--html"]
    done = subprocess.run([*command, str(out)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("[1,") or done.stdout.startswith("[0,")
    assert "newproc-data" in out.read_text()
    refused = subprocess.run([*command, str(tmp_path / "no" / "o.html")], capture_output=True, text=True, timeout=60)
    assert refused.returncode == 64 and "o.html cannot be written: No such file" in refused.stderr


def test_a_page_needs_nothing_from_elsewhere():
    page = example("prodcons").to_html()
    assert not re.search(r'(?:src|href)\s*=|url\((?!#)|@import|https?://(?!www\.w3\.org/2000/svg)', page)
    assert "default-src 'none'" in page


def test_the_page_knows_whom_the_poller_woke_and_what_was_waited_for(page):  # noqa: F811
    def main():
        pipes, jobs, wg = [os.pipe() for _ in range(3)], newproc.Chan(), newproc.WaitGroup()
        newproc.set_name(jobs, "jobs")
        kept.append(jobs)  # names are those of the time when the trace is taken
        for read, _ in pipes:
            wg.go(newproc.wait_fd, read, newproc.READ)
        wg.go(jobs.recv)
        newproc.sleep(1)
        for _, write in pipes:
            os.write(write, b"x")
        newproc.sleep(1)
        jobs.send(1)
        wg.wait()
        for fd in (fd for pipe in pipes for fd in pipe):
            os.close(fd)

    kept = []
    run = newproc.run(main, procs=1, seed=1, trace=True)
    woken = [e for e in run.trace.events if e["kind"] == 21 and e["a"] == 0]
    assert {int(e["b"]) for e in woken} >= {2, 3}  # to the ring, and to be run next: not to runnext
    page.open(run.to_html())
    house, things = House(), things_of(run.trace)
    names, said = names_of(run.snapshot), []
    for i, e in enumerate(run.trace.events):
        house.apply(event(e))
        state = page.js("return document.querySelector('.np-viewer').newproc.state(arguments[0])", i)
        assert (state["runq"], state["hands"]) == (house.runq, house.hands)
        assert {p[0]: p[1:] for p in state["ps"]} == {p: [s.running, s.runnext, s.ring, s.m] for p, s in house.ps.items()}
        said.append(page.js("return document.querySelector('.np-viewer').newproc.words(arguments[0])", i))
        assert re.sub(r" \(object \d+\)", "", said[-1]) == sentence(event(e), names, things(i))
    assert any("waits: chan receive of jobs." in text for text in said)
    assert any(re.search(r"is woken by .*; it waited for jobs\.$", text) for text in said)
    assert page.complaints() == []


def test_the_page_steps_forward_and_back_with_the_right_queues(page):  # noqa: F811
    from selenium.webdriver.common.keys import Keys

    result = example("prodcons", procs=4, seed=3)
    page.open(result.to_html())
    assert page.text("h2") == "prodcons"
    house, names = House(), {str(g): name for g, name in result.names().items()}
    for i, e in enumerate(result.trace.events):
        house.apply(event(e))
        state = page.js("return document.querySelector('.np-viewer').newproc.state(arguments[0])", i)
        assert state["runq"] == house.runq and state["hands"] == house.hands and state["ended"] == house.ended
        assert dict(map(tuple, state["waiting"])) == house.waiting
        assert {p[0]: p[1:] for p in state["ps"]} == {p: [s.running, s.runnext, s.ring, s.m] for p, s in house.ps.items()}
        said = page.js("return document.querySelector('.np-viewer').newproc.words(arguments[0])", i)
        assert re.sub(r" \(object \d+\)", "", said) == sentence(event(e), {int(g): name for g, name in names.items()})
    step = "return Number(document.querySelector('.np-viewer').dataset.step)"
    for key, expected in ((Keys.END, len(result.trace) - 1), (Keys.ARROW_LEFT, len(result.trace) - 2), (Keys.HOME, 0), (Keys.ARROW_RIGHT, 1)):
        page.key(key)
        assert page.js(step) == expected
    page.key(Keys.HOME, "n")
    assert page.js(step) > 0
    assert page.text(".npv-said") == page.text("[aria-selected=true] span:last-child")
    assert page.complaints() == []


def test_a_million_events_open_zoom_and_step(page):  # noqa: F811
    many = newproc.Pattern({"bodies": [[["loop", 2500, [["loop", 100, [["go", 1]]], ["yield"]]]], [["mark", 1]]]})
    result = many.run(trace=1 << 20, limits={"log_bytes": 0, "nanos": 0})
    assert len(result.trace) > 700_000
    html = result.trace.to_html()
    assert len(html) < 24_000_000
    assert len(result.trace._repr_html_()) < 400_000
    page.open(html)
    page.key("n", "n", "+", "+", "+")
    assert "Timeline at step" in page.js("return document.querySelector('canvas').getAttribute('aria-label')")
    assert page.colours() > 4
    assert page.complaints() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_light_and_dark(page, dark):  # noqa: F811
    result = example("overflow", procs=1)
    page.open(result.to_html(), dark=dark)
    assert page.js("return getComputedStyle(document.querySelector('.np-viewer')).backgroundColor") == ("rgb(21, 24, 28)" if dark else "rgb(255, 255, 255)")
    assert page.colours() > 8
    assert page.js("return document.querySelectorAll('.npv-room').length") == 1
    page.open(f"<!doctype html><meta charset=utf-8><body>{result._repr_html_()}", dark=dark)
    assert page.js("return document.querySelectorAll('svg.np-timeline, svg.np-house').length") == 2
    assert page.complaints() == []


def test_a_hostile_text_runs_no_script(page):  # noqa: F811
    pattern = newproc.Pattern({"name": HOSTILE, "names": {"bodies": [HOSTILE, HOSTILE]}, "bodies": [[["go", 1], ["yield"], ["panic"]], [["mark", 1]]]})
    result = pattern.run(trace=True, snapshot=True)
    page.open(result.to_html())
    assert page.text("h2") == HOSTILE
    assert "onerror" in page.text(".npv-list")
    body = "<!doctype html><meta charset=utf-8><body>"
    for html in (result.to_html(), body + result._repr_html_(), body + result.trace.to_svg(names={1: HOSTILE}), result.snapshot.to_html(title=HOSTILE)):
        page.open(html)
        assert page.js("return window.hacked === undefined && document.images.length === 0")
        assert page.complaints() == []


def test_a_failure_opens_at_its_end_with_its_message(page):  # noqa: F811
    result = example("deadlock")
    page.open(result.to_html())
    assert "all goroutines are asleep - deadlock!" in page.text(".npv-message")
    assert page.js("return document.querySelector('.np-viewer').dataset.step") == str(len(result.trace) - 1)
    assert "chan receive" in page.text(".npv-cellar")


def test_the_widget_is_the_page(tmp_path):
    pytest.importorskip("anywidget")
    trace = example("prodcons").trace
    widget = trace.view(title="t")
    assert json.loads(widget.data)["trace"]["n"] == len(trace)
    assert "export default" in widget._esm and "mount(el" in widget._esm
