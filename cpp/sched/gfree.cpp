// gfree.cpp: free Gs and their stacks. Go: gfput, gfget, gfpurge, malg; proc.go:4619-4740, 4453
//
// Two sizes of stack. The nominal one is Go's (2048 bytes, or startingStackSize): the free lists compare
// it, so that they act as Go's under both policies. The real one comes from the pool, in equal strides:
// when it first runs (lazy) or with the nominal one (go).
#include <bit>
#include <cstdlib>
#include <new>

#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::size_t kSlabGs = 512;

G* new_g(Sched& s) {
  s.allg_lock.lock();
  if (s.slabs.empty() || s.slab_used == kSlabGs) {
    void* memory = nullptr;
    if (s.cfg.fault == nullptr || s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) == 0)
      memory = std::aligned_alloc(alignof(G), sizeof(G) * kSlabGs);
    if (memory == nullptr) {
      s.allg_lock.unlock();
      return nullptr;
    }
    s.slabs.push_back(static_cast<G*>(memory));
    s.slab_used = 0;
  }
  G* gp = new (s.slabs.back() + s.slab_used++) G;
  s.allg_lock.unlock();
  return gp;
}

// proc.go:562. Dead before it is published, so that whoever looks skips its stack.
void allgadd(Sched& s, G* gp) {
  if (readgstatus(gp) == RT_GIDLE) gothrow("allgadd: bad status Gidle");
  s.allg_lock.lock();
  gp->allgs_index = static_cast<std::uint32_t>(s.allgs.size());
  s.allgs.push_back(gp);
  s.allg_lock.unlock();
}

void publish_size(P* p) { p->gfree_n.store(p->gfree.size, std::memory_order_relaxed); }

void to_global(Sched& s, P* p, std::uint32_t keep) {
  Queue<G> with_stack, without;
  gfree_spill(p->gfree, keep, with_stack, without);
  s.gfree_lock.lock();
  s.gfree.put(with_stack, without);
  s.gfree_lock.unlock();
  publish_size(p);
}

}  // namespace

G* malg(Sched& s, std::uint32_t size) {
  G* gp = new_g(s);
  if (gp == nullptr) return nullptr;
  gp->nominal_stack = std::bit_ceil(size);  // round2, stack.go:946
  casgstatus(gp, RT_GIDLE, RT_GDEAD);
  allgadd(s, gp);
  return gp;
}

/// Gives gp a stack of `size` nominal bytes; under the go policy, real memory too. False: none was given.
bool stackalloc(M* m, G* gp, std::uint32_t size) {
  if (m->sched->cfg.stack_policy == RT_STACK_GO && gp->stack == nullptr) {
    StackMem* stack = m->stacks.get(m->sched->pool);
    if (stack == nullptr) {
      gp->nominal_stack = 0;
      return false;
    }
    gp->stack = stack;
  }
  gp->nominal_stack = size;
  return true;
}

void stackfree(M* m, G* gp) {
  gp->nominal_stack = 0;
  if (gp->stack == nullptr) return;
  m->stacks.put(m->sched->pool, gp->stack);
  gp->stack = nullptr;
}

void gfput(M* m, P* p, G* gp) {
  if (readgstatus(gp) != RT_GDEAD) gothrow("gfput: bad status (not Gdead)");
  Sched& s = *m->sched;
  if (gp->nominal_stack != s.starting_stack_size.load(std::memory_order_relaxed)) stackfree(m, gp);
  p->gfree.push(gp);
  publish_size(p);
  if (p->gfree.size >= kGfreeHigh) {
    const std::uint32_t before = p->gfree.size;
    to_global(s, p, kGfreeLow - 1);
    emit(m, RT_EV_GFREE_SPILL, gp->goid, before - p->gfree.size);
  }
}

G* gfget(M* m, P* p) {
  Sched& s = *m->sched;
  while (p->gfree.empty() && s.gfree.n.load(std::memory_order_relaxed) != 0) {
    s.gfree_lock.lock();
    while (p->gfree.size < kGfreeLow) {
      G* gp = s.gfree.pop();
      if (gp == nullptr) break;
      p->gfree.push(gp);
    }
    s.gfree_lock.unlock();
    emit(m, RT_EV_GFREE_REFILL, 0, p->gfree.size);
  }
  G* gp = p->gfree.pop();
  publish_size(p);
  if (gp == nullptr) return nullptr;
  if (const G* next = p->gfree.head)  // a spawner takes it in a moment
    for (std::size_t at = 0; at < sizeof(G); at += 64) __builtin_prefetch(reinterpret_cast<const char*>(next) + at, 1);
  const std::uint32_t want = s.starting_stack_size.load(std::memory_order_relaxed);
  if (gp->nominal_stack != 0 && gp->nominal_stack != want) stackfree(m, gp);  // right when it was put
  if (gp->nominal_stack == 0 && !stackalloc(m, gp, want)) {
    p->gfree.push(gp);
    publish_size(p);
    return nullptr;
  }
  return gp;
}

void gfpurge(Sched& s, P* p) { to_global(s, p, 0); }

}  // namespace NEWPROC_NS
