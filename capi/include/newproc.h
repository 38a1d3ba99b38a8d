/* newproc.h: the whole C ABI of newproc, Go 1.21's G/M/P scheduler as a library.
 *
 * True of every function below unless its comment says otherwise:
 *   errors     Returns rt_status. RT_OK is 0, failures are negative, and a number never changes its
 *              meaning. Outputs are written only on RT_OK. rt_last_error() has the sentence that names
 *              the argument, the value and the remedy.
 *   ownership  No pointer you pass is kept after the call, except `arg` of a function that is started:
 *              it is handed back to that function as it came and never freed.
 *   threads    [any] any thread   [g] only inside a goroutine   [host] never inside one
 *   runtime    rt == NULL means the runtime of the calling goroutine.
 *   growth     A struct that you fill opens with struct_size = sizeof(it); fields are only appended.
 *   failure    No C++ exception leaves. A broken invariant of newproc aborts, as Go's throw does;
 *              whatever a program can do wrong is a status or the end of its run.
 *   errno      is not valid across a call that can switch goroutines: it belongs to the OS thread.
 *   fork       A goroutine may fork; the parent's run goes on. A child of the threads world has the
 *              calling OS thread and no other: let it exec or _exit, and make no rt_ call before. A child
 *              of the sim world, which has one thread, is a whole copy, and its run goes on too.
 *
 * References such as proc.go:4472 are to Go 1.21.13.
 */
#ifndef NEWPROC_H
#define NEWPROC_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#error "newproc runs on Linux"
#endif
#if defined(__GNUC__)
#define RT_API __attribute__((visibility("default")))
#else
#define RT_API
#endif

#define RT_VERSION_MAJOR 0
#define RT_VERSION_MINOR 1
#define RT_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ------------------------------------------------------------------------------------- */

/* One list gives the enum, rt_status_name() and rt_strerror(). */
#define RT_STATUS_MAP(X)                                                          \
  X(RT_OK, 0, "success")                                                          \
  X(RT_EINVAL, -1, "an argument is outside its documented range")                 \
  X(RT_ENOMEM, -2, "the system gave no memory")                                   \
  X(RT_EAGAIN, -3, "the system gave no thread")                                   \
  X(RT_EPLACE, -4, "this call is not allowed here")                               \
  X(RT_ESTATE, -5, "the runtime is in the wrong state for this call")             \
  X(RT_EDEADLOCK, -6, "all goroutines are asleep")                                \
  X(RT_EGOEXIT, -7, "main called Goexit and no goroutine is left")                \
  X(RT_EPANIC, -8, "a goroutine panicked and nobody recovered")                   \
  X(RT_EFATAL, -9, "a fatal error ended the run")                                 \
  X(RT_ELIMIT, -10, "a limit of the configuration ended the run")                 \
  X(RT_ENOTSUP, -11, "this runtime or this build cannot do that")                 \
  X(RT_EINTR, -12, "rt_interrupt ended the run")                                  \
  X(RT_EPATTERN, -13, "the text is not a spawn pattern")                          \
  X(RT_EIO, -14, "a file could not be written")                                   \
  X(RT_EWOULDBLOCK, -15, "the operation would have to wait")                      \
  X(RT_ECANCELED, -16, "context canceled")                                        \
  X(RT_EDEADLINE, -17, "context deadline exceeded")                               \
  X(RT_ETIMEOUT, -18, "the deadline is over")                                     \
  X(RT_ECLOSED, -19, "the descriptor was closed")                                 \
  X(RT_ESYS, -20, "the system refused; errno says why")

typedef enum rt_status {
#define RT_STATUS_ENUM(name, value, text) name = value,
  RT_STATUS_MAP(RT_STATUS_ENUM)
#undef RT_STATUS_ENUM
} rt_status;

/* "RT_EINVAL"; "RT_?" for a number that is no status. [any] */
RT_API const char *rt_status_name(rt_status status);
/* One English sentence. [any] */
RT_API const char *rt_strerror(rt_status status);
/* Why the last failing call on this OS thread failed; "" if none did. Valid until the next newproc
 * call on this thread; copy it before you let the goroutine switch. [any] */
RT_API const char *rt_last_error(void);
/* "0.1.0". [any] */
RT_API const char *rt_version(void);

/* ---- Configuration ------------------------------------------------------------------------------ */

typedef struct rt_runtime rt_runtime;
typedef struct rt_g rt_g; /* a goroutine, as rt_getg, rt_gopark and rt_goready name it */
typedef void (*rt_func)(void *arg);

typedef enum rt_world {
  RT_WORLD_THREADS = 0, /* Ms are OS threads; fast */
  RT_WORLD_SIM = 1      /* Ms are contexts on the caller's thread; virtual time; one seed decides all */
} rt_world;

typedef enum rt_boot {
  RT_BOOT_BARE = 0, /* main is goid 1, the first goroutine it starts is goid 2 */
  RT_BOOT_GO = 1    /* goids 2 to 5 are the runtime's own goroutines, as in a Go program */
} rt_boot;

typedef enum rt_stack_policy {
  RT_STACK_LAZY = 0, /* memory is bound to a goroutine when it first runs */
  RT_STACK_GO = 1    /* memory is bound at creation and stays with the G on the free lists */
} rt_stack_policy;

typedef enum rt_sysmon {
  RT_SYSMON_AUTO = 0, /* on, except in the sim world with one P */
  RT_SYSMON_OFF = 1,
  RT_SYSMON_ON = 2
} rt_sysmon;

/* Classes of points where an M of the sim world can lose control (rt_config.points). */
enum {
  RT_POINT_OP = 1,    /* an operation of a goroutine: spawn, yield, checkpoint, pattern step */
  RT_POINT_LOCK = 2,  /* before the scheduler's locks */
  RT_POINT_QUEUE = 4, /* inside the lock-free queues, between the read and the CAS */
  RT_POINT_WAKE = 8,  /* wake, park and steal */
  RT_POINT_ALL = 15
};

/* What a goroutine is about to do at a point of the class RT_POINT_OP, as drivers of rt_explore see it. */
enum {
  RT_OP_LOCAL = 0,  /* nothing that another goroutine could notice */
  RT_OP_READ = 1,   /* of a cell or a pattern's variable */
  RT_OP_WRITE = 2,
  RT_OP_ATOMIC = 3, /* of a cell: it orders what comes before and after */
  RT_OP_CHAN = 4,   /* send, receive, close */
  RT_OP_SELECT = 5, /* of several channels */
  RT_OP_SYNC = 6,   /* a lock, a wait group, a condition, a once, a goroutine to be readied */
  RT_OP_TIME = 7,   /* a timer is set, stopped or reset */
  RT_OP_ATOMIC_LOAD = 8
};

/* Log levels of rt_config.log_level, the environment's NEWPROC_LOG and rt_log_func. */
enum { RT_LOG_OFF = 0, RT_LOG_ERROR = 1, RT_LOG_WARN = 2, RT_LOG_INFO = 3, RT_LOG_DEBUG = 4 };

/* Receives one line, without its newline. May be called on any M, never on a goroutine's stack in the
 * sim world; must not call back into newproc. */
typedef void (*rt_log_func)(void *arg, int level, const char *line);

/* What the fault hook is asked about. */
enum {
  RT_FAULT_MMAP = 1,
  RT_FAULT_THREAD = 2,
  RT_FAULT_ALLOC = 3,
  RT_FAULT_GUARD = 4, /* no guard page */
  RT_FAULT_POLL = 5   /* epoll_create1, eventfd: EMFILE; epoll_ctl: ENOSPC */
};
/* Return non-zero to make the resource fail as if the system had refused it. For tests. */
typedef int (*rt_fault_func)(void *arg, int kind);

/* Chooses which M moves next (sim world): an index below n into ms, the ids of the Ms that can move,
 * in rising order. kind is the RT_POINT_* class, 0 where the last M blocked. Must not call newproc. */
typedef uint32_t (*rt_driver_func)(void *arg, const int32_t *ms, uint32_t n, int kind);

