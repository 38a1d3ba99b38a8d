// addresses.hpp: who waits for which address: a tree of addresses, a queue of waiters for each. Go has a treap
// here (semaRoot, sema.go:40); no order that a program can see depends on the tree.
#pragma once
#include <boost/intrusive/set.hpp>
#include <cstdint>

namespace newproc {

/// W derives from AddressWaiter<W>. A waiter lives in the frame of its goroutine and is never copied.
template <class W>
struct AddressWaiter
    : boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
  const void* address = nullptr;
  W* next = nullptr;  // behind the first of an address
  W* tail = nullptr;  // of the first only: the last, or null
};

/// The first waiter of each address is the tree's node; the others hang on it.
template <class W>
class Addresses {
 public:
  void put(W* waiter, const void* address, bool front) {
    waiter->address = address;
    waiter->next = waiter->tail = nullptr;
    const auto at = tree_.find(address, Compare{});
    if (at == tree_.end()) {
      tree_.insert(*waiter);
      return;
    }
    W* first = &*at;
    if (front) {
      waiter->next = first;
      waiter->tail = first->tail != nullptr ? first->tail : first;
      tree_.replace_node(at, *waiter);
      return;
    }
    (first->tail != nullptr ? first->tail : first)->next = waiter;
    first->tail = waiter;
  }
  /// The first waiter of an address, taken off; null: nobody waits for it.
  W* take(const void* address) {
    const auto at = tree_.find(address, Compare{});
    if (at == tree_.end()) return nullptr;
    W* first = &*at;
    if (W* second = first->next; second != nullptr) {
      second->tail = first->tail != second ? first->tail : nullptr;
      tree_.replace_node(at, *second);
    } else {
      tree_.erase(at);
    }
    return first;
  }
  /// The waiters are gone already: their run is over.
  void forget() { tree_.clear(); }

 private:
  struct KeyOf {
    using type = const void*;
    const void* operator()(const W& w) const { return w.address; }
  };
  struct Compare {
    static std::uintptr_t key(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
    bool operator()(const void* a, const void* b) const { return key(a) < key(b); }
  };
  boost::intrusive::set<W, boost::intrusive::key_of_value<KeyOf>, boost::intrusive::compare<Compare>,
                        boost::intrusive::constant_time_size<false>>
      tree_;
};

}  // namespace newproc
