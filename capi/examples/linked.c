/* linked.c: a C program linked with libnewproc: ten goroutines, and main waits for them.
 *   cc linked.c $(pkg-config --cflags --libs newproc) */
#include <newproc.h>
#include <stdio.h>

enum { WORKERS = 10 };
static int done;

static void worker(void *arg) {
  (void)arg;
  rt_gosched();
  done++; /* one P: nobody else runs meanwhile */
}

static void main_goroutine(void *arg) {
  int i;
  (void)arg;
  for (i = 0; i < WORKERS; i++)
    if (rt_go(worker, NULL) != RT_OK) rt_panic(rt_last_error());
  while (done < WORKERS) rt_gosched();
}

int main(void) {
  rt_config config;
  rt_runtime *rt;
  rt_end end;
  rt_config_init(&config, sizeof config);
  config.procs = 1;
  if (rt_new(&config, &rt) != RT_OK) {
    fprintf(stderr, "%s\n", rt_last_error());
    return 1;
  }
  end.struct_size = sizeof end;
  rt_start_main(rt, main_goroutine, NULL, &end);
  printf("newproc %s: %d goroutines ran, exit code %d\n", rt_version(), done, end.exit_code);
  return rt_delete(rt) == RT_OK && done == WORKERS ? end.exit_code : 1;
}
