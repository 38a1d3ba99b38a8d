// sched.hpp: the state of one runtime, and every scheduling function, by the file that holds it.
// Go: type schedt, runtime2.go:774; proc.go. The rules, one by one: cpp/README.md.
//
// Locks, outermost first: `lock` (queues, idle lists, counts), then gfree_lock or allg_lock. No lock is
// held across a switch.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/names.hpp"
#include "base/prefetch.hpp"
#include "context/bounds.hpp"
#include "g/g.hpp"
#include "g/m.hpp"
#include "g/p.hpp"
#include "queue/addresses.hpp"
#include "queue/coprimes.hpp"
#include "queue/fifo.hpp"
#include "queue/gfree.hpp"
#include "queue/linked.hpp"
#include "sched/director.hpp"
#include "sched/gops.hpp"
#include "world/world.hpp"

namespace NEWPROC_NS {

inline constexpr std::uint32_t kMaxProcs = 1024;
inline constexpr std::uint32_t kGoidBatch = 16;         // _GoidCacheBatch, proc.go:629
inline constexpr std::uint32_t kStackMin = 2048;        // bytes, stack.go:75
inline constexpr std::uint32_t kGlobalFairness = 61;    // proc.go:2931
inline constexpr std::uint32_t kTrackingPeriod = 8;     // runtime2.go:517
inline constexpr std::uint64_t kForcePreemptNs = 10'000'000;  // proc.go:5665
inline constexpr std::uint32_t kGlobrunqMost = 128;
inline constexpr std::uint32_t kSlabGs = 512;  // Gs that are allocated together
inline constexpr std::uint32_t kHugeSlabGs = (2u << 20) / sizeof(G);  // that fill a huge page

/// A G and how it was found. Two registers wide, and made by a constructor: returned through memory and read as a
/// whole, the parts would wait for one another.
struct Found {
  Found() = default;
  Found(G* gp, bool shares_slice, std::uint32_t source, std::int32_t stolen_from)
      : g(gp), how((shares_slice ? 1u : 0u) | source << 8 | static_cast<std::uint64_t>(stolen_from + 1) << 32) {}
  /// It shares the time slice: schedtick does not move.
  bool inherit() const { return (how & 1) != 0; }
  std::uint32_t from() const { return static_cast<std::uint32_t>(how >> 8) & 0xff; }
  /// The P it was stolen from; -1: none.
  std::int32_t victim() const { return static_cast<std::int32_t>(how >> 32) - 1; }

  G* g = nullptr;
  std::uint64_t how = std::uint64_t{RT_FROM_RUNQ} << 8;
};

/// How a run ended. The first to end it wins.
struct End {
  rt_status status = RT_OK;
  std::uint64_t goid = 0;
  std::string message, site;
  std::uint64_t when = 0;  // ns of the world's clock
  std::string stack;       // of that goroutine, if somebody wants a dump
  std::string dump;
};

/// A goroutine that waits for a semaphore, in its own frame.
struct SemaWaiter : AddressWaiter<SemaWaiter> {
  G* g = nullptr;
  bool handed_over = false;  // the releaser took the unit for it
};
/// Deadlines, and functions that wait for a context's end: what is over when the run is (sync/context.hpp).
struct OfRun : Hook<struct OfRun> {
  explicit OfRun(bool func) : of_func(func) {}
  const bool of_func;
  std::atomic<bool> in_run{false};
};

inline constexpr std::size_t kSemaRoots = 251;  // sema.go:48
struct alignas(64) SemaRoot {
  Lock lock;
  std::atomic<std::uint32_t> nwait{0};
  Addresses<SemaWaiter> waiters;
};

/// Who decides what no rule decides; sim world, one P.
struct Direction {
  Director* director = nullptr;
  bool decided = false;  // the next one is at the front already
  bool check = false;    // all places and counts, whenever it is asked
};

struct PollDesc;

struct Sched {
  Sched(const rt_config& config, rt_runtime* owner);
  ~Sched();
  Sched(const Sched&) = delete;
  Sched& operator=(const Sched&) = delete;

  Sched* next_sched = nullptr;  // in all_scheds
  rt_config cfg;
  rt_runtime* runtime;
  Log log;
  World world;
  StackPool pool;

  Lock lock;
  std::atomic<std::uint64_t> goidgen{0};
  std::atomic<std::uint32_t> gomaxprocs{0};
  P* allp[kMaxProcs] = {};  // the first nallp exist; the first gomaxprocs are in use
  std::uint32_t nallp = 0;
  StealOrder steal_order;  // changed only while the world is stopped

