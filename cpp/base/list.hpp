// list.hpp: lists through T::schedlink, so that a T is on one list at most. Go: gList, gQueue, proc.go:6448-6545
#pragma once
#include <cstdint>

namespace newproc {

/// Singly linked, both ends known; `size` is kept because every user of Go's queues counts beside them.
template <class T>
struct Queue {
  T* head = nullptr;
  T* tail = nullptr;
  std::uint32_t size = 0;

  bool empty() const { return head == nullptr; }

  void push_front(T* node) {
    node->schedlink = head;
    head = node;
    if (tail == nullptr) tail = node;
    ++size;
  }
  void push_back(T* node) {
    node->schedlink = nullptr;
    (tail != nullptr ? tail->schedlink : head) = node;
    tail = node;
    ++size;
  }
  /// Appends all of `other`, in its order. Go: pushBackAll, proc.go:6480
  void push_back_all(Queue other) {
    if (other.empty()) return;
    other.tail->schedlink = nullptr;
    (tail != nullptr ? tail->schedlink : head) = other.head;
    tail = other.tail;
    size += other.size;
  }
  T* pop_front() {
    T* node = head;
    if (node == nullptr) return nullptr;
    head = node->schedlink;
    if (head == nullptr) tail = nullptr;
    --size;
    return node;
  }
};

/// Last in, first out.
template <class T>
struct Stack {
  T* head = nullptr;
  std::uint32_t size = 0;

  bool empty() const { return head == nullptr; }

  void push(T* node) {
    node->schedlink = head;
    head = node;
    ++size;
  }
  T* pop() {
    T* node = head;
    if (node == nullptr) return nullptr;
    head = node->schedlink;
    --size;
    return node;
  }
  /// Puts the whole queue before the old head, in the queue's order. Go: gList.pushAll, proc.go:6528
  void push_all(Queue<T> queue) {
    if (queue.empty()) return;
    queue.tail->schedlink = head;
    head = queue.head;
    size += queue.size;
  }
};

}  // namespace newproc