typedef struct rt_config {
  size_t struct_size;
  uint32_t procs;               /* GOMAXPROCS: Ps, 1 to 1024 (default: CPUs this process may use) */
  uint32_t world;               /* rt_world (default RT_WORLD_THREADS) */
  uint32_t boot;                /* rt_boot (default RT_BOOT_BARE) */
  uint32_t stack_policy;        /* rt_stack_policy (default RT_STACK_LAZY) */
  uint64_t seed;                /* sim world: the source of every choice (default 1); threads: 0 = the system's */
  size_t stack_size;            /* bytes of a goroutine's stack, guard included; power of two, 16 KiB to 64 MiB
                                   (default 64 KiB; 256 KiB in sanitizer builds) */
  size_t guard_size;            /* bytes, multiple of the page size, below half of stack_size (default one page) */
  uint32_t starting_stack_size; /* bytes; Go's startingStackSize, which the free lists compare (default 2048) */
  uint32_t randomize;           /* 1: the queues shuffle as in Go's race builds (default 0) */
  uint32_t ancestors;           /* how many ancestors a goroutine records, as GODEBUG's tracebackancestors (default 0): their
                                   goids are in snapshots, and dumps say where each was when it spawned the next */
  uint32_t max_ms;              /* most Ms, 2 to 10000 (default 10000) */
  uint32_t sysmon;              /* rt_sysmon */
  uint32_t points;              /* RT_POINT_* (default all) */
  uint64_t trace_events;        /* events kept per M, rounded up to a power of two; 0: tracing off (default 0) */
  uint64_t max_goroutines;      /* live at once, main included; 0: no limit (default 0) */
  uint64_t max_steps;           /* sim world: scheduler steps of one run; 0: no limit (default 0) */
  uint64_t max_nanos;           /* nanoseconds of the machine's clock for one run; 0: no limit (default 0) */
  uint32_t schedtrace_ms;       /* as GODEBUG=schedtrace=N, to the log sink at RT_LOG_INFO; 0: off (default 0) */
  uint32_t scheddetail;         /* as GODEBUG=scheddetail=1 */
  int32_t log_level;            /* RT_LOG_*; -1: NEWPROC_LOG of the environment, else RT_LOG_WARN (default -1) */
  rt_log_func log;              /* NULL: standard error */
  void *log_arg;
  rt_fault_func fault; /* NULL: nothing is made to fail */
  void *fault_arg;
  rt_driver_func driver; /* sim world; NULL: one P runs straight on, more draw from seed */
  void *driver_arg;
  uint32_t fp_modes;            /* 1: each goroutine has rounding mode and exception masks of its own, at 4 ns a
                                   switch (x86-64); 0: they belong to the M, as in Go, whose gogo leaves
                                   MXCSR alone (asm_amd64.s:403). A goroutine that changes them puts them
                                   back before it yields (default 0) */
  uint32_t parallel;            /* sim world. 0: one M moves at a time (default). 1: all move at once, each with a
                                   clock of its own, and what they do takes the virtual nanoseconds below: a machine
                                   with as many processors as procs. rt_work is a goroutine's own computing. */
  uint32_t cost_op;             /* an operation of a goroutine (default 50) */
  uint32_t cost_switch;         /* an M goes over to another goroutine (default 50) */
  uint32_t cost_look;           /* an M looks into another P's queue (default 5) */
  uint32_t cost_steal;          /* and takes from it (default 200) */
  uint32_t cost_wake;           /* from waking an M until it moves (default 5,000) */
  uint32_t cost_syscall;        /* into a system call, and out of it (default 100) */
} rt_config;

/* Fills cfg with the defaults. cfg->struct_size need not be set; size is sizeof(rt_config).
 *   returns  RT_EINVAL cfg is NULL or size is no known size   [any] */
RT_API rt_status rt_config_init(rt_config *cfg, size_t size);

/* ---- A runtime and its run ---------------------------------------------------------------------- */

/* Makes a runtime. Threads are started by rt_start_main, not here.
 *   cfg      NULL: the defaults
 *   returns  RT_EINVAL a field is out of range or out is NULL; RT_ENOMEM    [any] */
RT_API rt_status rt_new(const rt_config *cfg, rt_runtime **out);

/* Ends a runtime: frees every goroutine, stack and M. NULL is allowed.
 *   returns  RT_EINVAL not a live runtime (deleted before); RT_ESTATE it is running;
 *            RT_EPLACE called inside a goroutine    [host] */
RT_API rt_status rt_delete(rt_runtime *rt);

/* How a run ended. exit_code and message are what the Go program would have: 0 or 2, and the first line
 * of its standard error without a newline ("" at 0). */
typedef struct rt_end {
  size_t struct_size;
  rt_status status;
  int32_t exit_code;
  uint64_t goid;       /* the goroutine that ended the run; 0 where none did (a deadlock, a limit) */
  const char *message; /* owned by the runtime, until its next run or its end */
  const char *site;    /* "file:line" or symbol where that goroutine was started; "" where unknown */
  /* Unless status is RT_OK: a traceback in Go's form, the message, then each goroutine (at most a thousand): state
   * and wait reason, minutes waited, stack where symbols allow, what it waits for, who started it where. "" at RT_OK. A
   * caller whose struct_size ends before this field has none made. */
  const char *dump;
} rt_end;

/* Runs fn(arg) as the main goroutine (goid 1) and returns when the run is over: main returned, a
 * goroutine panicked, everything is asleep, a limit was reached. Goroutines still alive then are
 * dropped, as when Go's main returns: their stacks are not unwound, their on_drop functions are called.
 * An M inside fn code that reaches no safe point is waited for. A runtime can run again afterwards.
 *   end      NULL, or receives how it ended (written whatever the status, once the run began)
 *   returns  RT_OK main returned; RT_EDEADLOCK, RT_EGOEXIT, RT_EPANIC, RT_EFATAL, RT_ELIMIT, RT_EINTR
 *            the run ended so; RT_EINVAL; RT_ESTATE it is running already; RT_EPLACE inside a
 *            goroutine; RT_ENOMEM, RT_EAGAIN nothing ran
 *   Go       schedinit, rt0_go, main: proc.go:694, 144    [host] */
RT_API rt_status rt_start_main(rt_runtime *rt, rt_func fn, void *arg, rt_end *end);

/* The same in steps, sim world only. rt_begin sets main up; rt_step runs at most `steps` scheduler
 * steps (a step is one M from one point to the next) and says in *over whether the run has ended. It
 * stops where config.points lets an M lose control, or before an operation: with RT_POINT_OP alone, no
 * queue is half changed between calls. There the caller may look at everything. rt_abandon ends a run that is under way.
 *   returns  of rt_step: RT_OK while it goes on, else as rt_start_main    [host] */
RT_API rt_status rt_begin(rt_runtime *rt, rt_func fn, void *arg);
RT_API rt_status rt_step(rt_runtime *rt, uint64_t steps, int *over, rt_end *end);
RT_API rt_status rt_abandon(rt_runtime *rt);

/* Asks a run to end with RT_EINTR at the next safe points. Async-signal-safe. [any] */
RT_API rt_status rt_interrupt(rt_runtime *rt);
/* fn(arg) is called once a run is over, on the thread that called rt_start_main, before it waits for the other Ms:
 * a host makes what they execute for it come to a safe point (Python raises an exception there). On the threads
 * that run goroutines it is called by nobody. NULL: none. RT_ESTATE while a run is under way [host] */
RT_API rt_status rt_on_stop(rt_runtime *rt, rt_func fn, void *arg);

/* The runtime of the calling goroutine; NULL outside. [any] */
RT_API rt_runtime *rt_current(void);

/* ---- Spawning ----------------------------------------------------------------------------------- */

/* Starts fn(arg) as a new goroutine: next to run on the caller's P; the caller keeps running. On a thread that is
 * no M, with rt given: at the back of the global queue, without a parent.
 * The spawn site is the caller's address; the macro below gives file and line instead.
 *   goid     NULL, or receives the id; never 0
 *   returns  RT_EINVAL fn is NULL and the call is not inside a goroutine; RT_EPLACE in another runtime's
 *            goroutine; RT_ESTATE outside goroutines while no run is under way; RT_ENOMEM; RT_ELIMIT max_goroutines are alive.
 *            A NULL fn inside a goroutine ends the run as in Go: "go of nil func value" (RT_EFATAL).
 *   Go       newproc, newproc1: proc.go:4472, 4490    [g], and threads that are no Ms */
RT_API rt_status rt_newproc(rt_runtime *rt, rt_func fn, void *arg, uint64_t *goid);

enum {
  RT_SPAWN_SYSTEM = 1 /* a goroutine of the runtime's kind: not counted, no labels (traceback.go:1311) */
};

/* A spawn with everything said. */
typedef struct rt_spawn {
  size_t struct_size;
  rt_func fn;
  void *arg;
  const char *file; /* kept, not copied: a string that outlives the runtime; NULL: the caller's address */
  int32_t line;
  uint32_t flags;       /* RT_SPAWN_* */
  const char *name;     /* NULL, or a kept string shown instead of fn's symbol */
  rt_func on_drop;      /* NULL, or called with arg if the goroutine never reaches its end, on the host
                           thread after the run */
} rt_spawn;
RT_API rt_status rt_newproc_ex(rt_runtime *rt, const rt_spawn *spawn, uint64_t *goid);

/* ---- Inside a goroutine ------------------------------------------------------------------------- */
/* All [g]; outside one they return RT_EPLACE (rt_goid returns 0, rt_getg NULL). */

RT_API rt_status rt_gosched(void); /* to the back of the global queue; proc.go:336 */
RT_API rt_status rt_goyield(void); /* to the tail of the own P's ring; proc.go:3828 */
/* Ends the goroutine: deferred calls newest first, then C++ destructors of its frames. Does not return
 * inside a goroutine. A catch (...) on the way must rethrow. panic.go:489 */
