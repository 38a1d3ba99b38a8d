// execute.cpp: what each instruction of a pattern does, and the line it logs when it has completed.
#include <alloca.h>

#include <cstdio>

#include "base/error.hpp"
#include "pattern/vm.hpp"
#include "runtime/runtime.hpp"

namespace newproc::pattern {

/// goexit and panic: what the oracle has deferred comes first: the onces it is in, the innermost first, and
/// the line "end", which main has not.
void Run::end_goroutine(Frame& frame, const char* panic) {
  char text[160];  // no string: this frame is left for good. The caller's text may be the thread's last error
  std::snprintf(text, sizeof text, "%s", panic != nullptr ? panic : "");
  while (frame.onces > 0) current_ops()->once_leave(&onces_[frame.open[--frame.onces]]);
  if (!frame.main) line("\"end\"");
  const GOps* ops = current_ops();
  if (panic == nullptr) ops->goexit();
  ops->panic(text);
  __builtin_unreachable();
}

/// What Go panics at ends the goroutine, and so the run.
inline void Run::expect(Frame& frame, rt_status status) {
  if (__builtin_expect(status == RT_OK, 1)) return;
  if (status == RT_EPANIC) end_goroutine(frame, last_error());
  current_ops()->limit("limit: memory: the system gave none for a goroutine that waits");
}

/// An instruction begins. A director is asked by the operation itself, which knows its object, or by touch().
inline void Run::begin_step(const Body& body, std::uint32_t pc) {
  if (director_ == nullptr) return count_step();
  director_->site = static_cast<std::uint64_t>(&body - program_.bodies.data()) << 32 | pc;
}

/// A variable is about to be read or written (RT_OP_READ, ...): a director may let others go first.
inline void Run::touch(std::int64_t variable, std::uint32_t kind) {
  if (director_ == nullptr) return;
  const auto v = static_cast<std::size_t>(variable);
  if (!program_.atomics.empty() && program_.atomics[v]) kind = kind == RT_OP_READ ? RT_OP_ATOMIC_LOAD : RT_OP_ATOMIC;
  current_ops()->access(&vars_[v], kind);
}

void Run::inc(std::int64_t variable) {
  std::atomic<std::int64_t>& v = vars_[static_cast<std::size_t>(variable)];
  touch(variable, RT_OP_READ);
  const std::int64_t was = v.load(std::memory_order_relaxed);
  if (director_ == nullptr) current_ops()->checkpoint();  // between the read and the write another goroutine may come
  touch(variable, RT_OP_WRITE);
  v.store(static_cast<std::int64_t>(static_cast<std::uint64_t>(was) + 1), std::memory_order_relaxed);
  line("\"inc\",", variable);
}

void Run::assert_equal(Frame& frame, const Instruction& in) {
  touch(in.a, RT_OP_READ);
  const std::int64_t is = vars_[static_cast<std::size_t>(in.a)].load(std::memory_order_relaxed);
  if (is == in.b) return;
  char text[128];
  std::snprintf(text, sizeof text, "assert: variable %lld is %lld, not %lld", static_cast<long long>(in.a),
                static_cast<long long>(is), static_cast<long long>(in.b));
  end_goroutine(frame, text);
}

/// Operations on one channel. False: it is none.
bool Run::communicate(Frame& frame, const Instruction& in) {
  rt_chan* c = in.op >= Op::send && in.op <= Op::try_recv ? chans_[static_cast<std::size_t>(in.a)] : nullptr;
  std::int64_t v = 0;
  bool ok = false;
  switch (in.op) {
    case Op::send:
      expect(frame, current_ops()->chansend(c, &in.b, true));
      line("\"send\",", in.a, ",", in.b);
      return true;
    case Op::recv:
      expect(frame, current_ops()->chanrecv(c, &v, true, &ok));
      ok ? line("\"recv\",", in.a, ",", v) : line("\"recv\",", in.a, ",null");
      return true;
    case Op::close:
      expect(frame, current_ops()->closechan(c));
      line("\"close\",", in.a);
      return true;
    case Op::try_send: {
      const rt_status s = current_ops()->chansend(c, &in.b, false);
      if (s != RT_EWOULDBLOCK) expect(frame, s);
      line("\"try\",", in.a, s == RT_OK ? ",true" : ",false");
      return true;
    }
    case Op::try_recv: {
      const rt_status s = current_ops()->chanrecv(c, &v, false, &ok);
      if (s == RT_OK)
        line("\"try\",", in.a, ",", v, ok ? ",true" : ",false");
      else
        line("\"try\",", in.a, ",false");
      return true;
    }
    default: return false;
  }
}

/// Where to go on.
std::uint32_t Run::select(Frame& frame, const Select& select) {
  const std::size_t n = select.cases.size();
  auto* cases = static_cast<rt_case*>(alloca((n + 1) * sizeof(rt_case)));  // not a vector: it may never return
  std::int64_t v = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const SelectCase& one = select.cases[i];
    void* elem = one.send ? const_cast<std::int64_t*>(&one.value) : &v;
    cases[i] = rt_case{chans_[one.chan], elem, one.send ? RT_SEND : RT_RECV, 0};
  }
  std::size_t chosen = 0;
  expect(frame, current_ops()->select(cases, n, !select.has_default, &chosen));
  const bool received = chosen < n && !select.cases[chosen].send && cases[chosen].ok != 0;
  received ? line("\"select\",", std::uint64_t{chosen}, ",", v) : line("\"select\",", std::uint64_t{chosen}, ",null");
  return chosen < n ? select.cases[chosen].target : select.default_target;
}

