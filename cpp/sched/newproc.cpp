// newproc.cpp: the go statement. Go: newproc, newproc1, saveAncestors; proc.go:4472, 4490, 4586
#include <algorithm>
#include <memory>
#include <new>

#include "base/error.hpp"
#include "context/walk.hpp"
#include "sched/direct.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

// proc.go:4556. The cache belongs to the P; batches are claimed in the order in which Ps run dry.
std::uint64_t next_goid(Sched& s, P* p) {
  if (p->goidcache == p->goidcacheend) {
    const std::uint64_t last = s.goidgen.fetch_add(kGoidBatch, std::memory_order_relaxed) + kGoidBatch;
    p->goidcache = last - (kGoidBatch - 1);
    p->goidcacheend = p->goidcache + kGoidBatch;
  }
  return p->goidcache++;
}

// proc.go:4586. The caller first, then the caller's own ancestors, cut at the old end. Null: none, or no memory.
Ancestors* save_ancestors(std::uint32_t depth, const G* callergp, const void* callerpc) try {
  if (depth == 0 || callergp == nullptr || callergp->goid == 0) return nullptr;
  const void* pcs[Ancestor::kMostFrames];
  const std::size_t n = callers(callergp->stack(), callerpc, pcs, Ancestor::kMostFrames);
  auto list = std::make_unique<Ancestors>();
  list->push_back(std::make_shared<const Ancestor>(
      Ancestor{callergp->goid, callergp->gopc, callergp->file(), callergp->line(), std::vector<const void*>(pcs, pcs + n)}));
  if (const Ancestors* older = callergp->has(G::kMore) ? callergp->more.ancestors : nullptr; older != nullptr)
    list->insert(list->end(), older->begin(), older->begin() + std::min<std::ptrdiff_t>(depth - 1, std::ssize(*older)));
  return list.release();
} catch (const std::bad_alloc&) {
  return nullptr;
}

// proc.go:4549: one G in eight measures its first wait on the run queues. Go draws the start of the sequence;
// here a P deals them out in turn, so that of goroutines in one queue every eighth is due: the processor
// learns that pattern, and a switch that needs the time for the one that leaves needs it for the next, too.
void seed_tracking(M* m, P* p, G* gp) {
  gp->tracking_seq = p->tracking_seq++;
  if (gp->tracking_seq % kTrackingPeriod == 0) {
    gp->tracking = true;
    gp->tracking_stamp = m->sched->world.stamp();
  }
}

/// What few spawns bring along; most leave the second line of the G alone.
void fill_more(Sched& s, G* gp, const rt_spawn* spawn, const G* callergp, const void* callerpc, void* labels) {
  if (__builtin_expect(gp->has(G::kMore), 0)) {
    free_ancestors(gp);
    gp->unset(G::kMore);
  }
  if (spawn == nullptr && labels == nullptr && s.cfg.ancestors == 0) return;
  GMore& more = gp->need_more();
  more.labels = labels;
  if (s.cfg.ancestors != 0) more.ancestors = save_ancestors(s.cfg.ancestors, callergp, callerpc);
  if (spawn == nullptr) return;
  more.file = spawn->file;
  more.line = spawn->line;
  more.name = spawn->name;
  more.on_drop = spawn->on_drop;
}

}  // namespace

void free_ancestors(G* gp) {
  if (!gp->has(G::kMore)) return;
  delete gp->more.ancestors;
  gp->more.ancestors = nullptr;
}

void free_all_ancestors(Sched& s) {
  if (s.cfg.ancestors == 0) return;  // a pass over all Gs is a miss each
  for (G* gp : s.allgs) free_ancestors(gp);
}