RT_API rt_status rt_goexit(void);
/* Calls fn(arg) when the goroutine ends by return or rt_goexit, newest first. RT_ENOMEM */
RT_API rt_status rt_defer(rt_func fn, void *arg);
/* Ends the run as a panic nobody recovers: "panic: " + text. Does not return inside a goroutine. */
RT_API rt_status rt_panic(const char *text);
/* Ends the run as a fatal error: "fatal error: " + text. Does not return inside a goroutine. */
RT_API rt_status rt_fatal(const char *text);
RT_API uint64_t rt_goid(void);
RT_API rt_g *rt_getg(void);
/* A safe point: yields if sysmon asked for it. 2 ns when it did not. */
RT_API rt_status rt_checkpoint(void);
/* With on == 0 the calling goroutine yields only where it has to wait, and at rt_checkpoint: whatever holds a
 * lock across calls that never wait (a binding its interpreter's) gives it up around those. sysmon may ask it to
 * yield all the same; rt_preempt_due says so. On in a new goroutine. [g] */
RT_API rt_status rt_set_preemptible(int on);
/* 1: rt_checkpoint would yield now; 0: it would not, or this is no goroutine. 2 ns. */
RT_API int rt_preempt_due(void);

/* Computes for ns nanoseconds: by the M's clock in the sim world, where that takes no time of the machine's; else by the machine's. A
 * safe point every 100 microseconds. [g] */
RT_API rt_status rt_work(uint64_t ns);

/* Labels: one pointer, copied to every goroutine started afterwards; never followed. proflabel.go:12 */
RT_API rt_status rt_set_labels(void *labels);
RT_API void *rt_get_labels(void);
/* What the goroutine is called from now on in dumps, snapshots and traces, instead of rt_spawn.name or its function's
 * symbol: a kept string, not copied; NULL: the symbol again. */
RT_API rt_status rt_set_goroutine_name(const char *name);

/* Parks the goroutine. commit(g, arg) runs once it is waiting, so that a waker may ready it at once;
 * returning 0 takes the park back. commit must not park. NULL: parked until readied. reason is an
 * RT_WAIT_* number. proc.go:381 */
typedef int (*rt_commit_func)(rt_g *g, void *arg);
RT_API rt_status rt_gopark(rt_commit_func commit, void *arg, uint32_t reason);
/* Makes a parked goroutine next to run on the caller's P. Do not keep g after it was readied: once it has
 * ended, another goroutine may have its place.
 *   returns  RT_ESTATE it is not parked (another waker was first)    Go  proc.go:407 */
RT_API rt_status rt_goready(rt_g *g);

/* Wires the goroutine to its M until as many unlocks. proc.go:4778, 4831 */
RT_API rt_status rt_lock_os_thread(void);
RT_API rt_status rt_unlock_os_thread(void);
/* Around a blocking call: the P may be given to another M meanwhile. proc.go:3988, 4092, 4152 */
RT_API rt_status rt_entersyscall(void);
RT_API rt_status rt_entersyscallblock(void);
RT_API rt_status rt_exitsyscall(void);

/* GOMAXPROCS: returns the old number in *old; n == 0 only asks. Stops the world. debug.go:16
 *   returns  RT_EINVAL n over 1024; RT_ENOMEM    [g]; with n == 0 [any] */
RT_API rt_status rt_gomaxprocs(rt_runtime *rt, uint32_t n, uint32_t *old);
/* Sets startingStackSize, as Go's GC does (stack.go:1309). Power of two, 2048 to 1 GiB. [any] */
RT_API rt_status rt_set_starting_stack_size(rt_runtime *rt, uint32_t bytes);

/* ---- Channels ----------------------------------------------------------------------------------- */

/* Misuse that Go answers with a panic ends the run with Go's text. With on != 0 the calling goroutine gets
 * RT_EPANIC from the call instead, rt_last_error() being Go's text: for bindings that raise exceptions. Fatal
 * errors, such as unlocking an unlocked mutex, end the run all the same. Off in a new goroutine. [g] */
RT_API rt_status rt_catch_panics(int on);

typedef struct rt_chan rt_chan;

/* Makes a channel of cap elements (0: unbuffered) of elem_size bytes.
 *   rt       NULL: the calling goroutine's. Only its goroutines, and threads that are no Ms, may use it
 *   returns  RT_EINVAL elem_size over 65536; RT_EPANIC "makechan: size out of range"; RT_ENOMEM
 *   Go       makechan, chan.go:72    [any] */
RT_API rt_status rt_chan_new(rt_runtime *rt, size_t elem_size, size_t cap, rt_chan **out);
/* Frees it. Nobody may wait on it or use it afterwards; goroutines of a run that is over do not count.
 * Before its runtime is deleted. NULL is allowed. [any] */
RT_API void rt_chan_free(rt_chan *c);
/* Takes out all that is in the buffer, oldest first, and hands each element to fn; wakes nobody. For what owns its
 * elements, before rt_chan_free; nobody may use c meanwhile. NULL is allowed. [any] */
RT_API void rt_chan_drain(rt_chan *c, void (*fn)(void *arg, const void *elem), void *arg);
/* Sends *elem: to a waiting receiver, into the buffer, or waits. c NULL: waits for ever.
 *   returns  RT_EPANIC "send on closed channel" (rt_catch_panics);
 *            on a thread that is no M, which never waits: RT_EWOULDBLOCK nobody can take it
 *   Go       chansend, chan.go:160    [g], and threads that are no Ms */
RT_API rt_status rt_chan_send(rt_chan *c, const void *elem);
/* Receives into *elem (NULL: drops it). *ok (NULL allowed) is 0 and *elem zeroed when c is closed and empty.
 *   Go       chanrecv, chan.go:457    [g], and threads that are no Ms, as above */
RT_API rt_status rt_chan_recv(rt_chan *c, void *elem, int *ok);
/* The same, never waiting: RT_EWOULDBLOCK. select with one case and a default. */
RT_API rt_status rt_chan_try_send(rt_chan *c, const void *elem);
RT_API rt_status rt_chan_try_recv(rt_chan *c, void *elem, int *ok);
/* Closes it: all that wait are woken, senders to panic. RT_EPANIC "close of closed channel", "close of nil
 * channel". chan.go:357    [g], and threads that are no Ms */
RT_API rt_status rt_chan_close(rt_chan *c);
/* Elements in the buffer, and its room. NULL: 0. [any] */
RT_API size_t rt_chan_len(const rt_chan *c);
RT_API size_t rt_chan_cap(const rt_chan *c);

enum { RT_SEND = 1, RT_RECV = 2 };
typedef struct rt_case {
  rt_chan *c;   /* NULL: never ready */
  void *elem;   /* what to send (only read), or where to receive; NULL: nowhere */
  int32_t dir;  /* RT_SEND, RT_RECV */
  int32_t ok;   /* out, of the chosen case: 0 received from a closed channel */
} rt_case;
/* Waits until one of n cases can go on, and does it: any one of the ready ones, at random.
 *   has_default  1: if none is ready, *chosen is n
 *   returns      RT_EPANIC "send on closed channel"; RT_EINVAL n over 65536, or a dir
 *   Go           selectgo, select.go:121    [g] */
RT_API rt_status rt_select(rt_case *cases, size_t n, int has_default, size_t *chosen);

/* ---- Locks -------------------------------------------------------------------------------------- */

/* Package sync. All zero is ready for use; no memory is allocated; do not copy or move one in use. The
 * fields are newproc's. [g] */

/* Mutex: normal and starvation mode as Go's. sync/mutex.go:34
 * Unlocking an unlocked one: "fatal error: sync: unlock of unlocked mutex". */
typedef struct rt_mutex {
  int32_t state;
  uint32_t sema;
} rt_mutex;
RT_API rt_status rt_mutex_lock(rt_mutex *l);
RT_API rt_status rt_mutex_try_lock(rt_mutex *l); /* RT_EWOULDBLOCK */
RT_API rt_status rt_mutex_unlock(rt_mutex *l);

/* RWMutex: a waiting writer keeps new readers out. sync/rwmutex.go:39 */
typedef struct rt_rwmutex {
  rt_mutex w;
  uint32_t writer_sem, reader_sem;
  int32_t reader_count, reader_wait;
} rt_rwmutex;
RT_API rt_status rt_rwmutex_lock(rt_rwmutex *l);
RT_API rt_status rt_rwmutex_unlock(rt_rwmutex *l);
RT_API rt_status rt_rwmutex_rlock(rt_rwmutex *l);
RT_API rt_status rt_rwmutex_runlock(rt_rwmutex *l);
RT_API rt_status rt_rwmutex_try_lock(rt_rwmutex *l);  /* RT_EWOULDBLOCK */
RT_API rt_status rt_rwmutex_try_rlock(rt_rwmutex *l); /* RT_EWOULDBLOCK */

/* WaitGroup. sync/waitgroup.go:23. RT_EPANIC "sync: negative WaitGroup counter" and Go's other two. */
typedef struct rt_waitgroup {
  uint64_t state;
  uint32_t sema, unused;
} rt_waitgroup;
RT_API rt_status rt_waitgroup_add(rt_waitgroup *w, int32_t n);
RT_API rt_status rt_waitgroup_done(rt_waitgroup *w); /* add of -1 */
RT_API rt_status rt_waitgroup_wait(rt_waitgroup *w);

