// director.hpp: who decides, in the sim world, what no rule of Go's decides: which goroutine goes next at each
// operation, which case of a select, whether time passes. cpp/explore has one; no other file knows what it wants.
#pragma once
#include <cstdint>

#include "newproc.h"

namespace newproc {

/// What a goroutine is about to do.
struct Operation {
  std::uint32_t kind = RT_OP_LOCAL;  // RT_OP_*
  const void* object = nullptr;      // on which; null: nobody else's
  bool gives_back = false;           // an unlock, a Done: later is never better for others
};

/// Who can go on, in Go's order, the running one first where it may go on. Valid during the call.
struct Ready {
  std::uint32_t n;
  std::uint64_t (*goid)(const void* of, std::uint32_t i);
  void (*goids)(const void* of, std::uint64_t* out);  // all n
  const void* of;
  std::uint64_t operator[](std::uint32_t i) const { return goid(of, i); }
};

/// Goroutines are named by goid. Called on a goroutine's stack, or on g0; it must not call the scheduler.
class Director {
 public:
  virtual ~Director() = default;
  enum class Say : std::uint8_t { on, ask, end };
  static constexpr std::uint32_t kEnd = ~std::uint32_t{0};

  /// g comes to an operation. on: it does it; ask: next() says who goes on first; end: the run has gone on long enough.
  virtual Say arrives(std::uint64_t g, const Operation& op) = 0;
  /// Which goes next: an index into ready. ready.n: the next timer fires now (where `timer`). kEnd: none, the run has
  /// gone on long enough.
  virtual std::uint32_t next(const Ready& ready, bool running, bool timer) = 0;
  /// One of n ways that g can go on: a case of a select.
  virtual std::uint32_t choose(std::uint64_t g, std::uint32_t n) = 0;

  virtual void spawned(std::uint64_t g, std::uint64_t parent, rt_func fn, void* arg) = 0;
  virtual void ended(std::uint64_t g) = 0;
  /// What happens before what: what was released to an object comes before whatever acquires it afterwards. `merge`: on
  /// top of what others have released to it. `lock`: it is a Mutex or an RWMutex, which orders who comes, not who may come when.
  virtual void acquire(std::uint64_t g, const void* object, bool lock) = 0;
  virtual void release(std::uint64_t g, const void* object, bool merge, bool lock) = 0;
  /// g holds a lock from here on. `shared`: with other readers; `waits`: it would have waited for it.
  virtual void took(std::uint64_t g, const void* lock, bool shared, bool waits) = 0;
  virtual void gave(std::uint64_t g, const void* lock) = 0;
  /// g reads or writes a cell now (RT_OP_READ, RT_OP_WRITE, RT_OP_ATOMIC).
  virtual void touches(std::uint64_t g, const void* cell, std::uint32_t kind) = 0;

  /// The running goroutine begins another round of a loop that has no end.
  virtual void lap() = 0;
  /// The running goroutine has done a few thousand things that nobody could notice. False: it has gone on long enough.
  virtual bool goes_on() = 0;
  /// Main has returned. False: somebody is left, and main is to park for good, so that what they do is seen.
  virtual bool main_returned() = 0;

  std::uint64_t site = 0;  // where in its program the running goroutine is, if that is known
};

}  // namespace newproc
