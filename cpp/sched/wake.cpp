// wake.cpp: waking and stopping Ms. Go: wakep, startm, stopm, handoffp, resetspinning, newm;
// proc.go:2724, 2558, 2515, 2654, 3448, 2380
#include <new>

#include "context/overflow.hpp"
#include "sched/sched.hpp"

namespace NEWPROC_NS {
namespace {

void m_entry(void* arg) {
  auto* m = static_cast<M*>(arg);
  if constexpr (!kSim) {
    set_current_m(m);
    enter_signal_stack();
  }
  mstart(m);
  if constexpr (!kSim) {
    leave_signal_stack();
    set_current_m(nullptr);
  }
}

M* alloc_m(Sched& s, std::int32_t id) {
  if (s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0) return nullptr;
  M* m = new (std::nothrow) M;
  if (m == nullptr) return nullptr;
  m->sched = &s;
  m->runtime = s.runtime;
  m->id = id;
  m->fp_modes = s.cfg.fp_modes != 0;
  m->rand = FastRand(mix_seed(s.world.seed(), static_cast<std::uint64_t>(id)));
  if constexpr (kSim) m->sim_world = &s.world;
  if (s.cfg.trace_events != 0) {
    if (!kSim || s.rings.empty()) s.rings.push_back(new trace::Ring(s.cfg.trace_events));
    m->trace = s.rings.back();
  }
  return m;
}

void link_m(Sched& s, M* m) {
  m->alllink = s.allm.load(std::memory_order_relaxed);
  s.allm.store(m, std::memory_order_release);
}

/// A P that no M can be had for: its goroutines move to where every M looks. Lock held.
void park_p(Sched& s, P* p) {
  p->status.store(RT_PIDLE, std::memory_order_relaxed);
  globrunqputbatch(s, p->runq.drain());
  pidleput(s, p);
}

}  // namespace

M* newm(Sched& s, void (*fn)(M*), P* p) {
  s.lock.lock();
  const bool full = static_cast<std::uint32_t>(s.mnext) - s.nmfreed >= s.cfg.max_ms;
  M* m = full ? nullptr : alloc_m(s, s.mnext);
  if (m != nullptr) {
    ++s.mnext;  // counted as running from here on: checkdead
    link_m(s, m);
  }
  s.lock.unlock();
  if (m == nullptr) return nullptr;
  m->startfn = fn;
  m->nextp.store(p, std::memory_order_relaxed);
#if NEWPROC_WORLD_SIM
  m->header = static_cast<MHeader*>(m);
#endif
  if (m->id == 0 && !kSim) {
    s.world.adopt(m);
    return m;
  }
  if (s.world.start(m, m_entry, m)) return m;
  s.lock.lock();
  ++s.nmfreed;
  m->ended = true;  // stays linked; freed with the run
  m->nextp.store(nullptr, std::memory_order_relaxed);
  s.lock.unlock();
  return nullptr;
}

void acquirep(M* m, P* p) {
  if (m->p != nullptr) gothrow("wirep: already in go");
  if (p->m != nullptr || p->status.load(std::memory_order_relaxed) != RT_PIDLE) gothrow("wirep: invalid p state");
  m->p = p;
  p->m = m;
  p->status.store(RT_PRUNNING, std::memory_order_release);
  emit(m, RT_EV_PROC_START, 0);
}

P* releasep(M* m) {
  P* p = m->p;
  if (p == nullptr) gothrow("releasep: invalid arg");
  if (p->m != m || p->status.load(std::memory_order_relaxed) != RT_PRUNNING) gothrow("releasep: invalid p state");
  emit(m, RT_EV_PROC_STOP, 0);
  m->p = nullptr;
  p->m = nullptr;
  p->status.store(RT_PIDLE, std::memory_order_release);
  return p;
}

void mput(Sched& s, M* m) {
  m->schedlink = s.midle;
  s.midle = m;
  m->idle = true;
  ++s.nmidle;
  checkdead(s);
}

M* mget(Sched& s) {
  M* m = s.midle;
  if (m == nullptr) return nullptr;
  s.midle = m->schedlink;
  m->idle = false;
  --s.nmidle;
  return m;
}

void becomeSpinning(M* m) {
  m->spinning = true;
  m->sched->nmspinning.fetch_add(1, std::memory_order_seq_cst);
  m->sched->needspinning.store(0, std::memory_order_seq_cst);
}

void resetspinning(M* m) {
  if (!m->spinning) gothrow("resetspinning: not a spinning m");
  m->spinning = false;
  if (static_cast<std::int32_t>(m->sched->nmspinning.fetch_sub(1, std::memory_order_seq_cst)) <= 0)
    gothrow("findrunnable: negative nmspinning");
  wakep(m);
}

namespace {

[[gnu::noinline]] void wake_one(M* m) {
  Sched& s = *m->sched;
  point(m, RT_POINT_WAKE);
  std::uint32_t none = 0;
  if (!s.nmspinning.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) return;
  acquirem(m);
  s.lock.lock();
  P* p = s.attention.load(std::memory_order_relaxed) != 0 ? nullptr : pidlegetSpinning(s);
  s.lock.unlock();
  if (p == nullptr)
    s.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  else
    startm(m, s, p, true);
  releasem(m);
}

}  // namespace

// Called after work was published. Go takes sched.lock even when no P is idle; here that common case is
// two loads. It sets needspinning and then looks at npidle again, findRunnable puts its P on the idle
// list and then looks at needspinning again: one of them sees the other.
void wakep(M* m) {
  Sched& s = *m->sched;
  if (alone(s) && m->p != nullptr) {  // the only P is m's own
    if (s.needspinning.load(std::memory_order_relaxed) == 0) s.needspinning.store(1, std::memory_order_relaxed);
    return;
  }
#if !defined(__x86_64__)
  std::atomic_thread_fence(std::memory_order_seq_cst);  // x86: the queue's CAS was a full fence
#endif
  if (s.nmspinning.load(std::memory_order_seq_cst) != 0) return;
  if (s.npidle.load(std::memory_order_seq_cst) == 0) {
    if (s.needspinning.load(std::memory_order_relaxed) != 0) return;
    s.needspinning.store(1, std::memory_order_seq_cst);
    if (s.npidle.load(std::memory_order_seq_cst) == 0) return;
  }
  wake_one(m);
}

/// Runs an M on p, or on an idle P where p is null (nothing to do if there is none). False: no M could be
/// had; what p had to run is on the global queue.
bool startm(M* m, Sched& s, P* p, bool spinning) {
  s.lock.lock();
  if (p == nullptr) {
    if (spinning) gothrow("startm: P required for spinning=true");
    p = pidleget(s);
    if (p == nullptr) {
      s.lock.unlock();
      return true;
    }
  }
  M* nmp = mget(s);
  s.lock.unlock();
  if (nmp != nullptr) {
    if (nmp->spinning) gothrow("startm: m is spinning");
    if (nmp->nextp.load(std::memory_order_relaxed) != nullptr) gothrow("startm: m has p");
    if (spinning && !p->runq.empty()) gothrow("startm: p has runnable gs");
    nmp->spinning = spinning;
    nmp->nextp.store(p, std::memory_order_release);
    nmp->park.wakeup();
    return true;
  }
  const auto mspinning = [](M* self) { self->spinning = true; };
  M* made = newm(s, spinning ? +mspinning : nullptr, p);
  if (made != nullptr) {
    if (m != nullptr) emit(m, RT_EV_M_START, 0, static_cast<std::uint64_t>(made->id));
    return true;
  }
  NEWPROC_LOG_LINE(s.log, RT_LOG_WARN, "no thread for P%d: its goroutines wait for another M", p->id);
  s.lock.lock();
  park_p(s, p);
  s.lock.unlock();
  if (spinning) s.nmspinning.fetch_sub(1, std::memory_order_seq_cst);
  return false;
}

/// Sleeps until another M hands over a P, or the run is over (then m->p is null).
void stopm(M* m) {
  Sched& s = *m->sched;
  if (m->locks != 0) gothrow("stopm holding locks");
  if (m->p != nullptr) gothrow("stopm holding p");
  if (m->spinning) gothrow("stopm spinning");
  emit(m, RT_EV_M_STOP, 0);
  s.lock.lock();
  mput(s, m);
  s.lock.unlock();
  point(m, RT_POINT_WAKE);
  m->blocked = true;
  while (m->nextp.load(std::memory_order_acquire) == nullptr && !s.exiting()) {
    m->park.sleep();
    m->park.clear();
  }
  m->blocked = false;
  if (P* p = m->nextp.exchange(nullptr, std::memory_order_acquire)) acquirep(m, p);
}

// proc.go:2654: the P of an M that blocks, in order, the first that applies.
void handoffp(M* m, Sched& s, P* p) {
  if (!p->runq.empty() || !globrunqempty(s)) {
    startm(m, s, p, false);
    return;
  }
  std::uint32_t none = 0;
  if (s.nmspinning.load(std::memory_order_seq_cst) + s.npidle.load(std::memory_order_seq_cst) == 0 &&
      s.nmspinning.compare_exchange_strong(none, 1, std::memory_order_seq_cst)) {
    s.needspinning.store(0, std::memory_order_seq_cst);
    startm(m, s, p, true);
    return;
  }
  s.lock.lock();
  if (s.gcwaiting()) {
    p->status.store(RT_PGCSTOP, std::memory_order_release);
    if (--s.stopwait == 0) s.stopnote.wakeup();
    s.lock.unlock();
    return;
  }
  if (!globrunqempty(s)) {
    s.lock.unlock();
    startm(m, s, p, false);
    return;
  }
  if (s.npidle.load(std::memory_order_seq_cst) == s.gomaxprocs.load(std::memory_order_relaxed) - 1 &&
      s.lastpoll.load(std::memory_order_seq_cst) != 0) {  // the last that runs, and nobody polls
    s.lock.unlock();
    startm(m, s, p, false);
    return;
  }
  const std::int64_t when = p->timers.next_look();
  pidleput(s, p);
  s.lock.unlock();
  if (when != 0) wakeNetPoller(m, when);
}

}  // namespace NEWPROC_NS
