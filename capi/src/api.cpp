// api.cpp: newproc.h on rt_runtime: arguments are checked here, rules are not.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <unordered_set>

#include "base/names.hpp"
#include "base/objects.hpp"
#include "base/symbol.hpp"
#include "call.hpp"
#include "context/overflow.hpp"
#include "runtime/runtime.hpp"
#include "trace/names.hpp"
#include "trace/perfetto.hpp"
#include "trace/trace.hpp"

using namespace newproc;

namespace {

constexpr std::size_t kConfigSize = sizeof(rt_config);

/// Live runtimes: a handle that is not among them was deleted, or never was one.
struct Registry {
  std::mutex mutex;
  std::unordered_set<rt_runtime*> live;
  bool has(rt_runtime* rt) {
    std::lock_guard lock(mutex);
    return live.count(rt) != 0;
  }
};
Registry& registry() {
  static auto* all = new Registry;  // never destroyed: goroutines of other threads may outlive main
  return *all;
}

rt_status check_end(const char* call, const rt_end* end) {
  if (end != nullptr && end->struct_size != sizeof(rt_end) && end->struct_size != offsetof(rt_end, dump))
    return fail(RT_EINVAL, "%s: end->struct_size is %zu; set it to sizeof(rt_end), %zu", call, end->struct_size, sizeof(rt_end));
  return RT_OK;
}

}  // namespace

rt_status newproc::find_runtime(const char* call, rt_runtime*& rt) {
  if (rt == nullptr) {
    rt = rt_current();
    if (rt == nullptr)
      return fail(RT_EPLACE, "%s: rt is NULL and the caller is no goroutine; pass the runtime", call);
    return RT_OK;
  }
  if (!registry().has(rt))
    return fail(RT_EINVAL, "%s: rt (%p) is no live runtime; it was deleted, or rt_new never made it", call, static_cast<void*>(rt));
  return RT_OK;
}

