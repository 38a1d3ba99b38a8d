// fifo.hpp: the global run queue's memory: pointers in a ring that never runs full. Go links Gs instead
// (gQueue, proc.go:6448); with a million of them each link is a miss, and the next cannot start before it.
#pragma once
#include <bit>
#include <cstdint>
#include <cstdlib>

#include "base/list.hpp"

namespace newproc {

/// First in, first out. Room is made where a T is made, never where one is put: whoever makes the n-th T
/// calls reserve(n) first, and a T is in here once at most.
template <class T>
class Fifo {
 public:
  Fifo() = default;
  ~Fifo() { std::free(slots_); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  /// False: no memory, and nothing has changed.
  [[nodiscard]] bool reserve(std::uint32_t n) {
    if (n <= capacity_) return true;
    const std::uint32_t capacity = std::bit_ceil(n);
    auto* slots = static_cast<T**>(std::malloc(sizeof(T*) * capacity));
    if (slots == nullptr) return false;
    for (std::uint32_t i = 0; i < size(); ++i) slots[i] = at(i);
    std::free(slots_);
    tail_ = size();
    head_ = 0;
    slots_ = slots;
    capacity_ = capacity;
    return true;
  }
  std::uint32_t size() const { return tail_ - head_; }
  bool empty() const { return head_ == tail_; }
  /// The i-th from the front.
  T* at(std::uint32_t i) const { return slots_[(head_ + i) & (capacity_ - 1)]; }
  void push_back(T* node) { slots_[tail_++ & (capacity_ - 1)] = node; }
  void push_front(T* node) { slots_[--head_ & (capacity_ - 1)] = node; }
  T* pop_front() { return slots_[head_++ & (capacity_ - 1)]; }
  /// Takes the i-th from the front out of the middle.
  T* take(std::uint32_t i) {
    T* node = at(i);
    for (; i > 0; --i) slots_[(head_ + i) & (capacity_ - 1)] = at(i - 1);
    ++head_;
    return node;
  }
  /// Appends all of `batch`, in its order. Go: pushBackAll, proc.go:6480
  void push_back_all(Queue<T> batch) {
    for (T* node = batch.head; node != nullptr; node = node->schedlink) push_back(node);
  }
  /// Puts `batch` before all others, in its order.
  void push_front_all(Queue<T> batch) {
    head_ -= batch.size;
    std::uint32_t i = head_;
    for (T* node = batch.head; node != nullptr; node = node->schedlink) slots_[i++ & (capacity_ - 1)] = node;
  }
  void clear() { head_ = tail_ = 0; }

 private:
  T** slots_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0, tail_ = 0;  // both wrap
};

}  // namespace newproc
