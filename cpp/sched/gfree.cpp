// gfree.cpp: free Gs and their stacks. Go: gfput, gfget, gfpurge, malg; proc.go:4619-4740, 4453
//
// Two sizes of stack. The nominal one is Go's (2048 bytes, or startingStackSize): the free lists compare
// it, so that they act as Go's under both policies. The real one comes from the pool, in equal strides:
// when it first runs (lazy) or with the nominal one (go).
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>

#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

/// How many the next slab is for: where there are many, whole huge pages, and a quarter of what there is, so that slabs
/// stay few.
std::uint32_t next_slab(std::uint32_t gs) {
  return gs < kHugeSlabGs ? kSlabGs : std::max(gs / 4 / kHugeSlabGs, 1u) * kHugeSlabGs;
}

/// Memory for the next Gs, and room for them on the global queue and lists, so that no put can fail.
bool add_slab(Sched& s) {
  if (s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0) return false;
  const std::uint32_t more = next_slab(s.slab_gs), gs = s.slab_gs + more;
  s.lock.lock();
  const bool queue = s.runq.reserve(gs);
  s.lock.unlock();
  s.gfree_lock.lock();
  const bool lists = s.gfree.reserve(gs);
  s.gfree_lock.unlock();
  const std::size_t bytes = sizeof(G) * more;
  const bool huge = more >= kHugeSlabGs;
  void* memory = queue && lists ? std::aligned_alloc(huge ? sizeof(G) * kHugeSlabGs : alignof(G), bytes) : nullptr;
  if (memory == nullptr) return false;
  if (huge) madvise(memory, bytes, MADV_HUGEPAGE);  // a hint: where many Gs pass by, each page is a miss of the TLB
  s.slab_next = static_cast<G*>(memory);
  s.slabs.push_back(s.slab_next);
  s.slab_left = more;
  s.slab_gs = gs;
  return true;
}

G* new_g(Sched& s) {
  s.slab_lock.lock();
  G* gp = nullptr;
  if (s.slab_left != 0 || add_slab(s)) {
    gp = new (s.slab_next++) G;
    --s.slab_left;
  }
  s.slab_lock.unlock();
  return gp;
}

// proc.go:562. Dead before it is published, so that whoever looks skips its stack.
void allgadd(Sched& s, G* gp) {
  if (readgstatus(gp) == RT_GIDLE) gothrow("allgadd: bad status Gidle");
  s.allg_lock.lock();
  s.allgs.push_back(gp);
  s.allg_lock.unlock();
}

void to_global(Sched& s, P* p, std::uint32_t keep) {
  s.gfree_lock.lock();
  gfree_spill(p->gfree, keep, s.gfree);
  s.gfree_lock.unlock();
}

/// From the global lists. Notes what the next call will take: gfget fetches that, a G each time.
void refill(M* m, Sched& s, P* p) {
  s.gfree_lock.lock();
  while (p->gfree.size < kGfreeLow) {
    G* gp = s.gfree.pop();
    if (gp == nullptr) break;
    p->gfree.push(gp);
  }
  p->gfree.nsoon = std::min(s.gfree.stack.size(), kGfreeLow);
  for (std::uint32_t i = 0; i < p->gfree.nsoon; ++i) p->gfree.soon[i] = s.gfree.stack.at(i);
  s.gfree_lock.unlock();
  emit(m, RT_EV_GFREE_REFILL, 0, p->gfree.size);
}

}  // namespace

G* malg(Sched& s, std::uint32_t size) {
  G* gp = new_g(s);
  if (gp == nullptr) return nullptr;
  gp->set_nominal_stack(std::bit_ceil(size));  // round2, stack.go:946
  casgstatus(gp, RT_GIDLE, RT_GDEAD);
  allgadd(s, gp);
  return gp;
}

/// Gives gp a stack of `size` nominal bytes; under the go policy, real memory too. False: none was given.
bool stackalloc(M* m, G* gp, std::uint32_t size) {
  if (m->sched->cfg.stack_policy == RT_STACK_GO && !gp->has(G::kStack)) {
    StackMem* stack = m->stacks.get(m->sched->pool);
    if (stack == nullptr) {
      gp->set_nominal_stack(0);
      return false;
    }
    gp->bind(stack);
  }
  gp->set_nominal_stack(size);
  return true;
}

void stackfree(M* m, G* gp) {
  gp->set_nominal_stack(0);
  StackMem* stack = gp->stack();
  if (stack == nullptr) return;
  gp->unbind();
  m->stacks.put(m->sched->pool, stack);
}

void gfput(M* m, P* p, G* gp) {
  if (readgstatus(gp) != RT_GDEAD) gothrow("gfput: bad status (not Gdead)");
  Sched& s = *m->sched;
  if (gp->nominal_stack() != s.starting_stack_size.load(std::memory_order_relaxed)) stackfree(m, gp);
  p->gfree.push(gp);
  if (p->gfree.size >= kGfreeHigh) {
    const std::uint32_t before = p->gfree.size;
    to_global(s, p, kGfreeLow - 1);
    emit(m, RT_EV_GFREE_SPILL, gp->goid, before - p->gfree.size);
  }
}

G* gfget(M* m, P* p) {
  Sched& s = *m->sched;
  while (p->gfree.empty() && s.gfree.n.load(std::memory_order_relaxed) != 0) refill(m, s, p);
  G* gp = p->gfree.pop();
  if (gp == nullptr) return nullptr;
  p->gfree.fetch_soon();
  const std::uint32_t want = s.starting_stack_size.load(std::memory_order_relaxed);
  const std::uint32_t has = gp->nominal_stack();
  if (__builtin_expect(has == want, 1)) return gp;
  if (has != 0) stackfree(m, gp);  // right when it was put
  if (stackalloc(m, gp, want)) return gp;
  p->gfree.push(gp);
  return nullptr;
}

void gfpurge(Sched& s, P* p) { to_global(s, p, 0); }

}  // namespace NEWPROC_NS
