"""A graceful shutdown: after a while a context is canceled, and workers finish what they have begun.

    python shutdown.py

Jobs that are waiting are refused, jobs that were handed over are done, and who takes longer than GRACE is cut off.
"""

from __future__ import annotations

import newproc
from newproc import Canceled, Chan, Context, Group

SHUTDOWN_AFTER = 0.05  # seconds
GRACE = 0.5


def worker(ctx: Context, jobs: Chan[int], done: list[int]) -> None:
    """Takes jobs until the context ends; the one in hand is finished."""
    while True:
        chosen = newproc.select(ctx.done.recv_case(), jobs.recv_case())
        if chosen.chosen == 0:
            return
        newproc.sleep(0.004)  # the work
        done.append(chosen.value)


def producer(ctx: Context, jobs: Chan[int], sent: list[int]) -> None:
    number = 0
    try:
        with ctx.guard():
            while True:
                jobs.send(number)
                sent.append(number)
                number += 1
    except Canceled:
        print("no new jobs")


def main() -> None:
    jobs: Chan[int] = Chan()
    sent: list[int] = []
    done: list[int] = []
    with Context() as ctx:
        newproc.go(lambda: (newproc.sleep(SHUTDOWN_AFTER), ctx.cancel()))
        with newproc.timeout(SHUTDOWN_AFTER + GRACE), Group() as group:  # the end of the group's block waits
            group.go(producer, ctx, jobs, sent)
            for _ in range(3):
                group.go(worker, ctx, jobs, done)
            ctx.done.recv_ok()
            print("shutting down")
    assert sorted(done) == sent  # nothing that was handed over is lost
    print("all jobs that were handed over are done")


if __name__ == "__main__":
    newproc.run(main)
