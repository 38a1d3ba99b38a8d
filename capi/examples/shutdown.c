/* A graceful shutdown. Workers take jobs from a channel until the context ends; SIGTERM, waited for on a thread that is
 * no M, ends it. Whoever has a job then finishes it, nobody starts another, and main waits for all, but not for ever.
 * Here the program sends itself the signal after a hundred jobs. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "newproc.h"

enum { WORKERS = 4 };
static const int64_t MS = 1000000;

static rt_runtime *runtime;
static rt_context *running; /* ends with SIGTERM */
static rt_chan *jobs;
static rt_mutex lock; /* guards done */
static int done;

/* Jobs without end, until the context is over. */
static void *produce(void *unused) {
  long job = 0;
  size_t chosen = 0;
  (void)unused;
  while (chosen == 0) {
    rt_case cases[2] = {{jobs, NULL, RT_SEND, 0}, {rt_context_done(running), NULL, RT_RECV, 0}};
    cases[0].elem = &job;
    if (rt_select(cases, 2, 0, &chosen) != RT_OK) return &jobs;
    ++job;
  }
  rt_chan_close(jobs);
  return NULL;
}

/* A job that has begun is finished, whatever happens to the context meanwhile. */
static void *work(void *unused) {
  long job;
  int ok = 1;
  (void)unused;
  while (rt_context_err(running) == RT_OK) {
    if (rt_chan_recv(jobs, &job, &ok) != RT_OK || !ok) break;
    rt_sleep(MS / 10);
    rt_mutex_lock(&lock);
    if (++done == 100) kill(getpid(), SIGTERM);
    rt_mutex_unlock(&lock);
  }
  return NULL;
}

static void too_long(void *unused) {
  (void)unused;
  if (rt_context_err(running) != RT_OK) rt_fatal("shutdown took more than ten seconds");
}

static void serve(void *unused) {
  rt_group *group;
  rt_timer *patience;
  void *error = NULL;
  int i;
  (void)unused;
  if (rt_group_new(NULL, NULL, &group) != RT_OK) rt_fatal(rt_last_error());
  rt_group_go(group, produce, NULL);
  for (i = 0; i < WORKERS; ++i) rt_group_go(group, work, NULL);
  rt_chan_recv(rt_context_done(running), NULL, NULL); /* nothing else to do until then */
  printf("shutting down: %s\n", rt_strerror(rt_context_err(running)));
  if (rt_after_func(10000 * MS, too_long, NULL, &patience) != RT_OK) rt_fatal(rt_last_error());
  rt_group_wait(group, &error);
  rt_timer_free(patience);
  rt_group_free(group);
  printf("%s: %d workers have ended, nothing is half done\n", done >= 100 && error == NULL ? "ok" : "wrong", WORKERS);
}

static void *wait_for_sigterm(void *set) {
  int sig;
  if (sigwait(set, &sig) == 0) rt_context_cancel(running);
  rt_release(runtime);
  return NULL;
}

int main(void) {
  pthread_t thread;
  sigset_t set;
  rt_end end;
  rt_status status;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, NULL); /* in all threads that are started from here */
  if (rt_new(NULL, &runtime) != RT_OK || rt_context_with_cancel(runtime, NULL, &running) != RT_OK ||
      rt_chan_new(runtime, sizeof(long), 2, &jobs) != RT_OK || rt_hold(runtime) != RT_OK ||
      pthread_create(&thread, NULL, wait_for_sigterm, &set) != 0) {
    fprintf(stderr, "%s\n", rt_last_error());
    return 1;
  }
  end.struct_size = sizeof end;
  status = rt_start_main(runtime, serve, NULL, &end);
  if (status != RT_OK) fprintf(stderr, "%s\n", end.message);
  pthread_join(thread, NULL);
  rt_chan_free(jobs);
  rt_context_release(running);
  rt_delete(runtime);
  return status == RT_OK ? 0 : end.exit_code;
}
