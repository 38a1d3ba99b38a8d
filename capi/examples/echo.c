/* echo.c: a TCP echo server with a goroutine per connection, and its clients, another goroutine each, in one program.
 *   echo [CONNECTIONS [ROUNDS [PORT]]]
 * Each client sends 64 bytes, waits for them, ROUNDS times, while all others do the same. Prints the median and the 99th
 * percentile of a round trip, and how many Ms there were. Two Ps; but where a process may not open enough for both ends,
 * the server is a process of its own, and each has one P. With PORT it only serves, until it is killed. */
#include "example.h"

#include <signal.h>
#include <sys/wait.h>

enum { BYTES = 64 };

static long connections, rounds, port;
static int alone = 1; /* server and clients are one process */
static rt_fd *listener;
static struct sockaddr_in server;
static int64_t *times; /* ns of each round trip; client i's are at i * rounds */
static rt_waitgroup all, ready;
static rt_chan *begin;

static void echo(void *arg) {
  rt_fd *peer = arg;
  char buf[4096];
  size_t n;
  while (rt_fd_read(peer, buf, sizeof buf, &n, NULL) == RT_OK && n > 0)
    if (rt_fd_write(peer, buf, n, NULL, NULL) != RT_OK) break;
  rt_fd_free(peer);
}

static void serve(void *arg) {
  rt_fd *peer;
  int fd, err = 0;
  rt_status status;
  (void)arg;
  while ((status = rt_fd_accept(listener, NULL, NULL, &fd, &err)) == RT_OK) {
    no_delay(fd);
    MUST(rt_fd_open(NULL, fd, 0, &peer, NULL));
    MUST(rt_go(echo, peer));
  }
  if (status != RT_ECLOSED) rt_fatal(rt_last_error());
}

static void client(void *arg) {
  int64_t *mine = arg;
  char sent[BYTES], back[BYTES];
  rt_fd *f;
  long i;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) rt_fatal("no socket for a client");
  no_delay(fd);
  MUST(rt_fd_open(NULL, fd, 0, &f, NULL));
  MUST(rt_fd_connect(f, (const struct sockaddr *)&server, sizeof server, NULL));
  memset(sent, (int)(mine - times) & 0x7f, sizeof sent);
  rt_waitgroup_done(&ready);
  MUST(rt_chan_recv(begin, NULL, NULL));
  for (i = 0; i < rounds; i++) {
    const int64_t start = rt_nanotime(NULL);
    size_t got = 0, n = 0;
    MUST(rt_fd_write(f, sent, sizeof sent, NULL, NULL));
    for (; got < sizeof back; got += n) {
      MUST(rt_fd_read(f, back + got, sizeof back - got, &n, NULL));
      if (n == 0) rt_fatal("the server hung up");
    }
    if (memcmp(sent, back, sizeof sent) != 0) rt_fatal("another echo");
    mine[i] = rt_nanotime(NULL) - start;
  }
  rt_fd_free(f);
  rt_waitgroup_done(&all);
}

static int earlier(const void *a, const void *b) {
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void report(int64_t ns) {
  const size_t n = (size_t)(connections * rounds);
  rt_stats_t stats;
  stats.struct_size = sizeof stats;
  MUST(rt_stats(NULL, &stats));
  qsort(times, n, sizeof *times, earlier);
  printf("%ld connections, %zu round trips in %.3f s (%.0f a second), p50 %.1f us, p99 %.1f us; %u Ps, %u Ms%s\n", connections,
         n, (double)ns / 1e9, (double)n * 1e9 / (double)ns, (double)times[n / 2] / 1e3, (double)times[n * 99 / 100] / 1e3,
         stats.gomaxprocs, stats.threads, alone ? "" : " in each of two processes");
}

static void serve_for_ever(void *arg) {
  MUST(rt_fd_open(NULL, *(int *)arg, 0, &listener, NULL));
  serve(NULL);
}

static void main_goroutine(void *arg) {
  int64_t start;
  long i;
  MUST(rt_chan_new(NULL, 0, 0, &begin));
  MUST(rt_waitgroup_add(&ready, (int32_t)connections));
  MUST(rt_waitgroup_add(&all, (int32_t)connections));
  if (alone) {
    MUST(rt_fd_open(NULL, *(int *)arg, 0, &listener, NULL));
    MUST(rt_go(serve, NULL));
  }
  for (i = 0; i < connections; i++) MUST(rt_go(client, times + i * rounds));
  MUST(rt_waitgroup_wait(&ready));
  start = rt_nanotime(NULL);
  MUST(rt_chan_close(begin));
  MUST(rt_waitgroup_wait(&all));
  report(rt_nanotime(NULL) - start);
  rt_fd_free(listener); /* NULL where another process serves */
  rt_chan_free(begin);
}

int main(int argc, char **argv) {
  long most;
  int code, fd;
  pid_t other = -1;
  connections = argument(argc, argv, 1, 1000);
  rounds = argument(argc, argv, 2, 10);
  port = argument(argc, argv, 3, 0);
  if (connections < 1 || rounds < 1) return 64;
  most = open_files(2 * connections + 64) - 64;
  alone = 2 * connections <= most;
  if (connections > most) {
    printf("this machine lets a process open descriptors for %ld connections only\n", most);
    connections = most;
  }
  fd = listen_at((int)port, &server);
  if (fd < 0) {
    perror("echo: listen");
    return 1;
  }
  if (port != 0) return run_main(2, serve_for_ever, &fd);
  if (!alone && (other = fork()) == 0) return run_main(1, serve_for_ever, &fd);
  times = calloc((size_t)(connections * rounds), sizeof *times);
  if (times == NULL) return 1;
  code = run_main(alone ? 2 : 1, main_goroutine, &fd);
  if (other > 0) {
    kill(other, SIGTERM);
    waitpid(other, NULL, 0);
  }
  free(times);
  return code;
}
