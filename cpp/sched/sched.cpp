// sched.cpp: making and freeing the state of a runtime.
#include "sched/sched.hpp"

#include <cstdlib>
#include <mutex>

#include "context/overflow.hpp"
#include "sched/netpoll.hpp"

namespace NEWPROC_NS {
namespace {
OverflowInfo describe(const void* owner) {
  const auto* gp = static_cast<const G*>(owner);
  return {gp->goid, gp->file(), gp->line(), gp->gopc};
}
std::mutex all_scheds_mutex;

void link(Sched* s) {
  std::lock_guard lock(all_scheds_mutex);
  s->next_sched = all_scheds.load(std::memory_order_relaxed);
  all_scheds.store(s, std::memory_order_release);
}

void unlink(Sched* s) {
  std::lock_guard lock(all_scheds_mutex);
  Sched* first = all_scheds.load(std::memory_order_relaxed);
  if (first == s) {
    all_scheds.store(s->next_sched, std::memory_order_release);
    return;
  }
  while (first->next_sched != s) first = first->next_sched;
  first->next_sched = s->next_sched;
}
}  // namespace

std::atomic<Sched*> all_scheds{nullptr};

Sched::Sched(const rt_config& config, rt_runtime* owner)
    : cfg(config),
      runtime(owner),
      world(config),
      pool(config.stack_size, config.guard_size, config.fault, config.fault_arg),
      starting_stack_size(config.starting_stack_size) {
  log.open(config.log_level, config.log, config.log_arg);
  pool.describe = describe;
  watch_pool(&pool);
  link(this);
  start_ns = world.nanotime();
}

Sched::~Sched() {
  unlink(this);
  unwatch_pool(&pool);
  free_all_ancestors(*this);
  for (G* slab : slabs) std::free(slab);
  for (Sudog* slab : sudog_slabs) delete[] slab;
  for (PollDesc* slab : polldesc_slabs) delete[] slab;
  for (std::uint32_t i = 0; i < nallp; ++i) delete allp[i];
  for (trace::Ring* ring : rings) delete ring;
}

}  // namespace NEWPROC_NS
