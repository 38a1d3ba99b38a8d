// once.cpp: Once: who comes while the first is at it waits for the end. Go: sync/once.go
#include "sync/enter.hpp"
#include "sync/locks.hpp"
#include "sync/sema.hpp"

namespace NEWPROC_NS {

rt_status once_enter(rt_once* o, bool* run) {
  *run = false;
  const M* m = enter("rt_once_do", RT_OP_SYNC, &o->m);
  if (m == nullptr) return RT_EPLACE;
  if (shared(o->done).load(std::memory_order_acquire) != 0) {
    hb_acquire(m, o);
    return RT_OK;
  }
  if (const rt_status s = mutex_lock(&o->m); s != RT_OK) return s;
  *run = shared(o->done).load(std::memory_order_relaxed) == 0;
  return *run ? RT_OK : mutex_unlock(&o->m);
}

rt_status once_leave(rt_once* o) {
  hb_release(getm(), o);
  shared(o->done).store(1, std::memory_order_release);
  return mutex_unlock(&o->m);
}

}  // namespace NEWPROC_NS
