"""A Runtime against a model of Go's scheduler at one P: whatever the running goroutine does, queues, ticks and who runs next are the model's."""

from __future__ import annotations

from collections import deque

import newproc
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

RING = 256


class Model:
    """proc.go's queues: runqput:6194, runqputslow:6229, schedule:3548, globrunqget:5987."""

    def __init__(self):
        self.running, self.newest, self.tick = 1, 1, 0
        self.runnext, self.ring, self.globals = None, deque(), deque()
        self.receivers = [deque(), deque()]

    def put_next(self, g):
        kicked, self.runnext = self.runnext, g
        if kicked is not None:
            self.put_tail(kicked)

    def put_tail(self, g):
        if len(self.ring) < RING:
            return self.ring.append(g)
        self.globals.extend([self.ring.popleft() for _ in range(RING // 2)] + [g])

    def schedule(self):
        if self.tick % 61 == 0 and self.globals:
            self.running = self.globals.popleft()
        elif self.runnext is not None:
            self.running, self.runnext = self.runnext, None
            return  # it has the rest of the other's time: no tick
        elif self.ring:
            self.running = self.ring.popleft()
        else:
            take = min(len(self.globals), RING // 2)
            self.running, *rest = [self.globals.popleft() for _ in range(take)]
            self.ring.extend(rest)
        self.tick += 1

    def go(self):
        self.newest += 1
        self.put_next(self.newest)

    def gosched(self):
        self.globals.append(self.running)
        self.schedule()

    def goyield(self):
        self.put_tail(self.running)
        self.schedule()

    def recv(self, c):
        self.receivers[c].append(self.running)
        self.schedule()

    def send(self, c):
        self.put_next(self.receivers[c].popleft())

    def others(self):
        return self.runnext is not None or bool(self.ring) or bool(self.globals)


class RuntimeMachine(RuleBasedStateMachine):
    """Each rule is what the goroutine that runs does next. The run is stepped from outside, so that Hypothesis says what."""

    def __init__(self):
        super().__init__()
        self.model = Model()
        self.todo, self.idle = None, False
        self.runtime = newproc.Runtime(procs=1, seed=1, points=1)
        self.chans = [newproc.Chan(runtime=self.runtime) for _ in range(2)]
        self.runtime.begin(self.body)
        self.do(None)

    def body(self):
        """Of every goroutine: whichever runs takes what is to be done."""
        while True:
            while self.todo is None:
                self.idle = True
                newproc.checkpoint()
            do, self.todo = self.todo, None
            if do == "exit":
                return
            do()

    def do(self, what):
        """Step until it is done, and whoever runs then waits for more."""
        self.todo, self.idle = what, False
        while not self.idle:
            assert self.runtime.step()

    @rule(n=st.sampled_from([1, 1, 1, 2, 5, 255, 258]))
    def go(self, n):
        for _ in range(n):
            self.model.go()
        self.do(lambda: [newproc.go(self.body) for _ in range(n)])

    @rule()
    def gosched(self):
        self.model.gosched()
        self.do(newproc.gosched)

    @rule()
    def goyield(self):
        self.model.goyield()
        self.do(newproc.goyield)

    @precondition(lambda self: self.model.others())
    @rule(c=st.integers(0, 1))
    def recv(self, c):
        self.model.recv(c)
        self.do(self.chans[c].recv)

    @precondition(lambda self: any(self.model.receivers))
    @rule(c=st.integers(0, 1))
    def send(self, c):
        c = c if self.model.receivers[c] else 1 - c
        self.model.send(c)
        self.do(lambda: self.chans[c].send(None))

    @precondition(lambda self: self.model.running != 1 and self.model.others())
    @rule()
    def exit(self):
        self.model.schedule()
        self.do("exit")

    @invariant()
    def the_queues_are_the_models(self):
        shot, model = self.runtime.snapshot(), self.model
        (p,), (m, *_) = shot.ps, shot.ms
        assert (m.curg, p.runnext, p.runq, shot.runq, p.schedtick) == (
            model.running, model.runnext, tuple(model.ring), tuple(model.globals), model.tick)

    def teardown(self):
        self.runtime.abandon()
        self.runtime.close()


TestRuntime = RuntimeMachine.TestCase
TestRuntime.settings = settings(max_examples=30, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
