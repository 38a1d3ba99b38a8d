"""The shapes of SCTBench's programs, as patterns with shared variables, and the table of how soon their bugs are found.

Each is written from the description of the program, at the sizes that the literature measures. A step is an access to a
shared variable or an operation of a lock; the published tools step at every load and store, so counts are to be
compared by their size. Repaired forms are there where the repair is short.
"""

from __future__ import annotations

import argparse
import math
import time

from explorer import Explorer
from notation import Bug, parse

NOT_RACES = 63 - 16
"""RT_FIND_ALL without races: what counts in the table is the failure itself, as in the literature."""


ACCOUNT = """bug account
  mutex mu
  var balance deposited withdrawn
  waitgroup wg
  expect assert
body main
  set balance 10
  add wg 3
  go deposit
  go withdraw
  go check
  wait wg
body deposit
  lock mu
  sum balance balance 5
  set deposited 1
  unlock mu
  done wg
body withdraw
  lock mu
  sum balance balance -3
  set withdrawn 1
  unlock mu
  done wg
body check
  lock mu
  if deposited == 1
    if withdrawn == 1
-     assert balance == 11
+     assert balance == 12
  unlock mu
  done wg
"""

LAZY01 = """bug lazy01
  mutex mu
  var data
  waitgroup wg
  expect assert
body main
  add wg 3
  go one
  go two
  go three
  wait wg
body one
  lock mu
  sum data data 1
  unlock mu
  done wg
body two
  lock mu
  sum data data 2
  unlock mu
  done wg
body three
  lock mu
- assert data < 3
+ assert data <= 3
  unlock mu
  done wg
"""

TOKEN_RING = """bug token_ring
  mutex mu
  var x1 x2 x3 done1 done2 done3
  waitgroup wg
  expect assert
body main
  add wg 4
  go first
  go second
  go third
  go check
  wait wg
body first
  lock mu
  sum x1 x3 1
  set done1 1
  unlock mu
  done wg
body second
  lock mu
  sum x2 x1 0
  set done2 1
  unlock mu
  done wg
body third
  lock mu
  sum x3 x2 0
  set done3 1
  unlock mu
  done wg
body check
  lock mu
  if done1 == 1
    if done2 == 1
      if done3 == 1
        assert x1 == x2
        assert x2 == x3
  unlock mu
  done wg
"""

BLUETOOTH = """bug bluetooth
  mutex mu
  var stopping event stopped
  atomic pending
  waitgroup wg
  expect assert
body main
  store pending 1
  add wg 2
  go stop
  go adder
  wait wg
body stop(; var left)
  set stopping 1
  atomic pending -1 left
  if left == 0
    set event 1
  if event == 1
    set stopped 1
  done wg
body adder(; var left, var may)
- if stopping == 0
-   atomic pending 1
-   set may 1
+ atomic pending 1
+ if stopping == 0
+   set may 1
  if may == 1
    assert stopped == 0
  atomic pending -1 left
  if left == 0
    set event 1
  done wg
"""

CARTER01 = """bug carter01
  mutex m l
  var a b
  waitgroup wg
  expect deadlock main first second
body main
  add wg 4
  go first
  go second
  go idle
  go idle
  wait wg
body first
  lock m
  inc a
  if a == 1
    lock l
  unlock m
  lock m
  sum a a -1
  if a == 0
    unlock l
  unlock m
  done wg
body second
- lock m
  inc b
  if b == 1
    lock l
- unlock m
- lock m
  sum b b -1
  if b == 0
    unlock l
- unlock m
  done wg
body idle
  done wg
"""

DEADLOCK01 = """bug deadlock01
  mutex a b
  var counter
  waitgroup wg
  expect deadlock main first second
body main
  add wg 2
  go first
  go second
  wait wg
body first
  lock a
  lock b
  inc counter
  unlock b
  unlock a
  done wg
body second
- lock b
  lock a
+ lock b
  inc counter
- unlock a
  unlock b
+ unlock a
  done wg
"""

STRINGBUFFER = """bug stringbuffer
  mutex one two
  var count
  waitgroup wg
  expect assert
body main
  set count 3
  add wg 1
  go eraser
  add wg 1
  go appender
  wait wg
body eraser
  lock two
  set count 0
  unlock two
  done wg
body appender(; var length)
  lock one
  lock two
  set length count
- unlock two
- lock two
  assert count >= length
  unlock two
  unlock one
  done wg
"""