// The numbers are the steps of cpp/README.md's table; null: no memory for a G or a stack.
G* newproc1(M* m, P* p, rt_func fn, void* arg, const rt_spawn* more, G* callergp, const void* callerpc) {
  Sched& s = *m->sched;
  acquirem(m);                                                          // 2
  G* newg = gfget(m, p);                                                // 3
  if (newg == nullptr) {                                                // 4
    newg = malg(s, kStackMin);
    if (newg == nullptr || (s.cfg.stack_policy == RT_STACK_GO && !stackalloc(m, newg, kStackMin))) {
      if (newg != nullptr) gfput(m, p, newg);
      releasem(m);
      return nullptr;
    }
  }
  if (newg->nominal_stack() == 0) gothrow("newproc1: newg missing stack");         // 5
  if (readgstatus(newg) != RT_GDEAD) gothrow("newproc1: new g is not Gdead");    // 6
  newg->ctx.store(kFresh, std::memory_order_relaxed);                            // 7-10: see exit.cpp
  newg->fn = fn;
  newg->set_arg(arg);
  newg->parent_goid = callergp != nullptr ? callergp->goid.get() : 0;            // 11
  newg->gopc = callerpc;
  const bool system = more != nullptr && (more->flags & RT_SPAWN_SYSTEM) != 0;   // 12
  void* labels = !system && m->curg != nullptr ? m->curg->labels() : nullptr;    // 13
  newg->goroutine_profiled =
      !system && s.profiling.load(std::memory_order_relaxed) != 0 ? G::kProfileSatisfied : G::kProfileAbsent;
  fill_more(s, newg, more, callergp, callerpc, labels);
  if (system) {
    newg->set(G::kSystem);
    s.ngsys.fetch_add(1, std::memory_order_relaxed);
  }
  seed_tracking(m, p, newg);                                                     // 14
  casgstatus(newg, RT_GDEAD, RT_GRUNNABLE);                                      // 15
  p->scannable.add(newg->nominal_stack());                                        // 16
  newg->goid = next_goid(s, p);                                                  // 17
  p->created.add(1);
#if NEWPROC_WORLD_SIM
  if (__builtin_expect(s.direction.director != nullptr, 0)) s.direction.director->spawned(newg->goid, newg->parent_goid, fn, arg);
#endif
  emit(m, RT_EV_GO_CREATE, newg->goid, newg->parent_goid, reinterpret_cast<std::uintptr_t>(fn));  // 19
  releasem(m);                                                                   // 20
  return newg;
}

bool admit(Sched& s) {
  if (__builtin_expect(s.cfg.max_goroutines == 0, 1)) return true;
  if (s.live.fetch_add(1, std::memory_order_relaxed) < s.cfg.max_goroutines) return true;
  s.live.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

namespace {

rt_status too_many(Sched& s) {
  return fail(RT_ELIMIT, "rt_newproc: %llu goroutines are alive; raise rt_config.max_goroutines or let some end",
              static_cast<unsigned long long>(s.cfg.max_goroutines));
}
rt_status no_memory(Sched& s) {
  if (s.cfg.max_goroutines != 0) s.live.fetch_sub(1, std::memory_order_relaxed);
  return fail(RT_ENOMEM, "rt_newproc: the system gave no memory for a goroutine; %zu stacks exist", s.pool.stacks());
}

inline rt_status spawn_on(M* m, rt_func fn, void* arg, const rt_spawn* more, const void* callerpc, std::uint64_t* goid) {
  operation(m);
  Sched& s = *m->sched;
  P* p = m->p;
  if (__builtin_expect(p == nullptr, 0))
    return fail(RT_EPLACE, "rt_newproc: not between rt_entersyscall and rt_exitsyscall: the goroutine has no P there");
  if (__builtin_expect(fn == nullptr, 0)) fatal("go of nil func value");  // 1; not recoverable, proc.go:4491
  if (__builtin_expect(!admit(s), 0)) return too_many(s);
  G* newg = newproc1(m, p, fn, arg, more, m->curg, callerpc);
  if (__builtin_expect(newg == nullptr, 0)) return no_memory(s);
  if (goid != nullptr) *goid = newg->goid;
  runqput(m, p, newg, true);
  if (s.main_started.load(std::memory_order_relaxed)) wakep(m);
  return RT_OK;
}

}  // namespace

[[gnu::flatten]] rt_status newproc(MHeader* m, rt_func fn, void* arg, const void* callerpc, std::uint64_t* goid) {
  return spawn_on(static_cast<M*>(m), fn, arg, nullptr, callerpc, goid);
}

rt_status newproc_ex(const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid) {
  return spawn_on(getm(), spawn->fn, spawn->arg, spawn, callerpc, goid);
}

}  // namespace NEWPROC_NS
