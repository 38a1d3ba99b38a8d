#include "sync/sema.hpp"

#include "sync/enter.hpp"

namespace NEWPROC_NS {
namespace {

bool cansemacquire(std::uint32_t& addr) {
  auto word = shared(addr);
  for (std::uint32_t v = word.load(std::memory_order_relaxed); v > 0;)
    if (word.compare_exchange_weak(v, v - 1, std::memory_order_acq_rel, std::memory_order_relaxed)) return true;
  return false;
}

}  // namespace

void semacquire(M* m, std::uint32_t& addr, bool lifo, std::uint32_t reason, const void* object) {
  if (cansemacquire(addr)) return;
  SemaRoot& root = sema_root(*m->sched, &addr);
  for (;;) {
    root.lock.lock();
    root.nwait.fetch_add(1, std::memory_order_seq_cst);  // before the look: a releaser that sees 0 wakes nobody
    if (cansemacquire(addr)) {
      root.nwait.fetch_sub(1, std::memory_order_relaxed);
      root.lock.unlock();
      return;
    }
    SemaWaiter waiter;
    waiter.g = m->curg;
    root.waiters.put(&waiter, &addr, lifo);
    park(m, reason, object, [&root] { root.lock.unlock(); });
    if (waiter.handed_over || cansemacquire(addr)) return;
    m = getm();
  }
}

void semrelease(M* m, Sched& s, std::uint32_t& addr, bool handoff) {
  SemaRoot& root = sema_root(s, &addr);
  shared(addr).fetch_add(1, std::memory_order_seq_cst);
  if (root.nwait.load(std::memory_order_seq_cst) == 0) return;
  root.lock.lock();
  SemaWaiter* waiter = root.nwait.load(std::memory_order_relaxed) == 0 ? nullptr : root.waiters.take(&addr);
  if (waiter != nullptr) root.nwait.fetch_sub(1, std::memory_order_relaxed);
  root.lock.unlock();
  if (waiter == nullptr) return;
  const bool over = waiter->handed_over = handoff && cansemacquire(addr);
  wake(m, s, waiter->g);
  if (over && m->locks == 0) goyield();  // the waiter is runnext: it goes on in this time slice
}

}  // namespace NEWPROC_NS