STACK = """bug stack
  mutex mu
  var top flag
  waitgroup wg
  expect assert
body main
  add wg 2
  go pusher
  go popper
  wait wg
body pusher
  loop 5
    lock mu
    sum top top 1
    set flag 1
    unlock mu
  done wg
body popper
  loop 5
    lock mu
-   if flag == 1
+   if top > 0
      assert top > 0
      sum top top -1
    unlock mu
  done wg
"""

WORK_STEALING = """bug work_stealing_queue
  note The owner looks at head before it takes the last item away: a thief may have taken it, too.
  mutex mu
  atomic head tail taken0 taken1
  waitgroup wg
  expect assert
body main
  add wg 2
  go owner
  go thief
  wait wg
body owner(; var t, var h, var n)
  store tail 1
  load tail t
  sum t t 1
  store tail t
  loop 2
    func
      load tail t
      diff t t 1
-     load head h
      store tail t
+     load head h
      if h > t
        sum t t 1
        store tail t
        lock mu
        load head h
        load tail t
        if h >= t
          unlock mu
          return
        diff t t 1
        store tail t
        unlock mu
      if t == 0
        atomic taken0 1 n
        assert n == 1
      if t == 1
        atomic taken1 1 n
        assert n == 1
  done wg
body thief(; var t, var h, var n)
  loop 2
    func
      lock mu
      load head h
      sum n h 1
      store head n
      load tail t
      if h >= t
        store head h
        unlock mu
        return
      unlock mu
      if h == 0
        atomic taken0 1 n
        assert n == 1
      if h == 1
        atomic taken1 1 n
        assert n == 1
  done wg
"""


def reorder(n: int) -> str:
    """n - 1 set a and then b; one finds a set and b not yet."""
    return f"""bug reorder_{n}
  var a b
  waitgroup wg
  expect assert
body main
  loop {n - 1}
    add wg 1
    go setter
  add wg 1
  go checker
  wait wg
body setter
  set a 1
  set b -1
  done wg
body checker(; var x, var y)
  set x a
  set y b
  if x == 0
    assert y == 0
  else
    assert y == -1
  done wg
"""


def twostage(n: int) -> str:
    """n - 1 write two values under two locks, one after the other; one reads in between."""
    return f"""bug twostage{'' if n == 2 else f'_{n}'}
  mutex first second
  var one two
  waitgroup wg
  expect assert
body main
  loop {n - 1}
    add wg 1
    go writer
  add wg 1
  go reader
  wait wg
body writer
  lock first
  set one 1
  unlock first
  lock second
  sum two one 1
  unlock second
  done wg
body reader(; var x, var y)
  lock first
  if one == 0
    unlock first
    done wg
    return
  set x one
  unlock first
  lock second
  set y two
  unlock second
  sum x x 1
  assert y == x
  done wg
"""


def philosophers(n: int) -> str:
    """Each takes the left fork, then the right one."""
    forks = " ".join(f"f{i}" for i in range(n))
    starts = "".join(f"  go philosopher f{i} f{(i + 1) % n}\n" if i < n - 1 else f"- go philosopher f{i} f0\n+ go philosopher f0 f{i}\n" for i in range(n))
    return f"""bug din_phil{n}
  mutex {forks}
  waitgroup wg
  expect deadlock main philosopher*
body main
  add wg {n}
{starts}  wait wg
body philosopher(mutex left, mutex right)
  lock left
  lock right
  unlock right
  unlock left
  done wg
"""


def wronglock(name: str, others: int) -> str:
    """One counts under one lock, the others under another one."""
    return f"""bug {name}
  mutex right wrong
  var data
  waitgroup wg
  expect assert
body main
  add wg 1
  go owner
  loop {others}
    add wg 1
    go other
  wait wg
body owner(; var x)
  lock right
  set x data
  inc data
  sum x x 1
  assert data == x
  unlock right
  done wg
body other
- lock wrong
+ lock right
  inc data
- unlock wrong
+ unlock right
  done wg
"""


