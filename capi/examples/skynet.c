/* skynet.c: a tree of goroutines, ten children each, whose leaves send their numbers up over channels.
 *   skynet [LEAVES]        a power of ten; the default is a million */
#include "example.h"

struct node {
  rt_chan *up;
  int64_t first, leaves;
};

static void node(void *arg) {
  const struct node me = *(struct node *)arg;
  struct node children[10];
  int64_t sum = 0, part;
  rt_chan *from;
  int i;
  if (me.leaves == 1) {
    MUST(rt_chan_send(me.up, &me.first));
    return;
  }
  MUST(rt_chan_new(NULL, sizeof sum, 0, &from));
  for (i = 0; i < 10; i++) {
    children[i].up = from;
    children[i].leaves = me.leaves / 10;
    children[i].first = me.first + i * children[i].leaves;
    MUST(rt_go(node, &children[i]));
  }
  for (i = 0; i < 10; i++) {
    MUST(rt_chan_recv(from, &part, NULL));
    sum += part;
  }
  rt_chan_free(from);
  MUST(rt_chan_send(me.up, &sum));
}

static void main_goroutine(void *arg) {
  struct node root = {NULL, 0, 0};
  const int64_t start = rt_nanotime(NULL);
  int64_t sum = 0;
  root.leaves = *(long *)arg;
  MUST(rt_chan_new(NULL, sizeof sum, 0, &root.up));
  MUST(rt_go(node, &root));
  MUST(rt_chan_recv(root.up, &sum, NULL));
  rt_chan_free(root.up);
  printf("%ld leaves, sum %lld, %.0f ms\n", *(long *)arg, (long long)sum, (double)(rt_nanotime(NULL) - start) / 1e6);
  if (sum != root.leaves * (root.leaves - 1) / 2) rt_fatal("that is not the sum");
}

int main(int argc, char **argv) {
  long leaves = argument(argc, argv, 1, 1000000), n;
  for (n = leaves; n > 1 && n % 10 == 0; n /= 10) {}
  if (n != 1) {
    fprintf(stderr, "skynet: %ld is no power of ten\n", leaves);
    return 64;
  }
  return run_main(2, main_goroutine, &leaves);
}
