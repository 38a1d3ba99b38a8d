// world.hpp: what the scheduler asks of the outside. sched/ names no thread, clock or random device; it
// uses the types below, and the file that is included decides what they are.
//
//   WorldM   what an M is underneath: an OS thread, or a context on the caller's thread
//   Lock     mutual exclusion among Ms; held for short stretches
//   Note     one-shot sleep and wakeup. Go: note, lock_futex.go
//   World    clock, sleep, seed, starting and ending Ms
//   point()  a named place where an M of the sim world can lose control; nothing with threads
#pragma once

#ifndef NEWPROC_WORLD_SIM
#error "compile scheduler sources through newproc_thr or newproc_sim"
#endif

#if NEWPROC_WORLD_SIM
#define NEWPROC_NS newproc::sim
#include "world/sim.hpp"
#else
#define NEWPROC_NS newproc::thr
#include "world/threads.hpp"
#endif
