"""Skynet: a goroutine starts ten, each of which starts ten, down to the leaves; sums come back over channels.

    python skynet.py [LEAVES]      a power of ten, 10,000 by default
"""

from __future__ import annotations

import sys
import time

import newproc
from newproc import Chan

CHILDREN = 10


def node(up: Chan[int], first: int, leaves: int) -> None:
    """Send the sum of the numbers of the leaves below."""
    if leaves == 1:
        up.send(first)
        return
    results: Chan[int] = Chan()
    below = leaves // CHILDREN
    for i in range(CHILDREN):
        newproc.go(node, results, first + i * below, below)
    up.send(sum(results.recv() for _ in range(CHILDREN)))


def main(leaves: int) -> None:
    root: Chan[int] = Chan()
    began = time.perf_counter()
    newproc.go(node, root, 0, leaves)
    total = root.recv()
    took = time.perf_counter() - began
    assert total == leaves * (leaves - 1) // 2
    print(f"{leaves} leaves sum up to {total}: {took * 1e9 / leaves:,.0f} ns a leaf")


if __name__ == "__main__":
    newproc.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