/* Cond. Set l before use. Waiters are woken in the order in which they came. sync/cond.go:37 */
typedef struct rt_cond {
  rt_mutex *l; /* held by whoever calls rt_cond_wait, which gives it up while it waits */
  uint32_t wait, notify;
  void *head, *tail;
  uint32_t run, unused;
} rt_cond;
RT_API rt_status rt_cond_wait(rt_cond *c); /* RT_EINVAL l is NULL */
RT_API rt_status rt_cond_signal(rt_cond *c);
RT_API rt_status rt_cond_broadcast(rt_cond *c);

/* Once: runs fn(arg) if nobody has, and waits if somebody is at it. It counts as done even when fn panics
 * or exits. sync/once.go:16 */
typedef struct rt_once {
  uint32_t done, unused;
  rt_mutex m;
} rt_once;
RT_API rt_status rt_once_do(rt_once *o, rt_func fn, void *arg);

/* ---- Time --------------------------------------------------------------------------------------- */

/* Nanoseconds of the world's clock: monotonic with threads, virtual in the sim world. rt NULL: the caller's;
 * 0 outside. [any] */
RT_API int64_t rt_nanotime(rt_runtime *rt);
/* Parks for ns nanoseconds; 0 or less returns at once. time.go:178    [g] */
RT_API rt_status rt_sleep(int64_t ns);

typedef struct rt_timer rt_timer;

/* After ns, fn(arg) runs in a goroutine of its own, which has no parent.
 *   out      NULL: it cannot be stopped, and frees itself
 *   returns  RT_EINVAL fn is NULL; RT_ENOMEM    Go  time.AfterFunc    [g] */
RT_API rt_status rt_after_func(int64_t ns, rt_func fn, void *arg, rt_timer **out);
/* After ns, and for a ticker every ns again, the time is sent on the timer's channel, if there is room (it has
 * one element, int64_t). RT_EPANIC "non-positive interval for NewTicker"    Go  time.NewTimer, NewTicker    [g] */
RT_API rt_status rt_timer_new(int64_t ns, rt_timer **out);
RT_API rt_status rt_ticker_new(int64_t ns, rt_timer **out);
/* The timer's channel, which lives as long as it; NULL for rt_after_func's. [any] */
RT_API rt_chan *rt_timer_chan(rt_timer *t);
/* Stop it, or let it fire ns from now (a ticker: every ns). *was_active (NULL allowed): 1 if it had yet to
 * fire. Neither drains the channel. [g] */
RT_API rt_status rt_timer_stop(rt_timer *t, int *was_active);
RT_API rt_status rt_timer_reset(rt_timer *t, int64_t ns, int *was_active);
/* Stops and frees it and its channel. NULL is allowed. [g], or [host] after the run */
RT_API void rt_timer_free(rt_timer *t);

/* ---- Contexts ----------------------------------------------------------------------------------- */

/* Package context: a tree of what is to stop together. NULL is context.Background. What ends a context ends
 * all that were made from it: theirs and its Done channels are closed, their functions started, in the order
 * in which they were made.
 *   ownership  A context is shared. Who makes one has a reference, and gives it back with rt_context_release;
 *              a context holds its parent, nobody holds its children. Giving the last one back does not end
 *              it: cancel it first, or who waits for it waits for ever.
 *   runtime    A context belongs to one: its parent's; without a parent to rt, NULL for the caller's. It may
 *              outlive runs, and be released after its runtime was deleted. Deadlines and functions are of
 *              the run in which they were set, and end with it.
 *   cause      and value are pointers of yours. drop (NULL allowed) is called with them once nobody can ask
 *              for them any more, on whichever thread that is; it must not call newproc.
 *   returns    RT_EINVAL; RT_ENOMEM; RT_EPLACE the calling goroutine is another runtime's
 *   Go         context.go. */
typedef struct rt_context rt_context;

/* Ended by rt_context_cancel, or with its parent. Go: WithCancel, WithCancelCause    [any] */
RT_API rt_status rt_context_with_cancel(rt_runtime *rt, rt_context *parent, rt_context **out);
/* And by time: when rt_nanotime is `when`, or in `ns`; at once where that has passed. If the parent's deadline is
 * earlier, that remains. cause (NULL: none) is what rt_context_cause tells if the deadline is what ends it.
 *   Go       WithDeadlineCause, WithTimeoutCause    [g] */
RT_API rt_status rt_context_with_deadline(rt_context *parent, int64_t when, void *cause, rt_func drop,
                                          rt_context **out);
RT_API rt_status rt_context_with_timeout(rt_context *parent, int64_t ns, void *cause, rt_func drop,
                                         rt_context **out);
/* The parent, with a value that rt_context_value finds under this key; keys are compared as addresses.
 *   returns  RT_EPANIC "nil key"    Go  WithValue    [any] */
RT_API rt_status rt_context_with_value(rt_runtime *rt, rt_context *parent, const void *key, void *value,
                                       rt_func drop, rt_context **out);
/* The parent's values, and neither its end nor its deadline. Go: WithoutCancel    [any] */
RT_API rt_status rt_context_without_cancel(rt_runtime *rt, rt_context *parent, rt_context **out);

/* One more reference; returns ctx. NULL is allowed in both. [any] */
RT_API rt_context *rt_context_retain(rt_context *ctx);
RT_API void rt_context_release(rt_context *ctx);

/* Ends ctx and all that were made from it; the first time counts. cause: NULL: none.
 *   returns  RT_EINVAL ctx can not be cancelled: it is NULL, or has no more than a value; then drop is not
 *            called. RT_OK it is over, whoever ended it    [g], and threads that are no Ms */
RT_API rt_status rt_context_cancel(rt_context *ctx);
RT_API rt_status rt_context_cancel_cause(rt_context *ctx, void *cause, rt_func drop);

/* RT_OK until it has ended, then RT_ECANCELED or RT_EDEADLINE, whose rt_strerror is Go's text. Go: Err [any] */
RT_API rt_status rt_context_err(const rt_context *ctx);
/* The cause, as long as ctx is held; NULL where none was given, and until it has ended. Go: Cause [any] */
RT_API void *rt_context_cause(const rt_context *ctx);
/* Closed when ctx ends: to receive from, and for rt_select. Lives as long as ctx. NULL, which waits for ever,
 * where it never can end. Go: Done    [any] */
RT_API rt_chan *rt_context_done(rt_context *ctx);
/* 1: it has a deadline, *when (NULL allowed) on rt_nanotime's clock. 0: none. Go: Deadline [any] */
RT_API int rt_context_deadline(const rt_context *ctx, int64_t *when);
/* Of the nearest context on the way up that has this key; NULL: none has. Go: Value [any] */
RT_API void *rt_context_value(const rt_context *ctx, const void *key);

/* When ctx ends, fn(arg) runs in a goroutine of its own, started by whoever ends it; at once if it has ended.
 *   out      NULL: it cannot be stopped. Else to be freed
 *   returns  as above    Go  AfterFunc    [g] */
typedef struct rt_context_func rt_context_func;
RT_API rt_status rt_context_after_func(rt_context *ctx, rt_func fn, void *arg, rt_context_func **out);
/* 1: it had yet to be started, and never will be. [any] */
RT_API int rt_context_func_stop(rt_context_func *f);
/* Stops it, and frees it. NULL is allowed. [any] */
RT_API void rt_context_func_free(rt_context_func *f);

/* ---- Groups ------------------------------------------------------------------------------------- */

/* Package errgroup: goroutines that work on one thing, and stop when one of them fails. A function returns
 * NULL, or an error: a pointer of yours. The first error ends the group's context, as its cause, and is kept; the
 * group calls drop (NULL allowed) with the others at once, with this one when nobody can ask for it any more. */
typedef struct rt_group rt_group;
typedef void *(*rt_group_func)(void *arg);
/*   parent   of the group's context; NULL: Background
 *   returns  RT_ENOMEM    Go  errgroup.WithContext    [g] */
RT_API rt_status rt_group_new(rt_context *parent, rt_func drop, rt_group **out);
/* Ended by the first error, and by rt_group_wait. Lives as long as the group; retain it to have it for longer. [any] */
RT_API rt_context *rt_group_context(rt_group *group);
/* At most n goroutines at once from now on; below 0: any number.
 *   returns  RT_EPANIC "errgroup: modify limit while 2 goroutines in the group are still active"    [g] */
RT_API rt_status rt_group_set_limit(rt_group *group, int32_t n);
/* fn(arg) in a new goroutine; waits until the limit has room for it. rt_group_try_go: RT_EWOULDBLOCK instead.
 *   returns  as rt_newproc, and nothing has started then    [g] */
RT_API rt_status rt_group_go(rt_group *group, rt_group_func fn, void *arg);
RT_API rt_status rt_group_try_go(rt_group *group, rt_group_func fn, void *arg);
/* Waits until all have ended, ends the context, and tells the first error, NULL: none. It belongs to the group. [g] */
RT_API rt_status rt_group_wait(rt_group *group, void **error);
/* After rt_group_wait, or after the run. NULL is allowed. [any] */
RT_API void rt_group_free(rt_group *group);

/* ---- File descriptors --------------------------------------------------------------------------- */