extern "C" {

const char* rt_status_name(rt_status status) {
  switch (status) {
#define X(name, value, text) case name: return #name;
    RT_STATUS_MAP(X)
#undef X
  }
  return "RT_?";
}

const char* rt_strerror(rt_status status) {
  switch (status) {
#define X(name, value, text) case name: return text;
    RT_STATUS_MAP(X)
#undef X
  }
  return "no status of newproc";
}

const char* rt_last_error(void) { return last_error(); }
#define RT_TEXT_OF(x) #x
#define RT_TEXT(x) RT_TEXT_OF(x)
const char* rt_version(void) {
  return RT_TEXT(RT_VERSION_MAJOR) "." RT_TEXT(RT_VERSION_MINOR) "." RT_TEXT(RT_VERSION_PATCH);
}
const char* rt_wait_reason_name(uint32_t reason) { return rt_wait_reason_text(reason); }
const char* rt_g_status_name(uint32_t status) { return rt_g_status_text(status); }
const char* rt_event_name(uint32_t kind) { return trace::event_name(kind); }

rt_status rt_config_init(rt_config* cfg, size_t size) {
  if (cfg == nullptr) return null("rt_config_init", "cfg");
  if (size != kConfigSize)
    return fail(RT_EINVAL, "rt_config_init: size is %zu; pass sizeof(rt_config), %zu in this version", size, kConfigSize);
  default_config(*cfg);
  return RT_OK;
}

rt_status rt_new(const rt_config* cfg, rt_runtime** out) {
  if (out == nullptr) return null("rt_new", "out");
  rt_config config;
  if (cfg == nullptr) {
    default_config(config);
  } else {
    if (cfg->struct_size != kConfigSize)
      return fail(RT_EINVAL, "rt_new: cfg->struct_size is %zu; fill cfg with rt_config_init, which sets it to %zu",
                  cfg->struct_size, kConfigSize);
    config = *cfg;
  }
  if (const rt_status status = check_config(config); status != RT_OK) return status;
  return guarded("rt_new", [&] {
    if (config.fault != nullptr && config.fault(config.fault_arg, RT_FAULT_ALLOC) != 0) throw std::bad_alloc();
    install_overflow_handler();
    rt_runtime* rt = make_runtime(config);
    std::lock_guard lock(registry().mutex);
    registry().live.insert(rt);
    *out = rt;
    return RT_OK;
  });
}

rt_status rt_delete(rt_runtime* rt) {
  if (rt == nullptr) return RT_OK;
  if (current_ops() != nullptr) return inside("rt_delete");
  {
    std::lock_guard lock(registry().mutex);
    if (registry().live.count(rt) == 0)
      return fail(RT_EINVAL, "rt_delete: rt (%p) is no live runtime; it was deleted before", static_cast<void*>(rt));
    if (rt->running())
      return fail(RT_ESTATE, "rt_delete: the runtime is running; wait until rt_start_main returns, or call rt_abandon");
    registry().live.erase(rt);
  }
  delete rt;
  return RT_OK;
}

rt_status rt_start_main(rt_runtime* rt, rt_func fn, void* arg, rt_end* end) {
  const char* call = "rt_start_main";
  if (current_ops() != nullptr) return inside(call);
  if (rt == nullptr) return null(call, "rt");
  if (fn == nullptr) return null(call, "fn");
  if (const rt_status s = find_runtime(call, rt); s != RT_OK) return s;
  if (const rt_status s = check_end(call, end); s != RT_OK) return s;
  return guarded(call, [&] { return rt->start_main(fn, arg, end); });
}

rt_status rt_begin(rt_runtime* rt, rt_func fn, void* arg) {
  if (current_ops() != nullptr) return inside("rt_begin");
  if (rt == nullptr) return null("rt_begin", "rt");
  if (fn == nullptr) return null("rt_begin", "fn");
  if (const rt_status s = find_runtime("rt_begin", rt); s != RT_OK) return s;
  return guarded("rt_begin", [&] { return rt->begin(fn, arg); });
}

rt_status rt_step(rt_runtime* rt, uint64_t steps, int* over, rt_end* end) {
  if (current_ops() != nullptr) return inside("rt_step");
  if (rt == nullptr) return null("rt_step", "rt");
  if (over == nullptr) return null("rt_step", "over");
  if (steps == 0) return fail(RT_EINVAL, "rt_step: steps is 0; give how many scheduler steps to run");
  if (const rt_status s = find_runtime("rt_step", rt); s != RT_OK) return s;
  if (const rt_status s = check_end("rt_step", end); s != RT_OK) return s;
  return guarded("rt_step", [&] { return rt->step(steps, over, end); });
}

rt_status rt_abandon(rt_runtime* rt) {
  if (current_ops() != nullptr) return inside("rt_abandon");
  if (rt == nullptr) return null("rt_abandon", "rt");
  if (const rt_status s = find_runtime("rt_abandon", rt); s != RT_OK) return s;
  return guarded("rt_abandon", [&] { return rt->abandon(); });
}

rt_status rt_interrupt(rt_runtime* rt) {
  if (rt == nullptr) {
    rt = rt_current();
    if (rt == nullptr) return RT_EPLACE;
  }
  return rt->interrupt();  // no look at the registry: its lock is not async-signal-safe
}

rt_status rt_on_stop(rt_runtime* rt, rt_func fn, void* arg) {
  if (current_ops() != nullptr) return inside("rt_on_stop");
  if (rt == nullptr) return null("rt_on_stop", "rt");
  if (const rt_status s = find_runtime("rt_on_stop", rt); s != RT_OK) return s;
  return rt->on_stop(fn, arg);
}

rt_runtime* rt_current(void) {
  MHeader* m = current_m();
  return m != nullptr && m->ops != nullptr ? m->runtime : nullptr;
}

static rt_status newproc_from_outside(rt_runtime* rt, const rt_spawn* spawn, const void* pc, uint64_t* goid) {
  if (const rt_status s = find_runtime("rt_newproc", rt); s != RT_OK) return s;
  return guarded("rt_newproc", [&] { return rt->outside_newproc(spawn, pc, goid); });
}

[[gnu::noinline]] rt_status rt_newproc(rt_runtime* rt, rt_func fn, void* arg, uint64_t* goid) {
  MHeader* m = current_m();
  if (__builtin_expect(m == nullptr || m->ops == nullptr || (rt != nullptr && rt != m->runtime), 0)) {
    if (fn == nullptr && (m == nullptr || m->ops == nullptr)) return null("rt_newproc", "fn");
    if (m == nullptr && rt != nullptr) {
      rt_spawn spawn{};
      spawn.fn = fn;
      spawn.arg = arg;
      return newproc_from_outside(rt, &spawn, __builtin_return_address(0), goid);
    }
    const GOps* ops;
    return ops_of("rt_newproc", rt, ops);
  }
  return m->ops->newproc(m, fn, arg, __builtin_return_address(0), goid);
}

[[gnu::noinline]] rt_status rt_newproc_ex(rt_runtime* rt, const rt_spawn* spawn, uint64_t* goid) {
  if (spawn == nullptr) return null("rt_newproc_ex", "spawn");
  if (spawn->struct_size != sizeof(rt_spawn))
    return fail(RT_EINVAL, "rt_newproc_ex: spawn->struct_size is %zu; set it to sizeof(rt_spawn), %zu", spawn->struct_size,
                sizeof(rt_spawn));
  if ((spawn->flags & ~std::uint32_t{RT_SPAWN_SYSTEM}) != 0)
    return fail(RT_EINVAL, "rt_newproc_ex: spawn->flags is %#x; RT_SPAWN_SYSTEM (1) is the only flag", spawn->flags);
  if (spawn->fn == nullptr && current_ops() == nullptr) return null("rt_newproc_ex", "spawn->fn");
  if (current_m() == nullptr && rt != nullptr) return newproc_from_outside(rt, spawn, __builtin_return_address(0), goid);
  const GOps* ops;
  if (const rt_status s = ops_of("rt_newproc_ex", rt, ops); s != RT_OK) return s;
  return ops->newproc_ex(spawn, __builtin_return_address(0), goid);
}

rt_status rt_gosched(void) {
  MHeader* m = current_m();
  if (__builtin_expect(m == nullptr || m->ops == nullptr, 0)) return outside("rt_gosched");
  return m->ops->gosched(m);
}
rt_status rt_goyield(void) {
  RT_IN_GOROUTINE("rt_goyield");
  return ops->goyield();
}
rt_status rt_goexit(void) {
  RT_IN_GOROUTINE("rt_goexit");
  ops->goexit();
  return RT_OK;
}
rt_status rt_defer(rt_func fn, void* arg) {
  RT_IN_GOROUTINE("rt_defer");
  if (fn == nullptr) return null("rt_defer", "fn");
  return ops->defer(fn, arg);
}
rt_status rt_panic(const char* text) {
  RT_IN_GOROUTINE("rt_panic");
  ops->panic(text != nullptr ? text : "nil");
  return RT_OK;
}
rt_status rt_fatal(const char* text) {
  RT_IN_GOROUTINE("rt_fatal");
  ops->fatal(text != nullptr ? text : "nil");
  return RT_OK;
}
uint64_t rt_goid(void) {
  const GOps* ops = current_ops();
  return ops != nullptr ? ops->goid() : 0;
}
rt_g* rt_getg(void) {
  const GOps* ops = current_ops();
  return ops != nullptr ? ops->getg() : nullptr;
}
rt_status rt_checkpoint(void) {
  RT_IN_GOROUTINE("rt_checkpoint");
  ops->checkpoint();
  return RT_OK;
}
rt_status rt_work(uint64_t ns) {
  RT_IN_GOROUTINE("rt_work");
  ops->work(ns);
  return RT_OK;
}
rt_status rt_set_preemptible(int on) {
  RT_IN_GOROUTINE("rt_set_preemptible");
  ops->set_preemptible(on != 0);
  return RT_OK;
}
int rt_preempt_due(void) {
  const GOps* ops = current_ops();
  return ops != nullptr && ops->preempt_due() ? 1 : 0;
}
rt_status rt_set_labels(void* labels) {
  RT_IN_GOROUTINE("rt_set_labels");
  ops->set_labels(labels);
  return RT_OK;
}
rt_status rt_set_goroutine_name(const char* name) {
  RT_IN_GOROUTINE("rt_set_goroutine_name");
  ops->set_name(name);
  return RT_OK;
}
void* rt_get_labels(void) {
  const GOps* ops = current_ops();
  return ops != nullptr ? ops->get_labels() : nullptr;
}
rt_status rt_gopark(rt_commit_func commit, void* arg, uint32_t reason) {
  RT_IN_GOROUTINE("rt_gopark");
  if (reason >= RT_WAIT_REASONS)
    return fail(RT_EINVAL, "rt_gopark: reason is %u; give an RT_WAIT_* number below %d", reason, RT_WAIT_REASONS);
  return ops->gopark(commit, arg, reason);
}
rt_status rt_goready(rt_g* g) {
  RT_IN_GOROUTINE("rt_goready");
  if (g == nullptr) return null("rt_goready", "g");
  return ops->goready(g);
}
rt_status rt_lock_os_thread(void) {
  RT_IN_GOROUTINE("rt_lock_os_thread");
  return ops->lock_os_thread();
}
rt_status rt_unlock_os_thread(void) {
  RT_IN_GOROUTINE("rt_unlock_os_thread");
  return ops->unlock_os_thread();
}
rt_status rt_entersyscall(void) {
  RT_IN_GOROUTINE("rt_entersyscall");
  return ops->entersyscall();
}
rt_status rt_entersyscallblock(void) {
  RT_IN_GOROUTINE("rt_entersyscallblock");
  return ops->entersyscallblock();
}
rt_status rt_exitsyscall(void) {
  RT_IN_GOROUTINE("rt_exitsyscall");
  return ops->exitsyscall();
}

rt_status rt_gomaxprocs(rt_runtime* rt, uint32_t n, uint32_t* old) {
  if (n > 1024) return fail(RT_EINVAL, "rt_gomaxprocs: n is %u; give 1 to 1024, or 0 to ask", n);
  if (n == 0) {
    if (const rt_status s = find_runtime("rt_gomaxprocs", rt); s != RT_OK) return s;
    if (old != nullptr) *old = rt->gomaxprocs();
    return RT_OK;
  }
  const GOps* ops;
  if (const rt_status s = ops_of("rt_gomaxprocs", rt, ops); s != RT_OK) return s;
  return ops->gomaxprocs(n, old);
}

rt_status rt_set_starting_stack_size(rt_runtime* rt, uint32_t bytes) {
  if (bytes < 2048 || bytes > (1u << 30) || (bytes & (bytes - 1)) != 0)
    return fail(RT_EINVAL, "rt_set_starting_stack_size: bytes is %u; give a power of two from 2048 to 1073741824", bytes);
  if (const rt_status s = find_runtime("rt_set_starting_stack_size", rt); s != RT_OK) return s;
  return rt->set_starting_stack_size(bytes);
}

rt_status rt_stats(rt_runtime* rt, rt_stats_t* stats) {
  if (stats == nullptr) return null("rt_stats", "stats");
  if (stats->struct_size != sizeof(rt_stats_t))
    return fail(RT_EINVAL, "rt_stats: stats->struct_size is %zu; set it to sizeof(rt_stats_t), %zu", stats->struct_size,
                sizeof(rt_stats_t));
  if (const rt_status s = find_runtime("rt_stats", rt); s != RT_OK) return s;
  return rt->stats(stats);
}

rt_status rt_snapshot_take(rt_runtime* rt, rt_snapshot** out) {
  if (out == nullptr) return null("rt_snapshot_take", "out");
  if (const rt_status s = find_runtime("rt_snapshot_take", rt); s != RT_OK) return s;
  return guarded("rt_snapshot_take", [&] { return rt->snapshot(out); });
}
void rt_snapshot_free(rt_snapshot* snapshot) { delete static_cast<SnapshotStore*>(snapshot); }

rt_status rt_set_name(const void* object, const char* name) {
  if (object == nullptr) return null("rt_set_name", "object");
  if (!name_object(object, name)) return fail(RT_ENOMEM, "rt_set_name: the system gave no memory for the name");
  return RT_OK;
}

rt_status rt_dump(rt_runtime* rt, int fd) {
  if (fd < 0) return fail(RT_EINVAL, "rt_dump: fd is %d; give an open file descriptor", fd);
  if (const rt_status s = find_runtime("rt_dump", rt); s != RT_OK) return s;
  return guarded("rt_dump", [&] {
    const rt_status s = rt->dump(fd);
    return s == RT_EIO ? fail(s, "rt_dump: writing to fd %d failed; is it open for writing?", fd) : s;
  });
}

rt_status rt_trace_take(rt_runtime* rt, rt_trace** out) {
  if (out == nullptr) return null("rt_trace_take", "out");
  if (const rt_status s = find_runtime("rt_trace_take", rt); s != RT_OK) return s;
  return guarded("rt_trace_take", [&] { return rt->trace(out); });
}
void rt_trace_free(rt_trace* trace) { delete static_cast<trace::TraceStore*>(trace); }

rt_status rt_trace_write_perfetto(const rt_trace* trace, const char* path) {
  if (trace == nullptr) return null("rt_trace_write_perfetto", "trace");
  if (path == nullptr) return null("rt_trace_write_perfetto", "path");
  return guarded("rt_trace_write_perfetto", [&] { return trace::write_perfetto(*trace, path); });
}

rt_status rt_trace_user(uint64_t a, uint64_t b) {
  RT_IN_GOROUTINE("rt_trace_user");
  ops->trace_user(a, b);
  return RT_OK;
}

}  // extern "C"
