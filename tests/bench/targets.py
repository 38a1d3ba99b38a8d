"""What issue-level speed claims ask for: times of one machine, and the ratios to Go 1.21 that must hold on every one."""

from typing import NamedTuple


class Target(NamedTuple):
    ns: float  # per operation, on the machine where the targets were set; W5: bytes
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
    ("W3", 1): Target(90, 275 / 90),
    ("W3", 2): Target(120, 306 / 120),
    ("W4", 1): Target(300, 1103 / 300),
    ("W4", 2): Target(300, 871 / 300),
    ("W4j", 1): Target(250, 1018 / 250),
    ("W4j", 2): Target(250, 687 / 250),
    ("W5", 1): Target(4600, 2694 / 4600),
    ("W5", 2): Target(4600, 2694 / 4600),
    ("W8", 1): Target(1000, 304 / 100),
    ("W8", 2): Target(1100, 324 / 110),
    ("W6", 1): Target(17, 33 / 17),
    ("W6", 2): Target(28, 40 / 28),
    ("W7", 1): Target(5, 6.6 / 5),
    ("W7", 2): Target(20, 39 / 20),
    ("W7y", 1): Target(100, 265 / 100),
    ("W7y", 2): Target(200, 469 / 200),
}

SPEEDUP = 1.8  # W5us: two Ps against one

OPERATIONS = {
    "W1": "a million spawned by one, waited for",
    "W1b": "10,000 batches of 100",
    "W2_2": "yield, 2 goroutines",
    "W2_1000": "yield, 1,000 goroutines",
    "W5us": "goroutines that compute for 5 us",
    "W3": "unbuffered ping-pong, round trip",
    "W4": "skynet, a million leaves over channels",
    "W4j": "skynet, a million leaves by joins",
    "W5": "100,000 parked on a channel, bytes each",
    "W8": "100,000 sleepers of 0 to 100 ms, CPU time each",
    "W6": "100 producers, 100 consumers, one channel of 100, an item",
    "W7": "1,000 goroutines, one mutex, lock and unlock",
    "W7y": "the same with a yield inside",
}
