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
  void (*work)(std::uint64_t ns);                                 // [parks] if preemption was asked for
  void (*set_labels)(void*);
  void* (*get_labels)();
  void (*set_name)(const char*);                                  // kept, not copied
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

  /// A cell is about to be read or written (RT_OP_READ, ...): a point.
  void (*access)(const void* cell, std::uint32_t kind);                         // [parks]; RT_OP_SYNC: a point, and nothing more
  void (*say_site)(std::uint64_t site);
  std::uint32_t (*choose)(std::uint32_t n);                       // below n; a driver's decision, else random

  // cpp/sync. What Go panics at is RT_EPANIC for a goroutine that catches panics, and does not return otherwise.
  void (*catch_panics)(bool on);
  void (*set_preemptible)(bool on);
  bool (*preempt_due)();
  rt_status (*chansend)(rt_chan* c, const void* elem, bool block);             // [parks]
  rt_status (*chanrecv)(rt_chan* c, void* elem, bool block, int* ok);          // [parks]; ok: null, or set with RT_OK
  rt_status (*closechan)(rt_chan* c);
  rt_status (*select)(rt_case* cases, std::size_t n, bool block, std::size_t* chosen);  // [parks]
  rt_status (*mutex_lock)(rt_mutex* l);                                        // [parks]
  rt_status (*mutex_try_lock)(rt_mutex* l);
  rt_status (*mutex_unlock)(rt_mutex* l);                                      // [parks]
  rt_status (*rwmutex_lock)(rt_rwmutex* l);                                    // [parks]
  rt_status (*rwmutex_unlock)(rt_rwmutex* l);
  rt_status (*rwmutex_rlock)(rt_rwmutex* l);                                   // [parks]
  rt_status (*rwmutex_runlock)(rt_rwmutex* l);
  rt_status (*rwmutex_try_lock)(rt_rwmutex* l);
  rt_status (*rwmutex_try_rlock)(rt_rwmutex* l);
  rt_status (*waitgroup_add)(rt_waitgroup* w, std::int64_t n);
  rt_status (*waitgroup_wait)(rt_waitgroup* w);                                // [parks]
  rt_status (*cond_wait)(rt_cond* c);                                          // [parks]
  /// The same where what it locks is a side of a read-write lock.
  rt_status (*cond_wait_rw)(rt_cond* c, rt_rwmutex* l, bool reads);            // [parks]
  rt_status (*cond_signal)(rt_cond* c);
  rt_status (*cond_broadcast)(rt_cond* c);
  /// *run: the caller is the one that runs the function, and must call once_leave whatever happens in it.
  rt_status (*once_enter)(rt_once* o, bool* run);                              // [parks]
  rt_status (*once_leave)(rt_once* o);
  rt_status (*sleep)(std::int64_t ns);                                         // [parks]
  rt_status (*after_func)(std::int64_t ns, rt_func fn, void* arg, rt_timer** out);
  rt_status (*new_timer)(std::int64_t ns, bool ticker, rt_timer** out);
  rt_status (*context_deadline)(rt_context* parent, std::int64_t when, bool from_now, void* cause, rt_func drop, rt_context** out);
  rt_status (*context_cancel)(rt_context* c, void* cause, rt_func drop);
  rt_status (*context_after)(rt_context* c, rt_func fn, void* arg, const void* site, rt_context_func** out);
  rt_status (*group_new)(rt_context* parent, rt_func drop, rt_group** out);
  rt_status (*group_set_limit)(rt_group* group, std::int32_t n);
  rt_status (*group_go)(rt_group* group, rt_group_func fn, void* arg, const void* callerpc, bool block);  // [parks]
  rt_status (*group_wait)(rt_group* group, void** error);                      // [parks]

  rt_status (*fd_read)(rt_fd* f, void* buf, std::size_t len, std::size_t* done, int* error);         // [parks]
  rt_status (*fd_write)(rt_fd* f, const void* buf, std::size_t len, std::size_t* done, int* error);  // [parks]
  rt_status (*fd_accept)(rt_fd* f, sockaddr* addr, std::uint32_t* len, int* fd, int* error);         // [parks]
  rt_status (*fd_connect)(rt_fd* f, const sockaddr* addr, std::uint32_t len, int* error);            // [parks]
  rt_status (*fd_wait)(rt_fd* f, std::uint32_t event);                                               // [parks]
  rt_status (*fd_set_deadline)(rt_fd* f, std::int64_t when, std::uint32_t which);
  rt_status (*fd_close)(rt_fd* f);                                                                   // [parks]
  rt_status (*wait_fd)(int fd, std::uint32_t events, std::int64_t timeout_ns, std::uint32_t* ready, int* error);  // [parks]
};

}  // namespace newproc