  // Guarded by lock.
  Fifo<G> runq;                            // what is staged on Ps follows it: globrunq()
  std::atomic<std::uint32_t> runqsize{0};  // of runq, for looks without the lock
  P* pidle = nullptr;
  std::atomic<std::uint32_t> npidle{0};
  M* midle = nullptr;
  std::uint32_t nmidle = 0, nmidlelocked = 0, nmsys = 0, nmfreed = 0;
  std::int32_t mnext = 0;
  std::atomic<M*> allm{nullptr};

  std::atomic<std::uint32_t> nmspinning{0};
  std::atomic<std::uint32_t> scheduling{0};  // Ms in the loop of mstart
  std::atomic<std::uint32_t> needspinning{0};

  Lock gfree_lock;
  GlobalGfree<G> gfree;
  std::atomic<std::uint32_t> starting_stack_size{kStackMin};

  SemaRoot semtable[kSemaRoots];
  Lock sudog_lock;
  Sudog* sudogs = nullptr;  // through next. Go: sched.sudogcache
  std::vector<Sudog*> sudog_slabs;

  Lock slab_lock;  // outermost: making room for Gs takes the others
  Lock allg_lock;
  std::vector<G*> allgs;
  std::vector<G*> slabs;
  std::uint32_t slab_gs = 0;    // in all slabs
  G* slab_next = nullptr;  // in the last slab
  std::uint32_t slab_left = 0;  // Gs
  std::atomic<std::uint32_t> profiling{0};  // dumps under way: goroutines born now are not part of them
  std::atomic<std::uint64_t> ngsys{0};
  std::atomic<std::uint64_t> live{0};  // kept only where max_goroutines limits it

  std::atomic<bool> main_started{false};
  /// Something keeps Ms from picking goroutines: the world is being stopped, or the run is over.
  std::atomic<std::uint32_t> attention{0};
  enum : std::uint32_t { kGcWaiting = 1, kExiting = 2, kInterrupt = 4, kLimit = 8 };
  std::int32_t stopwait = 0;
  Note stopnote;
  Lock world_sema;
  Note sysmonnote;
  Poller poller;
  std::atomic<std::uint32_t> netpoll_waiters{0};  // goroutines parked on descriptors
  Lock polldesc_lock;
  PollDesc* polldescs = nullptr;  // free ones, through link. Go: pollcache
  std::vector<PollDesc*> polldesc_slabs;
  std::atomic<std::int64_t> lastpoll{1};   // ns when somebody last polled; 0: somebody does now
  std::atomic<std::int64_t> poll_until{0};  // ns; of the one that polls, 0: no timer
  std::uint64_t idle_ticks = 0;             // sim world: of all Ps, when time last passed
  std::uint32_t idle_polls = 0;             // and how often since then
  std::atomic<std::uint32_t> holds{0};      // threads that are no Ms and may still wake somebody
  // What such a thread does, it does as this M, with this P, which run nothing. Made when first needed.
  Lock outside_lock;
  bool open = false;  // a run is under way
  M* outside_m = nullptr;
  P* outside_p = nullptr;
  std::atomic<bool> sysmonwait{false};
  std::atomic<bool> sysmon_on{false};
  G* scavenger = nullptr;  // boot profile go: parked until sysmon wakes it

  Lock end_lock;
  End end;
  G* maing = nullptr;
  bool want_dump = false;  // whoever started the run will look at it
  std::vector<trace::Ring*> rings;  // one per M with threads, one for all in the sim world
  std::uint64_t deadline = 0;       // of the machine's clock; 0: none
  std::uint64_t start_ns = 0;

  Lock context_lock;
  Linked<OfRun> of_run;

  std::atomic<std::uint64_t> nchans{0};  // ever made
  Direction direction;
  Relaxed<std::uint32_t> run = 1;    // its number, 1 the first: what waits since an earlier one is gone
  Relaxed<std::uint64_t> coarse_now = 0;  // ns of the world's clock, as sysmon saw it last; 0: no sysmon

  bool exiting() const { return (attention.load(std::memory_order_acquire) & kExiting) != 0; }
  bool gcwaiting() const { return (attention.load(std::memory_order_acquire) & kGcWaiting) != 0; }
};

/// One P: no thief exists. GOMAXPROCS changes only while the world is stopped.
inline bool alone(const Sched& s) { return s.gomaxprocs.load(std::memory_order_relaxed) == 1; }

/// Every runtime of this world, for debuggers (capi/gdb). Changed under a lock of sched.cpp.
extern std::atomic<Sched*> all_scheds;

inline M* getm() { return static_cast<M*>(current_m()); }

/// The time, read once for all that happens in one switch: reading it costs as much as the jump.
class Moment {
 public:
  explicit Moment(const Sched& s) : sched_(s) {}
  std::uint64_t stamp() {
    if (stamp_ == 0) stamp_ = sched_.world.stamp();
    return stamp_;
  }