/* A goroutine that has to wait for a descriptor parks ("IO wait"); its M goes on with others. Waiting is epoll's, edge-
 * triggered, as Go's netpoll. In the sim world descriptors and their peers are as real as elsewhere, and take no virtual
 * time: when nothing can run, what is ready goes on; else the clock jumps to the next timer; without one the thread waits.
 * A deadline there passes at once unless what it guards is ready. rt_step waits too, unless the runtime is held.
 *
 * Of every call: RT_ESYS the system refused, *err (NULL allowed) is errno; RT_ECLOSED rt_fd_close was called, before or
 * meanwhile; RT_ETIMEOUT the deadline is over; RT_EPLACE. EINTR is handled. Nothing is allocated. One goroutine at a
 * time reads and one writes: others wait their turn. Each call is a safe point. Go: internal/poll/fd_unix.go */
typedef struct rt_fd rt_fd;
struct sockaddr;

enum { RT_FD_READ = 1, RT_FD_WRITE = 2 };
enum {
  RT_FD_BORROW = 1 /* the descriptor stays yours: rt_fd_close leaves it open, and blocking if it was */
};
#define RT_NO_DEADLINE INT64_MAX

/* Makes fd, which is open, ready for the calls below: it becomes non-blocking and is newproc's until it is closed. A
 * regular file, which epoll refuses, is read and written like any other, blocking its M, and has no deadlines.
 *   rt       NULL: the calling goroutine's. Only its goroutines may use it
 *   returns  RT_EINVAL fd is negative, flags; RT_ESYS EBADF, EEXIST it has an rt_fd already, EMFILE, ENOSPC, ENOMEM
 *   Go       poll_runtime_pollOpen, netpoll.go:228    [any] */
RT_API rt_status rt_fd_open(rt_runtime *rt, int fd, uint32_t flags, rt_fd **out, int *err);
/* Closes it: whoever waits for it gets RT_ECLOSED, and later calls too. In a goroutine it returns when the last call on
 * it has. RT_ECLOSED it was closed before.    [g], threads that are no Ms, [host] */
RT_API rt_status rt_fd_close(rt_fd *f);
/* Closes it if it is open, and frees it: nobody may use f any more. What is left is freed with its runtime, and closed
 * unless it is borrowed. NULL is allowed. As rt_fd_close */
RT_API void rt_fd_free(rt_fd *f);
/* The descriptor's number; -1 for NULL. [any] */
RT_API int rt_fd_number(const rt_fd *f);

/* Reads at most len bytes, as soon as there are any. *done is 0 at the end of the file. [g] */
RT_API rt_status rt_fd_read(rt_fd *f, void *buf, size_t len, size_t *done, int *err);
/* Writes all len bytes. *done (NULL allowed) is how many were written, whatever the status. A socket whose peer is gone
 * gives EPIPE, no SIGPIPE; a pipe raises it unless you ignore it. [g] */
RT_API rt_status rt_fd_write(rt_fd *f, const void *buf, size_t len, size_t *done, int *err);
/* The next connection of a listening socket in *fd: non-blocking, closed on exec, yours (rt_fd_open). addr and *len
 * as for accept(2), NULL allowed. Connections that ended while they were queued are passed over. EMFILE and the like
 * leave the connection in the queue: call again once there is room. [g] */
RT_API rt_status rt_fd_accept(rt_fd *f, struct sockaddr *addr, uint32_t *len, int *fd, int *err);
/* Connects a socket; the write deadline counts. ECONNREFUSED and all others as connect(2). [g] */
RT_API rt_status rt_fd_connect(rt_fd *f, const struct sockaddr *addr, uint32_t len, int *err);
/* Waits until event (RT_FD_READ or RT_FD_WRITE) would not block, for calls of your own: recvmsg, a TLS library. [g] */
RT_API rt_status rt_fd_wait(rt_fd *f, uint32_t event);
/* Calls that wait, now or later, give RT_ETIMEOUT from `when` on: ns of rt_nanotime, RT_NO_DEADLINE for none; a time in
 * the past ends them at once. which: RT_FD_READ for read and accept, RT_FD_WRITE for write and connect, or both.
 *   returns  RT_ENOTSUP a regular file; RT_ENOMEM no deadline is set; RT_EINVAL which
 *   Go       poll_runtime_pollSetDeadline, netpoll.go:326    [g] */
RT_API rt_status rt_fd_set_deadline(rt_fd *f, int64_t when, uint32_t which);

/* Waits for a descriptor that has no rt_fd, or in spite of one: registers it, parks, and takes it off. Its modes stay.
 *   events      RT_FD_READ, RT_FD_WRITE or both: either will do
 *   timeout_ns  < 0: none; 0: only looks. RT_ETIMEOUT
 *   ready       NULL, or receives those of events that would not block; an error or a hang-up is such
 * Closing it meanwhile wakes nobody.    [g] */
RT_API rt_status rt_wait_fd(int fd, uint32_t events, int64_t timeout_ns, uint32_t *ready, int *err);

/* Calls fn(arg), which may block its OS thread; the P goes to another M at once. fn must not park or yield: such calls
 * give RT_EPLACE there. In the sim world everything waits. Go: entersyscallblock, proc.go:4092    [g] */
RT_API rt_status rt_blocking(rt_func fn, void *arg);

/* ---- From threads that are no Ms ---------------------------------------------------------------- */

/* Such a thread may call rt_newproc and rt_newproc_ex with rt given, rt_chan_send, rt_chan_try_send,
 * rt_chan_recv, rt_chan_try_recv, rt_chan_close, rt_context_cancel and rt_ready; what they wake goes to the global
 * queue. For all else, start a goroutine. While no run is under way rt_newproc gives RT_ESTATE. */

/* rt_goready for such a thread. RT_ESTATE g is not parked. [any] but an M */
RT_API rt_status rt_ready(rt_runtime *rt, rt_g *g);
/* While held, a run whose goroutines are all asleep waits for such a thread instead of ending as a deadlock.
 * As many releases as holds. rt_release: RT_ESTATE it is not held. [any] */
RT_API rt_status rt_hold(rt_runtime *rt);
RT_API rt_status rt_release(rt_runtime *rt);

/* ---- Looking ------------------------------------------------------------------------------------ */

/* Go's numbers (runtime2.go:36, 111). */
enum { RT_GIDLE = 0, RT_GRUNNABLE = 1, RT_GRUNNING = 2, RT_GSYSCALL = 3, RT_GWAITING = 4, RT_GDEAD = 6 };
enum { RT_PIDLE = 0, RT_PRUNNING = 1, RT_PSYSCALL = 2, RT_PGCSTOP = 3, RT_PDEAD = 4 };
/* Go's wait reasons (runtime2.go:1058) that newproc produces or lets you give. */
enum {
  RT_WAIT_NONE = 0,
  RT_WAIT_IO = 2,
  RT_WAIT_CHAN_RECEIVE_NIL = 3,
  RT_WAIT_CHAN_SEND_NIL = 4,
  RT_WAIT_SELECT = 9,
  RT_WAIT_SELECT_NO_CASES = 10,
  RT_WAIT_GC_SWEEP = 12,
  RT_WAIT_GC_SCAVENGE = 13,
  RT_WAIT_CHAN_RECEIVE = 14,
  RT_WAIT_CHAN_SEND = 15,
  RT_WAIT_FINALIZER = 16,
  RT_WAIT_FORCE_GC_IDLE = 17,
  RT_WAIT_SEMACQUIRE = 18,
  RT_WAIT_SLEEP = 19,
  RT_WAIT_COND = 20,
  RT_WAIT_MUTEX_LOCK = 21,
  RT_WAIT_RWMUTEX_RLOCK = 22,
  RT_WAIT_RWMUTEX_LOCK = 23,
  RT_WAIT_PREEMPTED = 28,
  RT_WAIT_STOPPING_THE_WORLD = 31,
  RT_WAIT_REASONS = 32
};
/* "chan receive"; "unknown wait reason". [any] */
RT_API const char *rt_wait_reason_name(uint32_t reason);
/* "runnable"; "???". [any] */
RT_API const char *rt_g_status_name(uint32_t status);

enum { RT_TIME_BUCKETS = 64 };

typedef struct rt_stats_t {
  size_t struct_size;
  uint32_t gomaxprocs;
  uint32_t npidle;
  uint32_t nmspinning;
  uint32_t needspinning;
  uint32_t nmidle;
  uint32_t threads;           /* Ms alive (mcount) */
  uint64_t goroutines;        /* live, main included, system ones not (NumGoroutine) */
  uint64_t goroutines_total;  /* ever started */
  uint64_t allgs;             /* G objects ever made */
  uint64_t ngsys;
  uint64_t runqsize;          /* Gs on the global queue */
  uint64_t gfree;             /* free Gs on all Ps */
  uint64_t gfree_global;
  uint64_t goidgen;
  uint64_t stacks;            /* stacks in existence */
  uint64_t stacks_cached;     /* of these, bound to no goroutine */
  uint64_t stack_bytes;       /* bytes of address space of all stacks */
  uint64_t scannable_stack;   /* bytes of live goroutines' nominal stacks (mgcpacer.go:877) */
  uint64_t guard_kind;        /* 0 none, 1 MADV_GUARD_INSTALL, 2 mprotect */
  uint64_t time_to_run[RT_TIME_BUCKETS]; /* run-queue latency: bucket i counts waits below 2^i ns (1 in 8
                                            waits is measured; proc.go:1085) */
  uint64_t switches;          /* goroutines put on an M */
  uint64_t steals;            /* goroutines taken from other Ps */
  uint64_t stacks_unguarded;  /* have no guard page (mprotect makes 16,000 in a process, where it must): a
                                 canary is checked when their goroutine yields, parks or ends */
} rt_stats_t;

