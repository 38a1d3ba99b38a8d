// direct.cpp: a director says who goes next. The queues stay the scheduler's: what was chosen is moved to their
// front, and the scheduler takes it from there as it takes any other.
#include "sched/direct.hpp"

#if NEWPROC_WORLD_SIM
#include "sched/fast.hpp"

namespace NEWPROC_NS {
namespace {

/// Who could run, in Go's order: the running one, runnext, the ring, the global queue.
struct Line {
  Line(const Sched& s, const P* p, const G* running)
      : sched(s), p(p), running(running), first(running != nullptr ? 1 : 0), local(p->runq.all()), n(first + local + s.runq.size()) {}
  static std::uint64_t goid(const void* of, std::uint32_t i) {
    const Line& line = *static_cast<const Line*>(of);
    if (i < line.first) return line.running->goid;
    i -= line.first;
    return i < line.local ? line.p->runq.peek(i)->goid : line.sched.runq.at(i - line.local)->goid;
  }
  static void goids(const void* of, std::uint64_t* out) {
    const Line& line = *static_cast<const Line*>(of);
    if (line.running != nullptr) *out++ = line.running->goid;
    if (const G* next = line.p->runq.runnext(); next != nullptr) *out++ = next->goid;
    line.p->runq.each([&out](const G* gp) { *out++ = gp->goid; });
    for (std::uint32_t i = 0; i < line.sched.runq.size(); ++i) *out++ = line.sched.runq.at(i)->goid;
  }
  Ready ready() const { return {n, goid, goids, this}; }

  const Sched& sched;
  const P* p;
  const G* running;
  std::uint32_t first, local, n;
};

/// Makes the i-th of those that wait the next to run.
void to_front(M* m, std::uint32_t i) {
  Sched& s = *m->sched;
  P* p = m->p;
  if (p->runq.promote(i)) return;
  G* gp = s.runq.take(i - p->runq.all());
  s.runqsize.store(s.runq.size(), std::memory_order_relaxed);
  runqput(m, p, gp, true);
}

/// The clock goes to the next timer, whatever else could be done before.
void let_time_pass(M* m) {
  Sched& s = *m->sched;
  const auto now = static_cast<std::int64_t>(s.world.nanotime());
  const std::int64_t next = static_cast<P*>(m->p)->timers.next_look();
  if (next > now) s.world.spend(static_cast<std::uint64_t>(next - now));
}

[[gnu::noinline]] void check_places(const Sched& s) {  // what parks is flat, and would have all of it inside
  if (const std::string wrong = misplaced(s); !wrong.empty()) gothrow(("check_scheduler: " + wrong).c_str());
}

void long_enough(Sched& s) { end_run(s, RT_ELIMIT, nullptr, "limit: the steps of a schedule"); }

}  // namespace

/// On the goroutine's stack.
void directed_operation(M* m, const Operation& op) {
  Sched& s = *m->sched;
  Direction& d = s.direction;
  G* gp = m->curg;
  if (m->p == nullptr) return;
  if (__builtin_expect(d.check, 0)) check_places(s);
  const Director::Say say = d.director->arrives(gp->goid, op);
  if (say == Director::Say::on) return;
  if (say == Director::Say::end) {
    long_enough(s);
    leave_for_good(m);
  }
  P* p = m->p;
  const Line line(s, p, gp);
  const std::uint32_t n = line.n;
  const std::uint32_t i = d.director->next(line.ready(), true, p->timers.size() != 0);
  if (i == 0) return;
  if (i == Director::kEnd) {
    long_enough(s);
    leave_for_good(m);
  }
  if (i >= n)
    let_time_pass(m);  // what is due runs on g0, and then there is one more choice
  else
    to_front(m, i - 1);
  d.decided = i < n;
  goyield_now(m);
}

/// The next goroutine; null: g0 has to look, none can run, or the run is over.
G* directed_next(M* m) {
  Sched& s = *m->sched;
  Direction& d = s.direction;
  P* p = m->p;
  if (__builtin_expect(d.check, 0)) check_places(s);
  while (!d.decided) {
    const Line line(s, p, nullptr);
    const std::uint32_t n = line.n;
    if (n == 0) return nullptr;
    const std::uint32_t i = d.director->next(line.ready(), false, p->timers.size() != 0);
    if (i == Director::kEnd) {
      long_enough(s);
      return nullptr;
    }
    if (i < n) {
      to_front(m, i);
      break;
    }
    let_time_pass(m);
    if (m->ops != nullptr) return nullptr;  // on a goroutine's stack: g0 lets the timer fire, and asks again
    std::int64_t now = 0, poll_until = 0;
    checkTimers(m, p, now, poll_until);
    if (s.attention.load(std::memory_order_relaxed) != 0) return nullptr;
  }
  d.decided = false;
  bool inherit = false;
  return p->runq.get(inherit, true);
}

std::uint32_t directed_choice(M* m, std::uint32_t n) { return director(m).choose(m->curg->goid, n); }

void access(const void* cell, std::uint32_t kind) {
  M* m = getm();
  operation(m, kind, cell);
  if (kind != RT_OP_SYNC) hb_touch(getm(), cell, kind);
}
void say_site(std::uint64_t site) {
  if (const M* m = getm(); directed(m)) director(m).site = site;
}

}  // namespace NEWPROC_NS
#else
namespace NEWPROC_NS {
void access(const void*, std::uint32_t) { checkpoint(); }
void say_site(std::uint64_t) {}
}  // namespace NEWPROC_NS
#endif
