// time.cpp: sleep, after, timers and tickers.
#include "pattern/limits.hpp"
#include "pattern/vm.hpp"

namespace newproc::pattern {

constexpr char kNoTimer[] = "runtime error: invalid memory address or nil pointer dereference";

/// after: gives the milliseconds to whoever can take them now. It logs nothing.
void Run::after_entry(void* raw) {
  const Pending& pending = *static_cast<Pending*>(raw);
  const std::int64_t ms = pending.ms;
  current_ops()->chansend(pending.chan, &ms, false);
}

/// False: it is none of these.
bool Run::timed(Frame& frame, const Instruction& in) {
  switch (in.op) {
    case Op::sleep:
      if (ok(frame, current_ops()->sleep(nanoseconds(in.a)))) line("\"sleep\",", in.a);
      return true;
    case Op::after: {
      rt_chan* c = nullptr;
      if (!chan_of(frame, in.a, c)) return true;
      Pending* pending = nullptr;
      {
        const std::lock_guard<std::mutex> lock(pending_mutex_);
        pending = &pending_.emplace_back(Pending{{this, -1}, c, in.b});
      }
      if (current_ops()->after_func(nanoseconds(in.b), after_entry, pending, nullptr) != RT_OK) end_for_memory("a timer");
      line("\"after\",", Ref{in.a});
      return true;
    }
    case Op::timer:
    case Op::ticker:
    case Op::afterfunc: set_timer(frame, in); return true;
    case Op::stop:
    case Op::reset: stop_or_reset(frame, in); return true;
    default: return false;
  }
}

void Run::set_timer(Frame& frame, const Instruction& in) {
  if (objects_.made() >= kMostMade) end_at_limit("fresh objects", kMostMade, "steps");
  const GOps* ops = current_ops();
  rt_timer* t = nullptr;
  const rt_status s = in.op == Op::afterfunc
                          ? ops->after_func(nanoseconds(in.b), timer_entry, start_of(frame, program_.spawns[static_cast<std::size_t>(more(in).number)]), &t)
                          : ops->new_timer(nanoseconds(in.b), in.op == Op::ticker, &t);
  if (s == RT_ENOMEM) end_for_memory("a timer");
  if (!ok(frame, s)) return;
  objects_.set_timer(frame, in.a, objects_.fresh_timer(t, in.op == Op::ticker, in.op == Op::afterfunc));
  line(in.op == Op::ticker ? "\"ticker\"," : in.op == Op::timer ? "\"timer\"," : "\"afterfunc\",", Ref{in.a});
}

/// Whether it was active, which Go tells of timers and not of tickers.
void Run::stop_or_reset(Frame& frame, const Instruction& in) {
  TimerBox* box = objects_.timer(frame, in.a);
  if (box == nullptr) return raise(frame, kNoTimer);
  bool active = false;
  const bool stop = in.op == Op::stop;
  if (!ok(frame, stop ? objects_.runtime().stop_timer(box->timer, &active)
                      : objects_.runtime().reset_timer(box->timer, nanoseconds(in.b), &active)))
    return;
  const std::int64_t to = stop ? in.b : more(in).number;
  if (!box->ticker) store(frame, to, active ? 1 : 0);
  line(stop ? "\"stop\"," : "\"reset\",", Ref{in.a}, box->ticker ? ",null" : active ? ",true" : ",false");
}

}  // namespace newproc::pattern
