// select.cpp: waiting for several channels at once. Go: selectgo, select.go:121
//
// Cases are looked at in a random order (poll order), channels locked and waited for in the order in which
// they were made (lock order; Go's is by address, which no seed can repeat), so that two selects cannot lock
// each other out.
#include <algorithm>
#include <cstdlib>
#include <new>

#include "sync/chan.hpp"
#include "sync/enter.hpp"
#include "sync/sudog.hpp"

namespace NEWPROC_NS {
namespace {

constexpr std::size_t kOnStack = 16, kMostCases = 65'536;  // cases; as reflect.Select, value.go:2951

/// What select needs per case that is not nil.
struct Case {
  std::uint32_t index;  // of the caller's
  Chan* c;
  Sudog* sudog;
};

/// Poll order and lock order of one select: on the stack unless there are many.
class Orders {
 public:
  explicit Orders(std::size_t n) {
    if (n > kOnStack) many_ = static_cast<Case*>(std::malloc(2 * n * sizeof(Case)));
    poll = n > kOnStack ? many_ : few_;
    lock = poll + n;
  }
  ~Orders() { std::free(many_); }
  Orders(const Orders&) = delete;
  Orders& operator=(const Orders&) = delete;
  Case* poll;
  Case* lock;
  std::size_t n = 0;  // cases that are not nil

