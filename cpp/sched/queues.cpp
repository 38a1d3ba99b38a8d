// queues.cpp: the ring and the global queue together, and the idle Ps.
// Go: runqput, globrunqput, globrunqputbatch, globrunqget, pidleput, pidleget; proc.go:5959-6140, 6194
#include <algorithm>

#include "sched/sched.hpp"

namespace NEWPROC_NS {

namespace {

[[gnu::noinline]] void overflow(M* m, const G* gp, Queue<G> spill) {
  Sched& s = *m->sched;
  emit(m, RT_EV_RUNQ_OVERFLOW, gp->goid, spill.size, spill.head->goid);
  s.lock.lock();
  globrunqputbatch(s, spill);
  s.lock.unlock();
}

}  // namespace

void runqput(M* m, P* p, G* gp, bool next) {
  Queue<G> spill = p->runq.put(gp, next, shuffle_source(m), alone(*m->sched));
  if (__builtin_expect(!spill.empty(), 0)) overflow(m, gp, spill);
}

namespace {

/// What the Ps have yielded comes before whatever is put or looked for now.
void collect_staged(Sched& s) {
  if constexpr (!kDirectSwitch) return;
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < n; ++i) s.allp[i]->staged.collect([&s](G* gp) { s.runq.push_back(gp); });
}

void publish_size(Sched& s) { s.runqsize.store(s.runq.size(), std::memory_order_relaxed); }

}  // namespace

bool globrunqempty(const Sched& s) {
  if (s.runqsize.load(std::memory_order_relaxed) != 0) return false;
  if constexpr (!kDirectSwitch) return true;
  const std::uint32_t n = s.gomaxprocs.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < n; ++i)
    if (!s.allp[i]->staged.empty()) return false;
  return true;
}

const Fifo<G>& globrunq(Sched& s) {
  collect_staged(s);
  publish_size(s);
  return s.runq;
}

void globrunqput(Sched& s, G* gp) {
  collect_staged(s);
  s.runq.push_back(gp);
  publish_size(s);
}

void globrunqputbatch(Sched& s, Queue<G> batch) {
  collect_staged(s);
  s.runq.push_back_all(batch);
  publish_size(s);
}

void globrunqputfront(Sched& s, Queue<G> batch) {
  collect_staged(s);
  s.runq.push_front_all(batch);
  publish_size(s);
}

namespace {

G* take(M* m, P* p, std::uint32_t max) {
  constexpr std::uint32_t kAhead = 16;  // Gs whose memory is fetched before the ring is run dry
  Sched& s = *m->sched;
  const std::uint32_t size = s.runq.size();
  std::uint32_t n = (alone(s) ? size : size / s.gomaxprocs.load(std::memory_order_relaxed)) + 1;
  n = std::min(n, size);
  if (max > 0) n = std::min(n, max);
  n = std::min(n, kGlobrunqMost);
  G* gp = s.runq.pop_front();
  if (n > 1) {
    p->runq.put_n(n - 1, [&s] { return s.runq.pop_front(); });
    const std::uint32_t ahead = std::min(kAhead, s.runq.size());
    for (std::uint32_t i = 0; i < ahead; ++i) prefetch_to_write(s.runq.at(i));
  }
  publish_size(s);
  if (n > 1) emit(m, RT_EV_GLOBRUNQ_GET, gp->goid, n - 1);
  return gp;
}

}  // namespace

G* globrunqget(M* m, P* p, std::uint32_t max) {
  Sched& s = *m->sched;
  collect_staged(s);
  return s.runq.empty() ? nullptr : take(m, p, max);
}

G* globrunqputget(M* m, P* p, G* gp, std::uint32_t max) {
  Sched& s = *m->sched;
  collect_staged(s);
  s.runq.push_back(gp);
  return take(m, p, max);
}

void pidleput(Sched& s, P* p) {
  if (!p->runq.empty()) gothrow("pidleput: P has non-empty run queue");
  p->link = s.pidle;
  s.pidle = p;
  s.npidle.fetch_add(1, std::memory_order_seq_cst);  // pairs with wakep's look at npidle
}

P* pidleget(Sched& s) {
  P* p = s.pidle;
  if (p == nullptr) return nullptr;
  s.pidle = p->link;
  p->link = nullptr;
  s.npidle.fetch_sub(1, std::memory_order_seq_cst);
  return p;
}

P* pidlegetSpinning(Sched& s) {
  P* p = pidleget(s);
  if (p == nullptr) s.needspinning.store(1, std::memory_order_seq_cst);
  return p;
}

}  // namespace NEWPROC_NS
