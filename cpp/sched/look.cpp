// look.cpp: counters and snapshots. Nothing here changes what a run does.
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <new>
#include <set>
#include <unordered_map>

#include "base/error.hpp"
#include "base/objects.hpp"
#include "base/symbol.hpp"
#include "sched/sched.hpp"
#include "trace/trace.hpp"

namespace NEWPROC_NS {
namespace {

// In the sim world nobody moves while one looks, and looking is no point: it changes no schedule.
void look_lock(Lock& lock) {
  if constexpr (!kSim) lock.lock();
}
void look_unlock(Lock& lock) {
  if constexpr (!kSim) lock.unlock();
}

/// The arrays of a snapshot, in one object that rt_snapshot_free deletes.
struct OwnedSnapshot final : SnapshotStore {
  std::vector<rt_g_info> gs;
  std::vector<rt_p_info> ps;
  std::vector<rt_m_info> ms;
  std::vector<std::uint64_t> runq, gfree_stack, gfree_nostack;
  std::vector<std::vector<std::uint64_t>> lists;  // rings and ancestors
  std::vector<std::int32_t> pidle;
  std::vector<rt_wait_info> waits;
  std::deque<std::string> names;
};

template <class List>
void goids(const List& list, std::vector<std::uint64_t>& out) {
  for (std::uint32_t i = 0; i < list.size(); ++i) out.push_back(list.at(i)->goid);
}

rt_g_info look_at(const Sched& s, const G* gp, OwnedSnapshot& store) {
  rt_g_info info{};
  info.goid = gp->goid;
  info.parent_goid = gp->parent_goid;
  info.status = readgstatus(gp);
  info.wait_reason = gp->waitreason;
  const M* m = m_of(s, gp);
  info.m = m != nullptr ? m->id : -1;
  if (gp->system()) info.flags |= RT_G_SYSTEM;
  if (gp->has(G::kLocked)) info.flags |= RT_G_LOCKED;
  if (gp->has(G::kStack)) info.flags |= RT_G_STACK;
  if (gp->preempt.load(std::memory_order_relaxed)) info.flags |= RT_G_PREEMPT;
  if (gp->tracking) info.flags |= RT_G_TRACKING;
  info.line = gp->line();
  info.stack_size = gp->nominal_stack();
  const char* file = gp->file();
  info.file = file != nullptr ? file : "";
  info.gopc = file != nullptr ? nullptr : static_cast<const void*>(gp->gopc);
  const rt_func fn = gp->fn;
  info.startpc = reinterpret_cast<const void*>(fn);
  const char* name = gp->name();
  info.name = name != nullptr ? name : symbol_name(info.startpc);
  info.labels = gp->labels();
  if (const Ancestors* list = gp->has(G::kMore) ? gp->more.ancestors : nullptr; list != nullptr) {
    auto& goids = store.lists.emplace_back();
    for (const auto& ancestor : *list) goids.push_back(ancestor->goid);
    info.ancestors = goids.data();
    info.nancestors = goids.size();
  }
  return info;
}

rt_wait_info wait_of(const Sched& s, const G* gp, OwnedSnapshot& store) {
  rt_wait_info info{nullptr, "", 0};
  const StackMem* stack = readgstatus(gp) == RT_GWAITING ? stack_of(s, gp) : nullptr;
  if (stack == nullptr) return info;
  info.object = stack->wait_object;
  info.since = stack->wait_since;
  if (info.object == nullptr || named_count.load(std::memory_order_relaxed) == 0) return info;
  if (std::string name = object_name(info.object); !name.empty()) info.name = store.names.emplace_back(std::move(name)).c_str();
  return info;
}

rt_p_info look_at(const P* p, OwnedSnapshot& store) {
  rt_p_info info{};
  info.id = p->id;
  info.status = p->status.load(std::memory_order_relaxed);
  const M* m = p->m;
  info.m = m != nullptr ? m->id : -1;
  info.schedtick = p->schedtick.load(std::memory_order_relaxed);
  info.syscalltick = p->syscalltick.load(std::memory_order_relaxed);
  info.gfree = p->gfree.size;
  const G* next = p->runq.runnext();
  info.runnext = next != nullptr ? static_cast<std::uint64_t>(next->goid) : 0;
  store.lists.emplace_back();
  p->runq.each([&](const G* gp) {
    if (gp != nullptr) store.lists.back().push_back(gp->goid);
  });
  info.runq = store.lists.back().data();
  info.nrunq = store.lists.back().size();
  info.goidcache = p->goidcache;
  info.goidcacheend = p->goidcacheend;
  return info;
}

rt_m_info look_at(const M* m) {
  rt_m_info info{};
  info.id = m->id;
  const P* p = m->p;
  info.p = p != nullptr ? p->id : -1;
  const G* curg = m->curg;
  info.curg = curg != nullptr ? static_cast<std::uint64_t>(curg->goid) : 0;
  const G* lockedg = m->lockedg;
  info.lockedg = lockedg != nullptr ? static_cast<std::uint64_t>(lockedg->goid) : 0;
  info.locks = m->locks;
  info.spinning = m->spinning;
  info.blocked = m->blocked;
  info.idle = m->idle;
  return info;
}

void fill(Sched& s, OwnedSnapshot& o) {
  look_lock(s.lock);
  look_lock(s.gfree_lock);
  look_lock(s.allg_lock);
  o.lists.reserve(s.allgs.size() + s.nallp);
  for (const G* gp : s.allgs) {
    o.gs.push_back(look_at(s, gp, o));
    o.waits.push_back(wait_of(s, gp, o));
  }
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < n; ++i) o.ps.push_back(look_at(s.allp[i], o));
  for (const M* m = s.allm.load(std::memory_order_acquire); m != nullptr; m = m->alllink)
    if (!m->ended) o.ms.push_back(look_at(m));
  goids(globrunq(s), o.runq);
  goids(s.gfree.stack, o.gfree_stack);
  goids(s.gfree.no_stack, o.gfree_nostack);
  for (const P* p = s.pidle; p != nullptr; p = p->link) o.pidle.push_back(p->id);
  look_unlock(s.allg_lock);
  look_unlock(s.gfree_lock);
  look_unlock(s.lock);
}

void publish(Sched& s, OwnedSnapshot& o) {
  o.struct_size = sizeof(rt_snapshot);
  o.nanotime = s.world.nanotime();
  o.rt_snapshot::gs = o.gs.data(), o.ngs = o.gs.size();
  o.rt_snapshot::waits = o.waits.data();
  o.rt_snapshot::ps = o.ps.data(), o.nps = o.ps.size();
  o.rt_snapshot::ms = o.ms.data(), o.nms = o.ms.size();
  o.rt_snapshot::runq = o.runq.data(), o.nrunq = o.runq.size();
  o.rt_snapshot::gfree_stack = o.gfree_stack.data(), o.ngfree_stack = o.gfree_stack.size();
  o.rt_snapshot::gfree_nostack = o.gfree_nostack.data(), o.ngfree_nostack = o.gfree_nostack.size();
  o.rt_snapshot::pidle = o.pidle.data(), o.npidle = o.pidle.size();
  o.gomaxprocs = s.gomaxprocs.load(std::memory_order_relaxed);
  o.nmspinning = s.nmspinning.load(std::memory_order_relaxed);
  o.needspinning = s.needspinning.load(std::memory_order_relaxed);
  o.gcwaiting = s.gcwaiting();
  o.goidgen = s.goidgen.load(std::memory_order_relaxed);
  o.ngsys = s.ngsys.load(std::memory_order_relaxed);
}

}  // namespace