/* Copies the counters. Each is exact when read; together they are one instant only in the sim world.
 *   returns  RT_EINVAL stats is NULL or struct_size is unknown    [any]; not from a signal handler */
RT_API rt_status rt_stats(rt_runtime *rt, rt_stats_t *stats);

enum {
  RT_G_SYSTEM = 1,   /* RT_SPAWN_SYSTEM */
  RT_G_LOCKED = 2,   /* wired to an M */
  RT_G_STACK = 4,    /* memory is bound */
  RT_G_PREEMPT = 8,  /* asked to yield */
  RT_G_TRACKING = 16 /* its run-queue latency is being measured */
};

typedef struct rt_g_info {
  uint64_t goid;
  uint64_t parent_goid;
  uint32_t status;      /* RT_G* */
  uint32_t wait_reason; /* RT_WAIT_*; may be stale unless status is RT_GWAITING */
  uint32_t flags;       /* RT_G_* */
  int32_t m;            /* -1: none */
  int32_t line;
  uint32_t stack_size;  /* nominal bytes; 0: none */
  const char *file;     /* "" where the site is an address */
  const void *gopc;     /* address of the spawn, NULL where file is known */
  const void *startpc;
  const char *name;     /* given name or fn's symbol; "" */
  void *labels;
  const uint64_t *ancestors; /* goids, nearest first */
  size_t nancestors;
} rt_g_info;

typedef struct rt_p_info {
  int32_t id;
  uint32_t status; /* RT_P* */
  int32_t m;
  uint32_t schedtick;
  uint32_t syscalltick;
  uint32_t gfree;       /* length of the local free list */
  uint64_t runnext;     /* goid; 0: none */
  const uint64_t *runq; /* goids, head first */
  size_t nrunq;
  uint64_t goidcache; /* the batch in hand is [goidcache, goidcacheend) */
  uint64_t goidcacheend;
} rt_p_info;

typedef struct rt_m_info {
  int32_t id;
  int32_t p;        /* -1: none */
  uint64_t curg;    /* goid; 0: none */
  uint64_t lockedg; /* goid; 0: none */
  int32_t locks;
  uint8_t spinning;
  uint8_t blocked; /* asleep on its note */
  uint8_t idle;    /* on the idle list */
} rt_m_info;

/* All zero and "" unless the goroutine waits. */
typedef struct rt_wait_info {
  const void *object; /* a channel (of a select: one of them), a lock, a wait group, a condition; NULL: none, or unknown */
  const char *name;   /* rt_set_name's; "" */
  uint64_t since;     /* ns of the world's clock, to 10 ms with threads; 0: the start, or (threads) unknown */
} rt_wait_info;

/* Everything at one instant: exactly so in the sim world; in the threads world the scheduler lock is held
 * and running Ms go on. Owned by you: rt_snapshot_free. */
typedef struct rt_snapshot {
  size_t struct_size;
  uint64_t nanotime; /* the world's clock */
  const rt_g_info *gs;
  size_t ngs; /* in allgs order, dead ones included */
  const rt_p_info *ps;
  size_t nps;
  const rt_m_info *ms;
  size_t nms;
  const uint64_t *runq; /* the global queue, front first */
  size_t nrunq;
  const uint64_t *gfree_stack; /* last goids of the global free Gs that own a stack, front first */
  size_t ngfree_stack;
  const uint64_t *gfree_nostack;
  size_t ngfree_nostack;
  const int32_t *pidle; /* ids, top first */
  size_t npidle;
  uint32_t gomaxprocs;
  uint32_t nmspinning;
  uint32_t needspinning;
  uint32_t gcwaiting;
  uint64_t goidgen;
  uint64_t ngsys;
  const struct rt_wait_info *waits; /* ngs of them: what gs[i] waits for */
} rt_snapshot;
/*   returns  RT_EINVAL out is NULL; RT_ENOMEM    [any] */
RT_API rt_status rt_snapshot_take(rt_runtime *rt, rt_snapshot **out);
RT_API void rt_snapshot_free(rt_snapshot *snapshot);

/* Names an object that goroutines can wait for, for dumps, snapshots and traces: a channel, a lock, a wait group, a
 * condition, by its address; a context by its rt_context_done, a timer by its rt_timer_chan. name is copied; NULL
 * takes it away, which memory needs before it is used for something else (a freed channel does so itself).
 *   returns  RT_EINVAL object is NULL; RT_ENOMEM    [any] */
RT_API rt_status rt_set_name(const void *object, const char *name);

/* Writes every goroutine with state, spawn site and stack to a file descriptor, in the form of Go's
 * traceback. Stacks of running goroutines are left out. [any] */
RT_API rt_status rt_dump(rt_runtime *rt, int fd);

/* ---- Traces ------------------------------------------------------------------------------------- */

/* Kinds of events. g is the goroutine that the event is about, p and m where it happened (-1: none).
 * Together they tell every queue's contents at any step. Who is unparked has waited for what its last GoPark
 * names. a and b are: */
#define RT_EVENT_MAP(X)                                                                            \
  X(RT_EV_GOMAXPROCS, 4, "Gomaxprocs")     /* a: the new number */                                 \
  X(RT_EV_PROC_START, 5, "ProcStart")      /* acquirep */                                          \
  X(RT_EV_PROC_STOP, 6, "ProcStop")        /* releasep */                                          \
  X(RT_EV_STW_START, 9, "STWStart")                                                                \
  X(RT_EV_STW_DONE, 10, "STWDone")                                                                 \
  X(RT_EV_GO_CREATE, 13, "GoCreate")       /* a: parent's goid; b: address of fn; put as runnext */ \
  X(RT_EV_GO_START, 14, "GoStart")         /* a: RT_FROM_*; b: P it was stolen from, else own P */  \
  X(RT_EV_GO_END, 15, "GoEnd")             /* */                                                   \
  X(RT_EV_GO_SCHED, 17, "GoSched")         /* to the back of the global queue */                   \
  X(RT_EV_GO_PREEMPT, 18, "GoPreempt")     /* a: 0 to the global queue, 1 goyield: to the own ring */ \
  X(RT_EV_GO_PARK, 20, "GoPark")           /* a: RT_WAIT_*; b: address of what it waits for, or 0 */ \
  X(RT_EV_GO_UNPARK, 21, "GoUnpark")       /* a: goid of the waker, 0: none; b: RT_TO_* */         \
  X(RT_EV_GO_SYSCALL, 28, "GoSysCall")                                                             \
  X(RT_EV_GO_SYSEXIT, 29, "GoSysExit")     /* a: 1 keeps running, 0 goes to the global queue */    \
  X(RT_EV_GO_SYSBLOCK, 30, "GoSysBlock")   /* its P was taken */                                   \
  X(RT_EV_RUNQ_OVERFLOW, 64, "RunqOverflow") /* a: how many went to the global queue; b: first goid */ \
  X(RT_EV_GLOBRUNQ_GET, 65, "GlobrunqGet") /* a: how many moved to the own ring besides the one returned */ \
  X(RT_EV_STEAL, 66, "Steal")              /* a: how many besides the one returned; b: victim P */ \
  X(RT_EV_GFREE_SPILL, 67, "GfreeSpill")   /* a: how many */                                       \
  X(RT_EV_GFREE_REFILL, 68, "GfreeRefill") /* a: how many */                                       \
  X(RT_EV_M_START, 69, "MStart")           /* a: id of the new M */                                \
  X(RT_EV_M_STOP, 70, "MStop")             /* stopm */                                             \
  X(RT_EV_USER, 71, "User")                /* rt_trace_user: a, b */

typedef enum rt_event_kind {
#define RT_EVENT_ENUM(name, value, text) name = value,
  RT_EVENT_MAP(RT_EVENT_ENUM)
#undef RT_EVENT_ENUM
} rt_event_kind;

/* Where a started goroutine came from (RT_EV_GO_START's a). */
enum {
  RT_FROM_RUNNEXT = 0,
  RT_FROM_RUNQ = 1,
  RT_FROM_GLOBAL = 2,   /* own queue was empty */
  RT_FROM_GLOBAL61 = 3, /* schedtick % 61 == 0 */
  RT_FROM_STEAL = 4,
  RT_FROM_LOCKED = 5,   /* handed to the M it is wired to */
  RT_FROM_PARK = 6,     /* the commit function took the park back */
  RT_FROM_SYSCALL = 7,
  RT_FROM_NETPOLL = 8   /* the first of those whose descriptors are ready */
};

/* Where a readied goroutine went (RT_EV_GO_UNPARK's b). */
enum {
  RT_TO_RUNNEXT = 0,
  RT_TO_GLOBAL = 1, /* back of the global queue */
  RT_TO_RUNQ = 2,   /* tail of the own ring */
  RT_TO_RUN = 3     /* none: it is started next */
};

