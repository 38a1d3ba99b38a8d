/* http.c: "hello" over HTTP/1.1, a goroutine per connection, with keep-alive and pipelining; a client that goes quiet for
 * 30 s is cut off.
 *   http [PORT [PROCS]]       serves until it is killed; PORT 0: asks itself a few things and ends
 * Try: curl http://127.0.0.1:8080/ */
#include "example.h"

#include <errno.h>

static long port, procs;
static const char answer[] =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n\r\nhello\n";
static const int64_t QUIET = INT64_C(30000000000); /* ns */
enum { REQUEST_MOST = 8192 };

/* Bytes up to the end of the first request in buf; 0: not all of it is here. Requests have no body. */
static size_t request_end(const char *buf, size_t n) {
  const char *end = memmem(buf, n, "\r\n\r\n", 4);
  return end != NULL ? (size_t)(end - buf) + 4 : 0;
}

static int wants_close(const char *request, size_t n) { return memmem(request, n, "\r\nConnection: close\r\n", 21) != NULL; }

static void connection(void *arg) {
  rt_fd *peer = arg;
  char buf[REQUEST_MOST];
  size_t have = 0, n, len;
  int open = 1;
  while (open && have < sizeof buf) {
    MUST(rt_fd_set_deadline(peer, rt_nanotime(NULL) + QUIET, RT_FD_READ));
    if (rt_fd_read(peer, buf + have, sizeof buf - have, &n, NULL) != RT_OK || n == 0) break;
    have += n;
    while (open && (len = request_end(buf, have)) != 0) {
      open = rt_fd_write(peer, answer, sizeof answer - 1, NULL, NULL) == RT_OK && !wants_close(buf, len);
      memmove(buf, buf + len, have - len);
      have -= len;
    }
  }
  rt_fd_free(peer);
}

static void serve(void *arg) {
  rt_fd *listener = arg, *peer;
  int fd, err = 0;
  rt_status status;
  for (;;) {
    status = rt_fd_accept(listener, NULL, NULL, &fd, &err);
    if (status == RT_ECLOSED) return;
    if (status == RT_ESYS && (err == EMFILE || err == ENFILE)) { /* until somebody hangs up */
      rt_sleep(10000000);
      continue;
    }
    MUST(status);
    no_delay(fd);
    MUST(rt_fd_open(NULL, fd, 0, &peer, NULL));
    MUST(rt_go(connection, peer));
  }
}

/* Two requests at once, then one that says it is the last. */
static void ask(const struct sockaddr_in *server) {
  static const char pipelined[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
  static const char last[] = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
  char back[4 * sizeof answer];
  size_t got = 0, n = 1;
  rt_fd *f;
  MUST(rt_fd_open(NULL, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0, &f, NULL));
  MUST(rt_fd_connect(f, (const struct sockaddr *)server, sizeof *server, NULL));
  MUST(rt_fd_write(f, pipelined, sizeof pipelined - 1, NULL, NULL));
  MUST(rt_fd_write(f, last, sizeof last - 1, NULL, NULL));
  for (; n > 0 && got < sizeof back; got += n) MUST(rt_fd_read(f, back + got, sizeof back - got, &n, NULL));
  if (got != 3 * (sizeof answer - 1) || memcmp(back, answer, sizeof answer - 1) != 0) rt_fatal("another answer");
  printf("3 answers, %zu bytes\n", got);
  rt_fd_free(f);
}

static void main_goroutine(void *arg) {
  struct sockaddr_in addr;
  rt_fd *listener = listen_on((int)port, &addr);
  (void)arg;
  if (listener == NULL) rt_fatal("no listening socket");
  if (port != 0) {
    printf("listening on 127.0.0.1:%d\n", ntohs(addr.sin_port));
    fflush(stdout);
    serve(listener);
    return;
  }
  MUST(rt_go(serve, listener));
  ask(&addr);
  rt_fd_free(listener);
}

int main(int argc, char **argv) {
  port = argument(argc, argv, 1, 0);
  procs = argument(argc, argv, 2, 2);
  open_files(65536);
  return run_main((uint32_t)procs, main_goroutine, NULL);
}
