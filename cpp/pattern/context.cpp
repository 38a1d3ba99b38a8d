// context.cpp: contexts of a pattern: withcancel, withtimeout, cancel, err.
#include "pattern/limits.hpp"
#include "pattern/vm.hpp"

namespace newproc::pattern {

/// False: it is none of these.
bool Run::contextual(Frame& frame, const Instruction& in) {
  switch (in.op) {
    case Op::withcancel:
    case Op::withtimeout: make_context(frame, in); return true;
    case Op::cancel: {
      rt_context* c = objects_.context(frame, in.a);  // Background has nothing to cancel
      if (c == nullptr || ok(frame, current_ops()->context_cancel(c, nullptr, nullptr))) line("\"cancel\",", Ref{in.a});
      return true;
    }
    case Op::err: {
      rt_context* c = objects_.context(frame, in.a);
      const rt_status err = c != nullptr ? c->ops->err(c) : RT_OK;
      store(frame, in.b, err == RT_OK ? 0 : err == RT_ECANCELED ? 1 : 2);
      line("\"err\",", Ref{in.a}, err == RT_OK ? ",null" : err == RT_ECANCELED ? ",\"canceled\"" : ",\"deadline\"");
      return true;
    }
    default: return false;
  }
}

void Run::make_context(Frame& frame, const Instruction& in) {
  if (objects_.made() >= kMostMade) end_at_limit("fresh objects", kMostMade, "steps");
  rt_context* parent = in.b == Ref::kNone ? nullptr : objects_.context(frame, in.b);
  rt_context* made = nullptr;
  const rt_status s = in.op == Op::withcancel
                          ? objects_.runtime().make_cancel(parent, &made)
                          : current_ops()->context_deadline(parent, nanoseconds(more(in).number), true, nullptr, nullptr, &made);
  if (s == RT_ENOMEM) end_for_memory("a context");
  if (!ok(frame, s)) return;
  objects_.set_context(frame, in.a, made);
  line(in.op == Op::withcancel ? "\"withcancel\"," : "\"withtimeout\",", Ref{in.a});
}

}  // namespace newproc::pattern