# PCT d=3, POS, RFF, PERIOD: mean schedules to the first bug; text: trials that found it of 20. From RFF's full-data.csv (ASPLOS '24) and PERIOD's results.
PUBLISHED: dict[str, tuple[str, str, str, str]] = {
    "account": ("8.6", "1.0", "1.0", "10.1"), "lazy01": ("10.2", "5.2", "6.4", "7.0"), "token_ring": ("7.7", "7.0", "5.1", "2.0"),
    "bluetooth": ("160.8", "72.2", "44.9", "9.0"), "carter01": ("5.2", "2.1", "1.9", "4.5"), "deadlock01": ("20.1", "4.3", "4.7", "3.0"),
    "stringbuffer": ("194.9", "17.8", "15.4", "26.9"), "stack": ("2.2", "2.0", "1.6", "8.0"), "work_stealing_queue": ("12.1", "10.1", "10.1", "57"),
    "wronglock": ("88.2", "1.0", "1.0", "4.3"), "wronglock_3": ("40.3", "1.0", "1.0", "5.0"),
    "twostage": ("8.9", "14.6", "8.2", "4.0"), "twostage_20": ("187.6", "185.4", "21.7", "76"), "twostage_50": ("849", "1,984 (19/20)", "35.1", "286"),
    "twostage_100": ("3,888 (6/20)", "0/20", "56.0", "690"), "reorder_3": ("241", "223", "6.7", "6.0"), "reorder_4": ("395", "1,464", "6.2", "9"),
    "reorder_5": ("1,126", "4,377 (17/20)", "5.8", "12"), "reorder_10": ("2,356", "0/20", "5.8", "27"), "reorder_20": ("2,128", "0/20", "5.8", "39"),
    "reorder_50": ("12,346 (7/20)", "0/20", "5.8", "129"), "reorder_100": ("7,447 (1/20)", "0/20", "5.8", "297"),
}


def programs() -> list[Bug]:
    """All of them."""
    texts = [ACCOUNT, LAZY01, TOKEN_RING, BLUETOOTH, CARTER01, DEADLOCK01, STRINGBUFFER, STACK, WORK_STEALING, wronglock("wronglock", 7), wronglock("wronglock_3", 3)]
    texts += [twostage(n) for n in (2, 20, 50, 100)] + [reorder(n) for n in (3, 4, 5, 10, 20, 50, 100)] + [philosophers(n) for n in range(2, 8)]
    return [bug for text in texts for bug in parse(text, "sctbench.py")]


def table(args: argparse.Namespace) -> int:
    """Mean schedules to the first bug over the seeds, beside the published numbers."""
    explorer = Explorer(args.lib)
    means: dict[str, float] = {}
    print(f"{args.driver}, {args.seeds} seeds, at most {args.schedules} schedules\n")
    print("| program | found | mean | PCT d=3 | POS | RFF | PERIOD | schedules/s |\n|---|---|---|---|---|---|---|---|")
    for bug in programs():
        if args.only and not any(word in bug.name for word in args.only):
            continue
        kinds = {kind for kind, _ in bug.expect}
        hits, ran, began = [], 0, time.monotonic()
        for seed in range(1, args.seeds + 1):
            done = explorer.search(bug.buggy, schedules=args.schedules, seed=seed, driver=args.driver, find=NOT_RACES, until=lambda f: f.kind in kinds)
            ran += done.schedules
            hits += [f.schedules for f in done.findings if f.kind in kinds][:1]
        rate = ran / (time.monotonic() - began)
        mean = sum(hits) / len(hits) if hits else math.inf
        if len(hits) == args.seeds:
            means[bug.name] = mean
        published = " | ".join(PUBLISHED.get(bug.name, ("", "", "", "")))
        print(f"| {bug.name} | {len(hits)}/{args.seeds} | {mean:.1f} | {published} | {rate:,.0f} |", flush=True)
    if means:
        print(f"\ngeometric mean over the {len(means)} that every seed found: {math.exp(sum(map(math.log, means.values())) / len(means)):.2f}")
        both = [name for name in means if name in PUBLISHED and "/" not in PUBLISHED[name][2]]
        rff = math.exp(sum(math.log(float(PUBLISHED[name][2].replace(",", ""))) for name in both) / len(both)) if both else math.nan
        ours = math.exp(sum(math.log(means[name]) for name in both) / len(both)) if both else math.nan
        print(f"over the {len(both)} of them that RFF's data has: {ours:.2f}, RFF {rff:.2f}")
    return 0
