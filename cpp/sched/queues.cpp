// queues.cpp: the ring and the global queue together, and the idle Ps.
// Go: runqput, globrunqput, globrunqputbatch, globrunqget, pidleput, pidleget; proc.go:5959-6140, 6194
#include <algorithm>

#include "sched/sched.hpp"

namespace NEWPROC_NS {

void runqput(M* m, P* p, G* gp, bool next) {
  Queue<G> spill = p->runq.put(gp, next, shuffle_source(m), alone(*m->sched));
  if (__builtin_expect(spill.empty(), 1)) return;
  Sched& s = *m->sched;
  emit(m, RT_EV_RUNQ_OVERFLOW, gp->goid, spill.size, spill.head->goid);
  s.lock.lock();
  globrunqputbatch(s, spill);
  s.lock.unlock();
}

void globrunqput(Sched& s, G* gp) {
  s.runq.push_back(gp);
  s.runqsize.store(s.runq.size, std::memory_order_relaxed);
}

void globrunqputbatch(Sched& s, Queue<G> batch) {
  s.runq.push_back_all(batch);
  s.runqsize.store(s.runq.size, std::memory_order_relaxed);
}

G* globrunqget(M* m, P* p, std::uint32_t max) {
  Sched& s = *m->sched;
  if (s.runq.empty()) return nullptr;
  std::uint32_t n = s.runq.size / s.gomaxprocs.load(std::memory_order_relaxed) + 1;
  n = std::min(n, s.runq.size);
  if (max > 0) n = std::min(n, max);
  n = std::min(n, kGlobrunqMost);
  G* gp = s.runq.pop_front();
  Queue<G> batch;
  if (n > 1) {
    // Cut n-1 off the front: the list is linked already, so that only its end is written.
    batch.head = s.runq.head;
    batch.tail = batch.head;
    for (std::uint32_t i = 2; i < n; ++i) batch.tail = batch.tail->schedlink;
    batch.size = n - 1;
    s.runq.head = batch.tail->schedlink;
    if (s.runq.head == nullptr) s.runq.tail = nullptr;
    s.runq.size -= n - 1;
    batch.tail->schedlink = nullptr;
  }
  s.runqsize.store(s.runq.size, std::memory_order_relaxed);
  if (n > 1) {
    // In order, next=false each, into a ring that has room: one publication of the tail does it.
    p->runq.put_batch(batch);
    if (!batch.empty()) globrunqputbatch(s, batch);
    emit(m, RT_EV_GLOBRUNQ_GET, gp->goid, n - 1);
  }
  return gp;
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
