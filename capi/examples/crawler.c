/* crawler.c: a pipeline shaped like a crawler: pages are fetched by a bounded number of goroutines, over a socket each,
 * parsed by others, and new links go back to the start. Every page is fetched once.
 *   crawler [PAGES [FETCHERS]]
 * The site is a server in the same program: page i links to 2i+1, 2i+2 and i/2. */
#include "example.h"

static long pages, fetchers;
static struct sockaddr_in site;
static rt_chan *to_fetch, *to_parse; /* page numbers; struct page */
static rt_mutex seen_lock;
static unsigned char *seen;
static rt_waitgroup pending; /* pages found and not yet parsed */
static long fetched;

/* 0: c is closed. */
static int next_of(rt_chan *c, void *elem) {
  int ok = 0;
  MUST(rt_chan_recv(c, elem, &ok));
  return ok;
}

struct page {
  long number;
  char text[96];
};

/* The site: one line in, one line out, until the client hangs up. */
static void page_server(void *arg) {
  rt_fd *peer = arg;
  char line[32], text[96];
  size_t n;
  while (rt_fd_read(peer, line, sizeof line - 1, &n, NULL) == RT_OK && n > 0) {
    long i;
    line[n] = 0;
    i = strtol(line, NULL, 10);
    snprintf(text, sizeof text, "%ld %ld %ld\n", 2 * i + 1, 2 * i + 2, i / 2);
    if (rt_fd_write(peer, text, strlen(text), NULL, NULL) != RT_OK) break;
  }
  rt_fd_free(peer);
}

static void site_server(void *arg) {
  rt_fd *peer;
  int fd;
  while (rt_fd_accept(arg, NULL, NULL, &fd, NULL) == RT_OK) {
    no_delay(fd);
    MUST(rt_fd_open(NULL, fd, 0, &peer, NULL));
    MUST(rt_go(page_server, peer));
  }
}

static void send_link(void *arg) {
  const long number = (long)(intptr_t)arg;
  MUST(rt_chan_send(to_fetch, &number));
}

/* A link: known already, or one more page to fetch. The sender is a goroutine of its own, so that a full channel
 * never holds up those who have to empty it. */
static void found(long number) {
  int new_one;
  if (number < 0 || number >= pages) return;
  MUST(rt_mutex_lock(&seen_lock));
  new_one = !seen[number];
  seen[number] = 1;
  MUST(rt_mutex_unlock(&seen_lock));
  if (!new_one) return;
  MUST(rt_waitgroup_add(&pending, 1));
  MUST(rt_go(send_link, (void *)(intptr_t)number));
}

static void fetcher(void *arg) {
  rt_fd *f;
  struct page page;
  (void)arg;
  MUST(rt_fd_open(NULL, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0, &f, NULL));
  MUST(rt_fd_connect(f, (const struct sockaddr *)&site, sizeof site, NULL));
  no_delay(rt_fd_number(f));
  while (next_of(to_fetch, &page.number)) {
    size_t got = 0, n = 1;
    snprintf(page.text, sizeof page.text, "%ld\n", page.number);
    MUST(rt_fd_set_deadline(f, rt_nanotime(NULL) + INT64_C(60000000000), RT_FD_READ));
    MUST(rt_fd_write(f, page.text, strlen(page.text), NULL, NULL));
    for (; got == 0 || page.text[got - 1] != '\n'; got += n) {
      MUST(rt_fd_read(f, page.text + got, sizeof page.text - got - 1, &n, NULL));
      if (n == 0) rt_fatal("the site hung up");
    }
    page.text[got] = 0;
    MUST(rt_chan_send(to_parse, &page));
  }
  rt_fd_free(f);
}

static void parser(void *arg) {
  struct page page;
  (void)arg;
  while (next_of(to_parse, &page)) {
    const char *at = page.text;
    char *end;
    for (;; at = end) {
      const long link = strtol(at, &end, 10);
      if (end == at) break;
      found(link);
    }
    __atomic_fetch_add(&fetched, 1, __ATOMIC_RELAXED);
    MUST(rt_waitgroup_done(&pending));
  }
}

static void main_goroutine(void *arg) {
  rt_fd *listener = listen_on(0, &site);
  const int64_t start = rt_nanotime(NULL);
  long i;
  (void)arg;
  if (listener == NULL) rt_fatal("no listening socket");
  MUST(rt_chan_new(NULL, sizeof(long), 16, &to_fetch));
  MUST(rt_chan_new(NULL, sizeof(struct page), 16, &to_parse));
  MUST(rt_go(site_server, listener));
  found(0);
  for (i = 0; i < fetchers; i++) MUST(rt_go(fetcher, NULL));
  for (i = 0; i < 2; i++) MUST(rt_go(parser, NULL));
  MUST(rt_waitgroup_wait(&pending));
  MUST(rt_chan_close(to_fetch)); /* the fetchers hang up; nobody is left to send to the parsers */
  MUST(rt_chan_close(to_parse));
  printf("%ld pages by %ld fetchers in %.0f ms\n", fetched, fetchers, (double)(rt_nanotime(NULL) - start) / 1e6);
  if (fetched != pages) rt_fatal("not every page once");
  rt_fd_free(listener);
}

int main(int argc, char **argv) {
  int code;
  pages = argument(argc, argv, 1, 10000);
  fetchers = argument(argc, argv, 2, 50);
  if (pages < 1 || fetchers < 1) return 64;
  open_files(2 * fetchers + 64);
  seen = calloc((size_t)pages, 1);
  if (seen == NULL) return 1;
  code = run_main(2, main_goroutine, NULL);
  free(seen);
  return code;
}