/// Package sync. False: it is none of its operations.
bool Run::lock_or_wait(Frame& frame, const Instruction& in) {
  const GOps* ops = current_ops();
  const auto i = static_cast<std::size_t>(in.a);
  const auto done = [&](rt_status status, const char* name) {
    expect(frame, status);
    line("\"", name, "\",", in.a);
    return true;
  };
  switch (in.op) {
    case Op::lock: return done(ops->mutex_lock(&mutexes_[i]), "lock");
    case Op::unlock: return done(ops->mutex_unlock(&mutexes_[i]), "unlock");
    case Op::rwlock: return done(ops->rwmutex_lock(&rwmutexes_[i]), "rwlock");
    case Op::rwunlock: return done(ops->rwmutex_unlock(&rwmutexes_[i]), "rwunlock");
    case Op::rlock: return done(ops->rwmutex_rlock(&rwmutexes_[i]), "rlock");
    case Op::runlock: return done(ops->rwmutex_runlock(&rwmutexes_[i]), "runlock");
    case Op::add: return done(ops->waitgroup_add(&waitgroups_[i], in.b), "add");
    case Op::done: return done(ops->waitgroup_add(&waitgroups_[i], -1), "done");
    case Op::wait: return done(ops->waitgroup_wait(&waitgroups_[i]), "wait");
    case Op::condwait:
      expect(frame, ops->mutex_lock(conds_[i].l));
      expect(frame, current_ops()->cond_wait(&conds_[i]));
      return done(current_ops()->mutex_unlock(conds_[i].l), "condwait");
    case Op::signal: return done(ops->cond_signal(&conds_[i]), "signal");
    case Op::broadcast: return done(ops->cond_broadcast(&conds_[i]), "broadcast");
    case Op::sleep: return done(ops->sleep(nanoseconds(in.a)), "sleep");
    default: return false;
  }
}

void Run::execute(const Body& body, bool main) {
  Frame frame;
  frame.main = main;
  const Instruction* code = body.code.data();
  for (std::uint32_t pc = 0;;) {
    const Instruction& in = code[pc++];
    if (in.op != Op::jump && in.op != Op::ret && in.op != Op::counter && in.op != Op::once_leave && in.op != Op::once_log)
      begin_step(body, pc - 1);
    switch (in.op) {
      case Op::go:
        spawn(in.a);
        line("\"go\",", in.a);
        break;
      case Op::yield:
        current_ops()->gosched(current_m());
        line("\"yield\"");
        break;
      case Op::mark: line("\"mark\",", in.a); break;
      case Op::snap:
        snap();
        check_log();
        break;
      case Op::counter: frame.counters[in.a] = in.b; break;
      case Op::round:
        if (frame.counters[in.a] == 0)
          pc = in.target;
        else if (frame.counters[in.a] > 0)
          --frame.counters[in.a];
        else if (director_ != nullptr)
          director_->lap();
        break;
      case Op::jump: pc = in.target; break;
      case Op::ret: return;
      case Op::set:
        touch(in.a, RT_OP_WRITE);
        vars_[static_cast<std::size_t>(in.a)].store(in.b, std::memory_order_relaxed);
        line("\"set\",", in.a);
        break;
      case Op::inc: inc(in.a); break;
      case Op::atomic:
        touch(in.a, RT_OP_ATOMIC);
        vars_[static_cast<std::size_t>(in.a)].fetch_add(in.b, std::memory_order_relaxed);
        line("\"atomic\",", in.a);
        break;
      case Op::unless:
        touch(in.a, RT_OP_READ);
        if (vars_[static_cast<std::size_t>(in.a)].load(std::memory_order_relaxed) != in.b) pc = in.target;
        break;
      case Op::assert_: assert_equal(frame, in); break;
      case Op::goexit: end_goroutine(frame, nullptr);
      case Op::panic: end_goroutine(frame, "pattern");
      case Op::select: pc = select(frame, program_.selects[static_cast<std::size_t>(in.a)]); break;
      case Op::once_enter: {
        bool run = false;
        expect(frame, current_ops()->once_enter(&onces_[static_cast<std::size_t>(in.a)], &run));
        if (run)
          frame.open[frame.onces++] = static_cast<std::uint32_t>(in.a);
        else
          pc = in.target;
        break;
      }
      case Op::once_leave:
        --frame.onces;
        expect(frame, current_ops()->once_leave(&onces_[static_cast<std::size_t>(in.a)]));
        break;
      case Op::once_log: line("\"once\",", in.a); break;
      case Op::after:
        after(static_cast<std::uint32_t>(in.a), in.b);
        line("\"after\",", in.a);
        break;
      default:
        if (!communicate(frame, in)) lock_or_wait(frame, in);
    }
  }
}

}  // namespace newproc::pattern
