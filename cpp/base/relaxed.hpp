// relaxed.hpp: a plain field that others may look at. One owner writes; a reader gets some recent value.
#pragma once
#include <atomic>

namespace newproc {

template <class T>
class Relaxed {
 public:
  Relaxed() : value_(T{}) {}
  Relaxed(T value) : value_(value) {}
  Relaxed(const Relaxed&) = delete;
  T operator=(T value) {
    value_.store(value, std::memory_order_relaxed);
    return value;
  }
  Relaxed& operator=(const Relaxed& other) {
    *this = static_cast<T>(other);
    return *this;
  }
  T get() const { return value_.load(std::memory_order_relaxed); }
  operator T() const { return get(); }
  T operator->() const { return *this; }
  void operator+=(T n) { *this = static_cast<T>(*this) + n; }
  T operator++() { return *this = static_cast<T>(*this) + 1; }
  T operator--() { return *this = static_cast<T>(*this) - 1; }
  T operator++(int) {
    const T was = *this;
    *this = was + 1;
    return was;
  }

 private:
  std::atomic<T> value_;
};

}  // namespace newproc