typedef struct rt_event {
  uint64_t seq;  /* position in the whole trace */
  uint64_t time; /* ns of the world's clock */
  uint64_t g;    /* goid */
  uint64_t a, b;
  uint16_t kind; /* rt_event_kind */
  int16_t p;
  int32_t m;
} rt_event;

typedef struct rt_trace {
  size_t struct_size;
  const rt_event *events; /* by seq */
  size_t nevents;
  uint64_t lost; /* older events that the rings no longer hold */
  uint64_t hash; /* of kinds, ids and arguments, not of times, addresses: equal runs have equal hashes */
  const struct rt_name *names; /* of goroutines, then of objects, each by id */
  size_t nnames;
} rt_trace;

enum { RT_NAME_G = 1, RT_NAME_OBJECT = 2 };
/* What a goroutine of the trace is called (rt_spawn.name, or its function's symbol), or an object that it has
 * waited for (rt_set_name, as it was when the trace was taken). */
typedef struct rt_name {
  uint64_t id;     /* goid, or address: b of RT_EV_GO_PARK */
  const char *name;
  uint32_t kind;   /* RT_NAME_* */
} rt_name;

/* Copies what the rings hold; the run goes on. RT_ESTATE trace_events is 0. Free with rt_trace_free. [any] */
RT_API rt_status rt_trace_take(rt_runtime *rt, rt_trace **out);
RT_API void rt_trace_free(rt_trace *trace);
/* "GoCreate"; "?". [any] */
RT_API const char *rt_event_name(uint32_t kind);
/* Writes Perfetto's protobuf trace format: one track per P and per goroutine. RT_EIO [any] */
RT_API rt_status rt_trace_write_perfetto(const rt_trace *trace, const char *path);
/* Puts RT_EV_USER into the trace. [g] */
RT_API rt_status rt_trace_user(uint64_t a, uint64_t b);

/* ---- Spawn patterns ----------------------------------------------------------------------------- */

typedef struct rt_pattern rt_pattern;

/* Limits that a run of a pattern ends at, with exit code 3 and the limit's name. 0: none. */
typedef struct rt_limits {
  size_t struct_size;
  uint64_t steps;      /* operations (default 10,000,000) */
  uint64_t goroutines; /* alive at once (default 1,000,000) */
  uint64_t log_bytes;  /* of log (default 256 MiB) */
  uint64_t nanos;      /* of the machine's clock (default 10 s) */
} rt_limits;
RT_API rt_status rt_limits_init(rt_limits *limits, size_t size);

/* Reads one pattern. RT_EPATTERN: rt_last_error() names the place, `bodies[2][5][1]: no body 9; the
 * pattern has 4`. Nothing runs. [any] */
RT_API rt_status rt_pattern_parse(const char *json, size_t len, rt_pattern **out);
RT_API void rt_pattern_free(rt_pattern *pattern);
RT_API const char *rt_pattern_name(const rt_pattern *pattern);

typedef struct rt_result {
  size_t struct_size;
  const char *log; /* the oracle's lines, each ended by a newline */
  size_t log_len;
  int32_t exit_code; /* Go's: 0 or 2; 3 a limit was reached */
  rt_status status;
  const char *message;         /* first line of standard error; "" */
  const rt_trace *trace;       /* NULL unless cfg->trace_events */
  const rt_snapshot *snapshot; /* NULL unless asked for: the instant at which the run ended */
} rt_result;

/* Runs a pattern in a runtime of its own. cfg NULL: sim world, one P, which is real Go at GOMAXPROCS=1.
 *   want_snapshot  1: keep the last snapshot in the result
 *   out            free it before the pattern: spawn sites in its snapshot are the pattern's strings
 *   returns  RT_OK the pattern ran, however it ended    [host] */
RT_API rt_status rt_pattern_run(const rt_pattern *pattern, const rt_config *cfg, const rt_limits *limits,
                                int want_snapshot, rt_result **out);
RT_API void rt_result_free(rt_result *result);
/* Takes the trace out of a result: yours from now on, rt_trace_free. NULL if there is none. [any] */
RT_API rt_trace *rt_result_take_trace(rt_result *result);

/* Runs one pattern a line and hands each result line, without its newline, to write:
 * {"name", "log": [[...], ...], "rc", "end"}; a line that is no pattern gives rc 64 and the reason in end.
 * write returning non-zero stops.    [host] */
typedef int (*rt_write_func)(void *arg, const char *line, size_t len);
RT_API rt_status rt_pattern_run_jsonl(const char *text, size_t len, const rt_config *cfg, const rt_limits *limits,
                                      rt_write_func write, void *arg);

/* ---- Search: every way a program can go ---------------------------------------------------------- */

/* What a search can find. */
enum {
  RT_FIND_DEADLOCK = 1, /* everybody waits, and main is among them */
  RT_FIND_LEAK = 2,     /* main has returned, and somebody can never run again */
  RT_FIND_PANIC = 4,    /* of any kind that is no failed assert; fatal errors too */
  RT_FIND_ASSERT = 8,
  RT_FIND_RACE = 16,    /* two accesses to a cell, one of them a write, that nothing orders */
  RT_FIND_LIVELOCK = 32, /* main does not return within the steps, or all that can run go in circles */
  RT_FIND_ALL = 63,
  /* A warning, not one of them all: goroutines take locks in orders that can deadlock, though here they did not.
   * Told at the end of a search, unless a deadlock was found at these places; counted in rt_explored.warnings, and `first` does
   * not stop at it. rt_replay does not look for it. */
  RT_WARN_LOCK_ORDER = 64
};
/* "deadlock"; "lock order"; "?". [any] */
RT_API const char *rt_find_name(uint32_t kind);

/* What is run again and again: a pattern, or a function as the main goroutine, which must do the same whenever it
 * does not ask newproc: no clock, no thread, no memory of the run before. */
typedef struct rt_program {
  size_t struct_size;
  const rt_pattern *pattern; /* or NULL, and fn(arg) is main */
  rt_func fn;
  void *arg;
  /* The rest is for fn; all of it may be 0. */
  int (*ended)(void *arg); /* called after each schedule, on the host: give back what it left. Non-zero: stop the search */
  size_t stack_size;       /* of its goroutines, as rt_config's; 0: the default */
  uint32_t hash;           /* of the program, as schedules have it: equal programs, equal numbers */
} rt_program;
/* Of the program, as schedules have it; 0 where program is no program. [any] */
RT_API uint32_t rt_program_hash(const rt_program *program);

/* A goroutine as a driver sees it. */
typedef struct rt_task {
  uint32_t goroutine; /* as in logs: main is 0 */
  uint32_t op;        /* RT_OP_*: what it does if it is chosen; RT_OP_LOCAL if that is not known yet */
  const void *object; /* to which; equal pointers are equal objects */
  uint64_t site;      /* rt_site()'s last there; of a pattern: body << 32 | operation */
} rt_task;

/* A decision. Ways 0 to n - 1: tasks[i] goes on; where `timer`, way n - 1 is that the next timer fires first; where
 * tasks is NULL, the ways of a select with several ready cases. */
typedef struct rt_question {
  size_t struct_size;
  const rt_task *tasks;
  uint32_t n;
  uint32_t usual;   /* what Go would do */
  uint32_t running; /* 1: tasks[0] was running, and another way is a preemption */
  uint32_t timer;
  uint64_t schedule; /* its number, from 0 */
  uint64_t step;     /* of it */
  uint32_t after;    /* the position as schedules have it: the goroutine that ran last, and ... */
  uint32_t nth;      /* ... which of its decisions this is */
} rt_question;
/* Your own driver: a way below q->n, or RT_STOP: the schedule ends here, with no finding. Must not call newproc. */
typedef uint32_t (*rt_choose_func)(void *arg, const rt_question *q);
enum { RT_STOP = -1 };

/* A property of your own: what is to hold in every run. */
enum {
  RT_ALWAYS = 0,    /* an invariant: looked at before each operation that others could notice, and at the end */
  RT_EVENTUALLY = 1 /* looked at once nothing can go on any more: main has returned and the others have ended or wait for ever,
                       all wait, or all go in circles; not where a panic or a bound ends the run */
};
enum { RT_HOLDS = 0, RT_BROKEN = 1, RT_STOP_SEARCH = -1 };
/* What a property may look at, beside your own memory. */
typedef struct rt_moment {
  size_t struct_size;
  const int64_t *vars; /* a pattern's variables; of a function NULL */
  size_t nvars;
  uint64_t step;      /* operations so far */
  uint32_t goroutine; /* that has just gone a step, as in logs */
  uint32_t over;      /* 1: nothing can go on any more */
} rt_moment;
/* RT_HOLDS; RT_BROKEN, with a text in *why if you like, valid until the next call; RT_STOP_SEARCH. Must not call newproc, and
 * change nothing. */
typedef int (*rt_property_func)(void *arg, const rt_moment *now, const char **why);
typedef struct rt_property {
  const char *name; /* for messages, or NULL */
  uint32_t when;    /* RT_ALWAYS, RT_EVENTUALLY */
  rt_property_func check;
  void *arg;
} rt_property;