rt_status take_snapshot(Sched& s, rt_snapshot** out) {
  auto store = std::make_unique<OwnedSnapshot>();
  fill(s, *store);
  publish(s, *store);
  *out = store.release();
  return RT_OK;
}

/// With threads it may end, and its G get another argument, between two looks at it.
const StackMem* stack_of(const Sched& s, const G* gp) {
  const StackMem* stack = gp->stack();
  return stack != nullptr && s.pool.find(stack) == stack ? stack : nullptr;
}

const M* m_of(const Sched& s, const G* gp) {
  const std::uint32_t status = readgstatus(gp);
  if (status != RT_GRUNNING && status != RT_GSYSCALL) return nullptr;
  const M* m = s.allm.load(std::memory_order_acquire);
  while (m != nullptr && m->curg != gp) m = m->alllink;
  return m;
}

rt_status take_stats(Sched& s, rt_stats_t* out) {
  rt_stats_t r{};
  r.struct_size = out->struct_size;
  look_lock(s.lock);
  r.gomaxprocs = s.gomaxprocs.load(std::memory_order_relaxed);
  r.npidle = s.npidle.load(std::memory_order_relaxed);
  r.nmspinning = s.nmspinning.load(std::memory_order_relaxed);
  r.needspinning = s.needspinning.load(std::memory_order_relaxed);
  r.nmidle = s.nmidle;
  r.threads = static_cast<std::uint32_t>(s.mnext) - s.nmfreed;
  r.runqsize = globrunq(s).size();
  std::uint64_t exited = 0;
  for (std::uint32_t i = 0; i <= s.nallp; ++i) {
    const P* p = i < s.nallp ? s.allp[i] : s.outside_p;
    if (p == nullptr) break;
    r.goroutines_total += p->created.get();
    exited += p->exited.get();
    r.gfree += p->gfree.size;
    r.switches += p->switches.get();
    r.steals += p->steals.get();
    r.scannable_stack += p->scannable.get();
    for (int b = 0; b < RT_TIME_BUCKETS; ++b) r.time_to_run[b] += p->time_to_run.buckets[b].load(std::memory_order_relaxed);
  }
  look_unlock(s.lock);
  look_lock(s.allg_lock);
  r.allgs = s.allgs.size();
  look_unlock(s.allg_lock);
  r.ngsys = s.ngsys.load(std::memory_order_relaxed);
  r.goroutines = r.goroutines_total - exited - r.ngsys;
  r.gfree_global = s.gfree.n.load(std::memory_order_relaxed);
  r.goidgen = s.goidgen.load(std::memory_order_relaxed);
  r.stacks = s.pool.stacks();
  r.stacks_cached = s.pool.cached();
  r.stack_bytes = r.stacks * s.pool.stride();
  r.guard_kind = static_cast<std::uint64_t>(s.pool.guard_kind());
  r.stacks_unguarded = s.pool.unguarded();
  *out = r;
  return RT_OK;
}

