// check.cpp: the scheduler's own invariants, between two steps of a directed run: each G is in the one place where its
// status says it is (g.hpp), and what is counted is there. For tests: it looks at everything.
#include "sched/sched.hpp"

#if NEWPROC_WORLD_SIM
#include <algorithm>

namespace NEWPROC_NS {
namespace {

/// What is wrong, the first of it.
class Places {
 public:
  explicit Places(const Sched& s) : s_(s) {}
  std::string wrong() {
    for (std::uint32_t i = 0; i < s_.gomaxprocs.load(std::memory_order_relaxed); ++i) look(*s_.allp[i]);
    for (std::uint32_t i = 0; i < s_.runq.size(); ++i) put(s_.runq.at(i), Place::queue);
    for (std::uint32_t i = 0; i < s_.gfree.stack.size(); ++i) put(s_.gfree.stack.at(i), Place::free);
    for (std::uint32_t i = 0; i < s_.gfree.no_stack.size(); ++i) put(s_.gfree.no_stack.at(i), Place::free);
    std::sort(all_.begin(), all_.end(), [](const Held& a, const Held& b) { return a.g < b.g; });
    for (const G* gp : s_.allgs) look(gp);
    count("runqsize", s_.runqsize.load(std::memory_order_relaxed), s_.runq.size());
    count("gfree.n", s_.gfree.n.load(std::memory_order_relaxed), s_.gfree.stack.size() + s_.gfree.no_stack.size());
    count("goroutines created and not exited", created_ - exited_, live_);
    count("ngsys", s_.ngsys.load(std::memory_order_relaxed), system_);
    look_at_ms();
    return wrong_;
  }

 private:
  enum class Place : std::uint8_t { queue, free };
  struct Held {
    const G* g;
    Place place;
  };
  void put(const G* gp, Place place) { all_.push_back({gp, place}); }
  void say(std::string text) {
    if (wrong_.empty()) wrong_ = std::move(text);
  }
  void count(const char* what, std::uint64_t is, std::uint64_t found) {
    if (is != found) say(std::string(what) + " is " + std::to_string(is) + ", and there are " + std::to_string(found));
  }

  void look(const P& p) {
    if (const G* next = p.runq.runnext(); next != nullptr) put(next, Place::queue);
    p.runq.each([this](const G* gp) { put(gp, Place::queue); });
    for (std::uint32_t i = 0; i < p.gfree.size; ++i) put(p.gfree.slots[i], Place::free);
    created_ += p.created.get();
    exited_ += p.exited.get();
    const M* m = p.m;
    const std::uint32_t status = p.status.load(std::memory_order_relaxed);
    if ((status == RT_PRUNNING) != (m != nullptr) && status != RT_PSYSCALL) say("P " + std::to_string(p.id) + " has status " + std::to_string(status) + (m != nullptr ? " and an M" : " and no M"));
    if (m != nullptr && m->p != &p) say("P " + std::to_string(p.id) + " is M " + std::to_string(m->id) + "'s, which does not have it");
    if (!p.staged.empty()) say("P " + std::to_string(p.id) + " has staged goroutines in the sim world");
  }

  void look(const G* gp) {
    const auto [begin, end] = std::equal_range(all_.begin(), all_.end(), Held{gp, Place::queue}, [](const Held& a, const Held& b) { return a.g < b.g; });
    const auto places = end - begin;
    const std::uint32_t status = readgstatus(gp);
    const std::string who = "goroutine " + std::to_string(gp->goid) + ", status " + std::to_string(status) + ",";
    if (status != RT_GDEAD && status != RT_GIDLE) {
      ++live_;
      system_ += gp->system() ? 1 : 0;
    }
    if (places > 1) return say(who + " is in " + std::to_string(places) + " places");
    const bool queued = places == 1 && begin->place == Place::queue, free = places == 1 && begin->place == Place::free;
    const M* m = m_of(s_, gp);
    switch (status) {
      case RT_GRUNNABLE:
        if (!queued) say(who + (free ? " is on a free list" : " is on no queue"));
        break;
      case RT_GDEAD:
        if (!free) say(who + (queued ? " is on a queue" : " is on no free list"));
        break;
      case RT_GRUNNING:
        if (m == nullptr || places != 0) say(who + (m == nullptr ? " is run by no M" : " is on a list"));
        break;
      default:
        if (places != 0) say(who + " is on a list");
    }
  }

  void look_at_ms() {
    std::uint32_t idle = 0, running = 0;
    for (const M* m = s_.allm.load(std::memory_order_acquire); m != nullptr; m = m->alllink) {
      idle += m->idle ? 1 : 0;
      running += m->p != nullptr ? 1 : 0;
      if (m->p != nullptr && m->idle) say("M " + std::to_string(m->id) + " is idle and has a P");
    }
    count("nmidle", s_.nmidle, idle);
    std::uint32_t pidle = 0;
    for (const P* p = s_.pidle; p != nullptr; p = p->link) ++pidle;
    count("npidle", s_.npidle.load(std::memory_order_relaxed), pidle);
    count("Ps that an M has", s_.gomaxprocs.load(std::memory_order_relaxed) - pidle, running);
  }

  const Sched& s_;
  std::vector<Held> all_;
  std::uint64_t created_ = 0, exited_ = 0, live_ = 0, system_ = 0;
  std::string wrong_;
};

}  // namespace

[[gnu::noinline]] std::string misplaced(const Sched& s) { return Places(s).wrong(); }

}  // namespace NEWPROC_NS
#endif
