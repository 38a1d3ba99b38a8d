// unwind.cpp: functions with deferred calls, and leaving them: return, Goexit, panic, recover. Go: panic.go:583, 822
#include <cstdio>

#include "base/error.hpp"
#include "pattern/limits.hpp"
#include "pattern/vm.hpp"

namespace newproc::pattern {
namespace {

/// What Go prints first of a chain of panics: the oldest. panic.go:670
std::string first_line(const Unwind* last) {
  const Unwind* oldest = last;
  for (const Unwind* u = last; u != nullptr; u = u->link)
    if (!u->goexit) oldest = u;
  return oldest->text + (oldest->recovered ? " [recovered]" : "");
}

}  // namespace

void Run::failed(Frame& frame, rt_status status) {
  if (status == RT_EPANIC) return raise(frame, last_error());
  end_for_memory("a goroutine that waits");
}

void Run::call(Frame& frame, std::uint32_t function, std::uint32_t resume, bool deferred, std::int64_t once, Unwind* by) {
  frame.calls[frame.depth++] = Call{function, 0, resume, deferred, once, by};
}

/// The innermost function has come to its end. True: so has the body.
bool Run::leave(Frame& frame) {
  for (;;) {
    Call& top = frame.calls[frame.depth - 1];
    if (top.pending > 0) {
      const std::uint32_t next = frame.body->functions[top.function].defers[--top.pending];
      call(frame, next, 0, true, Ref::kNone, nullptr);
      frame.pc = frame.body->functions[next].entry;
      return false;
    }
    const Call over = top;
    if (over.once != Ref::kNone && !ok(frame, current_ops()->once_leave(&objects_.once(frame, over.once)))) return false;
    --frame.depth;
    if (over.deferred && over.by == nullptr) continue;  // the next of the function that it was deferred by
    if (over.deferred) {
      if (!over.by->recovered) {
        unwind(frame);
        return false;
      }
      Unwind* link = over.by->link;
      if (link != nullptr && link->goexit && link->aborted) {  // a recover does not end a Goexit. panic.go:902
        link->aborted = false;
        frame.unwinding = link;
        unwind(frame);
        return false;
      }
      while (link != nullptr && link->aborted) link = link->link;
      frame.unwinding = link;
      continue;  // its function returns
    }
    if (frame.depth == 0) return true;
    frame.pc = over.resume;
    return false;
  }
}

/// Goes on with the panic or Goexit: to the next deferred call, or past the goroutine's end.
void Run::unwind(Frame& frame) {
  Unwind* u = frame.unwinding;
  for (; frame.depth > 0; --frame.depth) {
    Call& top = frame.calls[frame.depth - 1];
    if (top.pending > 0) {
      const std::uint32_t next = frame.body->functions[top.function].defers[--top.pending];
      call(frame, next, 0, true, Ref::kNone, u);
      frame.pc = frame.body->functions[next].entry;
      return;
    }
    if (top.once != Ref::kNone) current_ops()->once_leave(&objects_.once(frame, top.once));
    if (top.by != nullptr) top.by->aborted = true;
  }
  char text[256];  // no string: this frame is left for good
  std::snprintf(text, sizeof text, "%s", u->goexit ? "" : first_line(u).c_str());
  end_goroutine(frame, u->goexit ? nullptr : text);
}

void Run::raise(Frame& frame, const char* panic) {
  if (!frame.body->defers) end_goroutine(frame, panic);
  if (objects_.made() >= kMostMade) end_at_limit("fresh objects", kMostMade, "steps");
  Unwind* u = objects_.fresh_unwind();
  u->goexit = panic == nullptr;
  if (panic != nullptr) u->text = panic;
  u->link = frame.unwinding;
  frame.unwinding = u;
  unwind(frame);
}

/// What the oracle has deferred comes first: the onces that it is in, the innermost first, and the line "end", which
/// main has not.
void Run::end_goroutine(Frame& frame, const char* panic) {
  char text[256];  // the caller's text may be the thread's last error
  std::snprintf(text, sizeof text, "%s", panic != nullptr ? panic : "");
  for (; frame.depth > 0; --frame.depth)
    if (const std::int64_t once = frame.calls[frame.depth - 1].once; once != Ref::kNone) current_ops()->once_leave(&objects_.once(frame, once));
  if (!frame.main) line("\"end\"");
  const GOps* ops = current_ops();
  if (panic == nullptr) ops->goexit();
  ops->panic(text);
  __builtin_unreachable();
}

/// Called by the deferred call itself: ends the panic that runs it. panic.go:1107
void Run::recover(Frame& frame, const Instruction& in) {
  Unwind* by = frame.calls[frame.depth - 1].by;
  const bool some = by != nullptr && by == frame.unwinding && !by->goexit && !by->recovered;
  store(frame, in.a, some ? 1 : 0);
  if (!some) return line("\"recover\",null");
  by->recovered = true;
  line("\"recover\",\"", by->text, "\"");
}

}  // namespace newproc::pattern
