// gops.cpp: this world's table of what a goroutine can ask for.
#include "sched/direct.hpp"
#include "sched/sched.hpp"
#include "sync/chan.hpp"
#include "sync/context.hpp"
#include "sync/group.hpp"
#include "sync/fd.hpp"
#include "sync/locks.hpp"
#include "sync/timer.hpp"

namespace NEWPROC_NS {
namespace {

std::uint64_t goid() { return getm()->curg->goid; }
std::uint64_t parent_goid() { return getm()->curg->parent_goid; }
rt_g* getg() { return reinterpret_cast<rt_g*>(static_cast<G*>(getm()->curg)); }
void set_labels(void* labels) { getm()->curg->need_more().labels = labels; }
void* get_labels() { return getm()->curg->labels(); }
void set_name(const char* name) { getm()->curg->need_more().name = name; }
void catch_panics(bool on) {
  G* gp = getm()->curg;
  on ? gp->set(G::kCatch) : gp->unset(G::kCatch);
}
void set_preemptible(bool on) {
  G* gp = getm()->curg;
  on ? gp->unset(G::kHeld) : gp->set(G::kHeld);
}
bool preempt_due() {
  const M* m = getm();
  return m->curg->preempt.load(std::memory_order_relaxed) && m->locks == 0 && m->p != nullptr;
}
void trace_user(std::uint64_t a, std::uint64_t b) {
  M* m = getm();
  emit(m, RT_EV_USER, m->curg->goid, a, b);
}

std::uint32_t choose(std::uint32_t n) {
  M* m = getm();
  return directed(m) ? directed_choice(m, n) : m->rand.below(n);
}

}  // namespace

const GOps gops = {
    newproc,    gosched,        newproc_ex,   goyield,          goexit,       defer,             panic,       fatal,
    limit,      goid,           parent_goid,      getg,         checkpoint,        work,            set_labels,  get_labels,  set_name,
    gopark,     goready,        lock_os_thread,   unlock_os_thread, entersyscall,  entersyscallblock,
    exitsyscall, set_gomaxprocs, queues,          trace_user, access, say_site, choose,
    catch_panics,   set_preemptible, preempt_due,
    chansend,       chanrecv,        closechan,        select,
    mutex_lock,     mutex_try_lock,  mutex_unlock,
    rwmutex_lock,   rwmutex_unlock,  rwmutex_rlock,    rwmutex_runlock,  rwmutex_try_lock, rwmutex_try_rlock,
    waitgroup_add,  waitgroup_wait,  cond_wait,        cond_wait_rw,     cond_signal,      cond_broadcast,   once_enter,  once_leave,
    time_sleep,     after_func,      new_timer,
    make_deadline,  context_cancel,  after_context,
    group_new,      group_set_limit, group_go,         group_wait,
    fd_read,        fd_write,        fd_accept,        fd_connect,       fd_wait,          fd_set_deadline,  fd_close,  wait_fd,
};

}  // namespace NEWPROC_NS
