// chan.hpp: a channel. Go: type hchan, chan.go:33
#pragma once
#include <atomic>
#include <cstdint>
#include <cstring>

#include "g/sudog.hpp"
#include "sched/sched.hpp"
#include "sync/handles.hpp"

namespace NEWPROC_NS {

/// Waiters, first come first served; a select's leave from the middle. Go: waitq, chan.go:54
struct WaitQ {
  Relaxed<Sudog*> first = nullptr;  // also looked at without the lock
  Sudog* last = nullptr;

  bool empty() const { return first.get() == nullptr; }
  void enqueue(Sudog* s) {
    s->next = nullptr;
    s->prev = last;
    if (last != nullptr)
      last->next = s;
    else
      first = s;
    last = s;
  }
  void remove(Sudog* s) {  // dequeueSudoG, select.go:600; s may have been dequeued already
    if (s->prev == nullptr && s->next == nullptr && first != s) return;
    if (s->prev != nullptr)
      s->prev->next = s->next;
    else
      first = s->next;
    (s->next != nullptr ? s->next->prev : last) = s->prev;
    s->next = s->prev = nullptr;
  }
  /// The first that can still be had: a select whose goroutine another channel has woken is passed over. chan.go:770
  Sudog* dequeue() {
    for (;;) {
      Sudog* s = first;
      if (s == nullptr) return nullptr;
      first = s->next;
      if (s->next != nullptr)
        s->next->prev = nullptr;
      else
        last = nullptr;
      s->next = s->prev = nullptr;
      if (s->select == nullptr) return s;
      if (s->select->done.exchange(true, std::memory_order_acq_rel)) continue;
      s->select->fired = s;
      return s;
    }
  }
};

struct alignas(64) Chan : rt_chan {  // its buffer, cap elements, lies behind it
  Lock lock;
  std::atomic<bool> closed{false};  // these three are also looked at without the lock
  std::atomic<std::uint64_t> qcount{0};
  std::uint32_t run = 0;  // of the runtime: waiters of an earlier run are gone
  std::uint64_t sendx = 0, recvx = 0;
  WaitQ recvq, sendq;

  Sched* owner = nullptr;
  std::uint64_t id = 0;  // in the order of making; 1 is the first of its runtime

  Sched& sched() const;
  void copy(void* to, const void* from) const {
    if (to == nullptr || from == nullptr) return;
    if (__builtin_expect(elem_size == 8, 1))  // one word
      std::memcpy(to, from, 8);
    else
      std::memcpy(to, from, elem_size);
  }
  void zero(void* to) const {
    if (to != nullptr) std::memset(to, 0, elem_size);
  }
  unsigned char* slot(std::uint64_t i) { return reinterpret_cast<unsigned char*>(this + 1) + i * elem_size; }
  std::uint64_t after(std::uint64_t i) const { return i + 1 == cap ? 0 : i + 1; }

  void put(const void* elem) {
    copy(slot(sendx), elem);
    sendx = after(sendx);
    qcount.store(qcount.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void take(void* elem) {
    copy(elem, slot(recvx));
    recvx = after(recvx);
    qcount.store(qcount.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }
  bool full() const {
    return cap == 0 ? recvq.empty() : qcount.load(std::memory_order_relaxed) == cap;
  }
};

/// c of this goroutine's runtime, or of the thread that is no M; else fail() says what is wrong.
rt_status check_chan(const char* call, const M* m, const rt_chan* c);
/// Locks, and drops waiters of a run that is over.
void lock_chan(Chan* c);

// chan.cpp. All: m is null on a thread that is no M, which never waits.
rt_status make_chan(Sched& s, std::size_t elem_size, std::size_t cap, rt_chan** out);
/// A channel in memory with room for its buffer, which stays the caller's.
Chan* init_chan(void* memory, Sched& s, std::size_t elem_size, std::size_t cap);
/// Closes it. Who waited comes behind `awake`, to be readied in its order. False: it was closed already.
bool close_chan(Chan* c, Queue<G>& awake);
/// Under the lock: hands elem to a waiting receiver or the buffer, unlocks. False: nobody and no room; locked still.
bool send_now(M* m, Chan* c, const void* elem);
/// Under the lock, the same for a receive; *ok false: closed and drained.
bool recv_now(M* m, Chan* c, void* elem, bool* ok);

rt_status chansend(rt_chan* c, const void* elem, bool block);
rt_status chanrecv(rt_chan* c, void* elem, bool block, int* ok);  // ok: null, or set with RT_OK
rt_status closechan(rt_chan* c);
rt_status chansend_outside(rt_chan* c, const void* elem);
rt_status chanrecv_outside(rt_chan* c, void* elem, bool* ok);
rt_status closechan_outside(rt_chan* c);

// select.cpp
rt_status select(rt_case* cases, std::size_t n, bool block, std::size_t* chosen);

}  // namespace NEWPROC_NS