namespace {

/// What the goroutines of a trace are called: their names where they are still known, else their functions'.
void name_goroutines(Sched& s, trace::TraceStore& trace) {
  std::map<std::uint64_t, std::string> names;
  std::unordered_map<std::uint64_t, const char*> symbols;
  for (const rt_event& e : trace.store) {
    if (e.kind != RT_EV_GO_CREATE) continue;
    const auto [at, first] = symbols.try_emplace(e.b, "");
    if (first) at->second = symbol_name(reinterpret_cast<const void*>(e.b));
    if (at->second[0] != '\0') names[e.g] = at->second;
  }
  look_lock(s.allg_lock);
  for (const G* gp : s.allgs)
    if (const char* name = gp->name(); name != nullptr) names[gp->goid] = name;
  look_unlock(s.allg_lock);
  for (auto& [goid, name] : names) trace.name(RT_NAME_G, goid, std::move(name));
}

void name_objects(trace::TraceStore& trace) {
  std::map<std::uint64_t, std::string> names;
  for (auto& [object, name] : named_objects()) names.emplace(reinterpret_cast<std::uintptr_t>(object), std::move(name));
  if (names.empty()) return;
  std::set<std::uint64_t> waited_for;
  for (const rt_event& e : trace.store)
    if (e.kind == RT_EV_GO_PARK) waited_for.insert(e.b);
  for (auto& [object, name] : names)
    if (waited_for.count(object) != 0) trace.name(RT_NAME_OBJECT, object, std::move(name));
}

}  // namespace

rt_status take_trace(Sched& s, rt_trace** out) {
  if (s.cfg.trace_events == 0)
    return fail(RT_ESTATE, "rt_trace_take: tracing is off; set rt_config.trace_events before rt_new");
  s.world.calibrate();
  look_lock(s.lock);
  const std::vector<trace::Ring*> rings = s.rings;
  look_unlock(s.lock);
  std::unique_ptr<trace::TraceStore> trace(
      trace::merge(rings, kSim || s.exiting(), [&s](std::uint64_t stamp) { return s.world.event_ns(stamp); }));
  name_goroutines(s, *trace);
  name_objects(*trace);
  trace->publish_names();
  *out = trace.release();
  return RT_OK;
}

void queues(QueueView& view) {
  M* m = getm();
  Sched& s = *m->sched;
  view.runq.clear();
  view.global.clear();
  const P* p = m->p;
  const G* next = p->runq.runnext();
  view.runnext = next != nullptr ? static_cast<std::uint64_t>(next->goid) : 0;
  p->runq.each([&](const G* gp) { view.runq.push_back(gp->goid); });
  view.next_goid = p->goidcache == p->goidcacheend ? s.goidgen.load(std::memory_order_relaxed) + 1 : p->goidcache.get();
  view.schedtick = p->schedtick.load(std::memory_order_relaxed);
  view.gfree = p->gfree.size;
  look_lock(s.lock);
  goids(globrunq(s), view.global);
  look_unlock(s.lock);
  view.gfree_global = s.gfree.n.load(std::memory_order_relaxed);
}

}  // namespace NEWPROC_NS
