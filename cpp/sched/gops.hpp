// gops.hpp: what a running goroutine can ask for, as a table that both worlds fill in (gops.cpp).
#pragma once
#include <cstdint>
#include <vector>

#include "newproc.h"

namespace newproc {

struct MHeader;

/// What a snap line shows: the caller's P and the global lists, by goid.
struct QueueView {
  std::uint64_t runnext = 0;  // 0: none
  std::vector<std::uint64_t> runq;
  std::vector<std::uint64_t> global;
  std::uint64_t next_goid = 0;  // that the P would give
  std::uint32_t schedtick = 0;
  std::uint32_t gfree = 0;
  std::uint32_t gfree_global = 0;
};

/// The operations of a running goroutine. Every function runs on the goroutine's own stack and may only
/// be called there; those marked [parks] can return on another OS thread.
struct GOps {
  // The two that are called most get the M that the caller has just looked up.
  rt_status (*newproc)(MHeader* m, rt_func fn, void* arg, const void* callerpc, std::uint64_t* goid);
  rt_status (*gosched)(MHeader* m);                               // [parks]; RT_EPLACE in a system call
  rt_status (*newproc_ex)(const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid);
  rt_status (*goyield)();                                         // [parks]
  void (*goexit)();                                               // does not return
  rt_status (*defer)(rt_func fn, void* arg);
  void (*panic)(const char* text);                                // does not return; text without "panic: "
  void (*fatal)(const char* text);                                // does not return
  void (*limit)(const char* text);                                // does not return: ends the run, RT_ELIMIT
  std::uint64_t (*goid)();
  std::uint64_t (*parent_goid)();
  rt_g* (*getg)();
  void (*checkpoint)();                                           // [parks] if preemption was asked for
  void (*set_labels)(void*);
  void* (*get_labels)();
  rt_status (*gopark)(rt_commit_func commit, void* arg, std::uint32_t reason);  // [parks]
  rt_status (*goready)(rt_g* g);
  rt_status (*lock_os_thread)();
  rt_status (*unlock_os_thread)();
  rt_status (*entersyscall)();
  rt_status (*entersyscallblock)();
  rt_status (*exitsyscall)();                                     // [parks]
  rt_status (*gomaxprocs)(std::uint32_t n, std::uint32_t* old);   // [parks]
  void (*queues)(QueueView& view);
  void (*trace_user)(std::uint64_t a, std::uint64_t b);
};

}  // namespace newproc
