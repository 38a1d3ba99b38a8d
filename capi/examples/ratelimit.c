/* ratelimit.c: a token bucket on a ticker: a burst at once, then one request a tick. A second ticker reports.
 *   ratelimit [REQUESTS [RATE [BURST]]]      RATE a second
 * Runs in the sim world, where an hour of it takes no time and every run is the same; the rules do not know. */
#include "example.h"

static long requests, rate, burst;

/* Puts a token into the bucket every tick, unless it is full, until quit is closed. */
struct limiter {
  rt_chan *tokens, *quit;
  rt_timer *ticker;
};

static void refill(void *arg) {
  struct limiter *l = arg;
  rt_case cases[2] = {{NULL, NULL, RT_RECV, 0}, {NULL, NULL, RT_RECV, 0}};
  size_t chosen;
  cases[0].c = rt_timer_chan(l->ticker);
  cases[1].c = l->quit;
  for (;;) {
    MUST(rt_select(cases, 2, 0, &chosen));
    if (chosen == 1) return;
    if (rt_chan_try_send(l->tokens, NULL) == RT_OK) continue; /* else it is full */
  }
}

static void main_goroutine(void *arg) {
  struct limiter l;
  rt_timer *second;
  int64_t start, end, least;
  long i;
  (void)arg;
  MUST(rt_chan_new(NULL, 0, (size_t)burst, &l.tokens));
  MUST(rt_chan_new(NULL, 0, 0, &l.quit));
  for (i = 0; i < burst; i++) MUST(rt_chan_send(l.tokens, NULL));
  MUST(rt_ticker_new(INT64_C(1000000000) / rate, &l.ticker));
  MUST(rt_ticker_new(INT64_C(1000000000), &second));
  MUST(rt_go(refill, &l));
  start = rt_nanotime(NULL);
  for (i = 0; i < requests; i++) {
    MUST(rt_chan_recv(l.tokens, NULL, NULL));
    if (rt_chan_try_recv(rt_timer_chan(second), NULL, NULL) == RT_OK)
      printf("%.1f s: %ld requests\n", (double)(rt_nanotime(NULL) - start) / 1e9, i + 1);
  }
  end = rt_nanotime(NULL);
  MUST(rt_chan_close(l.quit));
  least = (requests - burst) * (INT64_C(1000000000) / rate);
  printf("%ld requests in %.3f s, at least %.3f were due\n", requests, (double)(end - start) / 1e9, (double)least / 1e9);
  if (end - start < least) rt_fatal("faster than the limit");
  rt_gosched(); /* refill sees that quit is closed */
  rt_timer_free(second);
  rt_timer_free(l.ticker);
  rt_chan_free(l.tokens);
  rt_chan_free(l.quit);
}

int main(int argc, char **argv) {
  rt_config config;
  rt_runtime *rt;
  rt_status status;
  requests = argument(argc, argv, 1, 50);
  rate = argument(argc, argv, 2, 10);
  burst = argument(argc, argv, 3, 5);
  if (requests < burst || rate < 1 || burst < 1) return 64;
  rt_config_init(&config, sizeof config);
  config.world = RT_WORLD_SIM;
  config.procs = 1;
  if (rt_new(&config, &rt) != RT_OK) return 1;
  status = rt_start_main(rt, main_goroutine, NULL, NULL);
  if (status != RT_OK) fprintf(stderr, "%s\n", rt_last_error());
  rt_delete(rt);
  return status == RT_OK ? 0 : 1;
}
