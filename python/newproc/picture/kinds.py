"""The numbers of newproc.h that pictures know by name, and their words."""

from __future__ import annotations

GOMAXPROCS, PROC_START, PROC_STOP, STW_START, STW_DONE = 4, 5, 6, 9, 10
CREATE, START, END, SCHED, PREEMPT, PARK, UNPARK = 13, 14, 15, 17, 18, 20, 21
SYSCALL, SYSEXIT, SYSBLOCK = 28, 29, 30
OVERFLOW, GLOBRUNQ_GET, STEAL, GFREE_SPILL, GFREE_REFILL, M_START, M_STOP, USER = 64, 65, 66, 67, 68, 69, 70, 71

FROM_RUNNEXT, FROM_RUNQ, FROM_GLOBAL, FROM_GLOBAL61, FROM_STEAL, FROM_LOCKED, FROM_PARK, FROM_SYSCALL, FROM_NETPOLL = range(9)
SOURCES = ("runnext", "its ring", "the global queue", "the global queue (61st tick)", "a theft", "its locked M", "a park taken back", "a system call", "the poller")
TO_RUNNEXT, TO_GLOBAL, TO_RUNQ, TO_RUN = range(4)

LEAVES = (END, SCHED, PREEMPT, PARK, SYSBLOCK, PROC_STOP)
"""After these a P runs nothing until the next start."""
NOTABLE = (OVERFLOW, STEAL, GFREE_SPILL, GFREE_REFILL, GLOBRUNQ_GET, M_START, STW_START, USER, SYSBLOCK)
"""What a reader looks for; parks and yields are everyday."""

WAITS = {0: "nothing", 2: "IO wait", 3: "chan receive (nil chan)", 4: "chan send (nil chan)", 9: "select", 10: "select (no cases)", 12: "GC sweep wait",
         13: "GC scavenge wait", 14: "chan receive", 15: "chan send", 16: "finalizer wait", 17: "force gc (idle)", 18: "semacquire", 19: "sleep",
         20: "sync.Cond.Wait", 21: "sync.Mutex.Lock", 22: "sync.RWMutex.RLock", 23: "sync.RWMutex.Lock", 28: "preempted", 31: "stopping the world"}
