// sched.cpp: making and freeing the state of a runtime.
#include "sched/sched.hpp"

#include <cstdlib>

#include "context/overflow.hpp"

namespace NEWPROC_NS {
namespace {
OverflowInfo describe(const void* owner) {
  const auto* gp = static_cast<const G*>(owner);
  return {gp->goid, gp->file, gp->line, gp->gopc};
}
}  // namespace

Sched::Sched(const rt_config& config, rt_runtime* owner)
    : cfg(config),
      runtime(owner),
      world(config),
      pool(config.stack_size, config.guard_size, config.fault, config.fault_arg),
      starting_stack_size(config.starting_stack_size) {
  log.open(config.log_level, config.log, config.log_arg);
  pool.describe = describe;
  watch_pool(&pool);
  start_ns = world.nanotime();
}

Sched::~Sched() {
  unwatch_pool(&pool);
  for (G* gp : allgs) free_ancestors(gp);
  for (G* slab : slabs) std::free(slab);
  for (std::uint32_t i = 0; i < nallp; ++i) delete allp[i];
  for (trace::Ring* ring : rings) delete ring;
}

}  // namespace NEWPROC_NS