 private:
  Case* many_ = nullptr;
  Case few_[2 * kOnStack];
};

rt_status check_cases(const M* m, const rt_case* cases, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    if (cases[i].dir != RT_SEND && cases[i].dir != RT_RECV)
      return fail(RT_EINVAL, "rt_select: cases[%zu].dir is %d; give RT_SEND (1) or RT_RECV (2)", i, cases[i].dir);
    if (cases[i].c != nullptr)
      if (const rt_status s = check_chan("rt_select", m, cases[i].c); s != RT_OK) return s;
  }
  return RT_OK;
}

/// One random number for every case that is not nil, whatever is ready. select.go:169
void shuffle(M* m, const rt_case* cases, std::size_t n, Orders& o) {
  for (std::size_t i = 0; i < n; ++i) {
    if (cases[i].c == nullptr) continue;
    const std::uint32_t j = m->rand.below(static_cast<std::uint32_t>(o.n + 1));
    o.poll[o.n++] = o.poll[j];
    o.poll[j] = Case{static_cast<std::uint32_t>(i), static_cast<Chan*>(cases[i].c), nullptr};
  }
  std::copy(o.poll, o.poll + o.n, o.lock);
  const auto before = [](const Case& a, const Case& b) { return a.c->id < b.c->id; };
  if (o.n > kOnStack) return std::stable_sort(o.lock, o.lock + o.n, before);  // allocates
  for (std::size_t i = 1; i < o.n; ++i)
    for (std::size_t j = i; j > 0 && before(o.lock[j], o.lock[j - 1]); --j) std::swap(o.lock[j], o.lock[j - 1]);
}

/// A channel that is named twice is locked once.
void lock_all(const Orders& o) {
  for (std::size_t i = 0; i < o.n; ++i)
    if (i == 0 || o.lock[i].c != o.lock[i - 1].c) lock_chan(o.lock[i].c);
}

/// Touches nothing after the last unlock: the orders are on the stack of a goroutine that may run again.
void unlock_all(const Case* lock, std::size_t n, const Chan* but) {
  Chan* next = n > 0 ? lock[n - 1].c : nullptr;
  for (std::size_t i = n; i > 0; --i) {
    Chan* c = next;
    next = i > 1 ? lock[i - 2].c : nullptr;
    if (c != next && c != but) c->lock.unlock();
  }
}

bool ready_now(const rt_case& one) {
  const auto* c = static_cast<const Chan*>(one.c);
  if (c->closed.load(std::memory_order_relaxed)) return true;
  const std::uint64_t count = c->qcount.load(std::memory_order_relaxed);
  return one.dir == RT_RECV ? count > 0 || !c->sendq.empty() : count < c->cap || !c->recvq.empty();
}

/// Where a director says which of several ready cases it is: that one is looked at first.
void direct_order(M* m, const rt_case* cases, Orders& o) {
  const auto by_index = [](const Case& a, const Case& b) { return a.index < b.index; };
  std::sort(o.poll, o.poll + o.n, by_index);
  Case* const end = std::stable_partition(o.poll, o.poll + o.n, [cases](const Case& one) { return ready_now(cases[one.index]); });
  const auto ready = static_cast<std::uint32_t>(end - o.poll);
  if (ready > 1) std::swap(o.poll[0], o.poll[directed_choice(m, ready)]);
}

/// Pass 1. The case that can go on now, which then is done but for c's lock; n: none.
std::size_t look(M* m, rt_case* cases, const Orders& o, bool* closed_send) {
  for (std::size_t i = 0; i < o.n; ++i) {
    rt_case& one = cases[o.poll[i].index];
    Chan* c = o.poll[i].c;
    const bool shut = c->closed.load(std::memory_order_relaxed);
    const std::uint64_t count = c->qcount.load(std::memory_order_relaxed);
    if (!ready_now(one)) continue;
    if (one.dir == RT_SEND && shut) {
      unlock_all(o.lock, o.n, nullptr);
      *closed_send = true;
      return o.poll[i].index;
    }
    // Waiters may all be selects that others have woken: then it is not ready after all.
    WaitQ& q = one.dir == RT_RECV ? c->sendq : c->recvq;
    bool ok = true;
    const bool waiter_only = one.dir == RT_RECV ? !shut && count == 0 : count == c->cap;
    if (waiter_only) {
      Sudog* sg = q.dequeue();
      if (sg == nullptr) continue;
      hb_meet(m, sg->g, c);
      c->copy(one.dir == RT_RECV ? one.elem : sg->elem, one.dir == RT_RECV ? sg->elem : one.elem);
      sg->success = true;
      G* gp = sg->g;
      Sched& s = c->sched();
      unlock_all(o.lock, o.n, nullptr);
      wake(m, s, gp);
    } else {
      unlock_all(o.lock, o.n, c);
      if (one.dir == RT_RECV)
        recv_now(m, c, one.elem, &ok);
      else
        send_now(m, c, one.elem);
    }
    one.ok = ok ? 1 : 0;
    return o.poll[i].index;
  }
  return ~std::size_t{0};
}

/// Pass 2: a sudog on every channel, in lock order. False: no memory, and none is on any.
bool enqueue_all(M* m, rt_case* cases, Orders& o, SelectState& state) {
  for (std::size_t i = 0; i < o.n; ++i) {
    Sudog* sg = o.lock[i].sudog = acquireSudog(m);
    if (sg == nullptr) {
      while (i-- > 0) releaseSudog(m, o.lock[i].sudog);
      return false;
    }
  }
  for (std::size_t i = 0; i < o.n; ++i) {
    Sudog* sg = o.lock[i].sudog;
    rt_case& one = cases[o.lock[i].index];
    sg->g = m->curg;
    sg->c = o.lock[i].c;
    sg->elem = one.elem;
    sg->select = &state;
    sg->success = false;
    (one.dir == RT_RECV ? sg->c->recvq : sg->c->sendq).enqueue(sg);
  }
  return true;
}

/// Pass 3: off the channels that did not fire. The case that did; its channel was closed if not *success.
std::size_t dequeue_all(const rt_case* cases, const Orders& o, const SelectState& state, bool* success) {
  std::size_t fired = ~std::size_t{0};
  M* m = getm();
  for (std::size_t i = 0; i < o.n; ++i) {
    Sudog* sg = o.lock[i].sudog;
    if (sg == state.fired) {
      fired = o.lock[i].index;
      *success = sg->success;
    } else {
      (cases[o.lock[i].index].dir == RT_RECV ? sg->c->recvq : sg->c->sendq).remove(sg);
    }
  }
  unlock_all(o.lock, o.n, nullptr);
  for (std::size_t i = 0; i < o.n; ++i) releaseSudog(m, o.lock[i].sudog);
  if (fired == ~std::size_t{0}) gothrow("selectgo: bad wakeup");
  return fired;
}

rt_status selectgo(M* m, rt_case* cases, std::size_t n, bool block, std::size_t* chosen) {
  Orders o(n);
  if (o.poll == nullptr) return fail(RT_ENOMEM, "rt_select: the system gave no memory for %zu cases", n);
  shuffle(m, cases, n, o);
  lock_all(o);
  if (directed(m)) direct_order(m, cases, o);
  bool closed_send = false;
  if (const std::size_t i = look(m, cases, o, &closed_send); i != ~std::size_t{0}) {
    *chosen = i;
    return closed_send ? gopanic(m, "send on closed channel") : RT_OK;
  }
  if (!block) {
    unlock_all(o.lock, o.n, nullptr);
    *chosen = n;
    return RT_OK;
  }
  SelectState state;
  if (!enqueue_all(m, cases, o, state)) {
    unlock_all(o.lock, o.n, nullptr);
    return no_sudog("rt_select");
  }
  park(m, o.n == 0 ? RT_WAIT_SELECT_NO_CASES : RT_WAIT_SELECT, o.n == 0 ? nullptr : o.lock[0].c,
       [&o] { unlock_all(o.lock, o.n, nullptr); });
  lock_all(o);
  bool success = false;
  const std::size_t i = dequeue_all(cases, o, state, &success);
  *chosen = i;
  rt_case& one = cases[i];
  one.ok = success ? 1 : 0;
  if (success) return RT_OK;
  if (one.dir == RT_SEND) return gopanic(getm(), "send on closed channel");
  hb_acquire(getm(), &static_cast<Chan*>(one.c)->closed);
  static_cast<Chan*>(one.c)->zero(one.elem);
  return RT_OK;
}

}  // namespace

/// As the compiler lowers it: no case parks for ever, one is the plain operation. walk/select.go
rt_status select(rt_case* cases, std::size_t n, bool block, std::size_t* chosen) {
  if (n > kMostCases) return fail(RT_EINVAL, "rt_select: n is %zu; give at most 65536 cases", n);
  if (n == 1 && (cases[0].dir == RT_SEND || cases[0].dir == RT_RECV)) {
    int ok = 1;
    const rt_status s = cases[0].dir == RT_SEND ? chansend(cases[0].c, cases[0].elem, block)
                                                : chanrecv(cases[0].c, cases[0].elem, block, &ok);
    cases[0].ok = s == RT_OK && ok != 0;
    *chosen = s == RT_EWOULDBLOCK ? 1 : 0;
    return s == RT_EWOULDBLOCK ? RT_OK : s;
  }
  M* m = enter("rt_select", RT_OP_SELECT, cases);
  if (m == nullptr) return RT_EPLACE;
  if (const rt_status s = check_cases(m, cases, n); s != RT_OK) return s;
  return selectgo(m, cases, n, block, chosen);
}

}  // namespace NEWPROC_NS
