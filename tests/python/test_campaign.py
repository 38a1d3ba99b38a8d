"""Campaigns over executors."""

from __future__ import annotations

import pickle
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

import newproc

CROSSED = newproc.Pattern({"mutexes": 3, "waitgroups": 1,
                           "bodies": [[["add", 0, 3], ["go", 1], ["go", 2], ["go", 3], ["wait", 0]],
                                      [["lock", 0], ["lock", 1], ["unlock", 1], ["unlock", 0], ["done", 0]],
                                      [["lock", 1], ["lock", 2], ["unlock", 2], ["unlock", 1], ["done", 0]],
                                      [["lock", 2], ["lock", 0], ["unlock", 0], ["unlock", 2], ["done", 0]]]})


def lost_update():
    total, wg = newproc.Var(0, name="total"), newproc.WaitGroup()
    for _ in range(2):
        wg.go(total.update, lambda n: n + 1)
    wg.wait()
    if total.value != 2:
        raise AssertionError("an update is lost")  # pytest's own text of an assertion is another one in other processes


class Here(Executor):
    """Runs what it is given at once, and counts."""

    def __init__(self):
        self.runs = 0

    def submit(self, fn, /, *args, **kwargs):
        self.runs += 1
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:
            future.set_exception(error)
        return future


def told(done):
    return [(f.kind, f.goroutines, f.schedule, f.schedules, f.message) for f in done.findings], done.schedules, done.steps


OPTIONS = {"schedules": 1_050, "part": 100, "driver": "random", "seed": 7}


@pytest.mark.parametrize("program", [CROSSED, lost_update], ids=["pattern", "function"])
def test_what_is_found_depends_on_no_worker(program):
    alone = newproc.campaign(program, Here(), **OPTIONS)
    assert alone.schedules == 1_050
    assert alone.findings
    with ThreadPoolExecutor(3) as threads:
        assert told(newproc.campaign(program, threads, **OPTIONS)) == told(alone)
        assert told(newproc.campaign(program, threads, **OPTIONS, ahead=1)) == told(alone)
    for finding in alone.findings:
        assert finding.kind in [f.kind for f in newproc.replay(program, finding.schedule).findings]
    with ProcessPoolExecutor(2) as processes:
        assert told(newproc.campaign(program, processes, **OPTIONS)) == told(alone)
    if program is CROSSED:
        assert told(newproc.campaign(program, Here(), **{**OPTIONS, "seed": 8}))[2] != told(alone)[2]


def test_a_campaign_that_was_stopped_goes_on(tmp_path):
    class Stop(Exception):
        pass

    def stop(progress):
        seen.append(progress)
        if progress.done == 4:
            raise Stop

    seen = []
    whole = newproc.campaign(CROSSED, Here(), **OPTIONS)
    with pytest.raises(Stop):
        newproc.campaign(CROSSED, Here(), **OPTIONS, folder=tmp_path, on_progress=stop, ahead=1)
    assert [(p.done, p.parts, p.schedules) for p in seen] == [(n, 11, n * 100) for n in (1, 2, 3, 4)]
    rest = Here()
    assert told(newproc.campaign(CROSSED, rest, **OPTIONS, folder=tmp_path)) == told(whole)
    assert rest.runs == 7
    again = Here()
    assert told(newproc.campaign(CROSSED, again, **OPTIONS, folder=tmp_path)) == told(whole)
    assert again.runs == 0
    with pytest.raises(newproc.StateError, match="is of another campaign"):
        newproc.campaign(CROSSED, Here(), **{**OPTIONS, "seed": 8}, folder=tmp_path)


def test_first_starts_nothing_new():
    here = Here()
    done = newproc.campaign(CROSSED, here, **OPTIONS, first=True, ahead=1)
    assert done.findings
    assert here.runs < 11


def test_errors_of_workers_and_arguments():
    with pytest.raises(newproc.ArgumentError, match='there is no driver "nosuch"'):
        newproc.campaign(CROSSED, Here(), driver="nosuch")
    for name in ("schedules", "part", "ahead"):
        with pytest.raises(newproc.ArgumentError, match=f"{name} is 0; give 1 or more"):
            newproc.campaign(CROSSED, Here(), **{name: 0})
    with pytest.raises(newproc.ArgumentError, match="in a campaign drivers are names"):
        newproc.campaign(CROSSED, Here(), seconds=1)


def test_patterns_go_to_other_processes():
    assert pickle.loads(pickle.dumps(CROSSED)) == CROSSED


def test_a_dask_cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, distributed.Client(cluster) as client:
        for program in (CROSSED, lost_update):
            there, here = newproc.campaign(program, client.get_executor(), **OPTIONS), newproc.campaign(program, Here(), **OPTIONS)
            assert told(there) == told(here)