 private:
  const Sched& sched_;
  std::uint64_t stamp_ = 0;
};

/// Records an event. Off, it costs one load and a predicted branch.
inline void emit_at(M* m, Moment& now, rt_event_kind kind, std::uint64_t goid, std::uint64_t a = 0, std::uint64_t b = 0) {
  if (__builtin_expect(m->trace != nullptr, 0))
    m->trace->emit(now.stamp(), static_cast<std::uint16_t>(kind),
                   static_cast<std::int16_t>(m->p != nullptr ? m->p->id : -1), m->id, goid, a, b);
}
inline void emit(M* m, rt_event_kind kind, std::uint64_t goid, std::uint64_t a = 0, std::uint64_t b = 0) {
  Moment now(*m->sched);
  emit_at(m, now, kind, goid, a, b);
}

// 3.2: latency tracking. One leave of running in eight turns it on; execute() records and turns it off.
inline void track_leave_running(G* gp) {
  if (gp->tracking_seq++ % kTrackingPeriod == 0) gp->tracking = true;
}
inline void track_runnable(Moment& now, G* gp) {
  if (__builtin_expect(gp->tracking, 0)) gp->tracking_stamp = now.stamp();
}
inline void track_runnable(const Sched& s, G* gp) {
  Moment now(s);
  track_runnable(now, gp);
}

/// Where the queues shuffle from, null in normal builds of Go. proc.go:6187
inline FastRand* shuffle_source(M* m) { return m->sched->cfg.randomize != 0 ? &m->rand : nullptr; }

// outside.cpp: threads that are no Ms
rt_status outside_newproc(Sched& s, const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid);
rt_status newproc_outside(Sched& s, const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid);  // outside_lock held
rt_status outside_ready(Sched& s, G* gp);

// newproc.cpp: spawning
rt_status newproc(MHeader* m, rt_func fn, void* arg, const void* callerpc, std::uint64_t* goid);
rt_status newproc_ex(const rt_spawn* spawn, const void* callerpc, std::uint64_t* goid);
G* newproc1(M* m, P* p, rt_func fn, void* arg, const rt_spawn* more, G* callergp, const void* callerpc);
void free_ancestors(G* gp);
void free_all_ancestors(Sched& s);
bool admit(Sched& s);  // false: max_goroutines are alive

// gfree.cpp: free Gs
G* gfget(M* m, P* p);
void gfput(M* m, P* p, G* gp);
void gfpurge(Sched& s, P* p);
G* malg(Sched& s, std::uint32_t size);
bool stackalloc(M* m, G* gp, std::uint32_t size);
void stackfree(M* m, G* gp);

// queues.cpp: local and global run queues together
void runqput(M* m, P* p, G* gp, bool next);
void globrunqput(Sched& s, G* gp);               // lock held
void globrunqputbatch(Sched& s, Queue<G> batch);  // lock held
void globrunqputfront(Sched& s, Queue<G> batch);  // lock held
const Fifo<G>& globrunq(Sched& s);                // lock held: all of it, for a look
bool globrunqempty(const Sched& s);               // no lock: a guess
G* globrunqget(M* m, P* p, std::uint32_t max);    // lock held
G* globrunqputget(M* m, P* p, G* gp, std::uint32_t max);  // lock held: put gp, then get
void pidleput(Sched& s, P* p);                    // lock held
P* pidleget(Sched& s);                            // lock held
P* pidlegetSpinning(Sched& s);                    // lock held

// findrunnable.cpp, steal.cpp
Found findRunnable(M* m);  // blocks; g == null: the M must end
Found stealWork(M* m, std::int64_t& now, std::int64_t& poll_until, bool& restart);

// direct.cpp: a director says who goes next, sim world only
void access(const void* cell, std::uint32_t kind);
void say_site(std::uint64_t site);  // to the director, if there is one

// schedule.cpp: choosing, executing, switching
Found schedule(M* m);
void mcall_g0(M* m, G* gp, bool (*fn)(M*, G*));
void mstart(M* m);

// park.cpp: gopark, goready, Gosched, goyield, preemption
rt_status gosched(MHeader* m);
inline rt_status gosched() { return gosched(current_m()); }
rt_status goyield();
rt_status gopark(rt_commit_func commit, void* arg, std::uint32_t reason);
rt_status goready(rt_g* g);
bool ready(M* m, G* gp, bool next);      // false: it was not parked; one of several wakers wins
void ready_own(M* m, G* gp, bool next);  // the caller alone can wake it
void checkpoint();
void work(std::uint64_t ns);
void preempt_self(M* m);
void goyield_now(M* m);
void injectglist(M* m, Queue<G> list);
bool inject(Sched& s, G* gp);               // the same for one G, outside_lock held; false: it was not parked

// exit.cpp: the goroutine's first frame and its end
G* main_goroutine(M* m, rt_func fn, void* arg);
void goroutine_entry(Transfer t);
void goexit();
rt_status defer(rt_func fn, void* arg);
[[noreturn]] void leave_for_good(M* m);
void drop_goroutines(Sched& s);
void check_canary(M* m, G* gp);  // of a stack without a guard: ends the process if it is gone

// wake.cpp: wakep, startm, stopm, handoffp
void wakep(M* m);
bool startm(M* m, Sched& s, P* p, bool spinning);
void stopm(M* m);
void handoffp(M* m, Sched& s, P* p);
void resetspinning(M* m);
void becomeSpinning(M* m);
void acquirep(M* m, P* p);
P* releasep(M* m);
M* newm(Sched& s, void (*fn)(M*), P* p);
void mput(Sched& s, M* m);  // lock held
M* mget(Sched& s);          // lock held

// timers.cpp
rt_status addtimer(M* m, Timer* t);  // RT_ENOMEM; t->when is set
bool deltimer(Timer* t);
bool deltimer_for_good(Timer* t, void (*release)(Timer*));
rt_status modtimer(M* m, Timer* t, std::int64_t when, std::int64_t period, bool* active);
std::int64_t when_after(const Sched& s, std::int64_t ns);  // overflow: the end of time
bool checkTimers(M* m, P* p, std::int64_t& now, std::int64_t& poll_until);  // true: one fired
std::int64_t checkTimersNoP(const Sched& s, std::int64_t poll_until);
void move_timers(P* from, P* to);       // world stopped
void forget_timers(Sched& s);           // the run is over
bool timers_due(const Sched& s, const P* p);

// netpoll.cpp
Found poll(M* m, std::int64_t poll_until, bool was_spinning, bool& again);  // m has no P
Found netpoll_now(M* m);
void netpoll_from_sysmon(M* m, std::uint64_t now);
G* netpollunblock(std::atomic<std::uintptr_t>& sema, bool io_ready);
std::uint64_t netpoll_data(const PollDesc* pd);  // what its events carry
void wakeNetPoller(M* m, std::int64_t when);
void netpollBreak(Sched& s);

// lockos.cpp
rt_status lock_os_thread();
rt_status unlock_os_thread();
void stoplockedm(M* m);
void startlockedm(M* m, G* gp);

// syscall.cpp
rt_status entersyscall();
rt_status entersyscallblock();
rt_status exitsyscall();

// sysmon.cpp
void sysmon(M* m);
void preemptall(Sched& s);
void wake_sysmon(Sched& s);  // lock held

// stw.cpp: stop and start of the world, GOMAXPROCS
rt_status set_gomaxprocs(std::uint32_t n, std::uint32_t* old);
void gcstopm(M* m);
bool procresize(Sched& s, M* m, std::uint32_t n, P** runnable);  // world stopped, lock held

// end.cpp: deadlock, panic, the end of a run
void checkdead(Sched& s);                        // lock held
void incidlelocked(Sched& s, std::int32_t v);
bool end_if_interrupted(Sched& s);
void end_run(Sched& s, rt_status status, const G* gp, std::string message, std::string stack = {});
void panic(const char* text);
void fatal(const char* text);
void limit(const char* text);
void limit_time(Sched& s);
std::string site_of(const G* gp);  // where it was spawned; empty: by nobody
std::string site_text(const void* gopc, const char* file, std::int32_t line);

// check.cpp: sim world, for tests and searches
std::string misplaced(const Sched& s);  // what is wrong with it between two steps; "": nothing

// look.cpp, schedtrace.cpp
const M* m_of(const Sched& s, const G* gp);  // that runs it, or null
const StackMem* stack_of(const Sched& s, const G* gp);  // null: none, or it has just ended
rt_status take_stats(Sched& s, rt_stats_t* out);
rt_status take_snapshot(Sched& s, rt_snapshot** out);
rt_status take_trace(Sched& s, rt_trace** out);
void begin_profile(Sched& s);  // allg_lock held; pairs with end_profile
void end_profile(Sched& s);
bool in_profile(const G* gp);
void schedtrace(Sched& s, bool detailed);
void queues(QueueView& view);

extern const GOps gops;

inline void acquirem(M* m) { ++m->locks; }
inline void releasem(M* m) { --m->locks; }

}  // namespace NEWPROC_NS
