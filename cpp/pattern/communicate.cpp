// communicate.cpp: channels: send, receive, range, close, try and select, each with its line.
#include <alloca.h>

#include "pattern/limits.hpp"
#include "pattern/vm.hpp"

namespace newproc::pattern {

constexpr char kNilTimer[] = "runtime error: invalid memory address or nil pointer dereference";

/// Timers and clocks send the time; what a pattern sees of it is 0.
static bool is_time(std::int64_t ref) {
  return Ref::space(ref) == Ref::timer_table || Ref::space(ref) == Ref::timer_slot;
}

bool Run::chan_of(Frame& frame, std::int64_t ref, rt_chan*& c) {
  if (objects_.chan(frame, ref, c)) return true;
  raise(frame, kNilTimer);
  return false;
}

/// recv and range.
void Run::receive(Frame& frame, const Instruction& in) {
  rt_chan* c = nullptr;
  if (!chan_of(frame, in.a, c)) return;
  std::int64_t v = 0;
  int ok_ = 0;
  if (!ok(frame, current_ops()->chanrecv(c, &v, true, &ok_))) return;
  if (is_time(in.a)) v = 0;
  if (in.op == Op::recv) {
    store(frame, in.b, v);
    store(frame, more(in).number, ok_);
  } else if (ok_ != 0) {
    store(frame, in.b, v);
  } else {
    frame.pc = in.target;
  }
  ok_ != 0 ? line("\"recv\",", Ref{in.a}, ",", v) : line("\"recv\",", Ref{in.a}, ",null");
}

/// try send, try recv
void Run::attempt(Frame& frame, const Instruction& in) {
  rt_chan* c = nullptr;
  if (!chan_of(frame, in.a, c)) return;
  if (in.op == Op::try_send) {
    const std::int64_t sent = value(frame, in.b, in.var);
    const rt_status s = current_ops()->chansend(c, &sent, false);
    if (s != RT_EWOULDBLOCK && !ok(frame, s)) return;
    return line("\"try\",", Ref{in.a}, s == RT_OK ? ",true" : ",false");
  }
  std::int64_t v = 0;
  int sent = 0;
  if (current_ops()->chanrecv(c, &v, false, &sent) != RT_OK) return line("\"try\",", Ref{in.a}, ",false");
  line("\"try\",", Ref{in.a}, ",", is_time(in.a) ? std::int64_t{0} : v, sent != 0 ? ",true" : ",false");
}

/// False: it is none of these.
bool Run::communicate(Frame& frame, const Instruction& in) {
  rt_chan* c = nullptr;
  switch (in.op) {
    case Op::send: {
      if (!chan_of(frame, in.a, c)) return true;
      const std::int64_t sent = value(frame, in.b, in.var);
      if (ok(frame, current_ops()->chansend(c, &sent, true))) line("\"send\",", Ref{in.a}, ",", sent);
      return true;
    }
    case Op::recv:
    case Op::range: receive(frame, in); return true;
    case Op::close:
      if (chan_of(frame, in.a, c) && ok(frame, current_ops()->closechan(c))) line("\"close\",", Ref{in.a});
      return true;
    case Op::try_send:
    case Op::try_recv: attempt(frame, in); return true;
    case Op::select: select(frame, program_.selects[static_cast<std::size_t>(in.a)]); return true;
    case Op::make_chan:
      if (in.b != kNil && objects_.made() >= kMostMade) end_at_limit("fresh objects", kMostMade, "steps");
      if (in.b != kNil && (c = objects_.fresh_chan(in.b)) == nullptr) end_for_memory("a channel");
      objects_.set_chan(frame, in.a, c);
      line("\"chan\",", Ref{in.a});
      return true;
    default: return false;
  }
}

void Run::select(Frame& frame, const Select& select) {
  const std::size_t n = select.cases.size();
  auto* cases = static_cast<rt_case*>(alloca((n + 1) * sizeof(rt_case)));  // not a vector: it may never return
  auto* sent = static_cast<std::int64_t*>(alloca((n + 1) * sizeof(std::int64_t)));
  std::int64_t v = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const SelectCase& one = select.cases[i];
    rt_chan* c = nullptr;
    if (!chan_of(frame, one.chan, c)) return;
    if (one.send) sent[i] = value(frame, one.value);
    cases[i] = rt_case{c, one.send ? &sent[i] : &v, one.send ? RT_SEND : RT_RECV, 0};
  }
  std::size_t chosen = 0;
  if (!ok(frame, current_ops()->select(cases, n, !select.has_default, &chosen))) return;
  if (chosen >= n) {
    line("\"select\",", std::uint64_t{chosen}, ",null");
    frame.pc = select.default_target;
    return;
  }
  const SelectCase& one = select.cases[chosen];
  const bool received = !one.send && cases[chosen].ok != 0;
  if (received && is_time(one.chan)) v = 0;
  if (!one.send) store(frame, one.to, received ? v : 0);
  if (!one.send) store(frame, one.ok, received ? 1 : 0);
  received ? line("\"select\",", std::uint64_t{chosen}, ",", v) : line("\"select\",", std::uint64_t{chosen}, ",null");
  frame.pc = one.target;
}

}  // namespace newproc::pattern