typedef struct rt_explore_options {
  size_t struct_size;
  const char *driver;      /* portfolio (default), go, random, pct, pos, urw, surw, places, stalls, bounded, dfs */
  uint64_t schedules;      /* most of them (default 10,000) */
  uint64_t seed;           /* default 1: equal seeds, equal findings, in every build */
  uint64_t nanos;          /* of the machine's clock; 0: no limit (default). With a limit, what is found depends on the machine */
  uint64_t steps;          /* of one schedule: operations that others could notice (default 20,000) */
  uint64_t after_main;     /* of them, how many once main has returned (default 2,000) */
  uint32_t find;           /* RT_FIND_*: what counts (default all) */
  uint32_t first;          /* 1: stop at the first finding (default 0) */
  uint32_t shrink;         /* 1: fewest deviations, then earliest (default 1) */
  uint32_t depth;          /* pct: of the bug (default 3) */
  uint32_t bound;          /* bounded: most deviations; 0: no bound (default) */
  rt_choose_func choose;   /* your own driver instead of `driver`, or NULL */
  void *choose_arg;
  const char *prefix;      /* NULL, or a schedule that each run follows, as far as it fits, before the driver goes on */
  const rt_property *properties; /* a run in which one does not hold ends there, and is a finding of the kind RT_FIND_ASSERT */
  size_t nproperties;
  uint32_t check_scheduler; /* 1: at each step that each goroutine is in the one place where its status says it is, and that all
                               counts add up; a difference ends the process, as any broken invariant of newproc's does. Slow (default 0) */
  uint32_t coverage;        /* 1: count what the schedules cover (default 0) */
} rt_explore_options;
/*   returns  RT_EINVAL options is NULL or size is no known size   [any] */
RT_API rt_status rt_explore_options_init(rt_explore_options *options, size_t size);

/* A goroutine that takes part in a finding. */
typedef struct rt_involved {
  uint32_t goroutine; /* as in logs: main is 0 */
  int32_t body;       /* of a pattern; -1: none */
  const char *what;   /* "chan receive", "write of variable 0" */
  uint64_t site;      /* as rt_task's: of what it waits in or has done */
  const void *object; /* of a race: the cell; of a lock order: the lock that is taken */
  uint64_t held_site; /* of a lock order: where the lock that it holds was taken; `site` is where it takes the other */
} rt_involved;

typedef struct rt_finding {
  size_t struct_size;
  uint32_t kind; /* RT_FIND_* */
  const rt_involved *goroutines;
  size_t ngoroutines;
  const char *schedule; /* for rt_replay */
  uint64_t schedules;   /* that were run until it came up, itself included */
  uint64_t nanos;       /* of the machine's clock */
  const char *message;
} rt_finding;
/* Called for each distinct finding, once. Non-zero: stop. The finding is valid during the call. */
typedef int (*rt_finding_func)(void *arg, const rt_finding *finding);

typedef struct rt_explored {
  size_t struct_size;
  uint64_t schedules; /* that were run, those that shrink findings not counted */
  uint64_t steps;     /* of them all */
  uint64_t findings;
  uint64_t nanos;
  uint32_t complete;  /* 1: the driver has nothing left to try (go, dfs, bounded without a bound) */
  uint32_t tasks;     /* most goroutines of a schedule */
  uint64_t warnings;  /* told, beside the findings */
  /* With `coverage`. A transition: how the goroutine that ran last left and at what operation, who came and to what. A pair: two
   * operations on one object, of different goroutines, one right after the other, not both reads. */
  uint64_t transitions, pairs;
  uint64_t last_new;  /* the schedule, from 1 on, that was the last to cover something new */
  double unseen;      /* about the probability that one more schedule shows a new pair (Good, Turing) */
  /* Of pct, random and urw: a bug of at most this depth, 0: any, is missed with at most this probability, if no schedule has more
   * goroutines or decisions than those that were run. 1: nothing can be said. Depth: how many operations must come in a certain order. */
  double missed;
  uint32_t missed_depth;
} rt_explored;

/* Searches over schedules of a program: at each operation a driver says which of the runnable goroutines goes on.
 *   options  NULL: the defaults
 *   found    NULL, or called for each finding
 *   out      NULL, or receives what was done; struct_size must be set
 *   returns  RT_EINVAL, RT_ENOMEM; RT_OK whatever was found    [host] */
RT_API rt_status rt_explore(const rt_program *program, const rt_explore_options *options, rt_finding_func found, void *arg,
                            rt_explored *out);

typedef struct rt_replay_options {
  size_t struct_size;
  uint32_t lenient;      /* 0: what does not fit the program is an error (default); 1: it is passed over */
  uint32_t want_snapshot; /* 1: of the end */
  uint64_t trace_events; /* as rt_config's (default 0) */
  uint64_t steps, after_main; /* as rt_explore_options', as are the next three */
  const rt_property *properties;
  size_t nproperties;
  uint32_t check_scheduler;
  rt_choose_func choose; /* NULL, or is asked at each operation, also where there is one way; q->usual is the schedule's way */
  void *choose_arg;
} rt_replay_options;
RT_API rt_status rt_replay_options_init(rt_replay_options *options, size_t size);

/* Runs one schedule again.
 *   found    NULL, or called for what it shows
 *   out      NULL, or receives log, trace and end: rt_result_free
 *   returns  RT_EINVAL the text is no schedule; RT_ESTATE it does not fit the program: rt_last_error() names the first
 *            place; RT_OK    [host] */
RT_API rt_status rt_replay(const rt_program *program, const char *schedule, const rt_replay_options *options,
                           rt_finding_func found, void *arg, rt_result **out);

typedef struct rt_shrink_options {
  size_t struct_size;
  uint32_t kind;        /* RT_FIND_*: which of what the schedule shows; 0: the first of it (default) */
  uint32_t kind_only;   /* 0: the same bodies must take part in the same way (default); 1: any finding of the kind will do */
  uint64_t schedules;   /* of each smaller pattern, beside the schedule at hand (default 200) */
  uint64_t seed;        /* of them (default 1): equal seeds, equal patterns */
  uint64_t nanos;       /* of the machine's clock; 0: no limit (default) */
  uint64_t steps, after_main; /* as rt_explore_options' */
} rt_shrink_options;
RT_API rt_status rt_shrink_options_init(rt_shrink_options *options, size_t size);

typedef struct rt_shrunk {
  size_t struct_size;
  const char *pattern;       /* JSON */
  size_t pattern_len;
  const rt_finding *finding; /* of that pattern; its schedule is the smallest that shows it */
  uint64_t tried;            /* patterns */
  uint64_t nanos;
  uint32_t minimal;          /* 1: no body, object, operation, list or count can be less; 0: time was up before that was known */
} rt_shrunk;

/* The smallest pattern that still shows what a schedule of it shows: bodies, objects, operations and what holds them, rounds and other
 * numbers are taken away for as long as the finding stays. A pattern that usually runs well stays one that does: what
 * its usual run shows, if anything, is of the kinds that the first one's shows.
 *   options  NULL: the defaults
 *   out      receives what was made: rt_shrunk_free
 *   returns  RT_EINVAL; RT_EPATTERN, as rt_pattern_parse; RT_ESTATE the schedule is of another pattern, or shows no finding;
 *            RT_ENOMEM    [host] */
RT_API rt_status rt_shrink(const char *json, size_t len, const char *schedule, const rt_shrink_options *options, rt_shrunk **out);
RT_API void rt_shrunk_free(rt_shrunk *shrunk);

/* A cell of memory that goroutines share: before you read or write it, say so. A point for drivers, and what races are
 * found by. Outside of searches they do nothing but a checkpoint. [g] */
RT_API rt_status rt_cell_read(const void *cell);
RT_API rt_status rt_cell_write(const void *cell);
RT_API rt_status rt_cell_atomic(const void *cell); /* an atomic write, or read and write */
RT_API rt_status rt_cell_atomic_load(const void *cell);

/* A point for drivers where nothing is ordered: an operation on `object` (NULL: one object for all) that others could notice.
 * Outside of searches a checkpoint. [g] */
RT_API rt_status rt_point(const void *object);
/* Where in its program the calling goroutine is, until it says otherwise: equal places, equal numbers, 0: not known. Drivers see by it which
 * goroutines are alike, and a search which findings are. Nothing outside of searches. [g] */
RT_API rt_status rt_site(uint64_t site);

/* ---- The go statement with file and line -------------------------------------------------------- */

/* rt_go(fn, arg): rt_newproc with the source line as spawn site. */
static inline rt_status rt_go_at(rt_func fn, void *arg, const char *file, int line) {
  rt_spawn spawn;
  spawn.struct_size = sizeof spawn;
  spawn.fn = fn;
  spawn.arg = arg;
  spawn.file = file;
  spawn.line = line;
  spawn.flags = 0;
  spawn.name = NULL;
  spawn.on_drop = NULL;
  return rt_newproc_ex(NULL, &spawn, NULL);
}
#define rt_go(fn, arg) rt_go_at((fn), (arg), __FILE__, __LINE__)

#ifdef __cplusplus
}
#endif
#endif
