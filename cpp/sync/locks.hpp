// locks.hpp: package sync on the structs of newproc.h. Their zero values are ready for use.
#pragma once
#include "newproc.h"

namespace NEWPROC_NS {

// mutex.cpp
rt_status mutex_lock(rt_mutex* l);       // [parks]
rt_status mutex_try_lock(rt_mutex* l);   // RT_EWOULDBLOCK
rt_status mutex_unlock(rt_mutex* l);     // [parks] in starvation mode

// rwmutex.cpp
rt_status rwmutex_lock(rt_rwmutex* l);   // [parks]
rt_status rwmutex_unlock(rt_rwmutex* l);
rt_status rwmutex_rlock(rt_rwmutex* l);  // [parks]
rt_status rwmutex_runlock(rt_rwmutex* l);
rt_status rwmutex_try_lock(rt_rwmutex* l);
rt_status rwmutex_try_rlock(rt_rwmutex* l);

// waitgroup.cpp
rt_status waitgroup_add(rt_waitgroup* w, std::int64_t n);
rt_status waitgroup_wait(rt_waitgroup* w);  // [parks]

// cond.cpp
rt_status cond_wait(rt_cond* c);  // [parks]
rt_status cond_wait_rw(rt_cond* c, rt_rwmutex* l, bool reads);  // [parks]: l, or the read side of it, instead of c's mutex
rt_status cond_signal(rt_cond* c);
rt_status cond_broadcast(rt_cond* c);

// once.cpp: enter true: the caller is the one that runs the function, and calls leave whatever happens in it
rt_status once_enter(rt_once* o, bool* run);  // [parks]
rt_status once_leave(rt_once* o);

}  // namespace NEWPROC_NS
