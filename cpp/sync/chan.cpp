// chan.cpp: send, receive, close. Go: chansend, chanrecv, closechan; chan.go:160, 457, 357
//
// The lock protects buffer and wait lists. A waiter's value moves straight between the two goroutines'
// stacks, which stay where they are as long as it is parked.
#include "sync/chan.hpp"

#include <cstdlib>
#include <new>

#include "base/objects.hpp"
#include "sync/enter.hpp"
#include "sync/sudog.hpp"

namespace NEWPROC_NS {
namespace {

/// Parks for ever: nobody knows this goroutine.
[[gnu::noinline]] rt_status block_for_ever(M* m, std::uint32_t reason) {
  park(m, reason, nullptr, [] {});
  gothrow("unreachable");
}

/// Under the lock: hands elem to sg's goroutine, unlocks, and makes it run. Go: send, recv; chan.go:294, 615
void finish(M* m, Chan* c, Sudog* sg) {
  G* gp = sg->g;
  Sched& s = c->sched();  // whoever runs next may free c
  sg->success = true;
  c->lock.unlock();
  wake(m, s, gp);
}

const G* getg(const M* m) { return m != nullptr ? m->curg.get() : nullptr; }

/// The value of a waiting sender; a full buffer's head goes out and the sender's value in at its place.
void take_from_sender(const M* m, Chan* c, Sudog* sg, void* elem) {
  if (c->cap == 0) {
    hb_meet(m, sg->g, c);
    return c->copy(elem, sg->elem);
  }
  unsigned char* slot = c->slot(c->recvx);
  hb_slot(m, getg(m), slot);
  hb_slot(m, sg->g, slot);
  c->copy(elem, slot);
  c->copy(slot, sg->elem);
  c->recvx = c->after(c->recvx);
  c->sendx = c->recvx;
}

/// m's goroutine sends to one that waits for it.
void meet(const M* m, Chan* c, const Sudog* sg) {
  if (c->cap == 0) return hb_meet(m, sg->g, c);
  hb_slot(m, getg(m), c->slot(c->recvx));
  hb_slot(m, sg->g, c->slot(c->recvx));
}

bool nothing_to_receive(const Chan* c) {
  return c->cap == 0 ? c->sendq.empty() : c->qcount.load(std::memory_order_relaxed) == 0;
}

/// On q until somebody has seen to it. False: the channel was closed meanwhile. [parks]
rt_status wait_on(M* m, Chan* c, WaitQ& q, void* elem, std::uint32_t reason, bool* success) {
  Sudog* mine = acquireSudog(m);
  if (__builtin_expect(mine == nullptr, 0)) {
    c->lock.unlock();
    return no_sudog(reason == RT_WAIT_CHAN_SEND ? "rt_chan_send" : "rt_chan_recv");
  }
  mine->g = m->curg;
  mine->elem = elem;
  mine->c = c;
  mine->success = false;
  q.enqueue(mine);
  park(m, reason, c, [c] { c->lock.unlock(); });
  *success = mine->success;
  releaseSudog(getm(), mine);
  return RT_OK;
}

}  // namespace

Sched& Chan::sched() const { return *owner; }

rt_status check_chan(const char* call, const M* m, const rt_chan* c) {
  if (__builtin_expect(m == nullptr || m->runtime == c->runtime, 1)) return RT_OK;
  return fail(RT_EPLACE, "%s: c belongs to another runtime than the calling goroutine; make it with rt_chan_new(NULL, ...) here", call);
}

void lock_chan(Chan* c) {
  // Where a limit ends a simulated run, an M may stand inside a select, with locks that nobody will give back.
  if (kSim && c->run != c->sched().run) new (&c->lock) Lock;
  c->lock.lock();
  const std::uint32_t run = c->sched().run;
  if (__builtin_expect(c->run == run, 1)) return;
  c->run = run;
  c->sendq = WaitQ{};
  c->recvq = WaitQ{};
}

rt_status make_chan(Sched& s, std::size_t elem_size, std::size_t cap, rt_chan** out) {
  constexpr std::size_t kMostElem = 1 << 16, kMostBytes = std::size_t{1} << 47;  // maxAlloc, malloc.go:219
  if (elem_size > kMostElem)
    return fail(RT_EINVAL, "rt_chan_new: elem_size is %zu bytes; give 0 to 65536, or send pointers", elem_size);
  if (elem_size != 0 ? cap > kMostBytes / elem_size : cap > kMostBytes)
    return fail(RT_EPANIC, "makechan: size out of range");
  if (s.cfg.fault != nullptr && s.cfg.fault(s.cfg.fault_arg, RT_FAULT_ALLOC) != 0)
    return fail(RT_ENOMEM, "rt_chan_new: the system gave no memory");
  const std::size_t bytes = (sizeof(Chan) + elem_size * cap + 63) / 64 * 64;
  void* memory = std::aligned_alloc(64, bytes);
  if (memory == nullptr) return fail(RT_ENOMEM, "rt_chan_new: the system gave no memory for %zu elements of %zu bytes", cap, elem_size);
  Chan* c = init_chan(memory, s, elem_size, cap);
  c->free = [](rt_chan* of) {
    forget_name(of);
    std::free(static_cast<Chan*>(of));
  };
  *out = c;
  return RT_OK;
}

Chan* init_chan(void* memory, Sched& s, std::size_t elem_size, std::size_t cap) {
  auto* c = new (memory) Chan;
  c->runtime = s.runtime;
  c->owner = &s;
  c->id = s.nchans.fetch_add(1, std::memory_order_relaxed) + 1;
  c->len = [](const rt_chan* of) -> std::size_t { return static_cast<const Chan*>(of)->qcount.load(std::memory_order_relaxed); };
  c->free = [](rt_chan*) {};
  c->rewind = [](rt_chan* of) {
    auto* chan = static_cast<Chan*>(of);
    new (&chan->lock) Lock;
    chan->closed.store(false, std::memory_order_relaxed);
    chan->qcount.store(0, std::memory_order_relaxed);
    chan->sendx = chan->recvx = 0;
    chan->sendq = WaitQ{};
    chan->recvq = WaitQ{};
  };
  c->drain = [](rt_chan* of, void (*fn)(void*, const void*), void* arg) {
    auto* chan = static_cast<Chan*>(of);
    while (chan->qcount.load(std::memory_order_relaxed) > 0) {
      const unsigned char* elem = chan->slot(chan->recvx);
      chan->take(nullptr);
      fn(arg, elem);
    }
  };
  c->elem_size = elem_size;
  c->cap = cap;
  c->run = s.run;
  return c;
}

bool send_now(M* m, Chan* c, const void* elem) {
  if (Sudog* sg = c->recvq.dequeue(); sg != nullptr) {
    meet(m, c, sg);
    c->copy(sg->elem, elem);
    finish(m, c, sg);
    return true;
  }
  if (c->qcount.load(std::memory_order_relaxed) == c->cap) return false;
  hb_slot(m, getg(m), c->slot(c->sendx));
  c->put(elem);
  c->lock.unlock();
  return true;
}

bool recv_now(M* m, Chan* c, void* elem, bool* ok) {
  *ok = true;
  const bool closed = c->closed.load(std::memory_order_relaxed);
  if (closed && c->qcount.load(std::memory_order_relaxed) == 0) {
    hb_acquire(m, &c->closed);
    c->lock.unlock();
    c->zero(elem);
    *ok = false;
    return true;
  }
  if (Sudog* sg = closed ? nullptr : c->sendq.dequeue(); sg != nullptr) {
    take_from_sender(m, c, sg, elem);
    finish(m, c, sg);
    return true;
  }
  if (c->qcount.load(std::memory_order_relaxed) == 0) return false;
  hb_slot(m, getg(m), c->slot(c->recvx));
  c->take(elem);
  c->lock.unlock();
  return true;
}

namespace {

/// Locks, and sends if nobody need be waited for. RT_EWOULDBLOCK: locked still.
rt_status lock_and_send(M* m, Chan* c, const void* elem) {
  lock_chan(c);
  if (__builtin_expect(c->closed.load(std::memory_order_relaxed), 0)) {
    c->lock.unlock();
    return gopanic(m, "send on closed channel");
  }
  return send_now(m, c, elem) ? RT_OK : RT_EWOULDBLOCK;
}

rt_status try_send(M* m, Chan* c, const void* elem) {
  if (!c->closed.load(std::memory_order_relaxed) && c->full()) return RT_EWOULDBLOCK;
  const rt_status status = lock_and_send(m, c, elem);
  if (status == RT_EWOULDBLOCK) c->lock.unlock();
  return status;
}

rt_status send(M* m, Chan* c, const void* elem) {
  if (const rt_status s = lock_and_send(m, c, elem); s != RT_EWOULDBLOCK) return s;
  bool sent = false;
  const rt_status status = wait_on(m, c, c->sendq, const_cast<void*>(elem), RT_WAIT_CHAN_SEND, &sent);
  if (status != RT_OK || __builtin_expect(sent, 1)) return status;
  return gopanic(getm(), "send on closed channel");
}

rt_status try_recv(M* m, Chan* c, void* elem, bool* ok) {
  if (nothing_to_receive(c)) {
    // Not closed: nothing to receive at that moment. Closed: it stays so, and a look settles what was before.
    if (!c->closed.load(std::memory_order_acquire)) return RT_EWOULDBLOCK;
    if (nothing_to_receive(c)) {
      hb_acquire(m, &c->closed);
      c->zero(elem);
      *ok = false;
      return RT_OK;
    }
  }
  lock_chan(c);
  if (recv_now(m, c, elem, ok)) return RT_OK;
  c->lock.unlock();
  return RT_EWOULDBLOCK;
}

rt_status recv(M* m, Chan* c, void* elem, bool* ok) {
  lock_chan(c);
  if (recv_now(m, c, elem, ok)) return RT_OK;
  const rt_status status = wait_on(m, c, c->recvq, elem, RT_WAIT_CHAN_RECEIVE, ok);
  if (status == RT_OK && !*ok) {
    hb_acquire(getm(), &c->closed);
    c->zero(elem);
  }
  return status;
}

rt_status close_it(M* m, Chan* c) {
  Sched& s = c->sched();  // whoever runs next may free c
  Queue<G> waiters;
  if (!close_chan(c, waiters)) return gopanic(m, "close of closed channel");
  while (G* gp = waiters.pop_front()) wake(m, s, gp);
  return RT_OK;
}

}  // namespace

/// All waiters, to be readied last first: receivers are taken before senders. chan.go:379-411
bool close_chan(Chan* c, Queue<G>& awake) {
  lock_chan(c);
  const bool first = !c->closed.load(std::memory_order_relaxed);
  c->closed.store(true, std::memory_order_release);
  hb_release(getm(), &c->closed);
  Queue<G> waiters;
  for (WaitQ* q : {&c->recvq, &c->sendq})
    while (Sudog* sg = q->dequeue()) {
      sg->success = false;
      waiters.push_front(sg->g);
    }
  c->lock.unlock();
  awake.push_back_all(waiters);
  return first;
}

// Flat, down to the jump, and called as the last thing that rt_chan_send does: goroutines that wait in different
// operations are left and entered at one depth of calls, and the processor predicts where each returns to.
NEWPROC_FLAT [[gnu::hot]] rt_status chansend(rt_chan* c, const void* elem, bool block) {
  M* m = enter("rt_chan_send", RT_OP_CHAN, c);
  if (m == nullptr) return RT_EPLACE;
  if (__builtin_expect(c == nullptr, 0)) return block ? block_for_ever(m, RT_WAIT_CHAN_SEND_NIL) : RT_EWOULDBLOCK;
  if (const rt_status s = check_chan("rt_chan_send", m, c); s != RT_OK) return s;
  return block ? send(m, static_cast<Chan*>(c), elem) : try_send(m, static_cast<Chan*>(c), elem);
}

NEWPROC_FLAT [[gnu::hot]] rt_status chanrecv(rt_chan* c, void* elem, bool block, int* ok) {
  M* m = enter("rt_chan_recv", RT_OP_CHAN, c);
  if (m == nullptr) return RT_EPLACE;
  if (__builtin_expect(c == nullptr, 0)) return block ? block_for_ever(m, RT_WAIT_CHAN_RECEIVE_NIL) : RT_EWOULDBLOCK;
  if (const rt_status s = check_chan("rt_chan_recv", m, c); s != RT_OK) return s;
  bool got = false;
  const rt_status s = block ? recv(m, static_cast<Chan*>(c), elem, &got) : try_recv(m, static_cast<Chan*>(c), elem, &got);
  if (s == RT_OK && ok != nullptr) *ok = got ? 1 : 0;
  return s;
}

rt_status closechan(rt_chan* c) {
  M* m = enter("rt_chan_close", RT_OP_CHAN, c);
  if (m == nullptr) return RT_EPLACE;
  if (c == nullptr) return gopanic(m, "close of nil channel");
  if (const rt_status s = check_chan("rt_chan_close", m, c); s != RT_OK) return s;
  return close_it(m, static_cast<Chan*>(c));
}

rt_status chansend_outside(rt_chan* c, const void* elem) { return try_send(nullptr, static_cast<Chan*>(c), elem); }
rt_status chanrecv_outside(rt_chan* c, void* elem, bool* ok) { return try_recv(nullptr, static_cast<Chan*>(c), elem, ok); }
rt_status closechan_outside(rt_chan* c) { return close_it(nullptr, static_cast<Chan*>(c)); }

}  // namespace NEWPROC_NS
