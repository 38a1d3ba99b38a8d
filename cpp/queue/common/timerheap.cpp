#include "queue/timerheap.hpp"

#include "base/prefetch.hpp"

namespace newproc {
namespace {
constexpr std::uint32_t kChildren = 4, kFirstRoom = 64;
}

bool TimerHeap::reserve() {
  const std::uint32_t n = size();
  if (n < capacity_) return true;
  const std::uint32_t capacity = capacity_ == 0 ? kFirstRoom : 2 * capacity_;
  auto* at = static_cast<Entry*>(std::realloc(at_, sizeof(Entry) * capacity));
  if (at == nullptr) return false;
  at_ = at;
  capacity_ = capacity;
  return true;
}

/// Towards the root while strictly earlier than the parent. Returns where it ended.
std::uint32_t TimerHeap::up(std::uint32_t i) {
  const Entry moving = at_[i];
  while (i > 0) {
    const std::uint32_t parent = (i - 1) / kChildren;
    if (moving.when >= at_[parent].when) break;
    at_[i] = at_[parent];
    i = parent;
  }
  at_[i] = moving;
  return i;
}

/// Away from the root: the earliest of the four children comes up, of two equals the left, and of the two pairs
/// the right one only if strictly earlier.
void TimerHeap::down(std::uint32_t i) {
  const std::uint32_t n = size();
  const Entry moving = at_[i];
  for (;;) {
    const std::uint32_t first = kChildren * i + 1;
    if (first >= n) break;
    std::uint32_t best = first;
    if (best + 1 < n && at_[best + 1].when < at_[best].when) ++best;
    if (std::uint32_t right = first + 2; right < n) {
      if (right + 1 < n && at_[right + 1].when < at_[right].when) ++right;
      if (at_[right].when < at_[best].when) best = right;
    }
    if (at_[best].when >= moving.when) break;
    at_[i] = at_[best];
    i = best;
  }
  at_[i] = moving;
}

void TimerHeap::push(Timer* t) {
  const std::uint32_t i = size();
  set(i, t);
  count(i + 1);
  if (up(i) == 0) publish();
}

/// Takes the i-th out; the last one comes to its place and to where it belongs. Returns the lowest index that
/// changed. time.go:387
std::uint32_t TimerHeap::erase(std::uint32_t i) {
  const std::uint32_t last = size() - 1;
  if (i != last) at_[i] = at_[last];
  count(last);
  std::uint32_t changed = i;
  if (i != last) {
    changed = up(i);
    down(i);
  }
  if (i == 0) publish();
  if (last == 0) modified_.store(0, std::memory_order_relaxed);
  return changed;
}

void TimerHeap::erase0() {
  const std::uint32_t last = size() - 1;
  if (last > 0) at_[0] = at_[last];
  count(last);
  if (last > 0) down(0);
  // One of them is first after the one that is first now.
  for (std::uint32_t i = 1; i <= kChildren && i < last; ++i) prefetch_to_write(at_[i].timer);
  publish();
  if (last == 0) modified_.store(0, std::memory_order_relaxed);
}

/// A stopped timer has left the heap.
void TimerHeap::drop(Timer* t) {
  t->status = Timer::kNone;
  deleted_.store(deleted() - 1, std::memory_order_relaxed);
  void (*release)(Timer*) = t->release;
  t->owner.store(nullptr, std::memory_order_release);
  if (release != nullptr) release(t);
}

void TimerHeap::add(Timer* t, void* owner) {
  t->status = Timer::kWaiting;
  t->owner.store(owner, std::memory_order_release);
  clean();
  push(t);
}

bool TimerHeap::remove(Timer* t) {
  if (t->status == Timer::kDeleted) return false;
  t->status = Timer::kDeleted;
  deleted_.store(deleted() + 1, std::memory_order_relaxed);
  return true;
}

bool TimerHeap::modify(Timer* t, std::int64_t when, std::int64_t period, bool* earlier) {
  const bool pending = t->status != Timer::kDeleted;
  if (!pending) deleted_.store(deleted() - 1, std::memory_order_relaxed);
  t->period = period;
  t->nextwhen = when;
  *earlier = when < t->when;
  t->status = *earlier ? Timer::kModifiedEarlier : Timer::kModifiedLater;
  const std::int64_t known = modified_.load(std::memory_order_relaxed);
  if (*earlier && (known == 0 || when < known)) modified_.store(when, std::memory_order_release);
  return pending;
}

void TimerHeap::clean() {
  while (size() > 0) {
    Timer* t = at_[0].timer;
    if (t->status == Timer::kWaiting) return;
    erase0();
    if (t->status == Timer::kDeleted) {
      drop(t);
      continue;
    }
    t->when = t->nextwhen;
    t->status = Timer::kWaiting;
    push(t);
  }
}

void TimerHeap::adjust(std::int64_t now) {
  const std::int64_t first = modified_.load(std::memory_order_relaxed);
  if (first == 0 || first > now) return;
  modified_.store(0, std::memory_order_relaxed);
  Timer* moved = nullptr;
  Timer** end = &moved;
  for (std::uint32_t i = 0; i < size();) {
    Timer* t = at_[i].timer;
    if (t->status == Timer::kWaiting) {
      ++i;
      continue;
    }
    i = erase(i);
    if (t->status == Timer::kDeleted) {
      drop(t);
      continue;
    }
    t->when = t->nextwhen;
    t->next = nullptr;
    *end = t;
    end = &t->next;
  }
  for (Timer* t = moved; t != nullptr; t = t->next) {
    t->status = Timer::kWaiting;
    push(t);
  }
}

Look TimerHeap::run(std::int64_t now, std::uint32_t run_number) {
  clean();
  if (size() == 0) return {-1, nullptr, nullptr};
  if (at_[0].when > now) return {at_[0].when, nullptr, nullptr};
  Timer* t = at_[0].timer;
  Look look{0, t, t->fire};
  if (t->firing != nullptr) t->firing->store(run_number, std::memory_order_relaxed);
  if (t->period > 0) {
    const std::int64_t late = now - t->when;
    t->when += t->period * (1 + late / t->period);
    if (t->when < 0) t->when = kMaxWhen;
    set(0, t);
    down(0);
    publish();
  } else {
    erase0();
    t->status = Timer::kNone;
    t->owner.store(nullptr, std::memory_order_release);
  }
  return look;
}

void TimerHeap::clear_deleted() {
  modified_.store(0, std::memory_order_relaxed);
  const std::uint32_t total = size();
  std::uint32_t to = 0;
  bool changed = false;
  for (std::uint32_t i = 0; i < total; ++i) {
    Timer* t = at_[i].timer;
    if (t->status == Timer::kDeleted) {
      drop(t);
      changed = true;
      continue;
    }
    if (t->status != Timer::kWaiting) {
      t->when = t->nextwhen;
      t->status = Timer::kWaiting;
      changed = true;
    }
    set(to, t);
    if (changed) up(to);
    ++to;
  }
  count(to);
  publish();
}

/// t is in no heap any more. Null: it was stopped before.
Timer* TimerHeap::left(Timer* t) {
  if (t->status == Timer::kDeleted) {
    drop(t);
    return nullptr;
  }
  if (t->status != Timer::kWaiting) t->when = t->nextwhen;
  t->status = Timer::kNone;
  t->owner.store(nullptr, std::memory_order_release);
  return t;
}

}  // namespace newproc
