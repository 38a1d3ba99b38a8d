// context.hpp: contexts. Go: package context, context.go
//
// A context holds its parent. A parent knows those of its children that can be cancelled, in the order in which
// they were made, and does not hold them: who is not held by anybody cannot be asked whether it is over.
// One lock protects a family: all that hang on the same outermost context that can be cancelled.
#pragma once
#include <atomic>
#include <cstdint>

#include "queue/timerheap.hpp"
#include "sync/chan.hpp"
#include "sync/handles.hpp"

namespace NEWPROC_NS {

struct CancelCtx;

/// Shared by all contexts that one cancellation has reached.
struct Cause {
  std::atomic<std::uint32_t> refs{1};
  void* value = nullptr;
  rt_func drop = nullptr;
};

struct Ctx : rt_context {
  std::atomic<std::uint32_t> refs{1};
  bool has_deadline = false;
  std::int64_t deadline = 0;        // ns of the world's clock
  Ctx* parent = nullptr;            // held; null: Background
  CancelCtx* canceler = nullptr;    // whose end is its end: itself, or one above; null: it never ends
  Sched* owner = nullptr;
  void (*destroy)(Ctx* c) = nullptr;
};

struct ValueCtx : Ctx {
  const void* key = nullptr;
  void* value = nullptr;
  rt_func drop = nullptr;
};

/// What hangs on a context and is told when it ends. Go: canceler, context.go:355
struct Child : Hook<struct Child> {
  explicit Child(bool func) : is_func(func) {}
  const bool is_func;
};
using Children = Linked<Child>;

struct CancelCtx : Ctx, Child, OfRun {
  CancelCtx() : Child(false), OfRun(false) {}
  CancelCtx* top = this;  // of the family
  Children children;
  std::atomic<int> err{RT_OK};  // set last: who sees it sees the rest
  Cause* cause = nullptr;
  std::atomic<Chan*> done{nullptr};  // in done_memory; made when somebody asks for it
  alignas(Chan) unsigned char done_memory[sizeof(Chan)];

  // Of a deadline.
  Timer timer;
  Cause* expired = nullptr;  // the cause then
  std::atomic<std::uint32_t> firing{0};
  bool fire_ref = false;  // the timer has a reference that no goroutine has taken over yet

  // Of the family, in its top.
  Lock lock;
  std::uint32_t run = 0;  // in which it was locked last
};

/// A function that waits for a context's end. Go: afterFuncCtx, context.go:306
struct AfterFuncCtx : rt_context_func, Child, OfRun {
  AfterFuncCtx() : Child(true), OfRun(true) {}
  enum State : std::uint8_t { kWaiting, kStopped, kStarted };
  std::atomic<std::uint32_t> refs{1};  // of whoever has it, and of the run until it has started or never will
  std::atomic<std::uint8_t> state{kWaiting};
  Ctx* of = nullptr;  // held
  Sched* owner = nullptr;
  rt_func fn = nullptr;
  void* arg = nullptr;
  const void* site = nullptr;  // where it was asked for
  Queue<G> before;             // to be readied before it is started
  AfterFuncCtx* next = nullptr;
};

// context.cpp
extern const ContextOps context_ops;
Cause* make_cause(void* value, rt_func drop);  // null: no memory
rt_status make_cancel(Sched& s, rt_context* parent, rt_context** out);
rt_status make_value(Sched& s, rt_context* parent, const void* key, void* value, rt_func drop, rt_context** out);
rt_status make_without(Sched& s, rt_context* parent, rt_context** out);
rt_status make_deadline(rt_context* parent, std::int64_t when, bool from_now, void* cause, rt_func drop, rt_context** out);
rt_status after_context(rt_context* c, rt_func fn, void* arg, const void* site, rt_context_func** out);
void retain(Ctx* c);
bool retain_living(Ctx* c);  // false: it is being freed
void release(Ctx* c);
void release(AfterFuncCtx* f);
void release(Cause* cause);
bool refused(Sched& s);  // the fault hook wants memory to run out

// cancel.cpp
/// Holds the lock of c's family.
class FamilyLock {
 public:
  explicit FamilyLock(const CancelCtx* c);
  ~FamilyLock() {
    if (lock_ != nullptr) lock_->unlock();
  }
  FamilyLock(const FamilyLock&) = delete;
  FamilyLock& operator=(const FamilyLock&) = delete;

 private:
  Lock* lock_;
};
rt_status context_cancel(rt_context* c, void* cause, rt_func drop);
rt_status context_cancel_outside(rt_context* c, void* cause, rt_func drop);  // s.outside_lock held
/// The first time counts. cause is not taken over; m is null on a thread that is no M.
void cancel(M* m, CancelCtx* c, rt_status err, Cause* cause);
void propagate(CancelCtx* c, const Ctx* parent);
bool start_deadline(M* m, CancelCtx* c, std::int64_t when);  // false: no memory
void register_func(M* m, AfterFuncCtx* f);
bool stop_func(AfterFuncCtx* f);
void forget_contexts(Sched& s);  // the run is over
void add_to_run(Sched& s, OfRun* item);
void leave_run(Sched& s, OfRun* item);

}  // namespace NEWPROC_NS
