#include "sync/group.hpp"

#include <cstdio>
#include <new>

#include "sync/enter.hpp"
#include "sync/locks.hpp"

namespace NEWPROC_NS {
namespace {

/// One goroutine of a group.
struct Task {
  Group* group;
  rt_group_func fn;
  void* arg;
};

Group* as(rt_group* group) { return static_cast<Group*>(group); }

/// However fn ends: by its return, or because the goroutine exits and unwinds.
struct Leave {
  Group* g;
  ~Leave() {
    if (g->room != nullptr) chanrecv(g->room, nullptr, false, nullptr);
    waitgroup_add(&g->running, -1);
  }
};

void fail_with(Group* g, void* error) {
  if (g->failed.exchange(true, std::memory_order_acq_rel)) {
    if (g->error->drop != nullptr) g->error->drop(error);
    return;
  }
  g->error->value = error;
  g->has_error.store(true, std::memory_order_release);
  cancel(getm(), static_cast<CancelCtx*>(g->context), RT_ECANCELED, g->error);
}

void run_task(void* raw) {
  const Task task = *static_cast<Task*>(raw);
  static_cast<G*>(getm()->curg)->more.on_drop = nullptr;
  delete static_cast<Task*>(raw);
  const Leave leave{task.group};
  if (void* error = task.fn(task.arg); error != nullptr) fail_with(task.group, error);
}

void drop_task(void* raw) { delete static_cast<Task*>(raw); }

void free_group(rt_group* raw) {
  Group* g = as(raw);
  if (!g->has_error.load(std::memory_order_acquire)) g->error->drop = nullptr;  // there is nothing to drop
  release(g->error);
  release(static_cast<CancelCtx*>(g->context));
  if (g->room != nullptr) g->room->free(g->room);
  delete g;
}

rt_status check(const char* call, const M* m, const rt_group* group) {
  if (m->runtime == group->runtime) return RT_OK;
  return fail(RT_EPLACE, "%s: group belongs to another runtime than the calling goroutine", call);
}

rt_status start(M* m, Group* g, rt_group_func fn, void* arg, const void* callerpc) {
  auto* task = refused(*m->sched) ? nullptr : new (std::nothrow) Task{g, fn, arg};
  if (task == nullptr) return fail(RT_ENOMEM, "rt_group_go: the system gave no memory");
  rt_spawn spawn{};
  spawn.fn = run_task;
  spawn.arg = task;
  spawn.name = "errgroup.Group.Go";
  spawn.on_drop = drop_task;
  const rt_status status = newproc_ex(&spawn, callerpc, nullptr);
  if (status != RT_OK) delete task;
  return status;
}

}  // namespace

rt_status group_new(rt_context* parent, rt_func drop, rt_group** out) {
  M* m = enter("rt_group_new", RT_OP_LOCAL, nullptr);
  if (m == nullptr) return RT_EPLACE;
  if (parent != nullptr && parent->runtime != m->runtime)
    return fail(RT_EPLACE, "rt_group_new: parent belongs to another runtime than the calling goroutine");
  auto* g = refused(*m->sched) ? nullptr : new (std::nothrow) Group;
  Cause* error = g != nullptr ? make_cause(nullptr, drop) : nullptr;
  if (error == nullptr || make_cancel(*m->sched, parent, &g->context) != RT_OK) {
    delete error;
    delete g;
    return fail(RT_ENOMEM, "rt_group_new: the system gave no memory");
  }
  g->runtime = m->runtime;
  g->free = free_group;
  g->owner = m->sched;
  g->error = error;
  *out = g;
  return RT_OK;
}

rt_status group_set_limit(rt_group* group, std::int32_t n) {
  M* m = enter("rt_group_set_limit", RT_OP_SYNC, group);
  if (m == nullptr) return RT_EPLACE;
  Group* g = as(group);
  if (const rt_status s = check("rt_group_set_limit", m, group); s != RT_OK) return s;
  if (const std::size_t active = g->room != nullptr ? g->room->len(g->room) : 0; active != 0) {
    char text[128];
    std::snprintf(text, sizeof text, "errgroup: modify limit while %zu goroutines in the group are still active", active);
    return gopanic(m, text);
  }
  rt_chan* room = nullptr;
  if (n >= 0) {
    if (const rt_status s = make_chan(*m->sched, 0, static_cast<std::size_t>(n), &room); s != RT_OK) return s;
  }
  if (g->room != nullptr) g->room->free(g->room);
  g->room = room;
  return RT_OK;
}

rt_status group_go(rt_group* group, rt_group_func fn, void* arg, const void* callerpc, bool block) {
  M* m = enter(block ? "rt_group_go" : "rt_group_try_go", RT_OP_SYNC, group);
  if (m == nullptr) return RT_EPLACE;
  Group* g = as(group);
  if (const rt_status s = check(block ? "rt_group_go" : "rt_group_try_go", m, group); s != RT_OK) return s;
  if (g->room != nullptr)
    if (const rt_status s = chansend(g->room, nullptr, block); s != RT_OK) return s;
  waitgroup_add(&g->running, 1);
  const rt_status status = start(getm(), g, fn, arg, callerpc);
  if (status != RT_OK) const Leave as_if_it_had_run{g};
  return status;
}

rt_status group_wait(rt_group* group, void** error) {
  M* m = enter("rt_group_wait", RT_OP_SYNC, group);
  if (m == nullptr) return RT_EPLACE;
  Group* g = as(group);
  if (const rt_status s = check("rt_group_wait", m, group); s != RT_OK) return s;
  if (const rt_status s = waitgroup_wait(&g->running); s != RT_OK) return s;
  Cause* first = g->has_error.load(std::memory_order_acquire) ? g->error : nullptr;
  cancel(getm(), static_cast<CancelCtx*>(g->context), RT_ECANCELED, first);
  if (error != nullptr) *error = first != nullptr ? first->value : nullptr;
  return RT_OK;
}

}  // namespace NEWPROC_NS
