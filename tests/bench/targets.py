"""What issue-level speed claims ask for: times of one machine, and the ratios to Go 1.21 that must hold on every one."""

from typing import NamedTuple


class Target(NamedTuple):
    ns: float  # per operation, on the machine where the targets were set
    ratio: float  # Go's time of the same run divided by newproc's


TARGETS = {
    ("W1", 1): Target(40, 27),
    ("W1b", 1): Target(40, 4.6),
    ("W2_2", 1): Target(12, 4.8),
    ("W2_1000", 1): Target(13, 6),
    ("W1", 2): Target(80, 3),
    ("W1b", 2): Target(80, 2.6),
    ("W2_2", 2): Target(16, 3.7),
    ("W2_1000", 2): Target(15, 5),
}

SPEEDUP = 1.8  # W5us: two Ps against one

OPERATIONS = {
    "W1": "a million spawned by one, waited for",
    "W1b": "10,000 batches of 100",
    "W2_2": "yield, 2 goroutines",
    "W2_1000": "yield, 1,000 goroutines",
    "W5us": "goroutines that compute for 5 us",
}
