"""A rate limiter: requests go at a ticker's pace, after a burst that was saved up.

    python ratelimit.py [--sim]      --sim: on virtual time, which needs none

Without --sim the pace is the same, and the time is real.
"""

from __future__ import annotations

import sys

import newproc
from newproc import Chan, Ticker

PACE = 0.02  # seconds a request
BURST = 3
REQUESTS = 10


class Limiter:
    """Permissions in a buffered channel, one more at every tick, as long as there is room."""

    def __init__(self, pace: float, burst: int) -> None:
        self._permits: Chan[float] = Chan(burst)
        for _ in range(burst):
            self._permits.send(0.0)
        self._ticker = Ticker(pace)
        self._done: Chan[None] = Chan()
        newproc.go(self._fill)

    def _fill(self) -> None:
        while True:
            tick = newproc.select(self._ticker.chan.recv_case(), self._done.recv_case())
            if tick.chosen == 1:
                return
            self._permits.try_send(tick.value)  # no room: nobody asked for so long

    def wait(self) -> None:
        """Until the next request may go."""
        self._permits.recv()

    def stop(self) -> None:
        self._ticker.stop()
        self._done.close()


def main() -> None:
    began = newproc.nanotime()
    limiter = Limiter(PACE, BURST)
    times = []
    for request in range(REQUESTS):
        limiter.wait()
        times.append((newproc.nanotime() - began) / 1e9)
        print(f"request {request} at {times[-1] * 1000:6.1f} ms")
    limiter.stop()
    assert times[-1] >= (REQUESTS - BURST) * PACE


if __name__ == "__main__":
    newproc.run(main, seed=1 if "--sim" in sys.argv[1:] else None)
