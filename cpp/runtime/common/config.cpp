// config.cpp: defaults, checks, and the choice of the world.
#include <sched.h>

#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/sanitizer.hpp"
#include "context/stack.hpp"
#include "runtime/make.hpp"
#include "runtime/runtime.hpp"

namespace newproc {
namespace {

constexpr std::size_t kKiB = 1024, kMiB = 1024 * 1024;
constexpr std::uint32_t kMostProcs = 1024, kMostMs = 10'000, kMostCost = 1'000'000'000;

std::uint32_t usable_cpus() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int n = CPU_COUNT(&set);
  return n < 1 ? 1 : static_cast<std::uint32_t>(n) < kMostProcs ? static_cast<std::uint32_t>(n) : kMostProcs;
}

rt_status range(const char* field, unsigned long long value, unsigned long long lo, unsigned long long hi) {
  if (value >= lo && value <= hi) return RT_OK;
  return fail(RT_EINVAL, "rt_config.%s is %llu; give %llu to %llu", field, value, lo, hi);
}

rt_status check_stacks(const rt_config& c) {
  if (!std::has_single_bit(c.stack_size) || c.stack_size < 16 * kKiB || c.stack_size > 64 * kMiB)
    return fail(RT_EINVAL, "rt_config.stack_size is %zu bytes; give a power of two from 16384 to 67108864", c.stack_size);
  if (c.guard_size % page_size() != 0 || c.guard_size >= c.stack_size / 2)
    return fail(RT_EINVAL, "rt_config.guard_size is %zu bytes; give a multiple of %zu below half of stack_size (%zu)",
                c.guard_size, page_size(), c.stack_size / 2);
  if (!std::has_single_bit(c.starting_stack_size) || c.starting_stack_size < 2048 || c.starting_stack_size > (1u << 30))
    return fail(RT_EINVAL, "rt_config.starting_stack_size is %u bytes; give a power of two from 2048 to 1073741824",
                c.starting_stack_size);
  return RT_OK;
}

rt_status check_sim_only(const rt_config& c) {
  if (c.world == RT_WORLD_SIM) return RT_OK;
  if (c.driver != nullptr)
    return fail(RT_EINVAL, "rt_config.driver is set but world is RT_WORLD_THREADS, where the machine decides; set world to RT_WORLD_SIM");
  if (c.max_steps != 0)
    return fail(RT_EINVAL, "rt_config.max_steps is %llu but world is RT_WORLD_THREADS, which has no steps; use max_nanos or RT_WORLD_SIM",
                static_cast<unsigned long long>(c.max_steps));
  if (c.max_nanos != 0 && c.sysmon == RT_SYSMON_OFF)
    return fail(RT_EINVAL, "rt_config.max_nanos is %llu but sysmon, which watches it, is off; leave sysmon on",
                static_cast<unsigned long long>(c.max_nanos));
  return RT_OK;
}

rt_status check_parallel(const rt_config& c) {
  const std::pair<const char*, std::uint32_t> costs[] = {{"cost_op", c.cost_op},       {"cost_switch", c.cost_switch}, {"cost_look", c.cost_look},
                                                         {"cost_steal", c.cost_steal}, {"cost_wake", c.cost_wake},     {"cost_syscall", c.cost_syscall}};
  for (const auto& [name, ns] : costs)
    if (const rt_status s = range(name, ns, 0, kMostCost); s != RT_OK) return s;
  if (c.parallel == 0) return RT_OK;
  if (c.world != RT_WORLD_SIM)
    return fail(RT_EINVAL, "rt_config.parallel is 1 but world is RT_WORLD_THREADS, whose machine is a real one; set world to RT_WORLD_SIM");
  if (c.driver != nullptr)
    return fail(RT_EINVAL, "rt_config.parallel is 1 and driver is set, but the clocks say which M moves; leave one of them out");
  if (c.points != RT_POINT_ALL)
    return fail(RT_EINVAL, "rt_config.points is %u, but with parallel every point is one where an earlier M may move; leave it at RT_POINT_ALL", c.points);
  return RT_OK;
}

}  // namespace

void default_config(rt_config& c) {
  c = rt_config{};
  c.struct_size = sizeof c;
  c.procs = usable_cpus();
  c.seed = 1;
  c.stack_size = kSanitized ? 256 * kKiB : 64 * kKiB;
  c.guard_size = page_size();
  c.starting_stack_size = 2048;
  c.max_ms = kMostMs;
  c.points = RT_POINT_ALL;
  c.log_level = -1;
  c.cost_op = 50;
  c.cost_switch = 50;
  c.cost_look = 5;
  c.cost_steal = 200;
  c.cost_wake = 5'000;
  c.cost_syscall = 100;
}

rt_status check_config(const rt_config& c) {
  rt_status s = RT_OK;
  const auto check = [&](const char* field, unsigned long long value, unsigned long long lo, unsigned long long hi) {
    if (s == RT_OK) s = range(field, value, lo, hi);
  };
  check("procs", c.procs, 1, kMostProcs);
  check("world", c.world, 0, RT_WORLD_SIM);
  check("boot", c.boot, 0, RT_BOOT_GO);
  check("stack_policy", c.stack_policy, 0, RT_STACK_GO);
  check("randomize", c.randomize, 0, 1);
  check("fp_modes", c.fp_modes, 0, 1);
  check("ancestors", c.ancestors, 0, 1000);
  check("max_ms", c.max_ms, 2, kMostMs);
  check("sysmon", c.sysmon, 0, RT_SYSMON_ON);
  check("points", c.points, 0, RT_POINT_ALL);
  check("trace_events", c.trace_events, 0, 1ull << 32);
  check("scheddetail", c.scheddetail, 0, 1);
  check("parallel", c.parallel, 0, 1);
  if (s == RT_OK && (c.log_level < -1 || c.log_level > RT_LOG_DEBUG))
    s = fail(RT_EINVAL, "rt_config.log_level is %d; give RT_LOG_OFF (0) to RT_LOG_DEBUG (4), or -1", c.log_level);
  if (s == RT_OK) s = check_stacks(c);
  if (s == RT_OK) s = check_sim_only(c);
  if (s == RT_OK) s = check_parallel(c);
  return s;
}

rt_runtime* make_runtime(const rt_config& config) {
  return config.world == RT_WORLD_SIM ? sim::make_instance(config) : thr::make_instance(config);
}

}  // namespace newproc
